"""Put the problem of a study together, with the way back to its ids."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from siting.assembly.desk import Desk
from siting.assembly.pipe_sizes import assemble_edges, full_catalogue
from siting.assembly.site_options import assemble_sites
from siting.assembly.zone_loads import assemble_zones, zone_consumers
from siting.economics import crf
from siting.errors import Fault, FaultLog, InputError
from siting.network.types import PipeNetwork
from siting.parameters import Parameters
from siting.peak_sizing import PeakSizing
from siting.pipes import PipeCatalogue
from siting.problem import Limits, Objective, Problem, Zone, check_problem
from siting.region import Region, Remark
from siting.simultaneity import Consumers
from siting.units import HOURS_PER_A

if TYPE_CHECKING:
    from siting.config import StudyConfig

__all__ = ["Assembly", "assemble_problem"]


@dataclass(frozen=True)
class Assembly:
    """A problem with everything that leads back from it to the study.

    Parameters
    ----------
    problem
        The bare problem; its nodes and edges have the keys of the network.
    site_ids, zone_ids
        GIS id of each site key (``s0``, ...) and zone key (``z0``, ...).
    site_heat
        One row per site and option, indexed by both keys: temperatures [°C], heat and power [MW],
        COP and prices behind the option.
    used_parameters
        The parameter table with what the study overrode, see `Parameters.frame`.
    catalogue
        Pipe sizes offered on streets and trunks.
    edge_kinds
        Kind of each edge key: ``street``, ``trunk`` or ``service``.
    assumed_sites
        Keys of the sites whose IT load is assumed.
    all_sizes
        Every size of the catalogue, service lines and standing pipes included.
    consumers
        How many consumers stand behind the peak of each zone key.
    peak_sizing
        How the pipes were sized for the peak, where the study asks for it.
    remarks
        Defaults taken, and what has no partner on the network.
    zone_heat
        One row per zone, indexed by its key: what stands behind its demand, see
        `siting.assembly.zone_loads.assemble_zones`.
    """

    problem: Problem
    site_ids: dict[str, str]
    zone_ids: dict[str, str]
    site_heat: pd.DataFrame
    used_parameters: pd.DataFrame
    catalogue: PipeCatalogue
    edge_kinds: dict[str, str]
    assumed_sites: frozenset[str]
    all_sizes: PipeCatalogue
    consumers: Mapping[str, Consumers]
    remarks: tuple[Remark, ...] = ()
    peak_sizing: PeakSizing | None = None
    zone_heat: pd.DataFrame = field(default_factory=pd.DataFrame)

    def with_peaks(self, sizing: PeakSizing) -> Assembly:
        """Return the assembly with the problem whose pipes carry the peaks."""
        act, count = "sized pipes for the coincident peak, rounds", len(sizing.rounds)
        remark = Remark("network", act, count, detail=sizing.in_words)
        return replace(
            self, problem=sizing.problem, peak_sizing=sizing, remarks=(*self.remarks, remark)
        )

    @property
    def doubts(self) -> tuple[Fault, ...]:
        """What must be looked at about the sizing for peaks."""
        return () if self.peak_sizing is None else self.peak_sizing.doubts

    @property
    def peak_flows_mw(self) -> Mapping[str, float] | None:
        """Coincident peak in each pipe where pipes carry peaks [MW]."""
        return None if self.peak_sizing is None else self.peak_sizing.peaks_mw


def assemble_problem(
    region: Region,
    network: PipeNetwork,
    parameters: Parameters,
    config: StudyConfig,
    log: FaultLog | None = None,
    *,
    whole: bool = False,
) -> Assembly:
    """Return the problem of a study.

    Parameters
    ----------
    region
        Sites and zones.
    network
        The routing graph that reaches them.
    parameters
        Figures of physics and cost.
    config
        Network temperatures, pipe design, demand, objective and limits.
    log
        Takes doubts; faults are raised.
    whole
        Whether to offer every plant and pipe size, to judge what stands already; a search is
        quicker without those that nobody would choose.

    Returns
    -------
    The problem and the way back to the ids of the layers.

    Raises
    ------
    InputError
        Limits name unknown sites or zones, something mandatory cannot be reached, or a figure
        cannot be worked with. All faults are reported at once.

    Notes
    -----
    Every cost is multiplied once by ``1 + design_share + contingency_share``, those that the layers
    state included. A site offers one option for each plant that no other one beats and straight
    piece of its cost; the capacity of each is that of the whole plant, as the least of the lines is
    the cost. Pipes carry the base load at the mean temperatures of the network, or, where the study
    says so, the peak, see `siting.simultaneity`; service lines carry the peak of their zone.
    """
    desk = Desk(region, network, parameters, config, log or FaultLog(), whole=whole)
    site_wishes = desk.wishes("sites")
    zone_wishes = desk.wishes("zones")
    sites, site_ids, site_heat = assemble_sites(desk, site_wishes)
    try:
        catalogue = full_catalogue(desk)
    except InputError as error:
        desk.log.faults.extend(error.faults)
        desk.log.raise_faults()
        raise
    zones, zone_ids, zone_heat = assemble_zones(desk, zone_wishes, catalogue)
    desk.log.raise_faults()
    edges, offered = assemble_edges(desk, sites, zones, catalogue)
    problem = Problem(
        name=config.study.name,
        nodes=tuple(map(str, network.nodes.index[network.nodes["part"] >= 0])),
        edges=tuple(edges),
        sites=tuple(sites),
        zones=tuple(zones),
        objective=_objective(config, parameters),
        limits=_limits(config, zones),
        hours_per_a=HOURS_PER_A,
    )
    check_problem(problem)
    desk.remark_partners(sites, zones)
    assumed = region.sites.frame["assumed"].to_dict()
    return Assembly(
        problem=problem,
        site_ids=site_ids,
        zone_ids=zone_ids,
        site_heat=site_heat,
        used_parameters=parameters.frame(),
        catalogue=offered,
        edge_kinds=dict(zip(map(str, network.edges.index), network.edges["kind"], strict=True)),
        assumed_sites=frozenset(key for key, each in site_ids.items() if bool(assumed[each])),
        all_sizes=catalogue,
        consumers=zone_consumers(desk, zone_ids, zone_heat),
        remarks=tuple(desk.remarks),
        zone_heat=zone_heat,
    )


def _objective(config: StudyConfig, parameters: Parameters) -> Objective:
    """Return the objective; net value takes what is not stated from the parameter table."""
    wanted = config.objective
    price, factor = wanted.heat_price_eur_per_mwh, wanted.capital_factor
    if wanted.kind == "net_value":
        if price is None:
            price = parameters.value("heat_price_eur_per_mwh")
        if factor is None:
            factor = crf(parameters.value("discount_rate"), parameters.value("lifetime_a"))
    return Objective(
        kind=wanted.kind,
        heat_price_eur_per_mwh=0.0 if price is None else price,
        capital_factor=1.0 if factor is None else factor,
    )


def _limits(config: StudyConfig, zones: Sequence[Zone]) -> Limits:
    """Return the limits; of a least heat and a least share of all demand the larger counts."""
    given = config.limits
    wanted = [] if given.min_heat_mwh is None else [given.min_heat_mwh]
    if given.min_share is not None:
        wanted.append(given.min_share * math.fsum(zone.heat_mwh for zone in zones))
    return Limits(
        budget_eur=given.budget_eur,
        min_heat_mwh=max(wanted, default=None),
        min_sites=given.min_sites,
        max_sites=given.max_sites,
        min_zones=given.min_zones,
    )
