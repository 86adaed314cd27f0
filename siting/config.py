"""Read a study file, and say everything that is wrong with it at once."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from siting.errors import Fault, InputError

__all__ = [
    "LayerConfig",
    "LayersConfig",
    "LimitsConfig",
    "NetworkConfig",
    "NetworkSetting",
    "ObjectiveConfig",
    "OutputsConfig",
    "SitesConfig",
    "SolverConfig",
    "StreetsConfig",
    "StudyConfig",
    "StudyHead",
    "ZonesConfig",
    "config_from_dict",
    "network_settings",
    "read_config",
    "relative_path",
    "settings_of",
    "study_schema",
    "with_changes",
]

NUMBER_FAULTS = frozenset(
    {"float_parsing", "float_type", "int_parsing", "int_type", "int_from_float"}
)
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A section of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StudyHead(Section):
    """What the study is called, and in which coordinates it is worked."""

    name: str = Field("study", min_length=1, description="Name, as it heads the map and report.")
    description: str = Field("", description="The question the study answers, in a sentence.")
    crs: str | None = Field(
        None,
        description="Projected working CRS such as 'EPSG:3879'; chosen from the data if absent.",
    )
    attribution: str | None = Field(
        None,
        description="Who made the layers, as map and report must say; if absent, OpenStreetMap is"
        " named where the streets come from it.",
    )


class LayerConfig(Section):
    """Where a layer is, and how its columns map to ours."""

    path: Path = Field(description="The file, relative to the study file.")
    layer: str | None = Field(None, description="Layer inside the file; needed if it has several.")
    crs: str | None = Field(
        None, description="CRS of the file, where it states none or a wrong one."
    )
    where: str | None = Field(None, description="Filter in OGR SQL, such as \"status <> 'old'\".")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Our column name = the name in the file."
    )


class SitesConfig(LayerConfig):
    """The layer of candidate data-centre sites."""


class ZonesConfig(LayerConfig):
    """The layer of heat-demand zones."""

    demand_unit: Literal[
        "MWh", "kWh", "GWh", "GJ", "TJ", "kWh/m2", "MWh/ha", "GWh/km2", "TJ/km2"
    ] = Field(
        "MWh",
        description="Unit of the annual demand in the file, per year; of those per area the area"
        " of the zone on the map makes an amount.",
    )


class StreetsConfig(LayerConfig):
    """The layer of streets under which pipes may be laid."""

    path: Path | None = Field(None, description="The file, relative to the study file.")  # type: ignore[assignment]
    source: Literal["file", "osmnx"] = Field(
        "file", description="'file', or 'osmnx' to fetch OpenStreetMap once and keep it."
    )
    place: str | None = Field(None, description="Place name for osmnx, such as 'Espoo, Finland'.")
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="Left, bottom, right, top for osmnx [degrees]."
    )
    class_table: Path | None = Field(
        None,
        description="A table (CSV) of street classes with the columns class, pipe (yes, no or"
        " forbidden) and cost_factor, in place of the packaged one.",
    )

    @model_validator(mode="after")
    def _source_is_complete(self) -> Self:
        """Ask for what the chosen source needs."""
        if self.source == "file" and self.path is None:
            raise ValueError("source 'file' needs 'path'", "Add it.")
        if self.source == "osmnx" and self.place is None and self.bbox is None:
            raise ValueError("source 'osmnx' needs 'place' or 'bbox'", "Add one.")
        return self


class LayersConfig(Section):
    """The three layers of a study."""

    sites: SitesConfig
    zones: ZonesConfig
    streets: StreetsConfig


class NetworkConfig(Section):
    """How the heat network is run and laid; each default stands here, once, with its source."""

    supply_temperature_c: float = Field(
        65.0,
        ge=20,
        le=130,
        description="Supply temperature at the source [°C].",
        json_schema_extra={"source": "usual for a new network; 70 to 95 where one exists"},
    )
    return_temperature_c: float = Field(
        35.0,
        ge=5,
        le=100,
        description="Return temperature at the source [°C].",
        json_schema_extra={"source": "usual for a new network; 40 to 58 where one exists"},
    )
    pressure_gradient_pa_per_m: float = Field(
        150.0,
        gt=0,
        le=1000,
        description="Pressure drop at design flow, one pipe [Pa/m].",
        json_schema_extra={
            "source": "judgement; 50-150 for mains, 100-250 for house connections are practice"
        },
    )
    insulation_series: Literal[1, 2, 3] = Field(
        2,
        description="Insulation series of the pipes, 3 is the thickest.",
        json_schema_extra={"source": "judgement"},
    )
    snap_tolerance_m: float = Field(
        1.0,
        ge=0,
        le=50,
        description="Largest gap between streets that is closed [m].",
        json_schema_extra={"source": "judgement: less than a street is wide"},
    )
    max_connection_m: float = Field(
        200.0,
        gt=0,
        description="Longest connection from a zone to a street [m].",
        json_schema_extra={"source": "judgement"},
    )
    max_site_connection_m: float | None = Field(
        None,
        gt=0,
        description="Longest connection from a site to a street, as that of zones if absent [m].",
        json_schema_extra={"source": "as for zones"},
    )
    connections_per_zone: int = Field(
        1,
        ge=1,
        le=10,
        description="Candidate connections offered to each site and zone.",
        json_schema_extra={"source": "the nearest street"},
    )
    surface: Literal["urban", "suburban", "rural"] = Field(
        "urban",
        description="Surface where the street layer names none; trench and pipe cost 1, 0.75 and"
        " 0.55 times the catalogue in urban, suburban and rural ground.",
        json_schema_extra={"source": "published cost curves of paved and open ground"},
    )
    peak_boilers: Literal["new", "existing"] = Field(
        "new",
        description="Whether peak boilers are built and paid for, or stand already.",
        json_schema_extra={"source": "a network of its own"},
    )

    zone_pipes: Literal["estimated", "none"] = Field(
        "estimated",
        description="Whether the pipes between the buildings of a zone are estimated and paid for;"
        " 'none' where the zone layer's connection cost holds them or streets reach each building.",
        json_schema_extra={"source": "effective width, Persson and Werner (2011)"},
    )

    @model_validator(mode="after")
    def _supply_is_warmer(self) -> Self:
        """Refuse a supply that is not clearly warmer than the return."""
        if self.supply_temperature_c - self.return_temperature_c < 5:
            raise ValueError(
                f"supply_temperature_c {self.supply_temperature_c:g} must lie at least 5 K above"
                f" return_temperature_c {self.return_temperature_c:g}",
                "Change one of them.",
            )
        return self


class ObjectiveConfig(Section):
    """What is optimised."""

    kind: Literal["heat_per_euro", "max_heat", "capex", "net_value"] = Field(
        "heat_per_euro",
        description="'heat_per_euro' most heat per euro; 'max_heat' most heat (needs a budget);"
        " 'capex' least investment (needs a required heat); 'net_value' worth of the heat less"
        " yearly cost.",
    )
    heat_price_eur_per_mwh: float | None = Field(
        None,
        description="Worth of each heat delivered [EUR/MWh], for 'net_value'; without it the"
        " parameter table's.",
    )
    capital_factor: NonNegative | None = Field(
        None,
        description="Yearly cost per euro invested [1/a], for 'net_value'; without it the capital"
        " recovery factor of the parameter table's rate and lifetime.",
    )


class LimitsConfig(Section):
    """What a plan must respect; an absent key is no limit."""

    budget_eur: NonNegative | None = Field(None, description="Largest investment [EUR].")
    min_heat_mwh: NonNegative | None = Field(
        None, description="Least heat from data centres delivered each year [MWh/a]."
    )
    min_share: Share | None = Field(
        None,
        description="The same as a share of the demand of all zones that streets reach,"
        " 0 to 1 [-].",
    )
    min_sites: Count | None = Field(None, description="Least number of sites opened.")
    max_sites: Count | None = Field(None, description="Largest number of sites opened.")
    min_zones: Count | None = Field(None, description="Least number of zones connected.")
    mandatory_sites: tuple[str, ...] = Field((), description="Ids of sites that must be opened.")
    forbidden_sites: tuple[str, ...] = Field((), description="Ids of sites that must not be.")
    mandatory_zones: tuple[str, ...] = Field((), description="Ids of zones that must be served.")
    forbidden_zones: tuple[str, ...] = Field((), description="Ids of zones that must not be.")

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        """Refuse limits that no plan can meet."""
        doubts = []
        for kind in ("sites", "zones"):
            both = set(getattr(self, f"mandatory_{kind}")) & set(getattr(self, f"forbidden_{kind}"))
            if both:
                names = ", ".join(f"'{each}'" for each in sorted(both))
                doubts.append(f"{names} in both mandatory_{kind} and forbidden_{kind}")
        if None not in (self.min_sites, self.max_sites) and self.min_sites > self.max_sites:  # type: ignore[operator]
            doubts.append(f"min_sites {self.min_sites} above max_sites {self.max_sites}")
        if doubts:
            raise ValueError("; ".join(doubts), "Change one of them.")
        return self


class SolverConfig(Section):
    """Which solver, how good a proof is wanted, and how long it may take."""

    name: str = Field("highs", min_length=1, description="'highs', or another that is installed.")
    gap: NonNegative = Field(0.01, lt=1, description="Wanted relative gap; 0.01 is one per cent.")
    time_limit_s: Positive = Field(300.0, description="Longest search [s].")
    threads: int | None = Field(None, ge=1, description="Processor cores; all if absent.")
    seed: int = Field(0, ge=0, description="Seed of every random choice.")


class OutputsConfig(Section):
    """Where the results go, and what they hold."""

    folder: Path = Field(Path("out"), description="Run folder, relative to the study file.")
    tiles: bool = Field(False, description="Show background map tiles when there is internet.")
    formats: tuple[Literal["geojson", "geoparquet", "shapefile"], ...] = Field(
        (), description="Further formats of the layers, each in a folder of its own."
    )


class StudyConfig(Section):
    """A whole study file; paths in it are absolute once it has been read."""

    study: StudyHead = Field(default_factory=StudyHead)
    layers: LayersConfig
    network: NetworkConfig = Field(default_factory=NetworkConfig)
    parameters: dict[str, float] = Field(
        default_factory=dict, description="Values that replace those of the parameter table."
    )
    objective: ObjectiveConfig = Field(default_factory=ObjectiveConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    solver: SolverConfig = Field(default_factory=SolverConfig)
    outputs: OutputsConfig = Field(default_factory=OutputsConfig)

    _file: Path = PrivateAttr(default=Path("study.toml"))

    @property
    def file(self) -> Path:
        """The study file."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of the study file."""
        return self._file.parent


def read_config(path: str | Path) -> StudyConfig:
    """Read a study file (TOML).

    Parameters
    ----------
    path
        The study file. Paths inside it are relative to its folder.

    Raises
    ------
    InputError
        The file cannot be read, is not TOML, or holds keys or values that are not understood.
        All faults are reported at once.
    """
    file = Path(path)
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            Fault(
                "study",
                f"cannot read '{file}': {error.strerror}.",
                "Check the path, or start a study with 'siting new'.",
            )
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            Fault("study", f"'{file}' is not UTF-8 text.", "Save it as UTF-8.")
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(_syntax_fault(file, str(error))) from error
    return config_from_dict(raw, file)


def config_from_dict(raw: Mapping[str, Any], file: str | Path = "study.toml") -> StudyConfig:
    """Validate a parsed study file; paths become absolute, from the folder of ``file``.

    Raises
    ------
    InputError
        Keys or values are not understood. All faults are reported at once.
    """
    file = Path(file).absolute()
    try:
        config = StudyConfig.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(_faults(raw, file.name, error))) from error
    return _with_absolute_paths(config, file)


def with_changes(config: StudyConfig, sections: Mapping[str, Mapping[str, Any]]) -> StudyConfig:
    """Return a study with some keys of some sections changed; ``None`` takes a key out.

    Raises
    ------
    InputError
        A key or value is not understood.
    """
    raw = config.model_dump(exclude_unset=True)
    for name, changes in sections.items():
        kept = {key: value for key, value in raw.get(name, {}).items() if key not in changes}
        raw[name] = kept | {key: value for key, value in changes.items() if value is not None}
    return config_from_dict(raw, config.file)


def settings_of(config: StudyConfig) -> dict[str, Any]:
    """Return everything that a study sets but its outputs, as JSON values.

    Paths are relative to the study file; `with_changes` takes the sections back.
    """
    layers = {}
    for name in LayersConfig.model_fields:
        layer = getattr(config.layers, name).model_dump(mode="json")
        for key in {"path", "class_table"} & set(layer):
            if layer[key] is not None:
                layer[key] = relative_path(Path(layer[key]), config.folder)
        layers[name] = {key: value for key, value in layer.items() if value is not None}
    rest = config.model_dump(mode="json", exclude={"layers", "outputs"})
    return {"layers": layers, **rest}


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; its name alone if they share no drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.name


@dataclass(frozen=True)
class NetworkSetting:
    """One setting of the network, for the list of assumptions in the report."""

    name: str
    value: float | str
    unit: str
    source: str
    description: str
    overridden: bool
    mark: str = "J"


def network_settings(network: NetworkConfig) -> tuple[NetworkSetting, ...]:
    """Return the settings of the network with unit and source of their defaults.

    Examples
    --------
    >>> network_settings(NetworkConfig(supply_temperature_c=70.0))[0].overridden
    True
    """
    rows = []
    for name, known in NetworkConfig.model_fields.items():
        words, unit = known.description or "", "-"
        if words.endswith("]."):
            words, _, unit = words[:-2].rpartition(" [")
        extra = known.json_schema_extra
        source = str(extra["source"]) if isinstance(extra, dict) else ""
        value = getattr(network, name)
        if value is None:
            continue
        rows.append(
            NetworkSetting(name, value, unit, source, words.rstrip("."), value != known.default)
        )
    return tuple(rows)


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, for editors."""
    schema = StudyConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _with_absolute_paths(config: StudyConfig, file: Path) -> StudyConfig:
    """Return a copy whose paths start from the folder of the study file."""

    def placed(layer: LayerConfig) -> LayerConfig:
        # Streets fetched by name have no file.
        path = file.parent / layer.path if layer.path is not None else None
        return layer.model_copy(update={"path": path})

    layers = {name: placed(getattr(config.layers, name)) for name in LayersConfig.model_fields}
    table = config.layers.streets.class_table
    if table is not None:
        layers["streets"] = layers["streets"].model_copy(
            update={"class_table": file.parent / table}
        )
    outputs = config.outputs.model_copy(update={"folder": file.parent / config.outputs.folder})
    changed = config.model_copy(
        update={"layers": config.layers.model_copy(update=layers), "outputs": outputs}
    )
    changed._file = file
    return changed


def _syntax_fault(file: Path, words: str) -> Fault:
    """Return the fault for text that is not TOML, with its line."""
    place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", words)
    where = "at its end"
    if place and place[1]:
        where = f"in line {place[1]}, column {place[2]}"
    what = words[: place.start()].strip() if place else words
    return Fault(
        "study",
        f"'{file}' is not TOML {where}: {what[:1].lower()}{what[1:]}.",
        "Mend the line: text stands in quotes, and each key has one value.",
    )


def _faults(raw: Mapping[str, Any], name: str, error: ValidationError) -> Iterator[Fault]:
    """Yield one fault for each thing that pydantic found."""
    for each in error.errors():
        steps = [str(step) for step in each["loc"]]
        section, key = steps[:-1], steps[-1]
        if _is_section(raw, steps):
            section, key = steps, ""
        place = f"{name} [{'.'.join(section)}]" if section else name
        yield Fault("study", f"{place} {_what(each, key)}", _remedy(each, steps))


def _is_section(raw: Any, steps: Sequence[str]) -> bool:
    """Return whether a place in the file is a table."""
    for step in steps:
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return isinstance(raw, Mapping)


def _what(error: Mapping[str, Any], key: str) -> str:
    """Return what is wrong at a key, and what was found."""
    match error["type"]:
        case "extra_forbidden":
            return f"'{key}' is not known." if key else "is no section of a study file."
        case "missing":
            return f"'{key}' is missing."
        case "value_error":
            words = str(error["ctx"]["error"].args[0])
        case "model_type":
            words = f"this is a section, written as [{key}]; found {error['input']!r}"
        case kind if kind in NUMBER_FAULTS:
            whole = "whole number" if kind.startswith("int") else "number"
            words = f"a {whole} is needed; found {error['input']!r}"
        case _:
            words = f"{error['msg'][:1].lower()}{error['msg'][1:]}; found {error['input']!r}"
    return f"'{key}': {words}." if key else f"{words}."


def _remedy(error: Mapping[str, Any], steps: Sequence[str]) -> str:
    """Return what to do about it; for an unknown key, the nearest known one."""
    match error["type"]:
        case "extra_forbidden":
            return _nearest(steps[-1], _known_keys(steps[:-1]))
        case "missing":
            return "Add it."
        case "value_error":
            return str(error["ctx"]["error"].args[1])
        case kind if kind in NUMBER_FAULTS:
            return "Write it without quotes, unit or thousands separator, such as 8000 or 0.02."
        case _:
            return "Give a value that fits."


def _known_keys(steps: Sequence[str]) -> list[str]:
    """Return the keys of a section."""
    model: Any = StudyConfig
    for step in steps:
        model = model.model_fields[step].annotation
    return list(model.model_fields)


def _nearest(name: str, known: Sequence[str]) -> str:
    """Return the nearest known name as a question, or all known names."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
