"""Lift the heat of a network that is colder than a building needs."""

from __future__ import annotations

from dataclasses import dataclass

from siting.errors import Fault, InputError

__all__ = ["Booster", "booster"]


@dataclass(frozen=True)
class Booster:
    """What a booster at the consumer does.

    Parameters
    ----------
    lifted_share
        Share of the heat of the building that lies above the network's supply [–].
    electricity_mwh_per_mwh
        Electricity per heat used by the building [MWh/MWh].
    """

    lifted_share: float
    electricity_mwh_per_mwh: float

    @property
    def network_share(self) -> float:
        """Heat taken from the network over heat used by the building [–]."""
        return 1 - self.electricity_mwh_per_mwh


def booster(
    needed_c: float, network_supply_c: float, network_return_c: float, cop: float = 1.0
) -> Booster:
    """Return the booster that lifts network water to the temperature a building needs.

    Parameters
    ----------
    needed_c
        Supply temperature the building needs [°C].
    network_supply_c, network_return_c
        Temperatures of the network at the building [°C].
    cop
        1 for an electric heater; 4 to 5 for a micro heat pump that cools network water [–].

    Raises
    ------
    InputError
        The return is not colder than the supply, or the COP is below 1.

    Notes
    -----
    The network heats from its return to its supply, the booster the rest:
    ``lifted = (T_needed - T_supply) / (T_needed - T_return)``, the same split as preheat and lift
    at a source. Electricity is ``lifted / COP``; the network gives what is left. All heat of the
    building is taken as needed at that temperature, so where only hot water needs it this is an
    upper bound.

    Examples
    --------
    A network at 45/25 °C, hot water at 55 °C:

    >>> round(booster(55, 45, 25).electricity_mwh_per_mwh, 4)
    0.3333
    >>> round(booster(55, 45, 25, cop=4.5).network_share, 4)
    0.9259
    >>> booster(50, 65, 35).electricity_mwh_per_mwh
    0.0
    """
    if not network_return_c < network_supply_c:
        words = f"the network runs at {network_supply_c:g}/{network_return_c:g} °C."
        raise InputError(Fault("study", words, "Give a return below the supply."))
    if not cop >= 1:
        words = f"a booster with a COP of {cop:g} was given."
        raise InputError(Fault("study", words, "Give 1 for electric heat, 4 to 5 for heat pumps."))
    lifted = max(needed_c - network_supply_c, 0.0) / max(needed_c - network_return_c, 1e-9)
    return Booster(lifted, lifted / cop) if needed_c > network_supply_c else Booster(0.0, 0.0)
