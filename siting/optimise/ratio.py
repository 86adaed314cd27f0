"""Find the most heat per euro: Dinkelbach's method, with bounds certified at prices.

At a price ``l`` [MWh/a per EUR] let ``F(l)`` be the largest ``heat - l * capex`` of any plan. When
``F(l) <= 0``, no plan beats ``l``. When only ``F(l) <= u`` is known, no plan beats
``l + u / least capex``, nor ``l / (1 - u / least heat)`` if a least heat is required.
"""

from __future__ import annotations

import logging
import math

import numpy as np

from siting.optimise.construct import Tree
from siting.optimise.engine import Engine, MipCall
from siting.optimise.sitetree import SiteTree
from siting.optimise.state import SearchState
from siting.solvers.outcome import Ending, FloatArray, Outcome

__all__ = ["RatioSearch"]

LOG = logging.getLogger(__name__)

SHAKES = (0.0, 0.15, 0.3, 0.15, 0.3, 0.45)
PRICE_STEPS = 14
SMALL = 60


class RatioSearch:
    """Runs the stages of a search for ``heat_per_euro``."""

    def __init__(self, state: SearchState) -> None:
        self.state = state
        self.watch = state.watch
        self.engine = state.engine
        self.least_heat_mwh = state.problem.limits.min_heat_mwh or 0.0
        self.least_capex_eur = 0.0
        self.budgeted = state.problem.limits.budget_eur is not None

    def run(self) -> None:
        """Construct, bound, mix and prove until the gap is reached or time is up."""
        state = self.state
        if state.is_over:
            return
        self.watch.enter("constructing plans")
        self._construct(None)
        self.least_capex_eur = self._cheapest_start()
        if state.best is None or state.best.value <= 0:
            self.watch.enter("looking for a first plan")
            self._first_plan()
        while not state.is_over and state.best is not None and state.best.value > 0:
            if not math.isfinite(state.best.value):
                state.bound = state.best.value
                return
            if not self._round():
                return

    def improve(self) -> None:
        """Construct and mix plans until that no longer helps, without proving anything."""
        state = self.state
        self._construct(None)
        while not state.is_over and state.best is not None and 0 < state.best.value < math.inf:
            before = state.best.value
            relaxed = self._ceiling(self._asking_price())
            if state.is_over or relaxed is None or relaxed.values is None:
                return
            self._construct(relaxed.values)
            self._mix(relaxed)
            if state.best.value <= before * (1 + 1e-6):
                return

    # -- plans ----------------------------------------------------------------------------------

    def _construct(self, relaxed: FloatArray | None) -> None:
        """Build plans with the constructor at many prices."""
        surveyed = self.state.outside is not None and self.state.best is not self.state.empty
        if self.least_heat_mwh and surveyed:
            return  # a survey of several sites has built better ones
        favour = None if relaxed is None else self._favour(relaxed)
        shakes: tuple[float, ...] = SHAKES if relaxed is None else SHAKES[1:4]
        if len(self.engine.model.data.arcs) <= SMALL:
            shakes = SHAKES[:1]
        if self.least_heat_mwh or self.budgeted or self.state.problem.limits.min_sites:
            self._construct_portfolios(favour, shakes)
        else:
            self._construct_trees(favour, shakes)

    def _favour(self, relaxed: FloatArray) -> FloatArray:
        """Return how much cheaper each arc looks when a relaxation builds it."""
        share = self.engine.cuts.capacities(relaxed)[: len(self.engine.model.data.arcs)]
        return 1 - 0.9 * np.clip(share, 0.0, 1.0)

    def _construct_trees(self, favour: FloatArray | None, shakes: tuple[float, ...]) -> None:
        """Grow single trees, the price following the best ratio."""
        constructor = self.state.constructor
        for shake in shakes:
            for _ in range(8):
                value = self.state.best.value if self.state.best is not None else 0.0
                price = value / 1000 if math.isfinite(value) else 0.0
                for source in range(len(self.engine.model.data.sources)):
                    if self.watch.is_over:
                        return
                    constructor.grow(
                        source,
                        price,
                        favour=favour,
                        shake=shake,
                        accept=self._accept,
                    )
                if self.state.best is None or self.state.best.value <= value * (1 + 1e-9):
                    break

    def _accept(self, tree: Tree) -> None:
        self.state.offer_trees([tree])

    def _construct_portfolios(self, favour: FloatArray | None, shakes: tuple[float, ...]) -> None:
        """Build several sites at falling prices, then around the price that meets the limits."""
        state = self.state
        high = self._opening_price()
        for shake in shakes:
            low_price, high_price = 0.0, high
            for step in range(PRICE_STEPS):
                if self.watch.is_over:
                    return
                price = high_price * 0.75 if low_price == 0.0 else (low_price + high_price) / 2
                trees = state.constructor.portfolio(
                    price,
                    most_sites=state.problem.limits.max_sites,
                    favour=favour,
                    shake=shake,
                    stop=lambda: self.watch.is_over,
                )
                state.offer_trees(trees)
                heat = sum(self._heat(tree.zones) for tree in trees)
                enough = heat >= self.least_heat_mwh if self.least_heat_mwh else step > 8
                low_price, high_price = (price, high_price) if enough else (low_price, price)

    def _heat(self, zones: dict[int, float]) -> float:
        constructor = self.state.constructor
        base = np.zeros(len(constructor.zone_ids))
        place = {int(z): i for i, z in enumerate(constructor.zone_ids)}
        for z, granted in zones.items():
            base[place[z]] = granted
        served = base > 0
        return float(constructor.curves.heat_at(base)[served].sum())

    def _opening_price(self) -> float:
        """Return a price at which hardly any site pays, from the best single trees."""
        constructor = self.state.constructor
        best = 0.0
        for source in range(len(self.engine.model.data.sources)):
            tree = constructor.grow(source, 0.0)
            if tree is None:
                continue
            option = self.engine.model.data.options[tree.option]
            cost = option.option.cost_eur + option.option.cost_per_mw_eur * sum(tree.zones.values())
            if cost > 0:
                best = max(best, 2 * self._heat(tree.zones) / cost)
        return best or 1.0

    def _first_plan(self) -> None:
        """Find any plan with heat by integer programs, at prices that fall until one appears."""
        state = self.state
        self._ceiling(0.0)
        if state.infeasible:
            return
        ceiling = (state.bound or 0.0) / 1000
        price = ceiling / 2
        while not state.is_over and (state.best is None or state.best.value <= 0):
            outcome = self._solve_whole(price, stop_early=True)
            if outcome.ending is Ending.INFEASIBLE and outcome.values is None:
                state.infeasible = state.best is None
                return
            if state.best is not None and state.best.value > 0:
                return
            if price == 0:
                if outcome.ending is Ending.OPTIMAL and state.best is not None:
                    state.prove(0.0)
                return
            price = price / 8 if price > ceiling / 1000 else 0.0

    # -- bounds ---------------------------------------------------------------------------------

    def _cost_at(self, price: float, engine: Engine) -> FloatArray:
        """Return the scaled cost vector of ``price * capex - heat``."""
        scale = engine.model.data.scale
        return price * scale.cost_eur / scale.heat_mwh * engine.capex - engine.heat

    def _certify(self, price: float, most: float) -> None:
        """Record the ratio bound that follows from ``F(price) <= most`` [MWh/a]."""
        if not math.isfinite(most):
            return
        bounds = [price] if most <= 0 else []
        if most > 0 and self.least_capex_eur > 0:
            bounds.append(price + most / self.least_capex_eur)
        if 0 < most < self.least_heat_mwh:
            bounds.append(price / (1 - most / self.least_heat_mwh))
        if bounds:
            self.state.prove(min(bounds) * 1000, price)

    def _cheapest_start(self) -> float:
        """Return what any plan with heat costs at least: one site and one zone [EUR]."""
        data = self.engine.model.data
        sites = [each.option.cost_eur for each in data.options]
        zones = [data.zone(z).cost_eur for z in data.zones if data.zone(z).heat_mwh > 0]
        return min(sites, default=0.0) + min(zones, default=0.0)

    def _ceiling(self, price: float) -> Outcome | None:
        """Raise a price by Newton's method until the relaxation alone shows that nothing beats it.

        Returns the last relaxation that has values; ``state.price`` holds the price proven.
        """
        engine, scale = self.engine, self.state.scale
        last: Outcome | None = None
        for _ in range(12):
            relaxed = engine.relax(self._cost_at(price, engine), rounds=8, slivers=False)
            if relaxed.ending is Ending.INFEASIBLE:
                self.state.infeasible = self.state.best is None
            if relaxed.values is None:
                return last
            last = relaxed
            self._certify_scaled(price, relaxed.bound)
            heat = float(engine.heat @ relaxed.values) * scale.heat_mwh
            capex = float(engine.capex @ relaxed.values) * scale.cost_eur
            surplus = -relaxed.bound * scale.heat_mwh
            if surplus <= 1e-6 * max(heat, 1.0) or capex <= 0 or self.watch.is_over:
                return last
            price = max(price * (1 + 1e-9), heat / capex * (1 + 1e-6))
        return last

    # -- one round ------------------------------------------------------------------------------

    def _round(self) -> bool:
        """Bound at a price next to the best plan, improve it, then prove; say whether to go on."""
        state, engine = self.state, self.engine
        assert state.best is not None
        before, bound_before = state.best.value, state.bound
        self.watch.enter("bounding")
        relaxed = self._ceiling(self._asking_price())
        if state.is_over:
            return False
        if relaxed is None or relaxed.values is None:  # no relaxation in time: ask the solver
            self._solve_whole(self._asking_price(), stop_early=True)
            return state.best.value > before
        self.watch.enter("improving")
        self._construct(relaxed.values)
        self._mix(relaxed)
        if self._is_over():
            return False
        if state.best.value > before * (1 + 0.5 * state.gap):
            return True
        self.watch.enter("bounding at the price to prove")
        price = self._asking_price()
        cost = self._cost_at(price, engine)
        relaxed = engine.relax(
            cost,
            enough=0.0,
            rounds=20,
            seconds=max(0.25 * self.watch.left_s, 5.0),
            on_round=lambda bound: self._certify_scaled(price, bound),
        )
        # The price only rises from round to round, so that ranges found here stay true.
        relaxed = engine.tighten(cost, relaxed, max(0.15 * self.watch.left_s, 3.0))
        if relaxed.values is not None:
            self._certify_scaled(price, relaxed.bound)
        if relaxed.ending is Ending.INFEASIBLE:
            self._nothing_beats(price)
        if state.is_over or relaxed.values is None:
            return False
        self.watch.enter("proving")
        self._prove(price, relaxed)
        return state.best.value > before or state.bound != bound_before

    def _is_over(self) -> bool:
        return self.state.is_over

    def _asking_price(self) -> float:
        """Return the price that no plan must beat for the gap to be proven."""
        assert self.state.best is not None
        return self.state.best.value / 1000 * (1 + 0.98 * self.state.gap)

    def _certify_scaled(self, price: float, bound: float, engine: Engine | None = None) -> None:
        """Record what a bound on the scaled objective proves.

        A bound on a core counts as well: what was left out cannot beat the price.
        """
        if math.isfinite(bound):
            unit = (engine or self.engine).model.data.scale.heat_mwh
            surplus = -bound * unit
            self._certify(price, surplus if surplus > 1e-9 * unit else 0.0)

    def _nothing_beats(self, price: float) -> None:
        """Take note that a relaxation at a price holds nothing.

        Its rows hold for every plan that beats the price, so then none does; the best plan itself
        need not be in it. "Build nothing" always is, where limits allow it, as all rows found on
        the way say at least 0 of nothing: then it is the solver that errs.
        """
        if self.state.empty is None:
            self._certify(price, 0.0)
        else:
            LOG.warning("a relaxation holds not even the empty plan; nothing is proven by it")

    def _mix(self, relaxed: Outcome) -> None:
        """Improve the best plan on the parts of good plans and of the relaxation."""
        state = self.state
        assert state.best is not None
        if not math.isfinite(state.best.value):  # heat for nothing: none is better
            return
        price = state.best.value / 1000
        seconds = min(max(0.05 * self.watch.time_limit_s, 2.0), 0.3 * self.watch.left_s)
        state.mix(lambda engine: self._cost_at(price, engine), relaxed.values, seconds)

    def _prove(self, price: float, relaxed: Outcome) -> None:
        """Show that nothing beats the price, deciding on the sites first."""
        SiteTree(self.state, price, self._cost_at, self._certify).run(relaxed)

    def _solve_whole(self, price: float, *, stop_early: bool) -> Outcome:
        """Maximise ``heat - price * capex`` over the whole problem."""
        engine = self.engine
        cost = self._cost_at(price, engine)

        def improved(values: FloatArray) -> bool:
            better = self.state.offer_values(engine, values)
            best = self.state.best
            return stop_early and better and best is not None and best.value > 0

        start = np.zeros(len(engine.compiled.names)) if self.state.empty is not None else None
        call = MipCall(cost, start=start, on_values=improved)
        relaxed = engine.relax(cost, rounds=8, slivers=False)
        if relaxed.ending is Ending.INFEASIBLE:
            return relaxed
        outcome = engine.solve(call, rows=engine.tight_rows(relaxed.values))
        if outcome.values is not None:
            self.state.offer_values(engine, outcome.values)
        if math.isfinite(outcome.bound):
            self._certify_scaled(price, outcome.bound)
        return outcome
