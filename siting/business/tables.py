"""Lay the years of a plan's money and CO2 out as tables."""

from __future__ import annotations

import pandas as pd

from siting.business.case import BusinessCase

__all__ = ["business_tables", "cash_flow_table", "co2_table"]


def business_tables(case: BusinessCase) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan by the name of their sheet in the workbook."""
    return {"cash_flow": cash_flow_table(case), "co2": co2_table(case)}


def cash_flow_table(case: BusinessCase) -> pd.DataFrame:
    """Return income and cost of the company, one row for each year from 0.

    The line items stand before their sum `net_eur`; `present_value_eur` is that sum discounted to
    the start. Its total is the net present value of the company.
    """
    lines = case.flow.lines
    columns = {f"{name.replace(' ', '_')}_eur": list(line) for name, line in lines.items()}
    net = case.flow.net
    rate = case.discount_rate
    return pd.DataFrame(
        {
            "year": range(len(net)),
            **columns,
            "net_eur": net,
            "present_value_eur": [each / (1 + rate) ** year for year, each in enumerate(net)],
        }
    )


def co2_table(case: BusinessCase) -> pd.DataFrame:
    """Return what is emitted without and with the plan, one row for each year from 1."""
    years = case.co2_years
    return pd.DataFrame(
        {
            "year": range(1, len(years) + 1),
            "baseline_t": [each.baseline_t for each in years],
            "plan_fuel_t": [each.fuel_t for each in years],
            "plan_electricity_t": [each.electricity_t for each in years],
            "gross_saving_t": [each.gross_t for each in years],
            "net_saving_t": [each.net_t for each in years],
        }
    )
