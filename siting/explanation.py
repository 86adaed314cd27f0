"""Say why a zone or site is in a plan or not, and what would have to change."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from siting.extension import Extension, SiteExtension, best_extensions, site_extension
from siting.marginal import Margin, plan_margins
from siting.plan import Plan
from siting.problem import Problem, Site, Zone
from siting.solution import Status
from siting.swap import Swap, swap_of
from siting.ways import Ways

__all__ = [
    "NOT_ATTACHED",
    "Explanation",
    "Explanations",
    "explain_plan",
    "not_attached",
    "with_site_ids",
]

NOT_ATTACHED = "out of reach of the streets"
NO_SITE = "no connection to any site"
NO_ZONE = "no connection to any zone"
TOO_DEAR = "too dear"
NO_CAPACITY = "no capacity left"
OVER_BUDGET = "beyond the budget"
TOO_CLOSE = "as good in as out, within the gap"
NOT_IN_BEST = "not in the best plan found"
LEFT_OUT = {
    "max_heat": "not in the plan that delivers most heat within the limits",
    "capex": "not needed for the required heat",
    "net_value": "would cost more than it earns",
}


@dataclass(frozen=True)
class Explanation:
    """Why a zone or site is in a plan or not.

    Parameters
    ----------
    kind, id
        ``zone`` or ``site``, and its key or id.
    inside
        Whether the plan has it.
    reason
        The class of the reason, in a few words.
    change
        What would have to change, in sentences.
    heat_mwh
        Heat it gets or gives; of what is left out, what it would get or give if added [MWh/a].
    extra_capex_eur
        What leaving it out would save, or adding it alone would cost [EUR]; NaN if unknown.
    plan_heat_per_euro_kwh
        Heat per euro of the plan [kWh/(a EUR)].
    replaced_heat_mwh, replaced_capex_eur
        What leaves the plan when it comes in, as of a site that excludes it [MWh/a, EUR].
    """

    kind: str
    id: str
    inside: bool
    reason: str
    change: str
    heat_mwh: float = math.nan
    extra_capex_eur: float = math.nan
    plan_heat_per_euro_kwh: float = math.nan
    replaced_heat_mwh: float = 0.0
    replaced_capex_eur: float = 0.0

    @property
    def marginal_heat_per_euro_kwh(self) -> float:
        """Heat per euro of this one alone [kWh/(a EUR)]; NaN if unknown, infinite if free."""
        if math.isnan(self.extra_capex_eur) or not self.heat_mwh > 0:
            return math.nan
        if self.extra_capex_eur <= 0:
            return math.inf
        return self.heat_mwh * 1000 / self.extra_capex_eur

    @property
    def break_even_capex_eur(self) -> float:
        """Investment at which the plan with it has the heat per euro of the plan [EUR].

        NaN if unknown, or if it does not pay for any price.
        """
        price = self.plan_heat_per_euro_kwh
        if not (self.heat_mwh > 0 and price > 0 and math.isfinite(price)):
            return math.nan
        more = (self.heat_mwh - self.replaced_heat_mwh) * 1000 / price
        least = self.replaced_capex_eur + more
        return least if least > 0 else math.nan

    def __str__(self) -> str:
        """Return the explanation as lines of text."""
        head = f"{self.kind} {self.id}: {self.reason}."
        figures = [f"  {name}: {words}" for name, words in self.figures().items()]
        return "\n".join(filter(None, [head, *figures, self.change]))

    def figures(self) -> dict[str, str]:
        """Return its figures in words."""
        euro = "leaving it out would save" if self.inside else "adding it alone would cost"
        won = "heat" if self.inside else "heat won by adding it"
        if self.replaced_capex_eur > 0:
            euro, won = "its network would cost", "heat of its network"
        own, plan = self.marginal_heat_per_euro_kwh, self.plan_heat_per_euro_kwh
        rows = {
            won: (self.heat_mwh, "{:,.0f} MWh/a"),
            f"{euro} (estimate)": (self.extra_capex_eur, "{:,.0f} EUR"),
            "its heat per euro": (own, "{:,.3f} kWh/a per EUR"),
            "the plan's": (plan, "{:,.3f} kWh/a per EUR"),
            "break-even investment": (self.break_even_capex_eur, "{:,.0f} EUR"),
        }
        return {name: form.format(v) for name, (v, form) in rows.items() if math.isfinite(v)}

    def _repr_html_(self) -> str:
        """Return the explanation for a notebook."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td>{html.escape(words)}</td></tr>"
            for name, words in self.figures().items()
        )
        head = html.escape(f"{self.kind} {self.id}: {self.reason}")
        return f"<p><b>{head}</b></p><table>{rows}</table><p>{html.escape(self.change)}</p>"


@dataclass(frozen=True)
class Explanations:
    """The explanation of every zone and site of a problem, by key."""

    zones: Mapping[str, Explanation]
    sites: Mapping[str, Explanation]

    def named(
        self, name: str, site_ids: Mapping[str, str], zone_ids: Mapping[str, str]
    ) -> Explanation | None:
        """Return the explanation of a zone or site by the id of its layer; None if unknown."""
        for ids, found in ((zone_ids, self.zones), (site_ids, self.sites)):
            for key, gis_id in ids.items():
                if gis_id == name and key in found:
                    words = with_site_ids(found[key].change, site_ids)
                    return replace(found[key], id=name, change=words)
        return None


def with_site_ids(words: str, site_ids: Mapping[str, str]) -> str:
    """Return a sentence in which sites have the ids of their layer in place of their keys.

    Examples
    --------
    >>> with_site_ids("The cheapest way opens site 's1' for it.", {"s1": "DC-7"})
    "The cheapest way opens site 'DC-7' for it."
    """
    return re.sub(r"site '([^']*)'", lambda hit: f"site '{site_ids.get(hit[1], hit[1])}'", words)


def not_attached(kind: str, name: str) -> Explanation:
    """Return the explanation of a zone or site that no street reaches."""
    return Explanation(
        kind,
        name,
        False,
        NOT_ATTACHED,
        "No street lies within max_connection_m; raise it in [network], or complete the streets.",
    )


def explain_plan(problem: Problem, plan: Plan) -> Explanations:
    """Return why each zone and site is in a plan or not.

    Parameters
    ----------
    problem, plan
        What could be built, and what is.

    Notes
    -----
    For a zone left out, the cheapest way to connect it alone is found: from the present network
    where it touches, with the smallest pipe that carries its base load, or from a site not yet
    open. For a site left out, zones that are not served are added to it one by one as long as its
    heat per euro rises. Both are estimates: several zones together may share a trench, and heat
    lost on the way is not counted. For a zone that is served, what leaving it out would save
    is its margin, see `siting.marginal.plan_margins`: itself and the pipes that serve it alone.
    """
    ways = Ways(problem, plan)
    margins = plan_margins(problem, plan).zones
    wanted = best_extensions(ways)
    served = {each.zone for each in plan.zones}
    judge = _Judge(problem, plan)
    zones = {}
    for zone in problem.zones:
        if zone.id in served:
            zones[zone.id] = _served(zone, margins[zone.id], plan)
        else:
            zones[zone.id] = judge.zone(zone, wanted.get(zone.id), ways)
    sites = {}
    chosen = {each.site for each in plan.sites}
    for site in problem.sites:
        if site.id in chosen:
            sites[site.id] = _chosen(site, ways, plan)
        else:
            sites[site.id] = judge.site(site, ways)
    return Explanations(zones, sites)


def _served(zone: Zone, margin: Margin, plan: Plan) -> Explanation:
    words = (
        "It must be served, as the study says."
        if zone.mandatory
        else "It would leave the plan if its own pipes and connection cost more than the break-even"
        " investment."
    )
    return Explanation(
        "zone",
        zone.id,
        True,
        "served",
        words,
        margin.heat_mwh,
        margin.capex_eur,
        plan.heat_per_euro_kwh,
    )


def _chosen(site: Site, ways: Ways, plan: Plan) -> Explanation:
    got = next(each for each in plan.sites if each.site == site.id)
    heat, cost = ways.share_of(got)
    words = (
        "It must be opened, as the study says."
        if site.mandatory
        else "It is the only source of its network: both stand or fall together."
        if ways.is_alone(got)
        else "It shares its network with other sites; its heat is its share of what they deliver."
    )
    return Explanation("site", site.id, True, "chosen", words, heat, cost, plan.heat_per_euro_kwh)


class _Judge:
    """Name the reason why something is left out, from what adding it would bring."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.price = plan.heat_per_euro_kwh
        self.proven = plan.proof.status is Status.OPTIMAL
        opened = {each.site for each in plan.sites}
        self.groups = {s.group for s in problem.sites if s.id in opened and s.group}
        budget = problem.limits.budget_eur
        self.left_eur = math.inf if budget is None else budget - plan.capex_eur
        self.freed: dict[str, Ways] = {}

    def zone(self, zone: Zone, found: Extension | None, ways: Ways) -> Explanation:
        """Return why a zone is not served."""
        told = Explanation("zone", zone.id, False, "", "", plan_heat_per_euro_kwh=self.price)
        if zone.forbidden:
            return replace(told, reason="forbidden", change="The study forbids it; release it.")
        if zone.heat_mwh <= 0:
            return replace(told, reason="no heat demand", change="It needs no heat.")
        if found is None and not ways.reaches_a_site(zone):
            change = "No streets join it to a site that may be opened; complete the streets."
            return replace(told, reason=NO_SITE, change=change)
        if found is None:
            change = "No pipe, and no site that may still be opened, carries what it would take."
            return replace(told, reason=NO_CAPACITY, change=change)
        told = replace(told, heat_mwh=found.heat_mwh, extra_capex_eur=found.cost_eur)
        reason = self._reason(told, found.lacking_mw)
        return replace(told, reason=reason, change=self._zone_change(told, reason, found))

    def site(self, site: Site, ways: Ways) -> Explanation:
        """Return why a site is not chosen."""
        told = Explanation("site", site.id, False, "", "", plan_heat_per_euro_kwh=self.price)
        most = self.problem.limits.max_sites
        if site.forbidden:
            return replace(told, reason="forbidden", change="The study forbids it; release it.")
        if not ways.reaches_a_zone(site):
            change = "No streets join it to a zone; complete the streets."
            return replace(told, reason=NO_ZONE, change=change)
        if site.group in self.groups:
            return self._excluded(told, site, swap_of(ways, site, self.freed))
        found = site_extension(ways, site)
        if found is not None:
            told = replace(told, heat_mwh=found.heat_mwh, extra_capex_eur=found.cost_eur)
        if most is not None and len(self.plan.sites) >= most:
            reason = f"the plan may open at most {most} sites"
            return replace(told, reason=reason, change="Raise max_sites.")
        if found is None:
            reason = TOO_DEAR if self.proven else NOT_IN_BEST
            change = "No zone is left that it could serve on its own."
            return replace(told, reason=reason, change=change)
        reason = self._reason(told, 0.0)
        return replace(told, reason=reason, change=self._site_change(told, reason, found))

    def _excluded(self, told: Explanation, site: Site, swap: Swap | None) -> Explanation:
        """Return why a site is left out when another one of its group is chosen."""
        reason, change = (
            f"another site of group '{site.group}' is chosen",
            "Only one site of its group may be opened.",
        )
        if swap is None:
            return replace(told, reason=reason, change=change)
        found = swap.found
        told = replace(
            told,
            heat_mwh=found.heat_mwh,
            extra_capex_eur=found.cost_eur,
            replaced_heat_mwh=swap.heat_mwh,
            replaced_capex_eur=swap.cost_eur,
        )
        return replace(told, reason=reason, change=f"{change} {_swap_words(told, swap)}")

    def _reason(self, told: Explanation, lacking_mw: float) -> str:
        """Return the class of the reason."""
        kind = self.problem.objective.kind
        if told.extra_capex_eur > self.left_eur * (1 + 1e-9):
            return OVER_BUDGET
        if kind == "heat_per_euro" and told.marginal_heat_per_euro_kwh < self.price:
            return TOO_DEAR
        if lacking_mw > 0:
            return NO_CAPACITY
        if not self.proven:
            return NOT_IN_BEST
        return LEFT_OUT.get(kind, TOO_CLOSE)

    def _zone_change(self, told: Explanation, reason: str, found: Extension) -> str:
        """Return what would have to change for a zone."""
        way = (
            f"The cheapest way opens site '{found.new_site}' for it."
            if found.new_site
            else f"The cheapest way leaves the network at node {found.root}."
        )
        if reason == TOO_DEAR:
            short = told.extra_capex_eur - told.break_even_capex_eur
            return (
                f"{way} It would pay if connecting it cost {short:,.0f} EUR less, or if neighbours"
                " shared the trench."
            )
        if reason == NO_CAPACITY:
            return (
                f"{way} The sites or pipes before it lack {found.lacking_mw:,.2f} MW of the"
                f" {found.base_mw:,.2f} MW it would take; a larger site or pipe would let it in."
            )
        if reason == OVER_BUDGET:
            return f"{way} The plan leaves {max(self.left_eur, 0):,.0f} EUR of the budget."
        if reason == NOT_IN_BEST:
            return f"{way} The search was not finished; give it more time."
        return way

    def _site_change(self, told: Explanation, reason: str, found: SiteExtension) -> str:
        """Return what would have to change for a site."""
        best = f"At best it would serve {_zones(found.zones)} that the plan leaves out (estimate)."
        if reason == TOO_DEAR:
            short = told.extra_capex_eur - told.break_even_capex_eur
            if short > found.site_cost_eur:
                return f"{best} Even if opening it were free, the rest would be too dear."
            return (
                f"{best} It would come in if opening it cost {found.site_cost_eur - short:,.0f} EUR"
                f" in place of {found.site_cost_eur:,.0f} EUR."
            )
        if reason == OVER_BUDGET:
            return f"{best} The plan leaves {max(self.left_eur, 0):,.0f} EUR of the budget."
        return best


def _swap_words(told: Explanation, swap: Swap) -> str:
    """Return what would have to change for a site to come in place of another one."""
    found, most = swap.found, told.break_even_capex_eur
    best = f"In place of site '{swap.rival}' it would serve {_zones(found.zones)} (estimate)"
    if math.isnan(most):
        return f"{best}, for too little heat at any price."
    site_eur = found.site_cost_eur - (found.cost_eur - most)
    if found.cost_eur <= most:
        return f"{best} for about as much heat per euro."
    if site_eur < 0:
        return f"{best}. Even if opening it were free, the rest would be too dear."
    return (
        f"{best}. It would come in if opening it cost {site_eur:,.0f} EUR in place of"
        f" {found.site_cost_eur:,.0f} EUR."
    )


def _zones(count: int) -> str:
    return "one zone" if count == 1 else f"{count:,} zones"
