"""Hold a whole study file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr

from siting.config.demand import DemandConfig
from siting.config.finance import FinanceConfig
from siting.config.head import OutputsConfig, StudyHead
from siting.config.layers import LayersConfig
from siting.config.network import NetworkConfig
from siting.config.outlook import DepartureConfig, PhasesConfig
from siting.config.question import LimitsConfig, ObjectiveConfig, SolverConfig
from siting.config.section import Section
from siting.config.sweep import SweepConfig

__all__ = [
    "StudyConfig",
    "study_schema",
]


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
    departure: DepartureConfig = Field(default_factory=DepartureConfig)
    phases: PhasesConfig = Field(default_factory=PhasesConfig)
    solver: SolverConfig = Field(default_factory=SolverConfig)
    outputs: OutputsConfig = Field(default_factory=OutputsConfig)
    sweep: SweepConfig | None = Field(None, description="What `siting sweep` varies.")

    _file: Path = PrivateAttr(default=Path("study.toml"))

    @property
    def file(self) -> Path:
        """The study file."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of the study file."""
        return self._file.parent


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, for editors."""
    schema = StudyConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
