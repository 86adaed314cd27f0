"""Assemble the mixed-integer program in the order of FORMULATION.md."""

from __future__ import annotations

from dataclasses import dataclass

import pulp

from siting.model import constraints as c
from siting.model.data import ModelData, prepare
from siting.model.objectives import Expressions, needs_annual_heat, write_expressions
from siting.model.variables import Variables, create_variables
from siting.problem import Problem

__all__ = ["Model", "build_model"]


@dataclass(frozen=True)
class Model:
    """A PuLP problem without its objective, with the way back to the data it was built from."""

    program: pulp.LpProblem
    data: ModelData
    variables: Variables
    expressions: Expressions


def build_model(
    problem: Problem,
    *,
    source_rows: bool = True,
    annual: bool | None = None,
    flow_limit_mw: float | None = None,
    program: pulp.LpProblem | None = None,
) -> Model:
    """Return the model of a problem, one named piece after another.

    Parameters
    ----------
    problem
        The bare problem.
    source_rows
        Write down what a pipe may carry from each source. The search leaves these rows out and
        adds the few that matter (`siting.optimise.slivers`).
    annual
        Trace the heat of the year to the sites; absent, where the objective needs it.
    flow_limit_mw
        Most heat that any pipe may have to carry [MW], see `siting.model.data.prepare`.
    program
        Where to write; a new program if absent.
    """
    data = prepare(problem, flow_limit_mw)
    if program is None:
        program = pulp.LpProblem("siting", pulp.LpMinimize)
    wanted = needs_annual_heat(data) if annual is None else annual
    variables = create_variables(program, data, annual=wanted)
    expressions = write_expressions(data, variables)

    c.constraint_one_option(program, data, variables)
    c.constraint_installed_capacity(program, data, variables)
    c.constraint_one_trench(program, data, variables)
    c.constraint_pipe_capacity(program, data, variables)
    if source_rows:
        c.constraint_pipe_capacity_by_source(program, data, variables)
    c.constraint_heat_balance(program, data, variables)
    c.constraint_heat_balance_by_source(program, data, variables)
    c.constraint_base_within_peak(program, data, variables)
    c.constraint_load_duration(program, data, variables)
    c.constraint_zone_is_reached(program, data, variables)
    c.constraint_pipe_is_fed(program, data, variables)
    c.constraint_pipe_leads_on(program, data, variables)
    if variables.annual_source:
        c.constraint_annual_balance(program, data, variables)
        c.constraint_annual_pipe_capacity(program, data, variables)
        c.constraint_annual_output(program, data, variables)
        c.constraint_pipe_covers_its_loss(program, data, variables)
    c.constraint_mandatory_site(program, data, variables)
    c.constraint_number_of_sites(program, data, variables)
    c.constraint_number_of_zones(program, data, variables)
    c.constraint_budget(program, data, expressions.capex)
    c.constraint_minimum_heat(program, data, expressions.heat)
    return Model(program, data, variables, expressions)
