"""Let sites compete for the same heat: which site feeds which town, with a proof."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass
from threading import Event

import numpy as np

from siting.config.question import SolverConfig
from siting.config.screening import ScreenConfig
from siting.errors import NoPlanError
from siting.model.assignment import Assignment, Pair, Town, build_assignment
from siting.screening.greedy import greedy_start
from siting.screening.pairs import Pairs
from siting.screening.places import CURVE_X, Places
from siting.solvers.compiled import compile_model
from siting.solvers.outcome import Ending
from siting.solvers.registry import mip_solver
from siting.solvers.settings import MipSettings
from siting.units import FloatArray

__all__ = ["Chosen", "Competition", "compete"]

MWH_PER_GWH, EUR_PER_MEUR = 1e3, 1e6
YES = 0.5


@dataclass(frozen=True)
class Chosen:
    """A site that feeds a town in the best assignment.

    ``pair`` is its row in `Pairs`, ``fed_mw`` its output [MW], ``heat_mwh`` its part of the heat
    delivered [MWh/a]; ``trunk_eur`` and ``plant_eur`` are its own investment [EUR].
    """

    pair: int
    site: int
    town: int
    fed_mw: float
    heat_mwh: float
    trunk_eur: float
    plant_eur: float


@dataclass(frozen=True)
class Competition:
    """The best assignment that was found, and how good it is proven to be.

    Parameters
    ----------
    chosen
        Sites in use.
    town_share, town_heat_mwh, town_eur
        By position of the town: share connected [-], heat [MWh/a], investment inside [EUR].
    surplus_gwh, bound_gwh
        Heat less price times investment: of the assignment, and what none can beat [GWh/a].
    gap
        Relative distance of the two [-].
    seconds, pairs
        Wall time of the search [s]; pairs that were worth a look.
    """

    chosen: tuple[Chosen, ...]
    town_share: dict[int, float]
    town_heat_mwh: dict[int, float]
    town_eur: dict[int, float]
    surplus_gwh: float
    bound_gwh: float
    gap: float
    seconds: float
    pairs: int

    @property
    def heat_mwh(self) -> float:
        """Heat delivered [MWh/a]."""
        return math.fsum(self.town_heat_mwh.values())

    @property
    def capex_eur(self) -> float:
        """Investment [EUR]."""
        own = [each.trunk_eur + each.plant_eur for each in self.chosen]
        return math.fsum([*own, *self.town_eur.values()])

    @property
    def heat_per_euro_kwh(self) -> float:
        """Heat per euro of all of it [kWh/(a EUR)]."""
        return 1e3 * self.heat_mwh / self.capex_eur if self.capex_eur > 0 else 0.0


def compete(
    places: Places,
    pairs: Pairs,
    screen: ScreenConfig,
    solver: SolverConfig,
    stop: Event | None = None,
) -> Competition:
    """Return which site feeds which town, so that most heat is delivered that is worth its price.

    Raises
    ------
    NoPlanError
        The solver found nothing in time.

    Notes
    -----
    Pairs that bring less than the least heat per euro by themselves are left out, which loses
    nothing: what a site adds to a town that others feed is never more than what it brings alone.
    The trunk of each pair has the size of its best design by itself.
    """
    start = time.perf_counter()
    rows = np.flatnonzero(pairs.heat_per_euro_kwh > screen.least_heat_per_euro_kwh).tolist()
    if not rows:
        return Competition((), {}, {}, {}, 0.0, 0.0, 0.0, time.perf_counter() - start, 0)
    data = _data(places, pairs, screen, rows)
    model = build_assignment(data)
    compiled = compile_model(model.program, model.variables)
    cost = compiled.vector(model.loss)
    settings = MipSettings(
        time_limit_s=solver.time_limit_s,
        gap_relative=solver.gap,
        threads=solver.threads or 0,
        seed=solver.seed,
        start=greedy_start(data, model, compiled),
        stop=stop,
    )
    outcome = mip_solver(solver.name, model.program, compiled).solve(cost, settings)
    if outcome.values is None or outcome.ending is Ending.INFEASIBLE:
        raise NoPlanError(
            f"No assignment was found in {outcome.seconds:,.0f} s. Raise time_limit_s under"
            " [solver], or weigh fewer pairs with nearest_towns under [screen]."
        )
    values = {name: float(v) for name, v in zip(compiled.names, outcome.values, strict=True)}
    return _read(places, pairs, data, rows, values, outcome.bound, time.perf_counter() - start)


def _data(places: Places, pairs: Pairs, screen: ScreenConfig, rows: list[int]) -> Assignment:
    curve = [
        tuple(zip(CURVE_X.tolist(), each.curve.tolist(), strict=True)) for each in places.towns
    ]
    towns = tuple(
        Town(t.peak_mw, t.heat_mwh / MWH_PER_GWH, t.cost_eur / EUR_PER_MEUR, line)
        for t, line in zip(places.towns, curve, strict=True)
    )
    groups: dict[str, list[int]] = defaultdict(list)
    for k, site in enumerate(places.sites):
        if site.group is not None:
            groups[site.group].append(k)
    return Assignment(
        towns=towns,
        pairs=tuple(_pair(places, pairs, row) for row in rows),
        price=screen.least_heat_per_euro_kwh,
        budget_meur=None if screen.budget_eur is None else screen.budget_eur / EUR_PER_MEUR,
        groups=tuple(tuple(each) for each in groups.values() if len(each) > 1),
    )


def _pair(places: Places, pairs: Pairs, row: int) -> Pair:
    site, town = int(pairs.site[row]), int(pairs.town[row])
    option = places.sites[site].choices[int(pairs.option[row])]
    carried = float(places.catalogue.capacity_mw[pairs.size[row]])
    loss = float(pairs.loss_mw[row])
    most = min(carried, places.towns[town].peak_mw + loss)
    if option.capacity_mw is not None:
        most = min(most, option.capacity_mw)
    return Pair(
        site=site,
        town=town,
        most_mw=most,
        loss_mw=loss,
        fixed_meur=(float(pairs.trunk_eur[row]) + option.cost_eur) / EUR_PER_MEUR,
        per_mw_meur=option.cost_per_mw_eur / EUR_PER_MEUR,
    )


def _read(
    places: Places,
    pairs: Pairs,
    data: Assignment,
    rows: list[int],
    values: dict[str, float],
    bound: float,
    seconds: float,
) -> Competition:
    """Return the assignment that solver values stand for, with figures of its own arithmetic."""
    used = [k for k in range(len(rows)) if values[f"used_{k}"] > YES]
    fed = {k: max(values[f"given_{k}"], 0.0) + data.pairs[k].loss_mw for k in used}
    arriving: dict[int, float] = defaultdict(float)
    for k in used:
        arriving[data.pairs[k].town] += fed[k] - data.pairs[k].loss_mw
    share, heat, inside = {}, {}, {}
    for t, base in arriving.items():
        town = places.towns[t]
        share[t] = min(max(values[f"connected_{t}"], base / town.peak_mw), 1.0)
        heat[t] = _town_heat(town.curve, town.heat_mwh, town.peak_mw, base, share[t])
        inside[t] = town.cost_eur * share[t]
    chosen = []
    for k in used:
        pair, row = data.pairs[k], rows[k]
        useful = fed[k] - pair.loss_mw
        part = useful / arriving[pair.town] if arriving[pair.town] > 0 else 0.0
        trunk = float(pairs.trunk_eur[row])
        plant = (pair.fixed_meur + pair.per_mw_meur * fed[k]) * EUR_PER_MEUR - trunk
        chosen.append(
            Chosen(row, pair.site, pair.town, fed[k], part * heat[pair.town], trunk, plant)
        )
    found = Competition(tuple(chosen), share, heat, inside, 0.0, 0.0, 0.0, seconds, len(rows))
    surplus = found.heat_mwh / MWH_PER_GWH - data.price * found.capex_eur / EUR_PER_MEUR
    top = max(-bound, surplus)
    gap = (top - surplus) / abs(surplus) if surplus else (0.0 if top <= 0 else math.inf)
    return Competition(tuple(chosen), share, heat, inside, surplus, top, gap, seconds, len(rows))


def _town_heat(
    curve: FloatArray, heat_mwh: float, peak_mw: float, base_mw: float, share: float
) -> float:
    """Return the heat of a year that a base capacity gives to a share of a town [MWh/a]."""
    if share <= 0:
        return 0.0
    return float(heat_mwh * share * np.interp(base_mw / (peak_mw * share), CURVE_X, curve))
