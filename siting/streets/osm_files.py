"""Read the streets of OpenStreetMap files, cut where they share a node."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting.errors import Fault, InputError
from siting.lines import Bools, Floats, Ints, cut_at_vertices
from siting.region import Remark
from siting.streets.classes import street_levels

__all__ = ["TAGS", "is_osm", "osm_settings", "read_osm"]

OSM_ENDINGS = (".osm", ".pbf", ".osm.gz", ".osm.bz2", ".o5m")
TAGS = ("highway", "name", "bridge", "tunnel", "layer", "area")
E7 = 1e7
NO_LOCATION = np.iinfo(np.int32).max


class OsmLines(NamedTuple):
    """Street lines as found in a file: flat vertices, and the tags of each line."""

    ref: Ints
    xy: Floats
    line: Ints
    tags: pd.DataFrame
    remarks: tuple[Remark, ...]


def is_osm(path: str | Path) -> bool:
    """Return whether a file name is that of OpenStreetMap data.

    Examples
    --------
    >>> is_osm("town.osm.pbf"), is_osm("town.gpkg")
    (True, False)
    """
    return str(path).lower().endswith(OSM_ENDINGS)


def read_osm(
    path: str | Path, *, reader: str | None = None
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Read the ``highway`` lines of an OpenStreetMap file, cut where they share a node.

    Parameters
    ----------
    path
        ``.osm``, ``.osm.pbf``, ``.osm.gz`` or ``.osm.bz2``.
    reader
        ``osmium`` or ``gdal``; osmium where it is installed if absent.

    Returns
    -------
    Lines in EPSG:4326 with ``highway``, ``name``, ``bridge``, ``tunnel``, ``layer`` and the end
    nodes ``u`` and ``v``; and remarks on what was left out. A bridge and the street below share
    no node and stay apart.

    Raises
    ------
    InputError
        The file cannot be read, or holds no streets.

    Notes
    -----
    Extracts cut at a border refer to nodes that are not in the file. A street is broken at such
    nodes and its known pieces are kept. GDAL gives no node ids: vertices at the same place are
    then taken as one node, except where lines of different level pass through it.
    """
    reader = reader or ("osmium" if importlib.util.find_spec("osmium") else "gdal")
    found = _osmium_lines(path) if reader == "osmium" else _gdal_lines(path)
    if not len(found.ref):
        raise InputError(
            Fault(
                "streets",
                f"'{Path(path).name}' holds no lines with a 'highway' tag.",
                "Give an extract with streets.",
            )
        )
    pieces = cut_at_vertices(found.xy, found.line, _is_shared(found.ref))
    tags = found.tags.iloc[pieces.line].reset_index(drop=True)
    frame = gpd.GeoDataFrame(
        tags.assign(u=found.ref[pieces.first], v=found.ref[pieces.last]),
        geometry=pieces.geometry,
        crs="EPSG:4326",
    )
    return frame, found.remarks


def _is_shared(ref: Ints) -> Bools:
    """Return whether a node stands in more than one place."""
    _, place, count = np.unique(ref, return_inverse=True, return_counts=True)
    shared: Bools = count[place] > 1
    return shared


def _osmium_lines(path: str | Path) -> OsmLines:
    """Read streets by osmium; nodes that the extract lacks break a street."""
    import osmium

    nodes: list[tuple[int, int, int]] = []
    counts: list[int] = []
    tags: list[tuple[str | None, ...]] = []
    try:
        ways: Any = (
            osmium.FileProcessor(str(path))
            .with_locations()
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
            .with_filter(osmium.filter.KeyFilter("highway"))
        )
        for way in ways:
            nodes.extend((node.ref, node.x, node.y) for node in way.nodes)
            counts.append(len(way.nodes))
            tags.append(tuple(way.tags.get(tag) for tag in TAGS))
    except RuntimeError as error:
        raise _unreadable(path, str(error)) from error
    table = pd.DataFrame(tags, columns=list(TAGS), dtype=object)
    return _as_lines(np.array(nodes, dtype=np.int64).reshape(-1, 3), np.array(counts), table)


def _as_lines(nodes: Ints, counts: Ints, tags: pd.DataFrame) -> OsmLines:
    """Drop areas, missing nodes and repeated nodes."""
    way = np.repeat(np.arange(len(tags)), counts.astype(np.int64))
    area = (tags["area"] == "yes").to_numpy(dtype=bool)
    inside = ~area[way]
    squares = _known_points(nodes[~inside])
    nodes, way = nodes[inside], way[inside]
    known = nodes[:, 1] != NO_LOCATION
    # A new line starts with a way and after a gap.
    new_line = np.diff(way, prepend=-1) != 0
    new_line[1:] |= ~known[:-1]
    line = np.cumsum(new_line) - 1
    lost = np.unique(way[~known])
    borders = _known_points(nodes[_beside(~known, way)])
    ref, xy, line, way = nodes[known, 0], nodes[known, 1:] / E7, line[known], way[known]
    again = np.zeros(len(ref), dtype=bool)
    again[1:] = (line[1:] == line[:-1]) & (ref[1:] == ref[:-1])
    ref, xy, line, way = ref[~again], xy[~again], line[~again], way[~again]
    _, first, line = np.unique(line, return_index=True, return_inverse=True)
    remarks = _osm_remarks((int(area.sum()), squares), (len(lost), int((~known).sum()), borders))
    table = tags.iloc[way[first]].reset_index(drop=True).drop(columns="area")
    return OsmLines(ref, xy, line, table, remarks)


def _beside(missing: Bools, way: Ints) -> Bools:
    """Return which nodes stand next to a missing node of their way."""
    beside = np.zeros(len(missing), dtype=bool)
    same = way[1:] == way[:-1]
    beside[1:] |= missing[:-1] & same
    beside[:-1] |= missing[1:] & same
    return beside & ~missing


def _known_points(nodes: Ints) -> gpd.GeoSeries:
    """Return the nodes that are in the file as points."""
    nodes = nodes[nodes[:, 1] != NO_LOCATION]
    return gpd.GeoSeries(shapely.points(nodes[:, 1:] / E7), crs="EPSG:4326")


def _osm_remarks(
    areas: tuple[int, gpd.GeoSeries], broken: tuple[int, int, gpd.GeoSeries]
) -> tuple[Remark, ...]:
    """Return what was left out of an extract, with where."""
    remarks = []
    if areas[0]:
        act = "left out areas such as squares"
        remarks.append(Remark("streets", act, areas[0], places=areas[1]))
    if broken[0]:
        act = "broke streets at missing nodes"
        words = f"{broken[1]:,} nodes are not in the file, as at the border of an extract"
        remarks.append(
            Remark("streets", act, broken[0], detail=words, repair=True, places=broken[2])
        )
    return tuple(remarks)


def _gdal_lines(path: str | Path) -> OsmLines:
    """Read streets by GDAL; nodes are told apart by place and level."""
    name = str(path)
    if name.lower().endswith((".bz2", ".o5m")):
        raise _unreadable(path, "this kind of file needs the package 'osmium'")
    name = f"/vsigzip/{name}" if name.lower().endswith(".gz") else name
    try:
        with osm_settings():
            frame = pyogrio.read_dataframe(
                name, layer="lines", where="highway IS NOT NULL", on_invalid="ignore"
            )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
    ) as error:
        raise _unreadable(path, str(error)) from error
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty].reset_index(drop=True)
    tags = frame[["highway", "name"]].astype(object)
    for tag in ("bridge", "tunnel", "layer"):
        tags[tag] = frame["other_tags"].str.extract(f'"{tag}"=>"([^"]*)"', expand=False)
    xy, line = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    ref = _place_ids(xy, line, street_levels(tags).to_numpy())
    return OsmLines(ref, xy, line.astype(np.int64), tags, ())


@contextmanager
def osm_settings() -> Iterator[None]:
    """Let GDAL read files whose node ids do not rise; its setting is put back afterwards."""
    option = "OSM_USE_CUSTOM_INDEXING"
    before = pyogrio.get_gdal_config_option(option)
    pyogrio.set_gdal_config_options({option: "NO"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({option: before})


def _place_ids(xy: Floats, line: Ints, level: Ints) -> Ints:
    """Return a number for each place; lines of different level only meet where one ends."""
    grid = np.round(xy * E7).astype(np.int64)
    _, place = np.unique(grid, axis=0, return_inverse=True)
    is_end = np.ones(len(line), dtype=bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    joins = np.zeros(place.max(initial=-1) + 1, dtype=bool)
    joins[place[is_end]] = True
    storey = np.where(joins[place], 0, level[line])
    _, ids = np.unique(np.column_stack([place, storey]), axis=0, return_inverse=True)
    return ids.astype(np.int64)


def _unreadable(path: str | Path, words: str) -> InputError:
    """Return the error for a file that is no sound OpenStreetMap file."""
    return InputError(
        Fault(
            "streets",
            f"cannot read '{Path(path).name}' as OpenStreetMap data: {words.rstrip('.')}.",
            "Check that the file is complete, and install the extra 'siting[osm]' if it is.",
        )
    )
