"""Add up the peaks of many consumers, who do not all peak in the same hour."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from siting.plan import Plan, PlannedPipe
from siting.problem import Problem

__all__ = [
    "Consumers",
    "Factor",
    "pipe_peaks_mw",
    "simultaneity_factor",
    "simultaneity_thermos",
    "simultaneity_winter_2001",
]

Factor = Callable[[float], float]
WINTER_VALID_TO = 200.0


def simultaneity_winter_2001(consumers: float, floor: float = 0.0) -> float:
    """Return the shared peak of consumers over the sum of their peaks, after Winter and others.

    Parameters
    ----------
    consumers
        Number of consumers, from 1; above 200 the value at 200 is held [-].
    floor
        Lowest factor believed; 0.60 where space heating of existing buildings rules, as a cold
        spell makes everybody peak, 0.50 otherwise [-].

    Returns
    -------
    Simultaneity factor, at most 1 [-].

    Notes
    -----
    ``f = a + b / (1 + (n / c)^d)``, fitted to small and medium networks of up to 200 consumers.

    References
    ----------
    Winter, Haslauer, Obernberger 2001, Untersuchungen der Gleichzeitigkeit in kleinen und
    mittleren Nahwaermenetzen, verenum.ch/Dokumente/2001_Winter-Gleichzeitig.pdf

    Examples
    --------
    >>> [round(simultaneity_winter_2001(n), 4) for n in (1, 20, 100)]
    [1.0, 0.919, 0.5882]
    >>> simultaneity_winter_2001(100, floor=0.6)
    0.6
    """
    a, b, c, d = 0.449677646267461, 0.551234688, 53.84382392, 1.762743268
    n = min(max(consumers, 1.0), WINTER_VALID_TO)
    return min(max(a + b / (1 + math.pow(n / c, d)), floor), 1.0)


def simultaneity_thermos(consumers: float) -> float:
    """Return the simultaneity factor of THERMOS, see `simultaneity_winter_2001`.

    Notes
    -----
    ``f = 0.62 + 0.38 / n``.

    References
    ----------
    THERMOS, github.com/cse-bristol/110-thermos-ui, src/thermos_specs/defaults.cljc

    Examples
    --------
    >>> round(simultaneity_thermos(2) * 2 * 30, 1)
    48.6
    """
    return 0.62 + 0.38 / max(consumers, 1.0)


def simultaneity_factor(rule: str, floor: float) -> Factor:
    """Return the factor by number of consumers of a rule: ``none``, ``winter`` or ``thermos``.

    Parameters
    ----------
    rule
        How peaks add up.
    floor
        Lowest factor believed, for ``winter`` [-].

    Examples
    --------
    >>> simultaneity_factor("none", 0.6)(100), simultaneity_factor("winter", 0.6)(100)
    (1.0, 0.6)
    """
    rules: dict[str, Factor] = {
        "none": lambda _: 1.0,
        "winter": partial(simultaneity_winter_2001, floor=floor),
        "thermos": simultaneity_thermos,
    }
    return rules[rule]


@dataclass(frozen=True)
class Consumers:
    """How many consumers stand behind the peak of a zone.

    Parameters
    ----------
    count
        Number of consumers, at least 1 [-].
    settled
        Whether the peak holds the simultaneity of a whole town already, as one from full-load
        hours does; it is then added in full.
    """

    count: float = 1.0
    settled: bool = False


@dataclass(frozen=True)
class _Behind:
    """What is behind a pipe: sums over zones, each with the share that comes through the pipe."""

    base_mw: float = 0.0
    settled_mw: float = 0.0
    alone_mw: float = 0.0
    consumers: float = 0.0
    largest_mw: float = 0.0

    def __add__(self, other: _Behind) -> _Behind:
        return _Behind(
            self.base_mw + other.base_mw,
            self.settled_mw + other.settled_mw,
            self.alone_mw + other.alone_mw,
            self.consumers + other.consumers,
            max(self.largest_mw, other.largest_mw),
        )

    def part(self, share: float) -> _Behind:
        """Return a share of it."""
        return _Behind(*(share * each for each in vars(self).values()))

    def peak_mw(self, factor: Factor) -> float:
        """Return the coincident peak, never below that of the largest zone alone [MW]."""
        together = factor(self.consumers) * self.alone_mw
        return self.settled_mw + max(together, self.largest_mw)


def pipe_peaks_mw(
    problem: Problem, plan: Plan, consumers: Mapping[str, Consumers], factor: Factor
) -> dict[str, float]:
    """Return the coincident peak that each pipe of a plan must carry.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.
    consumers
        How many consumers stand behind each zone; one where a zone is missing.
    factor
        Simultaneity factor by number of consumers.

    Returns
    -------
    Heat flow entering each pipe when the zones behind it peak, with all losses [MW].

    Notes
    -----
    The peak of a zone of n consumers holds their own simultaneity, so alone they would add up to
    ``P / f(n)``; the N consumers behind a pipe peak at ``f(N)`` times the sum of these, and never
    below the largest zone. Where several pipes feed a node, each carries the share of the peak
    that it has of the base load.
    """
    zones = {zone.id: zone for zone in problem.zones}
    here: dict[str, _Behind] = defaultdict(_Behind)
    for served in plan.zones:
        zone, own = zones[served.zone], consumers.get(served.zone, Consumers())
        peak, count = zone.peak_mw, max(own.count, 1.0)
        here[zone.node] += (
            _Behind(base_mw=served.base_mw, settled_mw=peak)
            if own.settled
            else _Behind(served.base_mw, 0.0, peak / factor(count), count, peak)
        )
    site_node = {site.id: site.node for site in problem.sites}
    feeding: dict[str, float] = defaultdict(float)
    for site in plan.sites:
        feeding[site_node[site.site]] += site.capacity_mw
    incoming: dict[str, list[PlannedPipe]] = defaultdict(list)
    for pipe in plan.pipes:
        incoming[pipe.to_node].append(pipe)
    peaks = {}
    for node in _upstream_order(plan):
        amounts = [max(pipe.flow_mw - pipe.loss_mw, 0.0) for pipe in incoming[node]]
        total = math.fsum([feeding[node], *amounts])
        for pipe, amount in zip(incoming[node], amounts, strict=True):
            behind = here[node].part(amount / total if total > 0 else 1 / len(amounts))
            lost = max(pipe.flow_mw - behind.base_mw, 0.0)
            peaks[pipe.edge] = max(behind.peak_mw(factor) + lost, pipe.flow_mw)
            here[pipe.from_node] += behind
    return peaks


def _upstream_order(plan: Plan) -> list[str]:
    """Return nodes so that each comes after all nodes it feeds; rings are left out."""
    waiting: dict[str, int] = defaultdict(int)
    feeders: dict[str, list[str]] = defaultdict(list)
    nodes: dict[str, None] = {}
    for pipe in plan.pipes:
        nodes.update(dict.fromkeys((pipe.from_node, pipe.to_node)))
        waiting[pipe.from_node] += 1
        feeders[pipe.to_node].append(pipe.from_node)
    ready = [node for node in nodes if not waiting[node]]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for tail in feeders[node]:
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return order
