"""Hold the routing graph: where pipes may run, on real geometry."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from siting.region import Remark

__all__ = ["PipeNetwork"]


@dataclass(frozen=True)
class PipeNetwork:
    """A contracted routing graph.

    Parameters
    ----------
    nodes
        Indexed by node key (``n0``, ``n1``, ...): ``kind`` (``junction``, ``site`` or ``zone``),
        ``part`` (number of the connected part, 0 is the one with most street, -1 for a zone that
        no street reaches) and point ``geometry``.
    edges
        Indexed by edge key (``e0``, ``e1``, ...): ``u``, ``v`` (node keys), ``kind`` (``street``,
        ``service`` for a zone's connection, ``trunk`` for a site's connection), ``length_m``,
        ``cost_length_m`` (length weighted with the cost factor of what it is laid in), ``name``
        of the street and the full line ``geometry``. Where the layers have them there are also
        ``stated_cost_eur`` (cost at any size of pieces with a cost per metre of their own),
        ``crossings`` and ``crossing_cost_eur`` (of barriers), and the kind ``existing`` for heat
        pipes that lie there already, with their nominal diameter ``existing_dn`` and
        ``free_capacity_mw`` (NaN for all that the diameter carries). Service lines of customers of
        the existing network have no ``cost_length_m``: they stand already.
    site_nodes, zone_nodes
        Node key of each site id and of each zone id.
    remarks
        What was noded, joined, dropped or contracted.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    site_nodes: pd.Series
    zone_nodes: pd.Series
    remarks: tuple[Remark, ...] = ()
