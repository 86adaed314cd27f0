"""Hold a finished run."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siting.config import StudyConfig
from siting.errors import Fault, InputError
from siting.study.findings import CheckResult

if TYPE_CHECKING:
    import folium
    import pandas as pd
    from matplotlib.axes import Axes

    from siting.appraisal import Appraisal
    from siting.assembly import Assembly
    from siting.business import BusinessCase
    from siting.explanation import Explanation
    from siting.frontier import Frontier
    from siting.network import PipeNetwork
    from siting.outputs.frames import PlanFrames
    from siting.plan import Plan
    from siting.plausibility import Finding
    from siting.region import Region

__all__ = [
    "Alternatives",
    "Run",
    "unknown_id",
]


@dataclass(frozen=True)
class Alternatives:
    """Plans of other sizes, each appraised as the plan of a run is.

    Parameters
    ----------
    frontier
        What was found and proven.
    runs
        Some of its plans by rising investment, that of the run itself among them where there is
        one.
    own
        Place of the plan of the run in ``runs``; None where there was no run.
    """

    frontier: Frontier
    runs: tuple[Run, ...]
    own: int | None = None


@dataclass(frozen=True)
class Run:
    """A finished run: everything from the layers to the verified plan.

    ``alternatives`` holds plans of other sizes, where time was given to find some.
    """

    config: StudyConfig
    checked: CheckResult
    plan: Plan
    appraisal: Appraisal
    frames: PlanFrames
    business: BusinessCase | None = None
    findings: tuple[Finding, ...] = ()
    alternatives: Alternatives | None = None

    def __post_init__(self) -> None:
        """Let the plan find its way back to the ground, by a copy of its own."""
        plan = copy.copy(self.plan)
        object.__setattr__(plan, "_run", self)
        object.__setattr__(self, "plan", plan)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Money and CO2 year by year, for sheets of their own in the workbook."""
        from siting.business import business_tables

        return {} if self.business is None else business_tables(self.business)

    def sensitivities(self) -> pd.DataFrame:
        """Return how each uncertain figure moves the money of the plan, the widest swing first.

        The plan stays as it is, see `siting.business.tornado.tornado`; units stand in the names.
        Without a business case the table is empty.
        """
        from siting.business.tornado import sensitivity_table, tornado

        if self.business is None:
            return sensitivity_table(())
        parameters = self.checked.parameters
        _, swings = tornado(self.assembly, self.plan, parameters, self.config, self.business)
        return sensitivity_table(swings)

    def __repr__(self) -> str:
        """Return the headline on one line."""
        from siting.outputs import words

        a = self.appraisal
        told = f"{a.sites_chosen} sites, {a.zones_served} zones, {words.heat(a.heat_mwh)}"
        return f"<Run '{self.config.study.name}': {told}, {words.money(a.capex_eur)}>"

    def _repr_html_(self) -> str:
        """Return the headline for a notebook."""
        from siting.outputs.cards import run_card

        return run_card(self)

    def explore(self, *, tiles: bool = False) -> folium.Map:
        """Return the map of the plan, for a notebook or to save.

        Parameters
        ----------
        tiles
            Whether to put a base map from the internet below.
        """
        from siting.outputs.maps import build_map
        from siting.outputs.run_map import map_options

        options = map_options(self) | {"tiles": tiles}
        return build_map(self.frames, self.appraisal, self.plan, **options)

    def plot(self, *, ax: Axes | None = None, whole: bool = False) -> Axes:
        """Draw the plan with matplotlib, good for print, and return the axes.

        Parameters
        ----------
        ax
            Where to draw; a new figure if not given.
        whole
            Whether to show the whole region, not the surroundings of the plan alone.
        """
        from siting.outputs.plot import plot_plan
        from siting.outputs.source import attribution_of

        title, source = self.config.study.name, attribution_of(self.config)
        return plot_plan(self.frames, ax=ax, title=title, attribution=source, whole=whole)

    @property
    def region(self) -> Region:
        """The layers that were read."""
        return self.checked.region

    @property
    def network(self) -> PipeNetwork:
        """The routing graph."""
        return self.checked.network

    @property
    def assembly(self) -> Assembly:
        """The problem that was solved, with the way back to the ids of the layers."""
        return self.checked.assembly

    @property
    def frontier(self) -> Frontier | None:
        """Plans of other sizes with the ceiling above them; None where none were looked for."""
        return None if self.alternatives is None else self.alternatives.frontier

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.config.outputs.folder

    def explain(self, name: str) -> Explanation:
        """Return why a zone or site is in the plan or not, and what would have to change.

        Parameters
        ----------
        name
            Id of the zone or site in its layer.

        Raises
        ------
        InputError
            No layer has the id.
        """
        from siting.explanation import explain_plan, not_attached

        assembly = self.assembly
        told = explain_plan(assembly.problem, self.plan)
        found = told.named(name, assembly.site_ids, assembly.zone_ids)
        if found is not None:
            return found
        layers = {"zone": self.region.zones.frame, "site": self.region.sites.frame}
        for kind, frame in layers.items():
            if name in set(map(str, frame.index)):
                return not_attached(kind, name)
        ids = [str(each) for frame in layers.values() for each in frame.index]
        raise unknown_id(name, ids)

    @property
    def map_path(self) -> Path:
        """The map in the run folder."""
        return self.folder / "map.html"


def unknown_id(name: str, ids: Sequence[str]) -> InputError:
    """Return the error for an id that no layer has, with the nearest one."""
    near = difflib.get_close_matches(name, ids, n=1, cutoff=0.0)
    hint = f"The nearest id is '{near[0]}'." if near else "The layers are empty."
    return InputError(Fault("plan", f"there is no zone or site '{name}'.", hint, (name,)))
