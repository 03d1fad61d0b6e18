"""The bodies and answers of the admin API, used in the process and over HTTP."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.fault import FaultRule
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.session import Content, Deadlines
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase

__all__ = [
    "Address",
    "Addresses",
    "ArmedView",
    "ChangedSetting",
    "ClockCommand",
    "ClockReading",
    "CountResult",
    "Difference",
    "EventPage",
    "FaultPage",
    "FindingPage",
    "Health",
    "ImportResult",
    "Meta",
    "NamespacePage",
    "NamespaceView",
    "NearMiss",
    "Problem",
    "ResetCommand",
    "RuleView",
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
    """A body of the admin API; an unknown member is an error."""


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the admin API."""


class Meta(_Result, frozen=True, kw_only=True):
    """About a list.

    Args:
        total: How many there are, on all pages.
        evicted: How many were dropped to stay within the limits.
        next: The ``since`` of the next page, or None; with ``before``, the ``before`` of the page of older ones.
    """

    total: int
    evicted: int = 0
    next: int | None = None


class EventPage(_Result, frozen=True, kw_only=True):
    """A page of the journal, in ascending ``seq``."""

    events: list[Entry]
    meta: Meta


class WaitCommand(_Command, frozen=True, kw_only=True):
    """Count, find or wait.

    Args:
        query: Which entries to look for.
        at_least: How many there must be.
        timeout_ms: How long to wait for them, in real milliseconds, at most 60,000.
        silence_ms: Wait for silence instead, whatever ``at_least`` is: until no entry has arrived for this many
            milliseconds of the emulated clock, counted from the last one or from the call, whichever is later.
    """

    query: Query = Query()
    at_least: int = 1
    timeout_ms: int | None = None
    silence_ms: int | None = None


class ImportResult(_Result, frozen=True, kw_only=True):
    """What was added from a recording.

    Args:
        requests: How many requests to the media APIs were added.
        left_out: How many requests were skipped because they are not media traffic.
        without_body: The entries whose bodies the recorder did not keep; they are skipped too.
        sessions: The ids of its sessions, in order of opening.
        since: The ``seq`` after which its requests are in the journal.
        until_ms: When its last session was closed, in the time of the recording.
    """

    requests: int
    left_out: int
    without_body: list[int]
    sessions: list[str]
    since: int
    until_ms: int


class CountResult(_Result, frozen=True, kw_only=True):
    """How many entries match; ``journal_complete`` is false if dropped entries could have matched."""

    count: int
    journal_complete: bool


class WaitResult(_Result, frozen=True, kw_only=True):
    """How a wait ended, and the entries that match."""

    satisfied: bool
    count: int
    events: list[Entry]
    journal_complete: bool


class VerifyCommand(_Command, frozen=True, kw_only=True):
    """Verify a count of entries, or of sessions in which a sequence occurs.

    Args:
        query: Which entries to count.
        sequence: Steps that must follow each other in one session; other events may come between them. A text is short
            for an event type.
        exactly: Exactly this many; decided when the time is over.
        at_least: At least this many; decided as soon as there are. 1 when no number is given.
        at_most: At most this many; decided when the time is over.
        timeout_ms: How long to wait, in real milliseconds, at most 60,000.
        order: The order of the events of a session: ``processing``, as the back end sorts them, or ``arrival``. In
            order of processing only accepted events count, because refused ones are never processed; but if any step
            names ``outcome`` or ``status``, refused ones count too. In order of arrival all events count.
    """

    query: Query | None = None
    sequence: tuple[Query | str, ...] | None = None
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    timeout_ms: int = 0
    order: Literal["processing", "arrival"] = "processing"


class Difference(msgspec.Struct, frozen=True):
    """One field that does not match; ``field`` is a field of the query or a JSON pointer into the event."""

    field: str
    expected: Any
    actual: Any


class NearMiss(_Result, frozen=True, kw_only=True):
    """An entry that nearly matched: a distance of 0 would be a match, at 1 nothing matches."""

    event: Entry
    distance: float
    differences: tuple[Difference, ...]


class Verification(_Result, frozen=True, kw_only=True):
    """The result of a verification, and the reason if it failed.

    Args:
        matched: The entries that count; for a sequence, those of the sessions in which it occurs.
        near_misses: When it failed, the entries that came nearest, nearest first.
    """

    verified: bool
    message: str
    matched: list[Entry]
    near_misses: list[NearMiss]
    journal_complete: bool


class SessionView(_Result, frozen=True, kw_only=True):
    """A session as it is at the present time of the emulated clock. Times are milliseconds of that clock.

    Args:
        session_id: The session id; ``sid`` is the same, under its name in paths.
        seq: Its number in its namespace, from 1.
        dialect: The API it was opened in: ``collection`` or ``edge``.
        events: How many events were accepted, sessionStart included.
        refused: How many of its requests in the journal the back end refused: with violations, or with 404 or 410.
        struck: How many of them a fault ended before the back end saw them: neither accepted nor refused.
        grace_ms: How much of each of its ``deadlines`` is grace (setting ``grace_s``), by the name of the deadline.
        findings: How many findings it has by severity, if the list was asked to count them. Findings of rules that
            compare sessions are not among them; see ``/findings``.
        worst: The code of the worst of them or, in a search for findings, of the worst that matches; None if there is
            none, or the list was not asked to count them.
    """

    session_id: str
    sid: str
    seq: int
    dialect: str
    phase: Phase
    closed_by: ClosedBy | None
    opened_ms: int
    last_event_ms: int
    closed_ms: int | None
    age_ms: int
    events: int
    refused: int
    struck: int
    complete: bool
    downloaded: bool
    playhead_s: float
    content: Content
    deadlines: Deadlines
    grace_ms: dict[str, int]
    findings: dict[str, int] | None = None
    worst: str | None = None


class SessionPage(_Result, frozen=True, kw_only=True):
    """Sessions, newest last."""

    sessions: list[SessionView]
    meta: Meta


class TimelineEntry(_Result, frozen=True, kw_only=True):
    """One event of a session.

    Args:
        seq: Its journal entry.
        index: Its place in a batch of downloaded content, from 0; None for an event that came alone.
        ts_ms: ``playerTime.ts``.
        fault_ids: The fault rules that struck it.
        late_ms: By how much it came too late for the back end to sort it; only in order of processing.
        provisional: Whether the back end can still sort a later arrival before it; only in order of processing.
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


class SessionCommand(_Command, frozen=True, kw_only=True):
    """Open or close a session without a client; without ``sid`` a new session with a new id."""

    sid: str | None = None
    phase: Phase = Phase.OPEN


class RuleView(_Result, frozen=True, kw_only=True):
    """A rule of the catalogue of findings.

    Args:
        code: Its code, as in the findings.
        severity: How bad its findings are, unless one says otherwise.
        dialects: The APIs whose clients can make the mistake; empty for all.
        trigger: What makes it report something.
        consequence: What the mistake does to the reports.
        tolerance: What it lets pass.
        source: Where it comes from.
    """

    code: str
    severity: Severity
    dialects: tuple[str, ...]
    trigger: str
    consequence: str
    tolerance: str
    source: str


class FaultPage(_Result, frozen=True, kw_only=True):
    """Fault rules in order of creation, with their counters."""

    faults: list[FaultRule]
    meta: Meta


class ClockCommand(_Command, frozen=True, kw_only=True):
    """Move or stop the clock.

    ``advance`` takes ``ms``, ``seconds``, ``minutes`` and ``hours`` and moves by their sum, ``set`` takes ``at_ms``,
    ``rate`` takes ``rate``.
    """

    action: Literal["freeze", "resume", "advance", "set", "rate", "follow_ts", "reset"]
    ms: int | None = None
    seconds: float | None = None
    minutes: float | None = None
    hours: float | None = None
    at_ms: int | None = None
    rate: float | None = None


class ClockReading(_Result, frozen=True, kw_only=True):
    """What the clock shows."""

    now_ms: int
    frozen: bool
    rate: float


class FindingPage(_Result, frozen=True, kw_only=True):
    """Findings, worst first; ``since`` and ``next`` number them from 1.

    Args:
        findings: What was found.
        meta: How many there are; ``evicted`` counts entries of the journal.
        journal_complete: False if entries or sessions were dropped to stay within the limits, so that findings may be
            missing. For one session it is true as long as its sessionStart is in the journal.
    """

    findings: list[Finding]
    meta: Meta
    journal_complete: bool


class ResetCommand(_Command, frozen=True, kw_only=True):
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


class ChangedSetting(_Result, frozen=True, kw_only=True):
    """A setting that is not as it was at the start.

    Args:
        name: Its name.
        start: What it was.
        value: What it is.
        story: The story that changed it; None if a person or a test did.
    """

    name: str
    start: Any
    value: Any
    story: str | None = None


class ArmedView(_Result, frozen=True, kw_only=True):
    """What makes a namespace behave differently than after its start.

    Args:
        faults: How many fault rules can still strike.
        story: The name of the story that runs; None for no story.
        story_title: Its title.
        settings: The settings that were changed.
        clock: What the clock shows.
        ahead_ms: How far the clock is ahead of the time of this machine.
        follows_ts: Whether the clock jumps forward to the ``ts`` of events.
        evicted: How many entries were dropped because the journal is full.
        started_ms: When the server was started, in real time.
    """

    faults: int
    story: str | None
    story_title: str | None
    settings: list[ChangedSetting]
    clock: ClockReading
    ahead_ms: int
    follows_ts: bool
    evicted: int
    started_ms: int


class NamespaceView(_Result, frozen=True, kw_only=True):
    """One namespace in a list."""

    name: str
    requests: int
    sessions: int


class NamespacePage(_Result, frozen=True, kw_only=True):
    """Namespaces in order of creation; the one without a prefix is called ``default``."""

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
    """One address of the server, for players.

    Args:
        url: What comes before ``/api/v1/sessions``, with the namespace if there is one.
        kind: For whom: ``loopback`` for this machine, ``lan`` for devices on its network, ``emulator`` for Android
            emulators on this machine, ``name`` for devices that can resolve that name.
    """

    url: str
    kind: Literal["loopback", "lan", "emulator", "name"]


class Addresses(_Result, frozen=True, kw_only=True):
    """The addresses of a server.

    Args:
        addresses: All known addresses, the best for another device first.
        best: The address for devices; that of this machine if no device can reach the server.
        open_to_others: Whether other machines can reach the server.
        https: Whether the server uses TLS.
    """

    addresses: list[Address]
    best: str
    open_to_others: bool
    https: bool


class Problem(_Result, frozen=True, kw_only=True):
    """An error document (RFC 9457).

    Args:
        type: ``about:blank``: see ``status`` and ``code``.
        pointer: Where in the input the mistake is, if it is in the input.
    """

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    pointer: str | None = None
