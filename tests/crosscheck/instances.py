"""Read published network instances and state them as siting problems.

Prize-collecting and plain Steiner trees become problems whose zones have no peak, so that only
reaching them counts. Fixed-charge flows become one-way pipes with a mandatory demand. The district
of topotherm becomes a net value with yearly figures.
"""

from __future__ import annotations

import ast
import lzma
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from siting.problem import Edge, Limits, Objective, Problem, Site, Zone

__all__ = [
    "Tree",
    "fixed_charge_flow",
    "prize_collecting",
    "published_optimum",
    "read_tree",
    "steiner_tree",
    "topotherm_district",
]


def _text(path: Path) -> str:
    return lzma.open(path, "rt", encoding="utf-8").read()


def published_optimum(folder: Path, file: str) -> float:
    """Return the optimum that the manifest of the instances gives."""
    manifest = pd.read_csv(folder / "MANIFEST.tsv", sep="\t").set_index("file")
    return float(manifest.loc[file, "optimum"])


@dataclass
class Tree:
    """A Steiner instance: edges with cost, prizes of nodes, and the root or the terminals."""

    edges: list[tuple[str, str, float]] = field(default_factory=list)
    prizes: dict[str, float] = field(default_factory=dict)
    terminals: list[str] = field(default_factory=list)
    root: str | None = None

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes, in order of appearance."""
        ends = [end for u, v, _ in self.edges for end in (u, v)]
        return tuple(dict.fromkeys([*ends, *self.prizes, *self.terminals]))


def read_tree(path: Path) -> Tree:
    """Read an instance in SteinLib's or PACE's format."""
    tree = Tree()
    for line in _text(path).splitlines():
        match line.split():
            case ["E", u, v, cost]:
                tree.edges.append((u, v, float(cost)))
            case ["TP", node, prize]:
                tree.prizes[node] = float(prize)
            case ["T", node]:
                tree.terminals.append(node)
            case ["RootP", node]:
                tree.root = node
    return tree


def _pipes(tree: Tree) -> tuple[Edge, ...]:
    return tuple(
        Edge(id=f"e{k}", u=u, v=v, cost_eur=cost) for k, (u, v, cost) in enumerate(tree.edges)
    )


def prize_collecting(tree: Tree) -> Problem:
    """State a prize-collecting Steiner tree: a prize is what connecting a zone is worth.

    With a root, the free site stands there. Without one, a free site stands at each terminal and
    one of them is opened: some best tree holds a terminal, if only that terminal by itself.
    """
    roots = [tree.root] if tree.root else list(tree.prizes)
    return Problem(
        nodes=tree.nodes,
        edges=_pipes(tree),
        sites=tuple(Site(id=f"site {node}", node=node) for node in roots),
        zones=tuple(
            Zone(id=f"prize {node}", node=node, heat_mwh=0.0, value_eur=prize)
            for node, prize in tree.prizes.items()
        ),
        objective=Objective("net_value"),
        limits=Limits(max_sites=1),
    )


def steiner_tree(tree: Tree) -> Problem:
    """State a Steiner tree: a free site at one terminal, all others mandatory, least capex."""
    root, *others = tree.terminals
    return Problem(
        nodes=tree.nodes,
        edges=_pipes(tree),
        sites=(Site(id="root", node=root),),
        zones=tuple(
            Zone(id=f"terminal {node}", node=node, heat_mwh=1.0, mandatory=True) for node in others
        ),
        objective=Objective("capex"),
    )


def fixed_charge_flow(path: Path) -> Problem:
    """State a fixed-charge network flow of FCNetLib.

    Supply equals demand there, so that sites with the supply as capacity all give the whole of it
    once every demand is mandatory. An arc with a negative fixed cost is free, as in the source.
    """
    tables = _gams_tables(_text(path))
    demand = {row[0]: float(row[1]) for row in tables["demand"]}
    rates = {tuple(row[:3]): float(row[3]) for row in tables["vcost"]}
    fixed = {tuple(row[:3]): float(row[3]) for row in tables["fcost"]}
    arcs = dict.fromkeys([*fixed, *rates])
    free = {arc for arc, cost in fixed.items() if cost < 0}
    return Problem(
        nodes=tuple(dict.fromkeys([end for u, v, _ in arcs for end in (u, v)])),
        edges=tuple(
            Edge(
                id="-".join(arc),
                u=arc[0],
                v=arc[1],
                cost_eur=0.0 if arc in free else fixed.get(arc, 0.0),
                cost_per_mw_eur=0.0 if arc in free else rates.get(arc, 0.0),
                one_way=True,
            )
            for arc in arcs
        ),
        sites=tuple(
            Site(id=f"supply {node}", node=node, capacity_mw=-need)
            for node, need in demand.items()
            if need < 0
        ),
        zones=tuple(
            Zone(id=f"demand {node}", node=node, heat_mwh=need, peak_mw=need, mandatory=True)
            for node, need in demand.items()
            if need > 0
        ),
        objective=Objective("capex"),
    )


def _gams_tables(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of each parameter of a GAMS include file."""
    tables: dict[str, list[list[str]]] = {}
    rows: list[list[str]] | None = None
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["Parameter"]:
            rows = tables.setdefault(words[1].split("(")[0], [])
        elif words[:1] == ["/;"]:
            rows = None
        elif rows is not None and words and not words[0].startswith("$"):
            rows.append(words)
    return tables


def _annuity(rate: float, years: float) -> float:
    return rate * (1 + rate) ** years / ((1 + rate) ** years - 1)


def _economics(path: Path) -> dict[str, Any]:
    """Return the block ``economics`` of topotherm's settings, whose values are plain figures."""
    block = path.read_text(encoding="utf-8").partition("economics:")[2]
    pairs = (line.partition("#")[0].partition(":") for line in block.splitlines() if ":" in line)
    return {name.strip(): ast.literal_eval(value.strip()) for name, _, value in pairs}


def topotherm_district(folder: Path) -> Problem:
    """State the district with two producers of topotherm, in EUR per year.

    Investment counts with the annuity of pipes; that of producers, which has another rate, is
    converted to it. Losses and running cost count in the full-load hours only. Demand is in W
    there, and a producer's price is the first of its list.
    """
    table = {each.stem: pd.read_parquet(each).to_numpy() for each in folder.glob("*.parquet")}
    line = pd.read_csv(folder / "regression.csv").iloc[0]
    money = _economics(folder / "config.yaml")
    annuity = _annuity(money["pipes_c_irr"], money["pipes_lifetime"])
    hours = float(table["flh_sources"][0, 0])
    edges = []
    for k, ends in enumerate(table["a_i"].T):
        length = float(table["l_i"][k, 0])
        edges.append(
            Edge(
                id=f"e{k}",
                u=f"n{int((ends == 1).argmax())}",
                v=f"n{int((ends == -1).argmax())}",
                cost_eur=line.capacity_b * length,
                cost_per_mw_eur=line.capacity_a * 1e3 * length,
                capacity_mw=line.power_flow_max_kW / 1e3,
                loss_mw=line.heat_loss_b * length / 1e3,
                loss_per_mw=line.heat_loss_a * length,
                length_m=length,
            )
        )
    sites = []
    for k, place in enumerate(table["a_p"].T):
        own = _annuity(money["source_c_irr"][k], money["source_lifetime"][k])
        sites.append(
            Site(
                id=f"producer {k}",
                node=f"n{int(abs(place).argmax())}",
                capacity_mw=money["source_max_power"][k] / 1e3,
                cost_per_mw_eur=money["source_c_inv"][k] * 1e3 * own / annuity,
                cost_per_mwh_eur=money["source_price"][k][0] * 1e3,
            )
        )
    zones = []
    for k, place in enumerate(table["a_c"].T):
        peak = float(table["q_c"][k, 0]) / 1e6
        zones.append(
            Zone(
                id=f"sink {k}",
                node=f"n{int(abs(place).argmax())}",
                peak_mw=peak,
                heat_mwh=peak * float(table["flh_sinks"][k, 0]),
            )
        )
    return Problem(
        name="topotherm, two producers",
        nodes=tuple(f"n{k}" for k in range(len(table["a_i"]))),
        edges=tuple(edges),
        sites=tuple(sites),
        zones=tuple(zones),
        objective=Objective("net_value", money["heat_price"] * 1e3, annuity),
        hours_per_a=hours,
    )
