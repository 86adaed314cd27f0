"""A tiny region becomes a problem whose figures are worked out by hand.

Site DC-1 (existing, liquid, 72 to 50 °C) stands at n0; a trunk of 100 m leads to n1, a service line
of 20 m from there to zone Z-1 at n2. Zone Z-2 at n3 is on a part of its own. The network runs at
70/40 °C, so heat is exchanged directly:

- source 10 MW x 0.5 x 0.8 x 0.96 = 3.84 MW, all of it output;
- cost per MW: source side 100 EUR/kW x 1.8, exchanger 100 EUR/kW (small ones set to the same),
  in all 280 000, with design and contingency (x 1.25) 350 000 EUR/MW;
- site works 80 000 EUR, x 1.25 = 100 000 EUR.

Z-1: 2 000 MWh/a and 800 kW; substation 90 and boiler 70 EUR/kW, in all 128 000,
x 1.25 = 160 000 EUR.
Z-2: 1 000 MWh/a without a peak, so 400 kW at 2 500 h/a; connection 10 000 and boiler 28 000 EUR,
x 1.25 = 47 500 EUR.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely import LineString, Point

from siting.assembly import Assembly, assemble_problem
from siting.config import StudyConfig, config_from_dict
from siting.errors import InputError
from siting.network.types import PipeNetwork
from siting.parameters import load_parameters
from siting.region import CandidateSites, DemandZones, Region, Streets

CRS = "EPSG:3067"
LAYERS = {name: {"path": f"{name}.gpkg"} for name in ("sites", "zones", "streets")}
NETWORK = {
    "supply_temperature_c": 70,
    "return_temperature_c": 40,
    "pressure_gradient_pa_per_m": 100,
}
LEVEL_EXCHANGERS = {"heat_exchanger_capex_small_eur_per_kw": 100}
SITE: dict[str, Any] = {
    "name": "Hall", "status": "existing", "assumed": False, "it_load_mw": 10.0,
    "recoverable_heat_kw": math.nan, "utilisation": 0.5, "cooling": "liquid",
    "supply_temperature_c": 72.0, "return_temperature_c": 50.0,
    "recoverable_fraction": 0.8, "cost_eur": 80_000.0, "cost_per_mw_eur": math.nan,
    "electricity_price_eur_per_mwh": math.nan, "heat_price_eur_per_mwh": math.nan, "group": "",
    "mandatory": False, "forbidden": False,
}  # fmt: skip
ZONE: dict[str, Any] = {
    "name": "Block", "annual_demand_mwh": 2_000.0, "peak_demand_kw": 800.0,
    "floor_area_m2": math.nan, "dwellings": math.nan, "buildings": math.nan, "use": "",
    "connection_cost_eur": math.nan, "mandatory": False, "forbidden": False, "estimated": "",
}  # fmt: skip


def make_region(
    sites: dict[str, dict[str, Any]] | None = None, zones: dict[str, dict[str, Any]] | None = None
) -> Region:
    """Return a region; what is given changes or adds rows."""
    site_rows = {"DC-1": {}} | (sites or {})
    z2 = {"annual_demand_mwh": 1_000.0, "peak_demand_kw": math.nan, "connection_cost_eur": 10_000.0}
    zone_rows = {"Z-1": {}, "Z-2": z2} | (zones or {})

    def frame(
        rows: dict[str, dict[str, Any]], usual: dict[str, Any], name: str
    ) -> gpd.GeoDataFrame:
        table = pd.DataFrame([usual | row for row in rows.values()])
        table.index = pd.Index(list(rows), name=name)
        return gpd.GeoDataFrame(table, geometry=[Point(0, 0)] * len(table), crs=CRS)

    return Region(
        name="tiny",
        crs=pyproj.CRS(CRS),
        sites=CandidateSites(frame(site_rows, SITE, "site_id")),
        zones=DemandZones(frame(zone_rows, ZONE, "zone_id")),
        streets=Streets(gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)),
    )


def make_network() -> PipeNetwork:
    nodes = gpd.GeoDataFrame(
        {"kind": ["site", "junction", "zone", "zone"], "part": [0, 0, 0, 1]},
        index=["n0", "n1", "n2", "n3"],
        geometry=[Point(0, 0), Point(100, 0), Point(100, 20), Point(900, 0)],
        crs=CRS,
    )
    edges = gpd.GeoDataFrame(
        {
            "u": ["n0", "n1"],
            "v": ["n1", "n2"],
            "kind": ["trunk", "service"],
            "length_m": [100.0, 20.0],
            "cost_length_m": [100.0, 20.0],
            "name": ["Quay", ""],
        },
        index=["e0", "e1"],
        geometry=[LineString([(0, 0), (100, 0)]), LineString([(100, 0), (100, 20)])],
        crs=CRS,
    )
    return PipeNetwork(
        nodes=nodes,
        edges=edges,
        site_nodes=pd.Series({"DC-1": "n0"}),
        zone_nodes=pd.Series({"Z-1": "n2", "Z-2": "n3"}),
    )


def make_config(design: dict[str, Any], **sections: dict[str, Any]) -> StudyConfig:
    return config_from_dict({"layers": LAYERS, "network": NETWORK | design, **sections})


def assemble(
    region: Region | None = None,
    network: PipeNetwork | None = None,
    overrides: dict[str, float] | None = None,
    design: dict[str, Any] | None = None,
    **sections: dict[str, Any],
) -> Assembly:
    return assemble_problem(
        region or make_region(),
        network or make_network(),
        load_parameters(LEVEL_EXCHANGERS | (overrides or {})),
        make_config(design or {}, **sections),
    )


def test_keys_lead_back_to_the_layers() -> None:
    done = assemble()
    assert done.site_ids == {"s0": "DC-1"}
    assert done.zone_ids == {"z0": "Z-1", "z1": "Z-2"}
    assert done.problem.nodes == ("n0", "n1", "n2", "n3")
    assert [(edge.id, edge.u, edge.v) for edge in done.problem.edges] == [
        ("e0", "n0", "n1"),
        ("e1", "n1", "n2"),
    ]
    assert done.edge_kinds == {"e0": "trunk", "e1": "service"}
    assert [each.node for each in (*done.problem.sites, *done.problem.zones)] == ["n0", "n2", "n3"]


def test_site_by_hand() -> None:
    (site,) = assemble().problem.sites
    (option,) = site.options
    assert option.id == "direct exchange"
    assert option.capacity_mw == pytest.approx(3.84)
    assert option.cost_eur == pytest.approx(100_000)
    assert option.cost_per_mw_eur == pytest.approx(350_000)
    assert option.cost_parts == pytest.approx(
        {"site_works": 80_000, "design_and_contingency": 20_000}
    )
    assert option.cost_per_mw_parts == pytest.approx(
        {"source_side": 180_000, "heat_exchanger": 100_000, "design_and_contingency": 70_000}
    )
    assert option.electricity_mwh_per_mwh == 0
    assert option.cost_per_mwh_eur == 0
    assert site.group is None


def test_site_figures_behind_the_options() -> None:
    heat = assemble().site_heat
    row = heat.loc[("s0", "direct exchange")]
    assert row["site_id"] == "DC-1"
    assert row["source_mw"] == pytest.approx(3.84)
    assert row["output_mw"] == pytest.approx(3.84)
    assert row["direct_share"] == pytest.approx(1.0)
    assert row["cop"] == math.inf
    assert (row["source_supply_c"], row["network_supply_c"]) == (72, 70)


def test_every_cost_is_the_sum_of_its_parts() -> None:
    done = assemble(make_region({"DC-1": {"cooling": "mixed", "supply_temperature_c": math.nan,
                                          "return_temperature_c": math.nan}}))  # fmt: skip
    for option in done.problem.sites[0].options:
        assert option.cost_eur == math.fsum(option.cost_parts.values())
        assert option.cost_per_mw_eur == math.fsum(option.cost_per_mw_parts.values())
    for zone in done.problem.zones:
        assert zone.cost_eur == math.fsum(zone.cost_parts.values())
    for edge in done.problem.edges:
        assert math.fsum(edge.cost_shares.values()) == pytest.approx(1.0, abs=1e-15)


def test_heat_pump_options_take_electricity() -> None:
    """An air-cooled site: electricity per heat is one over COP, running cost 100 / COP + 2."""
    air = {"cooling": "air", "supply_temperature_c": 28.0, "return_temperature_c": 18.0,
           "electricity_price_eur_per_mwh": 100.0}  # fmt: skip
    done = assemble(make_region({"DC-1": air}))
    options = done.problem.sites[0].options
    assert [each.id for each in options] == [
        "heat pump, priced for 0-1 MW",
        "heat pump, priced for 1-3 MW",
        "heat pump, priced for 3-4.84 MW",
    ]
    assert len({each.capacity_mw for each in options}) == 1
    cop = done.site_heat.loc[("s0", options[0].id), "cop"]
    assert 4 < cop < 5
    assert options[0].electricity_mwh_per_mwh == pytest.approx(1 / cop)
    assert options[0].cost_per_mwh_eur == pytest.approx(100 / cop + 2)
    assert options[1].cost_parts["heat_pump"] == pytest.approx(600_000)
    assert options[1].cost_per_mw_parts["heat_pump"] == pytest.approx(850_000)


def test_stated_streams_replace_the_cooling() -> None:
    """10 MW x 0.5 x 0.96, 0.8 of it: 3.84 MW, split 0.7 x 0.75 to 0.3 x 0.70, so 5 to 2."""
    streams = {"streams": "air:0.3:28/18; liquid:0.7:72/50"}
    done = assemble(make_region({"DC-1": streams}))
    names = {each.id.split(",")[0] for each in done.problem.sites[0].options}
    assert names == {
        "liquid: direct exchange",
        "liquid: direct exchange; air: heat pump",
    }
    alone = done.site_heat.xs("s0").iloc[0]
    assert alone["cooling"] == "mixed"
    assert alone["source_mw"] == pytest.approx(3.84 * 5 / 7)
    assert alone["available_mw"] == pytest.approx(3.84)


def test_bad_streams_name_the_site() -> None:
    with pytest.raises(InputError, match="site 'DC-1': stream 'steam' is neither liquid nor air"):
        assemble(make_region({"DC-1": {"streams": "steam:0.3:128/90"}}))


def test_an_energy_centre_offers_both_places() -> None:
    """3.84 MW over 500 m: hot DN200 at 70/40 (1 836 EUR/m), or warm DN250 at 72/62 (2 036)."""
    away = {"energy_centre_m": 500.0, "return_temperature_c": 62.0}
    done = assemble(make_region({"DC-1": away}))
    found = {each.id: each for each in done.problem.sites[0].options}
    here = found["direct exchange at the data centre"]
    there = found["direct exchange at the energy centre"]
    facts = done.site_heat.loc["s0"]
    for option, component, place, size, per_metre in (
        (here, "hot_pipe", "data centre", "DN200", 1_836),
        (there, "warm_pipe", "energy centre", "DN250", 2_036),
    ):
        row = facts.loc[option.id]
        assert (row["place"], row["pipe_to_energy_centre"]) == (place, size)
        assert option.cost_parts[component] == pytest.approx(500 * per_metre)
        assert option.cost_eur == pytest.approx(100_000 + 1.25 * 500 * per_metre)
    assert facts.loc[here.id, "pipe_loss_mw"] > 0
    assert here.capacity_mw == pytest.approx(3.84 - facts.loc[here.id, "pipe_loss_mw"])
    assert there.capacity_mw == pytest.approx(3.84)


def test_figures_for_the_operator() -> None:
    """An existing site of 10 MW x 0.5: 43 800 MWh/a of IT energy, PUE 1.40, grown already."""
    row = assemble().site_heat.loc[("s0", "direct exchange")]
    assert row["it_energy_mwh"] == pytest.approx(43_800)
    assert (row["pue"], row["cooling_credit_mwh_per_mwh"], row["ramp_a"]) == (1.4, 0.05, 0)
    new = {"status": "permitted", "cooling_credit_mwh_per_mwh": 0.2}
    row = assemble(make_region({"DC-1": new})).site_heat.loc[("s0", "direct exchange")]
    assert (row["pue"], row["cooling_credit_mwh_per_mwh"], row["ramp_a"]) == (1.2, 0.2, 4)
    stated = {"it_load_mw": math.nan, "recoverable_heat_kw": 3_000.0, "pue": 1.3}
    row = assemble(make_region({"DC-1": stated})).site_heat.loc[("s0", "direct exchange")]
    assert row["pue"] == 1.3
    assert math.isnan(row["it_energy_mwh"])


def test_availability_and_connection_of_a_site() -> None:
    air = {"cooling": "air", "supply_temperature_c": 28.0, "return_temperature_c": 18.0,
           "availability": 0.48, "electricity_connection_eur_per_kw": 300.0}  # fmt: skip
    option = assemble(make_region({"DC-1": air})).problem.sites[0].options[0]
    assert option.capacity_mw is not None
    power_kw_per_mw = 1_000 * option.electricity_mwh_per_mwh
    source_mw = option.capacity_mw * (1 - option.electricity_mwh_per_mwh)
    assert source_mw == pytest.approx(3.84 / 2)
    assert option.cost_per_mw_parts["electricity_connection"] == pytest.approx(
        300 * power_kw_per_mw
    )


def test_zones_by_hand() -> None:
    first, second = assemble().problem.zones
    assert (first.heat_mwh, first.peak_mw) == (2_000, pytest.approx(0.8))
    assert first.cost_eur == pytest.approx(160_000)
    assert first.cost_parts == pytest.approx(
        {"substations": 72_000, "peak_boilers": 56_000, "design_and_contingency": 32_000}
    )
    assert second.peak_mw == pytest.approx(0.4)
    assert second.cost_eur == pytest.approx(47_500)
    assert first.load_curve == second.load_curve  # both 2 500 h/a
    assert first.load_curve[1] == pytest.approx((0.08, 0.08 * 8760 / 2500))


def test_existing_boilers_cost_nothing() -> None:
    first, second = assemble(design={"peak_boilers": "existing"}).problem.zones
    assert first.cost_eur == pytest.approx(90_000)
    assert second.cost_eur == pytest.approx(12_500)


def test_streets_and_trunks_by_hand() -> None:
    """Sizes from 0.08 x 0.4 MW to 1.2 MW of peaks and their loss: DN25 to DN100.

    DN100 carries 1.22 MW, costs 1 090 x 100 x 1.25 = 136 250 EUR and loses
    2 x 0.222176 x (55 - 8) x 100 = 2 088 W.
    """
    trunk = assemble().problem.edges[0]
    labels = ["DN25", "DN32", "DN40", "DN50", "DN65", "DN80", "DN100"]
    assert [size.label for size in trunk.sizes] == labels
    largest = trunk.sizes[-1]
    assert largest.capacity_mw == pytest.approx(1.22, abs=0.005)
    assert largest.cost_eur == pytest.approx(136_250)
    assert largest.loss_mw == pytest.approx(0.00208846, abs=1e-8)
    assert trunk.length_m == 100
    assert trunk.cost_shares == pytest.approx({"pipes": 0.8, "design_and_contingency": 0.2})


def test_service_lines_carry_the_peak_of_their_zone() -> None:
    """800 kW need DN100 (DN80 carries 612 kW): 1 090 x 20 x 1.25 = 27 250 EUR."""
    service = assemble().problem.edges[1]
    (size,) = service.sizes
    assert size.label == "DN100"
    assert size.cost_eur == pytest.approx(27_250)
    assert service.cost_shares == pytest.approx(
        {"service_lines": 0.8, "design_and_contingency": 0.2}
    )


def test_a_service_line_carries_its_own_loss_as_well() -> None:
    """DN100 carries 1.219 MW: 1.21 MW and the 21 kW lost in 1 km are too much, DN125 is taken."""
    network = make_network()
    edges = network.edges.assign(length_m=[100.0, 1_000.0])
    region = make_region(zones={"Z-1": {"peak_demand_kw": 1_210.0}})
    done = assemble(region, replace(network, edges=edges))
    assert done.problem.edges[1].sizes[0].label == "DN125"


def test_cost_length_is_paid_and_length_loses() -> None:
    network = make_network()
    edges = network.edges.assign(cost_length_m=[75.0, 20.0])
    trunk = assemble(network=replace(network, edges=edges)).problem.edges[0]
    assert trunk.sizes[-1].cost_eur == pytest.approx(0.75 * 136_250)
    assert trunk.sizes[-1].loss_mw == pytest.approx(0.00208846, abs=1e-8)


def test_free_trench_is_laid_in_the_largest_size() -> None:
    network = make_network()
    edges = network.edges.assign(cost_length_m=[0.0, 0.0])
    trunk = assemble(network=replace(network, edges=edges)).problem.edges[0]
    assert [size.label for size in trunk.sizes] == ["DN100"]


def test_trench_that_costs_the_same_at_any_size_keeps_its_small_sizes() -> None:
    """A street at a stated 10,000 EUR has no cost by size; the loss still tells sizes apart."""
    network = make_network()
    edges = network.edges.assign(cost_length_m=[0.0, 20.0], stated_cost_eur=[10_000.0, 0.0])
    trunk = assemble(network=replace(network, edges=edges)).problem.edges[0]
    assert len(trunk.sizes) > 3
    assert [size.cost_eur for size in trunk.sizes] == pytest.approx([12_500.0] * len(trunk.sizes))
    assert (np.diff([size.loss_mw for size in trunk.sizes]) > 0).all()


def test_long_thin_pipes_that_lose_everything_are_not_offered() -> None:
    """DN25 to DN32 lose 12 to 14 W/m: over 6 km 75 to 81 kW, more than they carry (36, 74 kW)."""
    network = make_network()
    edges = network.edges.assign(length_m=[6_000.0, 20.0], cost_length_m=[6_000.0, 20.0])
    trunk = assemble(network=replace(network, edges=edges)).problem.edges[0]
    assert trunk.sizes[0].label == "DN40"
    assert all(size.loss_mw < size.capacity_mw for size in trunk.sizes)


def test_sizes_rise_and_none_between_is_left_out() -> None:
    huge = {"annual_demand_mwh": 2_500_000.0, "peak_demand_kw": 1_000_000.0}
    region = make_region({"DC-1": {"it_load_mw": 900.0}}, {"Z-1": huge})
    done = assemble(region)
    sizes = done.problem.edges[0].sizes
    assert len(sizes) == 21  # DN20 loses all that it carries
    assert (np.diff([size.capacity_mw for size in sizes]) > 0).all()
    assert (np.diff([size.cost_eur for size in sizes]) > 0).all()
    acts = [remark.act for remark in done.remarks]
    assert "flow limited by the largest pipe" in acts
    assert "service line too small for the peak" in acts


def test_crossings_and_stated_costs_are_lump_sums_of_an_edge() -> None:
    """A crossing of 400,000 EUR with 25 % overhead, and 10,000 EUR of trench at a stated cost."""
    network = make_network()
    edges = network.edges.assign(
        crossing_cost_eur=[400_000.0, math.nan], stated_cost_eur=[10_000.0, 2_000.0]
    )
    trunk, service = assemble(network=replace(network, edges=edges)).problem.edges
    assert trunk.sizes[-1].cost_eur == pytest.approx(136_250 + 512_500)
    assert trunk.lump_parts == pytest.approx(
        {"crossings": 400_000, "pipes": 10_000, "design_and_contingency": 102_500}
    )
    assert trunk.cost_shares == pytest.approx({"pipes": 0.8, "design_and_contingency": 0.2})
    assert service.sizes[0].cost_eur == pytest.approx(27_250 + 2_500)
    assert service.lump_parts == pytest.approx({"pipes": 2_000, "design_and_contingency": 500})


@pytest.mark.parametrize("dn", ["dn 200", 200.0])
def test_standing_pipes_are_free_and_carry_what_their_size_does(dn: str | float) -> None:
    """DN200 at 70/40 °C and 100 Pa/m carries 7.16 MW, and loses 2 x 0.3063 x 47 = 28.8 W/m."""
    network = make_network()
    edges = network.edges.assign(
        kind=["existing", "service"], existing_dn=[dn, math.nan], crossing_cost_eur=[5e5, 0.0]
    )
    done = assemble(network=replace(network, edges=edges))
    (size,) = done.problem.edges[0].sizes
    assert (size.label, size.cost_eur) == ("DN200", 0.0)
    assert size.capacity_mw == pytest.approx(7.16, abs=0.005)
    assert size.loss_mw == pytest.approx(28.79e-6 * 100, rel=1e-3)
    assert done.problem.edges[0].cost_shares == {}
    assert done.problem.edges[0].lump_parts == {}
    assert done.edge_kinds["e0"] == "existing"


def test_standing_pipes_of_an_unknown_size_are_a_fault() -> None:
    network = make_network()
    edges = network.edges.assign(kind=["existing", "service"], existing_dn=["12 inch", ""])
    with pytest.raises(InputError, match="'12 inch'. Write one of DN20, DN25"):
        assemble(network=replace(network, edges=edges))


def test_only_some_sizes_are_laid() -> None:
    """Of DN65, DN80 and DN150 all are offered up to 1.2 MW; 800 kW of peak take DN150."""
    done = assemble(design={"pipe_sizes": ["DN150", "DN65", "DN80"]})
    trunk, service = done.problem.edges
    assert [size.label for size in trunk.sizes] == ["DN65", "DN80", "DN150"]
    assert [size.label for size in service.sizes] == ["DN150"]
    assert len(done.all_sizes) == 22
    with pytest.raises(InputError, match="'DN77'"):
        assemble(design={"pipe_sizes": ["DN77"]})


def test_twin_pipes_lose_less_and_cost_the_same() -> None:
    single, twin = assemble().problem, assemble(design={"catalogue": "twin"}).problem
    for a, b in zip(single.edges[0].sizes, twin.edges[0].sizes, strict=True):
        assert (a.label, a.cost_eur, a.capacity_mw) == (b.label, b.cost_eur, b.capacity_mw)
        assert b.loss_mw == pytest.approx(0.675 * a.loss_mw)


def test_a_faulty_catalogue_is_told_with_the_other_faults() -> None:
    with pytest.raises(InputError, match="cannot read 'none.csv'"):
        assemble(design={"catalogue": "none.csv"})
    region = make_region({"DC-1": {"status": "dreamt"}})
    with pytest.raises(InputError) as caught:
        assemble(region, design={"catalogue": "lead"})
    assert len(caught.value.faults) == 2


def test_where_pipes_carry_peaks_the_sites_do_not_limit_them() -> None:
    """A site of 0.4 MW needs no pipe beyond DN80; 1.2 MW of peaks need DN100."""
    region = make_region({"DC-1": {"recoverable_heat_kw": 400.0, "it_load_mw": math.nan}})
    base = assemble(region).problem.edges[0].sizes[-1].label
    peak = assemble(region, design={"pipes_carry": "peak"}).problem.edges[0].sizes[-1].label
    assert (base, peak) == ("DN65", "DN100")


def test_consumers_behind_the_peaks() -> None:
    """A stated peak of 12 buildings has their simultaneity; an estimated one that of a town."""
    guessed = {"peak_demand_kw": 500.0, "estimated": "peak demand from full-load hours"}
    region = make_region(zones={"Z-1": {"buildings": 12.0}, "Z-3": guessed})
    network = make_network()
    nodes = pd.concat([network.zone_nodes, pd.Series({"Z-3": "n2"})])
    found = assemble(region, replace(network, zone_nodes=nodes)).consumers
    assert (found["z0"].count, found["z0"].settled) == (12.0, False)
    assert (found["z1"].count, found["z1"].settled) == (1.0, True)  # it states no peak
    assert found["z2"].settled


def test_heat_that_is_stated_goes_before_the_it_load() -> None:
    """6,400 kW at 72/50 °C go to the network at 70/40 °C by direct exchange, as they are."""
    region = make_region({"DC-1": {"recoverable_heat_kw": 6_400.0, "it_load_mw": math.nan}})
    done = assemble(region)
    heat = done.site_heat.reset_index()
    assert heat["available_mw"].tolist() == pytest.approx([6.4] * len(heat))
    assert heat["it_load_mw"].isna().all()
    assert done.problem.sites[0].options[0].capacity_mw == pytest.approx(heat["output_mw"][0])
    acts = {remark.act: remark.count for remark in done.remarks}
    assert acts["took the heat that is stated, not the IT load"] == 1
    assert "took the default utilisation" not in acts


def with_square(region: Region, side_m: float) -> Region:
    """Return a region whose zones are squares."""
    zones = region.zones.frame
    square = zones.geometry.buffer(side_m / 2, cap_style="square")
    return replace(region, zones=DemandZones(zones.set_geometry(square)))


def test_pipes_inside_a_zone_of_several_buildings() -> None:
    """By hand: 1 ha with 5,000 m2 of floor has 10,000 / 68.5714 = 145.83 m of trench."""
    zone = {"buildings": 10, "floor_area_m2": 5_000.0, "annual_demand_mwh": 400.0}
    region = with_square(make_region(zones={"Z-1": zone}), 100.0)
    done = assemble(region, overrides={"design_share": 0, "contingency_share": 0})
    parts = done.problem.zones[0].cost_parts
    assert parts["service_lines"] == 45_000
    # The mean diameter of 0.112 m lies above the DN80 that carries the peak of 0.8 MW, or its next.
    assert 145.83 * 1_000 < parts["distribution"] < 145.83 * 1_150
    assert 145.83 * 15e-6 < done.problem.zones[0].loss_mw < 145.83 * 25e-6
    said = next(each for each in done.remarks if each.act.startswith("estimated pipes inside"))
    assert (said.count, round(said.length_m, 1)) == (1, 145.8)


@pytest.mark.parametrize(
    ("zone", "side_m", "design"),
    [
        ({"buildings": 1}, 100.0, {}),
        ({}, 90.0, {}),
        ({"buildings": 10}, 100.0, {"zone_pipes": "none"}),
        ({"buildings": 10, "connection_cost_eur": 5.0}, 100.0, {}),
    ],
    ids=["one building", "small", "not wanted", "cost stated"],
)
def test_no_pipes_inside_other_zones(
    zone: dict[str, Any], side_m: float, design: dict[str, Any]
) -> None:
    done = assemble(with_square(make_region(zones={"Z-1": zone}), side_m), design=design)
    assert "distribution" not in done.problem.zones[0].cost_parts
    assert done.problem.zones[0].loss_mw == 0


def test_limits_and_objective() -> None:
    """A share of 0.5 of 3 000 MWh/a is more than the 1 000 MWh/a also asked for."""
    done = assemble(
        limits={"min_share": 0.5, "min_heat_mwh": 1_000, "budget_eur": 2e6, "max_sites": 1}
    )
    limits = done.problem.limits
    assert (limits.min_heat_mwh, limits.budget_eur, limits.max_sites) == (1_500, 2e6, 1)
    assert done.problem.objective.kind == "heat_per_euro"
    assert assemble(limits={"min_heat_mwh": 2_000}).problem.limits.min_heat_mwh == 2_000
    assert assemble().problem.limits.min_heat_mwh is None


def test_net_value_takes_price_and_capital_factor_from_the_table() -> None:
    wanted = assemble(objective={"kind": "net_value"}).problem.objective
    assert wanted.heat_price_eur_per_mwh == 90
    assert wanted.capital_factor == pytest.approx(0.0650514, abs=5e-8)  # 5 %, 30 years
    stated = {"kind": "net_value", "heat_price_eur_per_mwh": 70, "capital_factor": 0.1}
    wanted = assemble(objective=stated).problem.objective
    assert (wanted.heat_price_eur_per_mwh, wanted.capital_factor) == (70, 0.1)


def test_wishes_of_layers_and_limits_add_up() -> None:
    region = make_region(zones={"Z-1": {"mandatory": True}})
    done = assemble(region, limits={"mandatory_sites": ["DC-1"], "forbidden_zones": ["Z-2"]})
    assert done.problem.sites[0].mandatory
    assert [zone.mandatory for zone in done.problem.zones] == [True, False]
    assert [zone.forbidden for zone in done.problem.zones] == [False, True]


def test_unknown_ids_in_limits_are_refused_at_once_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        assemble(limits={"mandatory_sites": ["DC-7"], "forbidden_zones": ["Z-1", "Y-2"]})
    words = str(caught.value)
    assert "mandatory_sites: 'DC-7' not found. For 'DC-7' the nearest is 'DC-1'." in words
    assert "forbidden_zones: 'Y-2' not found. For 'Y-2' the nearest is 'Z-2'." in words


def test_contradicting_wishes_are_refused() -> None:
    region = make_region(zones={"Z-1": {"mandatory": True}})
    with pytest.raises(InputError, match="mandatory and forbidden at once: 'Z-1'"):
        assemble(region, limits={"forbidden_zones": ["Z-1"]})


def test_what_has_no_partner_stays_and_is_counted() -> None:
    done = assemble()
    remark = next(each for each in done.remarks if "without a site" in each.act)
    assert (remark.layer, remark.count, remark.detail) == ("zones", 1, "1,000 MWh/a")
    assert len(done.problem.zones) == 2
    assert not any("without a zone" in each.act for each in done.remarks)


def test_what_is_not_on_the_network_is_left_out_and_counted() -> None:
    network = replace(make_network(), zone_nodes=pd.Series({"Z-1": "n2"}))
    done = assemble(network=network)
    assert done.zone_ids == {"z0": "Z-1"}
    remark = next(each for each in done.remarks if each.act.startswith("left out"))
    assert (remark.count, remark.detail) == (1, "'Z-2'")
    with pytest.raises(InputError, match="mandatory, but out of reach of the streets: 'Z-2'"):
        assemble(network=network, limits={"mandatory_zones": ["Z-2"]})


def test_faults_of_sites_and_zones_are_told_together_by_id() -> None:
    region = make_region(
        {"DC-1": {"supply_temperature_c": 40.0}}, {"Z-1": {"peak_demand_kw": 200.0}}
    )
    with pytest.raises(InputError) as caught:
        assemble(region)
    assert "site 'DC-1': the liquid stream comes at 40 °C" in str(caught.value)
    assert "zone 'Z-1': 10,000 full-load hours were given" in str(caught.value)


def test_prices_that_pay_for_heat_are_refused() -> None:
    region = make_region({"DC-1": {"heat_price_eur_per_mwh": -5.0}})
    with pytest.raises(InputError, match=r"site 'DC-1': its prices give .* -5.00 EUR/MWh"):
        assemble(region)


def test_peaky_zones_get_a_lower_minimum_load() -> None:
    """500 h/a is a load factor of 0.057, below the usual minimum load ratio of 0.08."""
    done = assemble(make_region(zones={"Z-1": {"peak_demand_kw": 4_000.0}}))
    assert done.problem.zones[0].load_curve[1][0] == pytest.approx(500 / 8760 / 2)
    assert any("half their load factor" in each.act and each.count == 1 for each in done.remarks)


def test_zones_without_demand_have_no_curve() -> None:
    done = assemble(make_region(zones={"Z-1": {"annual_demand_mwh": 0.0}}))
    assert (done.problem.zones[0].heat_mwh, done.problem.zones[0].load_curve) == (0, ())


def test_defaults_taken_are_told_and_overrides_marked() -> None:
    region = make_region({"DC-1": {"utilisation": math.nan, "assumed": True}})
    done = assemble(region, overrides={"utilisation": 0.7})
    assert done.assumed_sites == {"s0"}
    assert done.used_parameters.loc["utilisation", "overridden"]
    assert done.used_parameters.loc["utilisation", "value"] == 0.7
    acts = {each.act: each for each in done.remarks}
    assert acts["took the default utilisation"].detail == "0.7"
    assert acts["took their peak from the default full-load hours"].count == 1


def test_overhead_is_added_once() -> None:
    """Without design and contingency everything costs 1 / 1.25."""
    bare = assemble(overrides={"design_share": 0, "contingency_share": 0})
    full = assemble()
    assert bare.problem.zones[0].cost_eur * 1.25 == pytest.approx(full.problem.zones[0].cost_eur)
    assert "design_and_contingency" not in bare.problem.zones[0].cost_parts
    assert bare.problem.edges[0].cost_shares == {"pipes": 1.0}
    assert bare.problem.edges[0].sizes[0].cost_eur * 1.25 == pytest.approx(
        full.problem.edges[0].sizes[0].cost_eur
    )


def test_inputs_stay_as_they_were() -> None:
    region, network = make_region(), make_network()
    before = (region.sites.frame.copy(), region.zones.frame.copy(), network.edges.copy())
    assemble(region, network)
    after = (region.sites.frame, region.zones.frame, network.edges)
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_many_edges_take_seconds() -> None:
    count = 20_000
    network = make_network()
    street = network.edges.iloc[[0]].assign(kind="street")
    streets = street.loc[["e0"] * count]
    streets.index = pd.Index([f"e{n + 2}" for n in range(count)])
    edges = gpd.GeoDataFrame(pd.concat([network.edges, streets]), crs=CRS)
    start = time.perf_counter()
    done = assemble(network=replace(network, edges=edges))
    assert len(done.problem.edges) == count + 2
    assert time.perf_counter() - start < 10
