"""Turn a data centre into heat for a network: streams, heat pumps, and what they cost."""

from siting.sources.costs import (
    COMPONENTS,
    STATUSES,
    CostSegment,
    concave_majorant,
    cost_segments,
)
from siting.sources.heat_pumps import (
    heat_pump_cop,
    heat_pump_output,
    lorenz_cop,
    lorenz_efficiency,
    preheat_cop,
    preheat_share,
)
from siting.sources.plants import Plant, running_cost_eur_per_mwh, site_plants
from siting.sources.streams import COOLINGS, HeatStream, cooling_streams
from siting.sources.upgrades import Upgrade, stream_upgrades

__all__ = [
    "COMPONENTS",
    "COOLINGS",
    "STATUSES",
    "CostSegment",
    "HeatStream",
    "Plant",
    "Upgrade",
    "concave_majorant",
    "cooling_streams",
    "cost_segments",
    "heat_pump_cop",
    "heat_pump_output",
    "lorenz_cop",
    "lorenz_efficiency",
    "preheat_cop",
    "preheat_share",
    "running_cost_eur_per_mwh",
    "site_plants",
    "stream_upgrades",
]
