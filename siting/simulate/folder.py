"""Read a plan from its run folder, and put what the simulation found into that folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from siting.config import NetworkConfig
from siting.countries import parameter_presets
from siting.errors import Fault, InputError, VerificationError
from siting.parameters import load_parameters
from siting.problem import read_problem
from siting.simulate.check import Case, case_of
from siting.simulate.results import Simulation
from siting.solution_file import read_solution

__all__ = ["SIMULATION", "SIMULATION_LAYERS", "read_case", "write_simulation"]

MANIFEST = "manifest.json"
SIMULATION = "simulation.json"
SIMULATION_LAYERS = "simulation.gpkg"


def read_case(folder: Path) -> Case:
    """Return the plan in a run folder, with the temperatures and limits of its study.

    Raises
    ------
    InputError
        The folder is no run folder.
    VerificationError
        The plan does not agree with its problem.
    """
    from siting.verify import verify_plan

    manifest = _manifest(folder)
    problem, plan = read_problem(folder / "problem.json"), read_solution(folder / "solution.json")
    disagreements = verify_plan(problem, plan)
    if disagreements:
        raise VerificationError("\n".join(disagreements))
    settings = manifest["settings"]
    country = settings.get("study", {}).get("country")
    return case_of(
        problem,
        plan,
        NetworkConfig.model_validate(settings.get("network", {})),
        load_parameters(settings.get("parameters", {}), parameter_presets(country)),
        site_ids=manifest.get("site_ids", {}),
        zone_ids=manifest.get("zone_ids", {}),
        folder=(folder / manifest.get("study_file", "")).parent,
    )


def write_simulation(simulation: Simulation, folder: str | Path) -> list[str]:
    """Put a simulation into a run folder: figures, layers, a map layer and a page of the report.

    Everything is written into a copy that takes the place of the folder at the end, so that a
    failure leaves it as it was. Hashes of what was written go into the manifest; those of all other
    files stay, so that ``siting verify`` still sees what was changed by others.

    Parameters
    ----------
    simulation
        What was found.
    folder
        The run folder; an older simulation in it is replaced.

    Returns
    -------
    What was left alone because it is not as the run wrote it, one sentence each.

    Raises
    ------
    InputError
        The folder is no run folder, or cannot be written.
    """
    from siting.outputs.files import replaced_folder

    folder = Path(folder).absolute()
    manifest = _manifest(folder)
    outputs = dict(manifest["outputs"])
    with replaced_folder(folder) as work:
        for name in outputs:
            if (folder / name).is_file():
                shutil.copy2(folder / name, work / name)
        written, left = _write(simulation, work, outputs)
        manifest["outputs"] = {
            name: _sha256(work / name) if name in written else kept
            for name, kept in {**outputs, **dict.fromkeys(written, "")}.items()
            if (work / name).is_file()
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return left


def _write(
    simulation: Simulation, work: Path, hashes: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Write all results; return the names of the files, and what was left alone."""
    from siting.outputs import hydraulics
    from siting.outputs.printing import print_again

    figures = json.dumps(simulation.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    (work / SIMULATION).write_text(figures + "\n", encoding="utf-8")
    layers = hydraulics.simulation_layers(simulation, work / "plan.gpkg")
    hydraulics.write_layers(simulation, layers, work / SIMULATION_LAYERS)
    written, left = [SIMULATION, SIMULATION_LAYERS], []
    pages: dict[str, Callable[[str], str]] = {
        "map.html": lambda page: hydraulics.map_with_check(page, simulation, layers),
        "report.html": lambda page: hydraulics.report_with_check(page, simulation),
    }
    for name, changed in pages.items():
        path = work / name
        if not path.is_file():
            continue
        if _sha256(path) != hashes.get(name):
            left.append(f"{name} has changed since the run and was left alone.")
            continue
        path.write_text(changed(path.read_text(encoding="utf-8")), encoding="utf-8")
        written.append(name)
    pdf = work / "report.pdf"
    if "report.html" in written and pdf.is_file():
        gone = print_again(work / "report.html", pdf)
        (written if gone is None else left).append(gone or pdf.name)
    return written, left


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if all(isinstance(raw[key], dict) for key in ("settings", "outputs")):
            return dict(raw)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(
        Fault(
            "plan",
            f"'{folder.name}' is no run folder: it has no {MANIFEST} that says how it was made.",
            "Give the folder that 'siting run' wrote.",
        )
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
