"""Write the QGIS styles of the layers of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import geopandas as gpd

from siting.appraisal import diameter_order
from siting.outputs.looks import NOT_SERVED, PipeClasses, ShareClasses, size_name

__all__ = ["barrier_areas", "barriers", "existing", "pipes", "sites", "streets", "zones"]

MM_PER_PX = 0.21
BARRIER_COLOURS = {"priced": "#8f8a9e", "forbidden": "#5b4b74"}


@dataclass(frozen=True)
class _Symbol:
    """A symbol of one layer: which features it draws, and how."""

    rule: str
    label: str
    kind: str
    layer: str
    looks: Mapping[str, str]


def pipes(sizes: Iterable[str]) -> str:
    """Return a style with one line width and colour for each pipe size."""
    ordered = sorted(set(sizes), key=diameter_order)
    classes = PipeClasses.of(ordered)
    return _style(
        [
            _line(
                f"\"nominal_diameter\" = '{size}'",
                size_name(size),
                classes.classes[classes.of_size[size]].colour,
                classes.classes[classes.of_size[size]].width * MM_PER_PX,
            )
            for size in ordered
        ]
    )


def zones(frame: gpd.GeoDataFrame) -> str:
    """Return a style that colours zones served by their share of waste heat."""
    share = '"served" AND "waste_heat_share"'
    classes = ShareClasses.of(frame).classes
    symbols = _shapes(frame, "Polygon", 'NOT "served"', "not served", NOT_SERVED, "#bdb5a6", 2.4)
    for place, each in enumerate(classes):
        low = "" if place == 0 else f"{share} >= {each.low:g}"
        high = "" if each is classes[-1] else f"{share} < {each.high:g}"
        rule = " AND ".join(filter(None, [low, high])) or '"served"'
        label = f"{each.label} % from waste heat"
        symbols += _shapes(frame, "Polygon", rule, label, each.colour, "#2d5d63", 3.2)
    return _style(symbols)


def sites(frame: gpd.GeoDataFrame) -> str:
    """Return a style that tells chosen sites from the others."""
    other, chosen = ("#ffffff", "#69757e", 2.4), ("#16324f", "#ffffff", 4.6)
    return _style(
        [
            *_shapes(frame, "Point", 'NOT "chosen"', "other candidate site", *other),
            *_shapes(frame, "Point", '"chosen"', "site chosen", *chosen),
        ]
    )


def _shapes(
    frame: gpd.GeoDataFrame,
    usual: str,
    rule: str,
    label: str,
    colour: str,
    edge: str,
    size_mm: float,
) -> list[_Symbol]:
    """Return a symbol for each kind of shape in a layer: QGIS draws points by markers only."""
    kinds = {str(kind).removeprefix("Multi") for kind in frame.geometry.geom_type.dropna()}
    drawn = sorted(kinds & {"Point", "Polygon"}, reverse=True) or [usual]
    found = []
    for kind in drawn:
        own = rule if len(drawn) == 1 else f"({rule}) AND geometry_type($geometry) = '{kind}'"
        found.append(
            _point(own, label, colour, edge, size_mm)
            if kind == "Point"
            else _area(own, label, colour, edge)
        )
    return found


def streets() -> str:
    """Return a quiet style for streets."""
    return _style([_line("", "street", "#d3cec3", 0.26)])


def existing() -> str:
    """Return a style for the heat network that stands."""
    return _style([_line("", "existing heat network", "#0b5394", 0.6, "dash")])


def barriers() -> str:
    """Return a style that tells lines which may be crossed at a price from those that may not."""
    return _style(
        [
            _line(_crossing(kind), f"barrier, crossing {kind}", colour, 0.5, "dot")
            for kind, colour in BARRIER_COLOURS.items()
        ]
    )


def barrier_areas() -> str:
    """Return the same for areas."""
    return _style(
        [
            _area(_crossing(kind), f"barrier, crossing {kind}", "#e6e2ee", colour)
            for kind, colour in BARRIER_COLOURS.items()
        ]
    )


def _crossing(kind: str) -> str:
    return f"\"crossing\" = '{kind}'"


def _line(rule: str, label: str, colour: str, width_mm: float, pattern: str = "solid") -> _Symbol:
    looks = {
        "line_color": _rgba(colour),
        "line_width": f"{width_mm:.2f}",
        "line_width_unit": "MM",
        "line_style": pattern,
        "capstyle": "round",
        "joinstyle": "round",
    }
    return _Symbol(rule, label, "line", "SimpleLine", looks)


def _area(rule: str, label: str, colour: str, edge: str) -> _Symbol:
    looks = {
        "color": _rgba(colour),
        "outline_color": _rgba(edge),
        "outline_width": "0.16",
        "outline_width_unit": "MM",
        "outline_style": "solid",
        "style": "solid",
    }
    return _Symbol(rule, label, "fill", "SimpleFill", looks)


def _point(rule: str, label: str, colour: str, edge: str, size_mm: float) -> _Symbol:
    looks = {
        "name": "circle",
        "color": _rgba(colour),
        "outline_color": _rgba(edge),
        "outline_width": "0.5",
        "outline_width_unit": "MM",
        "size": f"{size_mm:.1f}",
        "size_unit": "MM",
    }
    return _Symbol(rule, label, "marker", "SimpleMarker", looks)


def _style(symbols: list[_Symbol]) -> str:
    """Return a rule-based style; QGIS 3 of any age reads the properties in both spellings."""
    rules = "".join(
        f'<rule key="r{place}" symbol="{place}" label={quoteattr(each.label)}'
        + (f" filter={quoteattr(each.rule)}" if each.rule else "")
        + "/>"
        for place, each in enumerate(symbols)
    )
    drawn = "".join(_symbol(place, each) for place, each in enumerate(symbols))
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        '<qgis version="3.22.0" styleCategories="Symbology">'
        '<renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" forceraster="0">'
        f'<rules key="r">{rules}</rules><symbols>{drawn}</symbols></renderer-v2></qgis>'
    )


def _symbol(place: int, symbol: _Symbol) -> str:
    options = "".join(
        f'<Option name="{key}" type="QString" value={quoteattr(value)}/>'
        for key, value in symbol.looks.items()
    )
    props = "".join(f'<prop k="{key}" v={quoteattr(v)}/>' for key, v in symbol.looks.items())
    return (
        f'<symbol name="{place}" type="{symbol.kind}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{symbol.layer}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{options}</Option>{props}</layer></symbol>'
    )


def _rgba(colour: str) -> str:
    """Return a colour such as ``#ff8000`` as QGIS writes it."""
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
