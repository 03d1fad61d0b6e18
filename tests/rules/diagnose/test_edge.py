"""Sessions of the Media Edge API: the rules about its form, and the rules about both APIs in its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.admin.local_control import LocalControl
from mockserver.control import FINDINGS, REPORT, FindingQuery
from mockserver.dialects.edge.normal import WORDS
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec
from mockserver.model.finding import Finding
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespaces
from mockserver.rules.diagnose import session_pairs
from mockserver.wire.codec import convert
from tests.edge_events import body, edge_post, open_edge_session, post_edge_event, session_details
from tests.factories import T0, hand_clock, post, response
from tests.playbacks import START_PARAMS
from tests.tables import every_case

PAIRED = {rule.code for rule in session_pairs.RULES}


class Ground:
    """One player of the Media Edge API whose clock is the server's."""

    def __init__(self, settings: Settings | None = None, *faults: dict[str, Any]) -> None:
        rules = [convert(fault, FaultSpec) for fault in faults]
        self.emulator = Emulator(settings, seed="7", seeded_ids=True, clock=hand_clock(), faults=rules)
        self.control = LocalControl(Namespaces(lambda name: self.emulator), "default")
        self.sid = ""
        self.at_s = 0.0

    def open(self, **start: Any) -> Ground:
        start.setdefault("sessionDetails", session_details(streamType="video"))
        self.sid = open_edge_session(self.emulator, **start)
        return self

    def did(self, event_type: str, at_s: float, playhead: Any = 0, **media: Any) -> Ground:
        self.emulator.clock.advance(round((at_s - self.at_s) * 1000))
        self.at_s = at_s
        post_edge_event(self.emulator, self.sid, event_type, at_s=at_s, playhead=playhead, **media)
        return self

    def post(self, path: str, document: Any) -> Ground:
        response(self.emulator, edge_post(path, document))
        return self

    def findings(self) -> list[Finding]:
        return list(self.control.call(FINDINGS, FindingQuery()).findings)

    def codes(self) -> set[str]:
        return {finding.code for finding in self.findings()}


def played(ground: Ground, every_s: int, until_s: int, start_s: int = 0) -> Ground:
    ground.did("play", start_s, start_s)
    for at_s in range(start_s + every_s, until_s, every_s):
        ground.did("ping", at_s, at_s)
    return ground


def _untimed(event_type: str, sid: str | None = None) -> Any:
    document = body(event_type, sid=sid)
    del document["events"][0]["xdm"]["timestamp"]
    return document


def _in_xdm(sid: str) -> Any:
    document = body("ping", sid=sid)
    document["events"][0]["xdm"]["customMetadata"] = [{"name": "a", "value": "b"}]
    return document


def _of_second(event_type: str, sid: str) -> Any:
    document = body(event_type, sid=sid)
    document["events"][0]["xdm"]["timestamp"] = "2026-05-04T20:15:30Z"
    return document


FIRING: dict[str, Callable[[], Ground]] = {
    "edge.timestamp": lambda: (g := Ground().open()).post("/ee/va/v1/ping", _untimed("ping", g.sid)),
    "edge.playhead": lambda: Ground().open().did("ping", 1, 1.5),
    "edge.type-against-path": lambda: (g := Ground().open()).post("/ee/va/v1/play", body("ping", sid=g.sid)),
    "edge.session-id": lambda: Ground().open().post("/ee/va/v1/ping", body("ping")),
    "edge.metadata-place": lambda: (g := Ground().open()).post("/ee/va/v1/ping", _in_xdm(g.sid)),
    "edge.server-only": lambda: Ground().open(sessionDetails=session_details(isViewed=True)),
    "edge.unknown-member": lambda: Ground().open().did("ping", 1, **{"media.resumed": True}),
    "edge.hint": lambda: (g := Ground().open()).post("/ee/va/v1/ping", body("ping", sid=g.sid)),
    "edge.qoe-null": lambda: (g := Ground().open()).post("/ee/va/v1/ping", _with_null(g.sid)),
    "edge.live-from-zero": lambda: (
        Ground().open(sessionDetails=session_details(contentType="live", length=86_400)).did("play", 1, 50_009)
    ),
    "edge.pings-stopped": lambda: played(
        Ground(None, {"when": {"event_type": "ping"}, "fault": {"kind": "status", "code": 500}, "skip": 1}).open(),
        10,
        25,
    ).did("pauseStart", 70, 70),
    "edge.state-spelling": lambda: Ground().open().did("statesUpdate", 1, statesStart=[{"name": "fullscreen"}]),
    "edge.whole-seconds": lambda: (
        (g := Ground().open())
        .post("/ee/va/v1/play", _of_second("play", g.sid))
        .post("/ee/va/v1/pauseStart", _of_second("pauseStart", g.sid))
    ),
}


def _with_null(sid: str) -> Any:
    document = body("ping", sid=sid)
    document["events"][0]["xdm"]["mediaCollection"]["qoeDataDetails"] = None
    return document


@every_case("code", FIRING)
def test_mistake_of_form_is_found(code: str) -> None:
    assert code in FIRING[code]().codes()


def quiet(every_s: int = 10) -> Ground:
    ground = played(Ground().open(sessionDetails=session_details(streamType="video")), every_s, 60)
    return ground.did("sessionComplete", 60, 60).did("sessionEnd", 60.2, 60)


def test_good_traffic_has_no_findings() -> None:
    assert quiet().findings() == []


@pytest.mark.parametrize("every_s", [20, 50])
def test_configured_ping_interval_is_learnt(every_s: int) -> None:
    ground = Ground().open(sessionDetails=session_details(length=300, streamType="video"))
    assert "ping.gap" not in played(ground, every_s, 290).codes()


def test_silence_is_measured_by_the_learnt_interval() -> None:
    ground = Ground().open(sessionDetails=session_details(length=300, streamType="video"))
    played(ground, 20, 110).did("ping", 150, 150)
    (finding,) = (finding for finding in ground.findings() if finding.code == "ping.gap")
    assert "send a ping every 20 s" in finding.message


def test_interval_can_be_a_setting() -> None:
    ground = Ground(Settings(edge_ping_s=10)).open(sessionDetails=session_details(length=300, streamType="video"))
    assert "ping.gap" in played(ground, 20, 110).codes()


def test_ads_may_be_pinged_as_rarely_as_clients_allow() -> None:
    ground = Ground().open().did("adBreakStart", 0).did("adStart", 0.1).did("ping", 10).did("adComplete", 15)
    assert "ping.ad-gap" not in ground.codes()


def test_rules_about_the_form_of_the_other_api_are_silent() -> None:
    codes = (
        played(Ground().open(), 10, 30)
        .did("statesUpdate", 31, 31)
        .did("ping", 40, 40, qoeDataDetails={"timeToStart": 1})
        .codes()
    )
    assert codes.isdisjoint(
        {
            "http.content-type",
            "id.ecid-missing",
            "id.org-format",
            "state.statesUpdate",
            "qoe.tts-unit",
            "http.edge-body",
        }
    )


def test_messages_use_the_words_of_the_wire() -> None:
    ground = Ground().open(sessionDetails=session_details(name="N/A", playerName="unknown", length=-1))
    ground.did("adStart", 1, advertisingDetails={"name": "", "length": 0, "podPosition": 5, "playerName": "p"})
    ground.did("statesUpdate", 2, statesEnd=[{"name": "mute"}])
    ground.did("ping", 3, qoeDataDetails={"droppedFrames": 5}).did("ping", 30, qoeDataDetails={"droppedFrames": 1})
    messages = [f"{finding.message} {finding.consequence}" for finding in ground.findings()]
    theirs = sorted(WORDS.names, key=len, reverse=True)
    found = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, theirs)) + r")(?![\w/])")
    assert [found.search(message)[0] for message in messages if found.search(message)] == []  # type: ignore[index]
    assert any("sessionDetails.name" in message for message in messages)
    assert any("qoeDataDetails.droppedFrames" in message for message in messages)


def test_time_to_start_that_changes_is_reported_in_the_seconds_of_the_wire() -> None:
    ground = Ground().open().did("play", 1, 1, qoeDataDetails={"timeToStart": 2})
    ground.did("ping", 10, 10, qoeDataDetails={"timeToStart": 25})
    (finding,) = (finding for finding in ground.findings() if finding.code == "qoe.tts-changes")
    assert finding.message.startswith("qoeDataDetails.timeToStart was 2 and 25 s in one session;")


def _collection(ground: Ground, target: str, event_type: str, at_s: float, playhead: float, **params: Any) -> str:
    """Report to the other API, at the same times; return the session that was opened."""
    event = {"eventType": event_type, "playerTime": {"playhead": playhead, "ts": T0 + round(at_s * 1000)}}
    answer = response(ground.emulator, post(target, {**event, **({"params": params} if params else {})}))
    return dict(answer.headers).get("Location", "")


def _viewed_twice(other_api: bool) -> set[str]:
    """Report one viewing by two players at once."""
    ground = Ground().open()
    start = {**START_PARAMS, "media.id": "clip-1", "media.length": 60}
    for name in ("visitor.marketingCloudUserId", "analytics.visitorId"):
        start.pop(name, None)
    first, second = ground.sid, ""
    if other_api:
        second = _collection(ground, "/api/v1/sessions", "sessionStart", 0, 0, **start)
    else:
        second = open_edge_session(ground.emulator, sessionDetails=session_details(streamType="video"))
    for n, event_type in enumerate(("play", *["ping"] * 5)):
        ground.sid = first
        ground.did(event_type, 0.1 + 10 * n, 10 * n)
        if other_api:
            _collection(ground, f"{second}/events", event_type, 0.1 + 10 * n, 10 * n)
        else:
            ground.sid = second
            ground.did(event_type, 0.1 + 10 * n, 10 * n)
    assert len(ground.emulator.sessions) == 2
    return ground.codes() & PAIRED


def test_players_of_both_apis_may_report_one_viewing_at_once() -> None:
    assert _viewed_twice(other_api=True) == set()
    assert _viewed_twice(other_api=False) == {"session.duplicate-start"}


def test_unknown_session_is_said_to_come_from_the_handle() -> None:
    ground = Ground().post("/ee/va/v1/ping", body("ping", sid="f" * 64))
    (finding,) = (finding for finding in ground.findings() if finding.code == "session.unknown-id")
    assert "media-analytics:new-session" in finding.message


def test_path_without_a_route_is_reported_with_where_events_go() -> None:
    (finding,) = Ground().post("/ee/va/v1/stateStart", body("stateStart")).findings()
    assert finding.code == "path.unknown"
    assert "/ee/va/v1/" in finding.message


def test_start_without_a_time_counts_from_its_receipt() -> None:
    ground = Ground()
    answer = response(ground.emulator, edge_post("/ee/va/v1/sessionStart", _untimed("sessionStart")))
    assert answer.status == 200
    (session,) = ground.emulator.sessions
    ground.sid = session.sid
    played(ground, 10, 60).did("sessionComplete", 60, 60)
    metrics = {metric.name: metric.value for metric in ground.control.call(REPORT, None, sid=session.sid).metrics}
    assert metrics["content_time_spent_s"] == 60
