"""Every default carries unit, range and source; overrides are checked and marked."""

from __future__ import annotations

import math
import re

import pytest

from siting.errors import InputError
from siting.parameters import default_rows, load_parameters, references


def test_every_row_is_complete() -> None:
    for row in default_rows():
        assert row.unit, row.name
        assert row.source, row.name
        assert row.description, row.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row.name)
        assert not row.overridden


def test_names_and_symbols_are_unique() -> None:
    rows = default_rows()
    assert len({row.name for row in rows}) == len(rows)
    assert len({row.symbol for row in rows}) == len(rows)


def test_defaults_lie_in_their_ranges() -> None:
    for row in default_rows():
        bounds = [row.least, row.low, row.value, row.high, row.most]
        known = [each for each in bounds if each is not None]
        assert known == sorted(known), row.name
        assert not row.is_unusual


def test_every_mark_and_source_key_is_known() -> None:
    known = references()
    for row in default_rows():
        for mark in row.mark.split():
            assert mark in {"J", "K"} or mark in known, row.name
        for key in re.findall(r"\bS\d+\b", f"{row.mark} {row.source}"):
            assert key in known, (row.name, key)


def test_a_name_that_ends_in_a_unit_agrees_with_the_unit() -> None:
    units = {
        "_eur_per_kw": "EUR/kW",
        "_eur_per_mwh": "EUR/MWh",
        "temperature_c": "°C",
        "_mm": "mm",
        "_h": "h/a",
        "_w_per_m_k": "W/(m K)",
    }
    for row in default_rows():
        for ending, unit in units.items():
            if row.name.endswith(ending):
                assert row.unit == unit, row.name


def test_overrides_are_taken_and_marked() -> None:
    parameters = load_parameters({"utilisation": 0.8})
    assert parameters.value("utilisation") == 0.8
    assert parameters["utilisation"].default == 0.6
    assert [row.name for row in parameters.overridden] == ["utilisation"]
    assert load_parameters().value("utilisation") == 0.6


def test_unusual_values_are_taken_but_told() -> None:
    assert load_parameters({"utilisation": 0.95})["utilisation"].is_unusual
    assert not load_parameters({"utilisation": 0.85})["utilisation"].is_unusual


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'cop_kap'. Did you mean 'cop_cap'\?"):
        load_parameters({"cop_kap": 7})
    with pytest.raises(InputError, match="Known names: utilisation,"):
        load_parameters({"zzz": 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "0.5", True, None])
def test_only_finite_numbers_are_accepted(value: object) -> None:
    with pytest.raises(InputError, match="finite number"):
        load_parameters({"utilisation": value})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "value"),
    [("utilisation", 60), ("utilisation", -0.1), ("load_curve_points", 7.5), ("lifetime_a", 0)],
)
def test_impossible_values_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match="Usual values lie between"):
        load_parameters({name: value})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        load_parameters({"cop_kap": 7, "utilisation": math.nan})
    assert len(caught.value.faults) == 2


def test_the_table_for_reports() -> None:
    table = load_parameters({"cop_cap": 9}).frame()
    assert table.loc["cop_cap", "value"] == 9
    assert table.loc["cop_cap", "default"] == 8
    assert table["overridden"].sum() == 1
    assert table["low"].dtype == float
