"""Build the program of a network that grows in periods: a base model for each, and what links them.

The functions named ``constraint_...`` are the inequalities of FUTURE.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pulp

from siting.future.named import Named
from siting.future.types import Phases
from siting.future.weights import discount_factor, discounted_years, ramp_share
from siting.model import Model, build_model
from siting.model.constraints import Terms, linear
from siting.model.data import flow_limit
from siting.model.pieces import Piece, edge_pieces
from siting.problem import Edge, Limits, Problem, Site, Zone
from siting.solvers.compiled import CompiledModel, compile_model
from siting.solvers.outcome import FloatArray

__all__ = ["WrittenPhases", "period_problem", "write_phases"]

Key = tuple[int, int, int]


@dataclass
class WrittenPhases:
    """The program of a case with phases.

    ``lay`` by period, edge and piece: the pipe is laid at the beginning of the period. ``wide`` by
    period and edge: flow that a linear pipe is sized for so far. ``plant`` by period, site and
    option: output installed so far.
    """

    case: Phases
    program: pulp.LpProblem
    models: tuple[Model, ...]
    pieces: dict[int, tuple[Piece, ...]]
    lay: dict[Key, pulp.LpVariable] = field(default_factory=dict)
    wide: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    plant: dict[tuple[int, str, str], pulp.LpVariable] = field(default_factory=dict)
    compiled: CompiledModel = field(init=False)
    heat_mwh: FloatArray = field(init=False)
    euro: FloatArray = field(init=False)

    @property
    def periods(self) -> range:
        """Positions of the periods."""
        return range(len(self.models))

    def option_at(self, t: int) -> dict[tuple[str, str], int]:
        """Return the position of each option in the base model of a period."""
        data = self.models[t].data
        return {
            (data.problem.sites[each.site].id, each.option.id): k
            for k, each in enumerate(data.options)
        }

    def share(self, built: int, t: int) -> float:
        """Return how much of a zone connected in one period is there in another [-]."""
        starts, period = self.case.starts, self.case.periods[t]
        end = starts[t] + period.years_a
        return ramp_share(self.case.ramp, self.case.discount_rate, starts[built], starts[t], end)

    def grown(self, z: int, t: int) -> Terms:
        """Return the share of a zone's demand that is there in a period, as terms."""
        terms: Terms = []
        for built in range(t + 1):
            share = self.share(built, t)
            terms += [(x, share * f) for x, f in self.new_zone(z, built)]
        return terms

    def new_zone(self, z: int, t: int) -> Terms:
        """Return whether a zone is connected at the beginning of a period, as terms."""
        terms: Terms = []
        if z in self.models[t].variables.connect:
            terms.append((self.models[t].variables.connect[z], 1.0))
        if t and z in self.models[t - 1].variables.connect:
            terms.append((self.models[t - 1].variables.connect[z], -1.0))
        return terms


def period_problem(case: Phases, t: int) -> Problem:
    """Return the base problem of a period: what is not there yet is forbidden.

    Limits, and what is mandatory, hold for the last period; investment has rows of its own.
    """
    start, last = case.starts[t], t == len(case.periods) - 1
    problem, limits = case.problem, case.problem.limits

    def site(each: Site) -> Site:
        gone = each.forbidden or case.site_from_year.get(each.id, 0) > start
        return replace(each, forbidden=gone, mandatory=each.mandatory and last and not gone)

    def zone(each: Zone) -> Zone:
        gone = each.forbidden or case.zone_from_year.get(each.id, 0) > start
        return replace(each, forbidden=gone, mandatory=each.mandatory and last and not gone)

    def edge(each: Edge) -> Edge:
        gone = each.forbidden or case.edge_from_year.get(each.id, 0) > start
        return replace(each, forbidden=gone)

    own = Limits(max_sites=limits.max_sites)
    if last:
        own = replace(limits, budget_eur=None, min_heat_mwh=None)
    return replace(
        problem,
        sites=tuple(map(site, problem.sites)),
        zones=tuple(map(zone, problem.zones)),
        edges=tuple(map(edge, problem.edges)),
        limits=own,
    )


def write_phases(case: Phases) -> WrittenPhases:
    """Write the program of a case, one named piece after another."""
    program = pulp.LpProblem("siting_phases", pulp.LpMinimize)
    limit = flow_limit(case.problem)
    models = tuple(
        build_model(
            period_problem(case, t),
            source_rows=False,
            flow_limit_mw=limit,
            program=Named(program, f"t{t}"),
        )
        for t in range(len(case.periods))
    )
    pieces = {e: edge_pieces(edge, limit) for e, edge in enumerate(case.problem.edges)}
    written = WrittenPhases(case, program, models, pieces)
    variable_lay_and_plant(written)
    constraint_pipe_was_laid(written)
    constraint_pipe_wide_enough(written)
    constraint_plant_stays(written)
    constraint_built_stays(written)
    constraint_ramp(written)
    constraint_period_budget(written)
    constraint_period_heat(written)
    written.compiled = compile_model(program)
    scale = models[0].data.scale
    heat = linear(_heat_terms(written))
    euro = linear(_money_terms(written))
    written.heat_mwh = written.compiled.vector(heat) * scale.heat_mwh
    written.euro = written.compiled.vector(euro) * scale.cost_eur
    return written


def variable_lay_and_plant(w: WrittenPhases) -> None:
    """Add when pipes are laid, and what linear pipes and sites are sized for so far."""
    power = w.models[0].data.scale.power_mw
    for t in w.periods:
        used = {e for later in w.models[t:] for e in later.data.arcs_of_edge}
        for e in sorted(used):
            edge = w.case.problem.edges[e]
            if w.case.edge_from_year.get(edge.id, 0) > w.case.starts[t]:
                continue
            for p, piece in enumerate(w.pieces[e]):
                w.lay[t, e, p] = w.program.add_variable(f"lay_t{t}_e{e}_p{p}", 0, 1, cat="Binary")
                if piece.cost_per_mw_eur > 0:
                    most = piece.high_mw / power
                    w.wide[t, e] = w.program.add_variable(f"wide_t{t}_e{e}", 0, most)
        for (site, option), k in w.option_at(t).items():
            most = w.models[t].data.options[k].capacity_mw / power
            x = w.program.add_variable(f"plant_t{t}_o{k}", 0, most)
            w.plant[t, site, option] = x


def constraint_pipe_was_laid(w: WrittenPhases) -> None:
    """A pipe is in use only in a size that was laid by then; one pipe is laid at a time."""
    for t in w.periods:
        data, v = w.models[t].data, w.models[t].variables
        for e, arcs in data.arcs_of_edge.items():
            for p in range(len(w.pieces[e])):
                used: Terms = [(v.pipe[a, p], 1.0) for a in arcs]
                laid = [
                    (w.lay[earlier, e, p], -1.0)
                    for earlier in range(t + 1)
                    if (earlier, e, p) in w.lay
                ]
                w.program += linear([*used, *laid]) <= 0, f"pipe_was_laid_t{t}_e{e}_p{p}"
        for e in w.pieces:
            at_once = [(x, 1.0) for p in range(len(w.pieces[e])) if (x := w.lay.get((t, e, p)))]
            if len(at_once) > 1:
                w.program += linear(at_once) <= 1, f"one_pipe_laid_t{t}_e{e}"


def constraint_pipe_wide_enough(w: WrittenPhases) -> None:
    """A linear pipe is sized for the most that it carries so far."""
    for (t, e), wide in w.wide.items():
        data, v = w.models[t].data, w.models[t].variables
        sources = range(len(data.sources))
        flows = [(v.flow[a, c], 1.0) for a in data.arcs_of_edge.get(e, ()) for c in sources]
        w.program += linear([*flows, (wide, -1.0)]) <= 0, f"pipe_wide_enough_t{t}_e{e}"
        if (t - 1, e) in w.wide:
            row = linear([(w.wide[t - 1, e], 1.0), (wide, -1.0)])
            w.program += row <= 0, f"pipe_stays_wide_t{t}_e{e}"


def constraint_plant_stays(w: WrittenPhases) -> None:
    """A site gives at most what is installed so far, and what is installed stays."""
    for t in w.periods:
        data, v = w.models[t].data, w.models[t].variables
        for (site, option), k in w.option_at(t).items():
            plant = w.plant[t, site, option]
            row = linear([(v.installed[k], 1.0), (plant, -1.0)])
            w.program += row <= 0, f"plant_gives_t{t}_o{k}"
            most = data.options[k].capacity_mw / data.scale.power_mw
            row = linear([(plant, 1.0), (v.open[k], -most)])
            w.program += row <= 0, f"plant_within_option_t{t}_o{k}"
            before = w.plant.get((t - 1, site, option))
            if before is not None:
                row = linear([(before, 1.0), (plant, -1.0)])
                w.program += row <= 0, f"plant_stays_t{t}_o{k}"


def constraint_built_stays(w: WrittenPhases) -> None:
    """A site stays open with its option, a zone stays connected."""
    for t in w.periods[1:]:
        before, now = w.models[t - 1].variables, w.models[t].variables
        options = w.option_at(t)
        for key, k in w.option_at(t - 1).items():
            row = linear([(before.open[k], 1.0), (now.open[options[key]], -1.0)])
            w.program += row <= 0, f"site_stays_t{t}_o{k}"
        for z, connected in before.connect.items():
            row = linear([(connected, 1.0), (now.connect[z], -1.0)])
            w.program += row <= 0, f"zone_stays_t{t}_z{z}"


def constraint_ramp(w: WrittenPhases) -> None:
    """A zone draws and pays only for the customers that are connected so far."""
    if not w.case.ramp:
        return
    for t in w.periods:
        data, v = w.models[t].data, w.models[t].variables
        for z, base in v.base.items():
            zone = data.zone(z)
            power, energy = data.scale.power_mw, data.scale.heat_mwh
            peak, most = zone.peak_mw / power, zone.heat_mwh / energy
            grown = w.grown(z, t)
            row = linear([(base, 1.0), *((x, -peak * f) for x, f in grown)])
            w.program += row <= 0, f"ramp_base_t{t}_z{z}"
            for i, ((q0, h0), (q1, h1)) in enumerate(pairwise(zone.load_curve)):
                slope = (h1 - h0) / (q1 - q0)
                constant = most * (h0 - slope * q0)
                terms: Terms = [(v.heat[z], 1.0), (base, -most * slope / peak)]
                terms += [(x, -constant * f) for x, f in grown]
                w.program += linear(terms) <= 0, f"ramp_heat_t{t}_z{z}_{i}"


def constraint_period_budget(w: WrittenPhases) -> None:
    """What is invested at the beginning of a period, and in all, stays within the budgets."""
    unit = w.models[0].data.scale.cost_eur
    for t, period in enumerate(w.case.periods):
        if period.budget_eur is not None:
            row = linear(list(invested(w, t)))
            w.program += row <= period.budget_eur / unit, f"period_budget_t{t}"
    whole = w.case.problem.limits.budget_eur
    if whole is not None:
        row = linear([term for t in w.periods for term in invested(w, t)])
        w.program += row <= whole / unit, "whole_budget"


def constraint_period_heat(w: WrittenPhases) -> None:
    """In a year of a period at least the wanted heat is delivered."""
    unit = w.models[0].data.scale.heat_mwh
    for t, period in enumerate(w.case.periods):
        least = period.min_heat_mwh or 0.0
        if t == len(w.models) - 1:
            least = max(least, w.case.problem.limits.min_heat_mwh or 0.0)
        if least:
            w.program += linear(year_heat(w, t)) >= least / unit, f"period_heat_t{t}"


def year_heat(w: WrittenPhases, t: int) -> Terms:
    """Return the heat of a year of a period, scaled."""
    data, v = w.models[t].data, w.models[t].variables
    terms: Terms = [(x, 1.0) for x in v.heat.values()]
    for z in v.connect:
        if z not in v.heat:
            most = data.zone(z).heat_mwh / data.scale.heat_mwh
            terms += [(x, most * f) for x, f in w.grown(z, t)]
    return terms


def invested(w: WrittenPhases, t: int) -> Iterator[tuple[pulp.LpVariable, float]]:
    """Yield what is invested at the beginning of a period, scaled."""
    data, v, period = w.models[t].data, w.models[t].variables, w.case.periods[t]
    # What costs are scaled by depends on the options of a period: one unit must do for all.
    unit, power = w.models[0].data.scale.cost_eur, data.scale.power_mw
    before = w.option_at(t - 1) if t else {}
    for key, k in w.option_at(t).items():
        option = data.options[k].option
        yield v.open[k], option.cost_eur / unit
        yield w.plant[t, *key], option.cost_per_mw_eur * power / unit
        if key in before:
            yield w.models[t - 1].variables.open[before[key]], -option.cost_eur / unit
            yield w.plant[t - 1, *key], -option.cost_per_mw_eur * power / unit
    for z in v.connect:
        cost = data.zone(z).cost_eur / unit
        for x, factor in w.new_zone(z, t):
            yield x, cost * factor
    for (at, e, p), x in w.lay.items():
        if at == t:
            factor = period.edge_cost_factor.get(w.case.problem.edges[e].id, 1.0)
            yield x, w.pieces[e][p].cost_eur * factor / unit
    for (at, e), x in w.wide.items():
        factor = period.edge_cost_factor.get(w.case.problem.edges[e].id, 1.0)
        cost = w.pieces[e][0].cost_per_mw_eur * power / unit * factor
        if at == t:
            yield x, cost
            if (t - 1, e) in w.wide:
                yield w.wide[t - 1, e], -cost


def _heat_terms(w: WrittenPhases) -> Terms:
    """Return the discounted heat of all years, scaled."""
    starts, rate = w.case.starts, w.case.discount_rate
    terms: Terms = []
    for t, period in enumerate(w.case.periods):
        years = discounted_years(rate, starts[t], starts[t] + period.years_a)
        terms += [(x, years * f) for x, f in year_heat(w, t)]
    return terms


def _money_terms(w: WrittenPhases) -> Terms:
    """Return the discounted investment, scaled."""
    terms: Terms = []
    for t in w.periods:
        worth = discount_factor(w.case.discount_rate, w.case.starts[t])
        terms += [(x, worth * f) for x, f in invested(w, t)]
    return terms
