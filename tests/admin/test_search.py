"""The search of the lists: what finds a session, and what finds a request."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.admin import entries, sessions
from mockserver.control import EventQuery, ExportQuery, SessionQuery
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput
from mockserver.model.fault_kind import StatusFault
from mockserver.model.finding import Severity
from mockserver.rules.search import FILTERS, parse_search
from tests.factories import emulator, fault, open_session, send, target
from tests.tables import every_case

AD = {
    "media.ad.id": "ad-1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p",
    "media.ad.name": "Fizz \u00dc",
}  # fmt: skip


@pytest.fixture(scope="module")
def back_end() -> Emulator:
    """A session with an ad outside of a break, and one that is struck by a fault, refused, and ended."""
    back_end = emulator()
    noir: dict[str, Any] = {"media.name": "Caf\u00e9 Noir", "media.id": "clip-7", "media.playerName": "Roku 4"}
    sid = open_session(back_end, **noir)
    send(back_end, sid, "play")
    send(back_end, sid, "adStart", playhead=20, params=AD)
    other: dict[str, Any] = {"media.name": "Other", "media.id": "clip-8", "media.playerName": "tvOS"}
    sid = open_session(back_end, **other)
    fault(back_end, StatusFault(code=503), times=1)
    send(back_end, sid, "ping")
    send(back_end, sid, "ping", unknown=1)
    send(back_end, sid, "sessionEnd")
    return back_end


def _names(back_end: Emulator, q: str = "", **query: Any) -> list[str | None]:
    page = sessions.sessions(target(back_end), SessionQuery(q=q, **query))
    assert page.meta.total == len(page.sessions) or "limit" in query or "skip" in query
    return [one.content.media_name for one in page.sessions]


def _seqs(back_end: Emulator, q: str = "", **query: Any) -> list[int]:
    return [entry.seq for entry in entries.events(target(back_end), EventQuery(q=q, **query)).events]


NOIR, OTHER = "Caf\u00e9 Noir", "Other"


@every_case(
    ("q", "names", "seqs"),
    [
        ("", [NOIR, OTHER], [1, 2, 3, 4, 5, 6, 7]),
        ("clip-7", [NOIR], [1, 2, 3]),
        ("CAF\u00c9", [NOIR], [1, 2, 3]),
        ("fizz", [NOIR], [3]),
        ("\u00fc", [], []),  # only of ASCII letters a body is found in either case
        ("adst", [NOIR], [3]),
        ("ad.outside-break", [NOIR], [3]),
        ('"caf\u00e9 noir" fizz', [NOIR], [3]),
        ("clip-7 clip-8", [], []),
        ("clip -clip-7", [OTHER], [4, 5, 6, 7]),
        ("finding:ad", [NOIR], [3]),
        ("finding:ad severity:error", [NOIR], [3]),
        ("finding:ad severity:warning", [], []),
        ("finding:params severity:errors", [OTHER], [6]),
        ("content:noir player:roku", [NOIR], [1, 2, 3]),
        ("event:ad", [NOIR], [3]),
        ("event:adstart,", None, None),
        ("-event:ping", [NOIR], [1, 2, 3, 4, 7]),
        ("status:503", [OTHER], [5]),
        ("status:4xx", [OTHER], [6]),
        ("outcome:invalid", [OTHER], [6]),
        ("fault:f1", [OTHER], [5]),
        ("phase:closed", [OTHER], [4, 5, 6, 7]),
        ("body:fizz", [NOIR], [3]),
        ("body:clip", [NOIR, OTHER], [1, 4]),
        ("media.ad.id=ad-1", [NOIR], [3]),
        ("/params/media.ad.id=ad-1", [NOIR], [3]),
        ('media.ad.name*="Fizz"', [NOIR], [3]),
        ("playhead>10", [NOIR], [3]),
        ("-playhead>10 event:s", [OTHER], [1, 4, 7]),
        ("/api/v1", [], []),
        ("-", [NOIR, OTHER], [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_words_filters_and_conditions_find_sessions_and_requests(
    back_end: Emulator, q: str, names: list[str] | None, seqs: list[int] | None
) -> None:
    if names is None:
        with pytest.raises(InvalidInput):
            _names(back_end, q)
        return
    assert _names(back_end, q) == names
    assert _seqs(back_end, q) == seqs


def test_beginning_of_a_session_id_finds_it(back_end: Emulator) -> None:
    sid = next(iter(back_end.sessions)).sid
    assert _names(back_end, sid[:8]) == _names(back_end, f"session:{sid[:8].upper()}") == [NOIR]
    assert _seqs(back_end, sid[:8]) == _seqs(back_end, session_id=f"{sid[:8]}*") == [1, 2, 3]


def test_findings_are_also_asked_for_by_name(back_end: Emulator) -> None:
    assert _names(back_end, finding="ad.") == [NOIR]
    assert _names(back_end, min_severity=Severity.ERROR) == [NOIR, OTHER]
    assert _seqs(back_end, finding="ad", min_severity=Severity.WARNING) == [3]
    assert _seqs(back_end, "roku", finding="params") == []


def test_searches_are_paged_and_counted(back_end: Emulator) -> None:
    page = entries.events(target(back_end), EventQuery(q="clip", skip=2, limit=3))
    assert ([entry.seq for entry in page.events], page.meta.total, page.meta.next) == ([3, 4, 5], 7, 5)
    assert _seqs(back_end, "", skip=5) == [6, 7]
    assert _seqs(back_end, "", status=204, skip=1) == [3, 7]
    assert _seqs(back_end, "clip", skip=9) == []


def test_export_holds_what_the_list_shows(back_end: Emulator) -> None:
    def exported(**query: Any) -> list[bytes]:
        return b"".join(entries.export(target(back_end), ExportQuery(**query))).splitlines()

    assert len(exported()) == 7
    assert [line[:8] for line in exported(q="fizz")] == [b'{"seq":3']
    assert len(exported(status=204, limit=1)) == 3
    assert exported(q="nothing") == []


@every_case(
    ("order", "names"),
    [
        ("opened", [NOIR, OTHER]),
        ("-opened", [OTHER, NOIR]),
        ("content", [NOIR, OTHER]),
        ("-player", [OTHER, NOIR]),
        ("events", [OTHER, NOIR]),
        ("phase", [NOIR, OTHER]),
        ("-findings", [OTHER, NOIR]),
        ("closes", [NOIR, OTHER]),
    ],
)
def test_sessions_are_sorted(back_end: Emulator, order: Any, names: list[str]) -> None:
    assert _names(back_end, sort=order) == names
    assert _names(back_end, sort=order, skip=1, limit=1) == names[1:]


@every_case(
    ("order", "seqs"),
    [
        ("seq", [1, 2, 3, 4, 5, 6, 7]),
        ("-seq", [7, 6, 5, 4, 3, 2, 1]),
        ("event_type", [3, 5, 6, 2, 7, 1, 4]),
        ("-status", [5, 6, 2, 3, 7, 1, 4]),
    ],
)
def test_requests_are_sorted(back_end: Emulator, order: Any, seqs: list[int]) -> None:
    assert _seqs(back_end, sort=order) == seqs
    page = entries.events(target(back_end), EventQuery(sort=order, skip=2, limit=3))
    assert ([entry.seq for entry in page.events], page.meta.total) == (seqs[2:5], 7)
    assert (page.meta.next is None) is (order != "seq")


def test_page_of_sessions_names_the_worst_finding(back_end: Emulator) -> None:
    first, second = sessions.sessions(target(back_end), SessionQuery(findings=True)).sessions
    assert (first.worst, second.worst) == ("ts.equal", "session.no-play")
    (meant,) = sessions.sessions(target(back_end), SessionQuery(finding="ad.", findings=True)).sessions
    assert meant.worst == "ad.outside-break"
    assert sessions.sessions(target(back_end), SessionQuery()).sessions[0].worst is None


@every_case(
    ("q", "text"),
    [
        ("sesion:1", 'there is no filter "sesion"; did you mean session? To look for the text, put it in quotes'),
        ("status:teapot", "status:teapot is not a status: write three digits, or 4xx"),
        ("status:6xx", "is not a status"),
        ("severity:bad", "severity:bad matches nothing; use one of error, warning, info"),
        ("event:pnig", "event:pnig matches nothing; did you mean ping?"),
        ("phase:opened", "did you mean open?"),
        ("outcome:good", "use one of opened, accepted"),
        ("x" * 1_001, "at most 1000 characters"),
        ("x " * 33, "at most 32 words"),
    ],
)
def test_invalid_search_is_refused_with_what_is_possible(q: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_search(q)
    assert text in str(caught.value)
    assert caught.value.pointer == "/q"


@every_case("text", ["https://a.example/x", "moratorium:", "12:30", "a:b", '"sesion:1"', '"unclosed', "a&b"])
def test_text_that_is_not_a_filter_is_text(text: str) -> None:
    assert [term.name for term in parse_search(text)] == ["text"]


def test_every_filter_is_documented_by_what_it_looks_at() -> None:
    for name in FILTERS:
        value = {"status": "404", "severity": "error", "phase": "open", "outcome": "opened", "event": "ping"}.get(
            name, "x"
        )
        (term,) = parse_search(f"{name}:{value}")
        assert term.name == ("finding" if name == "severity" else name)
