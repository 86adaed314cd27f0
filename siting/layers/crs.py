"""Bring all layers into one projected CRS, and notice when one of them lies elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from siting.errors import FaultLog

__all__ = ["check_extents", "in_crs", "with_crs", "working_crs"]

GEOGRAPHIC = "EPSG:4326"
LARGEST_SITE_DISTANCE_M = 50_000.0
SMALLEST_STREET_GAP_M = 1_000.0
STRANGE_SCALE = 0.05
ODD_SCALE = 0.01


def with_crs(
    kind: str, frame: gpd.GeoDataFrame, stated: str | None, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Return a layer with its CRS, or none if that is not known or not believable."""
    if stated is not None:
        crs = _parse(kind, stated, f"`crs` under [layers.{kind}]", log)
        if crs is None:
            return None
        if frame.crs is not None and not frame.crs.equals(crs):
            log.doubt(
                kind,
                f"the file states {_name(frame.crs)}, the study file {_name(crs)}; the latter is"
                " used.",
                "Remove `crs` from the study file if the file is right.",
            )
        frame = frame.set_crs(crs, allow_override=True)
    if frame.crs is None:
        log.fault(
            kind,
            f"the layer states no coordinate reference system; its coordinates span"
            f" {_span(frame.total_bounds)}.",
            f'Set `crs` under [layers.{kind}], such as "EPSG:4326" for longitude and latitude.',
        )
        return None
    return frame if _is_in_range(kind, frame, log) else None


def working_crs(
    stated: str | None, frames: Mapping[str, gpd.GeoDataFrame], log: FaultLog
) -> pyproj.CRS | None:
    """Return the projected CRS to work in: the stated one, else the UTM zone of the data.

    Parameters
    ----------
    stated
        From the study file.
    frames
        The layers that have a CRS; zones are asked first, then sites, then streets.
    log
        Takes the faults of an unsuitable CRS.
    """
    known = [frames[kind] for kind in ("zones", "sites", "streets") if kind in frames]
    known = [frame for frame in known if np.isfinite(frame.total_bounds).all()]
    if stated is not None:
        crs = _parse("study", stated, "`crs` under [study]", log)
        if crs is None or not _is_metric(crs, log):
            return None
        if known and not _is_true_to_scale(crs, known[0], log):
            return None
        return crs
    return known[0].estimate_utm_crs() if known else None


def in_crs(kind: str, frame: gpd.GeoDataFrame, crs: pyproj.CRS, log: FaultLog) -> gpd.GeoDataFrame:
    """Return a flat layer in the working CRS; coordinates it cannot hold are a fault."""
    moved = frame.set_geometry(frame.geometry.force_2d()).to_crs(crs)
    lost = ~np.isfinite(moved.geometry.bounds).all(axis=1) & ~frame.geometry.isna()
    lost &= ~frame.geometry.is_empty
    if lost.any():
        log.fault(
            kind,
            f"{int(lost.sum()):,} features have coordinates that {_name(crs)} cannot hold; the"
            f" layer spans {_span(frame.total_bounds)} in {_name(frame.crs)}.",
            f"Check `crs` under [layers.{kind}] and [study].",
        )
    return moved[~lost]


def check_extents(
    frames: Mapping[str, gpd.GeoDataFrame], max_connection_m: float, log: FaultLog
) -> None:
    """Report layers that lie apart, as they do when one has the wrong CRS."""
    boxes = {}
    for kind, frame in frames.items():
        bounds = frame.total_bounds
        if np.isfinite(bounds).all():
            boxes[kind] = _geographic(bounds, frame.crs)
    allowed = {
        frozenset(("sites", "zones")): LARGEST_SITE_DISTANCE_M,
    }
    for one, other in combinations(sorted(boxes), 2):
        gap = _distance_m(boxes[one], boxes[other])
        limit = allowed.get(frozenset((one, other)), max(SMALLEST_STREET_GAP_M, max_connection_m))
        if not gap <= limit:
            log.fault(
                one,
                f"{one} and {other} do not lie together: {one} span {_degrees(boxes[one])}, {other}"
                f" span {_degrees(boxes[other])}, {_far(gap)} apart.",
                "One layer may be of another place, state the wrong CRS or have its coordinates"
                " swapped. Correct `path` or `crs`.",
            )


def _parse(kind: str, text: str, where: str, log: FaultLog) -> pyproj.CRS | None:
    """Return a CRS from its name, or none if there is no such CRS."""
    try:
        return pyproj.CRS.from_user_input(text)
    except CRSError:
        log.fault(
            kind,
            f"{where} is '{text}', which is no known coordinate reference system.",
            'Write an EPSG code such as "EPSG:3879".',
        )
        return None


def _is_in_range(kind: str, frame: gpd.GeoDataFrame, log: FaultLog) -> bool:
    """Return whether longitudes and latitudes can be such."""
    bounds = frame.total_bounds
    if not frame.crs.is_geographic or not np.isfinite(bounds).all():
        return True
    if np.all(np.abs(bounds) <= (180.001, 90.001, 180.001, 90.001)):
        return True
    log.fault(
        kind,
        f"the layer states {_name(frame.crs)} (degrees), but its coordinates span {_span(bounds)}.",
        f"They look projected. Set `crs` under [layers.{kind}] to the true one.",
    )
    return False


def _is_metric(crs: pyproj.CRS, log: FaultLog) -> bool:
    """Return whether a CRS is projected in metres."""
    unit = crs.axis_info[0].unit_name if crs.axis_info else "unknown"
    if crs.is_projected and unit in {"metre", "meter", "m"}:
        return True
    found = f"is projected in {unit}" if crs.is_projected else "is not projected"
    log.fault(
        "study",
        f"working CRS {_name(crs)} {found}; lengths and costs need metres.",
        "Set `crs` under [study] to a projected CRS in metres, or remove it to have one chosen.",
    )
    return False


def _is_true_to_scale(crs: pyproj.CRS, frame: gpd.GeoDataFrame, log: FaultLog) -> bool:
    """Return whether lengths in a CRS are true lengths where the data lie."""
    west, south, east, north = _geographic(frame.total_bounds, frame.crs)
    try:
        factors = pyproj.Proj(crs).get_factors((west + east) / 2, (south + north) / 2)
        scales = np.array([factors.meridional_scale, factors.parallel_scale])
    except (ProjError, CRSError):
        return True
    off = float(np.abs(scales - 1).max())
    words = f"in working CRS {_name(crs)} lengths are {off:.1%} off where the data lie"
    if not off <= STRANGE_SCALE:
        log.fault(
            "study",
            f"{words}; lengths and costs would be wrong.",
            "Set `crs` under [study] to the national grid or UTM zone of the place, or remove it.",
        )
        return False
    if off > ODD_SCALE:
        log.doubt("study", f"{words}.", "A national grid or UTM zone would be closer.")
    return True


def _geographic(bounds: np.ndarray, crs: pyproj.CRS) -> tuple[float, float, float, float]:
    """Return bounds in degrees."""
    to_degrees = pyproj.Transformer.from_crs(crs, GEOGRAPHIC, always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(*bounds)
    return west, south, east, north


def _distance_m(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the distance between two boxes in degrees [m]; infinite where one has no place."""
    if not np.isfinite([*one, *other]).all():
        return float("inf")
    line = shapely.shortest_line(shapely.box(*one), shapely.box(*other))
    return float(pyproj.Geod(ellps="WGS84").geometry_length(line))


def _far(gap_m: float) -> str:
    """Return a distance in words."""
    if not np.isfinite(gap_m):
        return "an unknown distance"
    return f"{gap_m / 1000:,.0f} km" if gap_m >= 10_000 else f"{gap_m:,.0f} m"


def _degrees(box: tuple[float, ...]) -> str:
    """Return a box in degrees as words."""
    return f"{box[0]:.3f} to {box[2]:.3f} E and {box[1]:.3f} to {box[3]:.3f} N"


def _span(bounds: np.ndarray) -> str:
    """Return bounds as words."""
    west, south, east, north = (f"{each:,.8g}" for each in bounds)
    return f"{west} to {east} across and {south} to {north} up"


def _name(crs: pyproj.CRS) -> str:
    """Return the code of a CRS, or its name if it has none."""
    code = crs.to_authority(min_confidence=90)
    return ":".join(code) if code else str(crs.name)
