"""Turn a data centre into heat for a network: streams, heat pumps, and what they cost."""

from siting.sources.choices import PricedPlant, undominated
from siting.sources.costs import (
    COMPONENTS,
    STATUSES,
    CostSegment,
    concave_majorant,
    cost_segments,
)
from siting.sources.energy_centre import placed_plants
from siting.sources.heat_pumps import (
    heat_pump_cop,
    heat_pump_output,
    lorenz_cop,
    lorenz_efficiency,
    preheat_cop,
    preheat_share,
)
from siting.sources.plants import (
    AT_DATA_CENTRE,
    AT_ENERGY_CENTRE,
    Connector,
    Plant,
    running_cost_eur_per_mwh,
    site_plants,
)
from siting.sources.ramp import utilisation_profile
from siting.sources.streams import (
    COOLINGS,
    HeatStream,
    StatedStream,
    cooling_of,
    cooling_streams,
    parse_streams,
    stated_streams,
)
from siting.sources.upgrades import Upgrade, stream_upgrades

__all__ = [
    "AT_DATA_CENTRE",
    "AT_ENERGY_CENTRE",
    "COMPONENTS",
    "COOLINGS",
    "STATUSES",
    "Connector",
    "CostSegment",
    "HeatStream",
    "Plant",
    "PricedPlant",
    "StatedStream",
    "Upgrade",
    "concave_majorant",
    "cooling_of",
    "cooling_streams",
    "cost_segments",
    "heat_pump_cop",
    "heat_pump_output",
    "lorenz_cop",
    "lorenz_efficiency",
    "parse_streams",
    "placed_plants",
    "preheat_cop",
    "preheat_share",
    "running_cost_eur_per_mwh",
    "site_plants",
    "stated_streams",
    "stream_upgrades",
    "undominated",
    "utilisation_profile",
]
