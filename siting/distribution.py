"""Estimate the pipes inside a zone of several buildings, which no street layer shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from siting.pipes import PipeCatalogue
from siting.units import gj_from_mwh, mw_from_w

__all__ = [
    "ZonePipes",
    "effective_width_persson_2011",
    "mean_diameter_persson_2011",
    "zone_pipes",
]

SMALLEST_DIAMETER_M = 0.02
SMALLEST_DENSITY_GJ_PER_M = 1.5


@dataclass(frozen=True)
class ZonePipes:
    """Pipes inside a zone.

    Parameters
    ----------
    trench_length_m
        Length of the trenches between its buildings [m].
    mean_diameter_m
        Mean inner diameter [m].
    cost_eur
        Their cost, design and contingency not included [EUR].
    loss_mw
        Heat that they lose [MW].
    """

    trench_length_m: float
    mean_diameter_m: float
    cost_eur: float
    loss_mw: float


def effective_width_persson_2011(plot_ratio: float) -> float:
    """Return the land area that one metre of distribution trench serves.

    Parameters
    ----------
    plot_ratio
        Gross floor area over land area, above 0 [-].

    Returns
    -------
    Effective width, land area over trench length [m].

    Notes
    -----
    ``w = 61.8 e^-0.15``. Later fits to other countries differ by up to a factor of 2 where the
    plot ratio is low.

    References
    ----------
    Persson and Werner 2011, Heat distribution and the future competitiveness of district heating,
    Applied Energy 88, 568-576.

    Examples
    --------
    >>> round(effective_width_persson_2011(0.5), 4)
    68.5714
    """
    return float(61.8 * plot_ratio**-0.15)


def mean_diameter_persson_2011(linear_heat_density_gj_per_m: float) -> float:
    """Return the mean diameter of the distribution pipes of an area.

    Parameters
    ----------
    linear_heat_density_gj_per_m
        Heat delivered each year per metre of trench [GJ/(m a)].

    Returns
    -------
    Mean inner diameter, not below 0.02 m [m].

    Notes
    -----
    ``d = 0.0486 ln(Q/L) + 0.0007``, and 0.02 m below 1.5 GJ/m.

    References
    ----------
    Persson and Werner 2011, as `effective_width_persson_2011`.

    Examples
    --------
    >>> round(mean_diameter_persson_2011(9.8743), 5)
    0.11199
    >>> mean_diameter_persson_2011(1.0)
    0.02
    """
    if linear_heat_density_gj_per_m < SMALLEST_DENSITY_GJ_PER_M:
        return SMALLEST_DIAMETER_M
    return max(0.0486 * math.log(linear_heat_density_gj_per_m) + 0.0007, SMALLEST_DIAMETER_M)


def zone_pipes(
    land_area_m2: float,
    floor_area_m2: float,
    annual_demand_mwh: float,
    peak_mw: float,
    catalogue: PipeCatalogue,
    surface_factor: float = 1.0,
) -> ZonePipes:
    """Return the pipes between the buildings of a zone.

    Parameters
    ----------
    land_area_m2, floor_area_m2
        Area of the zone, and gross floor area in it, both above 0 [m²].
    annual_demand_mwh, peak_mw
        Heat demand of the zone [MWh/a] and its peak [MW].
    catalogue
        Gives cost and loss per metre; straight between its diameters.
    surface_factor
        Trench cost over that of paved town streets [-].

    Notes
    -----
    The trench is the land area over the effective width. The mean diameter follows from the linear
    heat density, but is no larger than the pipe that carries the whole peak.

    Examples
    --------
    >>> from siting.parameters import load_parameters
    >>> from siting.pipes import catalogue_for
    >>> sizes = catalogue_for(70, 40, load_parameters(), pressure_gradient_pa_per_m=150)
    >>> pipes = zone_pipes(10_000, 5_000, 400, 2.0, sizes)
    >>> round(pipes.trench_length_m, 2), round(pipes.mean_diameter_m, 5)
    (145.83, 0.11199)
    """
    length_m = land_area_m2 / effective_width_persson_2011(floor_area_m2 / land_area_m2)
    diameter = mean_diameter_persson_2011(gj_from_mwh(annual_demand_mwh) / length_m)
    enough = min(int(np.searchsorted(catalogue.capacity_mw, peak_mw)), len(catalogue) - 1)
    diameter = min(diameter, float(catalogue.inner_diameter_m[enough]))
    cost = np.interp(diameter, catalogue.inner_diameter_m, catalogue.cost_eur_per_m)
    loss = np.interp(diameter, catalogue.inner_diameter_m, catalogue.heat_loss_w_per_m)
    return ZonePipes(
        trench_length_m=length_m,
        mean_diameter_m=diameter,
        cost_eur=float(cost) * surface_factor * length_m,
        loss_mw=mw_from_w(float(loss) * length_m),
    )
