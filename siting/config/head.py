"""Say what a study is called, and where its results go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from siting.config.section import Section

__all__ = [
    "OutputsConfig",
    "StudyHead",
]


class StudyHead(Section):
    """What the study is called, and in which coordinates it is worked."""

    name: str = Field("study", min_length=1, description="Name, as it heads the map and report.")
    description: str = Field("", description="The question the study answers, in a sentence.")
    crs: str | None = Field(
        None,
        description="Projected working CRS such as 'EPSG:3879'; chosen from the data if absent.",
    )
    country: Literal["IE", "DK", "FI", "SE", "UK", "DE"] | None = Field(
        None,
        description="Country whose usual prices, emission factors, rates, load and network"
        " temperatures stand in for what the study does not state: 'IE', 'DK', 'FI', 'SE', 'UK' or"
        " 'DE'; without it the parameter table counts.",
    )
    attribution: str | None = Field(
        None,
        description="Who made the layers, as map and report must say; if absent, OpenStreetMap is"
        " named where the streets come from it.",
    )
    strict: bool = Field(
        False,
        description="Whether to stop at anything in the layers that would be repaired or dropped,"
        " instead of repairing and reporting it.",
    )


class OutputsConfig(Section):
    """Where the results go, and what they hold."""

    folder: Path = Field(Path("out"), description="Run folder, relative to the study file.")
    tiles: bool = Field(False, description="Show background map tiles when there is internet.")
    formats: tuple[Literal["geojson", "geoparquet", "shapefile"], ...] = Field(
        (), description="Further formats of the layers, each in a folder of its own."
    )
    frontier_s: float = Field(
        0.0,
        ge=0,
        description="Time spent after the plan on plans of other sizes, for the slider [s].",
    )
    pdf: bool = Field(
        False,
        description="Whether to print the report to report.pdf too, by an installed browser or"
        " WeasyPrint.",
    )
    language: str = Field("en", description="Language of report, map and page of a check.")
