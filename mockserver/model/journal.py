"""What was recorded of a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import astuple

from mockserver.model.event import Event, events_of
from mockserver.model.finding import Severity
from mockserver.model.http import HttpResponse, RawHeaders
from mockserver.model.vocabulary import Delivery, Operation, Outcome

__all__ = [
    "Draw",
    "Entry",
    "Forwarded",
    "ForwardedAnswer",
    "RareRecord",
    "Record",
    "RecordedRequest",
    "RecordedResponse",
    "Surroundings",
    "Violation",
]


class Violation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason for a 400, for the developer of the player.

    Args:
        path: JSON pointer into the body; for a missing member, where it should be.
        rule: The JSON Schema keyword that failed, or the name of an endpoint rule.
        detail: One sentence: what was sent, and what to change.
        normal_path: The same place in the normal shape of events, if it is elsewhere there.
    """

    path: str
    rule: str
    detail: str
    normal_path: str | None = None

    @property
    def place(self) -> str:
        """The place in the normal shape of events."""
        return self.path if self.normal_path is None else self.normal_path

    @property
    def text(self) -> str:
        """The place, unless it is the whole body, and the sentence."""
        return f"{self.path}: {self.detail}" if self.path else self.detail


class Draw(msgspec.Struct, frozen=True):
    """A random number drawn for a fault rule; it decided a ``probability`` or a delay."""

    fault_id: str
    value: float
    fired: bool


class Forwarded(msgspec.Struct, frozen=True):
    """What became of a request at the endpoint to which a server also forwards requests.

    Args:
        response: The answer, with the session ids of this server in place of those of the endpoint; None if there was
            none.
        failure: Why there was none; empty if there was one.
    """

    response: HttpResponse | None
    failure: str = ""


class Record(msgspec.Struct, frozen=True, gc=False):
    """What the journal keeps of one request: the bytes, and the few fields that queries need.

    Compact, and without a reference that could form a cycle, so that a full journal costs the garbage collector
    nothing. It never changes: when the outcome of the answer is known, the journal replaces it by another.
    """

    at_ms: int
    operation: Operation
    session_id: str | None
    event_type: str | None
    outcome: Outcome
    method: str
    target: str
    headers: RawHeaders
    body: bytes
    response: HttpResponse | None
    delivery: Delivery
    violations: tuple[Violation, ...] = ()
    fault_ids: tuple[str, ...] = ()
    draws: tuple[Draw, ...] = ()

    @property
    def dialect(self) -> str:
        """The name of the dialect of the request; empty for the default one."""
        return ""

    @property
    def size_bytes(self) -> int:
        """How large the bodies of request and answer are."""
        return len(self.body) + (0 if self.response is None else len(self.response.body))

    def rare(
        self, *, held_ms: int = 0, displaced: int = 0, dialect: str = "", forwarded: Forwarded | None = None
    ) -> RareRecord:
        """Return the same with the members of a :class:`RareRecord`."""
        members = (*astuple(self), held_ms, displaced, dialect, forwarded)
        return RareRecord(*members)


class RareRecord(Record, frozen=True):
    """A record of a request that was held back, overtook one that was, is not in the default dialect, or was forwarded.

    Args:
        held_ms: For how long it was held back, in milliseconds of the emulated clock.
        displaced: Its place in the order received minus its place in the order processed.
        dialect: The name of the dialect of the request; empty for the default one.
        forwarded: What the other endpoint answered; None if it was not forwarded, or there is no answer yet.
    """

    held_ms: int = 0
    displaced: int = 0
    dialect: str = ""
    forwarded: Forwarded | None = None


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request as it was sent; only the values of ``Authorization`` and ``Cookie`` are masked."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    body_encoding: Literal["utf-8", "base64"]


class RecordedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The response as it was sent, or as it would have been sent without a fault on the connection."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    body_encoding: Literal["utf-8", "base64"]


class ForwardedAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the endpoint answered to which a server also forwards requests.

    Args:
        response: The answer, with the session ids of this server in place of those of the endpoint; None if there was
            none.
        failure: Why there was none; empty if there was one.
    """

    response: RecordedResponse | None
    failure: str = ""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows about an entry, in addition to the entry itself.

    Args:
        content: The name or id of what its session plays.
        player: The name of the player of its session.
        gap_ms: How long after the previous entry of its session it was processed; None for the first one.
        moved_s: How far the playhead moved since the previous event of its session; None if it is unknown.
        findings: The severity of each finding about it, by code. Those of rules that compare sessions are not among
            them; see ``/findings``.
    """

    content: str | None = None
    player: str | None = None
    gap_ms: int | None = None
    moved_s: float | None = None
    findings: dict[str, Severity] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request of the journal. The last six members are left out when they have nothing to say.

    Args:
        seq: Its number in the journal, from 1, in the order in which the server processed requests.
        at_ms: When it was processed, on the emulated clock.
        event: The parsed body, a list for a batch of downloaded content; None when it cannot be read as JSON.
        response: None when a fault left the request without an answer.
        draws: The random numbers that decided about faults.
        held_ms: How long a ``delay`` of stage ``request`` held it back, in milliseconds of the emulated clock: the
            server received it that long before ``at_ms``. The delay simulates the network, so in timelines and in
            verification the request arrives after the delay, at ``at_ms``.
        received: Its number in the order in which the server received requests, if it differs from ``seq`` because
            requests were held back. Both copies of a request that a ``duplicate`` fault made have the same number, so
            numbers may be missing.
        dialect: The API it was sent to, if not the Media Collection API.
        normal: The event or events in the shape of the Media Collection API, if ``event`` has another.
        forwarded: The answer of the endpoint to which the server forwards requests, if it does.
        surroundings: What a list shows in addition, if it was asked to.
    """

    seq: int
    at_ms: int
    operation: Operation
    session_id: str | None
    event_type: str | None
    event: Any
    outcome: Outcome
    violations: tuple[Violation, ...]
    fault_ids: tuple[str, ...]
    draws: tuple[Draw, ...]
    request: RecordedRequest
    response: RecordedResponse | None
    delivery: Delivery
    held_ms: int = 0
    received: int = 0
    dialect: str = ""
    normal: Any = msgspec.UNSET
    forwarded: ForwardedAnswer | None = None
    surroundings: Surroundings | None = None

    @property
    def batch_of(self) -> int | None:
        """The number of events in the body, if it is a list."""
        listed = self.event if self.normal is msgspec.UNSET else self.normal
        return len(listed) if isinstance(listed, list) else None

    @property
    def events(self) -> Sequence[Event]:
        """The events of the request: one, or all of a batch."""
        return events_of(self.operation, self.event, self.normal, seq=self.seq, dialect=self.dialect)
