"""Hold the bare siting problem: numbers on a graph, without geography.

A `Problem` is what the optimiser sees and what ``problem.json`` holds. All capital
costs are overnight euro with every overhead (design, contingency) already inside.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from siting.errors import FaultLog, InputError, name_ids

__all__ = [
    "FORMAT",
    "VERSION",
    "Edge",
    "Limits",
    "Objective",
    "PipeSize",
    "Problem",
    "Site",
    "SiteOption",
    "Zone",
    "problem_schema",
    "read_problem",
    "write_problem",
]

FORMAT: Final = "siting-problem"
VERSION: Final = 1

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=STRICT)
class PipeSize:
    """One step of the pipe catalogue, priced for one edge.

    Parameters
    ----------
    label
        Name of the size, such as ``DN100``.
    capacity_mw
        Largest heat flow that may enter the pipe [MW].
    cost_eur
        Overnight cost of the whole edge at this size [EUR].
    loss_mw
        Heat lost by the whole edge at this size, all year round [MW].
    """

    label: str
    capacity_mw: Annotated[float, Field(gt=0)]
    cost_eur: NonNegative
    loss_mw: NonNegative = 0.0


@dataclass(frozen=True, config=STRICT)
class Edge:
    """A piece of trench that may be dug between two nodes.

    Either a linear pipe (``cost_eur + cost_per_mw_eur * flow``) or, when ``sizes`` is
    given, one of the listed sizes.

    Parameters
    ----------
    id, u, v
        Own name and the names of the two end nodes.
    cost_eur, cost_per_mw_eur
        Fixed cost [EUR] and cost per heat flow entering the pipe [EUR/MW].
    capacity_mw
        Largest heat flow entering the pipe [MW]; ``null`` for no limit.
    loss_mw, loss_per_mw
        Heat lost when the pipe is built [MW] and per heat flow entering it [MW/MW].
    sizes
        Catalogue steps in rising capacity; replaces the linear figures.
    length_m
        Trench length, for reports only [m].
    one_way
        Heat may only flow from ``u`` to ``v``.
    forbidden
        The edge must not be built.
    cost_shares
        Optional split of its cost by component, as shares that add up to 1.
    lump_parts
        Optional part of the cost that is the same at every size, such as crossings, by component
        [EUR]; it is contained in the cost, and ``cost_shares`` split what is left.
    """

    id: str
    u: str
    v: str
    cost_eur: NonNegative = 0.0
    cost_per_mw_eur: NonNegative = 0.0
    capacity_mw: NonNegative | None = None
    loss_mw: NonNegative = 0.0
    loss_per_mw: Share = 0.0
    sizes: tuple[PipeSize, ...] = ()
    length_m: NonNegative = 0.0
    one_way: bool = False
    forbidden: bool = False
    cost_shares: dict[str, float] = field(default_factory=dict)
    lump_parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class SiteOption:
    """One way to bring the heat of a site into the network.

    Parameters
    ----------
    id
        Name of the option, such as ``heat pump`` or ``direct``.
    capacity_mw
        Most heat it can feed into the network [MW]; ``null`` for no limit.
    cost_eur, cost_per_mw_eur
        Fixed cost [EUR] and cost per installed heat output [EUR/MW].
    cost_per_mwh_eur
        Running cost per heat fed in [EUR/MWh]; counts in ``net_value`` only.
    electricity_mwh_per_mwh
        Electricity used per heat fed in, for reports only [MWh/MWh].
    cost_parts, cost_per_mw_parts
        Optional split of the two costs by component [EUR, EUR/MW]; adds up to them.
    """

    id: str = "connection"
    capacity_mw: NonNegative | None = None
    cost_eur: NonNegative = 0.0
    cost_per_mw_eur: NonNegative = 0.0
    cost_per_mwh_eur: NonNegative = 0.0
    electricity_mwh_per_mwh: NonNegative = 0.0
    cost_parts: dict[str, float] = field(default_factory=dict)
    cost_per_mw_parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class Site:
    """A candidate data-centre site.

    Parameters
    ----------
    id, node
        Own name and the node where its heat enters the network.
    cost_eur, cost_per_mw_eur, cost_per_mwh_eur, capacity_mw
        The single option of a simple site, see `SiteOption`; ignored when ``options`` is given.
    options
        Ways to use the site; at most one is chosen.
    group
        Sites of one group exclude each other.
    mandatory, forbidden
        The site must, or must not, be opened.
    """

    id: str
    node: str
    cost_eur: NonNegative = 0.0
    cost_per_mw_eur: NonNegative = 0.0
    cost_per_mwh_eur: NonNegative = 0.0
    capacity_mw: NonNegative | None = None
    options: tuple[SiteOption, ...] = ()
    group: str | None = None
    mandatory: bool = False
    forbidden: bool = False

    @property
    def choices(self) -> tuple[SiteOption, ...]:
        """Return the options, or the one that the flat figures describe."""
        if self.options:
            return self.options
        return (
            SiteOption(
                capacity_mw=self.capacity_mw,
                cost_eur=self.cost_eur,
                cost_per_mw_eur=self.cost_per_mw_eur,
                cost_per_mwh_eur=self.cost_per_mwh_eur,
            ),
        )


@dataclass(frozen=True, config=STRICT)
class Zone:
    """A group of heat demand that is connected as a whole or not at all.

    Parameters
    ----------
    id, node
        Own name and the node where heat is handed over.
    heat_mwh
        Annual heat demand [MWh/a].
    peak_mw
        Peak heat demand [MW].
    cost_eur
        Cost of connecting the zone [EUR].
    value_eur, value_eur_per_mwh
        Worth of connecting it [EUR] and of each heat delivered [EUR/MWh]; ``net_value`` only.
    load_curve
        Concave broken line of (base capacity / peak, base heat / annual demand), from (0, 0);
        without it the zone takes its whole peak and all its heat, or nothing.
    loss_mw
        Heat lost by its service line when connected, all year round [MW].
    cost_parts
        Optional split of ``cost_eur`` by component [EUR].
    standing_base
        Optional concave broken line of (base capacity [MW], base heat [MWh/a]), from (0, 0), that
        existing plants cover today. Demand, peak and load curve above are what is left over it;
        for reports only.
    mandatory, forbidden
        The zone must, or must not, be connected.
    """

    id: str
    node: str
    heat_mwh: NonNegative
    peak_mw: NonNegative = 0.0
    cost_eur: NonNegative = 0.0
    value_eur: float = 0.0
    value_eur_per_mwh: float = 0.0
    load_curve: tuple[tuple[float, float], ...] = ()
    loss_mw: NonNegative = 0.0
    cost_parts: dict[str, float] = field(default_factory=dict)
    standing_base: tuple[tuple[NonNegative, NonNegative], ...] = ()
    mandatory: bool = False
    forbidden: bool = False


@dataclass(frozen=True, config=STRICT)
class Objective:
    """What is optimised.

    Parameters
    ----------
    kind
        ``heat_per_euro`` most heat per euro of investment; ``max_heat`` most heat (mind a
        budget); ``capex`` least investment (mind a required heat); ``net_value`` most value of
        heat less ``capital_factor`` times investment less running cost.
    heat_price_eur_per_mwh
        Worth of each heat delivered, on top of the zones' own values [EUR/MWh]; ``net_value``.
    capital_factor
        Weight of the investment in ``net_value``, e.g. a capital recovery factor [1/a].
    """

    kind: Literal["heat_per_euro", "max_heat", "capex", "net_value"] = "heat_per_euro"
    heat_price_eur_per_mwh: float = 0.0
    capital_factor: NonNegative = 1.0


@dataclass(frozen=True, config=STRICT)
class Limits:
    """What a plan must respect; ``null`` means no limit.

    Parameters
    ----------
    budget_eur
        Largest investment [EUR].
    min_heat_mwh
        Least heat from data centres delivered each year [MWh/a].
    min_sites, max_sites
        Number of sites opened.
    min_zones
        Least number of zones connected.
    """

    budget_eur: NonNegative | None = None
    min_heat_mwh: NonNegative | None = None
    min_sites: Annotated[int, Field(ge=0)] | None = None
    max_sites: Annotated[int, Field(ge=0)] | None = None
    min_zones: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, config=STRICT)
class Problem:
    """A siting problem on a graph.

    Parameters
    ----------
    name
        Free text.
    nodes
        Names of all nodes.
    edges, sites, zones
        What may be built, opened and connected.
    objective, limits
        What is wanted.
    hours_per_a
        Hours in which pipes lose heat each year [h/a].
    """

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    sites: tuple[Site, ...]
    zones: tuple[Zone, ...]
    objective: Objective = Objective()
    limits: Limits = Limits()
    name: str = ""
    hours_per_a: Annotated[float, Field(gt=0)] = 8760.0
    format: Literal["siting-problem"] = FORMAT
    version: Literal[1] = VERSION

    def with_objective(self, kind: str, **changes: Any) -> Problem:
        """Return the same problem with another objective."""
        return replace(self, objective=Objective(kind=kind, **changes))  # type: ignore[arg-type]

    def with_limits(self, **changes: Any) -> Problem:
        """Return the same problem with some limits changed."""
        return replace(self, limits=replace(self.limits, **changes))

    @cached_property
    def total_heat_mwh(self) -> float:
        """Heat demand of all zones that may be connected [MWh/a]."""
        return math.fsum(zone.heat_mwh for zone in self.zones if not zone.forbidden)


ADAPTER: TypeAdapter[Problem] = TypeAdapter(Problem)


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem file."""
    schema = ADAPTER.json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORMAT, **schema}


def read_problem(path: str | Path) -> Problem:
    """Read and check a problem file.

    Raises
    ------
    InputError
        The file is missing, is not JSON, does not follow the schema, or names things that do
        not exist. All faults are reported at once.
    """
    log = FaultLog()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        log.fault("problem", f"cannot read '{path}': {error.strerror}.", "Check the path.")
        log.raise_faults()
    try:
        problem = ADAPTER.validate_json(text)
    except ValidationError:  # once more, for words that name the elements
        return problem_from_dict(_parsed(text, path, log))
    check_problem(problem)
    return problem


def _parsed(text: str, path: str | Path, log: FaultLog) -> Any:
    """Return what stands in a JSON text; raise a fault where it is not JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        log.fault(
            "problem",
            f"'{path}' is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Mend the file at that place.",
        )
        log.raise_faults()
        raise


def problem_from_dict(raw: Mapping[str, Any]) -> Problem:
    """Validate a parsed problem file, see `read_problem`."""
    try:
        problem = ADAPTER.validate_python(raw)
    except ValidationError as error:
        log = FaultLog()
        for each in error.errors():
            place = _place(raw, each["loc"])
            log.fault("problem", f"{place}: {each['msg']}.", _remedy(each))
        raise InputError(log.faults) from error
    check_problem(problem)
    return problem


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Return a path such as ``edges[3] 'e17' cost_eur`` for a place in the file."""
    words: list[str] = []
    for step in location:
        if isinstance(step, int):
            words[-1] += f"[{step}]"
            raw = raw[step] if isinstance(raw, list) and step < len(raw) else None
            if isinstance(raw, Mapping) and "id" in raw:
                words.append(f"'{raw['id']}'")
        else:
            words.append(step)
            raw = raw.get(step) if isinstance(raw, Mapping) else None
    return " ".join(words) or "the file"


def _remedy(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "Add it."
    if error["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return "Remove or rename it; the page on the problem file lists the known keys."
    return f"Found {error.get('input')!r}."[:120]


def check_problem(problem: Problem) -> None:
    """Raise an `InputError` with every inconsistency inside a problem."""
    log = FaultLog()
    for kind in ("nodes", "edges", "sites", "zones"):
        items: Iterable[Any] = getattr(problem, kind)
        names = Counter(each if kind == "nodes" else each.id for each in items)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            log.fault(
                "problem", f"{kind} {name_ids(twice)} stand more than once.", "Rename.", twice
            )
    known = set(problem.nodes)
    for edge in problem.edges:
        for end in (edge.u, edge.v):
            if end not in known:
                log.fault("problem", f"edge '{edge.id}' ends at unknown node '{end}'.", "Add it.")
        capacities = [size.capacity_mw for size in edge.sizes]
        costs = [size.cost_eur for size in edge.sizes]
        if capacities != sorted(capacities) or costs != sorted(costs):
            log.fault(
                "problem",
                f"edge '{edge.id}' lists sizes that do not rise in capacity and cost.",
                "Sort them and drop sizes that are dearer than a larger one.",
            )
    for kind, items in (("site", problem.sites), ("zone", problem.zones)):
        for each in items:
            if each.node not in known:
                log.fault(
                    "problem", f"{kind} '{each.id}' is at unknown node '{each.node}'.", "Add it."
                )
            if each.mandatory and each.forbidden:
                log.fault(
                    "problem", f"{kind} '{each.id}' is mandatory and forbidden.", "Choose one."
                )
    for zone in problem.zones:
        _check_curve(zone, log)
        _check_standing(zone, log)
    log.raise_faults()


def _check_curve(zone: Zone, log: FaultLog) -> None:
    """Check that the load curve starts at the origin, rises, and is concave."""
    points = zone.load_curve
    if not points:
        return
    slopes = [
        (h1 - h0) / (q1 - q0) if q1 > q0 else math.inf for (q0, h0), (q1, h1) in pairwise(points)
    ]
    sound = (
        len(points) >= 2
        and points[0] == (0.0, 0.0)
        and all(math.isfinite(slope) and slope >= 0 for slope in slopes)
        and all(b <= a + 1e-9 for a, b in pairwise(slopes))
        and points[-1][1] <= 1 + 1e-9
    )
    if not sound:
        log.fault(
            "problem",
            f"zone '{zone.id}' has a load_curve that is not a concave rising line from (0, 0) to at"
            " most (1, 1).",
            "Give [[0, 0], ...] with falling slopes.",
        )
    if zone.peak_mw <= 0:
        log.fault("problem", f"zone '{zone.id}' has a load_curve but no peak_mw.", "Give its peak.")


def _check_standing(zone: Zone, log: FaultLog) -> None:
    """Check that the standing base load starts at the origin and rises ever less steeply."""
    points = zone.standing_base
    if not points:
        return
    slopes = [
        (h1 - h0) / (q1 - q0) if q1 > q0 else math.inf for (q0, h0), (q1, h1) in pairwise(points)
    ]
    sound = len(points) >= 2 and points[0] == (0.0, 0.0) and all(map(math.isfinite, slopes))
    if not sound or any(b > a * (1 + 1e-9) for a, b in pairwise([*slopes, 0.0])):
        log.fault(
            "problem",
            f"zone '{zone.id}' has a standing_base that is not a concave rising line from (0, 0).",
            "Give [[0, 0], [MW, MWh/a], ...] with falling slopes.",
        )


def write_problem(problem: Problem, path: str | Path) -> None:
    """Write a problem file, leaving out what is at its default."""
    head = json.dumps({"format": FORMAT, "version": VERSION}, indent=1)
    body = ADAPTER.dump_json(problem, exclude_defaults=True, indent=1).decode("utf-8")
    Path(path).write_text(f"{head[:-2]},{body[1:]}", encoding="utf-8")
