"""Read a study file, and say everything that is wrong with it at once."""

from __future__ import annotations

from siting.config.demand import DEMAND_FILES, DemandConfig
from siting.config.file import (
    config_from_dict,
    read_config,
    read_sweep,
    relative_path,
    settings_of,
    with_changes,
)
from siting.config.finance import FinanceConfig
from siting.config.head import OutputsConfig, StudyHead
from siting.config.layers import (
    LAYER_FILES,
    AccessPointsConfig,
    BarriersConfig,
    BuildingsConfig,
    ExistingNetworkConfig,
    ExistingPlantsConfig,
    JoinConfig,
    LayerConfig,
    LayersConfig,
    SitesConfig,
    StreetsConfig,
    ZonesConfig,
)
from siting.config.network import NetworkConfig
from siting.config.outlook import DepartureConfig, PhasesConfig
from siting.config.question import LimitsConfig, ObjectiveConfig, SolverConfig
from siting.config.settings import (
    NetworkSetting,
    demand_settings,
    finance_settings,
    network_settings,
    setting_rows,
)
from siting.config.sweep import NamedScenario, SweepConfig, VaryConfig
from siting.config.whole import StudyConfig, study_schema

__all__ = [
    "DEMAND_FILES",
    "LAYER_FILES",
    "AccessPointsConfig",
    "BarriersConfig",
    "BuildingsConfig",
    "DemandConfig",
    "DepartureConfig",
    "ExistingNetworkConfig",
    "ExistingPlantsConfig",
    "FinanceConfig",
    "JoinConfig",
    "LayerConfig",
    "LayersConfig",
    "LimitsConfig",
    "NamedScenario",
    "NetworkConfig",
    "NetworkSetting",
    "ObjectiveConfig",
    "OutputsConfig",
    "PhasesConfig",
    "SitesConfig",
    "SolverConfig",
    "StreetsConfig",
    "StudyConfig",
    "StudyHead",
    "SweepConfig",
    "VaryConfig",
    "ZonesConfig",
    "config_from_dict",
    "demand_settings",
    "finance_settings",
    "network_settings",
    "read_config",
    "read_sweep",
    "relative_path",
    "setting_rows",
    "settings_of",
    "study_schema",
    "with_changes",
]
