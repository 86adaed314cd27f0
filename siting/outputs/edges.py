"""Write the pipes of a plan as a plain edge list, for hydraulic tools."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from siting.plan import Plan

__all__ = ["EDGE_COLUMNS", "PipeData", "edge_list", "heat_transfer_w_per_m_k", "write_edges"]

EDGE_COLUMNS = (
    "pipe", "from", "to", "length_m", "nominal_diameter", "inner_diameter_mm", "roughness_mm",
    "u_w_per_m_k", "flow_mw", "flow_kg_per_s",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PipeData:
    """What an edge list needs to know of the network.

    Parameters
    ----------
    inner_diameter_mm
        Inner diameter of each size [mm].
    roughness_mm
        Roughness of the pipe wall [mm].
    supply_temperature_c, return_temperature_c, ground_temperature_c
        Temperatures of the network and of the ground [°C].
    mw_per_kg_s
        Heat that one kilogram of water per second carries [MW/(kg/s)].
    """

    inner_diameter_mm: Mapping[str, float]
    roughness_mm: float
    supply_temperature_c: float
    return_temperature_c: float
    ground_temperature_c: float
    mw_per_kg_s: float

    @property
    def mean_excess_k(self) -> float:
        """Mean of supply and return temperature above the ground [K]."""
        mean_c = (self.supply_temperature_c + self.return_temperature_c) / 2
        return mean_c - self.ground_temperature_c


def heat_transfer_w_per_m_k(loss_w: float, length_m: float, mean_excess_k: float) -> float:
    """Return the heat transfer of one pipe of a pair, per metre [W/(m K)].

    Parameters
    ----------
    loss_w
        Heat lost by supply and return together [W].
    length_m
        Length of trench [m].
    mean_excess_k
        Mean of supply and return temperature above the ground [K].

    Examples
    --------
    >>> heat_transfer_w_per_m_k(34.9, 1.0, 57.0)
    0.306140350877193
    """
    if length_m <= 0 or mean_excess_k <= 0:
        return math.nan
    return loss_w / (2 * length_m * mean_excess_k)


def edge_list(plan: Plan, data: PipeData) -> pd.DataFrame:
    """Return one row for each pipe, in the direction of flow; units stand in the column names.

    ``u_w_per_m_k`` is the heat transfer of one pipe to the ground, so that supply and return
    together lose what the plan counts; of twin pipes half of what both lose in their casing.
    ``flow_mw`` is the heat at full base load. Pipes without a size have no diameter.
    """
    rows = [
        (
            pipe.edge,
            pipe.from_node,
            pipe.to_node,
            pipe.length_m,
            pipe.size or "",
            data.inner_diameter_mm.get(pipe.size or "", math.nan),
            data.roughness_mm,
            heat_transfer_w_per_m_k(pipe.loss_mw * 1e6, pipe.length_m, data.mean_excess_k),
            pipe.flow_mw,
            pipe.flow_mw / data.mw_per_kg_s,
        )
        for pipe in plan.pipes
    ]
    return pd.DataFrame(rows, columns=list(EDGE_COLUMNS))


def write_edges(plan: Plan, data: PipeData, path: str | Path) -> Path:
    """Write the edge list as a CSV file, see `edge_list`."""
    path = Path(path)
    edge_list(plan, data).to_csv(path, index=False, float_format="%.8g", lineterminator="\n")
    return path
