"""Synthetic cities are connected, as large as asked, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.problem import check_problem

from .cities import QUESTIONS, SIZES, Size, ask, city_problem, make_city

SMALL = Size(300, 40, 4)
DISTRICT = Size(300, 120, 2, buildings=True, service_lines=True)


@pytest.mark.parametrize("size", [SMALL, DISTRICT, SIZES["20k"], SIZES["streets"]])
def test_a_city_is_connected_and_as_large_as_asked(size: Size) -> None:
    city = make_city(size)
    assert len(city.ends) == size.edges
    assert len(set(city.zone_node.tolist())) == size.zones or size.service_lines
    assert len(set(city.site_node.tolist())) == size.sites
    assert not set(city.site_node.tolist()) & set(city.zone_node.tolist())
    links = coo_array(
        (np.ones(size.edges), (city.ends[:, 0], city.ends[:, 1])), shape=(len(city.xy),) * 2
    )
    assert connected_components(links, directed=False)[0] == 1
    assert (city.ends[:, 0] != city.ends[:, 1]).all()


def test_streets_are_street_like() -> None:
    """Most nodes have degree two, few are dead ends, pieces of street are tens of metres long."""
    city = make_city(SIZES["20k"])
    degree = np.bincount(city.ends.ravel())
    assert 0.55 < np.mean(degree == 2) < 0.75
    assert np.mean(degree == 1) < 0.1
    assert degree.max() <= 8
    assert 20 < np.median(city.length_m) < 110


def test_the_seed_decides() -> None:
    first, again, other = (make_city(SMALL, seed) for seed in (1, 1, 2))
    assert city_problem(first) == city_problem(again)
    assert city_problem(first) != city_problem(other)


@pytest.mark.parametrize("pipes", ["affine", "catalogue"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_makes_a_sound_problem(pipes: str, question: str) -> None:
    problem = ask(city_problem(make_city(SMALL), pipes=pipes, name="small"), question)
    check_problem(problem)
    assert all(bool(edge.sizes) == (pipes == "catalogue") for edge in problem.edges)
    assert all(bool(zone.load_curve) == (pipes == "catalogue") for zone in problem.zones)
    assert problem.name == f"small {question}"


def test_minimum_heat_needs_several_sites() -> None:
    """The largest site alone could not peak-feed zones with that much heat, whichever it took."""
    problem = ask(city_problem(make_city(SMALL)), "minimum_heat")
    most = max(each.capacity_mw or 0 for site in problem.sites for each in site.choices)
    zones = sorted(problem.zones, key=lambda zone: -zone.heat_mwh / zone.peak_mw)
    heat = used = 0.0
    for zone in zones:
        used += zone.peak_mw
        if used > most:
            break
        heat += zone.heat_mwh
    assert problem.limits.min_heat_mwh is not None
    assert heat < problem.limits.min_heat_mwh < problem.total_heat_mwh


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="choose from ratio"):
        ask(city_problem(make_city(SMALL)), "fastest")
    with pytest.raises(ValueError, match="choose from affine"):
        city_problem(make_city(SMALL), pipes="straws")
