"""Findings and report of a day of playback: cold, after one more event, and when nothing has changed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from mockserver.admin.local_control import LocalControl
from mockserver.clock import Clock, RealTime
from mockserver.control import FINDINGS, REPORT, FindingQuery
from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest
from mockserver.namespaces import DEFAULT, Namespaces
from tests.bench.events import BODIES, HEADERS, START
from tests.bench.table import Figure

__all__ = ["diagnosis"]

_START_MS = 1_795_215_620_000
_EVENTS = 9_000
_PING_S = 9.59
_EVERY = 60
"""After how many events the viewer pauses for a moment."""

_QUIET = 0.9
"""The least share of its time on the processor with which a measurement counts as undisturbed."""


class _Day:
    """One session of almost 24 hours, on a clock that follows its events."""

    def __init__(self) -> None:
        self.now_ms = _START_MS
        clock = Clock(RealTime(lambda: self.now_ms, lambda: self.now_ms * 1_000_000))
        self.emulator = Emulator(clock=clock)
        start = START.replace(b"60.39", b"86400").replace(b'"vod"', b'"live"')
        plan = self._post("/api/v1/sessions", start)
        self.sid = plan.record.session_id or ""
        self.events = 1
        while self.events < _EVENTS:
            self.go_on()

    def go_on(self) -> None:
        """Post the next event."""
        kind = {1: "play", 0: "pauseStart"}.get(self.events % _EVERY, "ping")
        self.now_ms = _START_MS + round(self.events * _PING_S * 1000)
        body = BODIES["ping"].replace(b'"ping"', b'"%s"' % kind.encode())
        playhead = b"%d" % ((self.now_ms // 1000) % 86_400)
        body = body.replace(b"11.25", playhead).replace(b"1795215652000", b"%d" % self.now_ms)
        plan = self._post(f"/api/v1/sessions/{self.sid}/events", body)
        assert plan.response is not None
        assert plan.response.status == 204, plan.response
        self.events += 1

    def _post(self, path: str, body: bytes) -> AnswerPlan:
        plan = self.emulator.handle(HttpRequest("POST", path, path, HEADERS, body))
        assert isinstance(plan, AnswerPlan)
        return plan


def diagnosis(rounds: int) -> list[Figure]:
    """Measure findings and report of one session of 9,000 events, in the process, as an operation of the admin API."""
    day = _Day()
    control = LocalControl(Namespaces(lambda name: day.emulator), DEFAULT)

    def findings() -> object:
        return control.call(FINDINGS, FindingQuery())

    def report() -> object:
        return control.call(REPORT, None, sid=day.sid)

    def both() -> None:
        findings()
        report()

    def forget() -> None:
        day.emulator.caches = type(day.emulator.caches)()

    cold, more, again = _time(both, forget, rounds), _time(both, day.go_on, rounds), _time(both, lambda: None, rounds)
    alone = [_time(do, forget, rounds).median_ms for do in (findings, report)]
    what = f"findings and report of {_EVENTS:,} events"
    return [
        cold.figure(f"{what}, cold", 120, f"alone: findings {alone[0]:.0f} ms, report {alone[1]:.0f} ms"),
        more.figure(f"{what}, one more event", 40, "what was computed before is kept"),
        again.figure(f"{what}, unchanged", None, "no goal: kept answers"),
    ]


class _Times(NamedTuple):
    """How long something took.

    Args:
        median_ms: The median of the elapsed times.
        processor_ms: The median of the processor times, which other work on the machine hardly changes.
    """

    median_ms: float
    processor_ms: float

    def figure(self, name: str, goal_ms: float | None, note: str) -> Figure:
        within = goal_ms is None or self.processor_ms <= goal_ms
        disturbed = within and self.processor_ms < _QUIET * self.median_ms
        note = f"processor {self.processor_ms:.3g} ms; {note}"
        return Figure(name, self.median_ms, "ms", at_most=goal_ms, disturbed=disturbed, note=note)


def _time(do: Callable[[], object], before: Callable[[], object], rounds: int) -> _Times:
    walls, processors = [], []
    for _ in range(rounds):
        before()
        start_s, used_s = time.perf_counter(), time.process_time()
        do()
        walls.append((time.perf_counter() - start_s) * 1000)
        processors.append((time.process_time() - used_s) * 1000)
    return _Times(statistics.median(walls), statistics.median(processors))
