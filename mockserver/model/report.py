"""What Adobe's back end would report about a session, and how each number came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mockserver.errors import nearest

__all__ = ["AdReport", "ChapterReport", "Metric", "Note", "Part", "SessionReport", "StateReport"]


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a number.

    Args:
        seqs: The journal entries: the first and the last of an interval, or each of several events.
        value: What it contributes, in the unit of the metric.
        note: What it is, in words.
    """

    seqs: tuple[int, ...]
    value: Any
    note: str


class Metric(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One number, or one computed dimension.

    Args:
        name: Its name in Python, with the unit of ``exact``.
        label: Its name in Adobe's reports.
        key: Its context data variable; None for a derived ratio.
        xdm: Its field below ``xdm.mediaReporting``; None if there is none.
        value: The value that is reported: whole seconds and kilobits rounded down, flags True; None if it is not sent.
        exact: The value before rounding, for assertions; flags are True or False. None also if events that it depends
            on are no longer there, as when the journal has dropped the beginning of a session.
        why: The parts it was computed from.
    """

    name: str
    label: str
    key: str | None
    xdm: str | None
    value: Any
    exact: Any
    why: tuple[Part, ...] = ()


class _Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Something with metrics; read the exact value of each as an attribute of its name.

    Args:
        metrics: All its metrics, also those that are not sent.
    """

    metrics: tuple[Metric, ...]

    def _metrics(self) -> Sequence[Metric]:
        return self.metrics

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for metric in self._metrics():
                if metric.name == name:
                    return metric.exact
        raise AttributeError(f"{type(self).__name__} has no {name!r}{self._near(name)}", name=name, obj=self)

    def metric(self, key: str) -> Metric:
        """Return a metric by its context data variable, such as ``a.media.timePlayed``, or by its name.

        Raises:
            KeyError: There is none.
        """
        for metric in self._metrics():
            if key in (metric.key, metric.name):
                return metric
        raise KeyError(f"{type(self).__name__} has no metric {key!r}{self._near(key)}")

    def _near(self, name: str) -> str:
        if name.startswith("_"):
            return ""
        known = [name for metric in self._metrics() for name in (metric.name, metric.key) if name]
        return nearest(name, [*known, *self.__struct_fields__])


class AdReport(_Measured, frozen=True, kw_only=True):
    """One ad, as its ad start and ad close calls report it.

    Args:
        number: Its number in the session, from 1.
        break_number: The number of its break in the session, from 1.
        ended_by: The type of the event that ended it; None if it was still open at the end.
        reported: Whether reports show it at all: not without an ad id (Adobe, "Ad").
        dimensions: Its dimensions, by context data variable.
    """

    number: int
    break_number: int
    ended_by: str | None
    reported: bool
    dimensions: Mapping[str, Any]


class ChapterReport(_Measured, frozen=True, kw_only=True):
    """One chapter, as its close call reports it. For the members see :class:`AdReport`."""

    number: int
    ended_by: str | None
    dimensions: Mapping[str, Any]


class StateReport(_Measured, frozen=True, kw_only=True):
    """One player state; ``name`` in lower case, as the back end writes it."""

    name: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something to know about the numbers.

    Args:
        seqs: The journal entries it is about.
        text: The note.
        readings: Where Adobe's pages can be read in several ways: the numbers for each value of the setting.
    """

    seqs: tuple[int, ...]
    text: str
    readings: Mapping[str, Mapping[str, Any]] = {}


class SessionReport(_Measured, frozen=True, kw_only=True):
    """Everything the back end would compute from one session.

    Args:
        session_id: The session.
        as_of_ms: When it was computed, on the emulated clock.
        final: Whether the session is closed or complete. If not, the report shows what closing it now would give.
        reported: Whether reports show it at all: not without a content id (Adobe, "Content").
        summary: The figures that matter, each in a sentence that says how it came about.
        ratios: Adobe's calculated metrics for this session; None where the divisor is 0.
        ads: Its ads in order.
        chapters: Its chapters in order.
        states: Its player states, in order of first use.
        dimensions: Its dimensions, by context data variable.
        built_in_segments: The built-in segments of Adobe that it belongs to.
        notes: What to know about the numbers.
    """

    session_id: str
    as_of_ms: int
    final: bool
    reported: bool
    summary: tuple[str, ...]
    ratios: tuple[Metric, ...]
    ads: tuple[AdReport, ...]
    chapters: tuple[ChapterReport, ...]
    states: tuple[StateReport, ...]
    dimensions: Mapping[str, Any]
    built_in_segments: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def provisional(self) -> bool:
        """Whether the numbers can still change."""
        return not self.final

    def state(self, name: str) -> StateReport:
        """Return a player state by its name, in any case.

        Raises:
            KeyError: It was never on.
        """
        for state in self.states:
            if state.name == name.lower():
                return state
        raise KeyError(
            f"the state {name!r} was never on; these were: {', '.join(s.name for s in self.states) or 'none'}"
        )

    def _metrics(self) -> Sequence[Metric]:
        return [*self.metrics, *self.ratios]
