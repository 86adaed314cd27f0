"""Capital recovery and heat per euro agree with figures worked out by hand (checks T6 and T10)."""

from __future__ import annotations

import math

import pytest

from siting.economics import annuity_factor, crf, heat_per_euro
from siting.errors import InputError


@pytest.mark.parametrize(
    ("rate", "life", "expected"),
    [
        (0.05, 40, 0.058278),
        (0.05, 25, 0.070952),
        (0.035, 40, 0.046827),
        (0.08, 20, 0.101852),
        (0.0, 40, 0.025),
    ],
)
def test_capital_recovery_factor(rate: float, life: float, expected: float) -> None:
    """T6."""
    assert crf(rate, life) == pytest.approx(expected, abs=5e-7)


def test_annuity_factor() -> None:
    """T6; the inverse of the capital recovery factor."""
    assert annuity_factor(0.05, 40) == pytest.approx(17.1591, abs=5e-5)
    assert annuity_factor(0.05, 25) == pytest.approx(14.0939, abs=5e-5)
    assert annuity_factor(0.05, 40) * crf(0.05, 40) == pytest.approx(1.0)


def test_tiny_rates_join_the_rate_of_zero() -> None:
    assert crf(1e-12, 40) == pytest.approx(crf(0.0, 40), rel=1e-9)


@pytest.mark.parametrize(("rate", "life"), [(-0.01, 40), (math.nan, 40), (0.05, 0), (0.05, -1)])
def test_impossible_finance_is_refused(rate: float, life: float) -> None:
    with pytest.raises(InputError):
        crf(rate, life)


def test_heat_per_euro() -> None:
    """T10: three plans of the toy case."""
    assert heat_per_euro(10_000, 4_500_000) == pytest.approx(2.2222, abs=5e-5)
    assert heat_per_euro(20_000, 7_200_000) == pytest.approx(2.7778, abs=5e-5)
    assert heat_per_euro(45_000, 15_050_000) == pytest.approx(2.9900, abs=5e-5)


def test_heat_per_euro_at_the_edges() -> None:
    assert heat_per_euro(0, 0) == 0
    assert heat_per_euro(0, 5) == 0
    assert heat_per_euro(1, 0) == math.inf
    with pytest.raises(InputError):
        heat_per_euro(math.nan, 1)
    with pytest.raises(InputError):
        heat_per_euro(1, -1)
