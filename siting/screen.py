"""Show on a terminal what a search is doing and what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from siting.appraisal import proof_words
from siting.errors import Fault, InputError, SitingError

if TYPE_CHECKING:
    from rich.status import Status as Spinner

    from siting.plan import Plan
    from siting.simulate.results import Simulation

__all__ = [
    "ProgressScreen",
    "faults_as_bullets",
    "figures_table",
    "findings_table",
    "headline",
    "progress_words",
    "simulation_tables",
    "worth",
]

UNITS = {
    "heat_per_euro": "kWh/a per EUR",
    "discounted_heat_per_euro": "kWh per discounted EUR",
    "max_heat": "MWh/a",
    "capex": "EUR",
    "net_value": "EUR",
}


class ProgressLike(Protocol):
    """What a search reports: seconds, phase, best plan, bound and gap."""

    @property
    def seconds(self) -> float:
        """Time since the search began [s]."""

    @property
    def phase(self) -> str:
        """What is being done."""

    @property
    def incumbent(self) -> float | None:
        """Value of the best plan."""

    @property
    def bound(self) -> float | None:
        """Value that no plan can beat."""

    @property
    def gap(self) -> float | None:
        """Relative gap [-]."""


class ProgressScreen:
    """Show the state of a search on one live line, or in plain lines without a terminal.

    Plain lines come when phase, plan or bound change, and at most one per second.
    """

    def __init__(self, console: Console, objective: str, *, every_s: float = 1.0) -> None:
        self._console = console
        self._objective = objective
        self._every_s = every_s
        self._last_time = -math.inf
        self._last_state: tuple[object, ...] = ()
        self._spinner: Spinner | None = None

    def __enter__(self) -> Self:
        """Start the live line where there is a terminal."""
        if self._console.is_terminal:
            self._spinner = self._console.status("reading")
            self._spinner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the live line away."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def say(self, words: str) -> None:
        """Show a step of the chain."""
        if self._spinner is not None:
            self._spinner.update(words)
        else:
            self._print(words)

    def note(self, words: str) -> None:
        """Show something that stays, above the live line."""
        self._print(words)

    def __call__(self, progress: ProgressLike) -> None:
        """Show the state of the search."""
        words = progress_words(progress, self._objective)
        if self._spinner is not None:
            self._spinner.update(words)
            return
        state = (progress.phase, progress.incumbent, progress.bound)
        now = time.monotonic()
        if state != self._last_state and now - self._last_time >= self._every_s:
            self._last_state, self._last_time = state, now
            self._print(words)

    def _print(self, words: str) -> None:
        """Print a plain line."""
        self._console.print(words, highlight=False, markup=False, soft_wrap=True)


def progress_words(progress: ProgressLike, objective: str) -> str:
    """Return the state of a search as one line."""
    gap = progress.gap
    objective = getattr(progress, "objective", None) or objective
    return "  ".join(
        [
            f"{progress.seconds:6.1f} s",
            progress.phase,
            f"best plan {worth(progress.incumbent, objective)}",
            f"bound {worth(progress.bound, objective)}",
            f"gap {gap:.2%}" if gap is not None and math.isfinite(gap) else "gap open",
        ]
    )


def worth(value: float | None, objective: str) -> str:
    """Return the value of an objective with its unit.

    Examples
    --------
    >>> worth(2.3456, "heat_per_euro")
    '2.346 kWh/a per EUR'
    >>> worth(1234567.0, "capex")
    '1,234,567 EUR'
    >>> worth(None, "capex")
    'none'
    """
    if value is None or not math.isfinite(value):
        return "none"
    digits = 3 if objective.endswith("heat_per_euro") else 0
    return f"{value:,.{digits}f} {UNITS.get(objective, '')}".rstrip()


def headline(plan: Plan, site_names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headline figures of a plan in words, in the order they are shown.

    Parameters
    ----------
    plan
        The plan.
    site_names
        What to call each site; without it, its key.
    """
    names = site_names or {}
    demand_mwh = math.fsum(zone.demand_mwh for zone in plan.zones)
    share = f" ({plan.heat_mwh / demand_mwh:.0%} of their demand)" if demand_mwh > 0 else ""
    sites = ", ".join(names.get(site.site, site.site) for site in plan.sites[:5])
    more = f" and {len(plan.sites) - 5} more" if len(plan.sites) > 5 else ""
    return {
        "sites chosen": f"{len(plan.sites)} ({sites}{more})" if sites else "0",
        "trench": _scaled(plan.trench_length_m, "m", "km", 1e3),
        "zones served": f"{len(plan.zones):,}",
        "heat from data centres": _scaled(plan.heat_mwh, "MWh/a", "GWh/a", 1e3) + share,
        "network loss": _scaled(plan.loss_mwh, "MWh/a", "GWh/a", 1e3),
        "investment": _scaled(plan.capex_eur, "EUR", "M EUR", 1e6),
        "heat per euro": f"{plan.heat_per_euro_kwh:,.3f} kWh/a per EUR",
        "proof": proof_words(plan.proof),
    }


def _scaled(value: float, unit: str, larger: str, factor: float) -> str:
    """Return a figure in the larger unit, unless it is too small to be seen there.

    Examples
    --------
    >>> _scaled(2_345_000, "EUR", "M EUR", 1e6), _scaled(1_600, "EUR", "M EUR", 1e6)
    ('2.35 M EUR', '1,600 EUR')
    """
    if 0 < abs(value) < factor / 10:
        return f"{value:,.0f} {unit}"
    return f"{value / factor:,.2f} {larger}"


def figures_table(title: str, rows: Mapping[str, str]) -> Table:
    """Return figures as a table of two columns."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def findings_table(faults: Iterable[Fault], doubts: Iterable[Fault]) -> Table:
    """Return faults and doubts as one table: what is wrong, and what to do."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    for name in ("", "layer"):
        table.add_column(name, no_wrap=True)
    for name, ratio in (("what was found", 3), ("what to do", 2)):
        table.add_column(name, overflow="fold", ratio=ratio)
    for kind, found in (("fault", faults), ("doubt", doubts)):
        for each in found:
            cells = (each.layer, each.message, each.remedy)
            table.add_row(kind, *(Text(cell) for cell in cells))
    return table


def faults_as_bullets(error: SitingError | Iterable[Fault]) -> str:
    r"""Return every fault of an error as one bullet each.

    Examples
    --------
    >>> print(faults_as_bullets(SitingError("One thing.\nAnother.")))
    - One thing.
    - Another.
    """
    if isinstance(error, InputError):
        items = [str(fault) for fault in error.faults]
    elif isinstance(error, SitingError):
        items = str(error).splitlines() or [type(error).__name__]
    else:
        items = [str(fault) for fault in error]
    return "\n".join(f"- {item}" for item in items)


def simulation_tables(simulation: Simulation) -> list[tuple[str, dict[str, str]]]:
    """Return a table of figures for each day that was simulated."""
    from siting.outputs.words import figure

    units = {"mw": "MW", "kw": "kW", "c": "°C", "k": "K", "bar": "bar"}
    per = {"_m_per_s": "m/s", "_pa_per_m": "Pa/m"}
    tables = []
    for day in simulation.days:
        rows = {}
        for name, value in day.figures.items():
            ending = next((each for each in per if name.endswith(each)), None)
            stem, last = name.rsplit("_", 1)
            label, unit = (
                (name.removesuffix(ending), per[ending]) if ending else (stem, units[last])
            )
            rows[label.replace("_", " ")] = f"{figure(value)} {unit}"
        state = "" if day.converged else ", not converged"
        tables.append((f"{day.day} day{state}", rows))
    return tables
