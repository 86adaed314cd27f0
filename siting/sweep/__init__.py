"""Ask one study under many assumptions, and find the plan that stands in all of them."""

from siting.sweep.run import Sweep, SweepProgress, run_sweep
from siting.sweep.scenarios import Scenario, plan_scenarios

__all__ = ["Scenario", "Sweep", "SweepProgress", "plan_scenarios", "run_sweep"]
