"""Pack shapes and figures into a short text that a web page unpacks."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

__all__ = ["packed", "packed_shapes", "short", "unpacked", "unpacked_shapes"]

SCALE = 1_000_000
"""Coordinates are whole numbers of a millionth of a degree, about 0.1 m."""


def packed(content: Any) -> str:
    """Return JSON values as base64 of gzip; the same content gives the same text.

    Examples
    --------
    >>> unpacked(packed({"heat_mwh": [1, 2]}))
    {'heat_mwh': [1, 2]}
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")


def unpacked(text: str) -> Any:
    """Return what `packed` put into a text."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def packed_shapes(shapes: Iterable[Any]) -> dict[str, list[int]]:
    """Return shapes in degrees as whole numbers, each coordinate less the one before.

    Returns
    -------
    ``paths``: number of paths of each shape; an area has one for each ring, a point one of one
    corner. ``sizes``: number of corners of each path. ``x``, ``y``: corners, delta coded, in
    millionths of a degree.

    Examples
    --------
    >>> packed_shapes([shapely.LineString([(0, 0), (1e-6, 2e-6)]), shapely.Point(0, 0)])
    {'paths': [1, 1], 'sizes': [2, 1], 'x': [0, 1, -1], 'y': [0, 2, -2]}
    """
    array = np.asarray(shapely.force_2d(np.asarray(list(shapes), dtype=object)))
    paths, owner = _paths(array)
    xy, path = shapely.get_coordinates(paths, return_index=True)
    whole = np.round(xy * SCALE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return {
        "paths": np.bincount(owner, minlength=len(array)).tolist(),
        "sizes": np.bincount(path, minlength=len(paths)).tolist(),
        "x": steps[:, 0].tolist(),
        "y": steps[:, 1].tolist(),
    }


def unpacked_shapes(packed: dict[str, list[int]]) -> list[list[list[tuple[float, float]]]]:
    """Return for each shape its paths as lists of corners in degrees, as the page reads them."""
    xy = np.cumsum(np.array([packed["x"], packed["y"]], dtype=np.int64).T, axis=0) / SCALE
    corners = [(float(x), float(y)) for x, y in xy]
    shapes, at, path = [], 0, 0
    for count in packed["paths"]:
        own = []
        for size in packed["sizes"][path : path + count]:
            own.append(corners[at : at + size])
            at += size
        path += count
        shapes.append(own)
    return shapes


def _paths(shapes: Any) -> tuple[Any, Any]:
    """Return the lines, rings and points of shapes in order, and which shape each belongs to."""
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, of_part = shapely.get_rings(parts[is_area], return_index=True)
    paths = np.concatenate([parts[~is_area], rings])
    owner = np.concatenate([of_shape[~is_area], of_shape[is_area][of_part]])
    order = np.argsort(owner, kind="stable")
    return paths[order], owner[order]


def short(values: Iterable[Any], digits: int = 4) -> list[Any]:
    """Return numbers with so many significant digits, whole where they can be, null for unknown.

    Examples
    --------
    >>> short([1234.567, 2.0, float("nan"), float("inf"), True])
    [1235, 2, None, None, True]
    """
    return [_short(value, digits) for value in values]


def _short(value: Any, digits: int) -> Any:
    """Return one number rounded."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not isinstance(value, float | int | np.number):
        return value
    if not np.isfinite(value):
        return None
    rounded = float(f"{float(value):.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
