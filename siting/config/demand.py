"""Say what is known of the demand of all zones."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from siting.config.section import Section, Share

__all__ = [
    "DEMAND_FILES",
    "DemandConfig",
]

DEMAND_FILES = ("temperature_file", "load_curve_file")


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
