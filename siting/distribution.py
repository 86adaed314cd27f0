"""Estimate the pipes inside a zone of several buildings, which no street layer shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from siting.pipes import PipeCatalogue
from siting.units import gj_from_mwh, mw_from_w

__all__ = [
    "COST_CURVES",
    "EFFECTIVE_WIDTHS",
    "ZonePipes",
    "effective_width_hre_2019",
    "effective_width_persson_2011",
    "effective_width_seenergies",
    "linear_heat_density_gj_per_m",
    "mean_diameter_persson_2011",
    "published_trench_cost_eur_per_m",
    "zone_pipes",
]

COST_CURVES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "persson_2011_inner_city": (286.0, 2022.0),
        "persson_2011_outer_city": (214.0, 1725.0),
        "persson_2011_park": (151.0, 1378.0),
        "hre_2019": (212.0, 4464.0),
        "seenergies_de_at": (349.0, 4213.0),
        "seenergies_dk_se_fi": (439.0, 4073.0),
        "seenergies_uk_ie": (549.0, 2236.0),
        "seenergies_nl_be": (549.0, 3370.0),
        "seenergies_baltic": (71.0, 3262.0),
    }
)
"""Published trench cost: constant [EUR/m] and slope with the inner diameter [EUR/m2]. Each is in
the money of its year (2011: of 2007 to 2010), so they are for comparison, not for a plan."""

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
    ``w = 61.8 e^-0.15``. `EFFECTIVE_WIDTHS` differ by up to a factor of 2 and more where the plot
    ratio is low.

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


def effective_width_hre_2019(plot_ratio: float) -> float:
    """Return the effective width after Heat Roadmap Europe [m], see `effective_width_persson_2011`.

    Notes
    -----
    ``w = 137.5 e + 5`` up to a plot ratio of 0.4, and 60 m above; trenches are denser than in the
    fit of 2011 where the plot ratio is low.

    References
    ----------
    Persson, Wiechers, Moeller and Werner 2019, Heat Roadmap Europe: Heat distribution costs,
    Energy 176, 604-622; coefficients as in github.com/fallahnejad/dh_economic_assessment.

    Examples
    --------
    >>> effective_width_hre_2019(0.5), effective_width_hre_2019(0.2)
    (60.0, 32.5)
    """
    return 137.5 * plot_ratio + 5 if plot_ratio <= 0.4 else 60.0


def effective_width_seenergies(plot_ratio: float) -> float:
    """Return the effective width after sEEnergies [m], see `effective_width_persson_2011`.

    Notes
    -----
    ``w = exp(2) / e`` up to a plot ratio of ``exp(-2)``, and ``exp(4)`` above; trenches are sparser
    than in the fit of 2011 where the plot ratio is low. Service pipes are a term of their own.

    References
    ----------
    sEEnergies, deliverable D4.5; coefficients as in github.com/fallahnejad/dh_economic_assessment.

    Examples
    --------
    >>> round(effective_width_seenergies(0.5), 4), round(effective_width_seenergies(0.1), 4)
    (54.5982, 73.8906)
    """
    return math.exp(2) / plot_ratio if plot_ratio <= math.exp(-2) else math.exp(4)


EFFECTIVE_WIDTHS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "persson_2011": effective_width_persson_2011,
        "hre_2019": effective_width_hre_2019,
        "seenergies": effective_width_seenergies,
    }
)
"""Known formulas of the effective width; a new one is a function and a line here."""


def linear_heat_density_gj_per_m(
    annual_demand_mwh: float, land_area_m2: float, effective_width_m: float
) -> float:
    """Return the heat delivered each year per metre of distribution trench.

    Parameters
    ----------
    annual_demand_mwh
        Heat demand of an area [MWh/a].
    land_area_m2
        Its land area, above 0 [m²].
    effective_width_m
        Land area over trench length [m].

    Returns
    -------
    Linear heat density; the formulas of diameter and cost need GJ, not MWh [GJ/(m a)].

    Examples
    --------
    >>> round(linear_heat_density_gj_per_m(400, 10_000, 68.5714), 4)
    9.8743
    """
    return gj_from_mwh(annual_demand_mwh) / land_area_m2 * effective_width_m


def published_trench_cost_eur_per_m(mean_diameter_m: float, curve: str) -> float:
    """Return the trench cost after a published line, to compare a catalogue with.

    Parameters
    ----------
    mean_diameter_m
        Mean inner diameter [m].
    curve
        A name of `COST_CURVES`.

    Returns
    -------
    Construction cost per metre of trench, in money of the year of the curve [EUR/m].

    Examples
    --------
    >>> round(published_trench_cost_eur_per_m(0.1, "hre_2019"), 1)
    658.4
    """
    constant, slope = COST_CURVES[curve]
    return constant + slope * mean_diameter_m


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
    effective_width: str = "persson_2011",
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
    effective_width
        A name of `EFFECTIVE_WIDTHS`.

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
    length_m = land_area_m2 / EFFECTIVE_WIDTHS[effective_width](floor_area_m2 / land_area_m2)
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
