"""Offer pipe sizes on every edge of the network, priced for its length and surface."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from siting.assembly.desk import OVERHEAD, Desk
from siting.pipes import PipeCatalogue, catalogue_for
from siting.problem import Edge, PipeSize, Site, Zone
from siting.units import mw_from_w

__all__ = ["assemble_edges", "full_catalogue"]

COMPONENT_OF_KIND = {"street": "pipes", "trunk": "pipes", "service": "service_lines"}


def full_catalogue(desk: Desk) -> PipeCatalogue:
    """Return all pipe sizes at the temperatures of the network."""
    network = desk.config.network
    return catalogue_for(
        network.supply_temperature_c,
        network.return_temperature_c,
        desk.parameters,
        pressure_gradient_pa_per_m=network.pressure_gradient_pa_per_m,
        insulation_series=network.insulation_series,
    )


def assemble_edges(
    desk: Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[list[Edge], PipeCatalogue]:
    """Return all edges with their sizes, and the sizes offered on streets and trunks."""
    frame = desk.network.edges
    offered = catalogue.useful(*_flow_range(desk, sites, zones, catalogue))
    desk.remark("streets", "offered pipe sizes", len(offered), ", ".join(offered.labels))
    service = frame["kind"].to_numpy() == "service"
    sizes: dict[str, tuple[PipeSize, ...]] = {}
    sizes |= _street_sizes(frame[~service], offered, desk.overhead)
    sizes |= _service_sizes(desk, frame[service], zones, catalogue)
    shares = {kind: _cost_shares(name, desk.overhead) for kind, name in COMPONENT_OF_KIND.items()}
    columns = (frame.index, frame["u"], frame["v"], frame["kind"], frame["length_m"].astype(float))
    edges = [
        Edge(
            id=str(key),
            u=str(u),
            v=str(v),
            sizes=sizes[str(key)],
            length_m=length,
            cost_shares=shares[kind],
        )
        for key, u, v, kind, length in zip(*(each.tolist() for each in columns), strict=True)
    ]
    return edges, offered


def _flow_range(
    desk: Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[float, float]:
    """Return the smallest and largest heat flow worth a pipe of its own size [MW].

    Up to the minimum load ratio a zone takes base heat all year, so nobody grants less. No pipe
    carries more than all sites give, or than all peaks and all losses together.
    """
    peaks = [zone.peak_mw for zone in zones if zone.peak_mw > 0 and not zone.forbidden]
    supply = math.fsum(
        max((each.capacity_mw or 0.0 for each in site.options), default=0.0)
        for site in sites
        if not site.forbidden
    )
    length_m = float(desk.network.edges["length_m"].sum())
    lost = mw_from_w(length_m * float(catalogue.heat_loss_w_per_m.max()))
    most = min(supply, math.fsum([*peaks, *(zone.loss_mw for zone in zones)]) + lost)
    if most > catalogue.capacity_mw[-1]:
        desk.remark(
            "streets",
            "flow limited by the largest pipe",
            1,
            f"{catalogue.labels[-1]} carries {catalogue.capacity_mw[-1]:,.0f} MW; sites and demand"
            f" could make use of {most:,.0f} MW",
        )
    return desk.parameters.value("minimum_load_ratio") * min(peaks, default=0.0), most


def _street_sizes(
    frame: pd.DataFrame, catalogue: PipeCatalogue, overhead: float
) -> dict[str, tuple[PipeSize, ...]]:
    """Return for each edge the sizes offered, priced for it."""
    length = frame["length_m"].to_numpy(dtype=float)
    priced = frame["cost_length_m"].to_numpy(dtype=float)
    costs = np.outer(priced, catalogue.cost_eur_per_m * overhead)
    losses = mw_from_w(np.outer(length, catalogue.heat_loss_w_per_m))
    # A size that loses all it carries is of no use, and free trench is laid large.
    first = np.argmax(losses < catalogue.capacity_mw, axis=1)
    first = np.where(priced > 0, first, len(catalogue) - 1)
    labels, capacities = catalogue.labels, catalogue.capacity_mw.tolist()
    found = {}
    rows = zip(frame.index, first.tolist(), costs.tolist(), losses.tolist(), strict=True)
    for key, start, cost, loss in rows:
        steps = zip(labels[start:], capacities[start:], cost[start:], loss[start:], strict=True)
        found[str(key)] = tuple(PipeSize(*step) for step in steps)
    return found


def _service_sizes(
    desk: Desk, frame: pd.DataFrame, zones: Sequence[Zone], catalogue: PipeCatalogue
) -> dict[str, tuple[PipeSize, ...]]:
    """Return for each service line the one size that carries the peak of its zone and its loss."""
    peak_at: dict[str, float] = {}
    for zone in zones:
        peak_at[zone.node] = peak_at.get(zone.node, 0.0) + zone.peak_mw + zone.loss_mw
    ends = zip(map(str, frame["u"]), map(str, frame["v"]), strict=True)
    peaks = np.array([max(peak_at.get(u, 0.0), peak_at.get(v, 0.0)) for u, v in ends])
    length = frame["length_m"].to_numpy(dtype=float)
    losses = mw_from_w(np.outer(length, catalogue.heat_loss_w_per_m))
    fits = catalogue.capacity_mw >= peaks.reshape(-1, 1) + losses
    picked = np.where(fits.any(axis=1), np.argmax(fits, axis=1), len(catalogue) - 1)
    short = int(np.count_nonzero(~fits.any(axis=1)))
    desk.remark("zones", "service line too small for the peak", short, catalogue.labels[-1])
    costs = (
        frame["cost_length_m"].to_numpy(dtype=float)
        * catalogue.cost_eur_per_m[picked]
        * desk.overhead
    )
    own = losses[np.arange(len(frame)), picked]
    rows = zip(frame.index, picked.tolist(), costs.tolist(), own.tolist(), strict=True)
    return {
        str(key): (PipeSize(catalogue.labels[k], float(catalogue.capacity_mw[k]), cost, loss),)
        for key, k, cost, loss in rows
    }


def _cost_shares(component: str, overhead: float) -> dict[str, float]:
    """Return how the cost of a pipe splits into construction and overhead [-]."""
    if overhead <= 1:
        return {component: 1.0}
    return {component: 1 / overhead, OVERHEAD: 1 - 1 / overhead}
