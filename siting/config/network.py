"""Say how the heat network of a study is run and laid."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from siting.config.section import Section

__all__ = [
    "NetworkConfig",
]


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
