"""What was recorded of a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from mockserver.model.event import Event, events_of
from mockserver.model.http import HttpResponse, RawHeaders
from mockserver.model.vocabulary import Delivery, Operation, Outcome

__all__ = ["Draw", "Entry", "RareRecord", "Record", "RecordedRequest", "RecordedResponse", "Violation"]


class Violation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason for a 400, for the developer of the player.

    Args:
        path: JSON pointer to the place in the body; for a missing member, to where it should be.
        rule: The JSON Schema keyword that failed, or the name of an endpoint rule.
        detail: One sentence: what was seen, and what to change.
        normal_path: The same place in the normal shape of events, where that has it elsewhere.
    """

    path: str
    rule: str
    detail: str
    normal_path: str | None = None

    @property
    def place(self) -> str:
        """The place in the normal shape of events."""
        return self.path if self.normal_path is None else self.normal_path


class Draw(msgspec.Struct, frozen=True):
    """A number drawn for a fault rule: what ``probability`` or a delay was decided by."""

    fault_id: str
    value: float
    fired: bool


class Record(msgspec.Struct, frozen=True, gc=False):
    """What the journal keeps of one request: the bytes, and the few fields that queries need.

    Compact, and without a reference that could form a cycle, so that a full journal costs the garbage collector
    nothing. It never changes: whoever sends the answer tells the journal what became of it, which then keeps another.
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


class RareRecord(Record, frozen=True):
    """What the journal keeps of a request that was held back, overtook one that was, or is not in the default dialect.

    Args:
        held_ms: For how long it was held back, in milliseconds of the emulated clock.
        displaced: Its place in the order in which requests were received, less its place in order of processing.
        dialect: The name of the dialect of the request; empty for the default one.
    """

    held_ms: int = 0
    displaced: int = 0
    dialect: str = ""


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request as it was on the wire; only ``Authorization`` and ``Cookie`` values are masked."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    body_encoding: Literal["utf-8", "base64"]


class RecordedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The response as it was, or was to be, on the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    body_encoding: Literal["utf-8", "base64"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request of the journal. The last four are left out where they say nothing.

    Args:
        seq: Place in the journal, from 1, in order of processing by the server.
        at_ms: When it was processed, on the emulated clock.
        event: The parsed body, a list for a batch of downloaded content; None when it cannot be read as JSON.
        response: None when a fault left the request without any answer.
        draws: The random numbers that decided about faults.
        held_ms: For how long a ``delay`` of stage ``request`` held it back, in milliseconds of the emulated clock: the
            server received it that much before ``at_ms``. The delay stands for the network. Arrival, in timelines and
            in verification, is that at the back end: after the delay, at ``at_ms``.
        received: Place in the order in which the server received the requests, if that is not ``seq``, because
            something was held back meanwhile. Both copies that a ``duplicate`` fault made of a request have the same
            place, so that there may be gaps.
        dialect: The API it came to, if that is not the Media Collection API.
        normal: The event, or the list of those that came, in the shape of the Media Collection API, where ``event`` has
            another.
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

    @property
    def batch_of(self) -> int | None:
        """How many events the body lists, if it is a list."""
        listed = self.event if self.normal is msgspec.UNSET else self.normal
        return len(listed) if isinstance(listed, list) else None

    @property
    def events(self) -> Sequence[Event]:
        """The events of the request: none, one, or as many as it brought."""
        return events_of(self.operation, self.event, self.normal, seq=self.seq, dialect=self.dialect)
