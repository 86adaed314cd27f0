"""Read streets, from OpenStreetMap or any line layer, and judge which of them can carry a pipe."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
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

__all__ = [
    "SURFACE_FACTORS",
    "class_table",
    "fetch_streets",
    "is_graphml",
    "is_osm",
    "osm_settings",
    "read_graphml",
    "read_osm",
    "read_streets",
    "street_frame",
    "street_levels",
]

log = logging.getLogger(__name__)

SURFACE_FACTORS: Mapping[str, float] = {"urban": 1.0, "suburban": 0.75, "rural": 0.55}
"""Trench cost by surface over that of paved town streets [-].

Ratios of published cost curves: Persson and Werner (2011) 0.75 and 0.53, THERMOS soft over hard
dig 0.51 to 0.57, Danish Energy Agency new area over paved 0.64 to 0.76.
"""

OSM_ENDINGS = (".osm", ".pbf", ".osm.gz", ".osm.bz2", ".o5m")
TAGS = ("highway", "name", "bridge", "tunnel", "layer", "area")
E7 = 1e7
NO_LOCATION = np.iinfo(np.int32).max
NO = frozenset({"", "no", "false", "0", "none", "nan"})
ON_THE_GROUND = frozenset({"building_passage", "avalanche_protector", "covered"})


class OsmLines(NamedTuple):
    """Street lines as found in a file: flat vertices, and the tags of each line."""

    ref: Ints
    xy: Floats
    line: Ints
    tags: pd.DataFrame
    remarks: tuple[Remark, ...]


# ------------------------------------------------------------------------------ any source


def read_streets(
    path: str | Path, layer: str | None = None, *, where: str | None = None
) -> gpd.GeoDataFrame:
    """Read street lines with whatever attributes the file has.

    Parameters
    ----------
    path
        An OpenStreetMap file (``.osm``, ``.osm.pbf``, ``.osm.gz``) or any line layer that GDAL
        reads.
    layer
        Layer inside the file; not used for OpenStreetMap files.
    where
        Filter in OGR SQL; not used for OpenStreetMap files.

    Returns
    -------
    Lines in the CRS of the file. OpenStreetMap streets are cut where they share a node and carry
    the node ids ``u`` and ``v``.

    Raises
    ------
    InputError
        The file is missing or cannot be read.

    See Also
    --------
    street_frame : Judge which of the lines can carry a pipe.
    """
    if is_osm(path):
        return read_osm(path)[0]
    if is_graphml(path):
        return read_graphml(path)[0]
    try:
        return pyogrio.read_dataframe(path, layer=layer, where=where)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise InputError(
            Fault("streets", f"cannot read '{Path(path).name}': {error}.", "Check path and layer.")
        ) from error


def is_osm(path: str | Path) -> bool:
    """Return whether a file name is that of OpenStreetMap data.

    Examples
    --------
    >>> is_osm("town.osm.pbf"), is_osm("town.gpkg")
    (True, False)
    """
    return str(path).lower().endswith(OSM_ENDINGS)


# --------------------------------------------------------------------- OpenStreetMap files


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


# ------------------------------------------------------------------------------ GraphML


def is_graphml(path: str | Path) -> bool:
    """Return whether a file name is that of a graph.

    Examples
    --------
    >>> is_graphml("town.graphml"), is_graphml("town.gpkg")
    (True, False)
    """
    return str(path).lower().endswith(".graphml")


def read_graphml(path: str | Path) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Read the edges of a GraphML file, such as OSMnx and NetworkX write.

    Parameters
    ----------
    path
        Nodes need ``x`` and ``y``; edges may have ``geometry`` as well-known text, without which
        they are straight. The graph may state its ``crs``.

    Returns
    -------
    Lines with all attributes of the edges as text and the end nodes ``u`` and ``v``; the two
    directions of a street are one line, and a remark says how many there were.

    Raises
    ------
    InputError
        The file cannot be read, or its nodes have no coordinates.
    """
    import networkx as nx

    name, cure = Path(path).name, "Save the graph again, or as GeoPackage."
    try:
        graph = nx.read_graphml(path, force_multigraph=True)
    except (OSError, ValueError, KeyError, SyntaxError, nx.NetworkXError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            Fault("streets", f"cannot read '{name}' as GraphML: {words}.", cure)
        ) from error
    nodes = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    xy = nodes.reindex(columns=["x", "y"]).apply(pd.to_numeric, errors="coerce")
    if xy.empty or xy.isna().any(axis=None):
        lost = int(xy.isna().any(axis=1).sum())
        words = f"{lost:,} of {len(xy):,} nodes of '{name}' have no coordinates x and y."
        raise InputError(Fault("streets", words, cure))
    rows = pd.DataFrame([{**data, "from": u, "to": v} for u, v, data in graph.edges(data=True)])
    if rows.empty:
        raise InputError(Fault("streets", f"'{name}' holds no edges.", cure))
    return _graph_lines(rows, xy, graph.graph.get("crs"))


def _graph_lines(
    rows: pd.DataFrame, xy: pd.DataFrame, crs: str | None
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the edges of a graph as lines, each street once."""
    ends = [xy.loc[rows[end]].to_numpy(dtype=float) for end in ("from", "to")]
    lines = shapely.linestrings(np.stack(ends, axis=1))
    if "geometry" in rows:
        drawn = shapely.from_wkt(
            rows["geometry"].where(rows["geometry"].notna(), None).to_numpy(dtype=object),
            on_invalid="ignore",
        )
        lines = np.where(shapely.is_missing(drawn), lines, drawn)
    number = pd.Series(np.arange(len(xy)), index=xy.index)
    known = pd.to_numeric(pd.Series(xy.index, index=xy.index), errors="coerce")
    if known.notna().all() and (known == known.round()).all() and known.is_unique:
        number = known.astype(np.int64)
    u, v = (number.loc[rows[end]].to_numpy() for end in ("from", "to"))
    shape = shapely.to_wkb(shapely.normalize(lines)).astype(object)
    key = pd.DataFrame({"low": np.minimum(u, v), "high": np.maximum(u, v), "shape": shape})
    again = key.duplicated().to_numpy()
    frame = gpd.GeoDataFrame(
        rows.drop(columns=["geometry", "from", "to", "u", "v"], errors="ignore"),
        geometry=lines,
        crs=crs,
    ).assign(u=u, v=v)[~again]
    words = f"{len(rows):,} directed edges; the two directions of a street are one line"
    remark = Remark("streets", "read edges of a graph", len(frame), detail=words)
    return frame.reset_index(drop=True), (remark,)


# -------------------------------------------------------------------------------- OSMnx


def fetch_streets(
    *,
    place: str | None = None,
    bbox: Sequence[float] | None = None,
    point: Sequence[float] | None = None,
    distance_m: float | None = None,
    polygon: shapely.Geometry | None = None,
    cache: Path | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
) -> gpd.GeoDataFrame:
    """Fetch streets by OSMnx, once; later runs read what was kept.

    Parameters
    ----------
    place
        Name of a place, such as ``Espoo, Finland``.
    bbox
        Left, bottom, right, top in EPSG:4326 [degrees].
    point, distance_m
        Longitude and latitude [degrees], and how far around it to look, as a square [m].
    polygon
        Border in EPSG:4326.
    cache
        Folder in which the streets are kept, and what the servers answered.
    overpass_url, nominatim_url
        Addresses of servers of one's own; those of OSMnx if absent.

    Returns
    -------
    Lines in EPSG:4326 with ``highway``, ``name``, ``bridge``, ``tunnel``, ``layer`` and the end
    nodes ``u`` and ``v``.

    Raises
    ------
    InputError
        There is no internet, or nothing was found.
    """
    question: dict[str, Any] = {"place": place, "bbox": list(bbox) if bbox else None}
    question["polygon"] = polygon.wkt if polygon is not None else None
    if point is not None:
        question |= {"point": list(point), "distance_m": distance_m}
    words = json.dumps(question, sort_keys=True)
    name = f"streets-{hashlib.sha256(words.encode()).hexdigest()[:12]}.gpkg"
    kept = cache / name if cache else None
    if kept and kept.exists():
        log.info("streets from %s", kept)
        return pyogrio.read_dataframe(kept)
    with _osmnx_settings(cache, overpass_url, nominatim_url):
        frame = _from_osmnx(place, bbox, point, distance_m, polygon)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_name(f".{os.getpid()}-{name}")
        pyogrio.write_dataframe(frame, fresh, layer="streets", driver="GPKG")
        fresh.replace(kept)
    return frame


@contextmanager
def _osmnx_settings(
    cache: Path | None, overpass_url: str | None, nominatim_url: str | None
) -> Iterator[None]:
    """Tell OSMnx where to ask and to keep answers; its settings are put back afterwards."""
    import osmnx

    wanted: dict[str, Any] = {"use_cache": cache is not None}
    if cache is not None:
        wanted["cache_folder"] = str(cache / "osmnx")
    if overpass_url is not None:
        # A server of one's own has no queue to ask about.
        wanted |= {"overpass_url": overpass_url.rstrip("/"), "overpass_rate_limit": False}
    if nominatim_url is not None:
        wanted["nominatim_url"] = nominatim_url.rstrip("/") + "/"
    before = {name: getattr(osmnx.settings, name) for name in wanted}
    for name, value in wanted.items():
        setattr(osmnx.settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _from_osmnx(
    place: str | None,
    bbox: Sequence[float] | None,
    point: Sequence[float] | None,
    distance_m: float | None,
    polygon: shapely.Geometry | None,
) -> gpd.GeoDataFrame:
    """Ask OSMnx, and say plainly when it cannot be reached."""
    import osmnx
    import requests

    options: dict[str, Any] = {"custom_filter": '["highway"]["area"!~"yes"]', "retain_all": True}
    where = f"place '{place}'" if place else "the given border"
    try:
        if place:
            graph = osmnx.graph_from_place(place, **options)
        elif bbox is not None:
            graph = osmnx.graph_from_bbox((bbox[0], bbox[1], bbox[2], bbox[3]), **options)
        elif point is not None:
            options |= {"dist": distance_m or 1_000.0, "dist_type": "bbox"}
            graph = osmnx.graph_from_point((point[1], point[0]), **options)
        else:
            graph = osmnx.graph_from_polygon(polygon, **options)
    except (requests.exceptions.RequestException, OSError) as error:
        raise InputError(
            Fault(
                "streets",
                f"OpenStreetMap could not be reached for {where}: there may be no internet here.",
                "Give a street file as `path` under [layers.streets] with source = 'file'.",
            )
        ) from error
    except (ValueError, TypeError) as error:
        raise InputError(
            Fault("streets", f"OSMnx found no streets for {where}: {error}.", "Check the spelling.")
        ) from error
    edges = osmnx.graph_to_gdfs(osmnx.convert.to_undirected(graph), nodes=False).reset_index()
    return _plain_columns(edges)


def _plain_columns(edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return edges with text instead of lists, which come in an order that changes."""
    wanted = {tag: edges.get(tag) for tag in TAGS if tag != "area"}
    plain = {
        tag: None if column is None else column.map(_plain_text) for tag, column in wanted.items()
    }
    return gpd.GeoDataFrame(
        {**plain, "u": edges["u"], "v": edges["v"]}, geometry=edges.geometry, crs=edges.crs
    )


def _plain_text(value: Any) -> str | None:
    """Return one text for one or several values."""
    if isinstance(value, list | tuple | set):
        return ";".join(sorted(map(str, value)))
    return None if pd.isna(value) else str(value)


# -------------------------------------------------------------------------- street classes


def class_table(path: str | Path | None = None) -> pd.DataFrame:
    """Return which street classes can carry a pipe.

    Parameters
    ----------
    path
        A table of one's own; the packaged one if absent.

    Returns
    -------
    Indexed by ``class`` (values of the OpenStreetMap key ``highway``): ``pipe`` (``yes``, ``no``
    for what is no street, ``forbidden`` for streets that must not be dug up), ``cost_factor``
    [-] and ``note``.

    Raises
    ------
    InputError
        The table cannot be read, a column is missing, ``pipe`` holds another word, or a factor is
        not above 0.
    """
    source = files("siting") / "defaults" / "street_classes.csv" if path is None else Path(path)
    try:
        with source.open(encoding="utf-8") as text:
            table = pd.read_csv(text, keep_default_na=False)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise InputError(
            Fault(
                "streets",
                f"table of street classes '{source.name}' cannot be read: {words}.",
                "Correct `class_table` under [layers.streets]; it starts from the study file.",
            )
        ) from error
    lacking = [name for name in ("class", "pipe", "cost_factor") if name not in table]
    sound = not lacking and table["pipe"].isin(["yes", "no", "forbidden"]).all()
    if not sound or not (pd.to_numeric(table["cost_factor"], errors="coerce") > 0).all():
        raise InputError(
            Fault(
                "streets",
                f"table of street classes '{source.name}' needs the columns 'class', 'pipe' (yes,"
                " no or forbidden) and 'cost_factor' (a number above 0).",
                "Start from the packaged table, siting/defaults/street_classes.csv.",
            )
        )
    return table.set_index("class")


def street_frame(
    lines: gpd.GeoDataFrame,
    *,
    classes: pd.DataFrame | None = None,
    surface: str = "urban",
    surface_factors: Mapping[str, float] = SURFACE_FACTORS,
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Keep the streets that can carry a pipe, with the columns of `siting.region.Streets`.

    Parameters
    ----------
    lines
        Line strings in a projected CRS, with any of the columns ``highway`` or ``road_class``,
        ``name``, ``surface``, ``cost_factor``, ``level``, ``layer``, ``bridge``, ``tunnel``,
        ``forbidden``, ``u`` and ``v``.
    classes
        Table of street classes, see `class_table`.
    surface
        Surface where the layer names none: ``urban``, ``suburban`` or ``rural``.
    surface_factors
        Trench cost of each surface over that of paved town streets [-].

    Returns
    -------
    The streets, and remarks on what was left out. ``cost_factor`` is the layer's own figure, or
    else that of the class times that of the surface.
    """
    classes = class_table() if classes is None else classes
    road_class = _text(lines, "road_class", "highway")
    pipe, class_factor, unknown = _judge(road_class, classes)
    surfaces = _text(lines, "surface").where(lambda text: text.isin(surface_factors), surface)
    factor = class_factor * surfaces.map(surface_factors).astype(float)
    own_factor = _numbers(lines, "cost_factor")
    frame = gpd.GeoDataFrame(
        {
            "name": _text(lines, "name"),
            "road_class": road_class,
            "surface": surfaces,
            "cost_factor": own_factor.where(own_factor.notna(), factor),
            "level": street_levels(lines),
            "forbidden": _flags(lines, "forbidden") | (pipe == "forbidden"),
            "cost_eur_per_m": _numbers(lines, "cost_eur_per_m"),
            "u": _ids(lines, "u"),
            "v": _ids(lines, "v"),
        },
        geometry=lines.geometry,
        crs=lines.crs,
    )
    remarks = _class_remarks(frame, pipe, unknown)
    return frame[pipe != "no"].reset_index(drop=True), remarks


def _judge(road_class: pd.Series, classes: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return the verdict on each street, its cost factor and whether its class is unknown.

    A line of several classes is a street if any part is, and forbidden if any part is.
    """
    kinds = pd.Series(road_class.unique())
    each = kinds.str.split(";").explode().str.strip()
    verdict = each.map(classes["pipe"]).fillna("yes")
    factor = each.map(classes["cost_factor"]).fillna(1.0).astype(float)
    rank = verdict.map({"no": 0, "yes": 1, "forbidden": 2}).groupby(level=0).max()
    pipe = rank.map({0: "no", 1: "yes", 2: "forbidden"})
    strange = (~each.isin(classes.index) & (each != "")).groupby(level=0).any()
    by_kind = pd.DataFrame(
        {"pipe": pipe, "factor": factor.groupby(level=0).max(), "strange": strange}
    ).set_index(kinds)
    found = by_kind.loc[road_class].set_axis(road_class.index)
    return found["pipe"], found["factor"], found["strange"]


def _class_remarks(
    frame: gpd.GeoDataFrame, pipe: pd.Series, unknown: pd.Series
) -> tuple[Remark, ...]:
    """Return one remark for each kind of verdict that took or doubted streets."""
    length = frame.geometry.length
    remarks = [Remark("streets", "read street lines", len(frame), float(length.sum()))]
    for act, chosen, guessed in (
        ("left out classes that are no streets for pipes", pipe == "no", False),
        ("marked as forbidden by their class", pipe == "forbidden", False),
        ("took lines of unknown class as streets", unknown, True),
    ):
        if chosen.any():
            every = frame.loc[chosen, "road_class"].str.split(";").explode()
            kinds = ", ".join(sorted(set(every) - {""}))
            total, places = float(length[chosen].sum()), frame.geometry[chosen]
            remarks.append(Remark("streets", act, int(chosen.sum()), total, kinds, guessed, places))
    return tuple(remarks)


def _text(lines: pd.DataFrame, *names: str) -> pd.Series:
    """Return the first of the columns that is there as text, empty where missing."""
    for name in names:
        if name in lines:
            column = lines[name].astype(object)
            return column.where(column.notna(), "").map(_plain_text).astype(object)
    return pd.Series("", index=lines.index, dtype=object)


def _numbers(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as numbers, NaN where missing."""
    if name not in lines:
        return pd.Series(np.nan, index=lines.index)
    return pd.to_numeric(lines[name], errors="coerce").astype(float)


def _flags(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as yes or no; a missing value is no."""
    return ~_text(lines, name).str.lower().isin(NO)


def _ids(lines: pd.DataFrame, name: str) -> pd.Series:
    """Return node ids, -1 where the source has none."""
    if name not in lines or not pd.api.types.is_integer_dtype(lines[name].dtype):
        return pd.Series(-1, index=lines.index, dtype=np.int64)
    return lines[name].fillna(-1).astype(np.int64)


def street_levels(lines: pd.DataFrame) -> pd.Series:
    """Return the storey of each line: its own, else by layer, bridge and tunnel."""
    bridge = ~_text(lines, "bridge").str.lower().isin(NO)
    tunnel_text = _text(lines, "tunnel").str.lower()
    tunnel = ~tunnel_text.isin(NO | ON_THE_GROUND)
    level = pd.Series(np.where(bridge, 1.0, np.where(tunnel, -1.0, 0.0)), index=lines.index)
    for name in ("layer", "level"):
        # Several values mean a merged line; the first number stands for it.
        given = pd.to_numeric(_text(lines, name).str.split(";").str[0], errors="coerce")
        level = given.where(given.notna(), level)
    return level.round().astype(np.int64)
