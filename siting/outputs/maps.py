"""Draw a plan, or a frontier of plans, as one web page that opens without internet."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
from branca.element import Element, MacroElement
from folium.elements import JSCSSMixin
from folium.plugins import Fullscreen
from folium.template import Template
from markupsafe import Markup

from siting.appraisal import Appraisal
from siting.outputs import map_data
from siting.outputs.assets import data_uri, outside_links, template
from siting.outputs.assumption import Assumption
from siting.outputs.frames import PlanFrames, check_same_plan
from siting.outputs.labels import ENGLISH, Labels
from siting.outputs.map_panel import assumption_rows, panel, state_brief
from siting.outputs.map_states import MapLayers, MapState, States
from siting.outputs.map_words import page_words
from siting.outputs.packing import packed
from siting.outputs.source import OSM_ATTRIBUTION
from siting.plan import Plan

__all__ = ["OSM_ATTRIBUTION", "Slider", "build_map", "write_map"]

TILE_URL = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"

PARTS = (
    "words", "unpack", "sheet", "popups", "layers", "slider", "search", "tools", "address", "check",
    "map",
)  # fmt: skip
"""Our own scripts, in the order in which they build on each other."""

VENDORED = {
    "leaflet": "leaflet/leaflet.js",
    "leaflet_css": "leaflet/leaflet.css",
    "Control.Fullscreen.js": "leaflet-fullscreen/Control.FullScreen.js",
    "Control.FullScreen.css": "leaflet-fullscreen/Control.FullScreen.css",
    "siting_map_css": "map.css",
    **{f"siting_{name}": f"map/{name}.js" for name in PARTS},
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


@dataclass(frozen=True)
class Slider:
    """What a slider over several plans runs over.

    Parameters
    ----------
    title
        What heads it.
    axis, unit
        What its places mean, and their unit.
    stop_name, run_name
        What one stop is called, and the plan of the run.
    ceiling
        Places and heights that no plan can cross, by rising place.
    note
        What must be said of it.
    """

    title: str = ENGLISH("map.slider_title")
    axis: str = ENGLISH("map.slider_axis")
    unit: str = "M EUR"
    stop_name: str = ENGLISH("map.slider_stop")
    run_name: str = ENGLISH("map.slider_run")
    ceiling: tuple[tuple[float, float], ...] = ()
    note: str = ""

    @classmethod
    def of_plans(cls, t: Labels, **others: Any) -> Slider:
        """Return a slider over plans of several sizes, in a language."""
        return cls(
            **{
                "title": t("map.slider_title"),
                "axis": t("map.slider_axis"),
                "stop_name": t("map.slider_stop"),
                "run_name": t("map.slider_run"),
                **others,
            }
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the slider as its page reads it."""
        return {
            "title": self.title,
            "axis": self.axis,
            "unit": self.unit,
            "stopName": self.stop_name,
            "runName": self.run_name,
            "ceiling": [list(each) for each in self.ceiling],
            "note": self.note,
        }


def write_map(
    frames: PlanFrames, appraisal: Appraisal, plan: Plan, path: str | Path, **options: Any
) -> Path:
    """Write the map of a plan as one page that loads nothing from outside, see `build_map`.

    Raises
    ------
    RuntimeError
        The page would load something from outside: a fault of this package.
    """
    page = build_map(frames, appraisal, plan, **options).get_root().render()
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
    others: Sequence[MapState] = (),
    slider: Slider | None = None,
    layers: MapLayers | None = None,
    parameters: Mapping[str, Assumption] | None = None,
    settings: Iterable[Assumption] = (),
    labels: Labels = ENGLISH,
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
    others
        Every stop of a slider, the plan itself among them; without them the map has no slider.
    slider
        What the slider runs over.
    layers
        What lies around: existing network, barriers, repairs.
    parameters, settings
        The figures that the plan rests on.
    labels
        The texts, in their language.

    Raises
    ------
    VerificationError
        Layers or key figures are those of another plan.
    """
    check_same_plan(frames, appraisal, plan)
    for each in others:
        check_same_plan(each.frames, each.appraisal, each.plan)
    t = labels
    states = States(tuple(others) or (MapState(frames, appraisal, plan),), t)
    slider = slider or Slider.of_plans(t)
    around = layers or MapLayers()
    m = _empty_map(states, title, tiles)
    base = _named(folium.TileLayer(TILE_URL, attr=OSM_ATTRIBUTION, max_zoom=19), "base")
    if tiles:
        base.add_to(m)
    panels = [(state_brief(each.appraisal, t), panel(each, t)) for each in states.stops]
    page = template("panel.html").render(
        t=t,
        title=title,
        question=question,
        brief=state_brief(states.run.appraisal, t),
        state=Markup(panel(states.run, t)),
        assumptions=assumption_rows(parameters, settings, t),
        simplified=_simplified(states, around, t),
        slider=slider.as_dict(),
        has_pipes=len(states.pipes) > 0,
        shares=[asdict(each) | {"label": each.label} for each in states.shares.classes],
        data=packed(map_data.map_data(states, around, panels)),
    )
    told = {
        "attribution": attribution,
        "bounds": states.bounds(),
        "slider": slider.as_dict(),
        "language": t.language,
        "texts": page_words(t),
    }
    _named(_Furniture(told, page), "furniture").add_to(m)
    whole = Fullscreen("topleft", t("map.full_screen"), t("map.full_screen_end"))
    _named(whole, "fullscreen").add_to(m)
    _named(_Finish(base.get_name() if tiles else "null"), "finish").add_to(m)
    _embed(m)
    return m


def _simplified(states: States, layers: MapLayers, t: Labels) -> list[str]:
    """Return what the page leaves out or draws more simply than it is."""
    zones, shown = states.run.frames.zones, len(states.zones)
    fine = shown <= map_data.ZONES_FINE
    said = [
        t(
            "map.simplified",
            fine=f"{map_data.FINE_M:g}",
            zones=f"{map_data.FINE_M if fine else map_data.COARSE_M:g}",
            coarse=f"{map_data.COARSE_M:g}",
        ),
        t("map.alone"),
    ]
    if shown < len(zones):
        said.append(t("map.zones_shown", shown=f"{shown:,}", count=f"{len(zones):,}"))
    streets = len(states.run.frames.streets)
    if streets > map_data.STREETS_SHOWN:
        most = f"{map_data.STREETS_SHOWN:,}"
        said.append(t("map.streets_shown", shown=most, count=f"{streets:,}"))
    if layers.repairs is not None:
        count = int(layers.repairs["repair"].astype(bool).sum())
        if count > map_data.PLACES_SHOWN:
            most = f"{map_data.PLACES_SHOWN:,}"
            said.append(t("map.places_shown", shown=most, count=f"{count:,}"))
    return said


def _empty_map(states: States, title: str, tiles: bool) -> folium.Map:
    """Return a map without any layer, whose page may load nothing from outside."""
    box = states.bounds()
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


class _Furniture(JSCSSMixin, MacroElement):
    """Panel, slider, legend, packed figures and the functions that use them."""

    default_js = [(f"siting_{name}", "") for name in PARTS]
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
    """Unpacks the figures and draws, once everything else is there."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}siting.finish({tiles: {{ this.tiles }}});{% endmacro %}
        """
    )

    def __init__(self, tiles: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Finish"
        self.tiles = tiles


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
