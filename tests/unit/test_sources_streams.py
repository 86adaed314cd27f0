"""Stated heat streams are read as a planner types them, and bad ones are said in words."""

from __future__ import annotations

import math

import pytest

from siting.errors import InputError
from siting.parameters import load_parameters
from siting.sources import (
    cooling_of,
    cooling_streams,
    parse_streams,
    stated_streams,
    utilisation_profile,
)

PARAMETERS = load_parameters()


@pytest.mark.parametrize(
    "text",
    [
        "liquid:0.7:50/40; air:0.3:28/18",
        "liquid:0.7:50/40;air:0.3:28/18;",
        " liquid : 70 % : 50 / 40 C ; air : 30% : 28->18 °C ",
        "liquid:0,7:50,0/40,0; air:0,3:28/18",
        "Liquid:0.7:50/40; AIR:0.3:28/18",
    ],
)
def test_forms_of_streams(text: str) -> None:
    warm, cold = parse_streams(text)
    assert (warm.loop, warm.share, cold.loop) == ("liquid", 0.7, "air")
    assert (warm.supply_temperature_c, warm.return_temperature_c) == (50, 40)
    assert (cold.supply_temperature_c, cold.return_temperature_c) == (28, 18)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("liquid 0.7 50/40", "'liquid 0.7 50/40' cannot be read. Write as in 'liquid:0.7:50/40;"),
        ("liquid:0.7:50", "cannot be read"),
        ("liquid:0.7:50/40, air:0.3:28/18", "cannot be read"),
        ("steam:0.7:150/90", "'steam' is neither liquid nor air"),
        ("liquid:70:50/40", "share of stream 'liquid' is 70"),
        ("liquid:0:50/40", "share of stream 'liquid' is 0"),
        ("liquid:0.7:40/50", "comes at 40 °C and is cooled to 50 °C"),
        ("liquid:0.7:50/40; air:0.4:28/18", "the shares add up to 1.1"),
        ("air:0.5:50/40; air:0.4:28/18", "'air' stands more than once"),
    ],
)
def test_bad_streams_are_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r".") as caught:
        parse_streams(text)
    assert words in str(caught.value)


def test_all_faults_of_a_text_are_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_streams("steam:0.7:150/90; liquid:0.7:40/50; nonsense")
    assert len(caught.value.faults) == 3


def test_stated_streams_with_default_figures_are_the_mixed_site() -> None:
    """70 % liquid at 55/42 and 30 % air at 28/18 is what 'mixed' means."""
    stated = stated_streams(10, parse_streams("air:0.3:28/18; liquid:0.7:55/42"), PARAMETERS)
    mixed = cooling_streams(10, "mixed", PARAMETERS)
    assert [each.name for each in stated] == ["liquid", "air"]
    for one, other in zip(stated, mixed, strict=True):
        assert one.source_mw == pytest.approx(other.source_mw)
        assert one.supply_temperature_c == other.supply_temperature_c


def test_two_loops_of_one_kind() -> None:
    """10 MW x 0.60 x 0.96 x 0.75 x (0.4, 0.3), warmest first, and a third of the power unused."""
    text = "liquid-2:0.3:45/35; liquid-1:0.4:60/45"
    warm, cool = stated_streams(10, parse_streams(text), PARAMETERS)
    assert (warm.name, cool.name) == ("liquid-1", "liquid-2")
    assert [warm.source_mw, cool.source_mw] == pytest.approx([1.728, 1.296])
    assert cooling_of(parse_streams(text)) == "liquid"


def test_stated_heat_splits_over_the_streams() -> None:
    streams = stated_streams(
        None,
        parse_streams("liquid:0.7:50/40; air:0.3:28/18"),
        PARAMETERS,
        recoverable_heat_mw=7.35,
    )
    assert [each.source_mw for each in streams] == pytest.approx([5.25, 2.1])


def test_stated_availability_replaces_the_default() -> None:
    (full,) = cooling_streams(10, "air", PARAMETERS, availability=1.0)
    (half,) = cooling_streams(10, "air", PARAMETERS, availability=0.5)
    assert full.source_mw == pytest.approx(4.2)
    assert half.source_mw == pytest.approx(2.1)
    with pytest.raises(InputError, match="availability is 96"):
        cooling_streams(10, "air", PARAMETERS, availability=96)


def test_utilisation_grows_in_equal_steps_and_then_stands() -> None:
    """In year 2 a new site runs at 0.60 x 0.5 = 0.30; new ones rarely pass 0.40 in two years."""
    profile = utilisation_profile(10, PARAMETERS)
    assert profile == pytest.approx((0.25, 0.5, 0.75, *([1.0] * 7)))
    assert PARAMETERS.value("utilisation") * profile[1] <= 0.40
    assert utilisation_profile(2, PARAMETERS, ramp_a=2.5) == pytest.approx((0.4, 0.8))
    assert utilisation_profile(2, PARAMETERS, ramp_a=0) == (1.0, 1.0)
    assert utilisation_profile(2, PARAMETERS, status="existing") == (1.0, 1.0)
    assert utilisation_profile(0, PARAMETERS) == ()
    with pytest.raises(InputError, match="ramp_a is -1"):
        utilisation_profile(2, PARAMETERS, ramp_a=-1)


def test_profile_is_a_share_that_never_falls() -> None:
    for ramp in (0.0, 0.5, 1.0, 3.3, 40.0):
        profile = utilisation_profile(30, PARAMETERS, ramp_a=ramp)
        assert all(0 < each <= 1 for each in profile)
        assert list(profile) == sorted(profile)
        assert math.isclose(profile[-1], min(30 / ramp, 1.0) if ramp else 1.0)
