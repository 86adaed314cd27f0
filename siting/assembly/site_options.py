"""Turn candidate sites into options with capacity, cost and running cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from siting.assembly.desk import Desk, Wishes, number_of, plain_rows, text_of
from siting.errors import InputError
from siting.problem import Site, SiteOption
from siting.sources import (
    COOLINGS,
    STATUSES,
    CostSegment,
    HeatStream,
    Plant,
    cooling_streams,
    cost_segments,
    running_cost_eur_per_mwh,
    site_plants,
)
from siting.units import mw_from_kw

__all__ = ["assemble_sites"]


def assemble_sites(desk: Desk, wishes: Wishes) -> tuple[list[Site], dict[str, str], pd.DataFrame]:
    """Return sites with their options, the ids of their keys, and the heat behind the options."""
    frame = desk.region.sites.frame
    nodes = desk.nodes_of("sites", frame.index, wishes)
    sites: list[Site] = []
    ids: dict[str, str] = {}
    heat: list[dict[str, Any]] = []
    for row in plain_rows(frame):
        if row["id"] not in nodes:
            continue
        key = f"s{len(ids)}"
        ids[key] = row["id"]
        try:
            options, facts = _site_options(desk, row)
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
    network = desk.config.network
    stated_kw = number_of(row, "recoverable_heat_kw")
    streams = cooling_streams(
        number_of(row, "it_load_mw"),
        text_of(row, "cooling") or COOLINGS[0],
        desk.parameters,
        recoverable_heat_mw=mw_from_kw(stated_kw) if stated_kw else None,
        utilisation=number_of(row, "utilisation"),
        recoverable_fraction=number_of(row, "recoverable_fraction"),
        supply_temperature_c=number_of(row, "supply_temperature_c"),
        return_temperature_c=number_of(row, "return_temperature_c"),
    )
    plants = site_plants(
        streams, network.supply_temperature_c, network.return_temperature_c, desk.parameters
    )
    if not plants:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': no heat pump lifts its heat from"
            f" {streams[0].supply_temperature_c:g} °C to {network.supply_temperature_c:g} °C.",
            "Lower the supply temperature of the network or forbid the site.",
            [row["id"]],
        )
    status = text_of(row, "status") or STATUSES[-1]
    options, facts = [], []
    for plant in plants:
        segments = cost_segments(plant, status, desk.parameters)
        for segment in segments:
            option = _option(desk, row, plant, segment, alone=len(segments) == 1)
            options.append(option)
            facts.append(_facts(desk, row, plant, option, streams))
    return options, facts


def _option(
    desk: Desk, row: Mapping[str, Any], plant: Plant, segment: CostSegment, *, alone: bool
) -> SiteOption:
    """Return one option: a plant, priced by one straight piece of its cost."""
    span = f", priced for {segment.from_mw:.3g}-{segment.to_mw:.3g} MW"
    power_price, heat_price = _prices(desk, row)
    works, works_per_mw = (
        number_of(row, "cost_eur") or 0.0,
        number_of(row, "cost_per_mw_eur") or 0.0,
    )
    central = desk.config.network.boiler_place == "central"
    boilers = desk.parameters.value("boiler_plant_fixed_eur") if central else 0.0
    fixed = {**segment.fixed_eur, "site_works": works, "peak_boilers": boilers}
    cost, parts = desk.loaded(fixed)
    per_mw, per_mw_parts = desk.loaded({**segment.per_mw_eur, "site_works": works_per_mw})
    running = running_cost_eur_per_mwh(plant, power_price, heat_price, desk.parameters)
    if running < 0:
        desk.log.fault(
            "sites",
            f"site '{row['id']}': its prices give a running cost of {running:,.2f} EUR/MWh.",
            "Give prices that leave it at 0 or above.",
            [row["id"]],
        )
    return SiteOption(
        id=plant.name if alone else plant.name + span,
        capacity_mw=plant.output_mw,
        cost_eur=cost,
        cost_per_mw_eur=per_mw,
        cost_per_mwh_eur=max(running, 0.0),
        electricity_mwh_per_mwh=plant.electricity_mw / plant.output_mw,
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


HEAT_COLUMNS = {
    "site": str, "option": str, "site_id": str, "chain": str, "cooling": str,
    "it_load_mw": float, "available_mw": float, "source_supply_c": float, "source_return_c": float,
    "network_supply_c": float, "network_return_c": float, "source_mw": float, "output_mw": float,
    "heat_pump_mw": float, "electricity_mw": float, "cop": float, "direct_share": float,
    "electricity_price_eur_per_mwh": float, "waste_heat_price_eur_per_mwh": float,
    "running_cost_eur_per_mwh": float,
}  # fmt: skip


def _facts(
    desk: Desk,
    row: Mapping[str, Any],
    plant: Plant,
    option: SiteOption,
    streams: Sequence[HeatStream],
) -> dict[str, Any]:
    """Return the heat figures behind one option at full size, temperatures of its first stream."""
    power_price, heat_price = _prices(desk, row)
    network = desk.config.network
    return {
        "option": option.id,
        "chain": plant.name,
        "cooling": text_of(row, "cooling") or COOLINGS[0],
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
    }


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
