"""Draw layers with colours and figures of their own as one web page that opens offline."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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

from siting.outputs.assets import data_uri, outside_links
from siting.outputs.check_facts import Facts
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.maps import NOT_NEEDED, VENDORED

__all__ = ["Layer", "layered_map", "write_page"]

SCRIPTS = {
    **VENDORED,
    "siting_check": "check.js",
    "siting_check_css": "check.css",
}

BUTTONS = ("zoom_in", "zoom_out", "layers", "close_popup")
"""Texts that Leaflet would say in English."""


@dataclass(frozen=True)
class Layer:
    """One layer of the page: features with their own colours, titles and figures."""

    name: str
    shapes: Any
    facts: Sequence[Facts]
    shown: bool = True
    colour: str = "#8a8f94"
    group: str = ""


def write_page(drawn: folium.Map, path: str | Path) -> Path:
    """Write a map as one page that loads nothing from outside.

    Raises
    ------
    RuntimeError
        The page would load something from outside: a fault of this package.
    """
    page = drawn.get_root().render()
    links = outside_links(page)
    if links:
        raise RuntimeError(f"The page would load {links[0]} from outside. Please report this.")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def layered_map(
    layers: Sequence[Layer],
    crs: Any,
    *,
    title: str,
    page: str,
    attribution: str = "",
    framed: Sequence[str] = (),
    labels: Labels = ENGLISH,
) -> folium.Map:
    """Return a map with a panel and a layer control.

    Parameters
    ----------
    layers
        What is drawn, the lowest first; empty ones are left out.
    crs
        Projected CRS of the shapes.
    title, page
        Title of the page, and its panel as HTML.
    attribution
        Who made the layers.
    framed
        Names of the layers that the first view shows; all where none of them is there.
    labels
        The texts of its buttons, in the language of the page.
    """
    drawn = [_degrees(layer, crs) for layer in layers if len(layer.shapes)]
    box = _bounds(drawn, framed)
    m = _empty_map(box, title)
    settings = {
        "bounds": box,
        "attribution": attribution,
        "language": labels.language,
        "texts": {name: labels(f"map.{name}") for name in BUTTONS},
    }
    _named(_Furniture(settings, page), "furniture").add_to(m)
    names = []
    for number, layer in enumerate(drawn):
        shown = folium.GeoJson(
            _collection(layer),
            style=JsCode("checked.style"),
            pointToLayer=JsCode("checked.spot"),
            renderer=JsCode("checked.canvas"),
            on_each_feature=JsCode("checked.speak"),
            control=False,
        )
        _named(shown, f"layer{number}").add_to(m)
        names.append((shown.get_name(), layer.name, layer.colour, layer.shown, layer.group))
    whole = Fullscreen("bottomright", labels("map.full_screen"), labels("map.full_screen_end"))
    _named(whole, "fullscreen").add_to(m)
    _named(_Finish(names), "finish").add_to(m)
    _embed(m)
    return m


def _degrees(layer: Layer, crs: Any) -> Layer:
    """Return a layer in degrees, rounded to a decimetre."""
    shapes = gpd.GeoSeries(shapely.force_2d(layer.shapes), crs=crs)
    areas = shapes.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    shapes = shapes.where(~areas, shapes.simplify(0.5)).to_crs(4326)
    rounded = shapely.transform(shapes.to_numpy(), lambda xy: np.round(xy, 6))
    return replace(layer, shapes=rounded)


def _bounds(layers: Sequence[Layer], framed: Sequence[str]) -> list[list[float]] | None:
    """Return the box of some layers, or of everything where they are not there."""
    named = [layer for layer in layers if layer.name in framed] or layers
    boxes = [shapely.total_bounds(layer.shapes) for layer in named]
    boxes = [box for box in boxes if np.isfinite(box).all()]
    if not boxes:
        return None
    west, south = np.min([box[:2] for box in boxes], axis=0).tolist()
    east, north = np.max([box[2:] for box in boxes], axis=0).tolist()
    return [[south, west], [north, east]]


def _collection(layer: Layer) -> dict[str, Any]:
    """Return shapes with their facts as GeoJSON."""
    features = [
        {"type": "Feature", "geometry": json.loads(shape), "properties": facts.as_dict()}
        for shape, facts in zip(shapely.to_geojson(layer.shapes), layer.facts, strict=True)
        if shape is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _empty_map(box: list[list[float]] | None, title: str) -> folium.Map:
    """Return a map without any layer, whose page may load nothing from outside."""
    centre = np.mean(box, axis=0).tolist() if box else [0.0, 0.0]
    m = folium.Map(location=centre, zoom_start=13, tiles=None, zoom_control=False)
    _named(m, "checkmap")
    m.options["maxZoom"] = 21
    m.options["zoomSnap"] = 0.25
    root = m.get_root()
    root.title = html.escape(title)  # type: ignore[attr-defined]
    policy = (
        "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:;"
        " img-src data:; font-src data:"
    )
    meta = Element(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
    root.header.add_child(meta, name="policy")  # type: ignore[attr-defined]
    return m


class _Furniture(JSCSSMixin, MacroElement):
    """Panel and the functions that the layers use."""

    default_js = [("siting_check", "")]
    default_css = [("siting_map_css", ""), ("siting_check_css", "")]
    _template = Template(
        """
        {% macro html(this, kwargs) %}{{ this.page }}{% endmacro %}
        {% macro script(this, kwargs) %}
            var checked = checkMap({{ this._parent.get_name() }}, {{ this.settings|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, settings: dict[str, Any], page: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Furniture"
        self.settings = settings
        self.page = page


class _Finish(MacroElement):
    """Controls and first view, once all layers are there."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            checked.finish([
                {%- for name, title, colour, shown, group in this.layers %}
                [{{ name }}, {{ title|tojson }}, {{ colour|tojson }}, {{ shown|tojson }},
                 {{ group|tojson }}],
                {%- endfor %}
            ]);
        {% endmacro %}
        """
    )

    def __init__(self, layers: Sequence[tuple[str, str, str, bool, str]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Finish"
        self.layers = layers


def _named(element: Any, name: str) -> Any:
    """Return an element with a fixed id, so that the same check gives the same page."""
    element._id = name
    return element


def _embed(element: Any) -> None:
    """Put the vendored scripts and styles in place of links, in an element and all below it."""
    for attribute in ("default_js", "default_css"):
        links = getattr(element, attribute, None)
        if links:
            kept = [name for name, _ in links if name not in NOT_NEEDED]
            setattr(element, attribute, [(name, data_uri(SCRIPTS[name])) for name in kept])
    for child in element._children.values():
        _embed(child)
