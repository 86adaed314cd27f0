"""Turn candidate sites into options with capacity, cost and running cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from siting.assembly.desk import Desk, Wishes, number_of, plain_rows, text_of
from siting.assembly.pipe_sizes import catalogue_at
from siting.errors import InputError
from siting.problem import Site, SiteOption
from siting.sources import (
    AT_DATA_CENTRE,
    COOLINGS,
    STATUSES,
    CostSegment,
    HeatStream,
    Plant,
    PricedPlant,
    cooling_of,
    cooling_streams,
    cost_segments,
    parse_streams,
    placed_plants,
    running_cost_eur_per_mwh,
    site_plants,
    stated_streams,
    undominated,
)
from siting.streets import SURFACE_FACTORS
from siting.units import HOURS_PER_A, mw_from_kw

__all__ = ["assemble_sites"]


def assemble_sites(desk: Desk, wishes: Wishes) -> tuple[list[Site], dict[str, str], pd.DataFrame]:
    """Return sites with their options, the ids of their keys, and the heat behind the options."""
    frame = desk.region.sites.frame
    nodes = desk.nodes_of("sites", frame.index, wishes)
    sites: list[Site] = []
    ids: dict[str, str] = {}
    heat: list[dict[str, Any]] = []
    known: dict[str, tuple[list[SiteOption], list[dict[str, Any]]]] = {}
    for row in plain_rows(frame):
        if row["id"] not in nodes:
            continue
        key = f"s{len(ids)}"
        ids[key] = row["id"]
        # Thousands of candidates of a country are alike but for their place.
        like = repr([value for name, value in row.items() if name not in {"id", "name"}])
        faults = len(desk.log.faults)
        try:
            options, facts = known.get(like) or _site_options(desk, row)
            if len(desk.log.faults) == faults:
                known[like] = options, facts
        except InputError as error:
            for each in error.faults:
                desk.log.fault(
                    "sites", f"site '{row['id']}': {each.message}", each.remedy, [row["id"]]
                )
            continue
        heat += [{"site": key, "site_id": row["id"], **each} for each in facts]
        sites.append(
            Site(
                id=key,
                node=nodes[row["id"]],
                options=tuple(options),
                group=text_of(row, "group") or None,
                mandatory=row["id"] in wishes.mandatory,
                forbidden=row["id"] in wishes.forbidden,
            )
        )
    _remark_site_defaults(desk, frame.loc[[each in nodes for each in map(str, frame.index)]])
    return sites, ids, _heat_frame(heat)


def _site_options(
    desk: Desk, row: Mapping[str, Any]
) -> tuple[list[SiteOption], list[dict[str, Any]]]:
    """Return the options of one site, and the facts behind each."""
    streams = _streams(desk, row)
    options, facts = [], []
    priced = [_priced(desk, row, each) for each in _plants(desk, row, streams)]
    for choice in priced if desk.whole else undominated(priced):
        for segment in choice.segments:
            option = _option(desk, row, choice, segment)
            options.append(option)
            facts.append(_facts(desk, row, choice.plant, option, streams))
    return options, facts


def _streams(desk: Desk, row: Mapping[str, Any]) -> tuple[HeatStream, ...]:
    """Return the heat streams of one site, as it states them or as its cooling has them."""
    stated_kw = number_of(row, "recoverable_heat_kw")
    load_mw = number_of(row, "it_load_mw")
    figures = {
        "recoverable_heat_mw": mw_from_kw(stated_kw) if stated_kw else None,
        "utilisation": number_of(row, "utilisation"),
        "recoverable_fraction": number_of(row, "recoverable_fraction"),
        "availability": _further(row, "availability"),
    }
    text = _stream_text(row)
    if text:
        return stated_streams(load_mw, parse_streams(text), desk.parameters, **figures)
    return cooling_streams(
        load_mw,
        text_of(row, "cooling") or COOLINGS[0],
        desk.parameters,
        **figures,
        supply_temperature_c=number_of(row, "supply_temperature_c"),
        return_temperature_c=number_of(row, "return_temperature_c"),
    )


def _plants(desk: Desk, row: Mapping[str, Any], streams: Sequence[HeatStream]) -> tuple[Plant, ...]:
    """Return the plants that one site may get, at each place where they may stand."""
    network = desk.config.network
    temperatures = (network.supply_temperature_c, network.return_temperature_c)
    plants = site_plants(streams, *temperatures, desk.parameters)
    if not plants:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': no heat pump lifts its heat from"
            f" {streams[0].supply_temperature_c:g} °C to {network.supply_temperature_c:g} °C.",
            "Lower the supply temperature of the network or forbid the site.",
            [row["id"]],
        )
    distance_m = _further(row, "energy_centre_m") or 0.0
    if distance_m <= 0:
        return plants
    return tuple(
        placed
        for plant in plants
        for placed in placed_plants(
            plant,
            distance_m,
            temperatures,
            partial(catalogue_at, desk),
            desk.parameters,
            surface_factor=SURFACE_FACTORS[network.surface],
        )
    )


def _priced(desk: Desk, row: Mapping[str, Any], plant: Plant) -> PricedPlant:
    """Return one plant with what it costs to build and to run at its site."""
    connection = None
    if plant.place == AT_DATA_CENTRE:
        connection = _further(row, "electricity_connection_eur_per_kw")
    running = running_cost_eur_per_mwh(plant, *_prices(desk, row), desk.parameters)
    if running < 0:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': its prices give a running cost of {running:,.2f} EUR/MWh.",
            "Give prices that leave it at 0 or above.",
            [row["id"]],
        )
    segments = cost_segments(
        plant,
        text_of(row, "status") or STATUSES[-1],
        desk.parameters,
        electricity_connection_eur_per_kw=connection,
    )
    return PricedPlant(plant, segments, running)


def _option(
    desk: Desk, row: Mapping[str, Any], choice: PricedPlant, segment: CostSegment
) -> SiteOption:
    """Return one option: a plant, priced by one straight piece of its cost."""
    plant = choice.plant
    span = f", priced for {segment.from_mw:.3g}-{segment.to_mw:.3g} MW"
    works, works_per_mw = (
        number_of(row, "cost_eur") or 0.0,
        number_of(row, "cost_per_mw_eur") or 0.0,
    )
    central = desk.config.network.boiler_place == "central"
    boilers = desk.parameters.value("boiler_plant_fixed_eur") if central else 0.0
    fixed = {**segment.fixed_eur, "site_works": works, "peak_boilers": boilers}
    cost, parts = desk.loaded(fixed)
    per_mw, per_mw_parts = desk.loaded({**segment.per_mw_eur, "site_works": works_per_mw})
    return SiteOption(
        id=plant.name if len(choice.segments) == 1 else plant.name + span,
        capacity_mw=plant.output_mw,
        cost_eur=cost,
        cost_per_mw_eur=per_mw,
        cost_per_mwh_eur=max(choice.running_cost_eur_per_mwh, 0.0),
        electricity_mwh_per_mwh=plant.electricity_mw_per_mw,
        cost_parts=parts,
        cost_per_mw_parts=per_mw_parts,
    )


def _prices(desk: Desk, row: Mapping[str, Any]) -> tuple[float, float]:
    """Return what a site pays for electricity and for the heat of the data centre [EUR/MWh]."""
    power = number_of(row, "electricity_price_eur_per_mwh")
    heat = number_of(row, "heat_price_eur_per_mwh")
    return (
        desk.parameters.value("electricity_price_eur_per_mwh") if power is None else power,
        desk.parameters.value("waste_heat_price_eur_per_mwh") if heat is None else heat,
    )


def _further(row: Mapping[str, Any], column: str) -> float | None:
    """Return a figure of a column that a layer made by hand may lack."""
    return number_of(row, column) if column in row else None


def _stream_text(row: Mapping[str, Any]) -> str:
    """Return the heat streams that a site states, empty where it states none."""
    return text_of(row, "streams") if "streams" in row else ""


HEAT_COLUMNS = {
    "site": str, "option": str, "site_id": str, "chain": str, "cooling": str,
    "it_load_mw": float, "available_mw": float, "source_supply_c": float, "source_return_c": float,
    "network_supply_c": float, "network_return_c": float, "source_mw": float, "output_mw": float,
    "heat_pump_mw": float, "electricity_mw": float, "cop": float, "direct_share": float,
    "electricity_price_eur_per_mwh": float, "waste_heat_price_eur_per_mwh": float,
    "running_cost_eur_per_mwh": float, "place": str, "pipe_to_energy_centre": str,
    "pipe_loss_mw": float, "it_energy_mwh": float, "pue": float,
    "cooling_credit_mwh_per_mwh": float, "ramp_a": float,
}  # fmt: skip


def _facts(
    desk: Desk,
    row: Mapping[str, Any],
    plant: Plant,
    option: SiteOption,
    streams: Sequence[HeatStream],
) -> dict[str, Any]:
    """Return the heat figures behind one option at full size, temperatures of its first stream.

    ``ramp_a`` are the years in which the data centre grows, 0 where it stands [a].
    """
    power_price, heat_price = _prices(desk, row)
    network = desk.config.network
    return {
        "option": option.id,
        "chain": plant.name,
        "cooling": _cooling(row),
        "it_load_mw": math.nan if row["it_load_mw"] is None else float(row["it_load_mw"]),
        "available_mw": math.fsum(each.source_mw for each in streams),
        "source_supply_c": plant.upgrades[0].stream.supply_temperature_c,
        "source_return_c": plant.upgrades[0].stream.return_temperature_c,
        "network_supply_c": network.supply_temperature_c,
        "network_return_c": network.return_temperature_c,
        "source_mw": plant.source_mw,
        "output_mw": plant.output_mw,
        "heat_pump_mw": plant.heat_pump_mw,
        "electricity_mw": plant.electricity_mw,
        "cop": plant.cop,
        "direct_share": 1 - plant.heat_pump_mw / plant.output_mw,
        "electricity_price_eur_per_mwh": power_price,
        "waste_heat_price_eur_per_mwh": heat_price,
        "running_cost_eur_per_mwh": option.cost_per_mwh_eur,
        "place": plant.place,
        "pipe_to_energy_centre": ", ".join(plant.connector.sizes) if plant.connector else "",
        "pipe_loss_mw": plant.loss_mw,
        **_operator_figures(desk, row),
    }


def _cooling(row: Mapping[str, Any]) -> str:
    """Return how servers are cooled, by the streams of a site where it states them."""
    text = _stream_text(row)
    return cooling_of(parse_streams(text)) if text else text_of(row, "cooling") or COOLINGS[0]


def _operator_figures(desk: Desk, row: Mapping[str, Any]) -> dict[str, float]:
    """Return what the operator's own figures follow from, defaults where a site states none."""
    built = text_of(row, "status") == "existing"
    load, used = number_of(row, "it_load_mw"), number_of(row, "utilisation")
    used = desk.parameters.value("utilisation") if used is None else used
    usual = {
        "pue": "pue_existing" if built else "pue_new",
        "cooling_credit_mwh_per_mwh": "cooling_credit_mwh_per_mwh",
        "ramp_a": "utilisation_ramp_a",
    }
    figures = {}
    for column, name in usual.items():
        stated = _further(row, column)
        figures[column] = desk.parameters.value(name) if stated is None else stated
    if built:
        figures["ramp_a"] = 0.0
    return {"it_energy_mwh": HOURS_PER_A * load * used if load else math.nan, **figures}


def _heat_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(HEAT_COLUMNS)).astype(HEAT_COLUMNS)
    return frame.set_index(["site", "option"])


def _remark_site_defaults(desk: Desk, frame: pd.DataFrame) -> None:
    """Count the sites that took a default for want of a figure of their own."""
    by_load = ~(frame["recoverable_heat_kw"] > 0)
    for column, words in (
        ("utilisation", f"{desk.parameters.value('utilisation'):g}"),
        ("recoverable_fraction", "by cooling"),
        ("supply_temperature_c", "by cooling"),
        (
            "electricity_price_eur_per_mwh",
            f"{desk.parameters.value('electricity_price_eur_per_mwh'):g}",
        ),
    ):
        lacking = frame[column].isna()
        if column in {"utilisation", "recoverable_fraction"}:
            lacking &= by_load
        desk.remark("sites", f"took the default {column}", int(lacking.sum()), words)
    desk.remark("sites", "took the heat that is stated, not the IT load", int((~by_load).sum()))
