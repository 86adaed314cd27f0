"""Read a study file, and say everything that is wrong with it at once."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from siting.countries import network_presets
from siting.errors import Fault, InputError

__all__ = [
    "BarriersConfig",
    "BuildingsConfig",
    "DemandConfig",
    "ExistingNetworkConfig",
    "FinanceConfig",
    "JoinConfig",
    "LayerConfig",
    "LayersConfig",
    "LimitsConfig",
    "NetworkConfig",
    "NetworkSetting",
    "ObjectiveConfig",
    "OutputsConfig",
    "SitesConfig",
    "SolverConfig",
    "StreetsConfig",
    "StudyConfig",
    "StudyHead",
    "ZonesConfig",
    "config_from_dict",
    "demand_settings",
    "finance_settings",
    "network_settings",
    "read_config",
    "relative_path",
    "settings_of",
    "study_schema",
    "with_changes",
]

NUMBER_FAULTS = frozenset(
    {"float_parsing", "float_type", "int_parsing", "int_type", "int_from_float"}
)
LAYER_FILES = ("class_table", "polygon")
"""Keys of a layer, besides its path, that name a file."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
DEMAND_FILES = ("temperature_file", "load_curve_file")


class Section(BaseModel):
    """A section of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StudyHead(Section):
    """What the study is called, and in which coordinates it is worked."""

    name: str = Field("study", min_length=1, description="Name, as it heads the map and report.")
    description: str = Field("", description="The question the study answers, in a sentence.")
    crs: str | None = Field(
        None,
        description="Projected working CRS such as 'EPSG:3879'; chosen from the data if absent.",
    )
    country: Literal["IE", "DK", "FI", "SE", "UK", "DE"] | None = Field(
        None,
        description="Country whose usual prices, emission factors, rates, load and network"
        " temperatures stand in for what the study does not state: 'IE', 'DK', 'FI', 'SE', 'UK' or"
        " 'DE'; without it the parameter table counts.",
    )
    attribution: str | None = Field(
        None,
        description="Who made the layers, as map and report must say; if absent, OpenStreetMap is"
        " named where the streets come from it.",
    )
    strict: bool = Field(
        False,
        description="Whether to stop at anything in the layers that would be repaired or dropped,"
        " instead of repairing and reporting it.",
    )


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
    """Heat plants of the existing network: base plants go before data centres."""


class LayersConfig(Section):
    """The layers of a study: three that it needs, and others that it may have."""

    sites: SitesConfig
    zones: ZonesConfig
    streets: StreetsConfig
    barriers: BarriersConfig | None = None
    buildings: BuildingsConfig | None = None
    existing_network: ExistingNetworkConfig | None = None
    existing_plants: ExistingPlantsConfig | None = None


class NetworkConfig(Section):
    """How the heat network is run and laid; each default stands here, once, with its source."""

    supply_temperature_c: float = Field(
        65.0,
        ge=20,
        le=130,
        description="Supply temperature at the source [°C].",
        json_schema_extra={"source": "usual for a new network; 70 to 95 where one exists"},
    )
    return_temperature_c: float = Field(
        35.0,
        ge=5,
        le=100,
        description="Return temperature at the source [°C].",
        json_schema_extra={"source": "usual for a new network; 40 to 58 where one exists"},
    )
    pressure_gradient_pa_per_m: float = Field(
        150.0,
        gt=0,
        le=1000,
        description="Pressure drop at design flow, one pipe [Pa/m].",
        json_schema_extra={
            "source": "judgement; 50-150 for mains, 100-250 for house connections are practice"
        },
    )
    catalogue: str = Field(
        "en253",
        min_length=1,
        description="Pipe sizes with their cost and loss: 'en253' two single steel pipes, 'twin'"
        " one casing for both up to DN200, or a CSV file of your own, relative to the study file.",
        json_schema_extra={"source": "EN 253 dimensions; costs of a German survey"},
    )
    pipe_sizes: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="Labels of the sizes that may be laid, such as 'DN32'; all of the catalogue if"
        " absent.",
        json_schema_extra={"source": "all sizes of the catalogue"},
    )
    insulation_series: Literal[1, 2, 3] = Field(
        2,
        description="Insulation series of the pipes, 3 is the thickest.",
        json_schema_extra={"source": "judgement"},
    )
    snap_tolerance_m: float = Field(
        1.0,
        ge=0,
        le=50,
        description="Largest gap between streets that is closed [m].",
        json_schema_extra={"source": "judgement: less than a street is wide"},
    )
    max_connection_m: float = Field(
        200.0,
        gt=0,
        description="Longest connection from a zone to a street [m].",
        json_schema_extra={"source": "judgement"},
    )
    max_site_connection_m: float | None = Field(
        None,
        gt=0,
        description="Longest connection from a site to a street, as that of zones if absent [m].",
        json_schema_extra={"source": "as for zones"},
    )
    connections_per_zone: int = Field(
        1,
        ge=1,
        le=10,
        description="Candidate connections offered to each site and zone.",
        json_schema_extra={"source": "the nearest street"},
    )
    surface: Literal["urban", "suburban", "rural"] = Field(
        "urban",
        description="Surface where the street layer names none; trench and pipe cost 1, 0.75 and"
        " 0.55 times the catalogue in urban, suburban and rural ground.",
        json_schema_extra={"source": "published cost curves of paved and open ground"},
    )
    peak_boilers: Literal["new", "zones", "central", "existing"] = Field(
        "new",
        description="Where boilers for the coldest days are built and paid for: 'zones' one"
        " at each zone; 'central' one plant beside each site, at the price of large boilers per"
        " peak of the zones served, with pipes that carry the peak; 'new' whichever of the two fits"
        " pipes_carry; 'existing' they stand already and cost nothing.",
        json_schema_extra={"source": "a network of its own"},
    )
    peak_boiler_fuel: Literal["gas", "electric"] = Field(
        "gas",
        description="What new peak boilers burn.",
        json_schema_extra={"source": "judgement: the usual reserve of heat networks"},
    )
    zone_pipes: Literal["estimated", "none"] = Field(
        "estimated",
        description="Whether the pipes between the buildings of a zone are estimated and paid for;"
        " 'none' where the zone layer's connection cost holds them or streets reach each building.",
        json_schema_extra={"source": "effective width, Persson and Werner (2011)"},
    )
    effective_width: Literal["persson_2011", "hre_2019", "seenergies"] = Field(
        "persson_2011",
        description="Formula for the trench inside zones: 'persson_2011', 'hre_2019' (denser"
        " trenches where few floors stand on much land) or 'seenergies' (sparser ones).",
        json_schema_extra={"source": "Persson and Werner (2011)"},
    )
    pipes_carry: Literal["base", "peak"] = Field(
        "base",
        description="What streets and trunks are sized for: 'base' the base load, where each zone"
        " has its own peak boiler; 'peak' the coincident peak, where boilers stand at the sites.",
        json_schema_extra={"source": "peak boilers in the zones"},
    )
    simultaneity: Literal["none", "winter", "thermos"] = Field(
        "none",
        description="How peaks of zones add up in a pipe that carries the peak: 'none' in full,"
        " 'winter' after Winter and others (2001), 'thermos' 0.62 + 0.38/n. Peaks that come from"
        " full-load hours hold it already and are never lessened.",
        json_schema_extra={"source": "no pipe carries peaks"},
    )
    peak_rounds: int = Field(
        6,
        ge=1,
        le=30,
        description="Largest number of rounds of sizing for the peak, each with the time limit of"
        " the solver; only with pipes_carry = 'peak'.",
        json_schema_extra={"source": "judgement"},
    )

    def catalogue_file(self, folder: Path) -> Path | None:
        """Return the catalogue of one's own, from the folder of the study; None if built in."""
        is_file = Path(self.catalogue).suffix.lower() == ".csv"
        return folder / self.catalogue if is_file else None

    @property
    def boiler_place(self) -> Literal["zones", "central", "existing"]:
        """Where boilers for the coldest days stand; at the sites where pipes carry the peak."""
        if self.peak_boilers == "new":
            return "central" if self.pipes_carry == "peak" else "zones"
        return self.peak_boilers

    @model_validator(mode="after")
    def _boilers_feed_their_pipes(self) -> Self:
        """Refuse boilers at the sites behind pipes too small for them, and the other way round."""
        if self.peak_boilers == "central" and self.pipes_carry == "base":
            raise ValueError(
                "peak_boilers 'central' stand at the sites, but pipes_carry 'base' sizes the pipes"
                " for the base load only: the heat of the coldest days would not pass",
                "Set pipes_carry = 'peak', or peak_boilers = 'zones'.",
            )
        if self.peak_boilers == "zones" and self.pipes_carry == "peak":
            raise ValueError(
                "peak_boilers 'zones' stand at the zones, but pipes_carry 'peak' sizes the pipes"
                " for the heat of boilers at the sites",
                "Set pipes_carry = 'base', or peak_boilers = 'central'.",
            )
        return self

    @model_validator(mode="after")
    def _supply_is_warmer(self) -> Self:
        """Refuse a supply that is not clearly warmer than the return."""
        if self.supply_temperature_c - self.return_temperature_c < 5:
            raise ValueError(
                f"supply_temperature_c {self.supply_temperature_c:g} must lie at least 5 K above"
                f" return_temperature_c {self.return_temperature_c:g}",
                "Change one of them.",
            )
        return self

    @model_validator(mode="after")
    def _simultaneity_is_of_use(self) -> Self:
        """Refuse a simultaneity that would change nothing."""
        if self.simultaneity != "none" and self.pipes_carry == "base":
            raise ValueError(
                f"simultaneity '{self.simultaneity}' changes nothing where pipes_carry is 'base':"
                " base load flows in all zones at once",
                "Set pipes_carry = 'peak', or take simultaneity out.",
            )
        return self


class DemandConfig(Section):
    """What is known of the demand of all zones; a column of the zone layer goes before it."""

    country: str | None = Field(
        None,
        description="Country of the figures by which demand is estimated, in two letters; any of"
        " the EU, or UK.",
        json_schema_extra={"source": "FI if absent, the country of the built-in regions"},
    )
    connection_share: Share = Field(
        1.0,
        gt=0,
        description="Share of the demand of a connected zone that is served once the network is"
        " mature [-].",
        json_schema_extra={
            "source": "all of it; 0.40 to 0.95 are usual, 0.70 a fair guess (judgement)"
        },
    )
    needed_supply_temperature_c: float | None = Field(
        None,
        ge=20,
        le=130,
        description="Supply temperature that buildings need [°C]; where the network is colder,"
        " a booster at each dwelling is paid for.",
        json_schema_extra={"source": "given by the study"},
    )
    booster: Literal["electric", "heat_pump"] = Field(
        "electric",
        description="What lifts the heat at the dwelling where the network is colder.",
        json_schema_extra={"source": "judgement: the cheaper one to buy"},
    )
    load_curve: Literal["sochinsky", "degree_hours", "file"] = Field(
        "sochinsky",
        description="How demand is spread over the year: 'sochinsky' by full-load hours and least"
        " load; 'degree_hours' by a year of outdoor temperatures; 'file' by a curve of your own.",
        json_schema_extra={"source": "two numbers; 1 to 6 points optimistic in cold climates"},
    )
    temperature_file: Path | None = Field(
        None,
        description="Outdoor temperature of each hour of a year (CSV), for 'degree_hours'.",
        json_schema_extra={"source": "given by the study"},
    )
    load_curve_file: Path | None = Field(
        None,
        description="Load over hours or share of the year (CSV), for 'file'; a zone may name its"
        " column.",
        json_schema_extra={"source": "given by the study"},
    )

    @model_validator(mode="after")
    def _curve_has_its_file(self) -> Self:
        """Ask for the file that the curve is made from."""
        needed = {"degree_hours": "temperature_file", "file": "load_curve_file"}
        key = needed.get(self.load_curve)
        if key is not None and getattr(self, key) is None:
            raise ValueError(f"load_curve '{self.load_curve}' needs '{key}'", "Add it.")
        return self


class ObjectiveConfig(Section):
    """What is optimised."""

    kind: Literal["heat_per_euro", "max_heat", "capex", "net_value"] = Field(
        "heat_per_euro",
        description="'heat_per_euro' most heat per euro; 'max_heat' most heat (needs a budget);"
        " 'capex' least investment (needs a required heat); 'net_value' worth of the heat less"
        " yearly cost.",
    )
    heat_price_eur_per_mwh: float | None = Field(
        None,
        description="Worth of each heat delivered [EUR/MWh], for 'net_value'; without it the"
        " parameter table's.",
    )
    capital_factor: NonNegative | None = Field(
        None,
        description="Yearly cost per euro invested [1/a], for 'net_value'; without it the capital"
        " recovery factor of the parameter table's rate and lifetime.",
    )


class LimitsConfig(Section):
    """What a plan must respect; an absent key is no limit."""

    budget_eur: NonNegative | None = Field(None, description="Largest investment [EUR].")
    min_heat_mwh: NonNegative | None = Field(
        None, description="Least heat from data centres delivered each year [MWh/a]."
    )
    min_share: Share | None = Field(
        None,
        description="The same as a share of the demand of all zones that streets reach,"
        " 0 to 1 [-].",
    )
    min_sites: Count | None = Field(None, description="Least number of sites opened.")
    max_sites: Count | None = Field(None, description="Largest number of sites opened.")
    min_zones: Count | None = Field(None, description="Least number of zones connected.")
    mandatory_sites: tuple[str, ...] = Field((), description="Ids of sites that must be opened.")
    forbidden_sites: tuple[str, ...] = Field((), description="Ids of sites that must not be.")
    mandatory_zones: tuple[str, ...] = Field((), description="Ids of zones that must be served.")
    forbidden_zones: tuple[str, ...] = Field((), description="Ids of zones that must not be.")

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        """Refuse limits that no plan can meet."""
        doubts = []
        for kind in ("sites", "zones"):
            both = set(getattr(self, f"mandatory_{kind}")) & set(getattr(self, f"forbidden_{kind}"))
            if both:
                names = ", ".join(f"'{each}'" for each in sorted(both))
                doubts.append(f"{names} in both mandatory_{kind} and forbidden_{kind}")
        if None not in (self.min_sites, self.max_sites) and self.min_sites > self.max_sites:  # type: ignore[operator]
            doubts.append(f"min_sites {self.min_sites} above max_sites {self.max_sites}")
        if doubts:
            raise ValueError("; ".join(doubts), "Change one of them.")
        return self


class FinanceConfig(Section):
    """How the plan is judged in money and CO2; what is found does not depend on it."""

    discount_rate: Share | None = Field(
        None,
        description="Discount rate of the company in constant prices [1/a]; without it the"
        " parameter table's.",
    )
    social_discount_rate: Share | None = Field(
        None,
        description="Discount rate of society [1/a]; without it the parameter table's.",
    )
    horizon_a: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Years of the cash flow [a]; without it the parameter table's.",
    )
    first_year: int = Field(
        2026,
        ge=2000,
        le=2100,
        description="Calendar year of the first year of operation, for the path of emission factors"
        " and carbon prices.",
    )
    heat_price_eur_per_mwh: NonNegative | None = Field(
        None,
        description="Price of all heat sold, without value added tax [EUR/MWh]; without it the"
        " parameter table's.",
    )
    baseline: Literal["gas", "oil", "coal", "heat_pump", "district_mix", "user"] = Field(
        "gas",
        description="What would heat the consumers without the plan, for CO2: boilers, air heat"
        " pumps, other heat of the network, or a factor of the user.",
    )
    baseline_kg_per_mwh: NonNegative | None = Field(
        None,
        description="CO2 of the other heat per heat used [kg/MWh], direct; needed for"
        " 'district_mix' and 'user'.",
    )
    baseline_cost_eur_per_mwh: NonNegative | None = Field(
        None,
        description="Cost to society of the heat replaced, without tax and carbon [EUR/MWh];"
        " without it that of gas boilers or heat pumps, and none for other baselines.",
    )
    subsidy_share: Share = Field(0.0, description="Grant as a share of the investment [-].")
    subsidy_cap_eur: NonNegative | None = Field(
        None, description="Most that the grant by share may come to [EUR]."
    )
    subsidy_lump_eur: NonNegative = Field(0.0, description="Grant as a sum [EUR].")
    subsidy_eur_per_mwh: NonNegative = Field(
        0.0, description="Support for each heat from data centres delivered [EUR/MWh]."
    )
    subsidy_years_a: int | None = Field(
        None, ge=1, description="First years in which heat is supported [a]; all if absent."
    )
    gas_price_contains_carbon: bool = Field(
        True,
        description="Whether the gas price holds the carbon price or tax on heating fuel already;"
        " if not it is paid on top.",
    )
    consumer_gas_price_eur_per_mwh: NonNegative | None = Field(
        None,
        description="Gas price of a consumer, net calorific value [EUR/MWh]; without it that of the"
        " energy centre, which is lower.",
    )
    consumer_electricity_price_eur_per_mwh: NonNegative | None = Field(
        None,
        description="Electricity price of a consumer [EUR/MWh]; without it that of large heat"
        " pumps, which is lower.",
    )
    connection_ramp: tuple[Share, ...] = Field(
        (),
        description="Share of the demand served that is connected in years 1, 2, ...; the last one"
        " holds on, all from the start if absent [-].",
    )
    utilisation_ramp: tuple[Share, ...] = Field(
        (),
        description="Heat that the data centres can give in years 1, 2, ..., over that of the plan;"
        " the last one holds on, all from the start if absent [-].",
    )
    connection_ramp_a: float | None = Field(
        None,
        ge=1,
        le=50,
        description="Year by which all are connected, in a straight line from 0.3 of them in the"
        " first year; instead of 'connection_ramp' [a].",
    )
    utilisation_ramp_a: NonNegative | None = Field(
        None,
        le=50,
        description="Years in which the data centres grow, in a straight line from nothing; instead"
        " of 'utilisation_ramp' [a].",
    )

    @model_validator(mode="after")
    def _one_ramp_each(self) -> Self:
        """Refuse a ramp that is given twice."""
        for name in ("connection_ramp", "utilisation_ramp"):
            if getattr(self, name) and getattr(self, f"{name}_a") is not None:
                raise ValueError(f"both '{name}' and '{name}_a' are given", "Give one of them.")
        return self

    @model_validator(mode="after")
    def _baseline_is_complete(self) -> Self:
        """Ask for the factor of a baseline that has none of its own."""
        if self.baseline in {"district_mix", "user"} and self.baseline_kg_per_mwh is None:
            raise ValueError(
                f"baseline '{self.baseline}' needs 'baseline_kg_per_mwh'", "Add it, per heat used."
            )
        if self.connection_ramp and self.connection_ramp[-1] == 0:
            raise ValueError("connection_ramp ends at 0", "End it above 0.")
        return self


class SolverConfig(Section):
    """Which solver, how good a proof is wanted, and how long it may take."""

    name: str = Field("highs", min_length=1, description="'highs', or another that is installed.")
    gap: NonNegative = Field(0.01, lt=1, description="Wanted relative gap; 0.01 is one per cent.")
    time_limit_s: Positive = Field(300.0, description="Longest search [s].")
    threads: int | None = Field(None, ge=1, description="Processor cores; all if absent.")
    seed: int = Field(0, ge=0, description="Seed of every random choice.")


class OutputsConfig(Section):
    """Where the results go, and what they hold."""

    folder: Path = Field(Path("out"), description="Run folder, relative to the study file.")
    tiles: bool = Field(False, description="Show background map tiles when there is internet.")
    formats: tuple[Literal["geojson", "geoparquet", "shapefile"], ...] = Field(
        (), description="Further formats of the layers, each in a folder of its own."
    )


class StudyConfig(Section):
    """A whole study file; paths in it are absolute once it has been read."""

    study: StudyHead = Field(default_factory=StudyHead)
    layers: LayersConfig
    network: NetworkConfig = Field(default_factory=NetworkConfig)
    demand: DemandConfig = Field(default_factory=DemandConfig)
    parameters: dict[str, float] = Field(
        default_factory=dict, description="Values that replace those of the parameter table."
    )
    objective: ObjectiveConfig = Field(default_factory=ObjectiveConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    finance: FinanceConfig = Field(default_factory=FinanceConfig)
    solver: SolverConfig = Field(default_factory=SolverConfig)
    outputs: OutputsConfig = Field(default_factory=OutputsConfig)

    _file: Path = PrivateAttr(default=Path("study.toml"))

    @property
    def file(self) -> Path:
        """The study file."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of the study file."""
        return self._file.parent


def read_config(path: str | Path) -> StudyConfig:
    """Read a study file (TOML).

    Parameters
    ----------
    path
        The study file. Paths inside it are relative to its folder.

    Raises
    ------
    InputError
        The file cannot be read, is not TOML, or holds keys or values that are not understood.
        All faults are reported at once.
    """
    file = Path(path)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            Fault(
                "study",
                f"cannot read '{file}': {error.strerror}.",
                "Check the path, or start a study with 'siting new'.",
            )
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            Fault("study", f"'{file}' is not UTF-8 text.", "Save it as UTF-8.")
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(_syntax_fault(file, str(error))) from error
    return config_from_dict(raw, file)


def config_from_dict(raw: Mapping[str, Any], file: str | Path = "study.toml") -> StudyConfig:
    """Validate a parsed study file; paths become absolute, from the folder of ``file``.

    Raises
    ------
    InputError
        Keys or values are not understood. All faults are reported at once.
    """
    file = Path(file).absolute()
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(_faults(raw, file.name, error))) from error
    return _with_absolute_paths(_with_country(config), file)


def with_changes(config: StudyConfig, sections: Mapping[str, Mapping[str, Any]]) -> StudyConfig:
    """Return a study with some keys of some sections changed; ``None`` takes a key out.

    Raises
    ------
    InputError
        A key or value is not understood.
    """
    raw = config.model_dump(exclude_unset=True)
    for name, changes in sections.items():
        kept = {key: value for key, value in raw.get(name, {}).items() if key not in changes}
        raw[name] = kept | {key: value for key, value in changes.items() if value is not None}
    return config_from_dict(raw, config.file)


def settings_of(config: StudyConfig) -> dict[str, Any]:
    """Return everything that a study sets but its outputs, as JSON values.

    Paths are relative to the study file; `with_changes` takes the sections back.
    """
    layers = {}
    for name in LayersConfig.model_fields:
        if getattr(config.layers, name) is None:
            continue
        layer = getattr(config.layers, name).model_dump(mode="json")
        layers[name] = _relative_paths(layer, config.folder)
    rest = config.model_dump(mode="json", exclude={"layers", "outputs"})
    own = config.network.catalogue_file(config.folder)
    if own is not None:
        rest["network"]["catalogue"] = relative_path(own, config.folder)
    for key in DEMAND_FILES:
        path = getattr(config.demand, key)
        rest["demand"][key] = None if path is None else relative_path(path, config.folder)
    return {"layers": layers, **rest}


def _relative_paths(layer: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the keys of a layer that are set, with paths as seen from a folder."""
    kept = {key: value for key, value in layer.items() if value is not None}
    for key in {"path", *LAYER_FILES} & set(kept):
        kept[key] = relative_path(Path(kept[key]), folder)
    if "join" in kept:
        kept["join"] = _relative_paths(kept["join"], folder)
    return kept


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; its name alone if they share no drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.name


@dataclass(frozen=True)
class NetworkSetting:
    """One setting of the network, for the list of assumptions in the report."""

    name: str
    value: float | str
    unit: str
    source: str
    description: str
    overridden: bool
    mark: str = "J"
    preset: str = ""
    low: float | None = None
    high: float | None = None
    price_year: int | None = None


def network_settings(
    network: NetworkConfig, country: str | None = None
) -> tuple[NetworkSetting, ...]:
    """Return the settings of the network with unit and source of their defaults.

    Those that the study does not state may come from its ``country``.

    Examples
    --------
    >>> network_settings(NetworkConfig(supply_temperature_c=70.0))[0].overridden
    True
    """
    presets = network_presets(country)
    rows = []
    for row in _section_settings(network):
        preset = presets.get(row.name)
        if (
            preset is not None
            and row.name not in network.model_fields_set
            and row.value == preset.value
        ):
            row = replace(  # noqa: PLW2901 - the same row with its origin
                row, source=preset.source, mark=preset.mark, overridden=False, preset=country or ""
            )
        rows.append(row)
    return tuple(rows)


def demand_settings(demand: DemandConfig) -> tuple[NetworkSetting, ...]:
    """Return the settings of the demand, as `network_settings` does.

    Examples
    --------
    >>> [each.name for each in demand_settings(DemandConfig())]
    ['connection_share', 'booster', 'load_curve']
    """
    return tuple(_section_settings(demand))


def finance_settings(finance: FinanceConfig) -> tuple[NetworkSetting, ...]:
    """Return what a study, or its defaults, say on money and CO2 beside the parameter table.

    Examples
    --------
    >>> [row.name for row in finance_settings(FinanceConfig(baseline="oil")) if row.overridden]
    ['baseline']
    """
    return tuple(_section_settings(finance))


def _section_settings(section: Section) -> Iterator[NetworkSetting]:
    """Yield the keys of a section that have a value, with unit and source of their defaults."""
    for name, known in type(section).model_fields.items():
        words, unit = known.description or "", "-"
        if words.endswith("]."):
            words, _, unit = words[:-2].rpartition(" [")
        extra = known.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else "choice of the study"
        value = getattr(section, name)
        if value is None or value == ():
            continue
        shown = _shown(name, value)
        changed = value != known.default
        yield NetworkSetting(name, shown, unit, source, words.rstrip("."), changed)


def _shown(name: str, value: Any) -> Any:
    """Return a setting as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_year"):
        return str(value)  # a year has no thousands separator
    if isinstance(value, tuple):
        return ", ".join(each if isinstance(each, str) else f"{each:g}" for each in value)
    return value.name if isinstance(value, Path) else value


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, for editors."""
    schema = StudyConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _with_country(config: StudyConfig) -> StudyConfig:
    """Return a copy with network temperatures of the country where the study states none.

    The keys stay unset, so that a study with another country takes those of that country. If either
    temperature is stated, the other keeps its own default: the two belong together.
    """
    presets = network_presets(config.study.country)
    if set(presets) & config.network.model_fields_set:
        return config
    network = config.network.model_copy(update={name: each.value for name, each in presets.items()})
    network.model_fields_set.difference_update(presets)
    unset = "network" not in config.model_fields_set
    changed = config.model_copy(update={"network": network})
    if unset:
        changed.model_fields_set.discard("network")
    return changed


def _with_absolute_paths(config: StudyConfig, file: Path) -> StudyConfig:
    """Return a copy whose paths start from the folder of the study file."""

    def placed(layer: LayerConfig | None) -> LayerConfig | None:
        # Streets fetched by name have no file, and some layers are not there at all.
        if layer is None:
            return None
        named = {key: getattr(layer, key, None) for key in ("path", *LAYER_FILES)}
        known: dict[str, Any] = {
            key: file.parent / each for key, each in named.items() if each is not None
        }
        if getattr(layer, "join", None) is not None:
            known["join"] = placed(layer.join)  # type: ignore[attr-defined]
        return layer.model_copy(update=known)

    layers = {name: placed(getattr(config.layers, name)) for name in LayersConfig.model_fields}
    outputs = config.outputs.model_copy(update={"folder": file.parent / config.outputs.folder})
    paths = {key: getattr(config.demand, key) for key in DEMAND_FILES}
    given = {key: file.parent / path for key, path in paths.items() if path is not None}
    changed = config.model_copy(
        update={
            "layers": config.layers.model_copy(update=layers),
            "demand": config.demand.model_copy(update=given),
            "outputs": outputs,
        }
    )
    changed._file = file
    return changed


def _syntax_fault(file: Path, words: str) -> Fault:
    """Return the fault for text that is not TOML, with its line."""
    place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", words)
    where = "at its end"
    if place and place[1]:
        where = f"in line {place[1]}, column {place[2]}"
    what = words[: place.start()].strip() if place else words
    return Fault(
        "study",
        f"'{file}' is not TOML {where}: {what[:1].lower()}{what[1:]}.",
        "Mend the line: text stands in quotes, and each key has one value.",
    )


def _faults(raw: Mapping[str, Any], name: str, error: ValidationError) -> Iterator[Fault]:
    """Yield one fault for each thing that pydantic found."""
    for each in error.errors():
        steps = [str(step) for step in each["loc"]]
        section, key = steps[:-1], steps[-1]
        if _is_section(raw, steps):
            section, key = steps, ""
        place = f"{name} [{'.'.join(section)}]" if section else name
        yield Fault("study", f"{place} {_what(each, key)}", _remedy(each, steps))


def _is_section(raw: Any, steps: Sequence[str]) -> bool:
    """Return whether a place in the file is a table."""
    for step in steps:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return isinstance(raw, Mapping)


def _what(error: Mapping[str, Any], key: str) -> str:
    """Return what is wrong at a key, and what was found."""
    match error["type"]:
        case "extra_forbidden":
            return f"'{key}' is not known." if key else "is no section of a study file."
        case "missing":
            return f"'{key}' is missing."
        case "value_error":
            words = str(error["ctx"]["error"].args[0])
        case "model_type":
            words = f"this is a section, written as [{key}]; found {error['input']!r}"
        case kind if kind in NUMBER_FAULTS:
            whole = "whole number" if kind.startswith("int") else "number"
            words = f"a {whole} is needed; found {error['input']!r}"
        case _:
            words = f"{error['msg'][:1].lower()}{error['msg'][1:]}; found {error['input']!r}"
    return f"'{key}': {words}." if key else f"{words}."


def _remedy(error: Mapping[str, Any], steps: Sequence[str]) -> str:
    """Return what to do about it; for an unknown key, the nearest known one."""
    match error["type"]:
        case "extra_forbidden":
            return _nearest(steps[-1], _known_keys(steps[:-1]))
        case "missing":
            return "Add it."
        case "value_error":
            return str(error["ctx"]["error"].args[1])
        case kind if kind in NUMBER_FAULTS:
            return "Write it without quotes, unit or thousands separator, such as 8000 or 0.02."
        case _:
            return "Give a value that fits."


def _known_keys(steps: Sequence[str]) -> list[str]:
    """Return the keys of a section."""
    model: Any = StudyConfig
    for step in steps:
        kind = model.model_fields[step].annotation
        choices = [each for each in get_args(kind) if hasattr(each, "model_fields")]
        model = choices[0] if choices else kind
    return list(getattr(model, "model_fields", ()))


def _nearest(name: str, known: Sequence[str]) -> str:
    """Return the nearest known name as a question, or all known names."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
