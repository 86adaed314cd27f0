"""Hand the networks of a plan over to other tools, as pandapipes files."""

from __future__ import annotations

from pathlib import Path

from siting.errors import Fault, InputError
from siting.simulate.days import design_day
from siting.simulate.engine import require_engine, solved_table
from siting.simulate.folder import read_case
from siting.simulate.network import heat_net, split_parts, without_stagnant

__all__ = ["write_pandapipes"]


def write_pandapipes(run_folder: str | Path, folder: str | Path) -> list[Path]:
    """Write each separate network of a plan as a file that ``pandapipes.from_json`` reads.

    The files hold supply and return, the loads of the design day and the state that was found.
    Junctions and pipes have the names of the plan with ``supply`` or ``return`` behind, pumps and
    heat consumers those of sites and zones.

    Parameters
    ----------
    run_folder
        A run folder.
    folder
        Where to write ``network-1.json`` and so on.

    Raises
    ------
    InputError
        The folder is no run folder, its plan builds nothing, or nothing can be written there.
    NotConvergedError
        A network has no state that could be found.
    SitingError
        pandapipes is not there.
    """
    pandapipes = require_engine()
    case = read_case(Path(run_folder))
    if case.plan.is_empty:
        raise InputError(Fault("plan", "the plan builds nothing.", "There is no network."))
    loads = design_day(case.problem, case.plan)
    whole = heat_net(case.plan, case.sizes, loads.drawn_mw, loads.fed_in_mw, case.nodes, case.water)
    parts = [without_stagnant(part)[0] for part in split_parts(whole) if part.sources]
    written = []
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, part in enumerate([each for each in parts if each.consumers], start=1):
            path = Path(folder) / f"network-{number}.json"
            pandapipes.to_json(solved_table(part), str(path))
            written.append(path)
    except OSError as error:
        fault = Fault("output", f"cannot write '{folder}': {error.strerror}.", "Name another one.")
        raise InputError(fault) from error
    return written
