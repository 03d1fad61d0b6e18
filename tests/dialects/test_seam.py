"""What a second dialect can do without any change behind it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from mockserver.admin.local_control import LocalControl
from mockserver.control import (
    ADD_FAULT,
    EVENTS,
    FINDINGS,
    OPENAPI,
    REPORT,
    SESSIONS,
    TIMELINE,
    VERIFY,
    FindingQuery,
    SessionQuery,
)
from mockserver.dialects.base import Dialect, Dialects
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.media_server.media_server import MediaServer
from mockserver.model.fault import FaultSpec
from mockserver.model.http import HttpRequest, HttpResponse, RequestProblem
from mockserver.model.query import Query
from mockserver.model.results import VerifyCommand
from mockserver.model.settings import SessionRule, Settings
from mockserver.namespaces import Namespaces
from mockserver.wire.codec import convert
from tests.dialects.tiny import TINY
from tests.factories import T0, event, hand_clock, open_session, post, post_event, response
from tests.tables import every_case


class Ground:
    """A server that emulates two APIs."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.emulator = Emulator(
            settings, seed="7", seeded_ids=True, clock=hand_clock(), dialects=Dialects(COLLECTION, TINY)
        )
        self.control = LocalControl(Namespaces(lambda name: self.emulator), "default")

    def post(self, path: str, **body: Any) -> HttpResponse:
        return response(self.emulator, post(path, body, origin="http://player.test"))

    def open(self, **more: Any) -> str:
        answer = self.post("/tiny/open", did=[did("sessionStart", 0, **more)])
        assert answer.status == 200, answer.body
        return str(json.loads(answer.body)["sid"])

    def did(self, sid: str, *what: dict[str, Any]) -> HttpResponse:
        return self.post("/tiny/did", sid=sid, did=list(what))

    def fault(self, **members: Any) -> None:
        self.control.call(ADD_FAULT, convert(members, FaultSpec))

    def events(self, **query: Any) -> list[Any]:
        return self.control.call(EVENTS, Query(**query)).events


def did(what: str, at_s: float, pos: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "what": what,
        "s": T0 / 1000 + at_s,
        "pos": pos,
        "more": {f"media.{name}": value for name, value in more.items()},
    }


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_path_chooses_the_dialect_and_every_other_path_is_the_default_ones(ground: Ground) -> None:
    sid = ground.open(id="clip-7")
    assert ground.did(sid, did("play", 1)).status == 202
    assert response(ground.emulator, post_event(open_session(ground.emulator), event("ping"))).status == 204
    assert json.loads(ground.post("/tiny/else").body) == {"nothing at": "/tiny/else"}
    assert "message" in json.loads(ground.post("/elsewhere").body)


def test_session_and_entries_know_their_dialect_and_the_default_one_says_nothing(ground: Ground) -> None:
    sid = ground.open(id="clip-7")
    open_session(ground.emulator)
    known = list(ground.emulator.sessions)
    assert [(session.sid == sid, session.dialect) for session in known] == [(True, "tiny"), (False, "")]
    assert known[0].content.media_id == "clip-7"
    assert [entry.dialect for entry in ground.events()] == ["tiny", ""]


def test_entry_keeps_what_was_sent_and_shows_the_normal_shape_beside_it(ground: Ground) -> None:
    sid = ground.open()
    ground.did(sid, did("ping", 10, 9.5))
    (entry,) = ground.events(event_type="ping")
    assert entry.event["did"][0]["what"] == "ping"
    assert entry.normal["playerTime"] == {"ts": T0 + 10_000, "playhead": 9.5}
    assert [(one.event_type, one.playhead_s, one.dialect) for one in entry.events] == [("ping", 9.5, "tiny")]


def test_accepted_events_of_one_client_are_answered_by_one_object(ground: Ground) -> None:
    sid = ground.open()
    answers = [ground.did(sid, did("ping", 10)), ground.did(sid, did("ping", 20))]
    assert answers[0] is answers[1]
    assert answers[0].headers[0] == ("Access-Control-Allow-Origin", "http://player.test")


def test_conditions_look_at_the_sent_body_first_and_then_at_the_normal_shape(ground: Ground) -> None:
    sid = ground.open(id="clip-7")
    ground.did(sid, did("ping", 10, 9))
    for where in ("/did/0/pos=9", "/playerTime/playhead=9", "/eventType=ping"):
        assert [entry.event_type for entry in ground.events(where=(where,))] == ["ping"], where
    assert [entry.event_type for entry in ground.events(where=("/params/media.id=clip-7",))] == ["sessionStart"]


def test_fault_rules_do_the_same_and_answer_in_the_words_of_the_dialect(ground: Ground) -> None:
    ground.fault(fault={"kind": "outcome", "outcome": "session_closed"}, when={"event_type": "ping"}, times=1)
    ground.fault(fault={"kind": "status", "code": 503}, when={"playhead_s": {"at_least": 15}}, times=1)
    ground.fault(fault={"kind": "status", "code": 500}, when={"where": ["/params/media.name=x"]}, times=1)
    sid = ground.open()
    first = ground.did(sid, did("ping", 10, 10))
    assert (first.status, json.loads(first.body)) == (404, {"gone": sid, "as": "session_closed"})
    second = ground.did(sid, did("ping", 20, 20))
    assert (second.status, second.headers[0]) == (503, ("Access-Control-Allow-Origin", "http://player.test"))
    assert ground.did(sid, did("ping", 30, 14, name="x")).status == 500
    assert ground.did(sid, did("ping", 30, 14)).status == 202


def test_session_rules_do_the_same() -> None:
    ground = Ground(Settings(session_rules=(SessionRule(where=("/params/media.id=short",), idle_timeout_s=5),)))
    sid = ground.open(id="short")
    ground.emulator.clock.advance(6_000)
    answer = ground.did(sid, did("ping", 6))
    assert (answer.status, json.loads(answer.body)) == (404, {"gone": sid})


def test_findings_timeline_and_report_are_those_of_the_same_rules(ground: Ground) -> None:
    sid = ground.open(id="clip-7", length=60, contentType="vod")
    ground.did(sid, did("play", 0))
    ground.emulator.clock.advance(90_000)
    ground.did(sid, did("adStart", 90, 90), did("ping", 90.5, 90.5))
    found = {finding.code for finding in ground.control.call(FINDINGS, FindingQuery()).findings}
    assert {"ad.outside-break", "ping.gap"} <= found
    shown = ground.control.call(TIMELINE, None, sid=sid).processing
    assert [(one.event_type, one.index) for one in shown] == [
        ("sessionStart", None), ("play", None), ("adStart", 0), ("ping", 1),
    ]  # fmt: skip
    metrics = {metric.name: metric.value for metric in ground.control.call(REPORT, None, sid=sid).metrics}
    assert metrics["content_time_spent_s"] == 90
    (view,) = ground.control.call(SESSIONS, SessionQuery()).sessions
    assert view.events == 4, "every event of a request counts"


def test_reason_for_a_refusal_is_on_the_wire_where_the_dialect_has_it_and_in_rules_where_they_look(
    ground: Ground,
) -> None:
    sid = ground.open()
    answer = ground.did(sid, {"what": "ping"})
    assert (answer.status, json.loads(answer.body)) == (422, {"wrong": ["/did/0/s"]})
    (entry,) = ground.events(outcome="invalid")
    assert [(violation.path, violation.place) for violation in entry.violations] == [("/did/0/s", "/playerTime/ts")]


def test_verification_and_transcript_read_the_normal_shape(ground: Ground) -> None:
    sid = ground.open()
    ground.did(sid, did("ping", 10, 9.5))
    wanted = VerifyCommand(sequence=("sessionStart", Query(event_type="ping", where="/playerTime/playhead=9.5")))
    assert ground.control.call(VERIFY, wanted).verified
    assert "@9.5" in MediaServer(ground.control).transcript()


def test_description_of_the_server_has_the_paths_of_all_dialects(ground: Ground) -> None:
    assert {"/api/v1/sessions", "/tiny/did"} <= set(ground.control.call(OPENAPI, None)["paths"])


def test_words_say_where_parts_of_an_event_are_on_the_wire() -> None:
    assert TINY.words.place("/params/media.id") == "/did/0/more/media.id"
    assert TINY.words.place("/playerTime/playhead") == "/did/0/pos"
    assert TINY.words.name("/playerTime/playhead") == "pos"
    assert TINY.words.place("/eventType") == "/eventType"


def test_request_is_addressed_to_another_session_wherever_its_id_stands() -> None:
    assert TINY.addressed("/tiny/did", b'{"sid":"a","did":[]}', "b") == ("/tiny/did", b'{"sid":"b","did":[]}')
    assert TINY.opened_by(HttpResponse(200, body=b'{"sid":"a"}')) == "a"
    assert COLLECTION.addressed("/va/api/v1/sessions/a/events?x=1", b"{}", "b")[0] == "/va/api/v1/sessions/b/events?x=1"


@every_case("dialect", [*DIALECTS], ids=lambda dialect: dialect.name)
@every_case("problem", get_args(RequestProblem))
def test_every_dialect_words_every_problem_of_the_transport(dialect: Dialect, problem: RequestProblem) -> None:
    interpreter = dialect.interpreter(Settings())
    arrival = interpreter.read(HttpRequest("POST", dialect.opening_path, dialect.opening_path, problem=problem))
    assert arrival.violations[0].detail
    assert 400 <= interpreter.rejected(arrival).status < 500
