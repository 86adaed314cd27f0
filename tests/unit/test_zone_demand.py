"""What a study says of its demand reaches the problem: share, boosters, curves and boilers.

The zones are those of `tests.unit.test_assembly`: Z-1 with 2,000 MWh/a and 800 kW, Z-2 with 1,000
MWh/a and no peak, the network at 70/40 °C, design and contingency 25 % on every cost.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siting.assembly import Assembly, assemble_problem
from siting.config import config_from_dict, demand_settings, read_config, settings_of, with_changes
from siting.errors import FaultLog, InputError
from siting.parameters import load_parameters
from siting.problem import Problem, Zone
from tests.unit.test_assembly import (
    LAYERS,
    LEVEL_EXCHANGERS,
    NETWORK,
    assemble,
    make_network,
    make_region,
)

HOURS = 8760


def made(
    zones: dict[str, dict[str, Any]] | None = None,
    demand: dict[str, Any] | None = None,
    design: dict[str, Any] | None = None,
    overrides: dict[str, float] | None = None,
    log: FaultLog | None = None,
) -> Assembly:
    """Assemble the tiny region with other zones and another [demand]."""
    config = config_from_dict(
        {"layers": LAYERS, "network": NETWORK | (design or {}), "demand": demand or {}}
    )
    return assemble_problem(
        make_region(zones=zones),
        make_network(),
        load_parameters(LEVEL_EXCHANGERS | (overrides or {})),
        config,
        log,
    )


def first(assembly: Assembly) -> Zone:
    return assembly.problem.zones[0]


def words(assembly: Assembly) -> str:
    return "\n".join(f"{each.act}: {each.count} {each.detail}" for each in assembly.remarks)


# --------------------------------------------------------------------- connection share


def test_all_is_connected_where_nothing_is_said() -> None:
    """The default must leave every figure as it was, to the last digit."""
    assert made().problem == assemble().problem


def test_a_share_of_a_zone_is_a_smaller_zone_of_the_same_shape() -> None:
    whole, part = first(made()), first(made(demand={"connection_share": 0.7}))
    assert part.heat_mwh == pytest.approx(1_400)
    assert part.peak_mw == pytest.approx(0.56)
    assert part.cost_eur == pytest.approx(0.7 * 160_000)
    assert part.load_curve == whole.load_curve


def test_the_share_of_a_zone_goes_before_that_of_the_study() -> None:
    done = made({"Z-1": {"connection_share": 0.5}}, {"connection_share": 0.8})
    assert [each.heat_mwh for each in done.problem.zones] == pytest.approx([1_000, 800])
    assert done.zone_heat["whole_demand_mwh"].tolist() == [2_000, 1_000]
    assert done.zone_heat["connection_share"].tolist() == [0.5, 0.8]
    assert "connected in part, by their connection share: 2" in words(done)


def test_a_zone_that_nobody_joins_takes_nothing() -> None:
    zone = first(made({"Z-1": {"connection_share": 0.0}}))
    assert (zone.heat_mwh, zone.peak_mw, zone.load_curve) == (0.0, 0.0, ())


@pytest.mark.parametrize("share", [0, 1.1, -0.2])
def test_impossible_shares_of_the_study_are_refused(share: float) -> None:
    with pytest.raises(InputError, match="connection_share"):
        made(demand={"connection_share": share})


# --------------------------------------------------------------------- boosters


WARM = {"needed_supply_temperature_c": 80.0, "dwellings": 100.0}
GIVES_85 = {"booster_highest_c": 85.0}


def test_a_zone_warmer_than_the_network_gets_boosters_by_hand() -> None:
    """80 °C on 70/40: a quarter is lifted. Electric: 500 of 2,000 MWh, 100 x 1,500 x 1.25 EUR."""
    done = made({"Z-1": WARM}, overrides=GIVES_85)
    zone = first(done)
    assert zone.heat_mwh == pytest.approx(1_500)
    assert zone.peak_mw == pytest.approx(0.6)
    assert zone.cost_parts["boosters"] == pytest.approx(150_000)
    assert zone.cost_eur == pytest.approx(1.25 * (0.75 * 128_000 + 150_000))
    facts = done.zone_heat.loc["z0"]
    assert facts["booster_electricity_mwh_per_mwh"] * zone.heat_mwh == pytest.approx(500)
    assert zone.value_eur_per_mwh * zone.heat_mwh == pytest.approx(-500 * 75)
    assert "got boosters at the dwellings (electric): 1 100 dwellings" in words(done)


def test_a_micro_heat_pump_takes_less_electricity_and_costs_more() -> None:
    done = made({"Z-1": WARM}, {"booster": "heat_pump"}, overrides=GIVES_85)
    zone = first(done)
    assert zone.heat_mwh == pytest.approx(2_000 * (1 - 0.25 / 4.5))
    assert zone.cost_parts["boosters"] == pytest.approx(275_000)


def test_dwellings_that_are_not_known_are_guessed_and_marked() -> None:
    done = made({"Z-1": {"needed_supply_temperature_c": 80.0}}, overrides=GIVES_85)
    assert first(done).cost_parts["boosters"] == pytest.approx(2_000 / 10 * 1_500)
    assert "dwellings from annual demand" in done.zone_heat.loc["z0", "estimated"]


def test_a_network_that_is_warm_enough_needs_no_booster() -> None:
    done = made(demand={"needed_supply_temperature_c": 70.0})
    assert done.problem == made().problem
    assert (done.zone_heat["needed_supply_temperature_c"] == 70).all()


def test_a_zone_beyond_any_booster_is_doubted_and_left_as_it_is() -> None:
    log = FaultLog()
    done = made({"Z-1": {"needed_supply_temperature_c": 95.0}}, log=log)
    (doubt,) = [each for each in log.doubts if "booster" in each.message]
    assert doubt.ids == ("Z-1",)
    assert "'Z-1' needs a supply above 60 °C" in doubt.message
    assert "Raise supply_temperature_c" in doubt.remedy
    assert done.problem == made().problem


# --------------------------------------------------------------------- load curves


def season(folder: Path, hours: int = HOURS) -> str:
    """Write a year of temperatures from -20 to +20 °C."""
    values = -20 * np.cos(2 * np.pi * np.arange(hours) / hours)
    path = folder / "weather.csv"
    path.write_text("temperature_c\n" + "\n".join(f"{each:.3f}" for each in values))
    return str(path)


def own(folder: Path) -> str:
    path = folder / "curves.csv"
    path.write_text("share,town,mill\n0,10,4\n0.5,5,4\n1,0,2\n")
    return str(path)


def check_line(zone: Zone) -> None:
    """The line is concave, complete, and its first megawatt gives a year at most."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(zone.load_curve)]
    assert zone.load_curve[0] == (0.0, 0.0)
    assert zone.load_curve[-1] == (1.0, 1.0)
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(slopes))
    assert slopes[0] * zone.heat_mwh / zone.peak_mw <= HOURS * (1 + 1e-6)


def test_degree_hours_give_peak_and_curve(tmp_path: Path) -> None:
    """A cosine from -20 to 20 °C, limit 15: the mean of the degrees is integrated here."""
    done = made(demand={"load_curve": "degree_hours", "temperature_file": season(tmp_path)})
    degrees = np.maximum(15 + 20 * np.cos(2 * np.pi * np.arange(HOURS) / HOURS), 0)
    factor = 0.08 + 0.92 * degrees.mean() / 35
    z1, z2 = done.problem.zones
    assert z2.peak_mw == pytest.approx(1_000 / HOURS / factor, rel=1e-4)
    assert z1.peak_mw == 0.8
    for zone in (z1, z2):
        check_line(zone)
    facts = done.zone_heat
    assert set(facts["load_curve"]) == {"degree_hours"}
    assert facts.loc["z1", "estimated"] == "peak_demand_kw from degree_hours"
    assert facts.loc["z0", "full_load_hours_h"] == pytest.approx(2_500)
    assert "understating at most" in words(done)
    assert "compared the load curve 'degree_hours' with the two-number form" in words(done)


def test_a_temperature_file_alone_only_checks_the_two_number_form(tmp_path: Path) -> None:
    done = made(demand={"temperature_file": season(tmp_path)})
    assert done.problem == made().problem
    assert "points of heat more for base loads of 20 to 50 % of the peak" in words(done)


def test_own_curves_by_study_and_by_zone(tmp_path: Path) -> None:
    demand = {"load_curve": "file", "load_curve_file": own(tmp_path)}
    done = made({"Z-1": {"load_curve": "mill"}}, demand)
    assert done.zone_heat["load_curve"].tolist() == ["mill", "town"]
    z1, z2 = done.problem.zones
    assert z2.peak_mw == pytest.approx(1_000 / (0.5 * HOURS), rel=1e-4)  # straight: half the year
    for zone in (z1, z2):
        check_line(zone)


def test_a_zone_may_ask_for_the_two_number_form(tmp_path: Path) -> None:
    demand = {"load_curve": "file", "load_curve_file": own(tmp_path)}
    done = made({"Z-1": {"load_curve": "sochinsky"}}, demand)
    assert first(done).load_curve == first(made()).load_curve


def test_an_unknown_curve_of_a_zone_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    demand = {"load_curve_file": own(tmp_path)}
    with pytest.raises(InputError, match=r"'Z-1'.*'mil' is not known.*'sochinsky', 'town', 'mill'"):
        made({"Z-1": {"load_curve": "mil"}}, demand)


def test_bad_files_are_told_together(tmp_path: Path) -> None:
    demand = {"temperature_file": season(tmp_path, 100), "load_curve_file": "no.csv"}
    with pytest.raises(InputError) as caught:
        made(demand=demand)
    assert "has 100 rows" in str(caught.value)
    assert "cannot read load curve 'no.csv'" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "key"), [("degree_hours", "temperature_file"), ("file", "load_curve_file")]
)
def test_a_curve_needs_its_file(kind: str, key: str) -> None:
    with pytest.raises(InputError, match=f"load_curve '{kind}' needs '{key}'"):
        made(demand={"load_curve": kind})


def test_files_of_the_demand_start_from_the_study_and_come_back(tmp_path: Path) -> None:
    season(tmp_path)
    study = tmp_path / "study.toml"
    layers = "\n".join(f'[layers.{kind}]\npath = "{kind}.gpkg"' for kind in LAYERS)
    study.write_text(f'{layers}\n[demand]\ntemperature_file = "weather.csv"\n')
    config = read_config(study)
    assert config.demand.temperature_file == tmp_path / "weather.csv"
    again = settings_of(config)["demand"]
    assert again["temperature_file"] == "weather.csv"
    assert with_changes(config, {"demand": again}).demand == config.demand
    shown = {each.name: each.value for each in demand_settings(config.demand)}
    assert shown["temperature_file"] == "weather.csv"


# --------------------------------------------------------------------- peak boilers


@pytest.mark.parametrize(
    ("place", "fuel", "eur_per_kw"),
    [
        ("new", "gas", 70), ("zones", "gas", 70), ("central", "gas", 70), ("existing", "gas", 0),
        ("zones", "electric", 150), ("central", "electric", 80), ("existing", "electric", 0),
    ],
)  # fmt: skip
def test_boilers_by_place_and_fuel(place: str, fuel: str, eur_per_kw: float) -> None:
    carry = "peak" if place == "central" else "base"
    design = {"peak_boilers": place, "peak_boiler_fuel": fuel, "pipes_carry": carry}
    zone = first(made(design=design))
    assert zone.cost_parts.get("peak_boilers", 0.0) == pytest.approx(800 * eur_per_kw)


def test_old_and_new_name_of_boilers_at_zones_are_the_same() -> None:
    assert made(design={"peak_boilers": "zones"}).problem == made().problem


def test_boilers_at_the_sites_need_pipes_that_carry_the_peak() -> None:
    with pytest.raises(InputError, match="the heat of the coldest days would not pass"):
        made(design={"peak_boilers": "central"})
    with pytest.raises(InputError, match="for the heat of boilers at the sites"):
        made(design={"peak_boilers": "zones", "pipes_carry": "peak"})


def test_new_boilers_stand_where_the_pipes_want_them() -> None:
    electric = {"peak_boiler_fuel": "electric"}
    new = made(design=electric | {"pipes_carry": "peak"})
    central = made(design=electric | {"pipes_carry": "peak", "peak_boilers": "central"})
    assert new.problem == central.problem


def test_a_central_plant_may_have_a_fixed_part_with_each_site() -> None:
    fixed = {"boiler_plant_fixed_eur": 200_000.0}
    design = {"peak_boilers": "central", "pipes_carry": "peak"}
    central = made(design=design, overrides=fixed).problem.sites[0].options[0]
    zones = made(overrides=fixed).problem.sites[0].options[0]
    assert central.cost_eur - zones.cost_eur == pytest.approx(250_000)
    assert central.cost_parts["peak_boilers"] == pytest.approx(200_000)
    assert central.cost_eur == pytest.approx(math.fsum(central.cost_parts.values()))


def test_frames_without_the_new_columns_still_work() -> None:
    """Layers that other programs make need not know share, temperature and curve."""
    table = make_region().zones.frame
    assert not {"connection_share", "needed_supply_temperature_c", "load_curve"} & set(table)
    assert isinstance(made().problem, Problem)
    assert isinstance(made().zone_heat, pd.DataFrame)
