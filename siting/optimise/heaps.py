"""Binary heaps of pairs for compiled loops: the pair with the least key comes first."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["heap_pop", "heap_push", "wider"]

Keys = NDArray[Any]
Items = NDArray[np.int64]


@numba.njit(cache=True, inline="always")
def _before(keys: Keys, items: Items, i: int, j: int) -> Any:
    """Whether entry i comes before entry j; equal keys go by item, so that order never varies."""
    return keys[i] < keys[j] or (keys[i] == keys[j] and items[i] < items[j])


@numba.njit(cache=True)
def heap_push(keys: Keys, items: Items, size: int, key: Any, item: int) -> int:
    """Put a pair into a heap of ``size`` pairs and return the new size; there must be room."""
    at = size
    keys[at] = key
    items[at] = item
    while at > 0:
        up = (at - 1) >> 1
        if not _before(keys, items, at, up):
            break
        keys[at], keys[up] = keys[up], keys[at]
        items[at], items[up] = items[up], items[at]
        at = up
    return size + 1


@numba.njit(cache=True)
def heap_pop(keys: Keys, items: Items, size: int) -> int:
    """Take the first pair out (read entry 0 before) and return the new size."""
    size -= 1
    keys[0] = keys[size]
    items[0] = items[size]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        if down + 1 < size and _before(keys, items, down + 1, down):
            down += 1
        if not _before(keys, items, down, at):
            break
        keys[at], keys[down] = keys[down], keys[at]
        items[at], items[down] = items[down], items[at]
        at = down
    return size


@numba.njit(cache=True)
def wider(values: Keys) -> Keys:
    """Return an array of twice the length that begins with the values."""
    longer = np.empty(2 * len(values), values.dtype)
    longer[: len(values)] = values
    return longer
