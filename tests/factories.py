"""Builders of events, requests and emulators whose time passes only when a test says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from mockserver.admin.waiting import Pending
from mockserver.clock import Clock, RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.fault_kind import Fault
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.query import Query
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.story import Story
from mockserver.model.vocabulary import Phase
from mockserver.namespaces import Namespace, Namespaces, Target
from mockserver.stories.book import StoryBook

__all__ = [
    "MINUTE_MS",
    "START_PARAMS",
    "T0",
    "answer",
    "answered",
    "awaited",
    "batch",
    "emulator",
    "event",
    "fault",
    "hand_clock",
    "inside",
    "open_session",
    "phase",
    "post",
    "post_event",
    "response",
    "send",
    "start",
    "story",
    "target",
]

T = TypeVar("T")

T0 = 1_760_000_000_000
"""When every emulator of a test begins, in milliseconds since the epoch."""

MINUTE_MS = 60_000

START_PARAMS: dict[str, Any] = {
    "analytics.trackingServer": "a.example",
    "analytics.reportSuite": "rs",
    "visitor.marketingCloudOrgId": "X@AdobeOrg",
    "media.id": "clip-1",
    "media.length": 60,
    "media.contentType": "vod",
    "media.playerName": "player",
    "media.channel": "channel",
}
"""The params a sessionStart must have, and no others."""

_PARAMS: dict[str, dict[str, Any]] = {
    "sessionStart": START_PARAMS,
    "adBreakStart": {"media.ad.podIndex": 1, "media.ad.podSecond": 0},
    "adStart": {"media.ad.id": "ad-1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"},
    "chapterStart": {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 20},
    "stateStart": {"media.state.name": "mute"},
    "stateEnd": {"media.state.name": "mute"},
    "statesUpdate": {"statesStart": [{"media.state.name": "mute"}]},
}

# Events and requests.


def event(event_type: str = "ping", *, playhead: float = 0, ts: int = T0, **members: Any) -> dict[str, Any]:
    """Make a valid event with no more than it needs; ``members`` are added, or replace others."""
    document: dict[str, Any] = {"eventType": event_type, "playerTime": {"playhead": playhead, "ts": ts}}
    if event_type in _PARAMS:
        document["params"] = dict(_PARAMS[event_type])
    return {**document, **members}


def start(*, playhead: float = 0, ts: int = T0, **params: Any) -> dict[str, Any]:
    """Make a valid sessionStart; ``params`` are added, with ``__`` for the dots: ``media__id="clip-7"``."""
    more = {name.replace("__", "."): value for name, value in params.items()}
    return event("sessionStart", playhead=playhead, ts=ts, params={**START_PARAMS, **more})


def batch(*event_types: str, **params: Any) -> list[dict[str, Any]]:
    """Make downloaded content: a sessionStart and further events, ten seconds apart."""
    first = start(**params)
    return [first, *(event(name, playhead=10 * n, ts=T0 + 10_000 * n) for n, name in enumerate(event_types, 1))]


def post(path: str, document: Any = None, *, body: bytes | None = None, **headers: str) -> HttpRequest:
    """Make a POST; ``headers`` are added, with ``_`` for dashes: ``content_type="text/plain"``."""
    fields = {"content_type": "application/json", **headers}
    return HttpRequest(
        "POST",
        path,
        path,
        tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()),
        json.dumps(document).encode() if body is None else body,
    )


def post_event(sid: str, document: Any = None, *, body: bytes | None = None, **headers: str) -> HttpRequest:
    """Make the request that reports an event; all as in :func:`post`."""
    return post(f"/api/v1/sessions/{sid}/events", document, body=body, **headers)


# Stories.


def story(*expect: Expectation, **members: Any) -> Story:
    """Make a story in which the player must ping, or do what is given."""
    texts = {"title": "Pings fail", "symptom": "No data.", "description": "It fails.", "player": "Sends pings."}
    pings = Expectation(says="It pings.", query=Query(event_type="ping", status=204))
    return Story(**{**texts, "expect": expect or (pings,), **members})


# Emulators.


def hand_clock(at_ms: int = T0) -> Clock:
    """Make a clock that stands still unless it is advanced or set. It is not frozen: real time does not pass for it."""
    return Clock(RealTime(lambda: at_ms, lambda: 0))


def emulator(
    settings: Settings | None = None,
    *,
    faults: Iterable[FaultSpec] = (),
    name: str = "default",
    stories: StoryBook | None = None,
) -> Emulator:
    """Make an emulator on a clock of :func:`hand_clock`, with seeded ids."""
    return Emulator(
        settings, name=name, seed="7", seeded_ids=True, faults=faults, clock=hand_clock(), stories=stories
    )  # fmt: skip


def fault(back_end: Emulator, what: Fault, **members: Any) -> FaultRule:
    """Put a fault rule in force."""
    return back_end.faults.add(FaultSpec(fault=what, **members), back_end.clock.now_ms())


def answer(back_end: Emulator | Namespace, request: HttpRequest) -> AnswerPlan:
    """Process a request that no fault may hold back."""
    plan = back_end.handle(request)
    assert isinstance(plan, AnswerPlan)
    return plan


def response(back_end: Emulator | Namespace, request: HttpRequest) -> HttpResponse:
    """Process a request that must be answered."""
    sent = answer(back_end, request).response
    assert sent is not None
    return sent


def open_session(back_end: Emulator | Namespace, *, playhead: float = 0, ts: int = T0, **params: Any) -> str:
    """Open a session and return its id."""
    opened = response(back_end, post("/api/v1/sessions", start(playhead=playhead, ts=ts, **params)))
    assert opened.status == 201
    return dict(opened.headers)["Location"].rpartition("/")[2]


def send(
    back_end: Emulator | Namespace,
    sid: str,
    event_type: str = "ping",
    *,
    playhead: float = 0,
    ts: int = T0,
    **members: Any,
) -> int:
    """Report an event and return the status."""
    return response(back_end, post_event(sid, event(event_type, playhead=playhead, ts=ts, **members))).status


def phase(back_end: Emulator, sid: str) -> Phase:
    """Return the phase of a session at the present time of its clock."""
    known: Session | None = back_end.sessions.get(sid)
    assert known is not None
    return back_end.refreshed(known).phase


def target(emulator: Emulator, scheme: str = "http") -> Target:
    """Make the target that functions of the admin API take, from an emulator: the only namespace of a server."""
    namespaces = Namespaces(lambda name: emulator, scheme)
    return Target(namespaces, namespaces.default)


def inside(namespace: Namespace) -> Emulator:
    """Return the emulator of a namespace, to look at while nothing happens in it."""
    with namespace as emulator:
        return emulator


def answered(answer: T | Pending[T]) -> T:
    """Return the answer of such a function; block until it is there."""
    return answer.block() if isinstance(answer, Pending) else answer


def awaited(answer: T | Pending[T]) -> Pending[T]:
    """Return what such a function waits for; it must not have answered at once."""
    assert isinstance(answer, Pending), answer
    return answer
