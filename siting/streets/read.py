"""Read street lines from any file."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from siting.errors import Fault, InputError
from siting.streets.graphml import is_graphml, read_graphml
from siting.streets.osm_files import is_osm, read_osm

__all__ = ["read_streets"]


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
