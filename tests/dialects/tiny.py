"""A dialect that shares nothing with the others: session ids in bodies, seconds, several events in one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.dialects.base import Described, Found
from mockserver.model.arrival import Arrival, Opening
from mockserver.model.event import event_of
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Violation
from mockserver.model.session import Content
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.model.words import Words
from mockserver.wire.codec import NotJson, encode, parse_body

BASE = "/tiny"


def normal_of(document: Any) -> Any:
    """Bring ``{"sid": ..., "did": [{"what": "ping", "s": 12.5, "pos": 3, ...}]}`` into the normal shape."""
    did = document.get("did") if isinstance(document, dict) else None
    events = [_normal_event(each) for each in did] if isinstance(did, list) else []
    return events[0] if len(events) == 1 else events or None


def _normal_event(did: Any) -> Any:
    if not isinstance(did, dict):
        return did
    time = {"ts": round(did["s"] * 1000) if "s" in did else None, "playhead": did.get("pos")}
    qoe = {"media.qoe.timeToStart": did["tts"] * 1000} if "tts" in did else {}
    return {"eventType": did.get("what"), "playerTime": time, "params": did.get("more", {}), "qoeData": qoe}


class _Interpreter:
    event_types = ("sessionStart", "play", "ping")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._accepted: dict[str, HttpResponse] = {}

    def read(self, request: HttpRequest) -> Arrival:
        origin = (request.header(b"origin") or b"").decode()
        operation = Operation.START if request.path.endswith("/open") else Operation.EVENT
        if request.method != "POST" or not request.path.endswith(("/open", "/did")):
            return Arrival(Operation.OTHER, status=404, dialect=TINY.name, manner=origin)
        try:
            document = parse_body(request.body, self._settings.max_body_bytes)
        except NotJson:
            document = None
        normal = normal_of(document)
        events = [event_of(each, dialect=TINY.name) for each in (normal if isinstance(normal, list) else [normal])]
        sid = document.get("sid") if isinstance(document, dict) and operation is Operation.EVENT else None
        first = events[0] if events else event_of(None)
        violations = tuple(
            Violation(f"/did/{index}/s", "required", "s is missing.", "/playerTime/ts")
            for index, event in enumerate(events)
            if event.ts_ms is None
        )
        opening = Opening(Content(media_id=first.params.get("media.id")), start=normal)
        return Arrival(
            operation, sid, first.event_type, document, first.ts_ms or 0, first.playhead_s or 0,
            opening if operation is Operation.START and not violations else None, violations,
            400 if violations else None, "", TINY.name, tuple(events[1:]), origin,
        )  # fmt: skip

    def overcrowded(self, arrival: Arrival) -> Arrival:
        violation = Violation("", "held", "Too many.")
        return Arrival(arrival.operation, violations=(violation,), status=429, dialect=TINY.name)

    def opened(self, arrival: Arrival, sid: str) -> HttpResponse:
        return _answer(200, arrival, {"sid": sid})

    def accepted(self, arrival: Arrival) -> HttpResponse:
        return self._accepted.setdefault(arrival.manner, _answer(202, arrival, None))

    def rejected(self, arrival: Arrival) -> HttpResponse:
        return _answer(422, arrival, {"wrong": [violation.path for violation in arrival.violations]})

    def refused(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        return _answer(404, arrival, {"gone": sid})

    def turned_away(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        return _answer(404, arrival, {"gone": sid, "as": outcome.value})

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        return _answer(404, arrival, {"nothing at": request.path})

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        return _answer(status, arrival, body)

    def schema(self, event_type: str) -> dict[str, Any] | None:
        return None


def _answer(status: int, arrival: Arrival, body: Any) -> HttpResponse:
    content = encode(body)
    headers = (("Access-Control-Allow-Origin", arrival.manner or "*"), ("Content-Length", str(len(content))))
    return HttpResponse(status, headers, content)


class Tiny:
    name = "tiny"
    bases = (BASE,)
    words = Words(api="tiny", places={"/params": "/did/0/more", "/playerTime/playhead": "/did/0/pos"})

    normal = staticmethod(normal_of)
    interpreter = _Interpreter
    opening_path = f"{BASE}/open"
    described = Described("Deeds.", {f"{BASE}/did": {"post": {"summary": "Say what was done.", "responses": {}}}}, {})

    def opens(self, method: str, path: str, body: bytes) -> bool:
        return path == self.opening_path

    def found(self, request: HttpRequest) -> Found | None:
        return Found(request.path, is_certain=True) if request.path.startswith(BASE) else None

    def session_of(self, path: str, body: bytes) -> str | None:
        _, found, rest = body.partition(b'"sid":"')
        return rest.partition(b'"')[0].decode() if found else None

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        return path, body.replace((self.session_of(path, body) or "").encode(), sid.encode())

    def opened_by(self, answer: HttpResponse) -> str | None:
        return str(parse_body(answer.body, len(answer.body))["sid"]) if answer.status == 200 else None

    def event_path(self, event_type: str, sid: str) -> str:
        return f"{BASE}/did"

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        time = event["playerTime"]
        did = {"what": event["eventType"], "s": time["ts"] / 1000, "pos": time["playhead"]}
        return f"{BASE}/{'open' if sid is None else 'did'}", encode({"sid": sid, "did": [did]})


TINY = Tiny()
