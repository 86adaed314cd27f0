"""Take the pictures of README and documentation anew, from real results.

The packaged regions are shown, and one from the reference data where they lie beside the checkout.
Look at each picture before it is kept.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import siting
from siting.frontier.file import read_frontier
from siting.outputs.check_map import write_check
from siting.outputs.printing import printer_name
from siting.resources import region_study

if TYPE_CHECKING:
    import PIL.Image
    from playwright.sync_api import Browser, Page

    from siting.study import Study

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(__file__).resolve().parent / "images"
SHARED = ROOT.parent / "shared" / "data"
"""Reference data beside the checkout; without them two regions are shown."""

COLOURS = 256
WIDEST_PX = 1400
MOST_KB = 300

Act = Callable[["Page"], None] | None


def main() -> None:
    """Run the regions, open their results in a browser, and write the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--region", action="append", choices=REGIONS, help="all if absent")
    options.add_argument("--seconds", type=float, default=240.0, help="longest search of each")
    options.add_argument(
        "--run", action="append", default=[], metavar="REGION=FOLDER", help="a finished run folder"
    )
    given = options.parse_args()
    runs = {name: Path(folder) for name, _, folder in (each.partition("=") for each in given.run)}
    browser = printer_name()
    if browser is None or browser == "WeasyPrint":
        raise SystemExit("No Chromium, Chrome or Edge was found; it takes the pictures.")
    for region in given.region or REGIONS:
        with tempfile.TemporaryDirectory(prefix="siting-pictures-") as place:
            study = REGIONS[region](Path(place))
            if study is None:
                print(f"{SHARED} is not there; the picture of {region} stays as it is.")
                continue
            folder = runs.get(region) or _run(study, Path(place), given.seconds)
            with _window(browser) as window:
                shown = Shown(study, folder.absolute(), window, Path(place))
                _demo(shown) if region == DEMO else _map(shown, f"map_{region}.png")


def _packaged(name: str) -> Callable[[Path], Study | None]:
    return lambda _: siting.read_study(region_study(name))


def _london(place: Path) -> Study | None:
    """Return the study of Farringdon that the tests have, on layers not made for the package."""
    if not SHARED.is_dir():
        return None
    sys.path.insert(0, str(ROOT))
    from tests.integration.real_studies import london

    head = {"attribution": "© OpenStreetMap contributors"}
    return siting.read_study(london(place, SHARED)).with_changes(study=head)


DEMO = "helsinki"
REGIONS = {DEMO: _packaged(DEMO), "kotka": _packaged("kotka"), "london": _london}


def _run(study: Study, place: Path, seconds: float) -> Path:
    """Search for the plan of a study, and for plans of other sizes."""
    changes = {"folder": place / "run", "frontier_s": min(60.0, seconds)}
    return study.with_changes(solver={"time_limit_s": seconds}, outputs=changes).run().folder


@dataclass(frozen=True)
class Shown:
    """What pictures are taken of, and with what."""

    study: Study
    folder: Path
    window: Browser
    place: Path

    def take(
        self, name: str, page: Path, size: tuple[int, int], act: Act = None, *, ratio: float = 1.5
    ) -> None:
        """Open a page and take its picture."""
        width, height = size
        tab = self.window.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=ratio
        )
        tab.goto(page.as_uri())
        tab.wait_for_timeout(1500)
        if act is not None:
            act(tab)
        _write(name, tab.screenshot())
        tab.close()


@contextmanager
def _window(browser: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        yield window
        window.close()


def _map(shown: Shown, name: str) -> None:
    """Take the picture of a map as a laptop shows it."""
    shown.take(name, shown.folder / "map.html", (1280, 800))


def _demo(shown: Shown) -> None:
    """Take all pictures of the region of README and documentation."""
    _map(shown, "map.png")
    page = shown.folder / "map.html"
    shown.take("map_phone.png", page, (390, 800), ratio=2.0)
    shown.take("map_projector.png", page, (1920, 1080), ratio=1.0)
    shown.take("report.png", shown.folder / "report.html", (1000, 1250))
    shown.take("economics.png", shown.folder / "report.html", (1000, 1100), _to("#sensitivity"))
    check = write_check(shown.study.inspect(), shown.place / "check.html")
    shown.take("check.png", check, (1280, 800))
    found = shown.folder / "frontier.json"
    if found.is_file():
        picture = BytesIO()
        read_frontier(found).plot(title="").figure.savefig(picture, format="png", dpi=130)
        _write("frontier.png", picture.getvalue())
    _workbook(shown.folder / "plan.xlsx", shown.place)


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


def _palette(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return colours for a picture: its commonest as they are, and some for what lies between."""
    from PIL import Image

    pixels: Any = image.getcolors(image.width * image.height)
    common = [colour for _, colour in sorted(pixels, reverse=True)[: COLOURS // 2]]
    between = image.quantize(COLOURS - len(common), method=Image.Quantize.MAXCOVERAGE)
    held = Image.new("P", (1, 1))
    held.putpalette([part for colour in common for part in colour] + (between.getpalette() or []))
    return held


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
    small = image.quantize(palette=_palette(image), dither=Image.Dither.NONE)
    small.save(IMAGES / name, optimize=True)
    kb = (IMAGES / name).stat().st_size / 1024
    print(f"wrote {IMAGES / name}, {kb:,.0f} kB" + (", too large" if kb > MOST_KB else ""))


if __name__ == "__main__":
    main()
