"""Draw a plan as one web page that opens without internet."""

from __future__ import annotations

import html
import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import Element, MacroElement
from folium.elements import JSCSSMixin
from folium.plugins import Fullscreen
from folium.template import Template
from folium.utilities import JsCode

from siting.appraisal import Appraisal, proof_words
from siting.outputs import words
from siting.outputs.assets import data_uri, outside_links, template
from siting.outputs.frames import PlanFrames, check_same_plan
from siting.outputs.looks import PipeClasses, ShareClasses, size_name
from siting.plan import Plan

__all__ = ["OSM_ATTRIBUTION", "build_map", "write_map"]

LOGGER = logging.getLogger(__name__)

OSM_ATTRIBUTION = "© OpenStreetMap contributors"
TILE_URL = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"

VENDORED = {
    "leaflet": "leaflet/leaflet.js",
    "leaflet_css": "leaflet/leaflet.css",
    "Control.Fullscreen.js": "leaflet-fullscreen/Control.FullScreen.js",
    "Control.FullScreen.css": "leaflet-fullscreen/Control.FullScreen.css",
    "siting_map": "map.js",
    "siting_map_css": "map.css",
}
NOT_NEEDED = {
    "jquery",
    "bootstrap",
    "bootstrap_css",
    "glyphicons_css",
    "awesome_markers",
    "awesome_markers_font_css",
    "awesome_markers_css",
    "awesome_rotate_css",
}

STREETS_SHOWN = 150_000
ZONES_SHOWN = 20_000
ZONES_FINE = 5_000
SITES_LISTED = 6


def write_map(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    path: str | Path,
    *,
    title: str,
    question: str = "",
    tiles: bool = False,
    attribution: str = "",
) -> Path:
    """Write the map of a plan as one page that loads nothing from outside, see `build_map`.

    Raises
    ------
    RuntimeError
        The page would load something from outside: a fault of this package.
    """
    drawn = build_map(
        frames,
        appraisal,
        plan,
        title=title,
        question=question,
        tiles=tiles,
        attribution=attribution,
    )
    page = drawn.get_root().render()
    links = outside_links(page)
    if links:
        raise RuntimeError(f"The map would load {links[0]} from outside. Please report this.")
    path = Path(path)
    path.write_text(page, encoding="utf-8")
    return path


def build_map(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    *,
    title: str,
    question: str = "",
    tiles: bool = False,
    attribution: str = "",
) -> folium.Map:
    """Return the map of a plan, for a notebook or to save.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    title, question
        What heads the map.
    tiles
        Whether to put a base map from the internet below; it steps aside where there is none,
        and it tells the tile server which place is looked at.
    attribution
        Who made the layers; empty to name nobody.

    Raises
    ------
    VerificationError
        Layers or key figures are those of another plan.
    """
    check_same_plan(frames, appraisal, plan)
    degrees = _Layers.of(frames)
    classes = PipeClasses.of(frames.pipes["nominal_diameter"])
    shares = ShareClasses.of(frames.zones)
    m = _empty_map(degrees, title, tiles)
    base = _named(folium.TileLayer(TILE_URL, attr=OSM_ATTRIBUTION, max_zoom=19), "base")
    if tiles:
        base.add_to(m)
    settings = {
        "attribution": attribution,
        "bounds": degrees.bounds(),
        "pipes": [asdict(each) for each in classes.classes],
        "shares": [asdict(each) for each in shares.classes],
        "texts": list(_zone_texts(degrees.zones)),
    }
    page = _page(frames, appraisal, title, question, classes, shares)
    _named(_Furniture(settings, page), "furniture").add_to(m)
    layers = _draw(degrees, classes, shares, m)
    if tiles:
        layers["tiles"] = base.get_name()
    _named(Fullscreen(position="bottomleft"), "fullscreen").add_to(m)
    _named(_Finish(layers), "finish").add_to(m)
    _embed(m)
    return m


@dataclass(frozen=True)
class _Layers:
    """The layers of a plan in degrees, thinned for the screen."""

    sites: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    pipes: gpd.GeoDataFrame
    streets: shapely.MultiLineString

    @classmethod
    def of(cls, frames: PlanFrames) -> _Layers:
        """Return the frames as the map draws them."""
        return cls(
            _degrees(frames.sites, 0.0),
            _degrees(_shown_zones(frames.zones), 0.5 if len(frames.zones) <= ZONES_FINE else 2.0),
            _degrees(frames.pipes, 0.5),
            _merged_streets(frames.streets),
        )

    def bounds(self) -> list[list[float]] | None:
        """Return the box of what is built, or of all zones and sites where nothing is."""
        built = [
            self.pipes,
            self.sites[self.sites["chosen"].astype(bool)],
            self.zones[self.zones["served"].astype(bool)],
        ]
        if not any(map(len, built)):
            built = [self.sites, self.zones]
        boxes = np.array([each.total_bounds for each in built if len(each)])
        if not len(boxes):
            return None
        west, south = np.nanmin(boxes[:, :2], axis=0).round(6)
        east, north = np.nanmax(boxes[:, 2:], axis=0).round(6)
        return [[float(south), float(west)], [float(north), float(east)]]


def _degrees(frame: gpd.GeoDataFrame, tolerance_m: float) -> gpd.GeoDataFrame:
    """Return a frame in WGS84, simplified by so many metres, rounded to 0.1 m or 1 m."""
    shapes = frame.geometry
    digits = 6 if tolerance_m < 1 else 5
    if tolerance_m and len(frame):
        thin = shapes.simplify(tolerance_m)
        shapes = thin.where(~thin.is_empty, shapes)
    frame = frame.set_geometry(shapes).to_crs(4326)
    return frame.set_geometry(
        gpd.GeoSeries(_rounded(frame.geometry.array, digits), index=frame.index, crs=4326)
    )


def _rounded(shapes: Any, digits: int) -> Any:
    return shapely.transform(np.asarray(shapes), lambda xy: np.round(xy, digits))


def _shown_zones(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the zones that the page can carry: all that are served, and the largest others."""
    if len(zones) <= ZONES_SHOWN:
        return zones
    order = zones.sort_values(["served", "annual_demand_mwh"], ascending=False, kind="stable")
    return order.head(max(ZONES_SHOWN, int(zones["served"].sum())))


def _merged_streets(streets: gpd.GeoDataFrame) -> shapely.MultiLineString:
    """Return all streets as one shape in degrees."""
    shown = streets.geometry
    if len(shown) > STREETS_SHOWN:
        LOGGER.warning("The map shows the longest %d of %d streets.", STREETS_SHOWN, len(shown))
        shown = shown.loc[shown.length.nlargest(STREETS_SHOWN).index]
    parts = shapely.get_parts(shapely.force_2d(np.asarray(shown.array)))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    lines = gpd.GeoSeries(shapely.simplify(merged, 2.0), crs=shown.crs).to_crs(4326).array
    return shapely.MultiLineString(list(_rounded(lines, 5)))


def _empty_map(degrees: _Layers, title: str, tiles: bool) -> folium.Map:
    """Return a map without any layer, whose page may load nothing from outside."""
    box = degrees.bounds()
    centre = [float(np.mean(each)) for each in zip(*box, strict=True)] if box else [0.0, 0.0]
    m = folium.Map(location=centre, zoom_start=14, tiles=None, zoom_control=False)
    _named(m, "siting")
    m.options["maxZoom"] = 19
    m.options["zoomSnap"] = 0.25
    root = m.get_root()
    root.title = html.escape(title)  # type: ignore[attr-defined]
    allowed = " https://tile.openstreetmap.org" if tiles else ""
    policy = (
        "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:;"
        f" img-src data:{allowed}; font-src data:"
    )
    meta = Element(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
    root.header.add_child(meta, name="policy")  # type: ignore[attr-defined]
    return m


def _draw(
    degrees: _Layers, classes: PipeClasses, shares: ShareClasses, m: folium.Map
) -> dict[str, str]:
    """Add all layers to a map, and return their names in the page."""
    served = degrees.zones["served"].astype(bool)
    chosen = degrees.sites["chosen"].astype(bool)
    service = degrees.pipes["kind"] == "service"
    zones = _zone_facts(degrees.zones, shares, _zone_texts(degrees.zones))
    pipes = _pipe_facts(degrees.pipes, classes)
    sites = _site_facts(degrees.sites)
    trunks = _collection(degrees.pipes[~service], _where(pipes, ~service))
    bare = [{"k": each["k"]} for each in _where(pipes, ~service)]
    plan = {
        "streets": (_street_collection(degrees.streets), "street", None),
        "off": (_collection(degrees.zones[~served], _where(zones, ~served)), "off", "zone"),
        "on": (_collection(degrees.zones[served], _where(zones, served)), "on", "zone"),
        "services": (
            _collection(degrees.pipes[service], _where(pipes, service)),
            "service",
            "pipe",
        ),
        "casing": (_collection(degrees.pipes[~service], bare), "casing", None),
        "pipes": (trunks, "pipe", "pipe"),
        "rejected": (_collection(degrees.sites[~chosen], _where(sites, ~chosen)), None, "site"),
        "chosen": (_collection(degrees.sites[chosen], _where(sites, chosen)), None, "site"),
    }
    names = {}
    for name, (data, style, kind) in plan.items():
        layer = _geojson(data, style, kind)
        _named(layer, name).add_to(m)
        names[name] = layer.get_name()
    return names


def _geojson(data: dict[str, Any], style: str | None, kind: str | None) -> folium.GeoJson:
    """Return a layer that is styled and explained by a function of its class in the page."""
    options: dict[str, Any] = {"interactive": kind is not None}
    if style:
        options["style"] = JsCode(f"siting.style.{style}")
        options["pointToLayer"] = JsCode("siting.spot")
    else:
        options["pointToLayer"] = JsCode("siting.marker")
    if style and style != "street":
        options["renderer"] = JsCode("siting.canvas")
    if style == "street":
        options["renderer"] = JsCode("siting.style.street.renderer")
        options["pane"] = "streets"
    spoken = JsCode(f"siting.speak('{kind}')") if kind else None
    return folium.GeoJson(data, on_each_feature=spoken, control=False, **options)


def _zone_facts(
    zones: gpd.GeoDataFrame, shares: ShareClasses, texts: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return what the page knows of each zone; long texts as their place in a list."""
    return [
        _facts(
            id=row["zone_id"],
            name=row["name"],
            demand_mwh=row["annual_demand_mwh"],
            peak_kw=row["peak_demand_kw"],
            estimated=texts[row["estimated"]],
            **(_served_facts(row, shares) if row["served"] else {"reason": texts[row["reason"]]}),
        )
        for row in _rows(zones)
    ]


def _served_facts(row: Mapping[str, Any], shares: ShareClasses) -> dict[str, Any]:
    return {
        "served": True,
        "heat_mwh": row["heat_mwh"],
        "share": row["waste_heat_share"],
        "base_mw": row["base_mw"],
        "cost_eur": row["cost_eur"],
        "k": shares.index(row["waste_heat_share"]),
    }


def _zone_texts(zones: gpd.GeoDataFrame) -> dict[str, int]:
    """Return a number for each long text of the zones, which is in the page only once."""
    texts = ["", *sorted({*zones["reason"], *zones["estimated"]} - {""})]
    return {text: place for place, text in enumerate(texts)}


def _pipe_facts(pipes: gpd.GeoDataFrame, classes: PipeClasses) -> list[dict[str, Any]]:
    return [
        _facts(
            id=row["pipe_id"], kind=_KINDS.get(row["kind"], row["kind"]), street=row["street"],
            dn=size_name(row["nominal_diameter"]), length_m=row["length_m"],
            flow_mw=row["flow_mw"], capacity_mw=row["capacity_mw"], used=row["utilisation"],
            loss_kw=row["heat_loss_kw"], cost_eur=row["cost_eur"],
            k=classes.of_size[row["nominal_diameter"]],
        )
        for row in _rows(pipes)
    ]  # fmt: skip


_KINDS = {
    "street": "Heat pipe under a street",
    "trunk": "Connection of a data-centre site",
    "service": "Service line to a zone",
}


def _site_facts(sites: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    return [
        _facts(
            id=row["site_id"], name=row["name"], chosen=bool(row["chosen"]), reason=row["reason"],
            option=row["option"], it_load_mw=row["it_load_mw"],
            given_kw=row["recoverable_heat_kw"], cooling=row["cooling"],
            assumed=bool(row["assumed"]), capacity_mw=row["capacity_mw"],
            most_mw=row["max_capacity_mw"], heat_mwh=row["heat_mwh"],
            power_mwh=row["electricity_mwh"], cop=row["cop"], cost_eur=row["cost_eur"],
        )
        for row in _rows(sites)
    ]  # fmt: skip


def _rows(frame: gpd.GeoDataFrame) -> Iterable[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.drop(columns=frame.geometry.name).to_dict("records")
    return rows


def _facts(**values: Any) -> dict[str, Any]:
    """Return the properties of a feature: rounded, and null where nothing is known."""
    return {key: _short(value) for key, value in values.items()}


def _short(value: Any) -> Any:
    """Return a number with at most six significant digits, null for an unknown one."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _where(facts: list[dict[str, Any]], mask: Any) -> list[dict[str, Any]]:
    return [each for each, kept in zip(facts, mask, strict=True) if kept]


def _collection(frame: gpd.GeoDataFrame, facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return shapes with their properties as GeoJSON."""
    shapes = (json.loads(text) for text in shapely.to_geojson(np.asarray(frame.geometry.array)))
    features = [
        {"type": "Feature", "geometry": shape, "properties": fact}
        for shape, fact in zip(shapes, facts, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _street_collection(streets: shapely.MultiLineString) -> dict[str, Any]:
    shape = json.loads(shapely.to_geojson(streets))
    feature = {"type": "Feature", "geometry": shape, "properties": {}}
    return {"type": "FeatureCollection", "features": [feature] if len(streets.geoms) else []}


def _page(
    frames: PlanFrames,
    appraisal: Appraisal,
    title: str,
    question: str,
    classes: PipeClasses,
    shares: ShareClasses,
) -> str:
    """Return the headline panel and the legend."""
    a = appraisal
    chosen = frames.sites[frames.sites["chosen"].astype(bool)].sort_values(
        "capacity_mw", ascending=False, kind="stable"
    )
    sites = [(row["name"], f"{words.figure(row['capacity_mw'])} MW") for row in _rows(chosen)]
    shown = len(_shown_zones(frames.zones))
    left_out = [f"The map shows {shown:,} of {len(frames.zones):,} zones: served or largest."]
    left_out = left_out if shown < len(frames.zones) else []
    return template("panel.html").render(
        title=title,
        question=question,
        brief=f"{words.ratio_words(a)} · {words.heat(a.heat_mwh)} · {words.money(a.capex_eur)}",
        lead=_lead(a),
        figures=[
            ("waste heat delivered", words.heat(a.heat_mwh), ""),
            ("investment", words.money(a.capex_eur), ""),
            ("zones served", f"{a.zones_served:,}", f"of {a.zones_total:,}"),
            ("of all heat demand", words.percent(a.demand_share), ""),
            ("trench", words.length(a.trench_length_m), ""),
            (f"homes, at {words.figure(a.mwh_per_home)} MWh/a each", words.homes_count(a), ""),
        ],
        sites=sites[:SITES_LISTED],
        more_sites=max(0, len(sites) - SITES_LISTED),
        proven=a.is_proven,
        proof=words.sentence(proof_words(a.proof)),
        meaning=words.proof_meaning(a),
        notes=[note for note in a.notes if "best one found" not in note] + left_out,
        pipes=classes.classes,
        shares=shares.classes if a.zones_served else (),
    )


def _lead(appraisal: Appraisal) -> tuple[str, str, str]:
    """Return the first figure of the panel: number, unit and what it means."""
    if appraisal.is_empty:
        return ("0", "kWh/a per EUR", "the plan builds nothing")
    if math.isinf(appraisal.heat_per_euro_kwh):
        return ("No new investment", "", "for the heat delivered each year")
    meaning = "waste heat delivered each year per euro invested"
    return (words.figure(appraisal.heat_per_euro_kwh), "kWh/a per EUR", meaning)


class _Furniture(JSCSSMixin, MacroElement):
    """Panel, legend and the functions that the layers use."""

    default_js = [("siting_map", "")]
    default_css = [("siting_map_css", "")]
    _template = Template(
        """
        {% macro html(this, kwargs) %}{{ this.page }}{% endmacro %}
        {% macro script(this, kwargs) %}
            var siting = sitingMap({{ this._parent.get_name() }}, {{ this.settings|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, settings: Mapping[str, Any], page: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Furniture"
        self.settings = dict(settings)
        self.page = page


class _Finish(MacroElement):
    """Controls and first view, once all layers are there."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            siting.finish({
                {%- for key, name in this.layers.items() %}{{ key }}: {{ name }}, {% endfor -%}
            });
        {% endmacro %}
        """
    )

    def __init__(self, layers: Mapping[str, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Finish"
        self.layers = dict(layers)


def _named(element: Any, name: str) -> Any:
    """Return an element with a fixed id, so that the same plan gives the same page."""
    element._id = name
    return element


def _embed(element: Any) -> None:
    """Put the vendored scripts and styles in place of links, in an element and all below it."""
    for attribute in ("default_js", "default_css"):
        links = getattr(element, attribute, None)
        if links:
            kept = [name for name, _ in links if name not in NOT_NEEDED]
            setattr(element, attribute, [(name, data_uri(VENDORED[name])) for name in kept])
    for child in element._children.values():
        _embed(child)
