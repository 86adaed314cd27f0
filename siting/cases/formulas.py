"""Name the computations that a case may call: the physics of the package, with units."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.optimize import brentq

from siting import economics, heat, sources
from siting.cases.quantities import Quantity, UnitError, unit
from siting.errors import Fault, InputError
from siting.parameters import Parameters
from siting.pipes import catalogue_for
from siting.units import HOURS_PER_A

__all__ = ["CONSTANTS", "FORMULAS", "Formula"]

ANY = "any"
SOME_NETWORK_C = (70.0, 40.0)
SOME_GRADIENT_PA_PER_M = 150.0

CONSTANTS: Mapping[str, Quantity] = MappingProxyType(
    {"hours_of_a_year": Quantity.of(HOURS_PER_A, "h/a")}
)


@dataclass(frozen=True)
class Formula:
    """A function of numbers that a case may call.

    Parameters
    ----------
    function
        Takes and returns plain numbers.
    units
        Unit of each argument, in order; ``any`` for one that may have any unit.
    result
        Unit of the result; ``any`` for that of the argument with any unit.
    """

    function: Callable[..., float]
    units: Mapping[str, str]
    result: str

    @property
    def job(self) -> str:
        """What the formula does, in one sentence."""
        return (inspect.getdoc(self.function) or "").split("\n", 1)[0]

    def __call__(self, parameters: Parameters, **given: Quantity) -> Quantity:
        """Convert the arguments, compute, and give the result its unit.

        Parameters
        ----------
        parameters
            Handed to functions that take ``parameters``.
        given
            The arguments by name.

        Raises
        ------
        UnitError
            An argument has another unit, is missing or is not known.
        InputError
            The physics refuse the figures.
        """
        missing, unknown = set(self.units) - set(given), set(given) - set(self.units)
        if missing or unknown:
            name = self.function.__name__
            raise UnitError(f"{name}() takes ({', '.join(self.units)}), not ({', '.join(given)})")
        dimensions = unit(self.result).dimensions if self.result != ANY else ()
        numbers = {}
        for key, name in self.units.items():
            if name == ANY:
                dimensions, numbers[key] = given[key].dimensions, given[key].size
            else:
                numbers[key] = self._number(key, given[key])
        size = 1.0 if self.result == ANY else unit(self.result).size
        needed = {"parameters"} & set(inspect.signature(self.function).parameters)
        value = self.function(**numbers, **dict.fromkeys(needed, parameters))
        return Quantity(value * size, dimensions)

    def _number(self, key: str, given: Quantity) -> float:
        """Return one argument in the unit that the function takes."""
        wanted = self.units[key]
        if given.dimensions != unit(wanted).dimensions:
            name = self.function.__name__
            raise UnitError(f"{name}() takes {key} in {wanted}, not in {given.words}")
        return given.to(wanted)


FORMULAS: dict[str, Formula] = {}


def formula(result: str, **units: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Register a function under its name, with the units of its arguments and result."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        FORMULAS[function.__name__] = Formula(function, units, result)
        return function

    return register


@formula("-", source_in="°C", source_out="°C", sink_in="°C", sink_out="°C", efficiency="-")
def cop(
    source_in: float,
    source_out: float,
    sink_in: float,
    sink_out: float,
    efficiency: float,
    *,
    parameters: Parameters,
) -> float:
    """Return the COP of a heat pump from the temperatures of source and network, capped.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> round(cop(27, 17, 37.5, 75, 0.50, parameters=load_parameters()), 2)
    4.85
    """
    lorenz = sources.lorenz_cop(source_in, source_out, sink_in, sink_out)
    return sources.heat_pump_cop(lorenz, efficiency, parameters.value("cop_cap"))


@formula(ANY, source=ANY, cop="-")
def heat_from_source(source: float, cop: float) -> float:
    """Return what a heat pump gives to the network from heat of a source (power or energy).

    Examples
    --------
    >>> round(heat_from_source(100.0, 4.85), 1)
    126.0
    """
    _above_one(cop)
    return sources.heat_pump_output(source, cop)


@formula(ANY, heat=ANY, cop="-")
def source_for_heat(heat: float, cop: float) -> float:
    """Return what a heat pump takes from the source for heat given to the network.

    Examples
    --------
    >>> round(source_for_heat(920.0, 3.45), 1)
    653.3
    """
    _above_one(cop)
    return heat / sources.heat_pump_output(1.0, cop)


@formula("-", relative_capacity="-", full_load_hours="h/a", minimum_load="-")
def share_of_heat(relative_capacity: float, full_load_hours: float, minimum_load: float) -> float:
    """Return the share of annual heat from a base-load source of some size over the peak.

    Examples
    --------
    >>> round(share_of_heat(0.36054, 2_500, 0.08), 4)
    0.8589
    """
    m = heat.load_factor(full_load_hours)
    return float(heat.heat_share(relative_capacity, m, minimum_load))


@formula("-", share="-", full_load_hours="h/a", minimum_load="-")
def capacity_for_share(share: float, full_load_hours: float, minimum_load: float) -> float:
    """Return the size over the peak that a base-load source needs for a share of annual heat.

    Examples
    --------
    >>> round(capacity_for_share(0.40, 2_900, 0.10), 3)
    0.134
    """
    if not 0 <= share < 1:
        raise InputError(
            Fault("cases", f"a share of {share:g} was asked for.", "Give 0 or more, below 1.")
        )
    m = heat.load_factor(full_load_hours)

    def lacking(x: float) -> float:
        return float(heat.heat_share(x, m, minimum_load)) - share

    return float(brentq(lacking, 0.0, 1.0, xtol=1e-9))


@formula("-", before="-", relative_capacity="-", full_load_hours="h/a", minimum_load="-")
def share_behind(
    before: float, relative_capacity: float, full_load_hours: float, minimum_load: float
) -> float:
    """Return the share of annual heat of a source that runs after another of size ``before``.

    Examples
    --------
    >>> round(share_behind(0.1, 0.2, 2_500.104, 0.08), 4)
    0.4406
    """
    m = heat.load_factor(full_load_hours)
    return float(heat.stacked_heat_shares([before, relative_capacity], m, minimum_load)[1])


@formula("MW", heat="MWh/a", full_load_hours="h/a")
def peak_of(heat: float, full_load_hours: float) -> float:
    """Return the peak demand that belongs to heat per year and full-load hours.

    Examples
    --------
    >>> peak_of(2_500, 2_500)
    1.0
    """
    return _peak(heat, full_load_hours)


_peak = heat.peak_from_full_load_hours


@formula("kWh/(a EUR)", heat="MWh/a", capex="EUR")
def heat_per_euro(heat: float, capex: float) -> float:
    """Return the heat delivered each year per euro of investment.

    Examples
    --------
    >>> round(heat_per_euro(9_000, 8_900_000), 2)
    1.01
    """
    return economics.heat_per_euro(heat, capex)


@formula("1/a", rate="1/a", lifetime="a")
def crf(rate: float, lifetime: float) -> float:
    """Return the yearly cost of one euro invested.

    Examples
    --------
    >>> round(crf(0.05, 40), 6)
    0.058278
    """
    return economics.crf(rate, lifetime)


@formula("EUR/m", nominal_diameter="DN", surface_factor="-")
def pipe_cost(nominal_diameter: float, surface_factor: float, *, parameters: Parameters) -> float:
    """Return the cost of a metre of trench from the pipe catalogue, straight between its sizes.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> pipe_cost(250, 0.75, parameters=load_parameters())
    1527.0
    """
    sizes = catalogue_for(
        *SOME_NETWORK_C, parameters, pressure_gradient_pa_per_m=SOME_GRADIENT_PA_PER_M
    )
    labels = [float(label.removeprefix("DN")) for label in sizes.labels]
    if not labels[0] <= nominal_diameter <= labels[-1]:
        raise InputError(
            Fault(
                "cases",
                f"the pipe catalogue has no DN {nominal_diameter:g}.",
                f"Give a diameter between {labels[0]:g} and {labels[-1]:g}.",
            )
        )
    return float(np.interp(nominal_diameter, labels, sizes.cost_eur_per_m)) * surface_factor


@formula("EUR", source="MW", source_in="°C", source_out="°C", sink_in="°C", sink_out="°C")
def plant_cost(
    source: float,
    source_in: float,
    source_out: float,
    sink_in: float,
    sink_out: float,
    *,
    parameters: Parameters,
) -> float:
    """Return the cost of source side, heat pump, exchanger and electricity, by the defaults.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> 4.0e6 < plant_cost(2.8, 25, 15, 55, 85, parameters=load_parameters()) < 5.5e6
    True
    """
    stream = sources.HeatStream("source", source, source_in, source_out)
    # The chain that uses the whole source comes last where there are several.
    plants = sources.site_plants([stream], sink_out, sink_in, parameters)
    plant = max(plants, key=lambda each: each.output_mw)
    lines = sources.cost_segments(plant, "candidate", parameters)
    return lines[-1].cost_eur(plant.output_mw)


def _above_one(value: float) -> None:
    if not value > 1:
        raise InputError(
            Fault("cases", f"a heat pump with a COP of {value:g} was given.", "Give more than 1.")
        )
