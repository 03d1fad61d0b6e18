"""Sessions for tests of diagnostics and reports, written as a list of events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mockserver.admin.sessions import session_entries
from mockserver.clock import Clock, RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.finding import Thresholds
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespace
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.timeline import Item

START_MS = 1_760_000_000_000
TRAFFIC = Path(__file__).parents[1] / "fixtures" / "traffic"

START_PARAMS: dict[str, Any] = {
    "analytics.trackingServer": "example.sc.omtrdc.net",
    "analytics.reportSuite": "example",
    "visitor.marketingCloudOrgId": "0123456789ABCDEF01234567@AdobeOrg",
    "visitor.marketingCloudUserId": "12345678901234567890123456789012345678",
    "media.id": "clip-7",
    "media.name": "Clip 7",
    "media.length": 60,
    "media.contentType": "vod",
    "media.streamType": "video",
    "media.playerName": "player",
    "media.channel": "channel",
}
BREAK = {"media.ad.podIndex": 1, "media.ad.podSecond": 0}
AD = {"media.ad.id": "ad-1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "player"}
CHAPTER = {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 20}

_JSON = ((b"Content-Type", b"application/json"),)

Event = tuple[Any, ...]
"""``(event type, second of ts, playhead)``, then optionally params, qoeData and customMetadata."""


def body_of(
    event_type: str,
    at_s: float,
    playhead_s: Any,
    params: dict[str, Any] | None = None,
    qoe: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an event as a player sends it; arguments as of :data:`Event`."""
    body = {
        "eventType": event_type,
        "playerTime": {"playhead": playhead_s, "ts": START_MS + round(at_s * 1000)},
        "params": params,
        "qoeData": qoe,
        "customMetadata": metadata,
    }
    return {name: value for name, value in body.items() if value is not None}


class Playground:
    """A namespace on a clock that follows the events, without sockets.

    Args:
        settings: How it behaves.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.now_ms = START_MS
        clock = Clock(RealTime(lambda: self.now_ms, lambda: self.now_ms * 1_000_000))
        self.emulator = Emulator(settings, clock=clock)
        self.namespace = Namespace(self.emulator)

    def post(self, path: str, body: Any, headers: Sequence[tuple[bytes, bytes]] = _JSON) -> AnswerPlan:
        """Send a request; returns how it is answered."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        plan = self.namespace.handle(HttpRequest("POST", path, path, tuple(headers), content))
        assert isinstance(plan, AnswerPlan)
        return plan

    def play(self, *events: Event, start: dict[str, Any] | None = None) -> str:
        """Open a session with a sessionStart at second 0, post the events, each at its ts, and return the session id.

        The clock moves forward to the ts of every event. A first event of type ``sessionStart`` replaces the usual one.
        """
        if not events or events[0][0] != "sessionStart":
            events = (("sessionStart", 0, 0), *events)
        sid = ""
        for event_type, at_s, playhead_s, *more in events:
            opens = event_type == "sessionStart"
            if opens:
                own = more[0] if more and more[0] else {}
                params = {**START_PARAMS, **(start or {}), **own}
                more[:1] = [{key: value for key, value in params.items() if value is not None}]
            body = body_of(event_type, at_s, playhead_s, *more)
            self.now_ms = max(self.now_ms, body["playerTime"]["ts"])
            plan = self.post("/api/v1/sessions" if opens else f"/api/v1/sessions/{sid}/events", body)
            if opens:
                sid = plan.record.session_id or ""
                assert sid, plan.response
        return sid

    def case(self, sid: str) -> SessionTraffic:
        """Return what rules see of a session."""
        entries = session_entries(self.emulator, sid)
        return SessionTraffic(
            entries.session,
            entries.arrived(),
            accepted_items(self.emulator, sid),
            entries.settings,
            Thresholds(),
            entries.now_ms,
            self.emulator.dialects.default.words,
        )


def accepted_items(emulator: Emulator, sid: str) -> list[Item]:
    """Return the accepted events of a session, in the order in which the back end processes them."""
    entries = session_entries(emulator, sid)
    return entries.processed([item for item in entries.arrived() if item.accepted])


def case_of(
    *events: Event, start: dict[str, Any] | None = None, settings: Settings | None = None, after_s: float = 0
) -> SessionTraffic:
    """Return what rules see of one session: its events as for :meth:`Playground.play`, looked at ``after_s`` later."""
    ground = Playground(settings)
    sid = ground.play(*events, start=start)
    ground.now_ms += round(after_s * 1000)
    return ground.case(sid)


def recorded(name: str) -> tuple[Playground, list[str]]:
    """Replay a recording of ``fixtures/traffic`` on a clock that follows its ``ts``; returns its session ids too."""
    ground = Playground()
    ids: dict[str, str] = {}
    for line in (TRAFFIC / f"{name}.ndjson").read_text(encoding="utf-8").splitlines():
        request = json.loads(line)
        if request["method"] != "POST":
            continue
        body, path = request["body"].encode(), request["path"]
        ground.now_ms = max(ground.now_ms, _ts_of(body))
        old = path.split("/")[4] if path.endswith("/events") else ""
        if old and old not in ids:
            ids[old] = _next_unused(ground, ids)
        headers = tuple((name.encode(), value.encode()) for name, value in request["headers"].items())
        plan = ground.post(path.replace(old, ids[old]) if old else path, body, headers)
        assert plan.record.session_id is not None
    return ground, [session.sid for session in ground.emulator.sessions]


def _next_unused(ground: Playground, ids: dict[str, str]) -> str:
    """Match recorded ids with issued ones in order of first use, the order of opening in all recordings."""
    return next(session.sid for session in ground.emulator.sessions if session.sid not in ids.values())


def _ts_of(body: bytes) -> int:
    document = json.loads(body)
    ts_ms: int = (document[0] if isinstance(document, list) else document)["playerTime"]["ts"]
    return ts_ms
