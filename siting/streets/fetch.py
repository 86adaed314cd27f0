"""Fetch streets by OSMnx, once; later runs read what was kept."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

from siting.errors import Fault, InputError
from siting.streets.classes import plain_text
from siting.streets.osm_files import TAGS

__all__ = ["fetch_streets"]

log = logging.getLogger(__name__)


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
        tag: None if column is None else column.map(plain_text) for tag, column in wanted.items()
    }
    return gpd.GeoDataFrame(
        {**plain, "u": edges["u"], "v": edges["v"]}, geometry=edges.geometry, crs=edges.crs
    )
