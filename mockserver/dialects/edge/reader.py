"""From a request to an arrival: path, datastream, body, and the schema of every event in it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from mockserver.dialects.base import NAMESPACE_PROBLEMS
from mockserver.dialects.edge.answers import PATH_TYPE, Manner, Streaming
from mockserver.dialects.edge.keys import EVENTS
from mockserver.dialects.edge.normal import normal_of
from mockserver.dialects.edge.paths import Call, QueryString, call_of, query_string_of
from mockserver.dialects.edge.schemas import DOWNLOADED
from mockserver.dialects.edge.validation import validators
from mockserver.model.arrival import Arrival, Opening
from mockserver.model.event import events_of
from mockserver.model.http import HttpRequest, RequestProblem
from mockserver.model.journal import Violation
from mockserver.model.session import content_of
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation
from mockserver.wire.codec import NotJson, TooLarge, parse_as_written, parse_body

__all__ = ["Reader"]

_NAME = "edge"
_START = "sessionStart"
_PREFIX = "media."
_MAX_SID = 512
_MAX_EVENTS = 100
_MAX_VIOLATIONS = 100
_LONGEST_SEPARATOR = 8
_OPENINGS = {_START: Operation.START, DOWNLOADED: Operation.DOWNLOAD}

_CONTENT_TYPES = ("application/json", "application/x-jackson-smile", "text/plain", "text/javascript")
"""Adobe, Edge Network troubleshooting, error 0111-415; the second is JSON only by name."""

_PROBLEMS: dict[RequestProblem, tuple[int, str, str]] = {
    "too_large": (413, "EXEG-0112-413", "The request is larger than {edge_max_body_bytes} bytes."),
    "incomplete": (400, "EXEG-0101-400", "The connection ended before the whole body had arrived."),
    "too_many_bodies": (429, "bodies", "Too many bodies are arriving already (setting max_incoming_bytes)."),
    **NAMESPACE_PROBLEMS,
}


class Reader:
    """Reads requests under one set of settings.

    Args:
        settings: The rules for datastreams, timestamps and numbers.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        whole = settings.edge_integers == "strict"
        self.validators = validators(integers=whole, start_timestamp=settings.edge_start_timestamp)
        self._batch_validators = validators(integers=whole, start_timestamp=True, in_batch=True)
        self._org = settings.edge_org.replace("@", "_")

    def read(self, request: HttpRequest) -> Arrival:
        """Interpret a request. Never raises, whatever the request."""
        origin = (request.header(b"origin") or b"").decode("latin-1")
        call = call_of(request.path)
        if call is None:
            return Arrival(Operation.OTHER, status=404, dialect=_NAME, manner=Manner(origin, "media"))
        if request.method != "POST":
            preflight = request.method == "OPTIONS"
            return Arrival(
                Operation.PREFLIGHT if preflight else Operation.OTHER, status=200 if preflight else 405, dialect=_NAME,
                manner=Manner(origin, call.form),
            )  # fmt: skip
        query = query_string_of(request.target)
        manner = Manner(origin, call.form, query.request_id, self._org, body=request.body)
        refused = (
            self._stopped(request, call, manner)
            or self._undeclared(request, call, manner)
            or self._without_datastream(call, query, manner)
        )
        if refused is not None:
            return refused
        try:
            document = parse_body(request.body, self.settings.edge_max_body_bytes)
        except NotJson as error:
            text = str(error)
            status, code = (408, "EXEG-0109-408") if not request.body.strip() else (400, "EXEG-0101-400")
            if isinstance(error, TooLarge):
                status, code = 413, "EXEG-0112-413"
            return _refused(call, manner, status, code, f"{text[:1].upper()}{text[1:]}.")
        manner = _manner_of(document, manner)
        if call.form in ("consent", "acquire"):
            return Arrival(
                Operation.OTHER, None, None, document, status=200, detail=_consent(document), dialect=_NAME,
                manner=manner,
            )  # fmt: skip
        return self._media(request, call, document, manner)

    def overcrowded(self, arrival: Arrival) -> Arrival:
        """Refuse a request because too many are held back already."""
        detail = f"There are {self.settings.max_held} requests held back by delays already (setting max_held)."
        return Arrival(
            arrival.operation, arrival.session_id, violations=(Violation("", "held", detail),), status=429,
            dialect=_NAME, manner=arrival.manner,
        )  # fmt: skip

    def _stopped(self, request: HttpRequest, call: Call, manner: Manner) -> Arrival | None:
        """Refuse a request with a transport problem, or larger than Adobe accepts (Adobe, Guardrails)."""
        is_large = len(request.body) > self.settings.edge_max_body_bytes
        problem = request.problem or ("too_large" if is_large else None)
        if problem is None:
            return None
        status, rule, detail = _PROBLEMS[problem]
        return _refused(call, manner, status, rule, detail.format(**asdict(self.settings)))

    def _undeclared(self, request: HttpRequest, call: Call, manner: Manner) -> Arrival | None:
        """Refuse a body that is declared as something else, if the settings are strict."""
        declared = (request.header(b"content-type") or b"").split(b";")[0].strip().lower().decode("latin-1")
        if self.settings.content_type == "lenient" or declared in _CONTENT_TYPES:
            return None
        detail = f"Content-Type must be one of {', '.join(_CONTENT_TYPES)}, not {declared or 'nothing'}."
        return _refused(call, manner, 415, "EXEG-0111-415", detail)

    def _without_datastream(self, call: Call, query: QueryString, manner: Manner) -> Arrival | None:
        """Refuse a request without the datastream it needs, or with one that is not accepted."""
        is_event = call.form == "media" and call.event_type not in _OPENINGS
        if query.datastream is None:
            if is_event and not self.settings.edge_datastream_on_events:
                return None
            if call.form in ("consent", "acquire"):
                return None
            detail = "The request names no datastream; add configId, or datastreamId in version 2, to the query."
            return _refused(call, manner, 400, "EXEG-0002-400", detail)
        if self.settings.edge_datastreams and query.datastream not in self.settings.edge_datastreams:
            detail = (
                f"The datastream ID '{query.datastream}' referenced in your request does not exist. Update the request "
                "with a valid datastream ID and try again."
            )
            return _refused(call, manner, 400, "EXEG-0003-400", detail)
        return None

    def _media(self, request: HttpRequest, call: Call, document: Any, manner: Manner) -> Arrival:
        """Read media events. Other events posted to ``interact`` are only answered."""
        of_any_kind = call.form != "media"
        xdms = _xdms_of(document)
        events = {index: xdm for index, xdm in enumerate(xdms) if not of_any_kind or _type_of(xdm) is not None}
        first = next(iter(events.values()), None)
        if of_any_kind:
            if not events:
                return Arrival(Operation.OTHER, None, None, document, status=200, dialect=_NAME, manner=manner)
            call = Call(call.form, _type_of(first) or "")
        operation = _OPENINGS.get(call.event_type, Operation.EVENT)
        sid = _sid_of(first) if operation is Operation.EVENT else None
        violations = self._violations(events, call, operation, document)
        if not violations:
            return _arrival(operation, sid, call, document, manner)
        as_written = _xdms_of(parse_as_written(request.body, self.settings.edge_max_body_bytes))
        if len(as_written) == len(xdms):
            violations = self._violations({index: as_written[index] for index in events}, call, operation, document)
        is_bad = operation is Operation.EVENT or violations[0].rule == PATH_TYPE or call.form == "collect"
        return Arrival(
            operation, sid, call.event_type, document, violations=violations, status=400 if is_bad else 207,
            dialect=_NAME, manner=manner,
        )  # fmt: skip

    def _violations(
        self, events: dict[int, Any], call: Call, operation: Operation, document: Any
    ) -> tuple[Violation, ...]:
        """Return what is wrong with the ``xdm`` of each event, given by its place among the events of the body."""
        places = list(events)
        if not events:
            reason = "has no events" if isinstance(document, dict) else "is no object"
            return (Violation("/events/0/xdm", "required", f'The body {reason}; send {{"events": [{{"xdm": ...}}]}}.'),)
        if len(events) > (1 if operation is not Operation.EVENT else _MAX_EVENTS):
            what = "only the answer to a sessionStart names the session of what follows" if len(events) == 2 else ""
            detail = f"There are {len(events)} events in one request; send one{', since ' + what if what else ''}."
            return (Violation(f"/events/{places[1]}", "one-event", detail),)
        if len({_sid_of(xdm) for xdm in events.values()}) > 1:
            detail = "The events of one request belong to several sessions; send a request for each."
            return (Violation(f"/events/{places[-1]}/xdm/mediaCollection/sessionID", "one-session", detail),)
        violations: list[Violation] = []
        for index, xdm in events.items():
            violations += self._event_violations(xdm, f"/events/{index}/xdm", call)
        return tuple(violations[:_MAX_VIOLATIONS])

    def _event_violations(self, xdm: Any, base: str, call: Call) -> tuple[Violation, ...]:
        sent = xdm.get("eventType") if isinstance(xdm, dict) else None
        if call.form == "media":
            if isinstance(sent, str) and sent != _PREFIX + call.event_type:
                detail = (
                    f"The event type of the path is {call.event_type}, that of the body is {sent[:100]}; post each "
                    f"event to the path of its type, with eventType {_PREFIX}{call.event_type} here."
                )
                return (Violation(f"{base}/eventType", PATH_TYPE, detail, "/eventType"),)
            event_type = call.event_type
        else:
            event_type = _type_of(xdm) or ""
            if event_type not in EVENTS and event_type != DOWNLOADED:
                detail = f'"{_PREFIX}{event_type[:100]}" is not a media event; send one of {", ".join(EVENTS)}.'
                return (Violation(f"{base}/eventType", "enum", detail, "/eventType"),)
        if event_type == DOWNLOADED:
            return self._batch_violations(xdm, base)
        return self.validators.explain(event_type, xdm, base)

    def _batch_violations(self, xdm: Any, base: str) -> tuple[Violation, ...]:
        """Check downloaded content, which begins with a sessionStart (Adobe, Media Edge API, downloaded)."""
        base = f"{base}/mediaDownloadedEvents"
        events = xdm.get("mediaDownloadedEvents") if isinstance(xdm, dict) else None
        if not isinstance(events, list) or not events:
            detail = '"xdm.mediaDownloadedEvents" is missing; add an array of events, the first a media.sessionStart.'
            return (Violation(base, "required", detail),)
        found: list[Violation] = []
        for index, event in enumerate(events):
            sent = event.get("mediaEventType") if isinstance(event, dict) else None
            event_type = sent.removeprefix(_PREFIX) if isinstance(sent, str) else ""
            place = f"{base}/{index}"
            if (event_type == _START) is not (index == 0):
                detail = "The first event must be a media.sessionStart, and there can be only one."
                found.append(Violation(f"{place}/mediaEventType", "batch-shape", detail, "/eventType"))
            elif event_type not in EVENTS:
                rule, detail = "required", f'"mediaEventType" is missing; send one of {", ".join(EVENTS)}.'
                if isinstance(sent, str):
                    rule, detail = (
                        "enum",
                        f'"{sent[:100]}" is not a media event; send media. and one of {", ".join(EVENTS)}.',
                    )
                found.append(Violation(f"{place}/mediaEventType", rule, detail, "/eventType"))
            else:
                found += self._batch_validators.explain(event_type, event, place)
            if len(found) >= _MAX_VIOLATIONS:
                break
        return tuple(found)


def _arrival(operation: Operation, sid: str | None, call: Call, document: Any, manner: Manner) -> Arrival:
    """Make the arrival of a request that is valid."""
    events = events_of(Operation.EVENT, document, normal_of(document), dialect=_NAME)
    first = events[0]
    opening, later = None, events[1:]
    if operation is not Operation.EVENT:
        types = {event.event_type for event in events}
        opening = Opening(
            content_of(first.params), len(events), complete="sessionComplete" in types, ended="sessionEnd" in types,
            start=first.normal,
        )  # fmt: skip
        later = ()
    return Arrival(
        operation, sid, None if operation is Operation.DOWNLOAD else call.event_type, document, first.ts_ms or 0,
        first.playhead_s or 0, opening, dialect=_NAME, later=tuple(later), manner=manner,
    )  # fmt: skip


def _refused(call: Call, manner: Manner, status: int, rule: str, detail: str) -> Arrival:
    operation = _OPENINGS.get(call.event_type, Operation.EVENT) if call.form == "media" else Operation.OTHER
    event_type = call.event_type if call.event_type in EVENTS else None
    violations = (Violation("", rule, detail),)
    return Arrival(operation, None, event_type, violations=violations, status=status, dialect=_NAME, manner=manner)


def _xdms_of(document: Any) -> list[Any]:
    """Return the ``xdm`` of each event in a body; None for an event that has none."""
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list):
        return []
    return [event.get("xdm") if isinstance(event, dict) else None for event in events]


def _type_of(xdm: Any) -> str | None:
    """Return the type of a media event without its prefix; None for an event of another kind."""
    sent = xdm.get("eventType") if isinstance(xdm, dict) else None
    return sent[len(_PREFIX) :] if isinstance(sent, str) and sent.startswith(_PREFIX) else None


def _sid_of(xdm: Any) -> str | None:
    media = xdm.get("mediaCollection") if isinstance(xdm, dict) else None
    sid = media.get("sessionID") if isinstance(media, dict) else None
    return sid[:_MAX_SID] if isinstance(sid, str) else None


def _manner_of(document: Any, manner: Manner) -> Manner:
    """Read what the body says about its answer: the organization in the cookies, and the streamed form."""
    meta = document.get("meta") if isinstance(document, dict) else None
    if not isinstance(meta, dict):
        return manner
    org, streaming = manner.org, None
    state = meta.get("state")
    entries = state.get("entries") if isinstance(state, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        key = entry.get("key") if isinstance(entry, dict) else None
        if isinstance(key, str) and key.startswith("kndctr_"):
            org = key.removeprefix("kndctr_").rpartition("_")[0][:200] or org
            break
    config = meta.get("konductorConfig")
    wanted = config.get("streaming") if isinstance(config, dict) else None
    if isinstance(wanted, dict) and wanted.get("enabled") is True:
        separator, feed = wanted.get("recordSeparator", "\0"), wanted.get("lineFeed", "\n")
        if isinstance(separator, str) and isinstance(feed, str):
            streaming = Streaming(separator[:_LONGEST_SEPARATOR], feed[:_LONGEST_SEPARATOR])
    return Manner(manner.origin, manner.form, manner.request_id, org, streaming, manner.body)


def _consent(document: Any) -> str:
    """Return ``in`` or ``out``, as a set-consent request says."""
    given = document.get("consent") if isinstance(document, dict) else None
    for each in given if isinstance(given, list) else ():
        value = each.get("value") if isinstance(each, dict) else None
        if isinstance(value, dict) and value.get("general") == "out":
            return "out"
    return "in"
