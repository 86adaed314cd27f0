"""Make demand zones of the buildings in an OpenStreetMap file, by their tags."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.demand.levels import STOREY_HEIGHT_M, estimate_levels
from siting.errors import FaultLog, InputError
from siting.layers.files import report_missing_file
from siting.layers.osm import read_osm_features
from siting.layers.shapes import shape_prints
from siting.region import Remark

if TYPE_CHECKING:
    from siting.config import LayerConfig

__all__ = ["building_classes", "open_osm_buildings"]

KIND = "zones"
KEYS = ("building", "amenity", "tourism", "building:levels", "height", "start_date")
SMALLEST_M2 = 25.0
"""A smaller outline is a shed, whatever its tag: judgement [m²]."""


def building_classes() -> pd.DataFrame:
    """Return which buildings are heated, and what each tag says of their use.

    Returns
    -------
    ``key`` and ``value`` of OpenStreetMap, ``heated`` (yes or no) and ``use``, empty where the tag
    does not tell it.
    """
    source = files("siting") / "defaults" / "building_classes.csv"
    with source.open(encoding="utf-8") as text:
        return pd.read_csv(text, keep_default_na=False)


def open_osm_buildings(
    config: LayerConfig, log: FaultLog
) -> tuple[gpd.GeoDataFrame | None, tuple[Remark, ...]]:
    """Return the heated buildings of a file as zones whose demand is still to be estimated.

    OpenStreetMap states no demand. Buildings whose use is tagged have ``use``, ``footprint_m2`` and
    ``levels`` where known; of the others the floor area is estimated here.
    """
    path = Path(config.path)
    if not path.exists():
        report_missing_file(KIND, path, log)
        return None, ()
    try:
        found = read_osm_features(KIND, path, ("building",), ("multipolygons",), also=KEYS[1:])
    except InputError as error:
        log.faults.extend(error.faults)
        return None, ()
    if found.empty:
        log.fault(
            KIND,
            f"'{path.name}' holds no buildings.",
            "Give a layer of zones, or another extract.",
        )
        return None, ()
    metric = found.geometry.to_crs(found.estimate_utm_crs())
    remarks = []
    use, heated = _judged(found)
    small = (metric.area < SMALLEST_M2).to_numpy()
    copy = shape_prints(metric).duplicated().to_numpy()
    for act, gone in (
        ("left out buildings that are not heated", ~heated),
        (f"left out buildings of less than {SMALLEST_M2:g} m2", heated & small),
        ("left out buildings drawn twice", heated & ~small & copy),
    ):
        if gone.any():
            kinds = found.loc[gone, "building"].value_counts()
            words = ", ".join(f"{n:,} {kind}" for kind, n in kinds.head(8).items())
            places = found.geometry[gone]
            remarks.append(Remark(KIND, act, int(gone.sum()), detail=words, places=places))
    kept = heated & ~small & ~copy
    if not kept.any():
        log.fault(
            KIND,
            f"none of {len(found):,} buildings in '{path.name}' is heated and larger than"
            f" {SMALLEST_M2:g} m2.",
            "Give a layer of zones, or another extract.",
        )
        return None, tuple(remarks)
    rows = _described(found[kept].reset_index(drop=True), metric.area[kept], use[kept])
    return rows, tuple(remarks)


def _judged(found: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the use of each building, empty where unknown, and whether it is heated."""
    table = building_classes()
    use = pd.Series("", index=found.index, dtype=object)
    heated = pd.Series(True, index=found.index)
    for key, rows in table.groupby("key", sort=False):
        by_value = rows.set_index("value")
        told = found[str(key)].map(by_value["use"]).fillna("")
        use = use.where(use != "", told)
        heated &= found[str(key)].map(by_value["heated"]).fillna("yes") == "yes"
    return use.to_numpy(dtype=object), heated.to_numpy(dtype=bool)


def _described(rows: gpd.GeoDataFrame, area_m2: pd.Series, use: np.ndarray) -> gpd.GeoDataFrame:
    """Return buildings with the columns of the zone layer."""
    area = area_m2.reset_index(drop=True)
    height = pd.to_numeric(rows["height"].str.extract(r"^\s*([\d.]+)")[0], errors="coerce")
    levels = pd.to_numeric(rows["building:levels"].str.split(";").str[0], errors="coerce")
    storeys = estimate_levels(levels.where(levels <= 200), pd.Series(use), height_m=height)
    measured = storeys["levels_source"].isin(["tag", "height"])
    unknown = pd.Series(use == "")
    how = storeys["levels_source"].replace({"height": f"height over {STOREY_HEIGHT_M:g} m"})
    words = "floor_area_m2 from outline and storeys (" + how + "), use not tagged"
    year = pd.to_numeric(rows["start_date"].str.extract(r"^\s*(1\d{3}|20\d{2})")[0])
    return gpd.GeoDataFrame(
        {
            "zone_id": rows["osm_id"],
            "name": rows["name"],
            "use": use,
            "footprint_m2": area,
            "levels": storeys["levels"].where(measured),
            "floor_area_m2": (area * storeys["levels"]).where(unknown),
            "year_built": year.astype(float),
            "buildings": 1.0,
            "estimated": words.where(unknown, ""),
        },
        geometry=rows.geometry,
        crs=rows.crs,
    )
