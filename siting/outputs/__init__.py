"""Turn a plan into a map, tables, a report and one folder that holds them all."""

from __future__ import annotations

from typing import Any

__all__ = ["build_map", "plan_frames", "write_geopackage", "write_map", "write_report", "write_run"]

_PLACES = {
    "build_map": "maps",
    "plan_frames": "frames",
    "write_geopackage": "tables",
    "write_map": "maps",
    "write_report": "report",
    "write_run": "files",
}


def __getattr__(name: str) -> Any:
    """Load a writer when it is asked for: Folium and GDAL take a second to import."""
    if name not in _PLACES:
        raise AttributeError(f"module 'siting.outputs' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"siting.outputs.{_PLACES[name]}"), name)
