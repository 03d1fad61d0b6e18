"""Public bug reports as traffic: each one played on a clock that follows the player, or read as a recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.admin.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.finding import Finding
from mockserver.model.http import HttpRequest
from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespace
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.lines import parse_lines
from tests.factories import inside
from tests.playbacks import Playground

__all__ = ["START_MS", "Played", "case_names", "played"]

_CASES = Path(__file__).parents[1] / "fixtures" / "cases"
START_MS = 1_767_270_000_000
"""What ``{"$ts": 0}`` stands for in a case: 2026-01-01T12:20:00Z."""


class Played(NamedTuple):
    """The result of a case.

    Args:
        emulator: Where it was played.
        statuses: The status of every answer.
        sids: The sessions it opened, in order.
    """

    emulator: Emulator
    statuses: list[int]
    sids: list[str]

    def findings(self) -> list[Finding]:
        """Return what was found, the worst first."""
        return Diagnosis(Namespace(self.emulator)).findings()

    def report(self, number: int = 1) -> SessionReport:
        """Return the report of the nth session."""
        return Diagnosis(Namespace(self.emulator)).report(self.sids[number - 1])


def case_names() -> list[str]:
    """Return the names of all cases; those that are recordings begin with ``whole/``."""
    return [
        *sorted(path.stem for path in _CASES.glob("*.json")),
        *sorted(f"whole/{path.stem}" for path in _CASES.glob("whole/*")),
    ]


@cache
def played(name: str) -> Played:
    """Return the result of a case. It is played once for all tests, which only read it."""
    return _recording(name) if name.startswith("whole/") else _case(name)


def _case(name: str) -> Played:
    """Send the requests of ``fixtures/cases/NAME.json``.

    In a path, ``{sid}`` is the newest session and ``{sid2}`` the second; ``{"$ts": n}`` in a body is n ms after
    :data:`START_MS`. The clock stands still and moves forward to the ``ts`` of a request, or to its ``at``.
    """
    case = json.loads((_CASES / f"{name}.json").read_text(encoding="utf-8"))
    ground = Playground()
    ground.now_ms = START_MS
    statuses: list[int] = []
    sids: list[str] = []
    for request in case["requests"]:
        if "wait_ms" in request:
            ground.now_ms += request["wait_ms"]
            continue
        body = _dated(request.get("body"))
        at_ms = START_MS + request["at"] if "at" in request else _ts_of(body)
        if at_ms is not None:
            ground.now_ms = max(ground.now_ms, at_ms)
        plan = ground.emulator.handle(_http(request, body, sids))
        assert isinstance(plan, AnswerPlan)
        assert plan.response is not None
        statuses.append(plan.response.status)
        if plan.response.status == 201:
            sids.append(plan.record.session_id or "")
    ground.now_ms += case.get("tail_ms", 0)
    return Played(ground.emulator, statuses, sids)


def _recording(name: str) -> Played:
    """Judge ``fixtures/cases/NAME.ndjson`` as ``mockserver diagnose`` does."""
    lines = (_CASES / f"{name}.ndjson").read_bytes().splitlines()
    emulator = inside(judge_file(parse_lines(lines, name), Settings(), leave_open=False).default)
    journal = emulator.journal
    records = [record for seq in range(1, journal.last_seq + 1) if (record := journal.get(seq)) is not None]
    return Played(
        emulator,
        [record.response.status for record in records if record.response is not None],
        [session.sid for session in emulator.sessions],
    )


def _http(request: Mapping[str, Any], body: Any, sids: list[str]) -> HttpRequest:
    target = request["path"]
    for number, sid in enumerate(sids, 1):
        target = target.replace(f"{{sid{number}}}", sid)
    if sids:
        target = target.replace("{sid}", sids[-1])
    headers = request.get("headers", {"Content-Type": "application/json"})
    content = request.get("text", "") if body is None else json.dumps(body)
    return HttpRequest(
        request.get("method", "POST"),
        target.partition("?")[0],
        target,
        tuple((name.encode(), value.encode()) for name, value in headers.items()),
        content.encode(),
    )


def _dated(value: Any) -> Any:
    if isinstance(value, dict):
        return START_MS + value["$ts"] if set(value) == {"$ts"} else {key: _dated(one) for key, one in value.items()}
    return [_dated(one) for one in value] if isinstance(value, list) else value


def _ts_of(body: Any) -> int | None:
    """Return the ``ts`` of an event if it is a time near the start of the case."""
    time = body.get("playerTime") if isinstance(body, dict) else None
    ts_ms = time.get("ts") if isinstance(time, dict) else None
    return ts_ms if isinstance(ts_ms, int) and abs(ts_ms - START_MS) < 10**9 else None
