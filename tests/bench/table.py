"""Figures, each with its goal, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Figure", "show"]


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Args:
        name: What was measured.
        value: The median, in ``unit``.
        unit: ``x`` for a ratio; empty if ``note`` says it all.
        at_least: The goal, if more is better.
        at_most: The goal, if less is better.
        disturbed: Whether other work on the machine came between, so that the value says nothing about the goal.
        note: What else is to be known: absolute figures, spread, how it was measured.
    """

    name: str
    value: float | None
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    disturbed: bool = False
    note: str = ""

    def row(self) -> tuple[str, str, str, str, str]:
        """Return name, value, goal, whether it is reached, and the note."""
        value = "-" if self.value is None else f"{_number(self.value)} {self.unit}".rstrip()
        goal, reached = "", ""
        if self.at_least is not None:
            goal = f">= {_number(self.at_least)} {self.unit}"
            reached = _reached(self.value is not None and self.value >= self.at_least)
        elif self.at_most is not None:
            goal = f"<= {_number(self.at_most)} {self.unit}"
            reached = _reached(self.value is not None and self.value <= self.at_most)
        if reached and self.disturbed:
            reached = "disturbed"
        return self.name, value, goal, reached if self.value is not None else "", self.note


def show(figures: Iterable[Figure]) -> str:
    """Write the table."""
    head = ("figure", "measured", "goal", "", "note")
    rows: list[tuple[str, ...]] = [head, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    rows.insert(1, tuple("-" * width for width in (*widths, len("note"))))
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    name, value, goal, reached, note = row
    cells = (name.ljust(widths[0]), value.rjust(widths[1]), goal.ljust(widths[2]), reached.ljust(widths[3]), note)
    return "  ".join(cells).rstrip()


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"


def _reached(reached: bool) -> str:
    return "reached" if reached else "missed"
