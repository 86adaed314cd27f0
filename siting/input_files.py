"""Say which files a study reads, and what they hold, as a hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from siting.config import LAYER_FILES, StudyConfig

__all__ = ["hash_of", "input_files"]

SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


def input_files(config: StudyConfig) -> list[Path]:
    """Return every input file of a study, each once, with the companions of shapefiles."""
    layers = [getattr(config.layers, name) for name in type(config.layers).model_fields]
    layers += [getattr(layer, "join", None) for layer in layers]
    named = [getattr(layer, key, None) for layer in layers for key in ("path", *LAYER_FILES)]
    named += [config.network.catalogue_file(config.folder)]
    named += [config.demand.temperature_file, config.demand.load_curve_file]
    paths = [config.file, *(path for path in named if path is not None)]
    shapefiles = [path for path in paths if path.suffix.lower() == ".shp"]
    paths += [path.with_suffix(ending) for path in shapefiles for ending in SIDECARS]
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def hash_of(path: Path) -> str:
    """Return the SHA-256 hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
