"""Judge a plan in money and CO2 from its own figures."""

from siting.business.case import BusinessCase, business_case
from siting.business.prices import plan_components
from siting.business.tables import business_tables

__all__ = ["BusinessCase", "business_case", "business_tables", "plan_components"]
