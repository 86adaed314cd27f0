"""Read the layers that a study may have besides its three: barriers, buildings, heat network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import FaultLog, InputError, name_ids
from siting.layers.access import access_frame
from siting.layers.barriers import barrier_frame, open_barriers
from siting.layers.columns import Column, check_mapping, read_columns
from siting.layers.crs import in_crs, with_crs
from siting.layers.files import open_layer
from siting.layers.osm import read_osm_features
from siting.layers.plants import plant_frame
from siting.layers.shapes import AREAS, LINES, repaired_areas
from siting.region import Barriers, Remark
from siting.streets import is_osm, street_levels

if TYPE_CHECKING:
    import pyproj

    from siting.config import LayerConfig, LayersConfig

__all__ = ["Extras", "read_access", "read_extras"]

PIPE_COLUMNS = (
    Column("name"),
    Column(
        "existing_dn",
        "number",
        synonyms=("dn", "nominal_diameter", "diameter"),
        required=True,
        low=10.0,
        high=2_000.0,
        hint="Give the nominal diameter as a number, 200 for DN200; it may be in metres.",
    ),
    Column(
        "free_capacity_mw",
        "number",
        synonyms=("free_mw",),
        low=0.0,
        high=5_000.0,
        hint="Give what a pipe can carry beside the heat of today, in MW.",
    ),
    Column("level"),
    Column("layer"),
    Column("bridge"),
    Column("tunnel"),
)


class Extras:
    """What a region has besides its three layers."""

    def __init__(self) -> None:
        self.barriers: Barriers | None = None
        self.buildings: Any = None
        self.existing: gpd.GeoDataFrame | None = None
        self.plants: gpd.GeoDataFrame | None = None
        self.remarks: list[Remark] = []


def read_extras(layers: LayersConfig, crs: pyproj.CRS, log: FaultLog) -> Extras:
    """Read the layers that are named, in the working CRS; the log takes their faults."""
    found = Extras()
    if layers.barriers is not None:
        frame = open_barriers(layers.barriers, log)
        frame = _placed("barriers", frame, layers.barriers, crs, found, log)
        if frame is not None:
            found.barriers, remarks = barrier_frame(frame, layers.barriers, log)
            found.remarks += remarks
    if layers.buildings is not None:
        frame = _open_buildings(layers.buildings, log)
        frame = _placed("buildings", frame, layers.buildings, crs, found, log)
        if frame is not None:
            found.buildings = _areas(frame, found, log)
    if layers.existing_network is not None:
        config = layers.existing_network
        frame = open_layer("existing_network", config, log)
        frame = _placed("existing_network", frame, config, crs, found, log)
        if frame is not None:
            found.existing = _pipes(frame, config.columns, found, log)
    if layers.existing_plants is not None:
        frame = open_layer("existing_plants", layers.existing_plants, log)
        frame = _placed("existing_plants", frame, layers.existing_plants, crs, found, log)
        if frame is not None:
            found.plants, remarks = plant_frame(frame, layers.existing_plants.columns, log)
            found.remarks += remarks
    return found


def read_access(
    layers: LayersConfig, places: Mapping[str, gpd.GeoDataFrame], crs: pyproj.CRS, log: FaultLog
) -> tuple[gpd.GeoDataFrame | None, tuple[Remark, ...]]:
    """Return the access points of sites and zones, if the study names a layer of them."""
    config, found = layers.access_points, Extras()
    if config is None:
        return None, ()
    frame = _placed(
        "access_points", open_layer("access_points", config, log), config, crs, found, log
    )
    if frame is None:
        return None, tuple(found.remarks)
    access, remarks = access_frame(frame, places, config.columns, log)
    return access, (*found.remarks, *remarks)


def _open_buildings(config: LayerConfig, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Return buildings as they stand in their file, or none if that failed."""
    path = Path(config.path)
    if not is_osm(path) or not path.exists():
        return open_layer("buildings", config, log)
    try:
        return read_osm_features("buildings", path, ("building",), ("multipolygons",))
    except InputError as error:
        log.faults.extend(error.faults)
        return None


def _placed(
    kind: str,
    frame: gpd.GeoDataFrame | None,
    config: LayerConfig,
    crs: pyproj.CRS,
    found: Extras,
    log: FaultLog,
) -> gpd.GeoDataFrame | None:
    """Return a layer in the working CRS, none if it is empty or has no place."""
    if frame is None:
        return None
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    present = ~(frame.geometry.isna() | frame.geometry.is_empty)
    lost = int((~present).sum())
    if lost:
        act = "left out features without geometry"
        found.remarks.append(Remark(kind, act, lost, repair=True))
    frame = frame[present]
    if frame.empty:
        log.doubt(kind, "the layer holds no features.", f"Check [layers.{kind}], or take it out.")
        return None
    known = with_crs(kind, frame, config.crs, log)
    if known is None:
        return None
    moved, remarks = in_crs(kind, known, crs, log)
    found.remarks += remarks
    return moved


def _areas(frame: gpd.GeoDataFrame, found: Extras, log: FaultLog) -> Any:
    """Return the buildings that are areas."""
    is_area = frame.geometry.geom_type.isin(AREAS).to_numpy()
    if not is_area.any():
        log.fault(
            "buildings", "the layer holds no areas.", "Check `layer` under [layers.buildings]."
        )
        return None
    flat = FaultLog()
    sound, remarks = repaired_areas("buildings", frame[is_area], flat)
    gone = len(frame) - len(sound)
    found.remarks += [Remark("buildings", "read buildings", len(sound)), *remarks]
    if gone:
        act = "left out shapes that enclose nothing"
        found.remarks.append(Remark("buildings", act, gone, repair=True))
    return sound.geometry.to_numpy()


def _pipes(
    frame: gpd.GeoDataFrame, mapping: dict[str, str], found: Extras, log: FaultLog
) -> gpd.GeoDataFrame | None:
    """Return the lines of an existing heat network, each with its nominal diameter."""
    kind = "existing_network"
    frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
    check_mapping(kind, mapping, [column.name for column in PIPE_COLUMNS], log)
    data = read_columns(frame, kind, PIPE_COLUMNS, mapping, log)
    is_line = frame.geometry.geom_type.isin(LINES).to_numpy()
    if not is_line.any():
        log.fault(kind, "the layer holds no lines.", f"Check `layer` under [layers.{kind}].")
        return None
    lacking = is_line & data["existing_dn"].isna().to_numpy()
    if lacking.any() and not data["existing_dn"].isna().all():
        rows = list(frame.index[lacking])
        log.fault(
            kind,
            f"existing_dn is missing at lines {name_ids(rows)}; a pipe of unknown size has no"
            " capacity.",
            "Give the nominal diameter of each pipe.",
            rows,
        )
    if not is_line.all():
        places, act = frame.geometry[~is_line], "left out shapes that are no lines"
        found.remarks.append(Remark(kind, act, len(places), repair=True, places=places))
    pipes = gpd.GeoDataFrame(
        {
            "name": data["name"],
            "existing_dn": data["existing_dn"].astype(float),
            "free_capacity_mw": data["free_capacity_mw"].astype(float),
            "level": street_levels(data).astype(np.int64),
        },
        geometry=shapely.force_2d(frame.geometry.to_numpy()),
        crs=frame.crs,
    )[is_line].explode(index_parts=False)
    length = float(pipes.geometry.length.sum())
    act, places = "read existing heat pipes", pipes.geometry
    found.remarks.append(Remark(kind, act, len(pipes), length, places=places))
    return pipes.reset_index(drop=True)
