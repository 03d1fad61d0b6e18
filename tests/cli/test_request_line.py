from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest

from mockserver.cli.request_line import request_line
from mockserver.model.journal import Entry, RecordedRequest, RecordedResponse, Violation
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from tests.tables import every_case

AT_MS = 1_795_230_187_125  # 2026-11-21 03:03:07.125 UTC
BERLIN = timezone(timedelta(hours=1))
SID = "3f9a12c0d4e5f6071829304a5b6c7d8e3f9a12c0d4e5f6071829304a5b6c7d8e"


def event(event_type: str, playhead: Any = 12.5) -> dict[str, Any]:
    return {"eventType": event_type, "playerTime": {"playhead": playhead, "ts": AT_MS}}


def make(status: int | None = 204, **changes: Any) -> Entry:
    """Make an entry: an accepted ping by default."""
    method, path = changes.pop("request", ("POST", f"/api/v1/sessions/{SID}/events"))
    fields: dict[str, Any] = {
        "seq": 1,
        "at_ms": AT_MS,
        "operation": Operation.EVENT,
        "session_id": SID,
        "event_type": "ping",
        "event": event(changes.get("event_type") or "ping"),
        "outcome": Outcome.ACCEPTED,
        "violations": (),
        "fault_ids": (),
        "draws": (),
        "request": RecordedRequest(method=method, path=path, headers=[], body="", body_encoding="utf-8"),
        "response": None
        if status is None
        else RecordedResponse(status=status, headers=[], body="", body_encoding="utf-8"),
        "delivery": Delivery.SENT,
    }
    return Entry(**{**fields, **changes})


MISSING = Violation("/params/media.id", "required", "media.id is missing; it is a string.")
OTHER = {"event_type": None, "event": None, "session_id": None}

SHOWN = {
    "preflight": make(200, operation=Operation.PREFLIGHT, request=("OPTIONS", "/api/v1/sessions"), **OTHER),
    "session start": make(201, operation=Operation.START, event_type="sessionStart", event=event("sessionStart", 0)),
    "ping": make(),
    "live playhead": make(event=event("ping", 86399.123)),
    "longest names": make(event_type="adBreakComplete", event=event("adBreakComplete", 1234.5678)),
    "refused": make(400, violations=(MISSING,)),
    "refused thrice": make(400, violations=(MISSING, MISSING, MISSING), session_id=None, event_type="sessionStart"),
    "whole body wrong": make(400, violations=(Violation("", "json", "the body is empty"),), **OTHER),
    "closed": make(410),
    "fault": make(500, fault_ids=("f1", "f3")),
    "reset": make(None, fault_ids=("f2",), delivery=Delivery.CUT),
    "download": make(201, operation=Operation.DOWNLOAD, event_type=None, event=[{}, {}, {}]),
    "schema": make(200, operation=Operation.SCHEMA, request=("GET", "/api/v1/schemas/ping"), **OTHER),
    "no route": make(404, operation=Operation.OTHER, request=("GET", "/favicon.ico"), **OTHER),
    "long target": make(404, operation=Operation.OTHER, request=("GET", "/" + "x" * 500), **OTHER),
}


def test_every_kind_of_request_has_its_line(golden: Callable[[str, str], None]) -> None:
    lines = [f"# {name}\n{request_line(entry, BERLIN)}\n" for name, entry in SHOWN.items()]
    lines.append(f"# other namespace\n{request_line(make(), BERLIN, 'blue')}\n")
    golden("cli/request_lines.txt", "".join(lines))


@every_case(
    ("changes", "shown"),
    [
        ({"event_type": "ping\x1b[31m\n"}, "ping\\x1b[31m\\n"),
        ({"session_id": "\r\n\x07"}, "\\r\\n\\x07"),
        ({"event_type": "\u202eping"}, "\\u202eping"),
        ({"event_type": "\ud800"}, "\\ud800"),
        ({**OTHER, "operation": Operation.OTHER, "request": ("GET", "/\x1b]0;title\x07")}, "GET /\\x1b]0;title\\x07"),
        ({"violations": (Violation("/\x1b", "x", "\x1b"),)}, "/\\x1b: \\x1b"),
    ],
)
def test_client_cannot_control_the_terminal(changes: dict[str, Any], shown: str) -> None:
    line = request_line(make(**changes))
    assert line.isascii()
    assert line.isprintable()
    assert shown in line


@every_case(
    "body",
    [None, [], "x", {}, {"playerTime": None}, *(event("ping", value) for value in ("1", None, True, 10**400))],
)
def test_playhead_that_is_not_a_number_is_left_out(body: Any) -> None:
    assert request_line(make(event=body)).endswith("  204")


@pytest.mark.parametrize("at_ms", [0, 253_402_300_799_999])
def test_any_time_of_the_emulated_clock_can_be_shown(at_ms: int) -> None:
    assert request_line(make(at_ms=at_ms), timezone(timedelta(hours=14)))[2] == ":"
    assert request_line(make(at_ms=at_ms))[2] == ":"
