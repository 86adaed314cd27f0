"""Take the pictures of README and documentation anew, from real results of a packaged region."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import siting
from siting.outputs.check_map import write_check
from siting.outputs.printing import printer_name
from siting.resources import region_study

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from siting.frontier import Frontier

IMAGES = Path(__file__).resolve().parent / "images"
COLOURS = 256
WIDEST_PX = 1400


def main() -> None:
    """Run a region, open its results in a browser, and write the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--region", default="kotka", help="packaged region")
    options.add_argument("--seconds", type=float, default=60.0, help="longest search, twice")
    options.add_argument("--run", type=Path, help="a finished run folder to show instead")
    options.add_argument("--frontier", type=Path, help="and its frontier.json")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="siting-pictures-") as place:
        folder, frontier, check = _results(given, Path(place))
        browser = printer_name()
        if browser is None or browser == "WeasyPrint":
            raise SystemExit("No Chromium, Chrome or Edge was found; it takes the pictures.")
        _pictures(browser, folder, check)
        if frontier is not None:
            picture = BytesIO()
            frontier.plot(title="").figure.savefig(picture, format="png", dpi=130)
            _write("frontier.png", picture.getvalue())
        _workbook(folder / "plan.xlsx", Path(place))


def _results(given: argparse.Namespace, place: Path) -> tuple[Path, Frontier | None, Path]:
    """Return a run folder, a frontier and the page of a check."""
    study = siting.read_study(region_study(given.region))
    check = write_check(study.inspect(), place / "check.html")
    if given.run is not None:
        from siting.frontier.file import read_frontier

        found = read_frontier(given.frontier) if given.frontier else None
        return given.run.absolute(), found, check
    outputs = {"folder": place / "run", "frontier_s": given.seconds}
    run = study.with_changes(solver={"time_limit_s": given.seconds}, outputs=outputs).run()
    return run.folder, run.frontier, check


def _pictures(browser: str, folder: Path, check: Path) -> None:
    """Open each page and take its picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])

        def take(name: str, page: Path, size: tuple[int, int], act: Act = None) -> None:
            width, height = size
            tab = window.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=1.5
            )
            tab.goto(page.as_uri())
            tab.wait_for_timeout(1500)
            if act is not None:
                act(tab)
            _write(name, tab.screenshot())
            tab.close()

        take("map.png", folder / "map.html", (1280, 800))
        take("report.png", folder / "report.html", (1000, 1250))
        take("economics.png", folder / "report.html", (1000, 1100), _to("#sensitivity"))
        take("check.png", check, (1280, 800))
        window.close()


Act = Callable[["Page"], None] | None


def _to(place: str) -> Callable[[Page], None]:
    """Return what scrolls a page to a place."""

    def act(tab: Page) -> None:
        tab.evaluate(f"document.documentElement.style.scrollBehavior = 'auto';"
                     f"document.querySelector('{place}').scrollIntoView()")  # fmt: skip
        tab.wait_for_timeout(300)

    return act


def _workbook(path: Path, place: Path) -> None:
    """Let LibreOffice print the first sheet of a workbook, where it and Poppler are installed."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    reader = shutil.which("pdftoppm")
    if office is None or reader is None:
        print("LibreOffice or pdftoppm was not found; the picture of the workbook stays as it is.")
        return
    home = f"-env:UserInstallation={(place / 'office').as_uri()}"
    words = [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(place), str(path)]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    words = [reader, "-r", "110", "-l", "1", "-singlefile", "-png", str(place / f"{path.stem}.pdf")]
    subprocess.run([*words, str(place / "sheet")], check=True, capture_output=True, timeout=60)
    _write("workbook.png", (place / "sheet.png").read_bytes())


def _write(name: str, picture: bytes) -> None:
    """Write a picture, small enough to be kept with the code."""
    from PIL import Image, ImageChops

    image = Image.open(BytesIO(picture)).convert("RGB")
    if name == "workbook.png":  # without the empty rest of the sheet of paper
        image = image.crop((0, 0, image.width, round(0.9 * image.height)))
        blank = Image.new("RGB", image.size, image.getpixel((0, 0)))
        box = ImageChops.difference(image, blank).getbbox()
        image = image.crop(box) if box else image
    if image.width > WIDEST_PX:
        height = round(image.height * WIDEST_PX / image.width)
        image = image.resize((WIDEST_PX, height), Image.Resampling.LANCZOS)
    IMAGES.mkdir(exist_ok=True)
    small = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2)
    small.save(IMAGES / name, optimize=True)
    print(f"wrote {IMAGES / name}, {(IMAGES / name).stat().st_size / 1024:,.0f} kB")


if __name__ == "__main__":
    main()
