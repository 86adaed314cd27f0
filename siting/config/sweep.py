"""Say what a sweep varies, and how its scenarios are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from siting.config.section import Count, NonNegative, Section

__all__ = ["NamedScenario", "SweepConfig", "VaryConfig"]

PlanChoice = Literal["optimise", "keep"]
CHANGED = ("network", "demand", "parameters", "objective", "limits", "finance")


class VaryConfig(Section):
    """One figure that is varied: by a list of values, or over a range."""

    values: tuple[Any, ...] = Field((), description="Values to try, in place of a range.")
    low: float | None = Field(
        None, description="Low end of the range; that of the parameter table if absent."
    )
    high: float | None = Field(
        None, description="High end of the range; that of the parameter table if absent."
    )
    steps: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description="Values tried from low to high where values are not drawn; 1 for the two ends.",
    )
    distribution: Literal["triangular", "uniform", "log_uniform", "normal"] = Field(
        "triangular",
        description="How values are drawn from the range: 'triangular' with its peak at the"
        " figure of the study, 'uniform', 'log_uniform', or 'normal' with 5 % of the values below"
        " low and 5 % above high.",
    )
    plan: PlanChoice | None = Field(
        None,
        description="Where this figure alone is varied: 'optimise' searches for a new plan,"
        " 'keep' judges the plan of the study; as the sweep says if absent.",
    )

    @model_validator(mode="before")
    @classmethod
    def _list_of_values(cls, raw: Any) -> Any:
        """Take a bare list for the values."""
        return {"values": raw} if isinstance(raw, list | tuple) else raw

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """Refuse a list and a range at once."""
        if self.values and (self.low is not None or self.high is not None):
            raise ValueError("'values' and a range at once", "Give one of them.")
        return self


class NamedScenario(Section):
    """A scenario with a name, that changes sections of the study."""

    name: str = Field(min_length=1, description="What it is called.")
    plan: PlanChoice | None = Field(
        None, description="'optimise' or 'keep', as the sweep says if absent."
    )
    weight: NonNegative = Field(1.0, description="How much it counts in an expectation [-].")
    network: dict[str, Any] = Field(default_factory=dict, description="Changes of [network].")
    demand: dict[str, Any] = Field(default_factory=dict, description="Changes of [demand].")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Changes of [parameters].")
    objective: dict[str, Any] = Field(default_factory=dict, description="Changes of [objective].")
    limits: dict[str, Any] = Field(default_factory=dict, description="Changes of [limits].")
    finance: dict[str, Any] = Field(default_factory=dict, description="Changes of [finance].")

    def changes(self) -> dict[str, dict[str, Any]]:
        """Return the sections that it changes."""
        return {name: dict(getattr(self, name)) for name in CHANGED if getattr(self, name)}


class SweepConfig(Section):
    """What is varied, and how its scenarios are drawn; it may also stand in a file of its own."""

    method: Literal["one_at_a_time", "grid", "list", "latin_hypercube", "monte_carlo"] = Field(
        "one_at_a_time",
        description="'one_at_a_time' each figure alone, for tornado and spider; 'grid' every"
        " combination; 'list' the first values together, then the second, and so on;"
        " 'latin_hypercube' or 'monte_carlo' samples of all at once, for fan and regret.",
    )
    samples: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        50, description="Scenarios drawn by 'latin_hypercube' or 'monte_carlo'."
    )
    seed: Count = Field(0, description="Seed of the draws.")
    plan: PlanChoice = Field(
        "optimise",
        description="'optimise' searches for the plan of each scenario; 'keep' judges the plan"
        " of the study in all of them.",
    )
    robust: bool = Field(
        True,
        description="Whether every distinct plan that is found is judged in every scenario, for"
        " regret and recommendation.",
    )
    vary: dict[str, VaryConfig] = Field(
        default_factory=dict,
        description="What is varied: a name of the parameter table, or section.key of the study;"
        " a list of values, or a table with low and high, which may be empty to take the range of"
        " the parameter table.",
    )
    scenario: tuple[NamedScenario, ...] = Field(
        (), description="Scenarios with a name, beside those that are drawn."
    )

    @model_validator(mode="before")
    @classmethod
    def _dotted_keys(cls, raw: Any) -> Any:
        """Take ``limits.budget_eur = ...``, which TOML reads as a table, as one key."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("vary"), Mapping):
            return raw
        flat: dict[str, Any] = {}
        for name, value in raw["vary"].items():
            if name in CHANGED and isinstance(value, Mapping):
                place = "" if name == "parameters" else f"{name}."
                flat |= {f"{place}{key}": each for key, each in value.items()}
            else:
                flat[name] = value
        return {**raw, "vary": flat}
