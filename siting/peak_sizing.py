"""Size pipes for coincident peaks: fix the factors, solve, re-evaluate, until sizes stand still."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from siting.errors import Fault
from siting.plan import Plan
from siting.problem import Edge, Problem
from siting.simultaneity import Consumers, Factor, pipe_peaks_mw

__all__ = ["PeakSizing", "Round", "restored_sizing", "scaled_for_peaks", "size_for_peaks"]

log = logging.getLogger(__name__)

SLACK = 1e-6
Sizes = dict[str, str | None]


@dataclass(frozen=True)
class Round:
    """One round of the loop.

    Parameters
    ----------
    changes
        Pipes whose size differs from the round before, built or given up counted.
    too_small
        Pipes that cannot carry the peak of the plan of this round.
    damped
        Whether no ratio of peak to base load was let fall below one seen before.
    """

    changes: int
    too_small: int
    damped: bool


@dataclass(frozen=True)
class PeakSizing:
    """The outcome of the loop.

    Parameters
    ----------
    problem
        The problem of the plan: its capacities are base load that a pipe can carry beside the
        peak, so ``capacity / (peak / base load)``.
    plan
        The plan of the last round, or of the last round without a pipe too small.
    peaks_mw
        Coincident peak in each pipe of the plan [MW].
    rounds
        What changed in each round.
    ending
        ``stable`` when the sizes stood still and all carry their peaks; ``damped`` when plans came
        back in a cycle, and all pipes carry their peaks with each ratio held at its largest, so
        some may be larger than they need be; ``limit`` when the rounds ran out.
    chosen
        Number of the round that the plan is from, from 1.
    ratios
        Peak over base load that the capacities of ``problem`` were divided by, of each edge where
        it is above 1 [-].
    """

    problem: Problem
    plan: Plan
    peaks_mw: Mapping[str, float]
    rounds: tuple[Round, ...]
    ending: str
    chosen: int
    ratios: Mapping[str, float]

    @property
    def too_small(self) -> int:
        """Pipes of the plan that cannot carry its peak."""
        return self.rounds[self.chosen - 1].too_small

    def kpis(self) -> dict[str, float | str | None]:
        """Return how the loop ended, under names of key figures."""
        return {
            "peak_sizing_rounds": len(self.rounds),
            "peak_sizing_ending": self.ending,
            "peak_sizing_pipes_too_small": self.too_small,
        }

    def kept_rounds(self) -> dict[str, object]:
        """Return the rounds and how they ended as JSON values, see `read_rounds`."""
        rounds = [asdict(each) for each in self.rounds]
        return {"rounds": rounds, "ending": self.ending, "chosen": self.chosen}

    @property
    def doubts(self) -> tuple[Fault, ...]:
        """What must be looked at when the loop did not come to rest."""
        if self.ending != "limit" and not self.too_small:
            return ()
        return (
            Fault(
                "network",
                f"sizing for the peak did not come to rest: {self.in_words}.",
                "Raise peak_rounds under [network], or time_limit_s under [solver].",
            ),
        )

    @property
    def in_words(self) -> str:
        """What the loop did, for people."""
        changed = ", ".join(f"{each.changes:,}" for each in self.rounds)
        end = {
            "stable": "then the sizes stood still",
            "damped": "then all carried their peaks, with each factor held at its largest as plans"
            " came back in a cycle",
            "limit": "then the rounds ran out",
        }[self.ending]
        return (
            f"pipes changed in each round: {changed}; {end}"
            + (f"; taken is round {self.chosen}" if self.chosen != len(self.rounds) else "")
            + (f"; {self.too_small:,} pipes are too small for the peak" if self.too_small else "")
        )


def size_for_peaks(
    problem: Problem,
    solve: Callable[[Problem], Plan],
    *,
    consumers: Mapping[str, Consumers],
    factor: Factor,
    sized_already: frozenset[str] = frozenset(),
    most_rounds: int = 6,
) -> PeakSizing:
    """Search for a plan whose pipes carry the coincident peaks of the zones behind them.

    Parameters
    ----------
    problem
        The problem with the full capacity of each size.
    solve
        Finds a plan of a problem.
    consumers, factor
        How peaks add up, see `siting.simultaneity.pipe_peaks_mw`.
    sized_already
        Edges that carry the peak at any rate, such as service lines.
    most_rounds
        Largest number of rounds, at least 1.

    Returns
    -------
    The plan with the problem it solves, and how the loop ended.

    Notes
    -----
    The peak in a pipe depends on what is behind it, so on the plan. Each round fixes for every
    edge the ratio of peak to base load found in the last plan (for edges not built: the last one
    seen, or that of the whole plan), divides the capacities by it, and solves. The first round has
    ratios of 1. A plan that comes back is a cycle: from there on no ratio falls, and a plan that
    needs none above those it was found with is taken. The bound of a plan holds for the ratios of
    its round; that no other ratios allow a better plan is not proven.
    """
    ratios: dict[str, float] = {}
    usual, damped = 1.0, False
    seen: list[Sizes] = []
    rounds: list[Round] = []
    found: list[tuple[Problem, Plan, dict[str, float]]] = []
    fixed: list[dict[str, float]] = []
    ending = "limit"
    while len(rounds) < most_rounds:
        used = {e.id: ratios.get(e.id, usual) for e in problem.edges if e.id not in sized_already}
        fixed.append({edge: ratio for edge, ratio in used.items() if ratio > 1})
        scaled = scaled_for_peaks(problem, fixed[-1])
        plan = solve(scaled)
        peaks = pipe_peaks_mw(problem, plan, consumers, factor)
        sizes: Sizes = {pipe.edge: pipe.size for pipe in plan.pipes}
        changes = _differences(seen[-1] if seen else {}, sizes)
        short = _too_small(problem, plan, peaks, sized_already)
        rounds.append(Round(changes, short, damped))
        found.append((scaled, plan, peaks))
        log.info("peak sizing, round %d: %d changes, %d short", len(rounds), changes, short)
        fresh, fresh_usual = _ratios(plan, peaks, sized_already)
        moved = [r - ratios.get(e, usual) for e, r in fresh.items()]
        if not short and (not changes or all(abs(each) <= SLACK for each in moved)):
            ending = "damped" if damped else "stable"
            break
        if damped and not short and all(each <= SLACK for each in moved):
            ending = "damped"
            break
        damped = damped or sizes in seen[:-1]
        if damped:
            fresh = {e: max(r, ratios.get(e, 1.0)) for e, r in fresh.items()}
            fresh_usual = max(fresh_usual, usual)
        ratios, usual = ratios | fresh, fresh_usual
        seen.append(sizes)
    whole = [number for number, each in enumerate(rounds) if not each.too_small]
    chosen = len(rounds) - 1 if ending != "limit" or not whole else whole[-1]
    return PeakSizing(*found[chosen], tuple(rounds), ending, chosen + 1, fixed[chosen])


def restored_sizing(
    problem: Problem,
    plan: Plan,
    kept: Mapping[str, Any],
    ratios: Mapping[str, float],
    *,
    consumers: Mapping[str, Consumers],
    factor: Factor,
) -> PeakSizing:
    """Return the outcome of a loop from what `PeakSizing.kept_rounds` told; nothing is solved.

    Parameters
    ----------
    problem
        The problem with the full capacity of each size.
    plan
        The plan that the loop ended with.
    kept, ratios
        What was kept of the loop, and its ratios of peak over base load [-].
    consumers, factor
        How peaks add up, as in `size_for_peaks`.
    """
    return PeakSizing(
        scaled_for_peaks(problem, ratios),
        plan,
        pipe_peaks_mw(problem, plan, consumers, factor),
        tuple(Round(**each) for each in kept["rounds"]),
        kept["ending"],
        kept["chosen"],
        dict(ratios),
    )


def scaled_for_peaks(problem: Problem, ratios: Mapping[str, float]) -> Problem:
    """Return the problem with capacities of base load beside the peak.

    Parameters
    ----------
    problem
        The problem with the full capacity of each size.
    ratios
        Peak over base load of the edges that carry more than their base load [-].
    """
    edges = tuple(
        _edge(edge, ratios[edge.id]) if edge.id in ratios else edge for edge in problem.edges
    )
    return replace(problem, edges=edges)


def _edge(edge: Edge, ratio: float) -> Edge:
    """Return an edge whose sizes carry a peak of ``ratio`` times their base load."""
    if not edge.sizes:
        most = None if edge.capacity_mw is None else edge.capacity_mw / ratio
        return replace(edge, capacity_mw=most, cost_per_mw_eur=edge.cost_per_mw_eur * ratio)
    sizes = [replace(each, capacity_mw=each.capacity_mw / ratio) for each in edge.sizes]
    # A size that loses all it carries is of no use.
    useful = [each for each in sizes if each.loss_mw < each.capacity_mw]
    return replace(edge, sizes=tuple(useful or sizes[-1:]))


def _ratios(
    plan: Plan, peaks: Mapping[str, float], sized: frozenset[str]
) -> tuple[dict[str, float], float]:
    """Return peak over base load of each pipe, and that of the whole plan [-]."""
    pipes = [pipe for pipe in plan.pipes if pipe.edge not in sized and pipe.flow_mw > 0]
    own = {pipe.edge: max(peaks[pipe.edge] / pipe.flow_mw, 1.0) for pipe in pipes}
    peak = sum(peaks[pipe.edge] * pipe.length_m for pipe in pipes)
    base = sum(pipe.flow_mw * pipe.length_m for pipe in pipes)
    return own, max(peak / base, 1.0) if base > 0 else 1.0


def _too_small(
    problem: Problem, plan: Plan, peaks: Mapping[str, float], sized: frozenset[str]
) -> int:
    """Return how many pipes cannot carry their peak."""
    full = {
        (edge.id, size.label): size.capacity_mw for edge in problem.edges for size in edge.sizes
    }
    linear = {edge.id: edge.capacity_mw for edge in problem.edges if not edge.sizes}
    count = 0
    for pipe in plan.pipes:
        most = full.get((pipe.edge, str(pipe.size)), linear.get(pipe.edge))
        short = most is not None and peaks[pipe.edge] > most * (1 + SLACK)
        count += short and pipe.edge not in sized
    return count


def _differences(before: Sizes, after: Sizes) -> int:
    """Return how many pipes differ in size, or are in one plan only."""
    return sum(before.get(e, "") != after.get(e, "") for e in before.keys() | after.keys())
