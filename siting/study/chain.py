"""Lead a study from its layers to its plan: the whole chain on one page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from siting.config import StudyConfig, read_config, with_changes
from siting.errors import FaultLog, InputError
from siting.study.alternatives import appraise_frontier, other_plans
from siting.study.findings import CheckResult, Findings
from siting.study.finished import Run
from siting.study.reading import assemble, build_graph, lies_together, read_layers, refuse_repairs
from siting.study.solving import Watcher, appraise_plan, find_plan, watched

if TYPE_CHECKING:
    from siting.frontier import Frontier
    from siting.study.phasing import Phased
    from siting.study.stress import Stress

__all__ = [
    "Study",
    "read_study",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """A study file that has been read.

    Examples
    --------
    >>> import siting
    >>> study = siting.read_study("espoo/study.toml")  # doctest: +SKIP
    >>> study.check().counts["annual_demand_gwh"]  # doctest: +SKIP
    >>> run = study.with_changes(limits={"budget_eur": 20e6}).run()  # doctest: +SKIP
    >>> run.plan.heat_per_euro_kwh  # doctest: +SKIP
    """

    config: StudyConfig

    def __repr__(self) -> str:
        """Return the name and the aim on one line."""
        aim = self.config.objective.kind
        return f"<Study '{self.config.study.name}': {aim}, {self.config.file.name}>"

    def _repr_html_(self) -> str:
        """Return the question for a notebook."""
        from siting.outputs.cards import study_card

        return study_card(self.config)

    def with_changes(self, **sections: Mapping[str, Any]) -> Study:
        """Return the study with some keys changed, checked like the study file.

        Parameters
        ----------
        sections
            For each section, the keys to change; a value of ``None`` takes a key out.

        Raises
        ------
        InputError
            A key or value is not understood.
        """
        return Study(with_changes(self.config, sections))

    def check(self) -> CheckResult:
        """Read the layers, build the network and assemble the problem; solve nothing.

        Raises
        ------
        InputError
            The layers or the study file have faults; all that can be seen are in it. With
            ``strict = true`` whatever would have been repaired is among them.
        """
        findings = self.inspect()
        for doubt in findings.doubts:
            log.warning("doubt: %s", doubt)
        if findings.result is None:
            raise InputError(findings.faults)
        return findings.result

    def inspect(self, *, strict: bool | None = None) -> Findings:
        """Return the faults of a study, with what was understood in spite of them.

        Parameters
        ----------
        strict
            Whether repairs are faults; as the study says if absent.
        """
        config, faults = self.config, FaultLog()
        region, parameters = read_layers(config, faults)
        network = assembly = None
        if lies_together(region):
            # After a fault of the layers the network is only for the eye.
            known = FaultLog() if faults.faults else faults
            network = build_graph(region, parameters, config, known)
        if config.study.strict if strict is None else strict:
            refuse_repairs(region, network, faults)
        if network is not None and parameters is not None and not faults.faults:
            try:
                assembly = assemble(region, network, parameters, config, faults)
            except InputError as error:
                faults.faults.extend(error.faults)
        return Findings(
            config, region, network, parameters, assembly, *map(tuple, faults.either_once())
        )

    def run(
        self,
        *,
        progress: Watcher | bool = True,
        stop: Event | None = None,
        run_log: Path | None = None,
    ) -> Run:
        """Find a plan, verify it, appraise it, and write the run folder.

        Parameters
        ----------
        progress
            Called now and then with the best plan and the bound so far. By default a bar is drawn
            in a terminal or notebook; False draws none.
        stop
            Set it from another thread to end the search with the best plan so far.
        run_log
            A log file to put into the run folder.

        Raises
        ------
        InputError
            The layers or the study file have faults.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        VerificationError
            The plan does not agree with its inputs; nothing is written.
        """
        from siting.outputs.exports import check_formats
        from siting.outputs.files import check_replaceable, check_report, write_run

        check_replaceable(self.config.outputs.folder)
        check_formats(self.config.outputs.formats)
        seconds = self.config.outputs.frontier_s
        check_report(self.config.outputs)
        with watched(self.config, progress) as watcher:
            checked = self.check()
            assembly, plan = find_plan(checked.assembly, self.config, watcher, stop)
            found = other_plans(assembly, self.config, plan, seconds, watcher, stop)
        doubts = (*checked.doubts, *assembly.doubts)
        checked = replace(checked, assembly=assembly, doubts=doubts)
        log.info("drawing the plan")
        run = appraise_plan(self.config, checked, plan)
        if found is not None:
            run = replace(run, alternatives=appraise_frontier(self.config, checked, found, run))
        write_run(run.folder, run, run_log=run_log)
        return run

    def frontier(
        self,
        *,
        points: int = 16,
        resume: Frontier | None = None,
        progress: Watcher | bool = True,
        stop: Event | None = None,
    ) -> Frontier:
        """Find the best plans for all budgets, and the ceiling that no plan can cross.

        The budget, least heat and objective of the study are left aside, its other limits hold.
        Pipes are sized for what they carry from the sites. Time limit, gap, solver and seed are
        those of the study. Nothing is written.

        Parameters
        ----------
        points
            Number of prices of investment to ask.
        resume
            An earlier frontier of the same problem, to go on with.
        progress, stop
            As for `run`.

        Raises
        ------
        InputError
            The layers or the study file have faults, the language is not known, or ``resume`` is
            about another problem.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        """
        from siting.frontier import find_frontier
        from siting.outputs.labels import labels_of

        labels_of(self.config.outputs.language)  # refused before a search, not after it
        with watched(self.config, progress) as watcher:
            problem = self.check().assembly.problem
            log.info("searching the frontier, at most %g s", self.config.solver.time_limit_s)
            solver = self.config.solver
            return find_frontier(
                problem,
                time_limit_s=solver.time_limit_s,
                points=points,
                gap=solver.gap,
                solver=solver.name,
                threads=solver.threads,
                seed=solver.seed,
                resume=resume,
                progress=watcher,
                stop=stop,
            )

    def phases(self, *, progress: Watcher | bool = True, stop: Event | None = None) -> Phased:
        """Find out how the network is built in periods.

        The periods stand under ``[phases]`` in the study file. Nothing is written.

        Parameters
        ----------
        progress, stop
            As for `run`.

        Raises
        ------
        InputError
            The layers or the study file have faults, or the language is not known.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        """
        from siting.outputs.labels import labels_of
        from siting.study.phasing import find_phases

        labels_of(self.config.outputs.language)  # refused before a search, not after it
        with watched(self.config, progress) as watcher:
            return find_phases(self.config, self.check(), watcher, stop)

    def stress(self, *, progress: Watcher | bool = True, stop: Event | None = None) -> Stress:
        """Find out what happens when sources leave, and what a precaution costs.

        What may happen stands under ``[departure]`` in the study file. Nothing is written.

        Parameters
        ----------
        progress, stop
            As for `run`.

        Raises
        ------
        InputError
            The layers or the study file have faults, or the language is not known.
        InfeasibleError
            No plan can meet the limits.
        NoPlanError
            No plan was found in time.
        """
        from siting.outputs.labels import labels_of
        from siting.study.stress import find_stress

        labels_of(self.config.outputs.language)  # refused before a search, not after it
        with watched(self.config, progress) as watcher:
            return find_stress(self.config, self.check(), watcher, stop)

    def draw_frontier(self, found: Frontier, path: Path) -> Path | None:
        """Write the map of a frontier with a slider over its plans; nothing where it has none.

        Parameters
        ----------
        found
            From `frontier`, for the layers as they are now.
        path
            File to write.
        """
        from siting.outputs.run_map import write_alternatives_map

        return write_alternatives_map(appraise_frontier(self.config, self.check(), found), path)


def read_study(path: str | Path) -> Study:
    """Read a study file, see `siting.config.read_config`."""
    return Study(read_config(path))
