"""Print a page to PDF with a browser that is installed, or with WeasyPrint."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from siting.errors import Fault, InputError

__all__ = ["check_printer", "print_again", "print_pdf", "printer_name"]

BROWSER_SETTING = "SITING_BROWSER"
NAMES = (
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome",
    "microsoft-edge-stable", "microsoft-edge", "msedge",
)  # fmt: skip
PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    "win32": (
        r"Google\Chrome\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
    ),
}
"""Where browsers lie that are not on the search path; on Windows below its program folders."""

TIMEOUT_S = 180.0


def print_pdf(page: str | Path, pdf: str | Path) -> str:
    """Print a page to PDF, and return the name of the program that did it.

    Parameters
    ----------
    page
        A page that loads nothing from outside.
    pdf
        The file to write; an older one is replaced.

    Raises
    ------
    InputError
        No program that can print is installed, or it fails.

    Notes
    -----
    An installed Chromium, Chrome or Edge is taken, 131 or newer for page numbers; the variable
    ``SITING_BROWSER`` names another one. Without a browser WeasyPrint does it, where installed.
    """
    page, pdf = Path(page).absolute(), Path(pdf).absolute()
    name = check_printer()
    pdf.unlink(missing_ok=True)
    if name == "WeasyPrint":
        _with_weasyprint(page, pdf)
    else:
        _with_browser(name, page, pdf)
    if not pdf.is_file() or pdf.read_bytes()[:5] != b"%PDF-":
        raise _fault(f"{name} wrote no PDF.", f"Open {page.name} in a browser and print it there.")
    return name


def print_again(page: Path, pdf: Path) -> str | None:
    """Print a page that has changed over its older PDF, or take that away.

    Returns
    -------
    None where the PDF is that of the page, else a sentence on why it is gone.
    """
    try:
        print_pdf(page, pdf)
    except InputError as error:
        pdf.unlink(missing_ok=True)
        return f"{pdf.name} was that of the older page and was taken away: {error}"
    return None


def printer_name() -> str | None:
    """Return the path of the browser that prints, ``WeasyPrint``, or None where there is none."""
    stated = os.environ.get(BROWSER_SETTING)
    if stated:
        return shutil.which(stated)
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    found = found or next((path for path in _usual_places() if Path(path).is_file()), None)
    if found is None and importlib.util.find_spec("weasyprint") is not None:
        return "WeasyPrint"
    return found


def check_printer() -> str:
    """Return what prints, or say what to install.

    Raises
    ------
    InputError
        No program that can print is installed.
    """
    name = printer_name()
    if name is None:
        stated = os.environ.get(BROWSER_SETTING)
        finding = (
            f"{BROWSER_SETTING} = '{stated}' is no program."
            if stated
            else "no program was found that prints the report to PDF."
        )
        raise _fault(
            finding,
            "Install Chromium, Google Chrome or Microsoft Edge, or pip install 'siting[pdf]' for"
            " WeasyPrint; or print report.html from any browser.",
        )
    return name


def _usual_places() -> list[str]:
    """Return where browsers usually lie on this system."""
    system = str(sys.platform)
    places = PLACES.get(system, ())
    if system != "win32":
        return list(places)
    roots = [os.environ.get(n) for n in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    return [str(Path(root) / place) for root in roots if root for place in places]


def _with_browser(browser: str, page: Path, pdf: Path) -> None:
    """Let a browser print without showing itself."""
    with tempfile.TemporaryDirectory(prefix="siting-print-") as home:
        words = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--no-default-browser-check",
            "--disable-extensions",
            f"--user-data-dir={home}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.insert(1, "--no-sandbox")  # the sandbox does not work for root
        try:
            done = subprocess.run(words, capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _fault(f"'{browser}' did not print: {error}.", "Try another browser.") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        told = f": {last[0]}" if last else ""
        raise _fault(f"'{browser}' ended with {done.returncode}{told}.", "Try another browser.")


def _with_weasyprint(page: Path, pdf: Path) -> None:
    """Let WeasyPrint print."""
    try:
        import weasyprint
    except OSError as error:  # its libraries are missing, as Pango on Windows
        raise _fault(f"WeasyPrint cannot start: {error}.", "Install a browser.") from error
    weasyprint.HTML(filename=str(page)).write_pdf(str(pdf))


def _fault(finding: str, remedy: str) -> InputError:
    return InputError(Fault("report", finding, remedy))
