"""Check a whole run folder: the problem against the study, and every file against the plan."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from siting.config import settings_of
from siting.errors import SitingError, VerificationError
from siting.plan import Plan
from siting.problem import Problem, read_problem
from siting.verify.arithmetic import plan_warnings, verify_plan
from siting.verify.ledger import Ledger
from siting.verify.money import check_money, figures_left
from siting.verify.phases import DECISIONS, verify_phase_folder
from siting.verify.stress import PLANS, verify_stress_folder
from siting.verify.tables import check_geopackage, check_kpis

__all__ = [
    "VerificationReport",
    "inspect_folder",
    "verify_folder",
    "verify_solution",
]

DIFFERENCES_SHOWN = 20


@dataclass(frozen=True)
class VerificationReport:
    """What was checked in a run folder, and with what outcome.

    Parameters
    ----------
    folder
        The run folder.
    agreed
        What was derived again and agrees.
    disagreements
        What does not agree, one sentence each.
    not_checked
        What could not be checked, and why.
    warnings
        What agrees but is odd or wasteful.
    """

    folder: Path
    agreed: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the report as lines of text."""
        groups = {
            "agrees": self.agreed,
            "DISAGREES": self.disagreements,
            "not checked": self.not_checked,
            "note": self.warnings,
        }
        lines = [f"{word}: {each}" for word, group in groups.items() for each in group]
        return "\n".join([f"Verification of '{self.folder}'", *lines])


def verify_folder(path: str | Path) -> VerificationReport:
    """Check a run folder, and fail loudly if anything in it disagrees.

    Parameters
    ----------
    path
        A run folder, or a file in one, such as ``plan.gpkg`` or ``solution.json``.

    Returns
    -------
    What agrees, and what could not be checked.

    Raises
    ------
    VerificationError
        A file disagrees with the problem, the plan or the inputs; every disagreement is named.
    InputError
        ``problem.json`` or ``solution.json`` cannot be read.
    """
    report = inspect_folder(path)
    if report.disagreements:
        raise VerificationError("\n".join(report.disagreements))
    return report


def verify_solution(solution: str | Path, problem: str | Path) -> list[str]:
    """Return every disagreement between a solution file and its problem file.

    Raises
    ------
    InputError
        One of the files cannot be read.
    """
    return verify_plan(read_problem(problem), _read_plan(Path(solution)))


@dataclass
class _Notes:
    """A report in the making."""

    agreed: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def settle(self, what: str, disagreements: list[str]) -> None:
        """Add disagreements, or that something agrees if there are none."""
        self.disagreements.extend(disagreements)
        if not disagreements:
            self.agreed.append(what)


def inspect_folder(path: str | Path) -> VerificationReport:
    """Check a run folder like `verify_folder`, and return disagreements instead of raising them."""
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    notes = _Notes()
    if (folder / DECISIONS).exists():
        return _inspect_phases(folder, notes)
    if (folder / PLANS).exists():
        return _inspect_stress(folder, notes)
    problem = read_problem(folder / "problem.json")
    plan = _read_plan(folder / "solution.json")
    notes.settle(
        f"solution.json: {len(plan.sites):,} sites, {len(plan.pipes):,} pipes and"
        f" {len(plan.zones):,} zones, with all costs, losses, flows and heat, and the arithmetic"
        " of the proof",
        verify_plan(problem, plan),
    )
    notes.not_checked.append(
        "the bound itself: that no better plan exists is the solver's word, only its arithmetic"
        " was checked"
    )
    manifest = _read_manifest(folder, notes)
    _check_outputs(folder, manifest, notes)
    unchanged = _check_inputs(folder, manifest, notes)
    ids = _check_problem(folder, manifest, problem, notes) if unchanged else None
    _check_money(folder, manifest, problem, plan, notes)
    _check_files(folder, problem, plan, ids or _stored_ids(manifest), notes)
    return VerificationReport(
        folder,
        tuple(notes.agreed),
        tuple(notes.disagreements),
        tuple(notes.not_checked),
        (*notes.warnings, *plan_warnings(problem, plan)),
    )


def _inspect_stress(folder: Path, notes: _Notes) -> VerificationReport:
    """Return the report on a folder that ``siting stress`` wrote."""
    disagreements, left = verify_stress_folder(folder)
    notes.settle(
        f"{PLANS}: every plan with what is in use, and what each scenario makes of it: output,"
        " flows, losses, heat, replacement; the discounted sums and the arithmetic of the proofs;"
        " what insurance costs and saves in stress.json",
        disagreements,
    )
    notes.not_checked += left
    notes.not_checked.append(
        "the bounds themselves: that no better plans exist is the solver's word, only their"
        " arithmetic was checked"
    )
    notes.not_checked.append(
        "the business case behind net_present_value_eur (siting verify of the run derives it),"
        " stress.gpkg, stress.html and map.html, and the problem against the layers of the study"
    )
    return VerificationReport(
        folder,
        tuple(notes.agreed),
        tuple(notes.disagreements),
        tuple(notes.not_checked),
        tuple(notes.warnings),
    )


def _inspect_phases(folder: Path, notes: _Notes) -> VerificationReport:
    """Return the report on a folder that ``siting phases`` wrote."""
    notes.settle(
        f"{DECISIONS}: every period with its heat, flows, losses and investment, what stays and"
        " what is there in which year, the discounted sums and the arithmetic of the proof; and"
        " the figures of phases.json",
        verify_phase_folder(folder),
    )
    notes.not_checked.append(
        "the bound itself: that no better plan exists is the solver's word, only its arithmetic"
        " was checked"
    )
    notes.not_checked.append(
        "phases.gpkg, phases.html and map.html, and the problem against the layers of the study"
    )
    return VerificationReport(
        folder,
        tuple(notes.agreed),
        tuple(notes.disagreements),
        tuple(notes.not_checked),
        tuple(notes.warnings),
    )


def _read_plan(path: Path) -> Plan:
    """Read the plan of a run folder."""
    from siting.solution_file import read_solution

    return read_solution(path)


# The inputs -------------------------------------------------------------------------------------


def _read_manifest(folder: Path, notes: _Notes) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        notes.not_checked.append("inputs: there is no manifest.json that names them")
        return {}
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        notes.disagreements.append(f"manifest.json: is not JSON: {error}.")
        return {}
    if not isinstance(raw, dict):
        notes.disagreements.append("manifest.json: does not hold an object.")
        return {}
    return raw


def _listed_inputs(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each input file named in a manifest."""
    inputs = manifest.get("inputs", {})
    if isinstance(inputs, list):
        inputs = {str(each.get("path")): each for each in inputs if isinstance(each, dict)}
    listed = {}
    for name, entry in inputs.items():
        if isinstance(entry, str):
            listed[str(name)] = entry
        elif isinstance(entry, dict) and "sha256" in entry:
            listed[str(entry.get("path", name))] = str(entry["sha256"])
    return listed


def _check_inputs(folder: Path, manifest: Mapping[str, Any], notes: _Notes) -> bool:
    """Compare input files with their listed hashes; return whether all are there, unchanged."""
    listed = _listed_inputs(manifest)
    # Paths are as seen from the study file, wherever the run folder is.
    places = [folder / Path(str(manifest.get("study_file", "."))).parent, folder]
    if manifest and not listed:
        notes.not_checked.append("inputs: manifest.json names none with a hash")
    good = 0
    for name, told in listed.items():
        path = _find(name, *places)
        if path is None:
            notes.not_checked.append(f"input '{name}': the file is no longer there")
            continue
        found = _sha256(path)
        if found != told.removeprefix("sha256:"):
            notes.disagreements.append(
                f"input '{name}': has changed since the run; its SHA-256 is {found[:12]}..., the"
                f" manifest has {told[:12]}..."
            )
        else:
            good += 1
    if good:
        notes.agreed.append(f"inputs: {good:,} files are as they were when they were read")
    return bool(listed) and good == len(listed)


def _find(name: str, *folders: Path) -> Path | None:
    """Return where a file named in a manifest is, as seen from one of the folders."""
    for folder in folders:
        path = Path(os.path.normpath(Path(os.path.abspath(folder)) / name))  # noqa: PTH100
        if path.is_file():
            return path
    return None


def _study_file(folder: Path, manifest: Mapping[str, Any]) -> Path | None:
    """Return the study file of a run, if it is named and still there."""
    named = manifest.get("study_file")
    return _find(str(named), folder) if named else None


@dataclass(frozen=True)
class _Ids:
    """The GIS id of each site key and zone key."""

    sites: Mapping[str, str]
    zones: Mapping[str, str]


def _stored_ids(manifest: Mapping[str, Any]) -> _Ids | None:
    """Return the GIS ids that a manifest may hold."""
    sites, zones = manifest.get("site_ids"), manifest.get("zone_ids")
    if isinstance(sites, dict) and isinstance(zones, dict):
        return _Ids(sites, zones)
    return None


def _check_problem(
    folder: Path, manifest: Mapping[str, Any], problem: Problem, notes: _Notes
) -> _Ids | None:
    """Assemble the problem again from the study, and compare it with the stored one."""
    path = _study_file(folder, manifest)
    if path is None:
        notes.not_checked.append(
            "problem.json against the layers: the study file is not named or no longer there"
        )
        return None
    settings = manifest.get("settings") or {}
    try:
        assembly, changed = _assemble_again(path, settings)
    except SitingError as error:
        notes.disagreements.append(
            f"problem.json: the study '{path.name}' can no longer be assembled: {error}"
        )
        return None
    again = _with_peak_ratios(assembly.problem, manifest.get("peak_ratios") or {})
    found = compare_problems(problem, again)
    for name in ("objective", "limits"):
        was, now = getattr(problem, name), getattr(again, name)
        if was != now:
            found.append(f"problem.json {name} is {was}; assembled again from the study: {now}.")
    notes.settle(
        "problem.json: every edge, site and zone was assembled again from the layers", found
    )
    notes.warnings.extend(
        f"[{name}]: the run had other settings than the study file has now, and the problem was"
        " assembled again with those of the run"
        for name in changed
    )
    return _Ids(assembly.site_ids, assembly.zone_ids)


def _assemble_again(study_file: Path, settings: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Return the assembly of a study with a run's settings, and the sections that differ."""
    from siting.study import read_study

    study = read_study(study_file)
    own = settings_of(study.config)
    changed = [name for name, section in settings.items() if section != own.get(name)]
    # What the study file has gained since is taken out again.
    again = study.with_changes(
        **{name: dict.fromkeys(own.get(name, ())) | settings[name] for name in changed}
    )
    return again.check().assembly, [name for name in changed if name != "solver"]


def _with_peak_ratios(problem: Problem, ratios: Mapping[str, float]) -> Problem:
    """Return the problem with the capacities that pipes have for base load beside the peak."""
    edges = []
    for edge in problem.edges:
        ratio = float(ratios.get(edge.id, 1.0))
        if ratio > 1 and edge.sizes:
            sizes = [replace(each, capacity_mw=each.capacity_mw / ratio) for each in edge.sizes]
            worth = tuple(each for each in sizes if each.loss_mw < each.capacity_mw)
            edges.append(replace(edge, sizes=worth or (sizes[-1],)))
        else:
            edges.append(edge)
    return replace(problem, edges=tuple(edges))


def compare_problems(stored: Problem, again: Problem) -> list[str]:
    """Return where two problems differ in their graph and figures; objective and limits aside."""
    ledger = Ledger(tolerance=1e-9)
    ledger.agree("problem.json", "hours_per_a", stored.hours_per_a, again.hours_per_a, "h/a")
    if set(stored.nodes) != set(again.nodes):
        ledger.say("problem.json: nodes differ from those assembled again from the layers.")
    for kind in ("edges", "sites", "zones"):
        old = {each.id: each for each in getattr(stored, kind)}
        new = {each.id: each for each in getattr(again, kind)}
        for name in [*old, *(each for each in new if each not in old)]:
            place = f"problem.json {kind} '{name}'"
            if name not in old or name not in new:
                where = "problem.json" if name in old else "the layers"
                ledger.say(f"{place}: is in {where} only.")
            elif old[name] != new[name]:
                _compare(place, vars(old[name]), vars(new[name]), ledger)
    found = ledger.found
    if len(found) > DIFFERENCES_SHOWN:
        rest = len(found) - DIFFERENCES_SHOWN
        found = [*found[:DIFFERENCES_SHOWN], f"problem.json: {rest:,} more differences."]
    return found


def _compare(place: str, old: Any, new: Any, ledger: Ledger) -> None:
    """Walk two values side by side, and add where they differ."""
    if hasattr(old, "__dataclass_fields__") and type(old) is type(new):
        old, new = vars(old), vars(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            _compare(f"{place} {key}", old.get(key), new.get(key), ledger)
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            _compare(f"{place}[{i}]", a, b, ledger)
    elif isinstance(old, int | float) and isinstance(new, int | float):
        if not ledger.near(old, new, floor=1e-3):
            ledger.say(f"{place} is {old!r}; assembled again from the layers: {new!r}.")
    elif old != new:
        ledger.say(f"{place} is {old!r}; assembled again from the layers: {new!r}.")


# The outputs ------------------------------------------------------------------------------------


def _check_outputs(folder: Path, manifest: Mapping[str, Any], notes: _Notes) -> None:
    """Compare output files with their listed hashes; GIS programs may touch a GeoPackage."""
    listed = manifest.get("outputs")
    if not isinstance(listed, dict):
        return
    found, same = [], []
    for name, told in listed.items():
        path = folder / name
        if path.suffix == ".gpkg":
            continue
        if not path.is_file():
            notes.not_checked.append(f"{name}: is no longer there")
        elif _sha256(path) != told:
            found.append(f"{name}: has changed since the run, its SHA-256 is another.")
        else:
            same.append(name)
    notes.settle(f"{', '.join(same)}: unchanged since the run", found)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_money(
    folder: Path, manifest: Mapping[str, Any], problem: Problem, plan: Plan, notes: _Notes
) -> None:
    """Derive money and CO2 again from problem, plan and the settings of the run."""
    path = folder / "kpis.json"
    if not path.exists():
        return
    settings = manifest.get("settings")
    found = check_money(path, problem, plan, settings if isinstance(settings, dict) else {})
    if found is None:
        notes.not_checked.append("kpis.json: money and CO2, as the manifest has no [finance]")
    else:
        notes.settle("kpis.json: present value, cost of heat and CO2, year by year", found)
        left = [] if found else figures_left(path, problem, plan, settings or {})
        if left:
            notes.not_checked.append(f"kpis.json: told, not derived again: {', '.join(left)}")


def _check_files(
    folder: Path, problem: Problem, plan: Plan, ids: _Ids | None, notes: _Notes
) -> None:
    """Derive the tables of the run folder again from problem and plan."""
    kpis = folder / "kpis.json"
    if kpis.exists():
        notes.settle("kpis.json: every figure of the plan itself", check_kpis(kpis, problem, plan))
    else:
        notes.not_checked.append("kpis.json: is not there")
    tables = folder / "plan.gpkg"
    if not tables.exists():
        notes.not_checked.append("plan.gpkg: is not there")
        return
    site_ids = ids.sites if ids else None
    zone_ids = ids.zones if ids else None
    found, gaps = check_geopackage(tables, problem, plan, site_ids=site_ids, zone_ids=zone_ids)
    notes.settle("plan.gpkg: figures of all layers, their sums, and the length of lines", found)
    notes.not_checked.extend(gaps)
    others = [p.name for p in sorted(folder.iterdir()) if p.suffix in {".html", ".xlsx", ".pdf"}]
    if others:
        notes.not_checked.append(
            f"figures shown in {', '.join(others)}: drawn from the plan, not read back"
        )
