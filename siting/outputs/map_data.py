"""Turn the plans that a map shows into the figures that its page unpacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.explanation import NO_CAPACITY, NO_SITE, NOT_ATTACHED, OVER_BUDGET, TOO_DEAR
from siting.outputs.labels import Labels
from siting.outputs.looks import size_name
from siting.outputs.map_states import MapLayers, States
from siting.outputs.packing import packed_shapes, short

__all__ = ["map_data"]

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
    t, texts = states.t, _Texts()
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
            "pipes": _pipe_columns(each.frames.pipes, places, heads, states),
            "zones": _zone_columns(each.frames.zones.loc[shown], states),
            "sites": _site_facts(each.frames.sites, t),
        }
        for each, (brief, panel) in zip(states.stops, panels, strict=True)
    ]
    return {
        "pipes": _lines(states.pipes, texts, t),
        "zones": _areas(states.zones, texts, t),
        "sites": _points(states.run.frames.sites, t),
        "streets": _streets(states.run.frames.streets),
        "existing": _existing(layers.existing, t),
        "barriers": _barriers(layers.barriers, t),
        "repairs": _repairs(layers.repairs, t),
        "reasons": [
            {"text": t.said(each), "look": REASONS.get(each, "other")} for each in states.reasons
        ],
        "looks": {
            "sizes": [asdict(each) for each in states.classes.classes],
            "ladders": {name: each.as_dict(t) for name, each in states.ladders.items()},
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


def _lines(pipes: gpd.GeoDataFrame, texts: _Texts, t: Labels) -> dict[str, Any]:
    """Return the pipes that any plan builds."""
    return {
        **_shapes(pipes.geometry, FINE_M),
        "id": pipes["pipe_id"].tolist(),
        "kind": texts.places(_kind(each, t) for each in pipes["kind"]),
        "service": (pipes["kind"] == "service").astype(int).tolist(),
        "street": texts.places(pipes["street"]),
        "length_m": short(pipes["length_m"]),
    }


def _kind(kind: str, t: Labels) -> str:
    """Return a kind of pipe in words."""
    return t(f"map.{_KINDS[kind]}") if kind in _KINDS else kind


_KINDS = {
    "street": "kind_street",
    "trunk": "kind_trunk",
    "service": "kind_service",
    "existing": "kind_existing",
}


def _areas(zones: gpd.GeoDataFrame, texts: _Texts, t: Labels) -> dict[str, Any]:
    return {
        **_shapes(zones.geometry, FINE_M if len(zones) <= ZONES_FINE else COARSE_M),
        "id": zones["zone_id"].tolist(),
        "name": zones["name"].tolist(),
        "demand_mwh": short(zones["annual_demand_mwh"]),
        "peak_kw": short(zones["peak_demand_kw"]),
        "estimated": texts.places(t.said(each) for each in zones["estimated"]),
    }


def _points(sites: gpd.GeoDataFrame, t: Labels) -> list[dict[str, Any]]:
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
                cooling=_told(row["cooling"], t),
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


def _existing(frame: gpd.GeoDataFrame | None, t: Labels) -> dict[str, Any] | None:
    if frame is None or frame.empty:
        return None
    return {
        **_shapes(frame.geometry, FINE_M),
        "words": [
            " · ".join(filter(None, [_word(row.get("name")), _dn(row.get("existing_dn"), t)]))
            for row in _rows(frame)
        ],
    }


def _barriers(frame: gpd.GeoDataFrame | None, t: Labels) -> dict[str, Any] | None:
    if frame is None or frame.empty:
        return None
    return {
        **_shapes(frame.geometry, COARSE_M),
        "forbidden": (frame["crossing"] == "forbidden").astype(int).tolist(),
        "words": [t.said(_word(each)) for each in frame["kind"]],
    }


def _repairs(frame: gpd.GeoDataFrame | None, t: Labels) -> dict[str, Any] | None:
    """Return the places of repairs, one point each."""
    if frame is None:
        return None
    frame = frame[frame["repair"].astype(bool)].head(PLACES_SHOWN)
    if frame.empty:
        return None
    return {
        **_shapes(frame.geometry.representative_point(), 0.0),
        "words": [
            ": ".join(t.said(part) for part in _act_parts(row) if part) for row in _rows(frame)
        ],
    }


def _act_parts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return where something was repaired, what was done, and its detail."""
    return row["layer"], row["act"], _word(row["detail"])


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
    states: States,
) -> dict[str, list[Any]]:
    """Return the pipes that a plan builds; ``back`` where they run against the packed line."""
    names = pipes["pipe_id"]
    return {
        "line": [places[name] for name in names],
        "back": [
            int(heads[name] != start) for name, start in zip(names, pipes["from_node"], strict=True)
        ],
        "size": [size_name(size, states.t) for size in pipes["nominal_diameter"]],
        "k": [states.classes.of_size[size] for size in pipes["nominal_diameter"]],
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


def _site_facts(sites: gpd.GeoDataFrame, t: Labels) -> list[dict[str, Any]]:
    """Return what a plan makes of each site."""
    return [
        _facts(
            chosen=bool(row["chosen"]), reason=_told(row["reason"], t),
            change=_told(row["change"], t), option=_told(row["option"], t),
            capacity_mw=row["capacity_mw"], most_mw=row["max_capacity_mw"],
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


def _told(value: Any, t: Labels) -> Any:
    """Return a text of another room in the language of the map."""
    return t.said(value) if isinstance(value, str) else value


def _dn(value: Any, t: Labels) -> str:
    """Return the size of a standing pipe as people write it."""
    if value is None or pd.isna(value):
        return ""
    number = float(value) if not isinstance(value, str) else math.nan
    return size_name(str(value), t) if math.isnan(number) else f"DN {number:g}"
