"""Read the streets of a GraphML file, such as OSMnx and NetworkX write."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import Fault, InputError
from siting.region import Remark

__all__ = ["is_graphml", "read_graphml"]


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
        text = rows["geometry"].astype(object)
        told = text.where(text.notna(), None).to_numpy(dtype=object)
        drawn = shapely.from_wkt(told, on_invalid="ignore")
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
