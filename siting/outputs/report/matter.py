"""Hold all that a report is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from siting.outputs.assumption import Assumption
from siting.outputs.labels import ENGLISH, Labels

if TYPE_CHECKING:
    from siting.appraisal import Appraisal
    from siting.business import BusinessCase
    from siting.business.tornado import Outcome, Swing
    from siting.errors import Fault
    from siting.frontier import Frontier
    from siting.outputs.frames import PlanFrames
    from siting.plan import Plan
    from siting.plausibility import Finding
    from siting.region import Remark
    from siting.supply import LoadBands

__all__ = ["Matter"]


@dataclass(frozen=True)
class Matter:
    """What the report tells, see `siting.outputs.report.report_html` for each part."""

    frames: PlanFrames
    appraisal: Appraisal
    plan: Plan
    title: str
    question: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    parameters: Sequence[Assumption] = ()
    remarks: Sequence[Remark] = ()
    doubts: Sequence[Fault] = ()
    business: BusinessCase | None = None
    findings: Sequence[Finding] = ()
    bands: LoadBands | None = None
    site_names: Mapping[str, str] = field(default_factory=dict)
    sensitivities: tuple[Outcome, Sequence[Swing]] | None = None
    frontier: Frontier | None = None
    created: datetime | None = None
    attribution: str = ""
    t: Labels = ENGLISH

    @property
    def chosen(self) -> list[dict[str, Any]]:
        """The sites that the plan opens, as rows."""
        return records(self.frames.sites[self.frames.sites["chosen"].astype(bool)])

    @property
    def rejected(self) -> list[dict[str, Any]]:
        """The other candidate sites."""
        return records(self.frames.sites[~self.frames.sites["chosen"].astype(bool)])

    @property
    def estimated_zones(self) -> int:
        """How many zones have figures that were estimated."""
        return int((self.frames.zones["estimated"] != "").sum())


def records(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a layer without geometry."""
    rows: list[dict[str, Any]] = frame.drop(columns="geometry").to_dict("records")
    return rows
