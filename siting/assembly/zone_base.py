"""Find the customers of an existing network, and what base load its plants give each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.assembly.desk import Desk
from siting.errors import name_ids
from siting.standing_base import Line, base_shares_mw, left_above

__all__ = ["StandingBase"]

KIND = "existing_plants"
FAR_M = 500.0
"""A plant farther than this from all existing pipes is doubted [m]."""


class StandingBase:
    """Customers of the existing network, by network, and the base plants that feed it."""

    def __init__(self, desk: Desk, nodes: Mapping[str, str]) -> None:
        self.desk = desk
        self.network_of = _customer_networks(desk, nodes)
        self.output_mw = self._base_outputs()

    @property
    def customers(self) -> frozenset[str]:
        """Ids of the zones that existing pipes supply already."""
        return frozenset(self.network_of)

    def shares_mw(self, lines: Mapping[str, Line]) -> dict[str, float]:
        """Return the base load that each customer is given by existing plants [MW].

        Parameters
        ----------
        lines
            Broken line of (capacity [MW], heat below it [MWh/a]) of each customer with a demand.
        """
        found: dict[str, float] = {}
        covered = 0.0
        for network, output in self.output_mw.items():
            ids = [each for each in lines if self.network_of.get(each) == network]
            shares = base_shares_mw([lines[each] for each in ids], output)
            found |= dict(zip(ids, shares, strict=True))
            covered += math.fsum(
                left_above(lines[each], share)[0][-1][1]
                for each, share in zip(ids, shares, strict=True)
            )
        act, count = "are customers of the existing network, at no cost", len(self.network_of)
        words = (
            f"its base plants, {sum(self.output_mw.values()):,.4g} MW, cover {covered:,.0f} MWh/a"
        )
        self.desk.remark("zones", act, count, words if found else "no base plant feeds it")
        return found

    def _base_outputs(self) -> dict[int, float]:
        """Return the output of the base plants of each network with customers [MW]."""
        plants, flagged = self.desk.region.plants, _flagged(self.desk)
        if self.desk.region.existing is None:
            self._without_pipes(flagged)
            return {}
        if plants is None or plants.empty:
            return {}
        base = plants[plants["role"] == "base"]
        network, away_m = _nearest_network(self.desk, base)
        far = away_m > FAR_M
        if far.any():
            ids = list(base.index[far])
            self.desk.log.doubt(
                KIND,
                f"{name_ids(ids)} {_is(ids)} {away_m[far].min():,.0f} m or more from the existing"
                " pipes; the nearest network is taken for theirs.",
                "Complete the layer of existing pipes, or correct the place.",
                ids,
            )
        alone = ~np.isin(network, list(set(self.network_of.values())))
        if alone.any():
            ids = list(base.index[alone])
            self.desk.log.doubt(
                KIND,
                f"{name_ids(ids)} {'feeds' if len(ids) == 1 else 'feed'} no zone that is marked as"
                " existing_customer, so that no heat of theirs is counted as displaced.",
                "Mark the zones that the existing network supplies, in a column existing_customer.",
                ids,
            )
        outputs = pd.Series(base["output_mw"].to_numpy(dtype=float)).groupby(network).sum()
        self._doubt_full_pipes(outputs.sum())
        known = set(self.network_of.values())
        return {int(key): float(mw) for key, mw in outputs.items() if key in known}

    def _without_pipes(self, flagged: list[str]) -> None:
        """Speak of customers and plants of a network that is not given."""
        plants = self.desk.region.plants
        if plants is not None and len(plants):
            self.desk.log.fault(
                KIND,
                "plants of an existing network are given, but no [layers.existing_network].",
                "Give its pipes, or take [layers.existing_plants] out.",
            )
        if flagged:
            self.desk.log.doubt(
                "zones",
                f"{name_ids(flagged)} {_is(flagged)} marked as existing_customer, but there is no"
                " [layers.existing_network]. They are connected and paid for as any other zone.",
                "Give the pipes of the existing network, or take the column out.",
                flagged,
            )

    def _doubt_full_pipes(self, output_mw: float) -> None:
        """Doubt pipes that carry today's base load, too."""
        edges = self.desk.network.edges
        free = edges.get("free_capacity_mw", pd.Series(dtype=float))
        if output_mw > 0 and free[edges["kind"] == "existing"].isna().any():
            self.desk.log.doubt(
                "existing_network",
                f"pipes carry today's base load of {output_mw:,.4g} MW as well, but not all state"
                " free_capacity_mw: all that their diameter carries is taken for free.",
                "Give free_capacity_mw [MW] where pipes run near their limit.",
            )


def _flagged(desk: Desk) -> list[str]:
    """Return the ids of the zones that the layer marks as customers."""
    frame = desk.region.zones.frame
    if "existing_customer" not in frame:
        return []
    return [str(each) for each in frame.index[frame["existing_customer"].to_numpy(dtype=bool)]]


def _customer_networks(desk: Desk, nodes: Mapping[str, str]) -> dict[str, int]:
    """Return the number of the existing network on which each customer hangs."""
    flagged = [each for each in _flagged(desk) if each in nodes]
    if desk.region.existing is None or not flagged:
        return {}
    label = _labels(desk)
    edges = desk.network.edges
    pipes = set(label[edges.loc[edges["kind"] == "existing", "u"]])
    found = {each: int(label[nodes[each]]) for each in flagged}
    return {each: network for each, network in found.items() if network in pipes}


def _labels(desk: Desk) -> pd.Series:
    """Return for each node the number of its network of existing pipes and service lines."""
    edges, names = desk.network.edges, desk.network.nodes.index
    stands = (edges["kind"] == "existing") | (
        (edges["kind"] == "service") & (edges["cost_length_m"] == 0)
    )
    ends = [names.get_indexer(edges.loc[stands, end]) for end in ("u", "v")]
    graph = coo_array((np.ones(len(ends[0])), tuple(ends)), shape=(len(names),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1], index=names)


def _nearest_network(desk: Desk, plants: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of the nearest existing network of each plant, and its distance [m]."""
    edges = desk.network.edges[desk.network.edges["kind"] == "existing"]
    if edges.empty or plants.empty:
        return np.full(len(plants), -1), np.zeros(len(plants))
    tree = shapely.STRtree(edges.geometry.to_numpy())
    (plant, pipe), away = tree.query_nearest(
        plants.geometry.to_numpy(), return_distance=True, all_matches=False
    )
    order = np.argsort(plant, kind="stable")
    return _labels(desk)[edges["u"].iloc[pipe[order]]].to_numpy(), away[order]


def _is(ids: list[str]) -> str:
    """Return the verb for one or several."""
    return "is" if len(ids) == 1 else "are"
