"""Turn a layer of places into candidate data-centre sites."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.errors import FaultLog, name_ids
from siting.layers.columns import Column, check_mapping, read_columns
from siting.layers.shapes import (
    AREAS,
    POINTS,
    present_shapes,
    repaired_areas,
    repeated_shapes,
    shapes_of_type,
)
from siting.region import Remark

__all__ = ["COLUMNS", "ID", "check_wishes", "site_frame"]

ID = Column("site_id", synonyms=("id",), required=True)
COLUMNS = (
    Column("name"),
    Column("status", "choice", choices=("candidate", "existing", "permitted")),
    Column("assumed", "flag"),
    Column(
        "it_load_mw",
        "number",
        synonyms=("it_mw",),
        required=True,
        low=0.0,
        high=2_000.0,
        hint="The load may be in kW. Give it in MW.",
    ),
    Column(
        "utilisation",
        "number",
        low=0.0,
        high=1.0,
        hint="It may be in per cent. Give a fraction, 0.6 for 60 per cent.",
    ),
    Column("cooling", "choice", choices=("air", "liquid", "mixed")),
    Column("supply_temperature_c", "number", low=0.0, high=120.0),
    Column("return_temperature_c", "number", low=0.0, high=120.0),
    Column(
        "recoverable_fraction",
        "number",
        low=0.0,
        high=1.0,
        hint="It may be in per cent. Give a fraction, 0.85 for 85 per cent.",
    ),
    Column("cost_eur", "number", low=0.0),
    Column("cost_per_mw_eur", "number", low=0.0),
    Column("electricity_price_eur_per_mwh", "number"),
    Column("heat_price_eur_per_mwh", "number"),
    Column("group"),
    Column("mandatory", "flag"),
    Column("forbidden", "flag"),
)


def site_frame(
    frame: gpd.GeoDataFrame, mapping: Mapping[str, str], log: FaultLog
) -> tuple[gpd.GeoDataFrame, tuple[Remark, ...]]:
    """Return the frame of `siting.region.CandidateSites`, and what was done to it.

    Parameters
    ----------
    frame
        Points or areas in the working CRS, indexed by site id.
    mapping
        Our column name to the name in the file.
    log
        Takes the faults.
    """
    names = ["x", "y", ID.name, *(column.name for column in COLUMNS)]
    check_mapping("sites", mapping, names, log)
    data = read_columns(frame, "sites", COLUMNS, mapping, log)
    _check_size(data, log)
    _check_temperatures(data, log)
    check_wishes("sites", data, log)
    shapes = present_shapes("sites", frame, log)
    shapes = shapes_of_type("sites", shapes, POINTS | AREAS, "points or areas", log)
    shapes, remarks = repaired_areas("sites", shapes, log)
    _doubt_shared_places(shapes, log)
    outline = shapes.geometry
    point = outline.representative_point()
    sites = gpd.GeoDataFrame(data.loc[shapes.index], geometry=point, crs=frame.crs)
    sites["outline"] = outline
    sites["name"] = sites["name"].where(sites["name"] != "", sites.index.astype(object))
    read = Remark("sites", "read sites", len(sites), detail=_assumed_words(sites))
    return sites, (read, *remarks)


def _check_size(data: pd.DataFrame, log: FaultLog) -> None:
    """Report sites without an IT load."""
    lacking = data["it_load_mw"].isna() | (data["it_load_mw"] == 0)
    already = any("it_load_mw" in each.message for each in log.faults)
    if lacking.any() and not (already and lacking.all()):
        ids = list(data.index[lacking])
        log.fault(
            "sites",
            f"it_load_mw is missing or zero at {name_ids(ids)}; expected MW above 0.",
            "Give the IT load at full build-out, or remove the site.",
            ids,
        )


def _check_temperatures(data: pd.DataFrame, log: FaultLog) -> None:
    """Report heat streams that do not get cooler."""
    wrong = data["supply_temperature_c"] <= data["return_temperature_c"]
    if wrong.any():
        ids = list(data.index[wrong])
        log.fault(
            "sites",
            f"supply_temperature_c is not above return_temperature_c at {name_ids(ids)}.",
            "The supply is the warm side of the data centre's own water. Swap the two figures.",
            ids,
        )


def check_wishes(kind: str, data: pd.DataFrame, log: FaultLog) -> None:
    """Report features that are mandatory and forbidden at once."""
    both = data["mandatory"] & data["forbidden"]
    if both.any():
        ids = list(data.index[both])
        log.fault(kind, f"{name_ids(ids)} are mandatory and forbidden.", "Choose one.", ids)


def _doubt_shared_places(shapes: gpd.GeoDataFrame, log: FaultLog) -> None:
    """Doubt sites that share one place, as rough geocoding makes them."""
    same = repeated_shapes(shapes)
    if same.any():
        ids = list(shapes.index[same])
        log.doubt(
            "sites",
            f"{name_ids(ids)} share their place with another site.",
            "Give them the same `group` if only one of them can be built, or correct the place.",
            ids,
        )


def _assumed_words(sites: gpd.GeoDataFrame) -> str:
    """Return how many sites and which figures are assumptions."""
    assumed = int(np.count_nonzero(sites["assumed"]))
    return f"{assumed} of them assumed" if assumed else ""
