"""Read streets, from OpenStreetMap or any line layer, and judge which of them can carry a pipe."""

from siting.streets.classes import SURFACE_FACTORS, class_table, street_frame, street_levels
from siting.streets.fetch import fetch_streets
from siting.streets.graphml import is_graphml, read_graphml
from siting.streets.osm_files import is_osm, osm_settings, read_osm
from siting.streets.read import read_streets

__all__ = [
    "SURFACE_FACTORS",
    "class_table",
    "fetch_streets",
    "is_graphml",
    "is_osm",
    "osm_settings",
    "read_graphml",
    "read_osm",
    "read_streets",
    "street_frame",
    "street_levels",
]
