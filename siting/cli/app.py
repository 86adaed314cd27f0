"""Hold the command line itself: how every command starts, and how it ends."""

from __future__ import annotations

import logging
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from siting.cli.codes import ABORTED
from siting.cli.console import say
from siting.errors import SitingError


class Commands(typer.core.TyperGroup):
    """Commands that end in a sentence and an exit code, whatever happens."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; print each fault as a bullet instead of a traceback."""
        try:
            return super().invoke(ctx)
        except SitingError as error:
            from siting.screen import faults_as_bullets

            say(faults_as_bullets(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            say("Aborted; nothing more is written.")
            raise typer.Exit(ABORTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_usage(error) or ctx.params.get("debug"):
                raise
            say(f"Unexpected: {type(error).__name__}. The traceback is in {keep_trace()}.")
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


def keep_trace() -> Path:
    """Write the traceback of the current exception to a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="siting-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return Path(file.name)


def _is_usage(error: Exception) -> bool:
    """Return whether the command line itself was wrong; typer reports that on its own."""
    return any(each.__name__ in {"ClickException", "Exit", "Abort"} for each in type(error).mro())
