"""Say what a screening looks at: sites and towns of a country, without streets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from siting.config.layers import LayersConfig, StreetsConfig
from siting.config.question import SolverConfig
from siting.config.section import NonNegative, Positive, Section
from siting.config.whole import StudyConfig

__all__ = ["ScreenConfig", "ScreenLayers", "ScreeningConfig"]


class ScreenLayers(LayersConfig):
    """The layers of a screening: sites and zones; streets only to hand them on."""

    streets: StreetsConfig | None = None  # type: ignore[assignment]


class ScreenConfig(Section):
    """How sites and towns are brought together where no streets are known."""

    town_gap_m: NonNegative = Field(
        200.0,
        description="Zones no farther apart than this belong to one town [m].",
        json_schema_extra={"source": "judgement: as far as a zone may lie from a street"},
    )
    town_size_m: Positive | None = Field(
        3000.0,
        description="Towns larger than this are cut along a grid of this width [m]; a whole town"
        " is one where it is absent, and stands at its centre.",
        json_schema_extra={"source": "judgement: a network of some square kilometres"},
    )
    max_distance_km: Positive = Field(
        20.0,
        description="Longest straight line from a site to a town that is looked at [km].",
        json_schema_extra={"source": "judgement; mains of 13 km in Viborg and 15 km in Espoo"},
    )
    nearest_towns: Annotated[int, Field(ge=1, le=200)] = Field(
        12, description="How many of the nearest towns are weighed for each site."
    )
    trunk_surface: Literal["urban", "suburban", "rural"] = Field(
        "suburban",
        description="Ground of the trunks between sites and towns.",
        json_schema_extra={"source": "judgement: partly through towns, partly through fields"},
    )
    least_heat_per_euro_kwh: Positive = Field(
        0.5,
        description="Least heat per euro that is still worth it [kWh/(a EUR)]: heat is delivered"
        " as long as each further euro brings as much.",
        json_schema_extra={
            "source": "lower end of published networks that were built new, 0.5 to 1.2"
        },
    )
    budget_eur: NonNegative | None = Field(
        None, description="Largest investment in all trunks, plants and towns [EUR]."
    )
    regions: Annotated[int, Field(ge=0, le=1000)] = Field(
        5, description="How many of the best regions are written as studies of their own."
    )
    region_margin_m: NonNegative = Field(
        1000.0, description="How far around its sites and zones a region is cut out [m]."
    )


class ScreeningConfig(StudyConfig):
    """A whole screening file: that of a study without streets, limits or objective."""

    layers: ScreenLayers
    screen: ScreenConfig = Field(default_factory=ScreenConfig)
    # A screening is rough: two per cent is far below what its towns without streets can tell.
    solver: SolverConfig = Field(default_factory=lambda: SolverConfig(gap=0.02))
