"""Say what it takes that sites help each other: ways between them, or plants that stand ready.

Where every zone must stay supplied when any one source is lost, somebody in the same network has to
step in: replacement that stands ready there, or the reserve of another site. Two sites are *bound*
when pipes, in use or spare, join them. A bowl for all networks together would let one plant stand
by for sites that nothing joins; the rows here do not. FUTURE.md, *Bonds*, has the proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from siting.future.design import Design
from siting.future.types import Departures, Scenario
from siting.model.constraints import Terms, linear
from siting.problem import Edge
from siting.solvers.compiled import CompiledModel, Rows
from siting.solvers.outcome import FloatArray

__all__ = ["BondFinder", "Bonds", "decide_joined", "least_cost_eur", "lost_site", "write_bonds"]

WHOLE, CREEP = 1_000_000, 1
LEAST_VIOLATION = 0.02
NESTED = 3
Pair = tuple[int, int]
IntArray = NDArray[np.int64]


@dataclass
class Bonds:
    """Decisions about who steps in for whom; sites by their position in the part.

    ``joined`` by pair: pipes join two sites. ``ready`` by site: replacement that stands ready in
    its network and is told as its own. ``help`` by (helper, lost site). ``laid`` by id of an edge
    of the whole case: a pipe is laid there that is not in use now. ``at`` is the node of a site,
    ``saved`` what pipes lose now, or some of it.
    """

    joined: dict[Pair, pulp.LpVariable] = field(default_factory=dict)
    ready: dict[int, pulp.LpVariable] = field(default_factory=dict)
    help: dict[Pair, pulp.LpVariable] = field(default_factory=dict)
    laid: dict[str, pulp.LpVariable] = field(default_factory=dict)
    at: dict[int, str] = field(default_factory=dict)
    saved: pulp.LpVariable | None = None

    def cost_terms(self, edges: Iterable[Edge], unit_eur: float) -> Terms:
        """Return what pipes cost that are laid to join sites, scaled: each of the least size."""
        return [
            (self.laid[edge.id], least_cost_eur(edge) / unit_eur)
            for edge in edges
            if edge.id in self.laid
        ]


def lost_site(scenario: Scenario, *, weighed: bool) -> str | None:
    """Return the one site that a scenario takes, where all it asks is that all zones are kept."""
    changed = [site for site, factor in scenario.output.items() if factor < 1]
    plain = scenario.kept >= 1 and scenario.sudden and not scenario.grows and not weighed
    return changed[0] if plain and len(changed) == 1 else None


def write_bonds(
    model: pulp.LpProblem,
    design: Design,
    whole: Departures,
    lost: dict[str, float],
    changing: Collection[str],
) -> Bonds:
    """Add who steps in for whom to the outline of a part of a case.

    Parameters
    ----------
    model, design
        The outline.
    whole
        The whole case: pipes may join sites anywhere, also where none is of use now.
    lost
        What each site that may be lost still gives then, over what is installed [-].
    changing
        Sites whose bonds matter for other reasons.
    """
    problem = design.data.problem
    sites = [s for s, site in enumerate(problem.sites) if not site.forbidden]
    asked = {s for s in sites if problem.sites[s].id in {*lost, *changing}}
    bonds = Bonds()
    _variable_bonds(
        model,
        design,
        bonds,
        whole,
        [(i, j) for i in sites for j in sites if i < j and {i, j} & asked],
    )
    constraint_bond_saved(model, design, bonds)
    for (i, j), joined in bonds.joined.items():
        for s in (i, j):
            opened = [(design.v.open[k], -1.0) for k in _options(design, s)]
            model += linear([(joined, 1.0), *opened]) <= 0, f"bond_s{i}_s{j}_open_s{s}"
    if lost:
        _variable_help(model, bonds, sites)
        constraint_bond_ready(model, design, bonds)
    for k in sites:
        if problem.sites[k].id in lost:
            constraint_bond_help(model, design, bonds, k, lost[problem.sites[k].id])
    return bonds


def _variable_bonds(
    model: pulp.LpProblem, design: Design, bonds: Bonds, whole: Departures, pairs: list[Pair]
) -> None:
    """Add joined pairs of sites, and pipes that are laid to join them."""
    for i, j in pairs:
        bonds.joined[i, j] = model.add_variable(f"bond_s{i}_s{j}", 0, 1, cat="Binary")
        for s in (i, j):
            bonds.at[s] = design.data.problem.sites[s].node
    bonds.saved = model.add_variable("bond_saved", 0)
    if whole.spare_pipes and pairs:
        for e, edge in enumerate(whole.problem.edges):
            if not edge.forbidden and edge.u != edge.v:
                bonds.laid[edge.id] = model.add_variable(f"bond_laid_e{e}", 0, 1)


def _variable_help(model: pulp.LpProblem, bonds: Bonds, sites: list[int]) -> None:
    """Add plants that stand ready, and who helps whom."""
    for i in sites:
        bonds.ready[i] = model.add_variable(f"bond_ready_s{i}", 0)
    for i, j in bonds.joined:
        for pair in ((i, j), (j, i)):
            bonds.help[pair] = model.add_variable(f"bond_help_s{pair[0]}_s{pair[1]}", 0)


def decide_joined(model: pulp.LpProblem, bonds: Bonds, *, some: bool) -> None:
    """Say whether some sites are joined, or none: one of the two holds for every plan."""
    if some:
        model += linear([(x, 1.0) for x in bonds.joined.values()]) >= 1, "bond_some"
        return
    for x in bonds.joined.values():
        x.upBound = 0


def _options(design: Design, site: int) -> list[int]:
    return [k for k, each in enumerate(design.data.options) if each.site == site]


def _joined(bonds: Bonds, i: int, j: int) -> pulp.LpVariable:
    return bonds.joined[min(i, j), max(i, j)]


def constraint_bond_ready(model: pulp.LpProblem, design: Design, bonds: Bonds) -> None:
    """Pay for what stands ready in all networks."""
    terms = [(x, 1.0) for x in bonds.ready.values()]
    paid = [(x, -1.0) for x in design.standby.values()]
    model += linear([*terms, *paid]) <= 0, "bond_ready"


def constraint_bond_saved(model: pulp.LpProblem, design: Design, bonds: Bonds) -> None:
    """Save at most all that pipes lose now when some are shut."""
    assert bonds.saved is not None
    data, unit = design.data, design.power_mw
    terms: Terms = [(bonds.saved, 1.0)]
    for (a, p), x in design.v.pipe.items():
        terms.append((x, -data.arcs[a].pieces[p].loss_mw / unit))
    for (a, _), x in design.v.flow.items():
        share = data.arcs[a].pieces[0].loss_per_mw
        if share:
            terms.append((x, -share))
    model += linear(terms) <= 0, "bond_saved"


def constraint_bond_help(
    model: pulp.LpProblem, design: Design, bonds: Bonds, k: int, left: float
) -> None:
    """Take what a lost site gave from what stands ready with it, or from sites joined to it."""
    assert bonds.saved is not None
    options = _options(design, k)
    most = max((design.data.options[o].capacity_mw for o in options), default=0.0)
    most *= (1 - left) / design.power_mw
    gave: Terms = [(design.v.installed[o], -(1 - left)) for o in options]
    gave += [(design.reserve[o], left) for o in options]
    for (j, lost), given in bonds.help.items():
        if lost != k:
            continue
        gave.append((given, 1.0))
        reach = linear([(given, 1.0), (_joined(bonds, j, k), -most)])
        model += reach <= 0, f"bond_reach_s{j}_s{k}"
        has = [(design.reserve[o], -1.0) for o in _options(design, j)]
        row = linear([(given, 1.0), (bonds.ready[j], -1.0), *has])
        model += row <= 0, f"bond_has_s{j}_s{k}"
    total = linear([*gave, (bonds.ready[k], 1.0), (bonds.saved, 1.0)])
    model += total >= 0, f"bond_help_s{k}"


def least_cost_eur(edge: Edge) -> float:
    """Return what the cheapest pipe in an edge costs, whatever it carries [EUR]."""
    return min((size.cost_eur for size in edge.sizes), default=edge.cost_eur)


class BondFinder:
    """Finds sites that a (fractional) plan calls joined though too little lies between them.

    For any set of nodes with one of two joined sites in it and not the other, at least one pipe,
    in use or spare, leads out of the set.
    """

    def __init__(
        self, design: Design, bonds: Bonds, whole: Departures, compiled: CompiledModel
    ) -> None:
        self.compiled, self.bonds = compiled, bonds
        node_of = {name: n for n, name in enumerate(whole.problem.nodes)}
        self.size = len(node_of)
        self.at = {s: node_of[node] for s, node in bonds.at.items()}
        built: dict[str, list[int]] = {}
        for (a, _), x in design.v.pipe.items():
            edge = design.data.problem.edges[design.data.arcs[a].edge].id
            built.setdefault(edge, []).append(compiled.index(x))
        for edge, x in bonds.laid.items():
            built.setdefault(edge, []).append(compiled.index(x))
        edges = [edge for edge in whole.problem.edges if edge.id in built]
        self.u = np.array([node_of[edge.u] for edge in edges], dtype=np.int64)
        self.v = np.array([node_of[edge.v] for edge in edges], dtype=np.int64)
        self.columns = [np.array(built[edge.id], dtype=np.int64) for edge in edges]
        starts = np.cumsum([0, *(len(each) for each in self.columns[:-1])])
        self.starts = starts.astype(np.int64)
        self.flat = np.concatenate(self.columns) if edges else np.zeros(0, np.int64)
        self.known: set[tuple[Pair, bytes]] = set()

    def find(self, values: FloatArray) -> Rows | None:
        """Return violated rows, or None."""
        if not len(self.flat):
            return None
        built = np.add.reduceat(values[self.flat], self.starts)
        found: list[tuple[Pair, IntArray]] = []
        for pair, x in self.bonds.joined.items():
            share = float(values[self.compiled.index(x)])
            if share > LEAST_VIOLATION and self.at[pair[0]] != self.at[pair[1]]:
                found += self._cuts(pair, share, built)
        return self._rows(found) if found else None

    def _cuts(self, pair: Pair, share: float, built: FloatArray) -> list[tuple[Pair, IntArray]]:
        """Return nested cuts between two sites: each avoids the edges of those before."""
        whole = np.minimum(np.rint(built * WHOLE), WHOLE).astype(np.int32) + CREEP
        found: list[tuple[Pair, IntArray]] = []
        for _ in range(NESTED):
            crossing = self._least_cut(self.at[pair[0]], self.at[pair[1]], whole)
            if built[crossing].sum() >= share - LEAST_VIOLATION:
                break
            if (key := (pair, crossing.tobytes())) not in self.known:
                self.known.add(key)
                found.append((pair, crossing))
            whole = whole.copy()
            whole[crossing] = WHOLE
        return found

    def _least_cut(self, start: int, end: int, whole: NDArray[np.int32]) -> IntArray:
        """Return the edges of a least cut between two nodes."""
        both = np.concatenate([self.u, self.v]), np.concatenate([self.v, self.u])
        graph = sparse.csr_array(
            (np.concatenate([whole, whole]), both), shape=(self.size, self.size)
        )
        graph.sum_duplicates()
        graph = sparse.csr_matrix(graph)
        result = csgraph.maximum_flow(graph, start, end)
        left = (graph - result.flow).tocsr()
        left.eliminate_zeros()
        reached = csgraph.breadth_first_order(left, start, return_predecessors=False)
        near = np.zeros(self.size, dtype=bool)
        near[reached] = True
        return np.flatnonzero(near[self.u] != near[self.v]).astype(np.int64)

    def _rows(self, found: list[tuple[Pair, IntArray]]) -> Rows:
        columns: list[int] = []
        factors: list[float] = []
        starts = [0]
        for pair, crossing in found:
            for e in crossing:
                columns += self.columns[e].tolist()
                factors += [1.0] * len(self.columns[e])
            columns.append(self.compiled.index(self.bonds.joined[pair]))
            factors.append(-1.0)
            starts.append(len(columns))
        matrix = sparse.csr_array(
            (np.array(factors), np.array(columns, dtype=np.int32), np.array(starts)),
            shape=(len(found), len(self.compiled.names)),
        )
        return Rows(matrix, np.zeros(len(found)), np.full(len(found), np.inf))
