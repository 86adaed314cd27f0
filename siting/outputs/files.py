"""Write all results of a run into one folder, whole or not at all."""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pandas as pd
import pyogrio

from siting.appraisal import Appraisal, proof_words
from siting.business import BusinessCase
from siting.business.tornado import tornado
from siting.config import (
    OutputsConfig,
    StudyConfig,
    demand_settings,
    finance_settings,
    network_settings,
    relative_path,
    settings_of,
)
from siting.errors import Fault, InputError
from siting.explanation import Explanation, explain_plan, not_attached
from siting.frontier.file import write_frontier
from siting.input_files import hash_of, input_files
from siting.network.types import PipeNetwork
from siting.outputs.assumption import Assumption
from siting.outputs.edges import PipeData, write_edges
from siting.outputs.exports import write_formats
from siting.outputs.frames import Keys, PlanFrames
from siting.outputs.frontier import frontier_frame
from siting.outputs.labels import Labels, labels_of
from siting.outputs.printing import check_printer, print_pdf
from siting.outputs.report import write_report
from siting.outputs.run_map import write_run_map
from siting.outputs.source import attribution_of
from siting.outputs.tables import write_geopackage
from siting.outputs.workbook import write_workbook
from siting.pipes import heat_flow_mw
from siting.plan import Plan
from siting.plausibility import Finding
from siting.problem import read_problem, write_problem
from siting.region import Region, Remark
from siting.solution_file import read_solution as read_plan
from siting.solution_file import write_solution
from siting.supply import load_bands

if TYPE_CHECKING:
    from siting.assembly import Assembly
    from siting.frontier import Frontier
    from siting.parameters import Parameters
    from siting.study.finished import Alternatives

__all__ = [
    "Checked",
    "FinishedRun",
    "attribution_of",
    "change_outputs",
    "check_replaceable",
    "check_report",
    "explain_folder",
    "read_plan",
    "replaced_folder",
    "write_report_of",
    "write_run",
]

LOGGER = logging.getLogger(__name__)

MANIFEST = "manifest.json"
FORMAT = "siting-run"
VERSION = 1
PACKAGES = (
    "siting", "folium", "geopandas", "highspy", "networkx", "numba", "numpy", "osmnx", "pandas",
    "pulp", "pydantic", "pyogrio", "pyproj", "scipy", "shapely", "xlsxwriter",
)  # fmt: skip


class Checked(Protocol):
    """What is known about a study before it is solved: `siting.study.CheckResult`."""

    @property
    def parameters(self) -> Mapping[str, Assumption]:
        """The figures that the plan rests on."""

    @property
    def remarks(self) -> Sequence[Remark]:
        """What was done to the layers."""

    @property
    def doubts(self) -> Sequence[Fault]:
        """Odd things that did not stop the run."""


class FinishedRun(Protocol):
    """What a run folder is made of: `siting.study.Run`, or anything like it."""

    @property
    def config(self) -> StudyConfig:
        """The study."""

    @property
    def checked(self) -> Checked:
        """What was understood of it."""

    @property
    def region(self) -> Region:
        """The layers that were read."""

    @property
    def network(self) -> PipeNetwork:
        """The routing graph."""

    @property
    def assembly(self) -> Keys:
        """The problem, with the way back to the ids of the layers."""

    @property
    def plan(self) -> Plan:
        """The plan."""

    @property
    def appraisal(self) -> Appraisal:
        """Its key figures."""

    @property
    def frames(self) -> PlanFrames:
        """Its layers."""

    @property
    def business(self) -> BusinessCase | None:
        """The plan in money and CO2."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What is not plausible about it."""

    @property
    def alternatives(self) -> Alternatives | None:
        """Plans of other sizes."""


def write_run(
    folder: str | Path,
    run: FinishedRun,
    *,
    run_log: str | Path | None = None,
    created: datetime | None = None,
) -> Path:
    """Write the run folder: map, layers, report, workbook, figures, problem, log, manifest.

    Everything is written beside the folder first and moved into place at the end, so that a
    failure leaves an older run folder as it was.

    Parameters
    ----------
    folder
        The run folder; an older one is replaced, and files that no run wrote are kept in it.
    run
        What to write.
    run_log
        A log file to copy into the folder.
    created
        When the plan was made; now, if not given.

    Returns
    -------
    The folder.

    Raises
    ------
    InputError
        The folder holds files but is no run folder, or it cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links in the path stay as they are
    created = (created or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    with replaced_folder(folder) as work:
        _write_results(work, run, created)
        text = Path(run_log).read_text(encoding="utf-8") if run_log else ""
        (work / "run.log").write_text(text, encoding="utf-8")
        _write_json(work / MANIFEST, _manifest(work, folder, run, created))
    LOGGER.info("wrote %s", folder)
    return folder


def change_outputs(folder: Path, files: Mapping[str, Callable[[Path], Any]]) -> None:
    """Write some files of a run folder anew, whole or not at all, with their hashes.

    Parameters
    ----------
    folder
        The run folder.
    files
        For each name what writes it, given its path beside all other files of the run. One that
        writes nothing takes the file away.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    with replaced_folder(folder) as work:
        for name in manifest["outputs"]:
            if (folder / name).is_file():
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(folder / name, work / name)
        for name, write in files.items():
            write(work / name)
            if (work / name).is_file():
                manifest["outputs"][name] = hash_of(work / name)
            else:
                manifest["outputs"].pop(name, None)
        _write_json(work / MANIFEST, manifest)


def explain_folder(folder: str | Path, name: str) -> Explanation:
    """Return why a zone or site is in the plan of a run folder or not.

    Parameters
    ----------
    folder
        The run folder, or a file in it.
    name
        Id of the zone or site in its layer.

    Raises
    ------
    InputError
        The folder is no run folder, or has no zone or site of that id.
    """
    from siting.study import unknown_id

    folder = Path(folder)
    folder = folder if folder.is_dir() else folder.parent
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sites, zones = dict(manifest["site_ids"]), dict(manifest["zone_ids"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = Fault("plan", f"'{folder}' is no run folder: no {MANIFEST} with ids.", "Run again.")
        raise InputError(fault) from error
    told = explain_plan(read_problem(folder / "problem.json"), read_plan(folder / "solution.json"))
    found = told.named(name, sites, zones)
    if found is not None:
        return found
    apart = _apart(folder, name)
    if apart is None:
        raise unknown_id(name, [*zones.values(), *sites.values()])
    return not_attached(apart, name)


def _apart(folder: Path, name: str) -> str | None:
    """Return whether an id that the problem lacks is that of a zone or of a site."""
    tables = folder / "plan.gpkg"
    for kind, layer in (("zone", "demand_zones"), ("site", "candidate_sites")):
        if tables.is_file():
            rows = pyogrio.read_dataframe(tables, layer=layer, read_geometry=False)
            if name in set(rows[f"{kind}_id"].astype(str)):
                return kind
    return None


def _write_results(work: Path, run: FinishedRun, created: datetime) -> None:
    """Write every result of a run but its log and manifest."""
    head = run.config.study
    kpis = run.appraisal.kpis()
    titles = {
        "title": head.name,
        "question": head.description,
        "attribution": attribution_of(run.config),
    }
    write_run_map(run, work / "map.html")
    if run.alternatives is not None:
        write_frontier(run.alternatives.frontier, work / "frontier.json")
    write_geopackage(run.frames, kpis, work / "plan.gpkg")
    write_formats(run.frames.layers, run.config.outputs.formats, work)
    write_edges(run.plan, _pipe_data(run), work / "edges.csv")
    write_report_of(run, work / "report.html", created)
    if run.config.outputs.pdf:
        print_pdf(work / "report.html", work / "report.pdf")
    write_workbook(
        run.frames,
        run.appraisal,
        run.plan,
        work / "plan.xlsx",
        created=created,
        parameters=run.checked.parameters,
        settings=network_settings(run.config.network, head.country),
        remarks=run.checked.remarks,
        doubts=run.checked.doubts,
        tables=_tables_of(run),
        discount_rate=run.business.discount_rate if run.business else None,
        **titles,
    )
    _write_json(work / "kpis.json", kpis)
    write_problem(run.assembly.problem, work / "problem.json")
    write_solution(run.plan, work / "solution.json")


def _frontier_of(run: FinishedRun) -> Frontier | None:
    """Return the plans for other budgets, where they were computed."""
    return None if run.alternatives is None else run.alternatives.frontier


def _tables_of(run: FinishedRun) -> dict[str, pd.DataFrame]:
    """Return the tables of years, and of the frontier where it was computed."""
    frontier = _frontier_of(run)
    found = dict(getattr(run, "tables", None) or {})
    if frontier is not None and frontier.points:
        table = frontier_frame(frontier)
        ids = run.assembly.site_ids
        named = [" ".join(ids.get(key, key) for key in keys.split()) for keys in table["site_ids"]]
        found["frontier"] = table.assign(site_ids=named)
    return found


def write_report_of(
    run: FinishedRun, path: Path, created: datetime, labels: Labels | None = None
) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    run
        The run.
    path
        The page to write.
    created
        When the plan was made.
    labels
        The texts; in the language of the study if not given.
    """
    head = run.config.study
    settings = (
        *network_settings(run.config.network, head.country),
        *demand_settings(run.config.demand),
        *(finance_settings(run.config.finance) if run.business else ()),
    )
    return write_report(
        run.frames,
        run.appraisal,
        run.plan,
        path,
        title=head.name,
        question=head.description,
        attribution=attribution_of(run.config),
        parameters=run.checked.parameters,
        settings=settings,
        business=run.business,
        findings=run.findings,
        remarks=run.checked.remarks,
        doubts=run.checked.doubts,
        created=created,
        labels=labels or labels_of(run.config.outputs.language),
        **_report_extras(run),
    )


def _report_extras(run: FinishedRun) -> dict[str, Any]:
    """Return what the report tells beyond layers, figures and money."""
    problem, plan = run.assembly.problem, run.plan
    known = run.frames.sites.set_index("site_id")["name"].to_dict()
    names = {key: str(known.get(gis, gis)) for key, gis in run.assembly.site_ids.items()}
    sensitivities = None
    if run.business is not None:
        parameters = cast("Parameters", run.checked.parameters)
        assembly = cast("Assembly", run.assembly)
        sensitivities = tornado(assembly, plan, parameters, run.config, run.business)
    return {
        "limits": run.config.limits.model_dump(exclude_none=True),
        "bands": load_bands(problem, plan),
        "site_names": names,
        "sensitivities": sensitivities,
        "frontier": _frontier_of(run),
    }


def _pipe_data(run: FinishedRun) -> PipeData:
    """Return what hydraulic tools must know of the pipes."""
    from siting.assembly.desk import Desk
    from siting.assembly.pipe_sizes import full_catalogue

    parameters = cast("Parameters", run.checked.parameters)
    sizes = full_catalogue(Desk(run.region, run.network, parameters, run.config))
    network = run.config.network
    supply_c, return_c = network.supply_temperature_c, network.return_temperature_c
    millimetres = (sizes.inner_diameter_m * 1000).tolist()
    return PipeData(
        inner_diameter_mm=dict(zip(sizes.labels, millimetres, strict=True)),
        roughness_mm=parameters.value("roughness_mm"),
        supply_temperature_c=supply_c,
        return_temperature_c=return_c,
        ground_temperature_c=parameters.value("ground_temperature_c"),
        mw_per_kg_s=float(heat_flow_mw(1.0, supply_c, return_c)),
    )


# The manifest -----------------------------------------------------------------------------------


def _manifest(work: Path, folder: Path, run: FinishedRun, created: datetime) -> dict[str, Any]:
    """Return what a run was made of and what it made; paths are relative to the run folder."""
    study = run.config.file
    proof = run.plan.proof
    sizing = getattr(run.assembly, "peak_sizing", None)
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": run.config.study.name,
        "created_utc": created.isoformat().replace("+00:00", "Z"),
        "status": proof.status.value,
        "proof": proof_words(proof),
        "seed": run.config.solver.seed,
        "solver": proof.solver,
        "study_file": relative_path(study, folder),
        "study_text": study.read_text(encoding="utf-8") if study.is_file() else None,
        "settings": settings_of(run.config),
        "attribution": attribution_of(run.config),
        "inputs": {
            relative_path(path, study.parent): hash_of(path) for path in input_files(run.config)
        },
        "outputs": {
            path.relative_to(work).as_posix(): hash_of(path)
            for path in sorted(work.rglob("*"))
            if path.is_file()
        },
        "site_ids": dict(run.assembly.site_ids),
        "zone_ids": dict(run.assembly.zone_ids),
        "peak_ratios": {} if sizing is None else dict(sizing.ratios),
        "peak_rounds": None if sizing is None else sizing.kept_rounds(),
        "python": platform.python_version(),
        "packages": {name: _package_version(name) for name in PACKAGES},
    }


def _package_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that is the same for the same content."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


# Whole or not at all ----------------------------------------------------------------------------


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into, and put it in the place of ``folder`` at the end.

    If anything fails, ``folder`` stays as it was and nothing half-written is left.

    Raises
    ------
    InputError
        ``folder`` holds files but is no run folder, or cannot be written.
    """
    check_replaceable(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        yield work
        work.chmod(0o755)
        _move_into_place(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Refuse to replace anything that is not a run folder.

    Raises
    ------
    InputError
        ``folder`` is a file, holds files but is no run folder, or lies where nothing may be
        written.
    """
    if not folder.exists():
        # Said now, not after minutes of search.
        above = next((each for each in folder.absolute().parents if each.exists()), None)
        if above is None or not above.is_dir() or not os.access(above, os.W_OK):
            raise _cannot_write(folder, PermissionError(13, f"'{above}' may not be written to"))
        return
    if not folder.is_dir():
        fault = Fault("study", f"'{folder.name}' is a file; a run needs a folder.", "Name another.")
        raise InputError(fault)
    if any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise InputError(
            Fault(
                "study",
                f"folder '{folder.name}' holds files but no {MANIFEST}, so it is no run folder.",
                "Name another folder in [outputs], or empty this one.",
            )
        )


def check_report(outputs: OutputsConfig) -> None:
    """Refuse what the report cannot be written as, before minutes of search.

    Raises
    ------
    InputError
        The language is not known, or nothing is installed that prints a PDF.
    """
    labels_of(outputs.language)
    if outputs.pdf:
        check_printer()


def _move_into_place(work: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one, keeping files that no run wrote."""
    old = work.with_suffix(".old")
    try:
        if folder.exists():
            folder.rename(old)
        try:
            work.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise _cannot_write(folder, error) from error
    if old.exists():
        for path in _foreign(old):
            target = folder / path.relative_to(old)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _foreign(old: Path) -> Iterable[Path]:
    """Return what lies in a run folder, or in a folder of a run, but not in its manifest."""
    try:
        listed = set(json.loads((old / MANIFEST).read_text(encoding="utf-8"))["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        listed = {path.name for path in old.iterdir() if path.suffix != ".part"}
    ours = {MANIFEST, *listed}
    folders = {name.partition("/")[0] for name in listed if "/" in name}
    own = [path for path in sorted(old.iterdir()) if path.name not in {*ours, *folders}]
    for name in sorted(folders):
        inside = sorted((old / name).rglob("*"))
        own += [p for p in inside if p.is_file() and p.relative_to(old).as_posix() not in ours]
    return own


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        Fault(
            "study",
            f"the run folder '{folder.name}' cannot be written: {error.strerror}.",
            "Close programs that use it, check that you may write there, or name another folder.",
        )
    )
