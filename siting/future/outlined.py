"""Prove a case by its outline, with the search of the base model.

The outline (`siting.future.outline`) is a base model with a few rows for each scenario. The search
of the base model bounds it, cuts it, branches on its sites and splits its leaves. What that finds
are structures; each is settled and paid for in all scenarios before it counts as a plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from siting.future.bonds import BondFinder, lost_site
from siting.future.departures import plan_of
from siting.future.evaluate import solution_of, state_weights
from siting.future.extended import Found
from siting.future.outcome import DeparturePlan
from siting.future.outline import write_outline
from siting.future.structure import Structure, structure_of
from siting.future.types import Departures
from siting.optimise.candidate import Candidate
from siting.optimise.core import Core
from siting.optimise.cuts import CutFinder
from siting.optimise.engine import Engine, SolverChoice
from siting.optimise.progress import Progress, Watch, relative_gap
from siting.optimise.ratio import RatioSearch
from siting.optimise.slivers import DownstreamFinder, SourceFinder
from siting.optimise.state import CostOf, SearchState
from siting.problem import Problem
from siting.solvers.compiled import Rows
from siting.solvers.highs import HighsLp
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["OutlineEngine", "search_outline"]

STEP = 0.65
"""Gap to prove next, over the gap that is known [-]."""
MOST_STEPS = 8
FIRST_GAP = 0.06
"""The largest gap that is asked for before the relaxation has told what it proves [-]."""
FEW_ROUNDS = 6
"""Rounds of cuts until it is seen what the relaxation can prove."""
LEAST_FALL = 1e-5
"""How far the bound has to fall for another step [-]."""
FAR = 0.03
"""Surplus of a relaxation, over its heat, from which on its price is not asked further [-]."""
WORTH_A_LOOK = 1e-4
"""How much better than the best plan a structure looks at least that is settled [-]."""
MOST_LOOKS = 6
"""Structures that one search settles at most."""
SETTLING_S = 5.0
"""Wall time in which the scenarios of a structure are settled [s]."""


class OutlineEngine(Engine):
    """An engine on the outline of a case, or of a part of it.

    ``heat`` and ``capex`` are the expected discounted sums, in the units of the model.
    """

    idle_sites = True

    def __init__(
        self,
        case: Departures,
        part: Problem,
        watch: Watch,
        solver: SolverChoice,
        joined: bool | None = None,
    ) -> None:
        # The model of a case holds the budget apart from the base problem's limits.
        limits = replace(part.limits, budget_eur=case.problem.limits.budget_eur)
        own = case.with_problem(replace(part, limits=limits))
        outline = write_outline(own, case, joined=joined)
        self.written, bonds = outline.written, outline.bonds
        self.watch, self.solver = watch, solver
        self.model, self.compiled = self.written.design.model, self.written.compiled
        self.cuts = CutFinder(self.model, self.compiled)
        self.sources = SourceFinder(self.model, self.compiled)
        self.downstream = DownstreamFinder(self.model, self.compiled)
        self.relaxation = HighsLp(self.compiled, threads=solver.threads, seed=solver.seed)
        self.found = None
        self.ranges = {}
        self.narrow_rows = None
        self.site_rows = {}
        self.slowest_s = 0.0
        self.bonds = (
            None if bonds is None else BondFinder(self.written.design, bonds, case, self.compiled)
        )
        scale = self.model.data.scale
        self.heat = self.written.heat_mwh / scale.heat_mwh
        self.capex = self.written.euro / scale.cost_eur

    def _separate(self, values: FloatArray, *, slivers: bool) -> int:
        """Add violated rows, those between sites that should be joined as well."""
        count = super()._separate(values, slivers=slivers)
        rows = None if self.bonds is None else self.bonds.find(values)
        if rows is not None:
            self._add(rows)
            count += len(rows.lower)
        return count

    def add_found(self, rows: Rows) -> None:
        """Add rows that another engine of the same outline has found; they hold for every plan."""
        self._add(rows)

    def value_of(self, values: FloatArray) -> float:
        """Return the discounted heat per euro that the outline sees in some values [kWh/EUR]."""
        euro = float(self.written.euro @ values)
        return float(self.written.heat_mwh @ values) * 1000 / euro if euro > 0 else 0.0


@dataclass(frozen=True)
class YearsCandidate(Candidate):
    """A plan with its answers to all scenarios, under discounted heat per discounted euro."""

    found: Found[DeparturePlan]

    @property
    def heat_mwh(self) -> float:
        """Expected discounted heat [MWh]."""
        return self.found.heat_mwh

    @property
    def capex_eur(self) -> float:
        """Expected discounted money [EUR]."""
        return self.found.euro


Key = tuple[frozenset[tuple[str, str | None]], ...]


def _key(structure: Structure) -> Key:
    """Return what tells one structure from another."""
    return (
        frozenset(structure.options.items()),
        frozenset(structure.sizes.items()),
        frozenset(structure.used_from.items()),
        frozenset((zone, None) for zone in structure.zones),
    )


def candidate_of(found: Found[DeparturePlan]) -> YearsCandidate:
    """Return an evaluated plan as a candidate of the base search."""
    base = found.plan.plan
    return YearsCandidate(solution_of(base), base, found.value, found)


class OutlineState(SearchState):
    """What the search of an outline knows; its plans are evaluated in all scenarios."""

    def __init__(
        self,
        case: Departures,
        watch: Watch,
        *,
        gap: float,
        solver: SolverChoice,
        best: Found[DeparturePlan] | None,
        on_found: Callable[[Found[DeparturePlan]], bool],
        joined: bool | None = None,
    ) -> None:
        self.case, self.on_found = case, on_found
        self.asked: set[Key] = set()
        self.waiting: list[tuple[Engine, FloatArray]] = []
        self.on_bound: Callable[[float], None] | None = None
        super().__init__(
            case.problem,
            watch,
            gap=gap,
            solver=solver,
            best=None if best is None else candidate_of(best),
            engines=lambda part: OutlineEngine(case, part, watch, solver, joined),
        )
        self.empty = None

    def offer(self, candidate: Candidate | None) -> bool:
        """Keep an evaluated plan if it is better than the best so far; say whether it was."""
        if not isinstance(candidate, YearsCandidate):
            return False
        if self.best is not None and candidate.value <= self.best.value:
            return False
        self.best = candidate
        self.watch.note(incumbent=candidate.value)
        self.on_found(candidate.found)
        return True

    def offer_values(self, engine: Engine, values: FloatArray) -> bool:
        """Evaluate the structure of solver values, unless even the outline says it is no better."""
        assert isinstance(engine, OutlineEngine)
        best = 0.0 if self.best is None else self.best.value
        if engine.value_of(values) <= best * (1 + WORTH_A_LOOK):
            return False
        structure = structure_of(engine.written, values)
        if (key := _key(structure)) in self.asked or len(self.asked) >= MOST_LOOKS:
            return False
        self.asked.add(key)
        found = plan_of(self.case, structure, best / 1000, seconds=SETTLING_S)
        return found is not None and self.offer(candidate_of(found))

    def prove(self, bound: float, price: float | None = None) -> None:
        """Record a bound if it is tighter than the one known, and pass it on."""
        super().prove(bound, price)
        if self.on_bound is not None and self.bound is not None:
            self.on_bound(self.bound)

    def _solve_part(self, whole: Engine, core: Core, cost_of: CostOf, seconds: float) -> bool:
        """Solve a part, and settle the best structure found there: each takes seconds."""
        self.waiting = []
        super()._solve_part(whole, core, cost_of, seconds)
        return any(self.offer_values(*each) for each in self.waiting[-1:])

    def _offered(self, engine: Engine, values: FloatArray) -> bool:
        self.waiting.append((engine, values))
        return False

    def excess_mwh(self, price: float) -> float:
        """Return 0: what the best plan costs in the outline is not known."""
        return 0.0 * price


class OutlineSearch(RatioSearch):
    """One price after the other is proven on an outline, each closer to the best plan.

    A price halfway to the bound is proven many times faster than one next to the plan, and it
    counts. Where it fails there is no use in asking a lower one.
    """

    def __init__(self, state: OutlineState, least_euro: float = 0.0) -> None:
        super().__init__(state)
        stays, _ = state_weights(state.case)
        self.least_heat_mwh *= 0.0 if state.case.hazards else stays
        self.least_capex_eur = max(self._cheapest_start(), least_euro)
        self.rows: Rows | None = None

    def prove(self, gap: float, *, improve: bool) -> None:
        """Prove that no plan is better than the best by more than a gap, or as near as can be.

        With ``improve`` what the relaxation builds is looked through for better plans in the end.
        """
        relaxed = self._relax(gap, rounds=FEW_ROUNDS)
        if relaxed.values is not None and relaxed.bound < 0 and not self.watch.is_over:
            least = self._least_gap(relaxed)
            if self._is_far(relaxed):
                gap = max(gap, STEP * least)
            relaxed = self._relax(gap)
        price = self._price(gap)
        built = relaxed
        if relaxed.values is not None and relaxed.bound < 0 and not self.watch.is_over:
            self._branch(gap, price, relaxed)
        if improve and built.values is not None and not self.state.is_over:
            self.watch.enter("improving on the outline")
            self._mix(built)

    def _branch(self, gap: float, price: float, relaxed: Outcome) -> None:
        """Narrow what is granted to zones, then branch on sites."""
        self.watch.enter(f"proving the outline, gap {gap:.1%}")
        cost = self._cost_at(price, self.engine)
        relaxed = self.engine.tighten(cost, relaxed, max(0.4 * self.watch.left_s, 5.0))
        self._take_note(price, relaxed)
        if relaxed.values is not None and relaxed.bound < 0 and not self.watch.is_over:
            self._prove(price, relaxed)

    def _price(self, gap: float) -> float:
        """Return the price that no plan must beat for a gap to be proven [MWh/EUR]."""
        assert self.state.best is not None
        return self.state.best.value / 1000 * (1 + 0.98 * gap)

    def _relax(self, gap: float, *, rounds: int = 20) -> Outcome:
        """Relax at the price of a gap; the rows that are found hold at any price."""
        self.watch.enter(f"bounding the outline, gap {gap:.1%}")
        price = self._price(gap)
        relaxed = self.engine.relax(
            self._cost_at(price, self.engine),
            enough=0.0,
            rounds=rounds,
            slivers=rounds > FEW_ROUNDS,
            seconds=max(0.4 * self.watch.left_s, 5.0),
            on_round=lambda bound: self._certify_scaled(price, bound),
        )
        self._take_note(price, relaxed)
        self.rows = self.engine.found
        return relaxed

    def _take_note(self, price: float, relaxed: Outcome) -> None:
        if relaxed.ending is Ending.INFEASIBLE:
            self._certify(price, 0.0)
        elif relaxed.values is not None:
            self._certify_scaled(price, relaxed.bound)

    def _is_far(self, relaxed: Outcome) -> bool:
        """Whether a relaxation beats its price by so much that its branches will, too."""
        if relaxed.values is None:
            return False
        return -relaxed.bound > FAR * float(self.engine.heat @ relaxed.values)

    def _least_gap(self, relaxed: Outcome) -> float:
        """Return the gap that the relaxation alone proves."""
        assert self.state.best is not None
        assert relaxed.values is not None
        scale, values = self.engine.model.data.scale, relaxed.values
        heat = float(self.engine.heat @ values) * scale.heat_mwh
        euro = float(self.engine.capex @ values) * scale.cost_eur
        if euro > 0:
            self._ceiling(heat / euro * (1 + 1e-6))
        return relative_gap(self.state.best.value, self.state.bound)


def search_outline(
    case: Departures,
    watch: Watch,
    *,
    seconds: float,
    gap: float,
    solver: SolverChoice,
    best: Found[DeparturePlan],
    bound: float | None,
    guess: float,
    on_found: Callable[[Found[DeparturePlan]], bool],
    on_bound: Callable[[float, float | None], None],
    least_euro: float = 0.0,
) -> None:
    """Search the outline of a case for some time, and tell of better plans and tighter bounds.

    Parameters
    ----------
    case
        What can be built and what may happen.
    watch, seconds
        Clock of the whole search, and how much of its time this may take [s].
    gap, solver
        Relative gap at which to end [-], and what solves programs.
    best, bound
        The best plan known, and the bound known [kWh/EUR].
    guess
        Where a bound may be found, which says what to ask first [kWh/EUR].
    on_found, on_bound
        Called with a better plan; and with a bound [kWh/EUR] and its price [MWh/EUR].
    least_euro
        What every plan costs at least [EUR].
    """

    def heard(moment: Progress) -> None:
        if moment.phase != watch.phase:
            watch.enter(moment.phase)

    own = Watch(min(seconds, watch.left_s), watch.stop)
    # Where sources may be lost, plans whose sites stand alone are proven apart from the others.
    alone: tuple[bool | None, ...] = (False, True) if _lists_losses(case) else (None,)
    first = guess if bound is None else bound
    sides = [Side(joined, first, math.inf if bound is None else bound) for joined in alone]

    def heard_bound() -> None:
        worst = max(each.bound for each in sides)
        if math.isfinite(worst):
            on_bound(worst, None)

    for step in range(MOST_STEPS):
        # All sides once, then the one that bounds all: it has the time that is left.
        side = sides[step] if step < len(sides) else max(sides, key=lambda each: each.bound)
        seconds = own.left_s / max(len(sides) - step, 1)
        part = Watch(seconds, watch.stop, heard, phase="writing the outline")
        state = OutlineState(
            case, part, gap=gap, solver=solver, best=best, on_found=on_found, joined=side.joined
        )
        before = side.bound
        best = side.search(state, least_euro, heard_bound, improve=step < len(sides))
        worst = max(each.bound for each in sides)
        is_stuck = step >= len(sides) and side.bound >= before * (1 - LEAST_FALL)
        if own.is_over or is_stuck or relative_gap(best.value, worst) <= gap:
            return


def _lists_losses(case: Departures) -> bool:
    """Whether every zone is to stay supplied when any one of several sources is lost."""
    _, later = state_weights(case)
    lost = [
        lost_site(scenario, weighed=years > 0)
        for scenario, years in zip(case.scenarios, later, strict=True)
    ]
    return any(site is not None for site in lost)


@dataclass
class Side:
    """Some plans of a case: those with joined sites, with none, or all (None).

    ``known`` says about where their bound lies, ``bound`` is proven [kWh/EUR], ``rows`` were found.
    """

    joined: bool | None
    known: float
    bound: float
    rows: Rows | None = None

    def search(
        self,
        state: OutlineState,
        least_euro: float,
        heard: Callable[[], None],
        *,
        improve: bool,
    ) -> Found[DeparturePlan]:
        """Bring the bound closer to the best plan of all; return the best plan known then.

        ``heard`` is called when the bound falls.
        """
        assert isinstance(state.best, YearsCandidate)

        def keep(bound: float) -> None:
            if bound < self.bound:
                self.known = self.bound = bound
                heard()

        state.on_bound = keep
        if math.isfinite(self.bound):
            state.prove(self.bound)
        if state.is_over:
            return state.best.found
        engine = state.engine
        assert isinstance(engine, OutlineEngine)
        if self.rows is not None:
            engine.add_found(self.rows)
        search = OutlineSearch(state, least_euro)
        asked = STEP * relative_gap(state.best.value, self.known)
        search.prove(max(state.gap, min(asked, FIRST_GAP)), improve=improve)
        self.rows = search.rows
        assert isinstance(state.best, YearsCandidate)
        return state.best.found
