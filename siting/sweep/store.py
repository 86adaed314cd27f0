"""Keep each finished scenario in a file of its own, so that a killed sweep can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import siting
from siting.errors import Fault, InputError
from siting.whole_files import whole_or_not

__all__ = ["Store", "sweep_digest"]

FORMAT, VERSION = "siting-sweep", 1
MANIFEST = "sweep.json"


def sweep_digest(
    settings: Mapping[str, Any], inputs: Mapping[str, str], scenarios: Sequence[Mapping[str, Any]]
) -> str:
    """Return a digest of everything that the results of a sweep depend on.

    Parameters
    ----------
    settings
        The study.
    inputs
        Hash of each input file.
    scenarios
        All scenarios.
    """
    content = [siting.__version__, settings, inputs, scenarios]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Store:
    """The folder of a sweep.

    Parameters
    ----------
    folder
        Where everything goes.
    digest
        What the sweep is about, see `sweep_digest`.
    """

    folder: Path
    digest: str

    @classmethod
    def open(cls, folder: Path, digest: str, about: Mapping[str, Any], *, fresh: bool) -> Store:
        """Start a sweep in a folder, or go on with the one that is there.

        Parameters
        ----------
        about
            What else the manifest says.
        fresh
            Whether to throw away the scenarios of an earlier sweep.

        Raises
        ------
        InputError
            The folder holds another sweep, or something else.
        """
        store = cls(folder, digest)
        manifest = folder / MANIFEST
        if manifest.exists():
            store._check_manifest(manifest, fresh)
        elif folder.exists() and any(folder.iterdir()):
            raise InputError(
                Fault(
                    "sweep",
                    f"'{folder}' holds something else than a sweep; nothing was written.",
                    "Name another folder with --out.",
                )
            )
        if fresh:
            store._clear()
        content = {"format": FORMAT, "version": VERSION, "digest": digest, **about}
        with whole_or_not(manifest, "sweep") as work:
            work.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
        return store

    def _check_manifest(self, manifest: Path, fresh: bool) -> None:
        try:
            raw = json.loads(manifest.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raw = {}
        if raw.get("format") != FORMAT:
            raise InputError(
                Fault(
                    "sweep",
                    f"'{manifest}' is not the manifest of a sweep.",
                    "Name another folder with --out.",
                )
            )
        if raw.get("digest") != self.digest and not fresh:
            raise InputError(
                Fault(
                    "sweep",
                    f"'{self.folder}' holds a sweep of another study, other layers, other"
                    " scenarios or another version.",
                    "Name another folder with --out, or throw the old one away with --fresh.",
                )
            )

    def _clear(self) -> None:
        for kind in ("searched", "judged"):
            for path in (self.folder / kind).glob("*.json"):
                path.unlink()

    def put(self, kind: str, content: Mapping[str, Any]) -> None:
        """Store what came out of one scenario, whole or not at all."""
        with whole_or_not(self._path(kind, content["number"]), "sweep") as work:
            work.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")

    def found(self, kind: str) -> dict[int, dict[str, Any]]:
        """Return what is stored already, by scenario number; what cannot be read is left out."""
        rows = {}
        for path in sorted((self.folder / kind).glob("[0-9]*.json")):
            try:
                raw = json.loads(path.read_text(encoding="utf-8"))
                rows[int(raw["number"])] = raw
            except (OSError, ValueError, KeyError, TypeError):
                path.unlink(missing_ok=True)
        return rows

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / kind / f"{number:06d}.json"
