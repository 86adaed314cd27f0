"""Find data centres in an OpenStreetMap file by their tags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd

from siting.errors import FaultLog, InputError
from siting.layers.files import report_missing_file
from siting.layers.osm import read_osm_features

if TYPE_CHECKING:
    from siting.config import LayerConfig

__all__ = ["open_osm_sites"]

KEYS = ("telecom", "building", "man_made", "industrial")
VALUES = frozenset({"data_center", "data_centre", "datacenter", "datacentre"})


def open_osm_sites(config: LayerConfig, log: FaultLog) -> gpd.GeoDataFrame | None:
    """Return the data centres of a file as points and areas with ``site_id`` and ``name``.

    OpenStreetMap states no IT load: it comes from a table that is joined by id, such as
    ``way/33503496``.
    """
    path = Path(config.path)
    if not path.exists():
        report_missing_file("sites", path, log)
        return None
    try:
        found = read_osm_features("sites", path, KEYS, ("points", "multipolygons"))
    except InputError as error:
        log.faults.extend(error.faults)
        return None
    chosen = found[found[list(KEYS)].isin(VALUES).any(axis=1)].reset_index(drop=True)
    if chosen.empty:
        log.fault(
            "sites",
            f"'{path.name}' holds no data centre: none of {len(found):,} objects is tagged"
            " telecom = data_center or building = data_center.",
            "Give a layer of sites.",
        )
        return None
    loads = config.columns.keys() | ({"join"} if getattr(config, "join", None) else set())
    if not loads & {"it_load_mw", "recoverable_heat_kw", "join"}:
        log.fault(
            "sites",
            f"OpenStreetMap states no IT load for {_count(len(chosen))} of '{path.name}', such as"
            f" '{chosen['osm_id'].iloc[0]}'.",
            "Give a table with the columns site_id and it_load_mw as `path` under"
            " [layers.sites.join].",
        )
    return chosen.rename(columns={"osm_id": "site_id"}).drop(columns=["layer", *KEYS])


def _count(number: int) -> str:
    """Return how many data centres there are."""
    return "the data centre" if number == 1 else f"the {number:,} data centres"
