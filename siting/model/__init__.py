"""The mixed-integer program: FORMULATION.md says in words what these modules say in code."""

from siting.model.build import Model, build_model

__all__ = ["Model", "build_model"]
