"""Say what a plan does for data-centre operators: heat reused, cooling saved, income."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from siting.plan import Plan
from siting.units import HOURS_PER_A

__all__ = [
    "OperatorEffects",
    "energy_reuse_effectiveness",
    "energy_reuse_factor",
    "operator_effects",
    "operator_kpis",
    "together",
]


@dataclass(frozen=True)
class OperatorEffects:
    """A year of one data centre, or of several together, with its heat recovered.

    Parameters
    ----------
    source_heat_mwh
        Heat taken from the data centre at its own temperature [MWh/a].
    available_heat_mwh
        Heat that could be taken over the year [MWh/a].
    it_energy_mwh, total_energy_mwh
        Electricity of the servers, and of the data centre as a whole, without what heat recovery
        saves [MWh/a]; not a number where the IT load is not known.
    cooling_saved_mwh, cooling_saved_eur
        Electricity for cooling that is saved as heat is taken [MWh/a], and its worth [EUR/a].
    heat_income_eur
        What is paid for the heat [EUR/a].
    """

    source_heat_mwh: float
    available_heat_mwh: float
    it_energy_mwh: float
    total_energy_mwh: float
    cooling_saved_mwh: float
    cooling_saved_eur: float
    heat_income_eur: float

    @property
    def used_share(self) -> float:
        """Heat taken over heat that could be taken [-]."""
        return _ratio(self.source_heat_mwh, self.available_heat_mwh)

    @property
    def erf(self) -> float:
        """Energy reuse factor [-]."""
        return energy_reuse_factor(self.source_heat_mwh, self.total_energy_mwh)

    @property
    def ere(self) -> float:
        """Energy reuse effectiveness [-]."""
        return energy_reuse_effectiveness(self.pue, self.erf)

    @property
    def pue(self) -> float:
        """Total over IT electricity as it would be without heat recovery [-]."""
        return _ratio(self.total_energy_mwh, self.it_energy_mwh)

    @property
    def pue_with_recovery(self) -> float:
        """Total over IT electricity, less the cooling that is saved [-]."""
        return _ratio(self.total_energy_mwh - self.cooling_saved_mwh, self.it_energy_mwh)

    @property
    def benefit_eur(self) -> float:
        """Income for the heat and cooling saved [EUR/a]."""
        return self.cooling_saved_eur + self.heat_income_eur


def energy_reuse_factor(reused_mwh: float, total_energy_mwh: float) -> float:
    """Return the energy reuse factor (ERF) of a data centre.

    Parameters
    ----------
    reused_mwh
        Heat that leaves the data centre for use outside, at its boundary: before any heat pump of
        the network, and without its electricity [MWh/a].
    total_energy_mwh
        Energy that the data centre uses, ``PUE`` times that of its servers [MWh/a].

    Returns
    -------
    ERF, 0 to 1 [-]; not a number where the energy is not known.

    References
    ----------
    ISO/IEC 30134-6:2021, Energy Reuse Factor; EN 50600-4-6.

    Examples
    --------
    >>> round(energy_reuse_factor(30_373.9, 1.3 * 6 * 8760), 4)
    0.4445
    """
    return _ratio(reused_mwh, total_energy_mwh)


def energy_reuse_effectiveness(pue: float, erf: float) -> float:
    """Return the energy reuse effectiveness (ERE) of a data centre.

    Parameters
    ----------
    pue
        Total over IT energy [-].
    erf
        Energy reuse factor [-].

    Returns
    -------
    ``PUE (1 - ERF)``, which is energy less reuse over IT energy [-].

    References
    ----------
    The Green Grid 2010, ERE: a metric for measuring the benefit of reuse energy.

    Examples
    --------
    >>> round(energy_reuse_effectiveness(1.3, 0.4445), 4)
    0.7222
    """
    return pue * (1 - erf)


def operator_effects(plan: Plan, site_heat: pd.DataFrame) -> dict[str, OperatorEffects]:
    """Return what a plan does for the operator of each chosen site, by site key.

    Parameters
    ----------
    plan
        The plan, with the heat that each site feeds in.
    site_heat
        The figures behind each site and option, see `siting.assembly.Assembly`.

    Notes
    -----
    Figures are those of a grown site in a normal year. The operator is taken to pay for cooling
    the same electricity price as the heat pump. What the network's heat pump uses is not the
    operator's energy, wherever it stands.
    """
    found = {}
    known = site_heat.to_dict("index")
    for each in plan.sites:
        facts = known[each.site, each.option]
        source = each.heat_mwh * float(facts["source_mw"] / facts["output_mw"])
        saved = source * float(facts["cooling_credit_mwh_per_mwh"])
        servers = float(facts["it_energy_mwh"])
        found[each.site] = OperatorEffects(
            source_heat_mwh=source,
            available_heat_mwh=HOURS_PER_A * float(facts["available_mw"]),
            it_energy_mwh=servers,
            total_energy_mwh=servers * float(facts["pue"]),
            cooling_saved_mwh=saved,
            cooling_saved_eur=saved * float(facts["electricity_price_eur_per_mwh"]),
            heat_income_eur=source * float(facts["waste_heat_price_eur_per_mwh"]),
        )
    return found


def together(effects: Iterable[OperatorEffects]) -> OperatorEffects:
    """Return several data centres as one; their energy is unknown if that of one is."""
    sums = [
        math.fsum(column)
        for column in zip(*(tuple(vars(each).values()) for each in effects), strict=True)
    ]
    return OperatorEffects(*sums) if sums else OperatorEffects(*([0.0] * 7))


def operator_kpis(effects: Mapping[str, OperatorEffects]) -> dict[str, float | str | None]:
    """Return the key figures of all chosen sites together, with units in their names.

    Examples
    --------
    >>> operator_kpis({})
    {}
    """
    if not effects:
        return {}
    whole = together(effects.values())
    figures = {
        "source_heat_mwh": whole.source_heat_mwh,
        "source_heat_used_share": whole.used_share,
        "erf": whole.erf,
        "ere": whole.ere,
        "pue": whole.pue,
        "pue_with_recovery": whole.pue_with_recovery,
        "cooling_saved_mwh": whole.cooling_saved_mwh,
        "cooling_saved_eur_per_a": whole.cooling_saved_eur,
        "waste_heat_income_eur_per_a": whole.heat_income_eur,
    }
    return {f"operator_{name}": _known(value) for name, value in figures.items()}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ratio(part: float, whole: float) -> float:
    """Return part over whole, not a number where the whole is nothing or not known."""
    return part / whole if whole > 0 else math.nan
