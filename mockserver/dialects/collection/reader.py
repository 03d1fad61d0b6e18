"""Read requests: path, body, schema and the three endpoint rules.

Order of checks: body, then session. Adobe says that schemas are checked in a layer without session context ("Validating
event requests"). The setting ``check_order`` swaps them; the emulator applies it, since a reader knows no sessions.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from mockserver.dialects.base import NAMESPACE_PROBLEMS
from mockserver.dialects.collection.paths import Call, call_of, posted_to
from mockserver.dialects.collection.validation import Validators, validators
from mockserver.model.arrival import Arrival, Opening
from mockserver.model.http import HttpRequest, RequestProblem
from mockserver.model.journal import Violation
from mockserver.model.session import content_of
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation
from mockserver.wire.codec import NotJson, TooLarge, decoded, parse_as_written, parse_body

__all__ = ["Reader"]

_EVENT = Operation.EVENT  # before Python 3.12, reading an Enum member takes as long as making a record
_MAX_SID = 512
"""Most characters that are kept of a session id. Ours have 64; a longer id is a mistake, and unknown in any case."""

_MAX_VIOLATIONS = 100
"""Most violations of a batch; a body of a megabyte could have half a million."""

_PROBLEMS: dict[RequestProblem, tuple[int, str, str]] = {
    "too_large": (413, "body-size", "The body is larger than {max_body_bytes} bytes."),
    "incomplete": (400, "body-incomplete", "The connection ended before the whole body had arrived."),
    "too_many_bodies": (
        429,
        "bodies",
        "Bodies of {max_incoming_bytes} bytes in all are arriving already (setting max_incoming_bytes); send it again.",
    ),
    **NAMESPACE_PROBLEMS,
}


class Reader:
    """Reads requests under one set of settings.

    Args:
        settings: Decides about schemas, content types and downloaded content.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._strict = settings.content_type == "strict"
        self._is_closed = settings.schema_profile == "sdk-union"
        """Whether the schemas name all keys, with no value that may be any object or array."""
        self.validators: Validators = validators(settings.schema_profile, settings.docs_lenient, settings.states_update)

    def read(self, request: HttpRequest) -> Arrival:
        """Return what a request means. Never raises, whatever the request."""
        sid = posted_to(request.method, request.path)
        if sid is not None and request.problem is None and not self._strict and len(sid) <= _MAX_SID:
            return self._event(request.body, sid)
        asked = call_of(request.method, request.path, self.settings.path_prefixes)
        operation = asked.operation
        sid = asked.argument[:_MAX_SID] if operation is Operation.EVENT else None
        if request.problem is not None and operation is not Operation.PREFLIGHT:  # the POST is told, and recorded
            return self._stopped(request.problem, operation, sid)
        if sid is None and operation is not Operation.START and operation is not Operation.DOWNLOAD:
            return self._other(request, asked)
        if self._strict and (undeclared := _undeclared(request, operation, sid)) is not None:
            return undeclared
        return self._start(request.body, operation) if sid is None else self._event(request.body, sid)

    def _stopped(self, problem: RequestProblem, operation: Operation, sid: str | None) -> Arrival:
        """Refuse a request that the server found faulty before reading it."""
        status, rule, detail = _PROBLEMS[problem]
        return _refused(operation, sid, status, Violation("", rule, detail.format(**asdict(self.settings))))

    def overcrowded(self, arrival: Arrival) -> Arrival:
        """Refuse a request because too many are held back already."""
        detail = (
            f"There are {self.settings.max_held} requests held back by delays already (setting max_held), or their "
            "bodies take too much room (64 KiB for each, and half of max_server_bytes)."
        )
        return _refused(arrival.operation, arrival.session_id, 429, Violation("", "held", detail))

    def _event(self, body: bytes, sid: str) -> Arrival:
        document: Any = decoded(body) if self._is_closed else None  # what is valid then is not too deep either
        event_type = self.validators.valid_type(document)
        if event_type is None:
            try:
                document = parse_body(body, self.settings.max_body_bytes)
            except NotJson as error:
                return _unreadable(Operation.EVENT, sid, error)
            event_type = self.validators.valid_type(document)
        if event_type is not None and event_type != "sessionStart":
            time = document["playerTime"]
            return Arrival(_EVENT, sid, event_type, document, time["ts"], time["playhead"])
        event_type = _event_type(document)
        as_written = parse_as_written(body, self.settings.max_body_bytes)
        violations = self._event_violations(as_written, event_type)
        return Arrival(Operation.EVENT, sid, event_type, document, violations=violations, status=400)

    def _event_violations(self, document: Any, event_type: str | None) -> tuple[Violation, ...]:
        if isinstance(document, list):
            detail = (
                "Events cannot be batched: post one JSON object per request, each to the events path of the session."
            )
            return (Violation("", "type", detail),)
        if event_type == "sessionStart":
            detail = "sessionStart opens a session: post it to /api/v1/sessions, not to the events of another session."
            return (Violation("/eventType", "start-only-on-sessions", detail),)
        return self.validators.explain(event_type, document)

    def _start(self, body: bytes, operation: Operation) -> Arrival:
        try:
            document = parse_body(body, self.settings.max_body_bytes)
        except NotJson as error:
            return _unreadable(operation, None, error)
        if isinstance(document, list):
            return self._batch(document, body, operation)
        event_type = _event_type(document)
        if operation is Operation.DOWNLOAD:
            detail = "Downloaded content is a JSON array of events, the first of them a sessionStart."
            return Arrival(
                operation, None, event_type, document, violations=(Violation("", "batch-shape", detail),), status=400
            )
        violations = self._start_violations(document, event_type, body)
        if violations:
            return Arrival(operation, None, event_type, document, violations=violations, status=400)
        time = document["playerTime"]
        opening = Opening(content_of(document["params"]), start=document)
        return Arrival(operation, None, event_type, document, time["ts"], time["playhead"], opening)

    def _start_violations(self, document: Any, event_type: str | None, body: bytes) -> tuple[Violation, ...]:
        if event_type in self.validators.event_types and event_type != "sessionStart":
            detail = (
                f"Only sessionStart opens a session; post {event_type} to /api/v1/sessions/{{sid}}/events with the id "
                "from the Location of the sessionStart."
            )
            return (Violation("/eventType", "start-only-on-sessions", detail),)
        if not self.validators.is_valid("sessionStart", document):
            return self.validators.explain("sessionStart", parse_as_written(body, self.settings.max_body_bytes))
        if document["params"].get("media.downloaded") is True:
            detail = (
                "A live session must not say media.downloaded true; leave it out, or send the whole downloaded "
                "session as an array to /api/v1/downloaded."
            )
            return (Violation("/params/media.downloaded", "downloaded-flag", detail),)
        return ()

    def _batch(self, document: list[Any], body: bytes, operation: Operation) -> Arrival:
        """Read downloaded content (Adobe, "Track downloaded content"): one invalid event discards the whole batch."""
        violations = self._batch_violations(document, operation)
        if violations:
            as_written = parse_as_written(body, self.settings.max_body_bytes)
            violations = self._batch_violations(as_written, operation)
            return Arrival(Operation.DOWNLOAD, document=document, violations=violations, status=400)
        start = document[0]
        types = {event["eventType"] for event in document}
        opening = Opening(
            content_of(start["params"]), len(document), complete="sessionComplete" in types,
            ended="sessionEnd" in types, start=start,
        )  # fmt: skip
        time = start["playerTime"]
        return Arrival(Operation.DOWNLOAD, None, None, document, time["ts"], time["playhead"], opening)

    def _batch_violations(self, document: list[Any], operation: Operation) -> tuple[Violation, ...]:
        if operation is Operation.START and self.settings.sessions_array == "reject":
            detail = "Arrays are not accepted here; post downloaded content to /api/v1/downloaded."
            return (Violation("", "batch-shape", detail),)
        if not document:
            return (Violation("", "batch-shape", "The array is empty; the first event must be a sessionStart."),)
        if _event_type(document[0]) != "sessionStart":
            return (Violation("/0/eventType", "batch-shape", "The first event of a batch must be a sessionStart."),)
        found: list[Violation] = []
        for index, event in enumerate(document):
            event_type = _event_type(event)
            if index and event_type == "sessionStart":
                detail = "A batch holds one session; post the next sessionStart as a batch of its own."
                found.append(Violation(f"/{index}/eventType", "batch-shape", detail))
            elif event_type is None or not self.validators.is_valid(event_type, event):
                found.extend(self.validators.explain(event_type, event, f"/{index}"))
            if len(found) >= _MAX_VIOLATIONS:
                detail = "The events after this one were not looked at; correct these first."
                return (*found[: _MAX_VIOLATIONS - 1], Violation(f"/{index}", "more", detail))
        if not found and operation is Operation.START and document[0]["params"].get("media.downloaded") is not True:
            detail = "An array posted to /api/v1/sessions must say media.downloaded true in its sessionStart."
            found.append(Violation("/0/params/media.downloaded", "downloaded-flag", detail))
        return tuple(found)

    def _other(self, request: HttpRequest, asked: Call) -> Arrival:
        """Read requests that need no session: preflights, schema reads, and those without a route."""
        if asked.operation is Operation.PREFLIGHT:
            return Arrival(Operation.PREFLIGHT, status=200)
        if asked.operation is Operation.SCHEMA:
            known = asked.argument in self.validators.event_types
            return Arrival(Operation.SCHEMA, status=200 if known else 404, detail=asked.argument)
        document = None
        if request.body:
            try:
                document = parse_body(request.body, self.settings.max_body_bytes)
            except NotJson:
                document = None
        status = 405 if asked.exists else 404
        return Arrival(Operation.OTHER, None, _event_type(document), document, status=status, detail=asked.argument)


def _unreadable(operation: Operation, sid: str | None, error: NotJson) -> Arrival:
    status, rule = (413, "body-size") if isinstance(error, TooLarge) else (400, "json")
    return _refused(operation, sid, status, Violation("", rule, _sentence(str(error))))


def _undeclared(request: HttpRequest, operation: Operation, sid: str | None) -> Arrival | None:
    """Refuse a body that is not declared as JSON."""
    declared = (request.header(b"content-type") or b"").split(b";")[0].strip().lower()
    if declared == b"application/json":
        return None
    detail = f"Content-Type must be application/json, not {declared.decode('latin-1') or 'nothing'}."
    return _refused(operation, sid, 415, Violation("", "content-type", detail))


def _refused(operation: Operation, sid: str | None, status: int, violation: Violation) -> Arrival:
    return Arrival(operation, sid, violations=(violation,), status=status)


def _event_type(document: Any) -> str | None:
    if isinstance(document, dict):
        event_type = document.get("eventType")
        if isinstance(event_type, str):
            return event_type[:100]
    return None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
