"""Ask what a site would bring in place of the one that excludes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from siting.extension import SiteExtension, site_extension
from siting.plan import Plan, PlannedSite
from siting.problem import Site
from siting.ways import Ways

__all__ = ["Swap", "swap_of", "without_network"]


@dataclass(frozen=True)
class Swap:
    """A network for a site in place of another site and its network.

    Parameters
    ----------
    rival
        The site that leaves.
    found
        The network that comes, over the zones that the other one served and those left out.
    heat_mwh, cost_eur
        Heat [MWh/a] and investment [EUR] that leave with the other site.
    """

    rival: str
    found: SiteExtension
    heat_mwh: float
    cost_eur: float


def swap_of(ways: Ways, site: Site, freed: dict[str, Ways]) -> Swap | None:
    """Return the best network that is found for a site in place of the chosen one of its group.

    Parameters
    ----------
    ways
        The problem with the plan.
    site
        A site that is not chosen because another one of its group is.
    freed
        Keeps the plan without each rival, for the next site of its group.

    Returns
    -------
    The swap; None where nothing is found, or where the other site shares its network with more
    sites, so that it cannot be taken away by itself.
    """
    rival = next((s for s in ways.plan.sites if ways.sites[s.site].group == site.group), None)
    if rival is None or not ways.is_alone(rival):
        return None
    if rival.site not in freed:
        freed[rival.site] = Ways(ways.problem, without_network(ways, rival))
    found = site_extension(freed[rival.site], site)
    return None if found is None else Swap(rival.site, found, *ways.share_of(rival))


def without_network(ways: Ways, opened: PlannedSite) -> Plan:
    """Return the parts of a plan that are not on the network of a site; sums stay as they were."""
    place, own = ways.component, ways.component[ways.sites[opened.site].node]
    plan = ways.plan
    return replace(
        plan,
        sites=tuple(s for s in plan.sites if place[ways.sites[s.site].node] != own),
        pipes=tuple(p for p in plan.pipes if place[p.from_node] != own),
        zones=tuple(z for z in plan.zones if place[ways.zones[z.zone].node] != own),
    )
