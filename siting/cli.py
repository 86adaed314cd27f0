"""Offer the verbs of the library on a command line."""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
import typer.core

import siting
from siting.errors import Fault, InputError, SitingError, VerificationError

if TYPE_CHECKING:
    from rich.console import Console

    from siting.frontier import Frontier
    from siting.plan import Plan
    from siting.region import Remark
    from siting.screen import ProgressScreen
    from siting.study import Findings, Run, Study

__all__ = ["app"]

T = TypeVar("T")
Search = Callable[["ProgressScreen", threading.Event], T]

LIBRARIES = (
    "folium", "geopandas", "highspy", "networkx", "numba", "numpy", "osmnx", "pandapipes", "pandas",
    "pulp", "pydantic", "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip

STDOUT = 1
NOT_PROVEN = 4
BEYOND_LIMITS = 6
DOUBTS = 7
ABORTED = 130


class Region(StrEnum):
    """The regions that come with the package."""

    HELSINKI = "helsinki"
    KOTKA = "kotka"


class Schema(StrEnum):
    """The file formats that have a JSON Schema."""

    PROBLEM = "problem"
    STUDY = "study"


class SimulatedDay(StrEnum):
    """The days that can be simulated."""

    DESIGN = "design"
    SUMMER = "summer"
    BOTH = "both"


class CaseFormat(StrEnum):
    """How the published projects are printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"


class Commands(typer.core.TyperGroup):
    """Commands that end in a sentence and an exit code, whatever happens."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; print each fault as a bullet instead of a traceback."""
        try:
            return super().invoke(ctx)
        except SitingError as error:
            from siting.screen import faults_as_bullets

            _say(faults_as_bullets(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _say("Aborted; nothing more is written.")
            raise typer.Exit(ABORTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_usage(error) or ctx.params.get("debug"):
                raise
            _say(f"Unexpected: {type(error).__name__}. The traceback is in {_keep_trace()}.")
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Choose data-centre sites, heat-pipe routes and diameters: most heat per invested euro.",
    epilog="Exit codes: 0 done and proven within the wanted gap, 1 input fault, 2 usage, "
    "3 infeasible, 4 plan kept but not proven, 5 no plan found in time, 6 a simulated plan does"
    " not keep its limits, 7 checked with doubts.",
)

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study file, or the folder it is in.")
]
GapOption = Annotated[
    float | None, typer.Option("--gap", help="Wanted relative gap; 0.01 is one per cent.")
]
TimeOption = Annotated[float | None, typer.Option("--time-limit", help="Longest search [s].")]
SolverOption = Annotated[str | None, typer.Option("--solver", help="Name, as info shows it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print figures as JSON on stdout.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the map when done.")]


@app.callback()
def main(
    debug: Annotated[
        bool, typer.Option("--debug", help="Log in detail on stderr; show tracebacks.")
    ] = False,
) -> None:
    """Configure the log."""
    logging.captureWarnings(True)
    logging.getLogger("siting").addHandler(logging.NullHandler())
    logging.getLogger("py.warnings").propagate = debug
    if debug:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
        logging.getLogger("siting").setLevel(logging.DEBUG)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to create.")],
    source: Annotated[
        Region | None, typer.Option("--from", help="Copy the layers of a packaged region.")
    ] = None,
) -> None:
    """Start a study: a folder with a commented study file."""
    from siting.templates import start_study

    for written in start_study(folder, source.value if source else None):
        typer.echo(f"wrote {written}")
    typer.echo(f"Next: siting check {folder / 'study.toml'}")


@app.command(
    epilog="Exit codes of check: 0 clean, 1 faults, 2 usage, 7 no fault but doubts, which a run"
    " takes along."
)
def check(
    study: StudyArgument,
    as_json: JsonOption = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Take every repair for a fault.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option("--map", help="Page to write; check.html beside the study file if absent."),
    ] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Write no page.")] = False,
    layers: Annotated[
        Path | None, typer.Option("--layers", help="GeoPackage to write every repair into.")
    ] = None,
    open_map: OpenOption = False,
) -> None:
    """Read every layer; report and draw every fault, doubt and repair at once; solve nothing."""
    from siting.outputs.check_map import write_acts, write_check
    from siting.study import read_study

    file = _study_file(study)
    findings = read_study(file).inspect(strict=strict or None)
    written = {}
    if not no_map:
        written["map"] = write_check(findings, page or file.absolute().parent / "check.html")
    if layers is not None:
        written["layers"] = write_acts(findings, layers)
    _show_findings(findings, written, as_json)
    if open_map and "map" in written:
        typer.launch(written["map"].absolute().as_uri())
    if findings.faults:
        raise typer.Exit(InputError.exit_code)
    if findings.doubts:
        raise typer.Exit(DOUBTS)


@app.command()
def run(
    study: StudyArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder.")] = None,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    solver: SolverOption = None,
    objective: Annotated[
        str | None,
        typer.Option("--objective", help="heat_per_euro, max_heat, capex or net_value."),
    ] = None,
    as_json: JsonOption = False,
    open_map: OpenOption = False,
) -> None:
    """Find, verify and write the best plan of a study."""
    from siting.study import read_study

    changes: dict[str, Mapping[str, Any]] = {
        "solver": _given(name=solver, gap=gap, time_limit_s=time_limit),
        "objective": _given(kind=objective),
        "outputs": _given(folder=out.absolute() if out else None),
    }
    _run(read_study(_study_file(study)).with_changes(**changes), as_json, open_map)


@app.command()
def example(
    region: Annotated[Region, typer.Argument(help="Which packaged region.")] = Region.HELSINKI,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder.")] = None,
    free_ratio: Annotated[
        bool,
        typer.Option("--free-ratio", help="Drop every limit: the best ratio, however small."),
    ] = False,
    gap: GapOption = None,
    time_limit: TimeOption = None,
    as_json: JsonOption = False,
    open_map: OpenOption = False,
) -> None:
    """Run a packaged region, offline."""
    from siting.config import LimitsConfig
    from siting.resources import data_folder
    from siting.study import read_study

    folder = (out or Path(f"example-{region.value}")).absolute()
    changes: dict[str, Mapping[str, Any]] = {
        "solver": _given(gap=gap, time_limit_s=time_limit),
        "outputs": {"folder": folder},
    }
    if free_ratio:
        changes["limits"] = dict.fromkeys(LimitsConfig.model_fields)
        changes["objective"] = {"kind": "heat_per_euro"}
    study = read_study(data_folder() / region.value / "study.toml").with_changes(**changes)
    _run(study, as_json, open_map)


@app.command()
def solve(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM.json", help="A problem file.")],
    out: Annotated[Path, typer.Option("--out", help="Solution file to write.")] = Path(
        "solution.json"
    ),
    gap: GapOption = None,
    time_limit: TimeOption = None,
    solver: SolverOption = None,
    as_json: JsonOption = False,
) -> None:
    """Solve a bare problem file: numbers on a graph, no geography."""
    from siting.problem import read_problem
    from siting.solution_file import plan_as_dict
    from siting.study import require_solver

    task = read_problem(problem)
    if solver is not None:
        require_solver(solver)
    options = _given(gap=gap, time_limit_s=time_limit, solver=solver)

    def search(screen: ProgressScreen, stop: threading.Event) -> Plan:
        from siting.optimise import solve as find_plan
        from siting.solution_file import write_solution
        from siting.verify import verify_plan

        plan = find_plan(task, progress=screen, stop=stop, **options)
        disagreements = verify_plan(task, plan)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        write_solution(plan, out)
        return plan

    plan = _search(task.objective.kind, search)
    if as_json:
        _print_json({**plan_as_dict(plan), "solution": str(out)})
    else:
        _show_plan(plan, task.name or problem.stem, {"solution": str(out)})
    raise typer.Exit(_exit_code(plan))


@app.command()
def frontier(
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; the run folder and -frontier if absent.")
    ] = None,
    points: Annotated[
        int, typer.Option("--points", min=1, help="Prices of investment to ask.")
    ] = 16,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the frontier.json in the folder.")
    ] = False,
    gap: GapOption = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", "--time", help="Longest search [s].")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find the best plans for all budgets, and the ceiling that no plan can cross.

    Budget, least heat and objective of the study are left aside; its other limits hold.
    """
    from siting.study import read_study

    changes = {"solver": _given(gap=gap, time_limit_s=time_limit)}
    asked = read_study(_study_file(study)).with_changes(**changes)
    run_folder = asked.config.outputs.folder
    folder = (out or run_folder.with_name(f"{run_folder.name}-frontier")).absolute()
    found, written = _frontier(asked, folder, points, resume)
    from siting.outputs.frontier import frontier_table, frontier_words

    if as_json:
        from siting.frontier.file import frontier_as_dict

        _print_json(frontier_as_dict(found))
    else:
        _say_left_aside(asked)
        typer.echo(frontier_table(found))
        typer.echo(frontier_words(found))
        for path in written.values():
            typer.echo(f"wrote {path}")
    raise typer.Exit(0 if found.is_proven else NOT_PROVEN)


def _frontier(
    study: Study, folder: Path, points: int, resume: bool
) -> tuple[Frontier, dict[str, Path]]:
    """Find a frontier and write its folder, while listening for Ctrl-C."""

    def search(screen: ProgressScreen, stop: threading.Event) -> tuple[Frontier, dict[str, Path]]:
        from siting.frontier.file import read_frontier
        from siting.outputs.frontier import write_frontier_folder

        earlier = read_frontier(folder / "frontier.json") if resume else None
        with _run_log(screen):
            found = study.frontier(points=points, resume=earlier, progress=screen, stop=stop)
        return found, write_frontier_folder(found, folder, title=study.config.study.name)

    return _search("max_heat", search)


def _say_left_aside(study: Study) -> None:
    """Say which parts of a study a frontier does not heed."""
    limits = study.config.limits
    names = [name for name in ("budget_eur", "min_heat_mwh", "min_share") if getattr(limits, name)]
    if names:
        typer.echo(f"Left aside for the frontier: {', '.join(names)} of the study.")
    if study.config.network.pipes_carry == "peak":
        typer.echo("Pipes are sized for what they carry from the sites, not for whole peaks.")


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A run folder, a plan.gpkg or a solution file.")],
    problem: Annotated[
        Path | None, typer.Option("--problem", help="The problem file of a solution file.")
    ] = None,
) -> None:
    """Derive every figure of a plan again, without the optimiser."""
    from siting.verify import verify_folder, verify_solution

    if problem is not None:
        disagreements = verify_solution(path, problem)
        if disagreements:
            raise VerificationError("\n".join(disagreements))
        typer.echo(f"{path}: every figure agrees with {problem}.")
        return
    if not path.exists():
        fault = Fault("plan", f"cannot read '{path}': no such file or folder.", "Check the path.")
        raise InputError(fault)
    folder = path if path.is_dir() else path.parent
    if not (folder / "problem.json").exists():
        raise typer.BadParameter(
            f"'{folder}' is no run folder, it has no problem.json; a solution file of its own needs"
            " --problem PROBLEM.json"
        )
    typer.echo(str(verify_folder(path)))


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="A run folder.")],
    day: Annotated[SimulatedDay, typer.Option("--day", help="Which day.")] = SimulatedDay.BOTH,
    central_peak: Annotated[
        bool,
        typer.Option(
            "--central-peak", help="Zones draw their whole peak, from boilers at the sites."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate temperatures, pressures and velocities of a plan, and put them into its folder."""
    from siting.screen import simulation_tables
    from siting.simulate import simulate as simulate_plan
    from siting.simulate import write_simulation

    found = simulate_plan(folder, day.value, central_peak=central_peak)
    left = write_simulation(found, folder)
    if as_json:
        _print_json(found.as_dict())
    else:
        for title, rows in simulation_tables(found):
            _show(title, rows)
        for finding in found.findings:
            typer.echo(f"- {finding.text}")
        if found.within_limits:
            typer.echo("Temperatures, pressures and velocities are within their limits.")
        typer.echo(f"wrote simulation.json and simulation.gpkg in {folder}")
    for sentence in left:
        _say(sentence)
    raise typer.Exit(0 if found.within_limits else BEYOND_LIMITS)


@app.command()
def cases(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which cases; all by default.")
    ] = None,
    form: Annotated[
        CaseFormat, typer.Option("--format", help="How to print them.")
    ] = CaseFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write instead of stdout.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder of case files of your own.")
    ] = None,
) -> None:
    """Compute published projects beside what is said of them; flag what cannot be right."""
    from siting.cases import read_cases, rendered, run_cases

    outcomes = run_cases(read_cases(names or (), folder))
    text = rendered(outcomes, form.value, _columns(output))
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write_text(output, text)
    if not all(each.holds for each in outcomes):
        lost = [check.id for each in outcomes for check in each.checks if not check.holds]
        _say(f"Checks that do not hold: {', '.join(lost)}.")
        raise typer.Exit(1)


@app.command()
def assumptions(
    workbook: Annotated[Path, typer.Argument(metavar="PLAN.xlsx", help="A changed workbook.")],
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Study file to write, beside the other.")
    ] = None,
) -> None:
    """Put the changed figures of a workbook's assumptions into a new study file."""
    from siting.assumptions import write_changed_study

    file = _study_file(study)
    target = out or file.with_name(f"{file.stem}-changed.toml")
    changes = write_changed_study(workbook, file, target)
    for change in changes:
        typer.echo(f"- {change}")
    typer.echo(f"wrote {target}: {len(changes)} changed. Next: siting run {target}")


@app.command()
def explain(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="A run folder.")],
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of a zone or site.")],
) -> None:
    """Say why a zone or site is in a plan or not, and what would have to change."""
    from siting.outputs.files import explain_folder

    typer.echo(str(explain_folder(folder, name)))


@app.command()
def schema(which: Annotated[Schema, typer.Argument(help="Which file format.")]) -> None:
    """Print the JSON Schema of a file format."""
    from siting.config import study_schema
    from siting.problem import problem_schema

    _print_json(problem_schema() if which is Schema.PROBLEM else study_schema())


@app.command()
def info(as_json: JsonOption = False) -> None:
    """Show versions and the solvers found."""
    from siting.study import solvers_found

    found = {"siting": siting.__version__, "python": platform.python_version()}
    found |= {name: _version(name) for name in LIBRARIES}
    solvers = solvers_found()
    if as_json:
        _print_json({"versions": found, "solvers": solvers})
        return
    _show("Versions", found)
    _show("Solvers", solvers)


def _columns(output: Path | None) -> int:
    """Return the columns of a terminal; enough for a wide table in a file or a pipe."""
    wide = 170
    if output is not None or not sys.stdout.isatty():
        return wide
    return shutil.get_terminal_size((wide, 24)).columns


def _write_text(path: Path, text: str) -> None:
    """Write a file, or say why it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fault = Fault("output", f"cannot write '{path}': {error.strerror}.", "Choose another path.")
        raise InputError(fault) from error
    typer.echo(f"wrote {path}")


def _study_file(path: Path) -> Path:
    """Return the study file that a path means."""
    return path / "study.toml" if path.is_dir() else path


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _run(study: Study, as_json: bool, open_map: bool) -> None:
    """Run a study, show its headline and leave with the exit code of its plan."""

    def search(screen: ProgressScreen, stop: threading.Event) -> Run:
        with _run_log(screen) as path:
            return study.run(progress=screen, stop=stop, run_log=path)

    done = _search(study.config.objective.kind, search)
    paths = {"map": str(done.map_path), "run folder": str(done.folder)}
    title = study.config.study.name
    if as_json:
        _print_json(
            {**done.appraisal.kpis(), "map": paths["map"], "run_folder": paths["run folder"]}
        )
    else:
        _show_plan(done.plan, title, paths, done.assembly.site_ids)
    if open_map:
        typer.launch(done.map_path.as_uri())
    raise typer.Exit(_exit_code(done.plan))


def _search(objective: str, work: Search[T]) -> T:
    """Do long work in a second thread, while this one listens for Ctrl-C.

    The first Ctrl-C asks the search to end with its best plan, the second leaves at once.
    """
    from siting.screen import ProgressScreen

    stop = threading.Event()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def interrupted(*_: object) -> None:
        if stop.is_set():
            _say("Aborted; nothing more is written.")
            os._exit(ABORTED)
        stop.set()
        _say("Stopping; the best plan so far is kept. Press Ctrl-C again to leave at once.")

    def target() -> None:
        try:
            outcome.append(work(screen, stop))
        except BaseException as error:  # noqa: BLE001 - handed over to the main thread
            failure.append(error)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with _clean_stdout(), ProgressScreen(_stderr(), objective) as screen:
            worker = threading.Thread(target=target, name="search", daemon=True)
            worker.start()
            while worker.is_alive():
                worker.join(0.1)
    finally:
        signal.signal(signal.SIGINT, before)
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def _clean_stdout() -> Iterator[None]:
    """Keep what a solver's C code prints on its own away from stdout, where the figures go."""
    sys.stdout.flush()
    try:
        kept = os.dup(STDOUT)
    except OSError:  # stdout is closed: there is nothing to keep clean
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)


class ScreenHandler(logging.Handler):
    """Show each step of the chain, as the library logs it."""

    def __init__(self, screen: ProgressScreen) -> None:
        super().__init__(logging.INFO)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """Show one step; what is odd stays on the screen."""
        if record.levelno >= logging.WARNING:
            self._screen.note(record.getMessage())
        else:
            self._screen.say(record.getMessage())


@contextmanager
def _run_log(screen: ProgressScreen) -> Iterator[Path]:
    """Send what the package logs into a file, and its steps to the screen, while a run lasts."""
    ours = logging.getLogger("siting")
    level = ours.level
    steps = ScreenHandler(screen)
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        path = Path(folder) / "run.log"
        into_file = logging.FileHandler(path, encoding="utf-8")
        into_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        receivers = [
            (ours, into_file),
            (logging.getLogger("py.warnings"), into_file),
            (logging.getLogger("siting.study"), steps),
        ]
        ours.setLevel(min(level or logging.INFO, logging.INFO))
        for logger, handler in receivers:
            logger.addHandler(handler)
        try:
            yield path
        finally:
            for logger, handler in receivers:
                logger.removeHandler(handler)
            ours.setLevel(level)
            into_file.close()


def _keep_trace() -> Path:
    """Write the traceback of the current exception to a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="siting-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return Path(file.name)


def _is_usage(error: Exception) -> bool:
    """Return whether the command line itself was wrong; typer reports that on its own."""
    return any(each.__name__ in {"ClickException", "Exit", "Abort"} for each in type(error).mro())


def _exit_code(plan: Plan) -> int:
    """Return 0 for a plan proven within the wanted gap, else 4."""
    from siting.solution import Status

    return 0 if plan.proof.status is Status.OPTIMAL else NOT_PROVEN


def _version(name: str) -> str:
    """Return the version of an installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _say(words: str) -> None:
    """Print on stderr, past any live line."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def _stderr() -> Console:
    """Return a console on stderr."""
    from rich.console import Console

    return Console(stderr=True)


def _show(title: str, rows: Mapping[str, str]) -> None:
    """Print a table of figures on stdout."""
    from rich.console import Console

    from siting.screen import figures_table

    Console().print(figures_table(title, rows), soft_wrap=True)


def _print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def _show_findings(findings: Findings, written: Mapping[str, Path], as_json: bool) -> None:
    """Print what a study was understood to say, and what is wrong with it."""
    result = findings.result
    counts = {} if result is None else result.counts
    if as_json:
        said = {
            **counts,
            "faults": [str(fault) for fault in findings.faults],
            "doubts": [str(doubt) for doubt in findings.doubts],
            "remarks": [_remark_words(remark) for remark in findings.remarks],
            **{name: str(path) for name, path in written.items()},
        }
        _print_json(said)
    else:
        if counts:
            figures = {name.replace("_", " "): f"{value:,.6g}" for name, value in counts.items()}
            _show(findings.config.study.name, figures)
        for remark in findings.remarks:
            typer.echo(f"- {_remark_words(remark)}")
        for name, path in written.items():
            typer.echo(f"{name}: {path}")
    _say_findings(findings)
    if not as_json and not findings.faults:
        doubts = f"; doubts to be looked at: {len(findings.doubts)}" if findings.doubts else ""
        typer.echo(f"No faults{doubts}. Next: siting run.")


def _say_findings(findings: Findings) -> None:
    """Print faults and doubts on stderr: a table on a terminal, else one line for each."""
    from siting.screen import faults_as_bullets, findings_table

    console = _stderr()
    if console.is_terminal and (findings.faults or findings.doubts):
        console.print(findings_table(findings.faults, findings.doubts))
        return
    if findings.faults:
        _say(f"Faults, to be mended:\n{faults_as_bullets(findings.faults)}")
    if findings.doubts:
        _say(f"Doubts, to be looked at:\n{faults_as_bullets(findings.doubts)}")


def _remark_words(remark: Remark) -> str:
    """Return one line of the repair log."""
    amount = f" {remark.count:,}" if remark.count else ""
    length = f" ({remark.length_m:,.0f} m)" if remark.length_m else ""
    detail = f": {remark.detail}" if remark.detail else ""
    return f"{remark.layer}: {remark.act}{amount}{length}{detail}"


def _show_plan(
    plan: Plan, title: str, paths: Mapping[str, str], site_names: Mapping[str, str] | None = None
) -> None:
    """Print the headline figures of a plan, and where its results are."""
    from siting.screen import headline

    if plan.is_empty:
        typer.echo("The best plan builds nothing: within the limits no connection is worth it.")
    _show(title, {**headline(plan, site_names), **paths})
