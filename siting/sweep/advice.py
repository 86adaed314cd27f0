"""Say in words which plan stands in all scenarios, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from siting.appraisal import gap_percent
from siting.sweep.robust import Robust
from siting.sweep.run import Sweep

__all__ = ["UNITS", "Advice", "advise", "plan_names", "plans_table"]

UNITS = {
    "heat_per_euro": "kWh/a per EUR",
    "max_heat": "MWh/a",
    "capex": "EUR",
    "net_value": "EUR/a",
}
NAMES = {
    "heat_per_euro": "heat per euro",
    "max_heat": "heat",
    "capex": "investment",
    "net_value": "net value",
}
ALWAYS = 1 - 1e-9


@dataclass(frozen=True)
class Advice:
    """The recommendation of a sweep.

    Parameters
    ----------
    best_expected, least_regret
        Rows of the two plans in the table of plans; None where no plan can be advised.
    sentences
        The same in words, with figures.
    caveats
        What limits it, in words.
    """

    best_expected: int | None
    least_regret: int | None
    sentences: tuple[str, ...]
    caveats: tuple[str, ...]


def plan_names(count: int) -> list[str]:
    """Return short names for plans.

    Examples
    --------
    >>> plan_names(3), plan_names(28)[-1]
    (['A', 'B', 'C'], 'AB')
    """
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def name(number: int) -> str:
        ahead, here = divmod(number, len(letters))
        return (name(ahead - 1) if ahead else "") + letters[here]

    return [name(each) for each in range(count)]


def plans_table(sweep: Sweep, robust: Robust) -> pd.DataFrame:
    """Return one row for each distinct plan: what it builds, and how it does in the scenarios."""
    found: dict[str, list[int]] = {}
    for number, row in sweep.searched.items():
        if row.get("built"):
            found.setdefault(sweep.plan_key(number) or "", []).append(number)
    rows = []
    expected, largest = robust.expected, robust.largest_regret
    to_bound, wins = robust.regret_to_bound.max(axis=1, initial=0.0), robust.wins
    names = plan_names(len(robust.plans))
    for place, (key, name) in enumerate(zip(robust.plans, names, strict=True)):
        built = sweep.plans[key]
        rows.append(
            {
                "name": name,
                "plan": key,
                "best_of_scenarios": " ".join(map(str, found.get(key, ()))),
                "sites": " ".join(each.site for each in built.sites),
                "installed_mw": math.fsum(each.capacity_mw for each in built.sites),
                "zones": len(built.zones),
                "pipes": len(built.pipes),
                "capex_eur": sweep.plan_figure(key, 0, "capex_eur"),
                "heat_mwh": sweep.plan_figure(key, 0, "heat_mwh"),
                "reliability": robust.reliability[place],
                "expected": expected[place],
                "largest_regret": largest[place],
                "largest_regret_to_bound": to_bound[place],
                "wins": wins[place],
            }
        )
    return pd.DataFrame(rows)


def advise(sweep: Sweep, robust: Robust) -> Advice:
    """Return which plan to build when nobody knows which scenario comes."""
    names = plan_names(len(robust.plans))
    best, least = robust.best_expected, robust.least_regret
    caveats = tuple(_caveats(sweep, robust))
    if least is None:
        none = "No plan can be advised: none that was found can be run in all scenarios."
        return Advice(best, None, (none,), caveats)
    sentences = _sentences(sweep, robust, names, best, least)
    return Advice(best, least, tuple(sentences), caveats)


def _sentences(
    sweep: Sweep, robust: Robust, names: Sequence[str], best: int | None, least: int
) -> list[str]:
    unit, what = UNITS[sweep.objective], NAMES[sweep.objective]
    count, scenarios = len(robust.plans), len(robust.numbers)
    found = "One plan was" if count == 1 else f"{count} different plans were"
    words = [f"{found} found, and judged in {scenarios} scenarios."]
    praise = "is the one to build" if best == least else "has the least regret"
    said = f"Plan {names[least]} {praise}: it opens {_opened(sweep, robust, least)}"
    regret, expected = robust.largest_regret[least], robust.expected[least]
    same = " and has the best expectation of all" if best == least else ""
    words.append(
        f"{said}{same}. It lacks at most {_figure(regret, sweep)} {unit} to the best plan found"
        f" of any scenario{_share(regret, robust, least)}, and its {what} is"
        f" {_figure(expected, sweep)} {unit} on average."
    )
    if best is not None and best != least:
        words.append(
            f"Plan {names[best]} has the best expectation, {_figure(robust.expected[best], sweep)}"
            f" {unit}, but lacks up to {_figure(robust.largest_regret[best], sweep)} {unit} in its"
            f" worst scenario; it opens {_opened(sweep, robust, best)}."
        )
    reliable = robust.reliability[least]
    words.append(
        "It keeps every limit in all scenarios."
        if reliable >= ALWAYS
        else f"It keeps every limit in {100 * reliable:.0f} % of the scenarios by weight; no plan"
        " that was found does so in more."
    )
    knowing = robust.value_of_knowing
    if math.isfinite(knowing):
        words.append(
            f"To know before building which scenario comes would be worth {_figure(knowing, sweep)}"
            f" {unit} on average."
        )
    return words


def _opened(sweep: Sweep, robust: Robust, row: int) -> str:
    built = sweep.plans[robust.plans[row]]
    if not built.sites:
        return "nothing"
    sites = ", ".join(f"{each.site} ({each.capacity_mw:.3g} MW)" for each in built.sites[:6])
    rest = f" and {len(built.sites) - 6} more" if len(built.sites) > 6 else ""
    zones = "1 zone" if len(built.zones) == 1 else f"{len(built.zones):,} zones"
    return f"{sites}{rest} and serves {zones}"


def _share(regret: float, robust: Robust, row: int) -> str:
    """Return a regret as a share of the best value of its scenario."""
    column = int(robust.regret[row].argmax())
    best = abs(robust.best[column])
    if regret <= 0 or not math.isfinite(best) or best <= 0:
        return ""
    return f" ({gap_percent(regret / best)})"


def _scenarios(count: int) -> str:
    return "1 scenario" if count == 1 else f"{count} scenarios"


def _figure(value: float, sweep: Sweep) -> str:
    """Return a value of the objective in words."""
    if not math.isfinite(value):
        return "an unknown amount of"
    return f"{value:,.3f}" if sweep.objective == "heat_per_euro" else f"{value:,.0f}"


def _caveats(sweep: Sweep, robust: Robust) -> list[str]:
    """Return what limits the advice."""
    words = []
    failed = [n for n, row in sweep.searched.items() if not row.get("built")]
    if failed:
        words.append(
            f"{len(failed)} of {len(sweep.searched)} searches found no plan; the table says why."
        )
    gaps = [
        row["proof"]["gap"]
        for row in sweep.searched.values()
        if row.get("proof") and row["proof"]["gap"] is not None
    ]
    if gaps:
        words.append(
            f"Each plan that was searched for is proven within {gap_percent(max(gaps))} of the best"
            " of its scenario; differences below the gaps tell nothing."
        )
    nowhere = [n for n, best in zip(robust.numbers, robust.best, strict=True) if math.isnan(best)]
    if nowhere:
        words.append(
            f"In {_scenarios(len(nowhere))} no plan that was found can be run within the limits;"
            " this is left out of expectation and regret."
        )
    words.append(
        "Only plans that are the answer to a scenario were weighed; another plan might stand the"
        " scenarios better than each of them."
    )
    if not sweep.complete:
        words.insert(0, "The sweep is not complete: it was stopped on its way.")
    return words
