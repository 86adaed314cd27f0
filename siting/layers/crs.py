"""Bring all layers into one projected CRS, and notice when one of them lies elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from siting.config import NetworkConfig
from siting.errors import FaultLog
from siting.region import Remark

__all__ = ["check_extents", "in_crs", "with_crs", "working_crs"]

GEOGRAPHIC = "EPSG:4326"
LARGEST_SITE_DISTANCE_M = 50_000.0
SMALLEST_STREET_GAP_M = 1_000.0
STRANGE_SCALE = 0.05
ODD_SCALE = 0.01
OUTSIDE_DEGREES = 3.0


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
    """Return the projected CRS to work in: the stated one, that of a layer, or the UTM zone.

    Parameters
    ----------
    stated
        From the study file.
    frames
        The layers that have a CRS; zones are asked first, then sites, then streets. The CRS of a
        layer is taken if it is in metres and true to scale.
    log
        Takes the faults of an unsuitable CRS.
    """
    known = [frames[kind] for kind in ("zones", "sites", "streets") if kind in frames]
    known = [frame for frame in known if _has_place(frame)]
    if stated is not None:
        crs = _parse("study", stated, "`crs` under [study]", log)
        if crs is None or not _is_metric(crs, log):
            return None
        if known and not _is_true_to_scale(crs, known[0], log):
            return None
        return crs
    for frame in known:
        doubts = FaultLog()
        sound = _is_metric(frame.crs, doubts) and _is_true_to_scale(frame.crs, frame, doubts)
        if sound and not doubts.doubts:
            return pyproj.CRS(frame.crs)
    return pyproj.CRS(known[0].estimate_utm_crs()) if known else None


def _has_place(frame: gpd.GeoDataFrame) -> bool:
    """Return whether a layer lies somewhere on earth."""
    bounds = frame.total_bounds
    return bool(np.isfinite(bounds).all() and np.isfinite(_geographic(bounds, frame.crs)).all())


def in_crs(
    kind: str, frame: gpd.GeoDataFrame, crs: pyproj.CRS, log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return a flat layer in the working CRS, and a remark if it was in another one.

    Coordinates that the working CRS cannot hold are a fault.
    """
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
    if frame.crs.equals(crs, ignore_axis_order=True):
        return moved[~lost], ()
    words = f"from {_name(frame.crs)} to {_name(crs)}"
    return moved[~lost], (Remark(kind, "brought into the working CRS", len(moved), detail=words),)


def check_extents(
    frames: Mapping[str, gpd.GeoDataFrame], network: NetworkConfig, log: FaultLog
) -> None:
    """Report layers that lie apart, as they do when one has the wrong CRS."""
    boxes = {}
    for kind, frame in frames.items():
        bounds = frame.total_bounds
        if np.isfinite(bounds).all():
            boxes[kind] = _geographic(bounds, frame.crs)
    allowed = {
        frozenset(("sites", "zones")): LARGEST_SITE_DISTANCE_M,
        frozenset(("sites", "streets")): network.max_site_connection_m or network.max_connection_m,
        frozenset(("streets", "zones")): network.max_connection_m,
    }
    for one, other in combinations(sorted(boxes), 2):
        gap = _distance_m(boxes[one], boxes[other])
        limit = max(SMALLEST_STREET_GAP_M, allowed[frozenset((one, other))])
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
    """Return whether the coordinates can be such of the CRS that the layer states."""
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        return True
    cure = f"Set `crs` under [layers.{kind}] to the true one."
    if frame.crs.is_geographic:
        if np.all(np.abs(bounds) <= (180.001, 90.001, 180.001, 90.001)):
            return True
        words = f"(degrees), but its coordinates span {_span(bounds)}."
        log.fault(
            kind, f"the layer states {_name(frame.crs)} {words}", f"They look projected. {cure}"
        )
        return False
    west, south, east, north = _geographic(bounds, frame.crs)
    where = f"the layer states {_name(frame.crs)}, but its coordinates span {_span(bounds)}"
    if not np.isfinite([west, south, east, north]).all():
        degrees = np.all(np.abs(bounds) <= (180.0, 90.0, 180.0, 90.0))
        looks = "They look like degrees" if degrees else "They may be those of another CRS"
        log.fault(kind, f"{where}, which is nowhere in that CRS.", f"{looks}. {cure}")
        return False
    used = frame.crs.area_of_use
    outside = used is not None and not shapely.box(*used.bounds).buffer(OUTSIDE_DEGREES).intersects(
        shapely.box(west, south, east, north)
    )
    if outside:
        log.doubt(
            kind,
            f"{where}; that is {_degrees((west, south, east, north))}, far outside the area of that"
            f" CRS ({used.name.rstrip('.')}).",
            cure,
        )
    return True


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
    try:
        west, south, east, north = _to_degrees(crs).transform_bounds(*bounds)
    except ProjError:
        return np.nan, np.nan, np.nan, np.nan
    return west, south, east, north


@lru_cache(maxsize=32)
def _to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    """Return the way to degrees, which takes longer to find than to go."""
    return pyproj.Transformer.from_crs(crs, GEOGRAPHIC, always_xy=True)


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
