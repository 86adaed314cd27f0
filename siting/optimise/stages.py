"""Say which stages of the search run; all of them unless one is switched off."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

__all__ = ["ALL_STAGES", "NO_STAGES", "Stages"]


@dataclass(frozen=True)
class Stages:
    """Which stages of the search run.

    No stage changes which plan is best, only how soon it is found and proven: every one of them
    can be left out. What is left with all of them off is the plain program given to the solver.

    Parameters
    ----------
    contract
        Make the graph smaller without changing its plans: dead ends, chains of streets, parallel
        streets, streets that a detour always replaces.
    ascend
        Bound by dual ascent on the priced problem.
    construct
        Build plans by shortest paths and pruning.
    exchange
        Improve plans by swapping zones, junctions and paths.
    eliminate
        Drop sites, zones and streets that provably are in no better plan.
    mix
        Solve a small integer program on the parts of good plans.
    cuts
        Add violated directed cuts to the relaxation.
    slivers
        Add rows against pipes too large for the zones behind them to the relaxation.
    narrow
        Narrow the base capacity that zones take.
    branch_sites
        Decide on sites first, each branch with its own bound.
    sift
        Drop zones one by one where all sites are decided.

    Examples
    --------
    >>> Stages().without("ascend", "mix").ascend
    False
    """

    contract: bool = True
    ascend: bool = True
    construct: bool = True
    exchange: bool = True
    eliminate: bool = True
    mix: bool = True
    cuts: bool = True
    slivers: bool = True
    narrow: bool = True
    branch_sites: bool = True
    sift: bool = True

    def without(self, *names: str) -> Stages:
        """Return the same stages with some of them off."""
        return replace(self, **dict.fromkeys(names, False))

    def only(self, *names: str) -> Stages:
        """Return these stages alone, as far as they are on here."""
        return self.without(*(each for each in self.names() if each not in names))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all stages."""
        return tuple(each.name for each in fields(cls))

    def __str__(self) -> str:
        """Return what is off in words."""
        off = [name for name in self.names() if not getattr(self, name)]
        return f"without {', '.join(off)}" if off else "all stages"


ALL_STAGES = Stages()
NO_STAGES = Stages().only()
