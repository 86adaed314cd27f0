"""Cut lines that are held as flat arrays of coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Pieces", "along", "cut_at_vertices", "insert_points", "join_chains"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Lines = NDArray[Any]


@dataclass(frozen=True)
class Pieces:
    """Lines after cutting.

    ``line`` is the number of the line that each piece was cut from; ``first`` and ``last`` are
    the positions of its end vertices in the arrays that were cut.
    """

    geometry: Lines
    line: Ints
    first: Ints
    last: Ints


def along(xy: Floats, line: Ints) -> Floats:
    """Return how far each vertex lies along its line, in the units of the coordinates.

    Examples
    --------
    >>> along(np.array([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]]), np.array([0, 0, 1])).tolist()
    [0.0, 5.0, 0.0]
    """
    if not len(xy):
        return np.zeros(0)
    step = np.zeros(len(xy))
    step[1:] = np.hypot(*np.diff(xy, axis=0).T)
    starts = np.flatnonzero(np.diff(line, prepend=line[0] - 1))
    step[starts] = 0.0
    # Sum within each line only, so that far lines do not cost digits.
    total = np.cumsum(step)
    return total - np.repeat(total[starts], np.diff(starts, append=len(xy)))


def cut_at_vertices(xy: Floats, line: Ints, is_break: Bools) -> Pieces:
    """Cut lines at marked vertices.

    Parameters
    ----------
    xy
        Coordinates of all vertices, line after line.
    line
        Number of the line that each vertex belongs to; lines with one vertex vanish.
    is_break
        Whether to cut here. The ends of lines need no mark.

    Returns
    -------
    The pieces, in the order of the lines.

    Examples
    --------
    >>> xy = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    >>> pieces = cut_at_vertices(xy, np.zeros(3, int), np.array([False, True, False]))
    >>> [str(each) for each in pieces.geometry]
    ['LINESTRING (0 0, 1 0)', 'LINESTRING (1 0, 2 0)']
    """
    if len(xy) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return Pieces(np.zeros(0, dtype=object), empty, empty, empty)
    change = np.flatnonzero(line[1:] != line[:-1]) + 1
    starts = np.concatenate([[0], change])
    ends = np.concatenate([change, [len(xy)]]) - 1
    inner = is_break.copy()
    inner[starts] = inner[ends] = False
    # A vertex inside a line that is cut there stands in two pieces.
    source = np.repeat(np.arange(len(xy)), 1 + inner)
    second = np.zeros(len(source), dtype=bool)
    second[1:] = source[1:] == source[:-1]
    opens = second.copy()
    opens[np.searchsorted(source, starts)] = True
    piece = np.cumsum(opens) - 1
    long_enough = np.bincount(piece)[piece] >= 2
    source, piece = source[long_enough], piece[long_enough]
    if not len(source):
        return cut_at_vertices(xy[:0], line[:0], is_break[:0])
    _, piece = np.unique(piece, return_inverse=True)
    head = np.concatenate([[0], np.flatnonzero(np.diff(piece)) + 1])
    tail = np.concatenate([head[1:], [len(piece)]]) - 1
    return Pieces(
        geometry=shapely.linestrings(xy[source], indices=piece),
        line=line[source[head]],
        first=source[head],
        last=source[tail],
    )


def insert_points(
    xy: Floats, line: Ints, at_line: Ints, at: Floats, point: Floats
) -> tuple[Floats, Ints, Ints, Ints]:
    """Put points into lines at given distances.

    Parameters
    ----------
    xy, line
        Vertices and the line of each, see `cut_at_vertices`.
    at_line, at, point
        For each new point its line, its distance along that line and its coordinates.

    Returns
    -------
    New ``xy`` and ``line``, the place of each old vertex and the place of each new point.
    """
    key_line = np.concatenate([line, at_line])
    key_at = np.concatenate([along(xy, line), at])
    order = np.lexsort((np.arange(len(key_line)), key_at, key_line))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    together = np.concatenate([xy, point.reshape(-1, 2)])
    return together[order], key_line[order], place[: len(xy)], place[len(xy) :]


def join_chains(lines: Lines, chain: Ints, backwards: Bools) -> Lines:
    """Join lines, listed in order of travel, into one line for each chain.

    Parameters
    ----------
    lines
        The links of all chains, chain after chain.
    chain
        Number of the chain of each link, rising by at most one.
    backwards
        Whether a link is travelled against its direction.

    Examples
    --------
    >>> links = shapely.from_wkt(["LINESTRING (0 0, 1 0)", "LINESTRING (2 0, 1 0)"])
    >>> str(join_chains(links, np.array([0, 0]), np.array([False, True]))[0])
    'LINESTRING (0 0, 1 0, 2 0)'
    """
    if not len(lines):
        return np.zeros(0, dtype=object)
    xy, link = shapely.get_coordinates(lines, return_index=True)
    count = np.bincount(link, minlength=len(lines))
    start = np.cumsum(count) - count
    step = np.arange(len(xy)) - start[link]
    source = np.where(backwards[link], start[link] + count[link] - 1 - step, start[link] + step)
    inner_link = np.zeros(len(lines), dtype=bool)
    inner_link[1:] = chain[1:] == chain[:-1]
    # The first vertex of a later link repeats the last of the one before.
    keep = ~((step == 0) & inner_link[link])
    joined: Lines = shapely.linestrings(xy[source[keep]], indices=chain[link[keep]])
    return joined
