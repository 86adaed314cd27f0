"""Turn a layer of places into the heat plants of an existing network."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd

from siting.errors import FaultLog, name_ids
from siting.layers.columns import Column, check_mapping, read_columns, read_ids, source_of
from siting.layers.shapes import AREAS, POINTS
from siting.region import Remark

__all__ = ["plant_frame"]

KIND = "existing_plants"
ID = Column("plant_id", synonyms=("id",), required=True)
COLUMNS = (
    Column("name"),
    Column("role", "choice", choices=("base", "peak")),
    Column(
        "output_mw",
        "number",
        synonyms=("heat_mw", "heat_output_mw", "capacity_mw"),
        required=True,
        low=0.0,
        high=5_000.0,
        hint="Give the heat that the plant gives to the network, in MW.",
    ),
)


def plant_frame(
    frame: gpd.GeoDataFrame, mapping: Mapping[str, str], log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the plants as `siting.region.Region.plants` holds them, and what was read.

    Parameters
    ----------
    frame
        Points or areas in the working CRS.
    mapping
        Our column name to the name in the file.
    log
        Takes the faults.
    """
    names = ["x", "y", ID.name, *(column.name for column in COLUMNS)]
    check_mapping(KIND, mapping, names, log)
    frame = frame.set_axis(read_ids(frame, KIND, ID, mapping, log))
    data = read_columns(frame, KIND, COLUMNS, mapping, log)
    wrong = ~frame.geometry.geom_type.isin(POINTS | AREAS).to_numpy()
    if wrong.any():
        ids = list(frame.index[wrong])
        log.fault(KIND, f"{name_ids(ids)} are no points or areas.", "Draw plants so.", ids)
    lacking = ~(data["output_mw"] > 0).to_numpy()
    if lacking.any() and source_of(frame, KIND, COLUMNS[-1], mapping, FaultLog()):
        ids = list(frame.index[lacking])
        log.fault(
            KIND,
            f"output_mw is missing or zero at {name_ids(ids)}; expected MW above 0.",
            "Give the heat that the plant gives to the network, or leave it out with `where`.",
            ids,
        )
    points = frame.geometry.representative_point()
    plants = gpd.GeoDataFrame(data, geometry=points, crs=frame.crs)
    plants["name"] = plants["name"].where(plants["name"] != "", plants.index.astype(object))
    base = plants["role"] == "base"
    words = (
        f"{plants.loc[base, 'output_mw'].sum():,.4g} MW base,"
        f" {plants.loc[~base, 'output_mw'].sum():,.4g} MW peak"
    )
    read = Remark(KIND, "read existing plants", len(plants), detail=words, places=points)
    return plants, (read,)
