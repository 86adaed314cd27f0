"""Turn a layer of places into candidate data-centre sites."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.errors import FaultLog, InputError, name_ids
from siting.layers.columns import Column, check_mapping, near_words, read_columns, source_of
from siting.layers.shapes import (
    AREAS,
    POINTS,
    present_shapes,
    repaired_areas,
    repeated_shapes,
    shapes_of_type,
)
from siting.region import Remark
from siting.sources import cooling_of, parse_streams

__all__ = ["COLUMNS", "ID", "check_wishes", "site_frame"]

SIZES = ("it_load_mw", "recoverable_heat_kw")
HIGHEST_IT_KW_PER_M2 = 20.0
LOWEST_IT_KW_PER_M2 = 0.005
"""IT load over the ground of a site: judgement, wide enough to catch only a wrong unit [kW/m²]."""

ID = Column("site_id", synonyms=("id",), required=True)
COLUMNS = (
    Column("name"),
    Column("status", "choice", choices=("candidate", "existing", "permitted")),
    Column("assumed", "flag"),
    Column(
        "it_load_mw",
        "number",
        synonyms=("it_mw",),
        low=0.0,
        high=2_000.0,
        hint="The load may be in kW. Give it in MW.",
    ),
    Column(
        "recoverable_heat_kw",
        "number",
        low=0.0,
        high=1_000_000.0,
        hint="The heat may be in W, or that of a year. Give the mean power in kW.",
    ),
    Column(
        "utilisation",
        "number",
        low=0.0,
        high=1.0,
        hint="It may be in per cent. Give a fraction, 0.6 for 60 per cent.",
    ),
    Column("cooling", "choice", choices=("air", "liquid", "mixed")),
    Column("streams"),
    Column("supply_temperature_c", "number", low=0.0, high=120.0),
    Column("return_temperature_c", "number", low=0.0, high=120.0),
    Column(
        "recoverable_fraction",
        "number",
        low=0.0,
        high=1.0,
        hint="It may be in per cent. Give a fraction, 0.85 for 85 per cent.",
    ),
    Column(
        "availability",
        "number",
        low=0.0,
        high=1.0,
        hint="It may be in per cent. Give the share of the year in which heat can be taken.",
    ),
    Column(
        "ramp_a",
        "number",
        low=0.0,
        high=50.0,
        hint="It may be a calendar year. Give the years of growth after opening.",
    ),
    Column(
        "pue",
        "number",
        low=1.0,
        high=5.0,
        hint="Give total electricity over IT electricity, such as 1.3.",
    ),
    Column(
        "cooling_credit_mwh_per_mwh",
        "number",
        low=0.0,
        high=1.0,
        hint="Give the electricity for cooling that is saved per heat taken, such as 0.05.",
    ),
    Column(
        "energy_centre_m",
        "number",
        low=0.0,
        high=50_000.0,
        hint="Give the length of the route from the data centre to the energy centre in m.",
    ),
    Column("electricity_connection_eur_per_kw", "number", low=0.0),
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
    _check_size(frame, data, mapping, log)
    _doubt_sizes(data, log)
    _check_temperatures(data, log)
    data = _with_streams(data, log)
    check_wishes("sites", data, log)
    shapes = present_shapes("sites", frame, log)
    shapes = shapes_of_type("sites", shapes, POINTS | AREAS, "points or areas", log)
    shapes, remarks = repaired_areas("sites", shapes, log)
    _doubt_shared_places(shapes, log)
    _doubt_load_per_area(data.loc[shapes.index], shapes.geometry.area, log)
    outline = shapes.geometry
    point = outline.representative_point()
    sites = gpd.GeoDataFrame(data.loc[shapes.index], geometry=point, crs=frame.crs)
    sites["outline"] = outline
    sites["name"] = sites["name"].where(sites["name"] != "", sites.index.astype(object))
    read = Remark("sites", "read sites", len(sites), detail=_assumed_words(sites))
    return sites, (read, *remarks)


def _check_size(
    frame: gpd.GeoDataFrame, data: pd.DataFrame, mapping: Mapping[str, str], log: FaultLog
) -> None:
    """Report sites with neither an IT load nor a heat output."""
    columns = [column for column in COLUMNS if column.name in SIZES]
    if not any(source_of(frame, "sites", each, mapping, FaultLog()) for each in columns):
        told = any(each.layer == "sites" and "no IT load" in each.message for each in log.faults)
        if not told and not any(name in mapping for name in SIZES):
            names = [str(name) for name in frame.columns if name != "geometry"]
            log.fault(
                "sites",
                "no column 'it_load_mw' (MW) nor 'recoverable_heat_kw' (kW); the layer has"
                f" {name_ids(names, shown=20)}{_nearest_size(names)}.",
                "Map one of them under [layers.sites], as in"
                ' columns = {it_load_mw = "their name"}.',
            )
        return
    lacking = ~(data[list(SIZES)] > 0).any(axis=1)
    if lacking.any():
        ids = list(data.index[lacking])
        log.fault(
            "sites",
            f"it_load_mw is missing or zero at {name_ids(ids)}, and so is recoverable_heat_kw;"
            " expected one of them above 0.",
            "Give the IT load at full build-out in MW or the heat in kW, or leave these sites out"
            " with `where`.",
            ids,
        )


def _nearest_size(names: list[str]) -> str:
    """Return a column that looks like one of the sizes, in words."""
    return next((said for said in (near_words(each, names) for each in SIZES) if said), "")


def _doubt_sizes(data: pd.DataFrame, log: FaultLog) -> None:
    """Doubt heat outputs that do not fit the IT load, and shares that a stated heat overrules."""
    stated = data["recoverable_heat_kw"] > 0
    both = stated & (data["it_load_mw"] > 0)
    ratio = (data["recoverable_heat_kw"] / 1000 / data["it_load_mw"]).where(both)
    too_much = ratio > 1
    if too_much.any():
        ids = list(data.index[too_much])
        log.doubt(
            "sites",
            f"recoverable_heat_kw is up to {ratio.max():.3g} times it_load_mw at {name_ids(ids)};"
            " servers give no more heat than the power they take.",
            "Check the units of both columns.",
            ids,
        )
    unused = stated & data[["utilisation", "recoverable_fraction"]].notna().any(axis=1)
    if unused.any():
        ids = list(data.index[unused])
        log.doubt(
            "sites",
            f"utilisation and recoverable_fraction are not used at {name_ids(ids)}, where"
            " recoverable_heat_kw is given.",
            "Leave one of the two ways empty.",
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


def _with_streams(data: pd.DataFrame, log: FaultLog) -> pd.DataFrame:
    """Return the columns with the cooling that stated streams amount to; report odd streams."""
    stated = data["streams"] != ""
    data = data.copy()
    for key, text in data.loc[stated, "streams"].items():
        try:
            data.loc[key, "cooling"] = cooling_of(parse_streams(text))
        except InputError as error:
            for each in error.faults:
                log.fault("sites", f"site '{key}': {each.message}", each.remedy, [str(key)])
    unused = stated & data[["supply_temperature_c", "return_temperature_c"]].notna().any(axis=1)
    if unused.any():
        ids = list(data.index[unused])
        log.doubt(
            "sites",
            f"supply_temperature_c and return_temperature_c are not used at {name_ids(ids)}, where"
            " streams are given.",
            "Leave one of the two ways empty.",
            ids,
        )
    return data


def check_wishes(kind: str, data: pd.DataFrame, log: FaultLog) -> None:
    """Report features that are mandatory and forbidden at once."""
    both = data["mandatory"] & data["forbidden"]
    if both.any():
        ids = list(data.index[both])
        log.fault(kind, f"mandatory and forbidden at once: {name_ids(ids)}.", "Choose one.", ids)


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


def _doubt_load_per_area(data: pd.DataFrame, area_m2: pd.Series, log: FaultLog) -> None:
    """Doubt IT loads that do not fit the outline that a site is drawn with."""
    density = (data["it_load_mw"] * 1000 / area_m2.where(area_m2 > 0)).where(data["it_load_mw"] > 0)
    for odd, words in (
        (density > HIGHEST_IT_KW_PER_M2, "more than stacked halls hold; it may be in kW"),
        (density < LOWEST_IT_KW_PER_M2, "less than an office; it may be in GW, or cover a town"),
    ):
        if odd.any():
            ids = list(data.index[odd])
            log.doubt(
                "sites",
                f"it_load_mw over the area of the outline is {density[odd].iloc[0]:,.3g} kW/m2 at"
                f" {name_ids(ids)}: {words}.",
                "Check it_load_mw (MW) and the outline.",
                ids,
            )


def _assumed_words(sites: gpd.GeoDataFrame) -> str:
    """Return how many sites and which figures are assumptions."""
    assumed = int(np.count_nonzero(sites["assumed"]))
    return f"{assumed} of them assumed" if assumed else ""
