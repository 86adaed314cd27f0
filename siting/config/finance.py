"""Say how a plan is judged in money and CO2."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from siting.config.section import NonNegative, Section, Share

__all__ = [
    "FinanceConfig",
]


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
