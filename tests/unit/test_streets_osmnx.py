"""Check that streets come from servers that answer like Overpass and Nominatim, once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

import siting
from siting.errors import InputError
from siting.streets import fetch_streets
from tests.conftest import SMALL_STUDY, small_layers

WEST, SOUTH, STEP = 24.93, 60.16, 0.002


def overpass_answer() -> dict[str, Any]:
    """Return a grid of four by four junctions with streets, a footway and a bridge."""
    nodes = [
        {"type": "node", "id": 1 + x + 4 * y, "lon": WEST + x * STEP, "lat": SOUTH + y * STEP}
        for y in range(4)
        for x in range(4)
    ]
    rows = [[1 + x + 4 * y for x in range(4)] for y in range(4)]
    columns = [list(each) for each in zip(*rows, strict=True)]
    ways = [
        {
            "type": "way",
            "id": 100 + number,
            "nodes": nodes_of_way,
            "tags": {"highway": kind, "name": f"Street {number}"},
        }
        for number, (nodes_of_way, kind) in enumerate(
            [*((row, "residential") for row in rows), *((col, "tertiary") for col in columns)]
        )
    ]
    ways[0]["tags"]["bridge"] = "yes"
    ways[-1]["tags"]["highway"] = "footway"
    return {"version": 0.6, "elements": [*nodes, *ways]}


def nominatim_answer(query: str) -> list[dict[str, Any]]:
    """Return the border of the one place that is known."""
    if "Testville" not in query:
        return []
    box = shapely.box(WEST - STEP, SOUTH - STEP, WEST + 4 * STEP, SOUTH + 4 * STEP)
    south, north, west, east = SOUTH - STEP, SOUTH + 4 * STEP, WEST - STEP, WEST + 4 * STEP
    return [
        {
            "place_id": 1,
            "osm_type": "relation",
            "osm_id": 1,
            "lat": str(SOUTH),
            "lon": str(WEST),
            "class": "boundary",
            "type": "administrative",
            "importance": 0.5,
            "display_name": "Testville",
            "name": "Testville",
            "boundingbox": [str(south), str(north), str(west), str(east)],
            "geojson": json.loads(shapely.to_geojson(box)),
        }
    ]


class Answers(BaseHTTPRequestHandler):
    """Answer like both servers, and note what was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.answer(nominatim_answer(self.path))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.asked.append(self.rfile.read(length).decode())
        self.answer(overpass_answer())

    def answer(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Return the addresses of a local server, and the list of what it is asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[str] = []
    handler = type("Handler", (Answers,), {"asked": asked})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{running.server_port}"
    yield {"overpass_url": f"{base}/api", "nominatim_url": f"{base}/nominatim"}, asked
    running.shutdown()
    running.server_close()
    thread.join()


QUESTIONS: dict[str, dict[str, Any]] = {
    "place": {"place": "Testville"},
    "bbox": {"bbox": (WEST - STEP, SOUTH - STEP, WEST + 4 * STEP, SOUTH + 4 * STEP)},
    "point": {"point": (WEST + STEP, SOUTH + STEP), "distance_m": 900.0},
    "polygon": {
        "polygon": shapely.box(WEST - STEP, SOUTH - STEP, WEST + 4 * STEP, SOUTH + 4 * STEP)
    },
}


@pytest.mark.parametrize("way", QUESTIONS)
def test_streets_are_fetched_once_by_any_way(
    way: str, server: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    """The second time nothing is asked, and the streets are the same."""
    addresses, asked = server
    first = fetch_streets(**QUESTIONS[way], cache=tmp_path, **addresses)
    questions = len(asked)
    assert questions >= 1
    again = fetch_streets(**QUESTIONS[way], cache=tmp_path, **addresses)
    assert len(asked) == questions
    # Of 24 pieces, those that meet at the four corners are one line each.
    assert len(first) == len(again) == 20
    kinds = {each for text in first["highway"] for each in text.split(";")}
    assert kinds == {"residential", "tertiary", "footway"}
    assert first["bridge"].notna().sum() >= 1
    assert first.geometry.geom_equals_exact(again.geometry, 1e-9).all()
    assert first["u"].tolist() == again["u"].tolist()


def test_what_the_servers_said_is_kept_beside(
    server: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    """Even without the streets of an earlier run its answers need no internet."""
    addresses, asked = server
    fetch_streets(place="Testville", cache=tmp_path, **addresses)
    next(tmp_path.glob("*.gpkg")).unlink()
    questions = len(asked)
    fetch_streets(place="Testville", cache=tmp_path, **addresses)
    assert len(asked) == questions
    assert list((tmp_path / "osmnx").glob("*.json"))


def test_an_unknown_place_is_a_fault(
    server: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    addresses, _ = server
    with pytest.raises(InputError, match="OSMnx found no streets for place 'Nowhere'"):
        fetch_streets(place="Nowhere", cache=tmp_path, **addresses)


def test_without_internet_the_file_inputs_are_named(tmp_path: Path) -> None:
    nobody = {"overpass_url": "http://127.0.0.1:9/api", "nominatim_url": "http://127.0.0.1:9/n"}
    with pytest.raises(InputError, match=r"no internet here.*Give a street file"):
        fetch_streets(**QUESTIONS["bbox"], cache=tmp_path, **nobody)


def test_settings_of_osmnx_are_put_back(
    server: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    import osmnx

    before = (osmnx.settings.overpass_url, osmnx.settings.cache_folder, osmnx.settings.use_cache)
    fetch_streets(**QUESTIONS["bbox"], cache=tmp_path, **server[0])
    after = (osmnx.settings.overpass_url, osmnx.settings.cache_folder, osmnx.settings.use_cache)
    assert before == after


def test_a_study_by_polygon_runs_again_offline(
    server: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    """A study file names a layer of areas; its second check asks nobody."""
    addresses, asked = server
    layers = small_layers()
    centre = gpd.GeoSeries([shapely.Point(WEST + STEP, SOUTH + STEP)], crs=4326).to_crs(3067)[0]
    shift = (centre.x - 500_225.0, centre.y - 6_700_225.0)
    for name in ("sites", "zones"):
        frame = layers[name].set_geometry(layers[name].geometry.translate(*shift))
        frame.to_file(tmp_path / f"{name}.gpkg", layer=name, driver="GPKG")
    border = gpd.GeoDataFrame(geometry=[QUESTIONS["polygon"]["polygon"]], crs=4326).to_crs(3067)
    border.to_file(tmp_path / "border.gpkg", driver="GPKG")
    source = "\n".join(
        ['source = "osmnx"', 'polygon = "border.gpkg"']
        + [f'{name} = "{address}"' for name, address in addresses.items()]
    )
    text = SMALL_STUDY.replace('path = "streets.gpkg"', source)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    first = siting.read_study(tmp_path / "study.toml").check()
    questions = len(asked)
    again = siting.read_study(tmp_path / "study.toml").check()
    assert len(asked) == questions >= 1
    assert first.counts == again.counts
    assert first.counts["reached_zones"] == 6


def test_one_way_and_only_one(tmp_path: Path) -> None:
    from siting.config import config_from_dict

    layer = {"path": "a.gpkg"}
    for streets in (
        {"source": "osmnx"},
        {"source": "osmnx", "place": "A", "bbox": [0, 0, 1, 1]},
        {"source": "osmnx", "point": [24.9, 60.2]},
    ):
        with pytest.raises(InputError, match="needs"):
            config_from_dict({"layers": {"sites": layer, "zones": layer, "streets": streets}})
