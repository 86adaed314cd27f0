"""Say who made the layers of a study."""

from __future__ import annotations

from siting.config import StudyConfig
from siting.streets import is_osm

__all__ = ["OSM_ATTRIBUTION", "attribution_of"]

OSM_ATTRIBUTION = "© OpenStreetMap contributors"


def attribution_of(config: StudyConfig) -> str:
    """Return who made the layers, as the study says; OpenStreetMap where its streets are read."""
    streets = config.layers.streets
    if config.study.attribution is not None:
        return config.study.attribution
    from_osm = streets.source == "osmnx" or (streets.path is not None and is_osm(streets.path))
    return OSM_ATTRIBUTION if from_osm else ""
