"""Write a short report that explains a plan and can be printed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely

from siting.appraisal import Appraisal, diameter_order, gap_percent, proof_words
from siting.business import BusinessCase
from siting.errors import Fault
from siting.finance.measures import PRICE_INDEX
from siting.outputs import words
from siting.outputs.assets import outside_links, template
from siting.outputs.economics import money_sections
from siting.outputs.frames import PlanFrames, check_same_plan
from siting.outputs.looks import NOT_SERVED, PipeClasses, ShareClasses, size_name
from siting.outputs.supply import supply_rows
from siting.outputs.words import headline_table
from siting.plan import Plan
from siting.plausibility import Finding
from siting.region import Remark

__all__ = ["Assumption", "component_name", "headline_table", "report_html", "write_report"]

MAP_WIDTH = 1000.0
MAP_HEIGHT = 760.0
SURROUNDINGS = 0.15
UNITS = {
    "heat_per_euro": "kWh/a per EUR",
    "max_heat": "MWh/a",
    "capex": "EUR",
    "net_value": "EUR",
}
WANTED = {
    "heat_per_euro": "most waste heat for each euro invested",
    "max_heat": "most waste heat within the limits",
    "capex": "least investment for the required heat",
    "net_value": "most value of heat, less investment and running cost",
}


class Assumption(Protocol):
    """A figure that the plan rests on: `siting.parameters.Parameter`, or anything like it."""

    @property
    def name(self) -> str:
        """Name, with its unit where it has one."""

    @property
    def value(self) -> float | str:
        """The figure or word that was used."""

    @property
    def unit(self) -> str:
        """Unit of the figure."""

    @property
    def source(self) -> str:
        """Where the default comes from."""

    @property
    def mark(self) -> str:
        """Grade of the source."""

    @property
    def overridden(self) -> bool:
        """Whether the study replaced the default."""

    @property
    def preset(self) -> str:
        """Country whose preset replaced the default, empty if none did."""

    @property
    def low(self) -> float | None:
        """Lower end of the usual range."""

    @property
    def high(self) -> float | None:
        """Upper end of the usual range."""

    @property
    def price_year(self) -> int | None:
        """Year of the money, where it is money."""

    @property
    def description(self) -> str:
        """What the figure is."""


def write_report(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    path: str | Path,
    **context: Any,
) -> Path:
    """Write the report of a plan as one page that loads nothing, see `report_html`."""
    page = report_html(frames, appraisal, plan, **context)
    links = outside_links(page)
    if links:
        raise RuntimeError(f"The report would load {links[0]} from outside. Please report this.")
    path = Path(path)
    path.write_text(page, encoding="utf-8")
    return path


def report_html(
    frames: PlanFrames,
    appraisal: Appraisal,
    plan: Plan,
    *,
    title: str,
    question: str = "",
    parameters: Mapping[str, Assumption] | None = None,
    settings: Iterable[Assumption] = (),
    remarks: Iterable[Remark] = (),
    doubts: Iterable[Fault] = (),
    business: BusinessCase | None = None,
    findings: Iterable[Finding] = (),
    created: datetime | None = None,
    attribution: str = "",
) -> str:
    """Return the report of a plan.

    Parameters
    ----------
    frames, appraisal, plan
        The layers and key figures of the plan, and the plan.
    title, question
        What heads the report.
    parameters, settings
        The figures that the plan rests on: the parameter table, and how the network is run.
    remarks, doubts
        What was repaired, estimated or dropped in the layers, and what looked odd.
    business, findings
        The plan in money and CO2, and what is not plausible about it.
    created
        When the plan was made.
    attribution
        Who made the layers.
    """
    check_same_plan(frames, appraisal, plan)
    settings = tuple(settings)
    chosen = frames.sites["chosen"].astype(bool)
    return template("report.html").render(
        title=title,
        question=question,
        created=created,
        a=appraisal,
        headline=headline_table(appraisal),
        answer=_answer(appraisal),
        proof=words.sentence(proof_words(appraisal.proof)),
        meaning=words.proof_meaning(appraisal),
        drawing=_drawing(frames),
        bars=_waterfall(appraisal),
        sizes=_sizes(frames),
        hydraulics=_hydraulics(frames, appraisal),
        supply=supply_rows(appraisal.further),
        chosen=_records(frames.sites[chosen]),
        rejected=_records(frames.sites[~chosen]),
        reasons=_reasons(frames),
        largest=_records(
            frames.zones[frames.zones["served"].astype(bool)].nlargest(15, "heat_mwh")
        ),
        method=_method(plan),
        parameters=sorted([*settings, *(parameters or {}).values()], key=_by_origin),
        index_words=[
            f"one euro of {a} is worth {factor:g} euro of {b} (S73)"
            for (a, b), factor in PRICE_INDEX.items()
        ],
        priced=sorted(_price_years([*settings, *(parameters or {}).values()]).items()),
        money=None if business is None else money_sections(business),
        findings=[str(finding) for finding in findings],
        estimates=_estimates(frames),
        estimated_zones=int((frames.zones["estimated"] != "").sum()),
        doubts=[str(doubt) for doubt in doubts],
        remarks=list(remarks),
        attribution=attribution,
        words=words,
    )


def _by_origin(each: Assumption) -> int:
    """Return a key that sorts figures of the study first, then those of a country."""
    return 0 if each.overridden else 1 if each.preset else 2


def _price_years(assumptions: Iterable[Assumption]) -> dict[int, int]:
    """Return how many prices are in money of each year."""
    return Counter(each.price_year for each in assumptions if each.price_year is not None)


def component_name(component: str) -> str:
    """Return a component of the investment as people write it.

    Examples
    --------
    >>> component_name("heat_pump")
    'Heat pump'
    """
    return words.sentence(component.replace("_", " "))


def _answer(appraisal: Appraisal) -> str:
    """Return the plan in one sentence."""
    a = appraisal
    if a.is_empty:
        return (
            "Build nothing: within the limits, no connection is worth its cost."
            if a.is_proven
            else "No plan was found that is better than building nothing."
        )
    sites = "one data-centre site" if a.sites_chosen == 1 else f"{a.sites_chosen:,} sites"
    return (
        f"Connect {sites} to {a.zones_served:,} of {a.zones_total:,} zones by"
        f" {words.length(a.trench_length_m)} of trench: {words.heat(a.heat_mwh)} of waste heat"
        f" for {words.money(a.capex_eur)}."
    )


@dataclass(frozen=True)
class _Bar:
    """A bar of the waterfall: name, amount as text, and place on a scale from 0 to 100."""

    name: str
    text: str
    share: str
    start: float
    width: float
    total: bool = False


def _waterfall(appraisal: Appraisal) -> list[_Bar]:
    """Return the investment by component, large to small, each bar where the last one ends."""
    total = appraisal.capex_eur
    if total <= 0:
        return []
    bars, start = [], 0.0
    parts = sorted(appraisal.capex_by_component_eur.items(), key=lambda part: -part[1])
    for name, cost in parts:
        if cost > 0:
            share = cost / total
            text, part = words.money(cost), words.percent(share)
            bars.append(_Bar(component_name(name), text, part, 100 * start, 100 * share))
            start += share
    return [*bars, _Bar("Investment", words.money(total), "", 0.0, 100.0, total=True)]


def _sizes(frames: PlanFrames) -> list[dict[str, Any]]:
    """Return a row for each pipe size, small to large."""
    pipes = frames.pipes
    rows = []
    for size in sorted(set(pipes["nominal_diameter"]), key=diameter_order):
        part = pipes[pipes["nominal_diameter"] == size]
        rows.append(
            {
                "size": size_name(size),
                "length_m": float(part["length_m"].sum()),
                "flow_mw": float(part["flow_mw"].max()),
                "loss_kw": float(part["heat_loss_kw"].sum()),
                "cost_eur": float(part["cost_eur"].sum()),
            }
        )
    return rows


def _hydraulics(frames: PlanFrames, appraisal: Appraisal) -> list[tuple[str, str, str]]:
    """Return name, value and unit of what the water in the pipes does, where it was worked out."""
    told, pipes = appraisal.further, frames.pipes
    if appraisal.is_empty or "pump_power_kw" not in told:
        return []
    rows = [
        ("Longest path of pressure, site to zone", told["worst_path_m"], "m"),
        ("Pressure drop on it, both pipes", told["worst_path_pressure_drop_bar"], "bar"),
        ("Pumps at full base load", told["pump_power_kw"], "kW"),
        (
            "Electricity of the pumps, worked out for these pipes",
            told["pumping_electricity_mwh"],
            "MWh/a",
        ),
        ("Fastest water in a pipe", pipes["velocity_m_per_s"].max(), "m/s"),
        ("Steepest pressure gradient", pipes["pressure_gradient_pa_per_m"].max(), "Pa/m"),
        ("Supply cools on its way by up to", told["worst_path_supply_drop_k"], "K"),
        ("The same at least flow in summer", told["worst_path_supply_drop_summer_k"], "K"),
    ]
    return [(name, words.figure(float(value or 0)), unit) for name, value, unit in rows]


def _reasons(frames: PlanFrames) -> list[tuple[str, int, float]]:
    """Return for each reason why zones are not served: how many, and their demand [MWh/a]."""
    left = frames.zones[~frames.zones["served"].astype(bool)]
    groups = left.groupby("reason", sort=True)["annual_demand_mwh"]
    return [(str(reason), len(part), float(part.sum())) for reason, part in groups]


def _estimates(frames: PlanFrames) -> list[tuple[str, int]]:
    """Return the ways in which zones were estimated, common ones first."""
    ways: Counter[str] = Counter()
    for text in frames.zones["estimated"]:
        ways.update({way.split("(")[0].strip() for way in text.split(";") if way.strip()})
    return sorted(ways.items(), key=lambda item: (-item[1], item[0]))[:8]


def _method(plan: Plan) -> list[tuple[str, str]]:
    """Return how the plan was found, and how good it is proven to be."""
    proof = plan.proof
    unit = UNITS.get(proof.objective, "")
    rows = [
        ("Wanted", WANTED.get(proof.objective, proof.objective)),
        ("Status", proof.status.value),
        ("Value of this plan", _with_unit(proof.incumbent, unit)),
        ("No plan can beat", _with_unit(proof.bound, unit)),
        ("Gap", gap_percent(proof.gap) if math.isfinite(proof.gap) else "unknown"),
        ("Gap that was wanted", gap_percent(proof.gap_wanted)),
        ("Solver", proof.solver),
        ("Search time", f"{words.figure(proof.seconds)} s"),
    ]
    if proof.price_mwh_per_eur is not None:
        price = _with_unit(proof.price_mwh_per_eur * 1000, "kWh/a per EUR")
        rows.insert(4, ("Price at which the bound was certified", price))
    return rows


def _with_unit(value: float | None, unit: str) -> str:
    return words.NOTHING if value is None else f"{words.figure(value, 5)} {unit}".rstrip()


def _records(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.drop(columns="geometry").to_dict("records")
    return rows


# The drawing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawing:
    """A map as SVG: size, and shapes from the bottom up."""

    height: float
    paths: list[dict[str, Any]]
    sites: list[dict[str, Any]]
    pipes: PipeClasses
    shares: ShareClasses


def _drawing(frames: PlanFrames) -> _Drawing | None:
    """Return a map of the plan without any script, or nothing where there is nothing to draw."""
    frame = _Frame.of(frames)
    if frame is None:
        return None
    pipes = PipeClasses.of(frames.pipes["nominal_diameter"])
    shares = ShareClasses.of(frames.zones)
    served = frames.zones["served"].astype(bool)
    share = np.array([shares.index(each) for each in frames.zones["waste_heat_share"]], dtype=int)
    size = np.array([pipes.of_size[each] for each in frames.pipes["nominal_diameter"]], dtype=int)
    paths = [_path(frame, frames.streets, stroke="#d3cec3", width=1.1)]
    paths.append(_path(frame, frames.zones[~served], fill=NOT_SERVED, stroke="#bdb5a6", width=0.5))
    for k, each in enumerate(shares.classes):
        part = frames.zones[served & (share == k)]
        paths.append(_path(frame, part, fill=each.colour, stroke="#2d5d63", width=0.5))
    paths.append(_path(frame, frames.pipes, stroke="#ffffff", width=6.0))
    for k, look in enumerate(pipes.classes):
        part = frames.pipes[size == k]
        paths.append(_path(frame, part, stroke=look.colour, width=0.7 * look.width))
    sites = [
        {"x": x, "y": y, **row}
        for (x, y), row in zip(frame.points(frames.sites), _records(frames.sites), strict=True)
    ]
    return _Drawing(frame.height, [path for path in paths if path["d"]], sites, pipes, shares)


@dataclass(frozen=True)
class _Frame:
    """From metres on the ground to units of the drawing."""

    west: float
    north: float
    scale: float
    height: float

    @classmethod
    def of(cls, frames: PlanFrames) -> _Frame | None:
        """Return a frame around what is built with its surroundings, or around everything."""
        built = [
            frames.pipes,
            frames.sites[frames.sites["chosen"].astype(bool)],
            frames.zones[frames.zones["served"].astype(bool)],
        ]
        every = [frames.sites, frames.zones, frames.pipes]
        box = _box(built)
        box = _box(every) if box is None else box
        if box is None:
            return None
        west, south, east, north = box
        margin = max(SURROUNDINGS * max(east - west, north - south), 30.0)
        west, south, east, north = west - margin, south - margin, east + margin, north + margin
        scale = min(MAP_WIDTH / (east - west), MAP_HEIGHT / (north - south))
        west -= (MAP_WIDTH / scale - (east - west)) / 2
        return cls(west, north, scale, float((north - south) * scale))

    @property
    def window(self) -> Any:
        """The ground that the drawing shows."""
        wide, high = MAP_WIDTH / self.scale, self.height / self.scale
        return shapely.box(self.west, self.north - high, self.west + wide, self.north)

    def to_page(self, xy: Any) -> Any:
        """Return coordinates of the drawing."""
        return np.round((xy - (self.west, self.north)) * (self.scale, -self.scale), 1)

    def points(self, frame: Any) -> list[tuple[float, float]]:
        """Return where points are on the drawing."""
        page = self.to_page(shapely.get_coordinates(frame.geometry.array))
        return [(float(x), float(y)) for x, y in page]


def _box(layers: list[Any]) -> tuple[float, float, float, float] | None:
    """Return the bounds of several layers together, if there is anything in them."""
    boxes = np.array([each.total_bounds for each in layers if len(each)])
    if not len(boxes):
        return None
    west, south = np.nanmin(boxes[:, :2], axis=0)
    east, north = np.nanmax(boxes[:, 2:], axis=0)
    return float(west), float(south), float(east), float(north)


def _path(
    frame: _Frame, layer: Any, *, fill: str = "none", stroke: str, width: float
) -> dict[str, Any]:
    """Return all shapes of a layer as one path."""
    shapes = np.asarray(layer.geometry.array)
    shapes = shapes[shapely.intersects(shapes, frame.window)]
    points = shapely.get_dimensions(shapes) == 0
    shapes[points] = shapely.buffer(shapes[points], 4 / frame.scale)
    parts = shapely.get_parts(shapely.simplify(shapes, 0.6 / frame.scale))
    lines, close = (shapely.get_rings(parts), "Z") if fill != "none" else (parts, "")
    pieces = []
    for line in lines:
        page = frame.to_page(shapely.get_coordinates(line))
        pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in page) + close)
    return {"d": "".join(pieces), "fill": fill, "stroke": stroke, "width": round(width, 2)}
