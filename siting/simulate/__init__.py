"""Check the temperatures, pressures and velocities of a plan by simulating its water."""

from __future__ import annotations

from typing import Any

__all__ = [
    "Day",
    "HeatNet",
    "Simulation",
    "simulate",
    "simulate_net",
    "write_pandapipes",
    "write_simulation",
]

_PLACES = {
    "Day": "days",
    "HeatNet": "network",
    "Simulation": "results",
    "simulate": "check",
    "simulate_net": "engine",
    "write_pandapipes": "handover",
    "write_simulation": "folder",
}


def __getattr__(name: str) -> Any:
    """Load a part when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'siting.simulate' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"siting.simulate.{_PLACES[name]}"), name)
