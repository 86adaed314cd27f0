"""Say what a figure that a plan rests on tells of itself."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Assumption"]


class Assumption(Protocol):
    """A figure that the plan rests on: `siting.parameters.Parameter`, or anything like it."""

    @property
    def name(self) -> str:
        """Name, with its unit where it has one."""

    @property
    def value(self) -> float | str:
        """The figure or word that was used."""

    @property
    def unit(self) -> str:
        """Unit of the figure."""

    @property
    def source(self) -> str:
        """Where the default comes from."""

    @property
    def mark(self) -> str:
        """Grade of the source."""

    @property
    def overridden(self) -> bool:
        """Whether the study replaced the default."""

    @property
    def preset(self) -> str:
        """Country whose preset replaced the default, empty if none did."""

    @property
    def low(self) -> float | None:
        """Lower end of the usual range."""

    @property
    def high(self) -> float | None:
        """Upper end of the usual range."""

    @property
    def price_year(self) -> int | None:
        """Year of the money, where it is money."""

    @property
    def description(self) -> str:
        """What the figure is."""
