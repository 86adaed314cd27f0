"""Judge an investment: cash flow, measures, and the viewpoints of those who pay or gain."""

from siting.finance.cashflow import CashFlow, Component, investment_lines
from siting.finance.departure import discounted_survival_years, survival_probability
from siting.finance.measures import (
    Irr,
    Payback,
    annual_capital_cost,
    break_even_price,
    discounted_payback,
    internal_rate_of_return,
    levelised_cost,
    life_cycle_heat_per_euro,
    present_value,
    price_index,
)

__all__ = [
    "CashFlow",
    "Component",
    "Irr",
    "Payback",
    "annual_capital_cost",
    "break_even_price",
    "discounted_payback",
    "discounted_survival_years",
    "internal_rate_of_return",
    "investment_lines",
    "levelised_cost",
    "life_cycle_heat_per_euro",
    "present_value",
    "price_index",
    "survival_probability",
]
