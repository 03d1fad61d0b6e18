"""What can go wrong: the kinds of faults, their checks, and what they make of an answer.

A kind is one record here, in the union :data:`SimpleFault`, and, if it acts on a socket, one case in
:mod:`mockserver.server.effects`. Everything else follows from the record: the JSON and its checks, the form on the
page, the reference.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Protocol

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr, replace

from mockserver.errors import InvalidInput
from mockserver.model.http import WITHOUT_BODY, HttpResponse, is_token
from mockserver.model.query import list_alone
from mockserver.model.vocabulary import Outcome

__all__ = [
    "MAX_DELAY_MS",
    "AnswerFault",
    "CloseFault",
    "DelayFault",
    "DribbleFault",
    "DropHeaderFault",
    "DuplicateFault",
    "ExpireFault",
    "Fault",
    "FaultKind",
    "ForgetFault",
    "GarbleFault",
    "HangFault",
    "LocationFault",
    "OutcomeFault",
    "Pass",
    "RefuseFault",
    "ResetFault",
    "ResponsesFault",
    "SessionsFault",
    "SimpleFault",
    "StatusFault",
    "Struck",
    "TruncateFault",
]

MAX_DELAY_MS = 24 * 3600 * 1000

_MAX_REFUSE_MS = 10 * 60 * 1000
_MAX_CHUNKS = 1_000
_MAX_ITEMS = 1_000
_MAX_REPEAT = 1_000_000
_FRAMING = ("content-length", "transfer-encoding", "connection")
_OF_BODY = ("content-type", "content-length")
_ADDED_LATER = ("date", "connection", "transfer-encoding")
"""Header fields that the server writes when it sends the answer."""
_LOCATION_PARTS = ("{location}", "{sid}", "{host}")


class Struck(Protocol):
    """A request that a fault strikes, and what the emulated API can answer to it."""

    @property
    def is_processed(self) -> bool:
        """Whether the back end has processed it, at stage ``response``."""
        ...

    @property
    def host(self) -> str:
        """The ``Host`` header of the request."""
        ...

    def answer(self) -> HttpResponse:
        """Return the answer of the back end; for a request that is not processed, the one it would have been."""
        ...

    def plain(self, status: int, body: Any) -> HttpResponse:
        """Return an answer with a status and a body: text, JSON or, for None, a message in the style of the API."""
        ...

    def turned_away(self, outcome: Outcome) -> HttpResponse:
        """Return the answer to an event of an unknown or a closed session."""
        ...

    def marked(self, answer: HttpResponse) -> HttpResponse:
        """Name the rule in a header of the answer, unless that is switched off."""
        ...


class FaultKind(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    """The base of all kinds of faults.

    Args:
        repeat: In an item of a ``responses`` script: for how many requests in a row it counts.
    """

    title: ClassVar[str]
    """What the fault does, in a few words, for lists."""

    repeat: int = 1

    def check(self, at: str) -> None:
        """Check the members.

        Args:
            at: The pointer of this fault.

        Raises:
            InvalidInput: A member is wrong; the pointer leads to it.
        """


class AnswerFault(FaultKind, frozen=True, kw_only=True):
    """A fault that decides what the client gets: an answer, and what happens to the connection."""

    def answered(self, struck: Struck) -> HttpResponse | None:
        """Return the answer to send, whole or in part; None for no answer."""
        return struck.marked(struck.answer())


class SessionsFault(FaultKind, frozen=True, kw_only=True):
    """A fault that ends sessions and leaves the answer to the back end.

    Args:
        sessions: ``own``: the session of the request, if it has one. ``all``: every session of the namespace.
    """

    sessions: Annotated[Literal["own", "all"], Meta(title="Which sessions")] = "own"


class StatusFault(AnswerFault, frozen=True, kw_only=True, tag="status"):
    """Answer with a status, 200 to 599.

    At stage ``response`` the answer keeps its other header fields, such as ``Location``, except those about its body.

    Args:
        code: The status.
        body: Text is sent as it is, anything else as JSON; the default is ``{"message": ...}``.
        headers: Header fields to add or replace, for example ``{"Retry-After": 5}``.
    """

    title = "Answer with a status"
    code: Annotated[int, Meta(title="Status", examples=[500])]
    body: Any = None
    headers: dict[str, str | int] = {}

    def __post_init__(self) -> None:
        force_setattr(self, "headers", {name: str(value) for name, value in self.headers.items()})

    def check(self, at: str) -> None:
        """Check that HTTP allows the answer."""
        _check_number(at, "code", self.code, 200, 599)
        if self.code in WITHOUT_BODY and self.body not in (None, ""):
            raise InvalidInput(f"an answer with status {self.code} has no body", pointer=f"{at}/body")
        if not _is_json(self.body):
            raise InvalidInput("the body must be text or JSON, without lone surrogates", pointer=f"{at}/body")
        for name, value in self.headers.items():
            if not is_token(name) or not _is_field_value(str(value)):
                raise InvalidInput(f"{name!r}: {value!r} is not an HTTP header field", pointer=f"{at}/headers")
            if name.lower() in _FRAMING:
                raise InvalidInput(f"{name} follows from the answer; it cannot be set", pointer=f"{at}/headers")

    def answered(self, struck: Struck) -> HttpResponse:
        """Return the answer with this status."""
        plain = struck.plain(self.code, self.body)
        given = tuple((name, str(value)) for name, value in self.headers.items())
        names = frozenset(map(str.lower, self.headers))
        kept = (struck.answer() if struck.is_processed else plain).without((*names, *_OF_BODY))
        about_body = plain.only(frozenset(_OF_BODY) - names)
        return struck.marked(HttpResponse(self.code, (*given, *kept.headers, *about_body), plain.body))


class LocationFault(AnswerFault, frozen=True, kw_only=True, tag="location"):
    """Change the ``Location`` of the answer; an answer without one is not changed.

    Use it at stage ``response``: there the session exists, and clients look for its id in the answer.

    Args:
        value: The new value. In it ``{location}`` stands for the old value, ``{sid}`` for the id at its end and
            ``{host}`` for the ``Host`` of the request: ``http://{host}{location}`` makes it absolute, ``{location}/``
            adds a slash at the end, ``/va/api/v1/sessions/{sid}`` adds a prefix.
    """

    title = "Change the Location"
    value: Annotated[str, Meta(examples=["http://{host}{location}"])]

    def check(self, at: str) -> None:
        """Check that the value can be sent in a header and has only known placeholders."""
        if not self.value or not _is_field_value(self.value):
            raise InvalidInput(f"{self.value!r} cannot be the value of a header field", pointer=f"{at}/value")
        for part in re.findall(r"{[^{}]*}", self.value):
            if part not in _LOCATION_PARTS:
                raise InvalidInput(
                    f"{part} is not a placeholder; there are {', '.join(_LOCATION_PARTS)}", pointer=f"{at}/value"
                )

    def answered(self, struck: Struck) -> HttpResponse:
        """Return the answer with the new ``Location``."""
        answer = struck.answer()
        location = answer.field("location")
        if location is None:
            return struck.marked(answer)
        stands_for = dict(zip(_LOCATION_PARTS, (location, location.rpartition("/")[2], struck.host), strict=True))
        value = re.sub("|".join(_LOCATION_PARTS), lambda found: stands_for[found[0]], self.value)
        headers = tuple((name, value if name.lower() == "location" else old) for name, old in answer.headers)
        return struck.marked(replace(answer, headers=headers))


class OutcomeFault(AnswerFault, frozen=True, kw_only=True, tag="outcome"):
    """Answer as if the session were unknown (404) or closed (410). The session itself does not change.

    Args:
        outcome: Which of the two; the emulated API chooses the status.
    """

    title = "Answer as if the session were gone"
    outcome: Annotated[Literal["unknown_session", "session_closed"], Meta(title="As if it were")]

    def answered(self, struck: Struck) -> HttpResponse:
        """Return the answer of the API to an event of such a session."""
        return struck.marked(struck.turned_away(Outcome(self.outcome)))


class ExpireFault(SessionsFault, frozen=True, kw_only=True, tag="expire"):
    """Close sessions for good, as ``POST /sessions/{sid}/expire`` does.

    At stage ``request`` this happens just before the request is processed, so that an event is answered with 410; at
    stage ``response`` just after.
    """

    title = "Close sessions for good (410)"


class ForgetFault(SessionsFault, frozen=True, kw_only=True, tag="forget"):
    """Forget sessions, as a back end that restarts without its memory does: their next events get 404."""

    title = "Forget sessions (404)"


class DelayFault(FaultKind, frozen=True, kw_only=True, tag="delay"):
    """Wait, in milliseconds of the emulated clock; on a frozen clock it waits for an advance.

    At stage ``request`` the back end processes the request as of the moment when the delay ends, even when the clock
    jumps far beyond that moment.

    Args:
        ms: A fixed delay.
        lower: With ``upper``: uniform from ``lower`` to ``upper``.
        upper: See ``lower``.
        median: With ``sigma``: lognormal with this median and the shape ``sigma``.
        sigma: See ``median``.
    """

    title = "Delay"
    ms: Annotated[float | None, Meta(title="Fixed, ms", examples=[5000])] = None
    lower: Annotated[float | None, Meta(title="At least, ms")] = None
    upper: Annotated[float | None, Meta(title="At most, ms")] = None
    median: Annotated[float | None, Meta(title="Median, ms")] = None
    sigma: float | None = None

    def check(self, at: str) -> None:
        """Check that there is exactly one delay."""
        names = ("ms", "lower", "upper", "median", "sigma")
        given = tuple(name for name in names if getattr(self, name) is not None)
        if given not in (("ms",), ("lower", "upper"), ("median", "sigma")):
            raise InvalidInput(
                "a delay takes ms, or lower and upper, or median and sigma; all are milliseconds except sigma",
                pointer=at,
            )
        for name in given:
            _check_number(at, name, getattr(self, name), 0, MAX_DELAY_MS)
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise InvalidInput(f"lower ({self.lower}) is more than upper ({self.upper})", pointer=f"{at}/lower")


class DuplicateFault(FaultKind, frozen=True, kw_only=True, tag="duplicate"):
    """Process the request twice and answer it once, as when a proxy repeats it.

    The journal has both. The client gets the answer to the second, at stage ``response`` the answer to the first; the
    journal records the other answer as ``cut``.
    """

    title = "Process the request twice"


class _NoAnswer(AnswerFault, frozen=True, kw_only=True):
    def answered(self, struck: Struck) -> None:
        """Return None: there is no answer."""


class ResetFault(_NoAnswer, frozen=True, kw_only=True, tag="reset"):
    """Reset the connection: the client sees a real RST (ECONNRESET).

    If the connection has served a request before, the network stack of a browser repeats the request by itself, and
    the page does not notice. For a failure that the player always sees, use ``garble``.
    """

    title = "Reset the connection"


class CloseFault(_NoAnswer, frozen=True, kw_only=True, tag="close"):
    """Close the connection without an answer: the client sees the end of the stream (FIN).

    If the connection has served a request before, the network stack of a browser repeats the request by itself, and
    the page does not notice. For a failure that the player always sees, use ``garble``.
    """

    title = "Close without an answer"


class HangFault(_NoAnswer, frozen=True, kw_only=True, tag="hang"):
    """Never answer and keep the connection open until the client leaves or the server stops."""

    title = "Never answer"


class RefuseFault(_NoAnswer, frozen=True, kw_only=True, tag="refuse"):
    """Reset the connection and refuse new ones for a while: the server stops listening (ECONNREFUSED).

    Open connections are reset when a request to the emulated API arrives on them; the admin API still answers there.
    All namespaces are affected, because they share the port.

    Args:
        duration_ms: For how long, in real milliseconds, so that a frozen clock cannot lock you out; at most 10 minutes.
    """

    title = "Refuse connections for a while"
    duration_ms: Annotated[int, Meta(title="For how long, ms", examples=[5000])]

    def check(self, at: str) -> None:
        """Check the duration."""
        _check_number(at, "duration_ms", self.duration_ms, 1, _MAX_REFUSE_MS)


class TruncateFault(AnswerFault, frozen=True, kw_only=True, tag="truncate"):
    """Send the beginning of the answer, then close the connection.

    Args:
        after_bytes: How many bytes are sent, counted from the status line.
    """

    title = "Cut the answer"
    after_bytes: Annotated[int, Meta(examples=[20])]

    def check(self, at: str) -> None:
        """Check the number of bytes."""
        _check_number(at, "after_bytes", self.after_bytes, 0, None)


class GarbleFault(AnswerFault, frozen=True, kw_only=True, tag="garble"):
    """Replace the status line of the answer with bytes that are not HTTP, and close the connection after it.

    Browsers do not repeat such a request by themselves.
    """

    title = "Answer with bytes that are not HTTP"


class DribbleFault(AnswerFault, frozen=True, kw_only=True, tag="dribble"):
    """Send the answer in pieces.

    Args:
        chunks: The number of pieces.
        total_ms: The time from the first piece to the last, in milliseconds of the emulated clock.
    """

    title = "Answer in pieces"
    chunks: Annotated[int, Meta(title="Pieces", examples=[5])]
    total_ms: Annotated[int, Meta(title="In all, ms", examples=[5000])]

    def check(self, at: str) -> None:
        """Check the number of pieces and the time."""
        _check_number(at, "chunks", self.chunks, 1, _MAX_CHUNKS)
        _check_number(at, "total_ms", self.total_ms, 0, MAX_DELAY_MS)


class DropHeaderFault(AnswerFault, frozen=True, kw_only=True, tag="drop_header"):
    """Leave a header field out of the answer, for example ``Location`` or ``Access-Control-Expose-Headers``.

    Without ``Content-Length`` the connection is closed after the answer.

    Args:
        name: Its name, in any case; a list leaves out several.
    """

    title = "Leave a header out"
    name: Annotated[str | tuple[str, ...], Meta(title="Header", examples=[["Location"]])]

    def __post_init__(self) -> None:
        list_alone(self, "name")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields to leave out."""
        return (self.name,) if isinstance(self.name, str) else self.name

    def check(self, at: str) -> None:
        """Check that each name can be a header field, and that it can be left out."""
        if not self.names:
            raise InvalidInput("name at least one header field", pointer=f"{at}/name")
        for name in self.names:
            if not is_token(name):
                raise InvalidInput(f"{name!r} cannot be the name of an HTTP header field", pointer=f"{at}/name")
            if name.lower() in _ADDED_LATER:
                raise InvalidInput(
                    f"{name} is added when the answer is sent; it cannot be left out", pointer=f"{at}/name"
                )

    def answered(self, struck: Struck) -> HttpResponse:
        """Return the answer without these fields; without a length, closing the connection ends it (RFC 9112, 6.3)."""
        answer = struck.marked(struck.answer()).without(self.names)
        unending = "content-length" in map(str.lower, self.names) and answer.status not in (204, 304)
        return replace(answer, final=answer.final or unending)


class Pass(FaultKind, frozen=True, kw_only=True, tag="pass"):
    """Do nothing to this request: an item of a ``responses`` script. The word ``"pass"`` alone means the same.

    The rule counts it as ``applied``, the journal entry does not name the rule, and later rules may strike.
    """

    title = "Nothing"


SimpleFault = (
    StatusFault
    | OutcomeFault
    | ExpireFault
    | ForgetFault
    | DelayFault
    | DuplicateFault
    | ResetFault
    | CloseFault
    | HangFault
    | RefuseFault
    | TruncateFault
    | GarbleFault
    | DribbleFault
    | LocationFault
    | DropHeaderFault
)


class ResponsesFault(FaultKind, frozen=True, kw_only=True, tag="responses"):
    """A script: one item for each request that the rule hits, in order.

    Args:
        responses: 1 to 1000 faults, or ``"pass"`` for none; ``repeat`` in an item says for how many requests it counts.
            A script cannot contain a script.
        then: What follows the last item: the ``last`` item for ever, the script from its start (``cycle``), or nothing
            (``pass``).
    """

    title = "A script, request by request"
    responses: Annotated[
        tuple[SimpleFault | Pass | Literal["pass"], ...],
        Meta(title="Items, as JSON", examples=[[{"kind": "status", "code": 500, "repeat": 2}, {"kind": "pass"}]]),
    ]
    then: Literal["last", "cycle", "pass"] = "last"

    def __post_init__(self) -> None:
        force_setattr(self, "responses", tuple(Pass() if item == "pass" else item for item in self.responses))

    def check(self, at: str) -> None:
        """Check the number of items, and each item."""
        if not self.responses:
            raise InvalidInput("a script needs at least one item", pointer=f"{at}/responses")
        if len(self.responses) > _MAX_ITEMS:
            raise InvalidInput(
                f"a script has at most {_MAX_ITEMS} items, not {len(self.responses)}; repeat in an item says for how "
                "many requests it counts",
                pointer=f"{at}/responses",
            )
        for number, item in enumerate(self.responses):
            if isinstance(item, str):
                continue
            item_at = f"{at}/responses/{number}"
            _check_number(item_at, "repeat", item.repeat, 1, _MAX_REPEAT)
            if isinstance(item, ResponsesFault):
                raise InvalidInput("a script cannot contain a script; write its items here", pointer=item_at)
            item.check(item_at)


Fault = SimpleFault | ResponsesFault | Pass
"""Any fault. A ``pass`` is allowed only in a script; the check of a rule refuses it elsewhere."""


def _check_number(at: str, name: str, value: float, lowest: int, highest: int | None) -> None:
    if highest is None and value < lowest:
        raise InvalidInput(f"{name} must be {lowest} or more, not {value}", pointer=f"{at}/{name}")
    if highest is not None and not lowest <= value <= highest:
        raise InvalidInput(f"{name} must be {lowest} to {highest}, not {value}", pointer=f"{at}/{name}")


def _is_json(value: object) -> bool:
    """Return whether a value can be written as JSON; a Python test may pass anything."""
    try:
        msgspec.json.encode(value)
    except OverflowError:
        return True  # an integer beyond 64 bits is legal JSON
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _is_field_value(value: str) -> bool:
    return value.isascii() and value.isprintable()
