"""Say what the years ahead may bring: sources that leave or change, and building in phases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from siting.config.section import NonNegative, Section, Share

__all__ = ["DepartureConfig", "PhasesConfig"]

Years = Annotated[int, Field(ge=1, le=100)]


class DepartureConfig(Section):
    """What may happen to the sources, for `siting stress`; a run does not heed it."""

    sites: tuple[str, ...] = Field(
        (),
        description="Ids of the sites whose source may change; without them the one that feeds in"
        " most in the best plan.",
    )
    year_a: NonNegative | None = Field(
        None,
        description="Last year with heat of a source that leaves [a]; without it the parameter"
        " table's departure_year_a.",
    )
    probability_leaves: Share | None = Field(
        None,
        description="Probability that a source leaves [-]; without it what departure_hazard of the"
        " parameter table gives until that year.",
    )
    probability_shrinks: Share | None = Field(
        None,
        description="Probability that it shrinks when it renews its equipment [-]; without it the"
        " parameter table's.",
    )
    probability_grows: Share | None = Field(
        None,
        description="Probability that it grows or becomes warmer then [-]; without it the parameter"
        " table's.",
    )
    hazards: dict[str, Share] = Field(
        default_factory=dict,
        description="Probability of a site to leave in any one year [1/a], by its id; others have"
        " departure_hazard of the parameter table. With several of them the plan with most expected"
        " heat per euro is looked for as well.",
    )
    replacement: Literal["heat_pump", "gas_boiler", "none"] = Field(
        "heat_pump",
        description="What can be bought in its place: an air heat pump, a gas boiler, or nothing.",
    )
    counts: Share = Field(
        1.0,
        description="Share of replacement heat that counts as heat delivered [-]: 1 keeps the"
        " promise to the customers, 0 counts heat of data centres alone.",
    )
    least_supply: Share = Field(
        0.0,
        description="Share of the usual heat that must still be delivered in the worst scenario"
        " [-].",
    )
    spare_pipes: bool = Field(
        True, description="Whether pipes may be laid that carry nothing until something happens."
    )
    secure: bool = Field(
        True,
        description="Whether to look as well for the plan in which every connected zone stays"
        " supplied when any one source is lost.",
    )


class PhasesConfig(Section):
    """How a network is built in periods, for `siting phases`; a run does not heed it."""

    years_a: tuple[Years, ...] = Field(
        (5, 5, 20), min_length=1, description="Length of each period in years [a]."
    )
    sites: dict[str, int] = Field(
        default_factory=dict,
        description="Calendar year from which a site can be connected, by its id.",
    )
    zones: dict[str, int] = Field(
        default_factory=dict,
        description="Calendar year from which a zone can be connected, by its id.",
    )
    works: Path | None = Field(
        None,
        description="A layer of road works: lines or areas with a column 'year' (pipes laid then"
        " are cheaper), 'open_from' (no pipe before) or both, calendar years.",
    )
    budgets_eur: tuple[NonNegative, ...] = Field(
        (), description="Most that may be invested at the beginning of each period [EUR]."
    )
    min_heat_mwh: tuple[NonNegative, ...] = Field(
        (),
        description="Least heat of data centres in each year of each period [MWh/a]; without it"
        " that of [limits] in the last.",
    )
    ramp: bool = Field(
        True,
        description="Whether customers of a zone join bit by bit, see connection_first_share and"
        " connection_ramp_a of the parameter table.",
    )

    @model_validator(mode="after")
    def _one_for_each_period(self) -> Self:
        """Refuse lists that do not fit the periods."""
        for name in ("budgets_eur", "min_heat_mwh"):
            listed = getattr(self, name)
            if listed and len(listed) != len(self.years_a):
                raise ValueError(
                    f"{name} has {len(listed)} figures for {len(self.years_a)} periods",
                    "Give one for each period.",
                )
        return self
