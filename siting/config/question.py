"""Say what is optimised, within which limits, by which solver."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from siting.config.section import Count, NonNegative, Positive, Section, Share

__all__ = [
    "LimitsConfig",
    "ObjectiveConfig",
    "SolverConfig",
]


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


class SolverConfig(Section):
    """Which solver, how good a proof is wanted, and how long it may take."""

    name: str = Field("highs", min_length=1, description="'highs', or another that is installed.")
    gap: NonNegative = Field(0.01, lt=1, description="Wanted relative gap; 0.01 is one per cent.")
    time_limit_s: Positive = Field(300.0, description="Longest search [s].")
    threads: int | None = Field(None, ge=1, description="Processor cores; all if absent.")
    seed: int = Field(0, ge=0, description="Seed of every random choice.")
