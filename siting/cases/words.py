"""Write figures with their units as a planner reads them."""

from __future__ import annotations

from siting.cases.schema import Figure

__all__ = ["figure_words", "range_words", "value_words"]

PLURALS = frozenset({"home", "connection", "rack"})
FOUR_DIGITS = 1_000


def value_words(value: float, unit: str) -> str:
    """Return a value with its unit.

    Examples
    --------
    >>> value_words(9_500.4, "h/a"), value_words(0.16666, "t/MWh"), value_words(6_900, "home")
    ('9,500 h/a', '0.167 t/MWh', '6,900 homes')
    >>> value_words(0.4, "-")
    '0.4'
    """
    return f"{number_words(value)}{_tail(unit, value)}"


def figure_words(figure: Figure) -> str:
    """Return a given figure with its range and unit.

    Examples
    --------
    >>> figure_words(Figure(key="k", name="n", low=0.85, high=0.9, unit="-"))
    '0.85 to 0.9'
    >>> figure_words(Figure(key="k", name="n", value=3, low=2, high=4, unit="MW"))
    '3 (2 to 4) MW'
    """
    ends = " to ".join(number_words(each) for each in figure.ends)
    words = ends if figure.value is None else number_words(figure.value)
    if figure.value is not None and len(figure.ends) > 1:
        words = f"{words} ({ends})"
    return words + _tail(figure.unit, figure.ends[-1])


def range_words(low: float | None, high: float | None) -> str:
    """Return a range, which may be open at one end.

    Examples
    --------
    >>> range_words(1, 2), range_words(None, 8_760), range_words(0.5, None)
    ('1 to 2', 'at most 8,760', 'at least 0.5')
    """
    if low is None:
        return "" if high is None else f"at most {number_words(high)}"
    if high is None:
        return f"at least {number_words(low)}"
    return f"{number_words(low)} to {number_words(high)}"


def number_words(value: float) -> str:
    """Return a number with three digits or more, thousands apart.

    Examples
    --------
    >>> number_words(1_264.98), number_words(4.8504), number_words(999.6), number_words(0.00042)
    ('1,265', '4.85', '1,000', '0.00042')
    """
    rounded = float(f"{value:.3g}") if abs(value) < FOUR_DIGITS else round(value)
    return f"{rounded:,.0f}" if abs(rounded) >= FOUR_DIGITS else f"{rounded:.12g}"


def _tail(unit: str, value: float) -> str:
    if unit in {"-", "count", "1"}:
        return ""
    return f" {unit}s" if unit in PLURALS and value != 1 else f" {unit}"
