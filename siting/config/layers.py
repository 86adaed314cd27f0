"""Say where the layers of a study are, and how their columns map to ours."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from siting.config.section import NonNegative, Positive, Section

__all__ = [
    "LAYER_FILES",
    "AccessPointsConfig",
    "BarriersConfig",
    "BuildingsConfig",
    "ExistingNetworkConfig",
    "ExistingPlantsConfig",
    "JoinConfig",
    "LayerConfig",
    "LayersConfig",
    "SitesConfig",
    "StreetsConfig",
    "ZonesConfig",
]

LAYER_FILES = ("class_table", "polygon")
"""Keys of a layer, besides its path, that name a file."""


class LayerConfig(Section):
    """Where a layer is, and how its columns map to ours."""

    path: Path = Field(description="The file, relative to the study file.")
    layer: str | None = Field(None, description="Layer inside the file; needed if it has several.")
    crs: str | None = Field(
        None, description="CRS of the file, where it states none or a wrong one."
    )
    where: str | None = Field(None, description="Filter in OGR SQL, such as \"status <> 'old'\".")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Our column name = the name in the file."
    )


class JoinConfig(LayerConfig):
    """A second table whose columns belong to the features of a layer."""

    by: Literal["id", "location"] = Field(
        "id",
        description="'id', rows with the id of a feature; or 'location': figures of the area in"
        " which a feature lies, or the sum of the points in it.",
    )
    on: str | None = Field(
        None, description="Column of the table that holds the ids; as in the layer if absent."
    )
    repeated: Literal["fault", "sum"] = Field(
        "fault", description="Whether several rows of one id are a fault, or added up."
    )


class SitesConfig(LayerConfig):
    """The layer of candidate data-centre sites."""

    join: JoinConfig | None = Field(None, description="A table with more about the sites.")


class ZonesConfig(LayerConfig):
    """The layer of heat-demand zones."""

    join: JoinConfig | None = Field(None, description="A table with more about the zones.")

    source: Literal["file", "raster"] = Field(
        "file",
        description="'file' for a layer of areas or points; 'raster' for a heat-density raster,"
        " whose dense coherent areas become zones.",
    )
    demand_unit: Literal[
        "MWh", "kWh", "GWh", "GJ", "TJ", "kWh/m2", "MWh/ha", "GJ/ha", "GWh/km2", "TJ/km2"
    ] = Field(
        "MWh",
        description="Unit of the annual demand in the file, per year; of those per area the area"
        " of the zone on the map makes an amount. Of a raster it must be given, and those that"
        " are not per area count per cell.",
    )
    threshold_mwh_per_ha: NonNegative = Field(
        0.0, description="Cells of a raster with less demand are left out [MWh/(ha a)]."
    )
    connectivity: Literal[4, 8] = Field(
        8, description="Cells of a raster hang together by their sides (4) or corners, too (8)."
    )
    zone_size_m: Positive | None = Field(
        None,
        description="Areas of a raster are cut along a grid of this width [m]; without it a whole"
        " dense town is one zone.",
    )

    blocks_above: int | None = Field(
        None,
        ge=0,
        description="Where the layer has more zones than this, neighbours along a street are"
        " grouped into blocks, each one zone; 0 groups always, absent never.",
    )
    block_length_m: Positive = Field(
        200.0, description="Longest piece of a street whose zones make one block [m]."
    )

    @model_validator(mode="after")
    def _raster_is_complete(self) -> Self:
        """Ask for the unit of a raster, and refuse what belongs to the other kind of layer."""
        keys = ("threshold_mwh_per_ha", "connectivity", "zone_size_m")
        fields = type(self).model_fields  # what a run wrote down holds the defaults, too
        own = {key for key in keys if getattr(self, key) != fields[key].default}
        if self.source == "file" and own:
            raise ValueError(
                f"{', '.join(sorted(own))}: only of a raster", 'Set source = "raster".'
            )
        if self.source == "raster":
            if "demand_unit" not in self.model_fields_set:
                raise ValueError("source 'raster' needs 'demand_unit'", 'Add it, as "MWh/ha".')
            other = {"layer", "where", "columns"} & self.model_fields_set
            if other and any(getattr(self, each) for each in other):
                words = f"a raster has no {', '.join(sorted(other))}"
                raise ValueError(words, 'Take them out, or set source = "file".')
        return self


class StreetsConfig(LayerConfig):
    """The layer of streets under which pipes may be laid."""

    path: Path | None = Field(None, description="The file, relative to the study file.")  # type: ignore[assignment]
    source: Literal["file", "osmnx"] = Field(
        "file", description="'file', or 'osmnx' to fetch OpenStreetMap once and keep it."
    )
    place: str | None = Field(None, description="Place name for osmnx, such as 'Espoo, Finland'.")
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="Left, bottom, right, top for osmnx [degrees]."
    )
    point: tuple[float, float] | None = Field(
        None, description="Longitude and latitude for osmnx [degrees]; needs distance_m."
    )
    distance_m: Positive | None = Field(
        None, description="How far around `point` osmnx looks, as a square [m]."
    )
    polygon: Path | None = Field(
        None, description="A layer of areas, whose union is the border for osmnx."
    )
    overpass_url: str | None = Field(
        None, description="Address of an Overpass server of one's own, for osmnx."
    )
    nominatim_url: str | None = Field(
        None, description="Address of a Nominatim server of one's own, for osmnx."
    )
    class_table: Path | None = Field(
        None,
        description="A table (CSV) of street classes with the columns class, pipe (yes, no or"
        " forbidden) and cost_factor, in place of the packaged one.",
    )

    @model_validator(mode="after")
    def _source_is_complete(self) -> Self:
        """Ask for what the chosen source needs."""
        if self.source == "file" and self.path is None:
            raise ValueError("source 'file' needs 'path'", "Add it.")
        ways = [self.place, self.bbox, self.point, self.polygon]
        if self.source == "osmnx" and sum(way is not None for way in ways) != 1:
            words = "source 'osmnx' needs one of 'place', 'bbox', 'point' or 'polygon'"
            raise ValueError(words, "Give one, and only one.")
        if self.point is not None and self.distance_m is None:
            raise ValueError("'point' needs 'distance_m'", "Add it.")
        return self


class BarriersConfig(LayerConfig):
    """Lines and areas that a pipe cannot simply be dug through: railways, motorways, water."""

    crossing: Literal["priced", "forbidden"] = Field(
        "priced",
        description="What it means to cross one: 'priced', a lump sum for each crossing; or"
        " 'forbidden'. A column `crossing` of the layer goes before it.",
    )
    class_table: Path | None = Field(
        None,
        description="A table (CSV) of barriers with the columns key, value, kind, crossing (priced,"
        " forbidden or free) and cost_factor, in place of the packaged one.",
    )


class BuildingsConfig(LayerConfig):
    """Buildings that service lines do not run through."""


class ExistingNetworkConfig(LayerConfig):
    """Heat pipes that lie there already: free, but limited by their diameter."""

    tie_in_m: float = Field(
        20.0,
        ge=0,
        le=500,
        description="Street crossings nearer than this to an existing pipe can be joined to it"
        " [m].",
    )


class ExistingPlantsConfig(LayerConfig):
    """Heat plants of the existing network; those of the role `base` go before data centres."""


class AccessPointsConfig(LayerConfig):
    """Places at which a pipe may leave a large site or enter a large zone."""


class LayersConfig(Section):
    """The layers of a study: three that it needs, and others that it may have."""

    sites: SitesConfig
    zones: ZonesConfig
    streets: StreetsConfig
    barriers: BarriersConfig | None = None
    buildings: BuildingsConfig | None = None
    existing_network: ExistingNetworkConfig | None = None
    existing_plants: ExistingPlantsConfig | None = None
    access_points: AccessPointsConfig | None = None
