"""Offer pipe sizes on every edge of the network, priced for its length and surface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siting.assembly.desk import OVERHEAD, Desk
from siting.errors import InputError, name_ids
from siting.pipes import PipeCatalogue, catalogue_for
from siting.problem import Edge, PipeSize, Site, Zone
from siting.units import FloatArray, mw_from_w

__all__ = ["EXISTING", "assemble_edges", "catalogue_at", "full_catalogue"]

EXISTING = "existing"
COMPONENT_OF_KIND = {"street": "pipes", "trunk": "pipes", "service": "service_lines"}
CROSSINGS = "crossings"
FULL_MW = 1e-6
_Sizes = dict[str, tuple[PipeSize, ...]]


def full_catalogue(desk: Desk) -> PipeCatalogue:
    """Return all pipe sizes at the temperatures of the network."""
    network = desk.config.network
    return catalogue_at(desk, network.supply_temperature_c, network.return_temperature_c)


def catalogue_at(
    desk: Desk, supply_temperature_c: float, return_temperature_c: float
) -> PipeCatalogue:
    """Return all pipe sizes of the study at two temperatures."""
    network = desk.config.network
    return catalogue_for(
        supply_temperature_c,
        return_temperature_c,
        desk.parameters,
        pressure_gradient_pa_per_m=network.pressure_gradient_pa_per_m,
        insulation_series=network.insulation_series,
        catalogue=network.catalogue_file(desk.config.folder) or network.catalogue,
    )


def laid_catalogue(desk: Desk, catalogue: PipeCatalogue) -> PipeCatalogue:
    """Return the sizes that the study lets lay; a fault where there is none."""
    wanted = desk.config.network.pipe_sizes
    if wanted is None:
        return catalogue
    try:
        return catalogue.only(wanted)
    except InputError as error:
        desk.log.faults.extend(error.faults)
        return catalogue


def assemble_edges(
    desk: Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[list[Edge], PipeCatalogue]:
    """Return all edges with their sizes, and the sizes offered on streets and trunks.

    Edges of the kind ``existing`` have one size, that of the column ``existing_dn``; they cost
    nothing. The columns ``crossing_cost_eur`` and ``stated_cost_eur`` of the network, where they
    are there, hold what crossings and pieces with a stated cost add to an edge at any size.
    """
    frame = desk.network.edges
    laid = laid_catalogue(desk, catalogue)
    flows = (0.0, math.inf) if desk.whole else _flow_range(desk, sites, zones, laid)
    offered = laid.useful(*flows)
    desk.remark("streets", "offered pipe sizes", len(offered), ", ".join(offered.labels))
    kind = frame["kind"].to_numpy()
    service, standing = kind == "service", kind == EXISTING
    lumps = _Lumps.of(frame, desk.overhead)
    sizes: _Sizes = {}
    streets = frame[~standing] if desk.whole else frame[~service & ~standing]
    sizes |= _street_sizes(desk, streets, offered, lumps)
    if not desk.whole:
        sizes |= _service_sizes(desk, frame[service], zones, laid, lumps)
    sizes |= _existing_sizes(desk, frame[standing], catalogue)
    desk.log.raise_faults()
    shares = {kind: _cost_shares(name, desk.overhead) for kind, name in COMPONENT_OF_KIND.items()}
    shares[EXISTING] = {}
    columns = (frame.index, frame["u"], frame["v"], frame["kind"], frame["length_m"].astype(float))
    edges = [
        Edge(
            id=str(key),
            u=str(u),
            v=str(v),
            sizes=sizes[str(key)],
            length_m=length,
            forbidden=kind == EXISTING and sizes[str(key)][0].capacity_mw <= FULL_MW,
            cost_shares=shares[kind],
            lump_parts={} if kind == EXISTING else lumps.parts.get(str(key), {}),
        )
        for key, u, v, kind, length in zip(*(each.tolist() for each in columns), strict=True)
    ]
    return edges, offered


@dataclass(frozen=True)
class _Lumps:
    """What edges cost at any size [EUR], overhead included, and its parts by edge key."""

    cost_eur: pd.Series
    parts: Mapping[str, dict[str, float]]

    @classmethod
    def of(cls, frame: pd.DataFrame, overhead: float) -> _Lumps:
        """Read the columns of lump sums that the network has."""
        crossing, stated = _column(frame, "crossing_cost_eur"), _column(frame, "stated_cost_eur")
        total = pd.Series((crossing + stated) * overhead, index=frame.index)
        parts: dict[str, dict[str, float]] = {}
        for row in np.flatnonzero(crossing + stated > 0).tolist():
            split = {CROSSINGS: float(crossing[row]), "pipes": float(stated[row])}
            extra = (overhead - 1) * math.fsum(split.values())
            named = {name: each for name, each in split.items() if each > 0}
            parts[str(frame.index[row])] = named | ({OVERHEAD: extra} if extra > 0 else {})
        return cls(total, parts)

    def on(self, frame: pd.DataFrame) -> FloatArray:
        """Return the lump sums of some edges [EUR]."""
        return np.asarray(self.cost_eur.loc[frame.index], dtype=float)


def _column(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return a column of lump sums, zero where it is missing [EUR]."""
    if name not in frame:
        return np.zeros(len(frame))
    return np.asarray(np.nan_to_num(frame[name].to_numpy(dtype=float)), dtype=float)


def _flow_range(
    desk: Desk, sites: Sequence[Site], zones: Sequence[Zone], catalogue: PipeCatalogue
) -> tuple[float, float]:
    """Return the smallest and largest heat flow worth a pipe of its own size [MW].

    Up to the minimum load ratio a zone takes base heat all year, so nobody grants less. No pipe
    carries more than all sites give, or than all peaks and all losses together; where pipes carry
    peaks, boilers stand beside the sites.
    """
    peaks = [zone.peak_mw for zone in zones if zone.peak_mw > 0 and not zone.forbidden]
    supply = math.fsum(
        max((each.capacity_mw or 0.0 for each in site.options), default=0.0)
        for site in sites
        if not site.forbidden
    )
    length_m = float(desk.network.edges["length_m"].sum())
    lost = mw_from_w(length_m * float(catalogue.heat_loss_w_per_m.max()))
    most = math.fsum([*peaks, *(zone.loss_mw for zone in zones)]) + lost
    if desk.config.network.pipes_carry == "base":
        most = min(supply, most)
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
    desk: Desk, frame: pd.DataFrame, catalogue: PipeCatalogue, lumps: _Lumps
) -> _Sizes:
    """Return for each edge the sizes offered, priced for it."""
    length = frame["length_m"].to_numpy(dtype=float)
    priced = frame["cost_length_m"].to_numpy(dtype=float)
    costs = np.outer(priced, catalogue.cost_eur_per_m * desk.overhead) + lumps.on(frame)[:, None]
    losses = mw_from_w(np.outer(length, catalogue.heat_loss_w_per_m))
    # A size that loses all it carries is of no use, and free trench is laid large. Where a lump
    # sum covers every size, the small ones stay for their smaller loss.
    first = np.argmax(losses < catalogue.capacity_mw, axis=1)
    first = np.where(costs[:, -1] > 0, first, len(catalogue) - 1)
    first = np.zeros_like(first) if desk.whole else first
    labels, capacities = catalogue.labels, catalogue.capacity_mw.tolist()
    found = {}
    rows = zip(frame.index, first.tolist(), costs.tolist(), losses.tolist(), strict=True)
    for key, start, cost, loss in rows:
        steps = zip(labels[start:], capacities[start:], cost[start:], loss[start:], strict=True)
        found[str(key)] = tuple(PipeSize(*step) for step in steps)
    return found


def _service_sizes(
    desk: Desk,
    frame: pd.DataFrame,
    zones: Sequence[Zone],
    catalogue: PipeCatalogue,
    lumps: _Lumps,
) -> _Sizes:
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
    ) + lumps.on(frame)
    own = losses[np.arange(len(frame)), picked]
    rows = zip(frame.index, picked.tolist(), costs.tolist(), own.tolist(), strict=True)
    return {
        str(key): (PipeSize(catalogue.labels[k], float(catalogue.capacity_mw[k]), cost, loss),)
        for key, k, cost, loss in rows
    }


def _existing_sizes(desk: Desk, frame: pd.DataFrame, catalogue: PipeCatalogue) -> _Sizes:
    """Return for each pipe that stands its one size, free of cost."""
    place = {label: k for k, label in enumerate(catalogue.labels)}
    found: _Sizes = {}
    unknown: list[str] = []
    for key, label, length, free in zip(
        frame.index,
        frame.get("existing_dn", pd.Series("", index=frame.index)),
        frame["length_m"].astype(float).tolist(),
        frame.get("free_capacity_mw", pd.Series(np.nan, index=frame.index)).tolist(),
        strict=True,
    ):
        k = place.get(_dn_label(label), place.get(str(label)))
        if k is None:
            unknown.append("" if pd.isna(label) else str(label))
            continue
        loss = mw_from_w(float(catalogue.heat_loss_w_per_m[k]) * length)
        most = float(catalogue.capacity_mw[k])
        most = most if math.isnan(free) else min(most, free)
        # A full pipe is forbidden; its capacity only has to be a number.
        found[str(key)] = (PipeSize(catalogue.labels[k], most or FULL_MW, 0.0, loss),)
    if unknown:
        names = sorted(set(unknown))
        desk.log.fault(
            "existing_network",
            f"{len(unknown):,} pipes have a size that catalogue '{catalogue.name}' does not have:"
            f" {name_ids(names)}.",
            f"Write one of {', '.join(catalogue.labels)} into existing_dn.",
        )
    desk.remark("existing_network", "took standing pipes free of cost", len(found))
    return found


def _dn_label(size: object) -> str:
    """Return a size as catalogues write it.

    Examples
    --------
    >>> _dn_label(200.0), _dn_label("dn 200")
    ('DN200', 'DN200')
    """
    if isinstance(size, (int, float)):
        return f"DN{size:g}"
    return str(size).strip().replace(" ", "").upper()


def _cost_shares(component: str, overhead: float) -> dict[str, float]:
    """Return how the cost of a pipe splits into construction and overhead [-]."""
    if overhead <= 1:
        return {component: 1.0}
    return {component: 1 / overhead, OVERHEAD: 1 - 1 / overhead}
