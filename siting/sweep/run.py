"""Lead a sweep from its scenarios to its table: search, judge, gather, and go on after a kill."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pandas as pd

from siting.config import relative_path, settings_of, with_changes
from siting.crew import Crew, Failure, crew_of
from siting.input_files import hash_of, input_files
from siting.sweep.kept import Built
from siting.sweep.robust import Robust, weigh_plans
from siting.sweep.scenarios import Scenario, Varied, plan_scenarios, varied_of
from siting.sweep.store import Store, sweep_digest
from siting.sweep.work import Ground, Shared, judge_scenario, plans_in, read_ground, search_scenario

if TYPE_CHECKING:
    from siting.config import StudyConfig, SweepConfig

__all__ = ["Sweep", "SweepProgress", "run_sweep"]

log = logging.getLogger(__name__)

KEPT = "as built in the study"
FIRST = (
    "heat_mwh", "capex_eur", "heat_per_euro_kwh", "net_present_value_eur",
    "levelised_cost_eur_per_mwh", "co2_net_saving_t_per_a", "sites_chosen", "zones_served",
    "trench_length_m", "homes_equivalent",
)  # fmt: skip


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: what is done of the searches or judgements, and the last one done."""

    stage: str
    done: int
    total: int
    name: str = ""
    words: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep that is done, or stopped on its way.

    Parameters
    ----------
    config, sweep
        The study, and what was varied.
    scenarios, varied
        What was asked.
    searched, judged
        What came out of each scenario, by number.
    plans
        Every distinct plan found, by its key.
    ground
        Layers and network of the study.
    folder
        Where it is stored.
    complete
        Whether every scenario was done.
    """

    config: StudyConfig
    sweep: SweepConfig
    scenarios: tuple[Scenario, ...]
    varied: tuple[Varied, ...]
    searched: Mapping[int, Mapping[str, Any]]
    judged: Mapping[int, Mapping[str, Any]]
    plans: Mapping[str, Built]
    ground: Ground
    folder: Path
    complete: bool

    @property
    def objective(self) -> str:
        """What plans are compared by."""
        return self.config.objective.kind

    @property
    def base_plan(self) -> str | None:
        """Key of the plan of the study itself."""
        return self.plan_key(0)

    def plan_key(self, number: int) -> str | None:
        """Return the key of the plan that the search of a scenario found, if it found one."""
        raw = self.searched.get(number, {}).get("built")
        return Built.from_dict(raw).key if raw else None

    def table(self) -> pd.DataFrame:
        """Return one row for each scenario: inputs, seeds, status, bound, gap and all figures.

        Wall times are not in it, so that the same sweep gives the same table wherever and however
        often it is interrupted.
        """
        rows = [self._row(each) for each in self.scenarios if self._is_done(each)]
        table = pd.DataFrame(rows)
        figures = [name for name in table.columns if name not in self._head()]
        lead = [name for name in FIRST if name in figures]
        rest = sorted(set(figures) - set(lead))
        columns = [*(name for name in self._head() if name in table.columns), *lead, *rest]
        return table.reindex(columns=columns).astype(dict.fromkeys([*lead, *rest], float))

    def _head(self) -> list[str]:
        keys = [f"input.{each.key}" for each in self.varied]
        return [
            "scenario", "name", "weight", "varied", *keys, "sampling_seed", "solver_seed",
            "status", "message", "plan", "objective", "value", "bound", "gap", "gap_wanted",
            "limits_broken", "sites", "zones",
        ]  # fmt: skip

    def _is_done(self, scenario: Scenario) -> bool:
        found = self.searched if scenario.optimise else self.judged
        return scenario.number in found

    def _row(self, scenario: Scenario) -> dict[str, Any]:
        """Return the row of one scenario."""
        row: dict[str, Any] = {
            "scenario": scenario.number,
            "name": scenario.name,
            "weight": scenario.weight,
            "varied": scenario.varied,
            **{f"input.{key}": _cell(value) for key, value in scenario.inputs.items()},
            "sampling_seed": self.sweep.seed,
            "solver_seed": self.config.solver.seed,
            "objective": self.objective,
            "limits_broken": "",
        }
        found = self._searched_row(scenario) if scenario.optimise else self._kept_row(scenario)
        return row | found

    def _searched_row(self, scenario: Scenario) -> dict[str, Any]:
        found = self.searched[scenario.number]
        proof = found.get("proof", {})
        return {
            "status": found["status"],
            "message": found["message"],
            "plan": self.plan_key(scenario.number) or "",
            **{key: _number(proof.get(key)) for key in ("value", "bound", "gap", "gap_wanted")},
            **self._choice(self.plan_key(scenario.number)),
            **found.get("figures", {}),
        }

    def _kept_row(self, scenario: Scenario) -> dict[str, Any]:
        """Return the row of a scenario whose plan is that of the study."""
        key = self.base_plan
        found = self.judged[scenario.number]["judged"].get(key)
        if found is None:
            words = "the study itself has no plan to keep"
            return {"status": "failed", "message": words, "plan": ""}
        if found["trouble"]:
            return {"status": "cannot be run", "message": found["trouble"], "plan": key}
        return {
            "status": KEPT,
            "message": "",
            "plan": key,
            "value": found["value"],
            "bound": math.nan,
            "gap": math.nan,
            "gap_wanted": math.nan,
            "limits_broken": "; ".join(found["broken"]),
            **self._choice(key),
            **found["figures"],
        }

    def _choice(self, key: str | None) -> dict[str, Any]:
        if key is None:
            return {"sites": "", "zones": ""}
        built = self.plans[key]
        return {
            "sites": " ".join(each.site for each in built.sites),
            "zones": " ".join(built.zones),
        }

    def robust(self) -> Robust:
        """Return every distinct plan in every scenario that could be judged."""
        values, broken = {}, set()
        for number, found in self.judged.items():
            for key, each in found["judged"].items():
                if not each["trouble"]:
                    values[key, number] = each["value"]
                if each["trouble"] or each["broken"]:
                    broken.add((key, number))
        bounds = {
            number: found["proof"]["bound"]
            for number, found in self.searched.items()
            if found.get("proof") and found["proof"]["bound"] is not None
        }
        weights = {s.number: s.weight for s in self.scenarios if s.number in self.judged}
        return weigh_plans(
            list(self.plans), weights, values, frozenset(broken), bounds, self.objective
        )

    def plan_figure(self, key: str, number: int, figure: str) -> float:
        """Return a figure of a plan in a scenario, not a number where it cannot be run."""
        found = self.judged.get(number, {}).get("judged", {}).get(key, {})
        return _number(found.get("figures", {}).get(figure))

    def flows(self) -> tuple[list[list[float]], list[float]]:
        """Return the discounted cash flows of all scenarios that have one, and their weights."""
        flows, weights = [], []
        for each in self.scenarios:
            if each.optimise:
                found = self.searched.get(each.number, {})
            else:
                judged = self.judged.get(each.number, {}).get("judged", {})
                found = judged.get(self.base_plan, {})
            if found.get("flow_eur"):
                flows.append(found["flow_eur"])
                weights.append(each.weight)
        return flows, weights

    def chosen_counts(self) -> dict[str, pd.Series]:
        """Return how often searches chose each site, edge and zone, as a share by weight [-].

        Only scenarios in which a plan was found count; those of no weight count as little as in
        the expectation, unless nothing else is there.
        """
        found = [
            (max(each.weight, 0.0), self.plans[key])
            for each in self.scenarios
            if each.optimise and (key := self.plan_key(each.number)) is not None
        ]
        whole = math.fsum(weight for weight, _ in found)
        if whole <= 0:
            found, whole = [(1.0, built) for _, built in found], float(len(found)) or 1.0
        counts: dict[str, dict[str, float]] = {"sites": {}, "edges": {}, "zones": {}}
        for weight, built in found:
            same = built.ground == self.ground.key
            kinds = {
                "sites": [each.site for each in built.sites],
                "edges": [each.edge for each in built.pipes] if same else [],
                "zones": built.zones,
            }
            for kind, names in kinds.items():
                for name in names:
                    counts[kind][name] = counts[kind].get(name, 0.0) + weight / whole
        return {kind: pd.Series(each, dtype=float) for kind, each in counts.items()}


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _cell(value: Any) -> Any:
    """Return a value for a column of a table; lists as text."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def run_sweep(
    config: StudyConfig,
    sweep: SweepConfig,
    folder: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    progress: Callable[[SweepProgress], None] | None = None,
    stop: Event | None = None,
) -> Sweep:
    """Search and judge every scenario of a sweep; each is stored as soon as it is done.

    Parameters
    ----------
    config, sweep
        The study, and what to vary.
    folder
        Where to store it. A sweep that was stopped or killed goes on from what is there.
    workers, scheduler
        Who does the work, see `siting.crew.crew_of`.
    fresh
        Whether to throw away what an earlier sweep left in the folder.
    progress
        Called after each scenario.
    stop
        Set it from another thread to end after the scenarios at work.

    Raises
    ------
    InputError
        The study, its layers or the sweep have faults, or the folder holds something else.

    Notes
    -----
    Each search has one thread unless the study says otherwise: scenarios run side by side, and a
    search with as many threads as the machine has cores would not be the same on another machine.
    """
    varied, scenarios = varied_of(config, sweep), plan_scenarios(config, sweep)
    config = _alone(config)
    _check_all(config, scenarios)
    ground = read_ground(config)
    settings = settings_of(config)
    digest = sweep_digest(settings, input_hashes(config), [each.as_dict() for each in scenarios])
    about = {"study": config.study.name, "scenarios": len(scenarios), "settings": settings}
    store = Store.open(folder, digest, about, fresh=fresh)
    shared = Shared(config, ground, {})
    wanted = [each for each in scenarios if each.optimise]
    with crew_of(workers, scheduler) as crew:
        task = _Task(store, crew, progress, stop)
        searched = task.done("searched", search_scenario, shared, wanted)
        plans = plans_in(list(searched.values()))
        complete = len(searched) == len(wanted)
        judged: dict[int, dict[str, Any]] = {}
        if complete:
            kept = _plans_to_judge(plans, searched, sweep)
            judged = task.done("judged", judge_scenario, Shared(config, ground, kept), scenarios)
            complete = len(judged) == len(scenarios)
    return Sweep(
        config, sweep, scenarios, varied, searched, judged, plans, ground, folder, complete
    )


def _alone(config: StudyConfig) -> StudyConfig:
    """Return a study whose searches use one thread, unless it says how many."""
    config = config.model_copy(update={"sweep": None})
    if config.solver.threads is not None:
        return config
    return with_changes(config, {"solver": {"threads": 1}})


def _check_all(config: StudyConfig, scenarios: Sequence[Scenario]) -> None:
    """Nothing is searched before the study itself is sound; scenarios may fail on their own."""
    with_changes(config, scenarios[0].changes)


def _plans_to_judge(
    plans: Mapping[str, Built], searched: Mapping[int, Mapping[str, Any]], sweep: SweepConfig
) -> dict[str, Built]:
    """Return the plans that are judged in every scenario: all of them, or that of the study."""
    if sweep.robust:
        return dict(plans)
    raw = searched.get(0, {}).get("built")
    base = Built.from_dict(raw) if raw else None
    return {} if base is None else {base.key: base}


@dataclass(frozen=True)
class _Task:
    """Who does the work, who is told, and where it is stored."""

    store: Store
    crew: Crew
    progress: Callable[[SweepProgress], None] | None
    stop: Event | None

    def done(
        self,
        kind: str,
        work: Callable[[Shared, Scenario], dict[str, Any]],
        shared: Shared,
        scenarios: Sequence[Scenario],
    ) -> dict[int, dict[str, Any]]:
        """Return what is stored for some scenarios, once the missing ones are done."""
        known = self._known(kind, shared)
        rows = {each.number: known[each.number] for each in scenarios if each.number in known}
        left = [each for each in scenarios if each.number not in rows]
        self._tell(kind, len(rows), len(scenarios))
        stream = self.crew.each_done(work, shared, left)
        for scenario, found in stream:
            row = _failed(kind, scenario, found, shared) if isinstance(found, Failure) else found
            self.store.put(kind, row)
            rows[scenario.number] = row
            self._tell(kind, len(rows), len(scenarios), scenario.name, row.get("status", ""))
            if self.stop is not None and self.stop.is_set():
                stream.close()  # type: ignore[attr-defined]
                break
        return dict(sorted(rows.items()))

    def _known(self, kind: str, shared: Shared) -> dict[int, dict[str, Any]]:
        """Return what is stored and still holds: judgements belong to a set of plans."""
        known = self.store.found(kind)
        if kind == "judged":
            plans = set(shared.plans)
            known = {number: row for number, row in known.items() if set(row["judged"]) == plans}
        return known

    def _tell(self, kind: str, done: int, total: int, name: str = "", words: str = "") -> None:
        if self.progress is not None:
            self.progress(SweepProgress(kind, done, total, name, words))


def _failed(kind: str, scenario: Scenario, failure: Failure, shared: Shared) -> dict[str, Any]:
    """Return the row of a scenario whose worker died."""
    row: dict[str, Any] = {"number": scenario.number, "seconds": 0.0}
    if kind == "judged":
        return row | {"judged": {key: {"trouble": failure.words} for key in shared.plans}}
    return row | {"status": "failed", "message": failure.words}


def input_hashes(config: StudyConfig) -> dict[str, str]:
    """Return the hash of each layer of a study; what the study file says is compared apart."""
    return {
        relative_path(path, config.folder): hash_of(path)
        for path in input_files(config)
        if path != config.file
    }
