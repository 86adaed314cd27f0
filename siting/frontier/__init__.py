"""The frontier: the best plan for every budget, and the ceiling that no plan can cross."""

from siting.frontier.find import find_frontier, frontier_problem
from siting.frontier.result import Frontier, Point
from siting.frontier.shape import Line

__all__ = ["Frontier", "Line", "Point", "find_frontier", "frontier_problem"]
