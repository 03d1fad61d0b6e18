"""The answers of the Media Edge API.

Forms: AdobeDocs/data-collection-apis ``static/media-edge.yaml``, its pages on the media endpoints and on errors;
AdobeDocs/cja-apis, Media Edge API troubleshooting, for the names and reasons in ``report.details``; the recordings of
alloy for what it accepts. A browser shows an answer to alloy only if it echoes the ``Origin`` and allows credentials.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import msgspec

from mockserver.dialects.edge.keys import ISO_EXAMPLE, MAX_PLAYHEAD_S
from mockserver.dialects.edge.paths import Form
from mockserver.model.arrival import Arrival
from mockserver.model.http import PHRASES, WITHOUT_BODY, HttpRequest, HttpResponse
from mockserver.model.journal import Violation
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.pointer import steps_of
from mockserver.wire.codec import encode

__all__ = ["HINT", "PATH_TYPE", "Answers", "Manner", "Streaming"]

PATH_TYPE = "path-type"
"""The rule that the event type of the body must be that of the path."""

HINT = "or2"
"""The location hint that clients receive: Oregon (Adobe, Location hints)."""

_ERRORS = "https://ns.adobe.com/aep/errors/"
_INVALID = "va-edge-0400-400"
_REGION = "9"
_IDENTITY = "CiYyNjA5OTA5NjQ0NDc3NTMxNzAyMTYwODMwMTQ5MjkzMDAwMDAwMFIOCJ"
"""The identity in the answers recorded with alloy; clients only store it and send it back."""
_ECID = "26099096444775317021608301492930000000"
_CACHE_SIZE = 64
_ISO_REASON = (
    f"Field should respect ISO 8601 standard for presenting date and time with offset to UTC (e.g. {ISO_EXAMPLE})"
)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JSON = "application/json;charset=utf-8"
_PROBLEM = "application/problem+json"

_TITLES = {
    "EXEG-0002-400": "Missing datastream parameter",
    "EXEG-0003-400": "Invalid datastream ID",
    "EXEG-0101-400": "Invalid JSON request",
    "EXEG-0109-408": "Empty request",
    "EXEG-0111-415": "Invalid request",
    "EXEG-0112-413": "Invalid request",
}
"""The titles of errors of Adobe's gateway (Adobe, Edge Network troubleshooting)."""

_INJECTED = {
    429: ("EXEG-0009-429", "Too Many Requests", None),
    500: (
        "EXEG-0001-500",
        "Unexpected error",
        "An unexpected error has occurred while processing the request. Please try again.",
    ),
    503: (
        "EXEG-0000-503",
        "Service unavailable",
        "The service is temporarily unable to process your request. Try again later.",
    ),
}


class Streaming(msgspec.Struct, frozen=True):
    """How AEP Mobile wants its answers: each fragment between a separator and a line feed."""

    separator: str
    feed: str


class Manner(msgspec.Struct, frozen=True):
    """What an answer needs to know of the request.

    Args:
        origin: The ``Origin`` to echo; empty for none.
        form: The endpoint.
        request_id: The ``requestId`` that the client gave, with which the id of the answer begins; empty for none.
        org: The organization as cookies name it, such as ``53A16ACB5CC1D3760A495C99_AdobeOrg``.
        streaming: The streamed form, if the client asked for it.
        body: The body, from which the id of the answer is derived.
    """

    origin: str
    form: Form
    request_id: str = ""
    org: str = ""
    streaming: Streaming | None = None
    body: bytes = b""

    @property
    def id(self) -> str:
        """The id in the answer: the client's with some digits after it, or one of ours (Adobe, Interact)."""
        digits = sha256(self.body).hexdigest()
        if self.request_id:
            return f"{self.request_id}-{digits[:8]}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


class Answers:
    """Writes the answers. All accepted events of one origin get the same object.

    Args:
        settings: What answers to closed sessions and preflights say.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._accepted: dict[str, HttpResponse] = {}

    def accepted(self, arrival: Arrival) -> HttpResponse:
        """Answer an event that was accepted: 204, or handles for a post to ``interact``."""
        manner: Manner = arrival.manner
        return self._handled(manner, ()) if manner.form == "interact" else self._empty(manner.origin)

    def _empty(self, origin: str) -> HttpResponse:
        """Answer 204."""
        known = self._accepted.get(origin)
        if known is None:
            known = HttpResponse(204, _cors(origin))
            if len(self._accepted) < _CACHE_SIZE:
                self._accepted[origin] = known
        return known

    def opened(self, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer a sessionStart with the handle that names the session; downloaded content gets none.

        ``collect`` has no answers, and so none that names a session.
        """
        if arrival.manner.form == "collect":
            return self._empty(arrival.manner.origin)
        session = ({"type": "media-analytics:new-session", "eventIndex": 0, "payload": [{"sessionId": sid}]},)
        return self._handled(arrival.manner, () if arrival.operation is Operation.DOWNLOAD else session)

    def rejected(self, arrival: Arrival) -> HttpResponse:
        """Answer a request that cannot be accepted, with all faults at once."""
        manner: Manner = arrival.manner
        status, violations = arrival.status or 400, arrival.violations
        first = violations[0]
        if first.rule in _TITLES:
            return self._problem(manner, status, first.rule, _TITLES[first.rule], first.detail, final=status == 413)
        if status == 207:
            report = {"eventIndex": 0, "details": _details(violations, "$")}
            error = {
                "type": _ERRORS + _INVALID, "status": 400, "title": "Invalid request", "report": report,
                "violations": violations,
            }  # fmt: skip
            return self._handled(manner, (), status=207, errors=[error])
        if status != 400:
            return self._problem(manner, status, f"EXEG-0000-{status}", _phrase(status), first.detail)
        details = first.detail if first.rule == PATH_TYPE else _details(violations, "$.events[0]")
        text = "Invalid request. Please check your input and try again."
        return self._problem(manner, 400, _INVALID, "Bad Request", text, details, violations)

    def refused(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer an event of a session that is unknown or closed."""
        status = self.settings.edge_after_end if outcome is Outcome.SESSION_CLOSED else 404
        details = "Error processing request. If the session is longer than 24h, please start a new one. Returning " + (
            "Gone" if status == 410 else "Not Found"
        )
        text = "The requested resource could not be found but may be available again in the future."
        if status == 410:
            text = "The requested resource is no longer available."
        return self._problem(arrival.manner, status, f"va-edge-0{status}-{status}", _phrase(status), text, details)

    def turned_away(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer as if the session were unknown or closed; this API has one answer for both."""
        return self.refused(outcome, arrival, sid)

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        """Answer what needs no session: a preflight, a wrong path or method, and what is not about media."""
        manner: Manner = arrival.manner
        if arrival.operation is Operation.PREFLIGHT:
            return self._preflight(request, manner)
        if arrival.status == 404:
            shown = request.path if len(request.path) <= 100 else request.path[:97] + "..."
            return _bare_problem(404, f"There is nothing at {shown}.", manner.origin)
        if arrival.status == 405:
            return _bare_problem(405, "Use POST.", manner.origin, (("Allow", "OPTIONS, POST"),))
        return self._besides(manner, arrival.detail)

    def _preflight(self, request: HttpRequest, manner: Manner) -> HttpResponse:
        """Answer a preflight with what it asks for."""
        fields = [("Access-Control-Allow-Methods", "OPTIONS, POST")]
        asked = request.header(b"access-control-request-headers")
        if asked:
            fields.append(("Access-Control-Allow-Headers", asked.decode("latin-1")))
        if self.settings.cors_max_age_s is not None:
            fields.append(("Access-Control-Max-Age", f"{self.settings.cors_max_age_s:g}"))
        return HttpResponse(200, (*_cors(manner.origin), *fields, ("Content-Length", "0")))

    def _besides(self, manner: Manner, detail: str) -> HttpResponse:
        """Answer a request that is not about media: a consent, an identity, an event of another kind."""
        if manner.form == "collect":
            return self._empty(manner.origin)
        if manner.form == "consent":
            key = f"kndctr_{manner.org}_consent"
            consent = {"key": key, "value": f"general={detail}", "maxAge": 15_552_000}
            return self._handled(manner, ({"type": "state:store", "payload": [consent]},))
        if manner.form == "acquire":
            identity = {"id": _ECID, "namespace": {"code": "ECID"}}
            return self._handled(manner, ({"type": "identity:result", "payload": [identity]},))
        return self._handled(manner, ())

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        """Answer with any status and body, for a fault; without a body as Adobe's gateway would."""
        manner: Manner = arrival.manner
        if status in WITHOUT_BODY:
            return HttpResponse(status, _cors(manner.origin))
        if isinstance(body, str):
            content = body.encode()
            fields = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(content))))
            return HttpResponse(status, (*_cors(manner.origin), *(fields if content else fields[1:])), content)
        if body is not None:
            return _with_content(status, encode(body), manner.origin, _PROBLEM if status >= 400 else _JSON)
        if status < 300:
            upstream = {
                "type": f"{_ERRORS}EXEG-0201-503",
                "status": 503,
                "title": "The service is temporarily unavailable",
            }
            errors = {"errors": [upstream]} if status == 207 else {}
            return self._written(manner, status, {"requestId": manner.id, "handle": [], **errors})
        code, title, detail = _INJECTED.get(status, (f"EXEG-0000-{status}", _phrase(status), None))
        return self._problem(manner, status, code, title, detail)

    def _problem(
        self,
        manner: Manner,
        status: int,
        code: str,
        title: str,
        detail: str | None,
        details: Any = None,
        violations: tuple[Violation, ...] = (),
        *,
        final: bool = False,
    ) -> HttpResponse:
        """Answer with an error.

        Args:
            code: The end of its type.
            details: What ``report`` says about the request; None for nothing.
            violations: The same for the developer of the player: a member that Adobe's answers do not have, which the
                format of problems allows for (RFC 9457).
        """
        report = {"requestId": manner.id} if details is None else {"details": details, "requestId": manner.id}
        document: dict[str, Any] = {"type": _ERRORS + code, "status": status, "title": title}
        if detail is not None:
            document["detail"] = detail
        document["report"] = report
        if violations:
            document["violations"] = violations
        return _with_content(status, encode(document), manner.origin, _PROBLEM, final=final)

    def _handled(
        self, manner: Manner, first: tuple[Any, ...], *, status: int = 200, errors: list[Any] | None = None
    ) -> HttpResponse:
        """Answer with handles: the given ones, then the location hints and the state that the client stores."""
        scopes = (("Target", "35"), ("AAM", _REGION), ("EdgeNetwork", HINT))
        entries = [
            {"key": f"kndctr_{manner.org}_cluster", "value": HINT, "maxAge": 1800},
            {"key": f"kndctr_{manner.org}_identity", "value": _IDENTITY, "maxAge": 34_128_000},
        ]
        handles = [
            *first,
            {
                "type": "locationHint:result",
                "payload": [{"scope": scope, "hint": hint, "ttlSeconds": 1800} for scope, hint in scopes],
            },
            {"type": "state:store", "payload": entries},
        ]
        document: dict[str, Any] = {"requestId": manner.id, "handle": handles}
        if errors is not None:
            document["errors"] = errors
        return self._written(manner, status, document)

    def _written(self, manner: Manner, status: int, document: dict[str, Any]) -> HttpResponse:
        content = encode(document)
        if manner.streaming is not None:
            content = f"{manner.streaming.separator}{content.decode()}{manner.streaming.feed}".encode()
        return _with_content(status, content, manner.origin)


def _details(violations: tuple[Violation, ...], root: str) -> list[dict[str, str]]:
    """Describe violations as Adobe does, each with a JSON path and a reason: Adobe's if known, else our sentence."""
    return [
        {
            "name": root + "".join(map(_step, steps_of(violation.path)[2:])),
            "reason": _reason(violation) or violation.detail,
        }
        for violation in violations
    ]


def _step(step: str) -> str:
    if step.isdecimal():
        return f"[{step}]"
    return f".{step}" if _PLAIN_NAME.fullmatch(step) else f"['{step}']"


def _reason(violation: Violation) -> str | None:
    """Return Adobe's words for a violation, if they are known."""
    match violation.rule:
        case "required":
            return "Missing required field"
        case "format":
            return _ISO_REASON
        case "minLength" | "maxLength" if violation.path.endswith("/sessionID"):
            found = re.search(r"with (\d+) characters", violation.detail)
            return f"Unexpected error. Hint: InvalidApiSidLength={found[1] if found else 0}"
        case "minimum" | "maximum" if violation.path.endswith("/playhead"):
            return f"Playhead must be in range [0, {MAX_PLAYHEAD_S}] seconds"
        case _:
            return None


def _cors(origin: str) -> tuple[tuple[str, str], ...]:
    edge = (("Vary", "Origin"), ("X-Adobe-Edge", f"{HINT.upper()};{_REGION}"))
    if not origin:
        return edge
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "Retry-After"),
        *edge,
    )


def _bare_problem(status: int, detail: str, origin: str, extra: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    document = {"type": "about:blank", "status": status, "title": PHRASES[status], "detail": detail}
    return _with_content(status, encode(document), origin, _PROBLEM, extra)


def _with_content(
    status: int,
    content: bytes,
    origin: str,
    media_type: str = _JSON,
    extra: tuple[tuple[str, str], ...] = (),
    *,
    final: bool = False,
) -> HttpResponse:
    fields = (
        ("Content-Type", media_type),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "no-cache, no-store, max-age=0, no-transform, private"),
        *extra,
        *_cors(origin),
    )
    return HttpResponse(status, fields, content, final)


def _phrase(status: int) -> str:
    return PHRASES.get(status, f"Status {status}")
