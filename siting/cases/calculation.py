"""Work out the figures of one case, each from those it names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from siting.cases.expressions import DEFAULT, evaluate, names_in, parsed
from siting.cases.quantities import Quantity, UnitError
from siting.cases.schema import Assumed, Case, Check, Figure, Item, Missing, Published, Step
from siting.parameters import Parameters

__all__ = ["Calculation", "MissingFigure", "UnknownName", "spread"]

MOST_RANGED = 10


class MissingFigure(Exception):
    """A calculation needs figures that were never published; they are its arguments."""


class UnknownName(ValueError):
    """A calculation names a figure that the case does not hold, or goes in a circle."""


class Calculation:
    """The figures of one case, worked out once each.

    Parameters
    ----------
    case
        The case.
    parameters
        The packaged defaults.
    chosen
        Values to use in the place of given ones, by key, in their unit.
    pretend
        Whether missing figures count as 1, to see whether units fit.
    """

    def __init__(
        self,
        case: Case,
        parameters: Parameters,
        chosen: Mapping[str, float] | None = None,
        *,
        pretend: bool = False,
    ) -> None:
        self._case, self._parameters = case, parameters
        self._chosen, self._pretend = chosen or {}, pretend
        self._known: dict[str, Quantity] = {}
        self._open: list[str] = []

    def value(self, name: str) -> Quantity:
        """Return one figure.

        Raises
        ------
        UnknownName
            The case holds no such figure, or it rests on itself.
        MissingFigure
            It rests on figures that were never published.
        UnitError, ExpressionError, InputError, ZeroDivisionError
            It cannot be computed.
        """
        if name not in self._known:
            if name in self._open:
                raise UnknownName(f"'{name}' rests on itself: {' > '.join([*self._open, name])}")
            self._open.append(name)
            try:
                self._known[name] = self._work_out(name)
            finally:
                self._open.pop()
        return self._known[name]

    def compute(self, text: str, unit: str) -> float:
        """Return the value of a calculation in a unit."""
        tree = parsed(text)
        absent = [name for name in self.leaves(text) if self._is_missing(name)]
        if absent and not self._pretend:
            raise MissingFigure(*absent)
        return evaluate(tree, self.value, self._parameters).to(unit)

    def limit(self, edge: float | str | None, unit: str) -> float | None:
        """Return one end of an expected range, which may be a calculation."""
        return self.compute(edge, unit) if isinstance(edge, str) else edge

    def leaves(self, text: str) -> tuple[str, ...]:
        """Return the given and missing figures, and defaults, that a calculation rests on."""
        found: dict[str, None] = {}
        seen: set[str] = set()

        def visit(words: str) -> None:
            for name in names_in(parsed(words)):
                if name in seen:
                    continue
                seen.add(name)
                item = self._item(name)
                if isinstance(item, Step | Check):
                    visit(item.compute)
                else:
                    found[name] = None

        visit(text)
        return tuple(found)

    def _item(self, name: str) -> Item | None:
        """Return a figure of the case; nothing for a default."""
        head, _, parameter = name.partition(".")
        if head == DEFAULT:
            if parameter not in self._parameters:
                raise UnknownName(f"there is no default '{parameter}' in the parameter table")
            return None
        if name not in self._case.items:
            raise UnknownName(f"the case holds no figure '{name}'")
        return self._case.items[name]

    def _is_missing(self, name: str) -> bool:
        return isinstance(self._item(name), Missing)

    def _work_out(self, name: str) -> Quantity:
        match self._item(name):
            case Published() | Assumed() as given:
                return Quantity.of(self._chosen.get(name, given.central), given.unit)
            case Missing(unit=unit):
                if not self._pretend:
                    raise MissingFigure(name)
                return Quantity.of(1.0, unit)
            case Step(compute=text, unit=unit) | Check(compute=text, unit=unit):
                for each in names_in(parsed(text)):
                    self._item(each)
                result = evaluate(parsed(text), self.value, self._parameters)
                result.to(unit)
                return result
            case _:  # pragma: no cover - defaults are read where they are named
                raise UnknownName(f"the case holds no figure '{name}'")


def spread(case: Case, parameters: Parameters, text: str, unit: str) -> tuple[float, float] | None:
    """Return the least and most of a calculation over the ends of all ranges it rests on.

    Returns
    -------
    Least and most [``unit``]; nothing where no figure is a range, or none of them matters.

    Notes
    -----
    Every combination of ends is computed; that is exact where the calculation rises or falls in
    each figure, as those of cases do.

    Raises
    ------
    UnitError
        More than ten figures are ranges.
    """
    leaves = Calculation(case, parameters).leaves(text)
    figures = [case.items[name] for name in leaves if name in case.items]
    ranged = [each for each in figures if isinstance(each, Figure) and len(each.ends) > 1]
    if not ranged:
        return None
    if len(ranged) > MOST_RANGED:
        raise UnitError(f"'{text}' rests on {len(ranged)} ranges; {MOST_RANGED} can be combined")
    results = [
        Calculation(case, parameters, chosen).compute(text, unit) for chosen in _corners(ranged)
    ]
    least, most = min(results), max(results)
    return None if math.isclose(least, most, rel_tol=1e-6) else (least, most)


def _corners(figures: Sequence[Figure]) -> Iterator[dict[str, float]]:
    """Yield every combination of the ends of some figures."""
    keys = [each.key for each in figures]
    for ends in itertools.product(*(each.ends for each in figures)):
        yield dict(zip(keys, ends, strict=True))
