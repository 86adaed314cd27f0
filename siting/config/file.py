"""Read a study file, and write its settings down again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from siting.config.demand import DEMAND_FILES
from siting.config.layers import LAYER_FILES, LayerConfig, LayersConfig
from siting.config.outlook import PhasesConfig
from siting.config.sweep import SweepConfig
from siting.config.whole import StudyConfig
from siting.config.words import faults_of, syntax_fault
from siting.countries import network_presets
from siting.errors import Fault, InputError

__all__ = [
    "config_from_dict",
    "read_config",
    "read_like",
    "read_sweep",
    "relative_path",
    "settings_of",
    "whole_from_dict",
    "with_changes",
]

Whole = TypeVar("Whole", bound=StudyConfig)


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
    return read_like(path, StudyConfig)


def read_like(path: str | Path, model: type[Whole]) -> Whole:
    """Read a file that is a study, or something read like one, see `read_config`."""
    return whole_from_dict(_parsed(Path(path)), path, model)


def read_sweep(path: str | Path) -> SweepConfig:
    """Read what a sweep varies from a file of its own: the keys of ``[sweep]``, or that section.

    Raises
    ------
    InputError
        The file cannot be read, is not TOML, or holds keys or values that are not understood.
    """
    file = Path(path)
    raw = _parsed(file)
    raw = raw["sweep"] if set(raw) == {"sweep"} else raw
    try:
        return SweepConfig.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(faults_of(raw, file.name, error, SweepConfig))) from error


def _parsed(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
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
        raise InputError(syntax_fault(file, str(error))) from error


def config_from_dict(raw: Mapping[str, Any], file: str | Path = "study.toml") -> StudyConfig:
    """Validate a parsed study file; paths become absolute, from the folder of ``file``.

    Raises
    ------
    InputError
        Keys or values are not understood. All faults are reported at once.
    """
    return whole_from_dict(raw, file, StudyConfig)


def whole_from_dict(raw: Mapping[str, Any], file: str | Path, model: type[Whole]) -> Whole:
    """Validate a parsed file as what it is to be, see `config_from_dict`."""
    file = Path(file).absolute()
    try:
        config = model.model_validate(raw)
    except ValidationError as error:
        raise InputError(list(faults_of(raw, file.name, error, model))) from error
    return _with_absolute_paths(_with_country(config), file)


def with_changes(config: Whole, sections: Mapping[str, Mapping[str, Any]]) -> Whole:
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
    return whole_from_dict(raw, config.file, type(config))


def settings_of(config: StudyConfig) -> dict[str, Any]:
    """Return everything that a study sets but outputs and sweep, as JSON values.

    Paths are relative to the study file; `with_changes` takes the sections back.
    """
    layers = {}
    for name in LayersConfig.model_fields:
        if getattr(config.layers, name) is None:
            continue
        layer = getattr(config.layers, name).model_dump(mode="json")
        layers[name] = _relative_paths(layer, config.folder)
    rest = config.model_dump(mode="json", exclude={"layers", "outputs", "sweep"})
    own = config.network.catalogue_file(config.folder)
    if own is not None:
        rest["network"]["catalogue"] = relative_path(own, config.folder)
    for key in DEMAND_FILES:
        path = getattr(config.demand, key)
        rest["demand"][key] = None if path is None else relative_path(path, config.folder)
    works = config.phases.works
    rest["phases"]["works"] = None if works is None else relative_path(works, config.folder)
    return {"layers": layers, **rest}


def _relative_paths(layer: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the keys of a layer that are set, with paths as seen from a folder."""
    kept = {key: value for key, value in layer.items() if value is not None}
    for key in {"path", *LAYER_FILES} & set(kept):
        kept[key] = relative_path(Path(kept[key]), folder)
    if "join" in kept:
        kept["join"] = _relative_paths(kept["join"], folder)
    return kept


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; its name alone if they share no drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.name


def _with_country(config: Whole) -> Whole:
    """Return a copy with network temperatures of the country where the study states none.

    The keys stay unset, so that a study with another country takes those of that country. If either
    temperature is stated, the other keeps its own default: the two belong together.
    """
    presets = network_presets(config.study.country)
    if set(presets) & config.network.model_fields_set:
        return config
    network = config.network.model_copy(update={name: each.value for name, each in presets.items()})
    network.model_fields_set.difference_update(presets)
    unset = "network" not in config.model_fields_set
    changed = config.model_copy(update={"network": network})
    if unset:
        changed.model_fields_set.discard("network")
    return changed


def _with_works(phases: PhasesConfig, file: Path) -> PhasesConfig:
    """Return the phases with the path of the road works from the folder of the study file."""
    if phases.works is None:
        return phases
    return phases.model_copy(update={"works": file.parent / phases.works})


def _with_absolute_paths(config: Whole, file: Path) -> Whole:
    """Return a copy whose paths start from the folder of the study file."""

    def placed(layer: LayerConfig | None) -> LayerConfig | None:
        # Streets fetched by name have no file, and some layers are not there at all.
        if layer is None:
            return None
        named = {key: getattr(layer, key, None) for key in ("path", *LAYER_FILES)}
        known: dict[str, Any] = {
            key: file.parent / each for key, each in named.items() if each is not None
        }
        if getattr(layer, "join", None) is not None:
            known["join"] = placed(layer.join)  # type: ignore[attr-defined]
        return layer.model_copy(update=known)

    layers = {name: placed(getattr(config.layers, name)) for name in LayersConfig.model_fields}
    outputs = config.outputs.model_copy(update={"folder": file.parent / config.outputs.folder})
    paths = {key: getattr(config.demand, key) for key in DEMAND_FILES}
    given = {key: file.parent / path for key, path in paths.items() if path is not None}
    changed = config.model_copy(
        update={
            "layers": config.layers.model_copy(update=layers),
            "demand": config.demand.model_copy(update=given),
            "outputs": outputs,
            "phases": _with_works(config.phases, file),
        }
    )
    changed._file = file
    return changed
