"""What the admin API asks for and answers. The same records serve the in-process and the HTTP control."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.fault import FaultRule
from mockserver.model.finding import Finding
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.session import Content, Deadlines
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase

__all__ = [
    "Address",
    "Addresses",
    "ClockCommand",
    "ClockReading",
    "CountResult",
    "Difference",
    "EventPage",
    "FaultPage",
    "FindingPage",
    "Health",
    "Meta",
    "NamespacePage",
    "NamespaceView",
    "NearMiss",
    "Problem",
    "ResetCommand",
    "SessionCommand",
    "SessionPage",
    "SessionView",
    "Summary",
    "Timeline",
    "TimelineEntry",
    "Verification",
    "VerifyCommand",
    "Version",
    "WaitCommand",
    "WaitResult",
]

MAX_TIMEOUT_MS = 60_000


class _Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body of the admin API; a member it does not know is an error."""


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the admin API."""


class Meta(_Result, frozen=True, kw_only=True):
    """About a list.

    Args:
        total: How many there are, on all pages.
        evicted: How many were dropped to stay within the limits.
        next: The ``since`` of the next page, or None; the ``before`` of the page of older ones where that was asked
            for.
    """

    total: int
    evicted: int = 0
    next: int | None = None


class EventPage(_Result, frozen=True, kw_only=True):
    """A page of the journal, in ascending ``seq``."""

    events: list[Entry]
    meta: Meta


class WaitCommand(_Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Count, find or wait.

    Args:
        query: Which entries are meant.
        at_least: How many there must be.
        timeout_ms: How long to wait for them, in real milliseconds, at most 60,000.
        silence_ms: Wait for silence instead, whatever ``at_least`` says: until none came for so many milliseconds of
            the emulated clock, counted from the last one or from the call, whichever is later.
    """

    query: Query = Query()
    at_least: int = 1
    timeout_ms: int | None = None
    silence_ms: int | None = None


class CountResult(_Result, frozen=True, kw_only=True):
    """How many entries match; ``journal_complete`` is false if dropped entries could have."""

    count: int
    journal_complete: bool


class WaitResult(_Result, frozen=True, kw_only=True):
    """How a wait ended, and the entries that match."""

    satisfied: bool
    count: int
    events: list[Entry]
    journal_complete: bool


class VerifyCommand(_Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verify a count of entries, or of sessions in which a sequence occurs.

    Args:
        query: Which entries are meant.
        sequence: Steps that must follow each other in one session; other events may lie between. A text is short for
            an event type.
        exactly: This many, judged when the time is over.
        at_least: At least this many; ends when met. 1 when no number is given.
        at_most: At most this many, judged when the time is over.
        timeout_ms: How long to wait, in real milliseconds, at most 60,000.
        order: In which order of a session a sequence is looked for: ``processing``, as the back end sorts them, or
            ``arrival``. In order of processing only accepted events take part, since refused ones are never processed;
            if any step names ``outcome`` or ``status``, refused ones take part too. In order of arrival all do.
    """

    query: Query | None = None
    sequence: tuple[Query | str, ...] | None = None
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    timeout_ms: int = 0
    order: Literal["processing", "arrival"] = "processing"


class Difference(msgspec.Struct, frozen=True):
    """One field that is not as wanted; ``field`` is a query field or a JSON pointer into the event body."""

    field: str
    expected: Any
    actual: Any


class NearMiss(_Result, frozen=True, kw_only=True):
    """An entry that nearly matched: 0 would be a match, 1 has nothing of what was asked for."""

    event: Entry
    distance: float
    differences: tuple[Difference, ...]


class Verification(_Result, frozen=True, kw_only=True):
    """Whether it holds, and why not.

    Args:
        matched: The entries that count; for a sequence those of the sessions in which it occurs.
        near_misses: The nearest entries, nearest first, when it does not hold.
    """

    verified: bool
    message: str
    matched: list[Entry]
    near_misses: list[NearMiss]
    journal_complete: bool


class SessionView(_Result, frozen=True, kw_only=True):
    """A session as the admin API shows it at the present time of the clock. Instants are milliseconds of that clock.

    Args:
        session_id: The session id; ``sid`` is the same, by its name in paths.
        seq: The session is the nth of its namespace.
        findings: How many findings it has by severity, when a list of sessions was asked to count them: those of the
            rules about one session. Rules that compare sessions look at all of them; ``/findings`` has those too.
    """

    session_id: str
    sid: str
    seq: int
    phase: Phase
    closed_by: ClosedBy | None
    opened_ms: int
    last_event_ms: int
    closed_ms: int | None
    age_ms: int
    events: int
    complete: bool
    downloaded: bool
    playhead_s: float
    content: Content
    deadlines: Deadlines
    findings: dict[str, int] | None = None


class SessionPage(_Result, frozen=True, kw_only=True):
    """Sessions, newest last."""

    sessions: list[SessionView]
    meta: Meta


class TimelineEntry(_Result, frozen=True, kw_only=True):
    """One event of a session.

    Args:
        seq: Its journal entry.
        index: Its place in a batch of downloaded content, from 0; None for an event of its own.
        ts_ms: ``playerTime.ts``.
        fault_ids: The fault rules that struck it.
        late_ms: By how much it came too late to be sorted in; only in order of processing.
        provisional: Whether a later arrival can still be sorted before it; only in order of processing.
    """

    seq: int
    index: int | None
    at_ms: int
    event_type: str | None
    ts_ms: int | None
    playhead_s: float | None
    outcome: Outcome
    status: int | None
    fault_ids: tuple[str, ...] = ()
    late_ms: int = 0
    provisional: bool = False


class Timeline(_Result, frozen=True, kw_only=True):
    """The events of a session: all as they arrived, and the accepted ones as the back end processes them."""

    session_id: str
    arrival: list[TimelineEntry]
    processing: list[TimelineEntry]
    journal_complete: bool


class SessionCommand(_Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open or close a session without a client; without ``sid`` a new one gets a fresh id."""

    sid: str | None = None
    phase: Phase = Phase.OPEN


class FaultPage(_Result, frozen=True, kw_only=True):
    """Fault rules in order of creation, with their counters."""

    faults: list[FaultRule]
    meta: Meta


class ClockCommand(_Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Move or stop the clock: ``advance`` takes ``ms``, ``set`` takes ``at_ms``, ``rate`` takes ``rate``."""

    action: Literal["freeze", "resume", "advance", "set", "rate", "follow_ts", "reset"]
    ms: int | None = None
    at_ms: int | None = None
    rate: float | None = None


class ClockReading(_Result, frozen=True, kw_only=True):
    """What the clock shows."""

    now_ms: int
    frozen: bool
    rate: float


class FindingPage(_Result, frozen=True, kw_only=True):
    """Findings, the worst first; ``since`` and ``next`` count them from 1."""

    findings: list[Finding]
    meta: Meta


class ResetCommand(_Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to reset; everything when ``only`` is left out."""

    only: tuple[Literal["journal", "sessions", "faults", "clock", "settings"], ...] | None = None


class Summary(_Result, frozen=True, kw_only=True):
    """Counts of what the journal holds.

    Args:
        requests: Entries in the journal.
        events: Entries by event type.
        outcomes: Entries by outcome.
        statuses: Entries by status of the answer.
        sessions: Sessions by phase.
        evicted: Entries dropped to stay within the limits.
        findings: Findings by severity.
    """

    requests: int
    events: dict[str, int]
    outcomes: dict[str, int]
    statuses: dict[str, int]
    sessions: dict[str, int]
    evicted: int
    findings: dict[str, int] = {}


class NamespaceView(_Result, frozen=True, kw_only=True):
    """One namespace in a list."""

    name: str
    requests: int
    sessions: int


class NamespacePage(_Result, frozen=True, kw_only=True):
    """Namespaces in order of creation; the un-prefixed one is called ``default``."""

    namespaces: list[NamespaceView]
    meta: Meta


class Health(_Result, frozen=True, kw_only=True):
    """Liveness and readiness."""

    status: Literal["ok"] = "ok"


class Version(_Result, frozen=True, kw_only=True):
    """What is running."""

    name: str
    version: str
    api: str = "media-collection/v1"


class Address(_Result, frozen=True, kw_only=True):
    """One address that players can be given.

    Args:
        url: What comes before ``/api/v1/sessions``, with the namespace if there is one.
        kind: For whom: ``loopback`` for this machine, ``lan`` for devices on its network, ``emulator`` for Android
            emulators on this machine, ``name`` for whoever resolves that name.
    """

    url: str
    kind: Literal["loopback", "lan", "emulator", "name"]


class Addresses(_Result, frozen=True, kw_only=True):
    """Under which addresses a server can be reached.

    Args:
        addresses: All that are known, the best for another device first.
        best: The one that devices should use; that of this machine if no device can reach the server.
        open_to_others: Whether others than this machine can reach it.
        https: Whether it is reached over TLS.
    """

    addresses: list[Address]
    best: str
    open_to_others: bool
    https: bool


class Problem(_Result, frozen=True, kw_only=True):
    """An error document (RFC 9457).

    Args:
        type: ``about:blank``: the status says it all, ``code`` names the case.
        pointer: Where in the input the mistake lies, if it was an input.
    """

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    pointer: str | None = None
