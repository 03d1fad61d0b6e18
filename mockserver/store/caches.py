"""Caches of what was computed from the journal, valid until their sources change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Hashable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from mockserver.model.session import Session
from mockserver.rules.lifecycle import Limits

__all__ = ["Cache", "Caches", "Outdated"]

T = TypeVar("T")

_TRAFFIC_EVENTS = 40_000
"""How many parsed events are kept: at one to two kilobytes each, a fraction of what the journal itself may take."""

_REPORTS = 256

# About what they take: a parsed event with what rules note about it; a finding; a report; a session.
_EVENT_BYTES = 1_700
_FINDING_BYTES = 1_200
_REPORT_BYTES = 10_000
_OUTDATED_BYTES = 500


class _Kept(msgspec.Struct, Generic[T], frozen=True):
    stamp: Any
    value: T
    weight: int


class _Turn:
    """The lock of the thread that computes an answer, and how many threads use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0


class Cache(Generic[T]):
    """Answers by name, each with a stamp of its source. All methods may be called from any thread.

    Args:
        room: The largest sum of the weights of all answers; None for no limit.
        latest: What is dropped when there is no room: the least recently used answer, or, if False, the new one, which
            is then not kept. The latter suits answers that are read one after the other, over and over: there the least
            recently used answer is the one that is needed next.
    """

    def __init__(self, room: int | None = None, *, latest: bool = True) -> None:
        self._room = room
        self._latest = latest
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept[T]] = {}
        self._turns: dict[Hashable, _Turn] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def weight(self) -> int:
        """The sum of the weights of all answers."""
        return self._weight

    def get(
        self, name: Hashable, stamp: object, compute: Callable[[], T], weigh: Callable[[T], int] = lambda value: 1
    ) -> T:
        """Return an answer; compute it if it is missing or its stamp has changed.

        While one thread computes an answer, others wait for it, so that it is not computed twice.
        """
        kept = self._current(name, stamp)
        if kept is not None:
            return kept.value
        with self._lock:
            turn = self._turns.setdefault(name, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                kept = self._current(name, stamp)
                if kept is None:
                    value = compute()
                    kept = _Kept(stamp, value, weigh(value))
                    self._keep(name, kept)
                return kept.value
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._turns[name]

    def last(self, name: Hashable) -> T | None:
        """Return the last answer, even if it is out of date; None if there is none."""
        kept = self._kept.get(name)
        return None if kept is None else kept.value

    @property
    def contents(self) -> dict[Hashable, Any]:
        """The container of the answers, for a caller that no longer uses this cache."""
        return self._kept

    def retain(self, names: Container[Hashable]) -> None:
        """Drop the answers of all other names."""
        with self._lock:
            for name in [name for name in self._kept if name not in names]:
                self._drop(name)

    def _current(self, name: Hashable, stamp: object) -> _Kept[T] | None:
        kept = self._kept.get(name)
        if kept is None or kept.stamp != stamp:
            return None
        if self._latest and self._room is not None:
            with self._lock:
                if self._kept.get(name) is kept:
                    self._kept[name] = self._kept.pop(name)
        return kept

    def _keep(self, name: Hashable, kept: _Kept[T]) -> None:
        with self._lock:
            if name in self._kept:
                self._drop(name)
            if not self._latest and self._room is not None and self._weight + kept.weight > self._room:
                return
            self._kept[name] = kept
            self._weight += kept.weight
            while self._room is not None and self._weight > self._room:
                self._drop(next(iter(self._kept)))

    def _drop(self, name: Hashable) -> None:
        self._weight -= self._kept.pop(name).weight


class Outdated(NamedTuple):
    """A session as it was saved, with its limits, and the same session with timeouts applied."""

    session: Session
    limits: Limits
    at_ms: int
    after: Session


class Caches:
    """The caches of one namespace.

    Attributes:
        overall: The findings of the whole namespace.
        findings: The findings by session; kept for all sessions, because they are small.
        traffic: What rules look at, by session. Rules about all traffic look at all sessions in turn.
        reports: The reports by session.
        outdated: The sessions that time has closed or forgotten since they were saved.
    """

    def __init__(self) -> None:
        self.overall: Cache[Any] = Cache()
        self.findings: Cache[Any] = Cache()
        self.traffic: Cache[Any] = Cache(_TRAFFIC_EVENTS, latest=False)
        self.reports: Cache[Any] = Cache(_REPORTS)
        self.outdated: dict[str, Outdated] = {}

    @property
    def contents(self) -> tuple[dict[Any, Any], ...]:
        """The containers of all answers, for a caller that no longer uses these caches."""
        kept = (cache.contents for cache in (self.overall, self.findings, self.traffic, self.reports))
        return *kept, self.outdated

    @property
    def size_bytes(self) -> int:
        """The estimated size of all answers. The weight of the findings of a session is their number plus one."""
        return (
            self.traffic.weight * _EVENT_BYTES
            + self.findings.weight * _FINDING_BYTES
            + len(self.reports) * _REPORT_BYTES
            + len(self.outdated) * _OUTDATED_BYTES
        )

    def retain(self, sids: Container[Hashable]) -> None:
        """Drop the answers about all other sessions."""
        for answers in (self.findings, self.traffic, self.reports):
            answers.retain(sids)
        self.outdated = {sid: known for sid, known in self.outdated.copy().items() if sid in sids}
