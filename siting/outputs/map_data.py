"""Turn the plans that a map shows into the figures that its page unpacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.appraisal import Appraisal
from siting.explanation import NO_CAPACITY, NO_SITE, NOT_ATTACHED, OVER_BUDGET, TOO_DEAR
from siting.outputs.frames import PlanFrames
from siting.outputs.looks import Ladder, PipeClasses, ShareClasses, size_name
from siting.outputs.packing import packed_shapes, short
from siting.plan import Plan

__all__ = ["MapLayers", "MapState", "States", "map_data"]

ZONES_SHOWN = 20_000
"""Zones on the page; those that no plan serves are left out first, smallest first."""
ZONES_FINE = 5_000
STREETS_SHOWN = 150_000
PLACES_SHOWN = 3_000
"""Places of repairs on the page; the check map and its GeoPackage hold all."""
FINE_M, COARSE_M = 0.5, 2.0

REASONS = {
    TOO_DEAR: "dear",
    OVER_BUDGET: "dear",
    NO_CAPACITY: "capacity",
    NOT_ATTACHED: "reach",
    NO_SITE: "reach",
    "forbidden": "forbidden",
}
"""How each reason is drawn; any other one is drawn plain."""


@dataclass(frozen=True)
class MapState:
    """One stop of the slider: a plan with its layers and key figures.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    at
        Where it stands on the slider, in the unit of the slider.
    height
        How high it stands in the picture above the slider.
    label
        What the slider says of it.
    meaning
        What its proof means, where that is not what the proof of a run means.
    is_run
        Whether it is the plan of the run, with which the page opens.
    """

    frames: PlanFrames
    appraisal: Appraisal
    plan: Plan
    at: float = 0.0
    height: float = 0.0
    label: str = ""
    meaning: str | None = None
    is_run: bool = True


@dataclass(frozen=True)
class MapLayers:
    """What lies around the plan, in the working CRS; None where there is no such layer.

    Parameters
    ----------
    existing
        Lines of a heat network that stands, with ``existing_dn`` and ``name``.
    barriers
        Lines and areas that are dear or forbidden to cross, with ``kind`` and ``crossing``.
    repairs
        Places at which a layer was read otherwise than it stands, see `siting.region.acts_frame`.
    """

    existing: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    repairs: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class States:
    """The stops of a slider, with the looks that all of them share."""

    stops: tuple[MapState, ...]

    @property
    def run(self) -> MapState:
        """The stop with which the page opens."""
        return next((each for each in self.stops if each.is_run), self.stops[0])

    @cached_property
    def pipes(self) -> gpd.GeoDataFrame:
        """Every pipe that some plan builds, once."""
        tables = [each.frames.pipes for each in self.stops]
        joined = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
        return joined.drop_duplicates("pipe_id", ignore_index=True)

    @cached_property
    def zones(self) -> gpd.GeoDataFrame:
        """The zones that the page can carry: all that some plan serves, and the largest others."""
        zones = self.run.frames.zones
        if len(zones) <= ZONES_SHOWN:
            return zones
        ever = np.any([each.frames.zones["served"].to_numpy() for each in self.stops], axis=0)
        order = zones.assign(ever=ever).sort_values(
            ["ever", "annual_demand_mwh"], ascending=False, kind="stable"
        )
        return order.head(max(ZONES_SHOWN, int(ever.sum()))).drop(columns="ever")

    @cached_property
    def classes(self) -> PipeClasses:
        """The classes of pipe sizes."""
        return PipeClasses.of(self.pipes_of_all["nominal_diameter"])

    @cached_property
    def pipes_of_all(self) -> pd.DataFrame:
        """The pipes of all plans, without their lines."""
        names = ["nominal_diameter", "flow_mw", "length_m", "cost_eur", "heat_loss_kw"]
        return pd.concat([pd.DataFrame(each.frames.pipes[names]) for each in self.stops])

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """The classes of the other ways to look at pipes."""
        pipes = self.pipes_of_all
        metres = pipes["length_m"].where(pipes["length_m"] > 0)
        return {
            "flow": Ladder.of(pipes["flow_mw"], "MW"),
            "cost": Ladder.of(pipes["cost_eur"] / metres, "EUR/m"),
            "loss": Ladder.of(pipes["heat_loss_kw"] * 1000 / metres, "W/m"),
        }

    @cached_property
    def shares(self) -> ShareClasses:
        """The classes of shares of waste heat."""
        zones = [each.frames.zones[["served", "waste_heat_share"]] for each in self.stops]
        return ShareClasses.of(pd.concat([pd.DataFrame(each) for each in zones]))

    @cached_property
    def reasons(self) -> list[str]:
        """Every reason why some zone is not served."""
        found: set[str] = set()
        for each in self.stops:
            zones = each.frames.zones
            found |= set(zones.loc[~zones["served"].astype(bool), "reason"])
        return sorted(found)

    def bounds(self) -> list[list[float]] | None:
        """Return the box of what any plan builds, or of all zones and sites where it is nothing.

        So nothing leaves the picture when the slider moves.
        """
        built = [
            layer
            for each in self.stops
            for layer in (each.frames.pipes, each.frames.chosen_sites, each.frames.served_zones)
        ]
        if not any(map(len, built)):
            built = [self.run.frames.sites, self.run.frames.zones]
        boxes = [each.geometry.to_crs(4326).total_bounds for each in built if len(each)]
        if not boxes:
            return None
        west, south = np.nanmin([box[:2] for box in boxes], axis=0).round(6).tolist()
        east, north = np.nanmax([box[2:] for box in boxes], axis=0).round(6).tolist()
        return [[south, west], [north, east]]


def map_data(
    states: States, layers: MapLayers, panels: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return all that the page of a map unpacks.

    Parameters
    ----------
    states
        The stops of the slider; one is enough.
    layers
        What lies around.
    panels
        Each stop in one line, and what the side panel says of it.
    """
    texts = _Texts()
    places = {name: k for k, name in enumerate(states.pipes["pipe_id"])}
    heads = dict(zip(states.pipes["pipe_id"], states.pipes["from_node"], strict=True))
    shown = states.zones.index
    stops = [
        {
            "label": each.label,
            "at": each.at,
            "height": each.height,
            "run": each.is_run,
            "brief": brief,
            "panel": panel,
            "kpis": each.appraisal.kpis(),
            "pipes": _pipe_columns(each.frames.pipes, places, heads, states.classes),
            "zones": _zone_columns(each.frames.zones.loc[shown], states),
            "sites": _site_facts(each.frames.sites),
        }
        for each, (brief, panel) in zip(states.stops, panels, strict=True)
    ]
    return {
        "pipes": _lines(states.pipes, texts),
        "zones": _areas(states.zones, texts),
        "sites": _points(states.run.frames.sites),
        "streets": _streets(states.run.frames.streets),
        "existing": _existing(layers.existing),
        "barriers": _barriers(layers.barriers),
        "repairs": _repairs(layers.repairs),
        "reasons": [{"text": each, "look": REASONS.get(each, "other")} for each in states.reasons],
        "looks": {
            "sizes": [asdict(each) for each in states.classes.classes],
            "ladders": {name: each.as_dict() for name, each in states.ladders.items()},
            "shares": [
                {"low": each.low, "label": each.label, "colour": each.colour}
                for each in states.shares.classes
            ],
        },
        "states": stops,
        "texts": texts.all,
    }


class _Texts:
    """Holds every text once; features name it by its place."""

    def __init__(self) -> None:
        self.all: list[str] = [""]
        self._place = {"": 0}

    def places(self, texts: Iterable[str]) -> list[int]:
        """Return the place of each text."""
        return [self._of(text) for text in texts]

    def _of(self, text: str) -> int:
        if text not in self._place:
            self._place[text] = len(self.all)
            self.all.append(text)
        return self._place[text]


# What stays the same at every stop ---------------------------------------------------------------


def _lines(pipes: gpd.GeoDataFrame, texts: _Texts) -> dict[str, Any]:
    """Return the pipes that any plan builds."""
    return {
        **_shapes(pipes.geometry, FINE_M),
        "id": pipes["pipe_id"].tolist(),
        "kind": texts.places(_KINDS.get(each, each) for each in pipes["kind"]),
        "service": (pipes["kind"] == "service").astype(int).tolist(),
        "street": texts.places(pipes["street"]),
        "length_m": short(pipes["length_m"]),
    }


_KINDS = {
    "street": "Heat pipe under a street",
    "trunk": "Connection of a data-centre site",
    "service": "Service line to a zone",
    "existing": "Pipe of the existing network",
}


def _areas(zones: gpd.GeoDataFrame, texts: _Texts) -> dict[str, Any]:
    return {
        **_shapes(zones.geometry, FINE_M if len(zones) <= ZONES_FINE else COARSE_M),
        "id": zones["zone_id"].tolist(),
        "name": zones["name"].tolist(),
        "demand_mwh": short(zones["annual_demand_mwh"]),
        "peak_kw": short(zones["peak_demand_kw"]),
        "estimated": texts.places(zones["estimated"]),
    }


def _points(sites: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the sites, each at one point."""
    spots = sites.geometry.representative_point().to_crs(4326)
    return [
        {
            "id": row["site_id"],
            "name": row["name"],
            "at": [round(spot.y, 6), round(spot.x, 6)],
            **_facts(
                it_load_mw=row["it_load_mw"],
                given_kw=row["recoverable_heat_kw"],
                cooling=row["cooling"],
                assumed=bool(row["assumed"]),
            ),
        }
        for row, spot in zip(_rows(sites), spots, strict=True)
    ]


def _streets(streets: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the streets as a quiet background, forbidden ones apart."""
    shown = streets[streets.geometry.notna()]
    if len(shown) > STREETS_SHOWN:
        shown = shown.loc[shown.geometry.length.nlargest(STREETS_SHOWN).index]
    closed = shown["forbidden"].fillna(False).astype(bool)
    open_, shut = (_merged(shown.geometry[mask]) for mask in (~closed, closed))
    lines = gpd.GeoSeries(np.concatenate([open_, shut]), crs=streets.crs)
    return {**_shapes(lines, COARSE_M), "open": len(open_)}


def _merged(lines: gpd.GeoSeries) -> Any:
    """Return lines joined where two of them meet, so that there are fewer to draw."""
    parts = shapely.get_parts(shapely.force_2d(np.asarray(lines.array)))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    if not len(parts):
        return np.zeros(0, dtype=object)
    return shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))


def _existing(frame: gpd.GeoDataFrame | None) -> dict[str, Any] | None:
    if frame is None or frame.empty:
        return None
    return {
        **_shapes(frame.geometry, FINE_M),
        "words": [
            " · ".join(filter(None, [_word(row.get("name")), _dn(row.get("existing_dn"))]))
            for row in _rows(frame)
        ],
    }


def _barriers(frame: gpd.GeoDataFrame | None) -> dict[str, Any] | None:
    if frame is None or frame.empty:
        return None
    return {
        **_shapes(frame.geometry, COARSE_M),
        "forbidden": (frame["crossing"] == "forbidden").astype(int).tolist(),
        "words": [_word(each) for each in frame["kind"]],
    }


def _repairs(frame: gpd.GeoDataFrame | None) -> dict[str, Any] | None:
    """Return the places of repairs, one point each."""
    if frame is None:
        return None
    frame = frame[frame["repair"].astype(bool)].head(PLACES_SHOWN)
    if frame.empty:
        return None
    return {
        **_shapes(frame.geometry.representative_point(), 0.0),
        "words": [
            ": ".join(filter(None, [f"{row['layer']}: {row['act']}", _word(row["detail"])]))
            for row in _rows(frame)
        ],
    }


def _shapes(shapes: gpd.GeoSeries, tolerance_m: float) -> dict[str, Any]:
    """Return shapes in degrees, simplified by so many metres."""
    if tolerance_m and len(shapes):
        thin = shapes.simplify(tolerance_m)
        shapes = thin.where(~thin.is_empty, shapes)
    return dict(packed_shapes(shapes.to_crs(4326).array))


# What changes from stop to stop ------------------------------------------------------------------


def _pipe_columns(
    pipes: gpd.GeoDataFrame,
    places: Mapping[str, int],
    heads: Mapping[str, str],
    classes: PipeClasses,
) -> dict[str, list[Any]]:
    """Return the pipes that a plan builds; ``back`` where they run against the packed line."""
    names = pipes["pipe_id"]
    return {
        "line": [places[name] for name in names],
        "back": [
            int(heads[name] != start) for name, start in zip(names, pipes["from_node"], strict=True)
        ],
        "size": [size_name(size) for size in pipes["nominal_diameter"]],
        "k": [classes.of_size[size] for size in pipes["nominal_diameter"]],
        "flow_mw": short(pipes["flow_mw"]),
        "capacity_mw": short(pipes["capacity_mw"]),
        "loss_kw": short(pipes["heat_loss_kw"]),
        "cost_eur": short(pipes["cost_eur"], 6),
        "branch_mwh": short(pipes["branch_heat_mwh"]),
        "branch_kwh_per_eur": short(pipes["marginal_heat_per_euro_kwh"]),
    }


def _zone_columns(zones: gpd.GeoDataFrame, states: States) -> dict[str, Any]:
    """Return what a plan gives to zones, and why others are left out."""
    served = zones["served"].to_numpy(dtype=bool)
    on, off = zones[served], zones[~served]
    reason = {text: place for place, text in enumerate(states.reasons)}
    return {
        "on": {
            "zone": np.flatnonzero(served).tolist(),
            "heat_mwh": short(on["heat_mwh"]),
            "share": short(on["waste_heat_share"]),
            "base_mw": short(on["base_mw"]),
            "cost_eur": short(on["cost_eur"], 6),
            "own_eur": short(on["extra_capex_eur"]),
            "kwh_per_eur": short(on["marginal_heat_per_euro_kwh"]),
        },
        "off": {
            "zone": np.flatnonzero(~served).tolist(),
            "why": [reason[text] for text in off["reason"]],
            "extra_eur": short(off["extra_capex_eur"]),
            "pays_eur": short(off["break_even_capex_eur"]),
            "kwh_per_eur": short(off["marginal_heat_per_euro_kwh"]),
        },
    }


def _site_facts(sites: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return what a plan makes of each site."""
    return [
        _facts(
            chosen=bool(row["chosen"]), reason=row["reason"], change=row["change"],
            option=row["option"], capacity_mw=row["capacity_mw"], most_mw=row["max_capacity_mw"],
            heat_mwh=row["heat_mwh"], power_mwh=row["electricity_mwh"], cop=row["cop"],
            cost_eur=row["cost_eur"], extra_eur=row["extra_capex_eur"],
            pays_eur=row["break_even_capex_eur"], kwh_per_eur=row["marginal_heat_per_euro_kwh"],
        )
        for row in _rows(sites)
    ]  # fmt: skip


def _rows(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.drop(columns=frame.geometry.name).to_dict("records")
    return rows


def _facts(**values: Any) -> dict[str, Any]:
    return dict(zip(values, short(values.values(), 6), strict=True))


def _word(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _dn(value: Any) -> str:
    """Return the size of a standing pipe as people write it."""
    if value is None or pd.isna(value):
        return ""
    number = float(value) if not isinstance(value, str) else math.nan
    return size_name(str(value)) if math.isnan(number) else f"DN {number:g}"
