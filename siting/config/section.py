"""Give every section of a study file the same manners."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Count",
    "NonNegative",
    "Positive",
    "Section",
    "Share",
]

Share = Annotated[float, Field(ge=0, le=1)]

Positive = Annotated[float, Field(gt=0)]

NonNegative = Annotated[float, Field(ge=0)]

Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A section of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
