"""What a fault rule may ask of a value beside equality: a range of numbers, the beginning of a text."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from mockserver.errors import InvalidInput
from mockserver.model.fault import Range

__all__ = ["Span", "Texts", "Wanted", "span", "texts"]


class Span(msgspec.Struct, frozen=True):
    """The numbers from ``at_least`` to just below ``below``; None for no limit."""

    at_least: float | None
    below: float | None

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)

    def __str__(self) -> str:
        ends = (("at least", self.at_least), ("below", self.below))
        return " and ".join(f"{word} {number:g}" for word, number in ends if number is not None) or "a number"


class Texts(msgspec.Struct, frozen=True):
    """Texts that are meant word for word, or by their beginning."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and (value in self.whole or value.startswith(self.beginnings))

    def __str__(self) -> str:
        return " or ".join(sorted((*self.whole, *(f"{beginning}*" for beginning in self.beginnings))))


Wanted = Span | Texts
"""Anything that can tell whether a value is meant, and say so in words. Nothing that is unknown is ever meant."""


def span(range_: Range) -> Span:
    """Check a range.

    Raises:
        InvalidInput: No number can lie in it.
    """
    for name, number in (("at_least", range_.at_least), ("below", range_.below)):
        if number is not None and not math.isfinite(number):
            raise InvalidInput(f"{name} must be a number, not {number}", pointer=f"/{name}")
    if range_.at_least is not None and range_.below is not None and range_.at_least >= range_.below:
        raise InvalidInput(
            f"at_least ({range_.at_least:g}) must be less than below ({range_.below:g})", pointer="/at_least"
        )
    return Span(range_.at_least, range_.below)


def texts(value: str | tuple[str, ...]) -> Texts:
    """Read one text or several; one that ends with ``*`` means all that begin so."""
    values: tuple[Any, ...] = (value,) if isinstance(value, str) else tuple(value)
    return Texts(
        frozenset(text for text in values if not text.endswith("*")),
        tuple(text[:-1] for text in values if text.endswith("*")),
    )
