"""Turn what a study wants varied into a numbered list of scenarios."""

from __future__ import annotations

import difflib
import inspect
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from scipy.stats import qmc

from siting.countries import parameter_presets
from siting.errors import Fault, FaultLog, InputError
from siting.parameters import Parameter, Parameters, load_parameters

if TYPE_CHECKING:
    from siting.config import StudyConfig, SweepConfig, VaryConfig

__all__ = ["BASE_NAME", "Scenario", "Varied", "plan_scenarios", "varied_of"]

BASE_NAME = "as the study says"
SECTIONS = ("network", "demand", "objective", "limits", "finance")
NORMAL_TAIL = 0.05
"""Share of a normal distribution below its low and above its high figure."""
WHOLE_UNITS = frozenset({"count", "a"})
SEED_WORD = "rng" if "rng" in inspect.signature(qmc.LatinHypercube).parameters else "seed"


@dataclass(frozen=True)
class Scenario:
    """One set of assumptions.

    Parameters
    ----------
    number
        0 for the study as it stands, then in the order of the list.
    name
        In words.
    inputs
        What each varied key is in this scenario; None where the study sets nothing.
    changes
        The same as changes of sections of the study.
    varied
        The one key that differs from the study, where only one does; else empty.
    optimise
        Whether a plan is searched for; if not, the plan of the study is kept.
    weight
        How much the scenario counts in an expectation.
    """

    number: int
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    varied: str = ""
    optimise: bool = True
    weight: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "inputs": dict(self.inputs), "changes": dict(self.changes)}


@dataclass(frozen=True)
class Varied:
    """A key that is varied.

    Parameters
    ----------
    key
        Name of a parameter, or ``section.key`` of the study file.
    base
        What the study says.
    levels
        Figures to try one by one, in their order.
    low, high
        Range to draw from; None where only levels are given.
    distribution
        How figures are drawn from the range.
    unit, description, source, mark
        What is known of the figure.
    whole
        Whether figures are whole numbers.
    optimise
        Whether plans are searched for where this key alone is varied; None for as the sweep says.
    """

    key: str
    base: Any
    levels: tuple[Any, ...]
    low: float | None = None
    high: float | None = None
    distribution: str = "triangular"
    unit: str = ""
    description: str = ""
    source: str = ""
    mark: str = ""
    whole: bool = False
    optimise: bool | None = None

    def at(self, shares: Any) -> list[Any]:
        """Return the figures below which some shares of the distribution lie.

        Examples
        --------
        >>> Varied("x", 5.0, (), 0.0, 10.0, "uniform").at([0.25, 0.5])
        [2.5, 5.0]
        """
        if self.low is None or self.high is None:
            count = len(self.levels)
            places = np.minimum((np.asarray(shares) * count).astype(int), count - 1)
            return [self.levels[each] for each in places]
        low, high = self.low, self.high
        if low == high:
            return [self.rounded(low) for _ in shares]
        match self.distribution:
            case "uniform":
                drawn = stats.uniform(low, high - low)
            case "log_uniform":
                drawn = stats.loguniform(low, high)
            case "normal":
                width = (high - low) / 2 / stats.norm.ppf(1 - NORMAL_TAIL)
                drawn = stats.norm((low + high) / 2, width)
            case _:
                drawn = stats.triang((self.base - low) / (high - low), low, high - low)
        return [self.rounded(float(each)) for each in drawn.ppf(shares)]

    def rounded(self, value: float) -> Any:
        """Return a figure as the study takes it."""
        return round(value) if self.whole else float(f"{value:.12g}")

    def change(self, value: Any) -> tuple[str, str, Any]:
        """Return the section and key that take a figure."""
        section, _, name = self.key.rpartition(".")
        return section or "parameters", name, value


def varied_of(config: StudyConfig, sweep: SweepConfig) -> tuple[Varied, ...]:
    """Return what is varied, with what the study says and what the parameter table knows.

    Raises
    ------
    InputError
        A key is not known, or a range is missing or does not hold the figure of the study. All
        such faults are reported at once.
    """
    log = FaultLog()
    parameters = load_parameters(config.parameters, parameter_presets(config.study.country))
    found = []
    for key, wish in sweep.vary.items():
        try:
            found.append(_one(key, wish, config, parameters))
        except InputError as error:
            log.faults.extend(error.faults)
    log.raise_faults()
    return tuple(found)


def _one(key: str, wish: VaryConfig, config: StudyConfig, parameters: Parameters) -> Varied:
    """Return one key with its levels or range."""
    section = key.rpartition(".")[0]
    row = parameters.get(key) if not section else None
    base = row.value if row is not None else _setting(config, key, section, parameters)
    low, high = wish.low, wish.high
    if row is not None and not wish.values:
        low, high = (row.low if low is None else low), (row.high if high is None else high)
    whole = (row is not None and row.unit in WHOLE_UNITS) or (
        isinstance(base, int) and not isinstance(base, bool)
    )
    optimise = None if wish.plan is None else wish.plan == "optimise"
    known = _known(row)
    if wish.values:
        return Varied(key, base, tuple(wish.values), whole=whole, optimise=optimise, **known)
    _check_range(key, wish, base, low, high)
    assert low is not None
    assert high is not None
    shape = Varied(
        key, base, (), low, high, wish.distribution, whole=whole, optimise=optimise, **known
    )
    steps = np.linspace(low, high, wish.steps) if wish.steps > 1 else np.array([low, high])
    levels = tuple(dict.fromkeys(shape.rounded(float(each)) for each in steps))
    return Varied(
        key, base, levels, low, high, wish.distribution, whole=whole, optimise=optimise, **known
    )


def _known(row: Parameter | None) -> dict[str, Any]:
    if row is None:
        return {}
    words = {"description": row.description, "source": row.source, "mark": row.mark}
    return {"unit": "" if row.unit in {"-", "count"} else row.unit, **words}


def _setting(config: StudyConfig, key: str, section: str, parameters: Parameters) -> Any:
    """Return what a study says at ``section.key``."""
    settings = {
        f"{each}.{field}": getattr(getattr(config, each), field)
        for each in SECTIONS
        for field in type(getattr(config, each)).model_fields
    }
    if key in settings and section in SECTIONS:
        return settings[key]
    known = [*parameters, *settings]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else "Give a name of the parameter table, or"
    end = "" if near else f" section.key of {', '.join(SECTIONS)}."
    raise InputError(Fault("study", f"[sweep.vary] has no '{key}'.", hint + end, (key,)))


def _check_range(
    key: str, wish: VaryConfig, base: Any, low: float | None, high: float | None
) -> None:
    """Refuse a range that is missing, upside down, or without the figure of the study."""
    place = f"[sweep.vary] {key}"
    if low is None or high is None:
        raise InputError(
            Fault(
                "study",
                f"{place} has no range: the parameter table knows none for it.",
                "Give low and high, or a list of values.",
                (key,),
            )
        )
    if low > high:
        raise InputError(
            Fault("study", f"{place}: low {low:g} is above high {high:g}.", "Swap them.", (key,))
        )
    if wish.distribution == "log_uniform" and low <= 0:
        raise InputError(
            Fault("study", f"{place}: 'log_uniform' needs low above 0.", "Raise it.", (key,))
        )
    inside = isinstance(base, int | float) and low <= base <= high
    if wish.distribution == "triangular" and not inside:
        raise InputError(
            Fault(
                "study",
                f"{place}: the study says {base}, outside {low:g} to {high:g}, so that there is no"
                " peak for a triangular distribution.",
                'Give low and high around it, or distribution = "uniform".',
                (key,),
            )
        )


def plan_scenarios(config: StudyConfig, sweep: SweepConfig) -> tuple[Scenario, ...]:
    """Return the scenarios of a sweep; number 0 is the study as it stands.

    Raises
    ------
    InputError
        See `varied_of`; or a named scenario changes something that is not known.
    """
    varied = varied_of(config, sweep)
    drawn: list[Scenario] = []
    optimise = sweep.plan == "optimise"
    for inputs, one in _inputs(varied, sweep):
        changes: dict[str, dict[str, Any]] = {}
        for each in varied:
            if each.key in inputs:
                section, key, value = each.change(inputs[each.key])
                changes.setdefault(section, {})[key] = value
        own = one.optimise if one is not None else None
        drawn.append(
            Scenario(
                number=len(drawn) + 1,
                name=_name(inputs, len(drawn) + 1, sweep.method),
                inputs={each.key: inputs.get(each.key, each.base) for each in varied},
                changes=changes,
                varied=one.key if one is not None else "",
                optimise=optimise if own is None else own,
            )
        )
    for named in sweep.scenario:
        changes = named.changes()
        drawn.append(
            Scenario(
                len(drawn) + 1,
                named.name,
                {each.key: _changed(changes, each) for each in varied},
                changes,
                optimise=(named.plan or sweep.plan) == "optimise",
                weight=named.weight,
            )
        )
    said = {each.key: each.base for each in varied}
    base = Scenario(0, BASE_NAME, said, weight=_base_weight(sweep))
    if not drawn:
        raise InputError(
            Fault(
                "study",
                "[sweep] asks for nothing: it varies no key and names no scenario.",
                "Add keys under [sweep.vary], or a [[sweep.scenario]].",
            )
        )
    return (base, *drawn)


def _base_weight(sweep: SweepConfig) -> float:
    """Return the weight of the study itself: it is one more scenario, but no draw."""
    return 0.0 if sweep.method in {"latin_hypercube", "monte_carlo"} else 1.0


def _changed(changes: Mapping[str, Mapping[str, Any]], varied: Varied) -> Any:
    section, key, base = varied.change(varied.base)
    return changes.get(section, {}).get(key, base)


def _inputs(
    varied: Sequence[Varied], sweep: SweepConfig
) -> Iterator[tuple[dict[str, Any], Varied | None]]:
    """Yield the varied figures of each scenario, and the one key that is varied, if it is one."""
    if not varied:
        return
    match sweep.method:
        case "one_at_a_time":
            for each in varied:
                yield from (({each.key: v}, each) for v in each.levels if v != each.base)
        case "grid":
            for values in itertools.product(*(each.levels for each in varied)):
                yield dict(zip((each.key for each in varied), values, strict=True)), None
        case "list":
            yield from _rows(varied)
        case _:
            shares = _shares(sweep, len(varied))
            columns = [each.at(shares[:, k]) for k, each in enumerate(varied)]
            for values in zip(*columns, strict=True):
                yield dict(zip((each.key for each in varied), values, strict=True)), None


def _rows(varied: Sequence[Varied]) -> Iterator[tuple[dict[str, Any], None]]:
    """Yield the figures of lists that are read side by side."""
    counts = {len(each.levels) for each in varied}
    if len(counts) > 1:
        words = ", ".join(f"{each.key} has {len(each.levels)}" for each in varied)
        raise InputError(
            Fault(
                "study",
                f"[sweep] method 'list' reads the values of all keys side by side: {words}.",
                'Give each the same number of values, or use method = "grid".',
            )
        )
    for values in zip(*(each.levels for each in varied), strict=True):
        yield dict(zip((each.key for each in varied), values, strict=True)), None


def _shares(sweep: SweepConfig, dimensions: int) -> Any:
    """Return points of the unit cube, one row for each sample."""
    generator = np.random.default_rng(sweep.seed)
    if sweep.method == "latin_hypercube":
        return qmc.LatinHypercube(d=dimensions, **{SEED_WORD: generator}).random(sweep.samples)
    return generator.random((sweep.samples, dimensions))


def _name(inputs: Mapping[str, Any], number: int, method: str) -> str:
    """Return a short name of a scenario that was not given one."""
    if method in {"latin_hypercube", "monte_carlo"}:
        return f"sample {number}"
    return ", ".join(f"{key} = {_said(value)}" for key, value in inputs.items())


def _said(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return str(value)
