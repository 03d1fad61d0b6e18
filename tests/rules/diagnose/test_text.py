from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.model.finding import Finding, Severity
from mockserver.model.results import SessionView
from mockserver.model.session import Content, Deadlines
from mockserver.model.vocabulary import ClosedBy, Phase
from mockserver.rules.diagnose.text import findings_text

NOTHING = Content()
CLIP = Content(media_id="clip-7", media_name='A "clip"', player_name="player", library_version="js-3.1.0")


def finding(code: str, severity: Severity, session_id: str | None = "a", *, seqs: tuple[int, ...] = (1,)) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        message=f"{code} was seen, and so long a sentence has to be broken where a terminal would break it anyway.",
        consequence="Numbers are wrong.",
        session_id=session_id,
        seqs=seqs,
        source="Adobe",
    )


def session(sid: str, *, content: Content = NOTHING, **members: Any) -> SessionView:
    known: dict[str, Any] = {
        "session_id": sid,
        "sid": sid,
        "seq": 1,
        "dialect": "collection",
        "phase": Phase.OPEN,
        "closed_by": None,
        "opened_ms": 0,
        "last_event_ms": 0,
        "closed_ms": None,
        "age_ms": 0,
        "events": 1,
        "refused": 0,
        "struck": 0,
        "complete": False,
        "downloaded": False,
        "playhead_s": 0,
        "content": content,
        "deadlines": Deadlines(),
        "grace_ms": {},
    }
    return SessionView(**{**known, **members})


@pytest.mark.parametrize("lines", [None, {n: n + 100 for n in range(1, 13)}], ids=["entries", "lines"])
def test_findings_of_several_sessions_and_of_none_are_grouped(
    lines: dict[int, int] | None, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    sessions = [
        session("a", content=CLIP, phase=Phase.CLOSED, closed_by=ClosedBy.IDLE, events=12, complete=True),
        session("b", content=CLIP, phase=Phase.CLOSED, closed_by=ClosedBy.SESSION_END),
        session("c"),
    ]
    findings = [
        finding("ad.first", Severity.ERROR, seqs=(2, 3)),
        finding("request.refused", Severity.ERROR, None, seqs=()),
        finding("request.unknown", Severity.ERROR, "nobody"),
        finding("ping.second", Severity.WARNING, seqs=tuple(range(1, 13))),
        finding("ts.third", Severity.INFO, "c", seqs=(12,)),
    ]
    name = request.node.callspec.id
    golden(f"diagnose/text-{name}.txt", findings_text(findings, sessions, lines) + "\n")


def test_absence_of_findings_is_stated() -> None:
    text = findings_text([], [session("a", content=CLIP)])
    assert text.endswith("\n  nothing found\n\n1 session: nothing found")


def test_no_traffic_at_all_is_one_line() -> None:
    assert findings_text([], []) == "0 sessions: nothing found"


def test_name_of_a_client_cannot_add_lines() -> None:
    content = Content(media_id="a\nsession b", media_name="x\ny", player_name="p\r\nq" + "z" * 100)
    lines = findings_text([], [session("a", content=content)]).splitlines()
    assert lines[1] == '  a session b "x\\ny"'
    assert lines[2].startswith("  p  qz")
    assert lines[2].endswith("z...")
