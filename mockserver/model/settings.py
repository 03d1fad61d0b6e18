"""What you can set at start and, through the admin API, while the server runs."""

from __future__ import annotations

from typing import Literal

import msgspec

from mockserver.model.finding import Thresholds

__all__ = ["DEFAULT_GRACE_S", "DEFAULT_LIFETIMES", "Lifetimes", "SessionRule", "Settings"]

DEFAULT_GRACE_S = 5.0
"""Adobe's SDKs end an idle session themselves after exactly 30:00.0 minutes; that event must still find it open
(recordings of MediaSDK JS 3.1.0)."""


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long sessions live, in seconds of the emulated clock; None means without limit.

    Args:
        idle_timeout_s: How long a session stays open without an event. 10 minutes: Adobe, "Timeout conditions" of the
            Media Collection API.
        stall_timeout_s: How long it stays open while the playhead does not move, with or without pings. 30 minutes:
            same page.
        max_age_s: The age at which it closes. 24 hours: Adobe, Media Edge API troubleshooting; the SDKs restart then.
        retention_s: How long a closed session answers 410 before it answers 404. Undocumented; 24 hours.
    """

    idle_timeout_s: float | None = 600
    stall_timeout_s: float | None = 1800
    max_age_s: float | None = 86400
    retention_s: float | None = 86400


DEFAULT_LIFETIMES = Lifetimes()


class SessionRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other lifetimes for sessions whose sessionStart meets every condition of ``where``.

    When a session opens, the first rule that matches is chosen, and stays. For lifetimes that the rule leaves out, the
    general ones apply.
    """

    where: tuple[str, ...]
    idle_timeout_s: float | msgspec.UnsetType | None = msgspec.UNSET
    stall_timeout_s: float | msgspec.UnsetType | None = msgspec.UNSET
    max_age_s: float | msgspec.UnsetType | None = msgspec.UNSET
    retention_s: float | msgspec.UnsetType | None = msgspec.UNSET


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one namespace, with their defaults.

    Lifetimes are described at :class:`Lifetimes`.

    Args:
        grace_s: Seconds added to every lifetime. None: 5 seconds on lifetimes left at their default and none on the
            others, so that a test that asks for 1 second gets 1 second.
        idle_ignores_ads: Do not count time inside ads, where the playhead does not move, as a stalled playhead.
        session_rules: Other lifetimes for some sessions, by conditions on their sessionStart.
        complete_closes: sessionComplete closes the session (410 after it). Adobe's pages disagree; the newest say no.
        after_end: The status of events on a closed session.
        check_order: Whether the body (400) or the session (404, 410) is checked first.
        content_type: ``lenient`` reads every body as JSON; ``strict`` answers 415 unless Content-Type says JSON or, on
            the Media Edge API, plain text.
        schema_profile: ``sdk-union`` rejects keys that neither the documentation nor a known client uses; ``open``
            accepts them.
        docs_lenient: Accept the QoE forms of older documentation: keys in params, and keys without ``media.qoe.``.
        states_update: Accept the event type statesUpdate.
        sessions_array: Accept downloaded content as an array on ``/sessions``, the deprecated form that mobile SDKs
            still send.
        batch_location: Answer downloaded content with a Location.
        reorder_window_s: For how many seconds the back end holds events to sort them by ``ts``. Adobe, "Controlling the
            order of events".
        reorder_window_n: How many events it holds at most. Same page.
        ties: How events with equal ``ts`` are ordered: ``semantic`` by their meaning, or by ``arrival``.
        progress_on_seek: Whether a seek over progress markers counts them: ``fire`` or ``skip``. Adobe's page says
            both; ``fire`` is its example and its rule.
        segment_format: The content segment in minutes: ``range`` from the lowest to the highest playhead, or
            ``five_minute`` for steps of five. Adobe's samples show both.
        unclosed_break: Ads whose break is never closed ``count``, or are ``void`` and their time is main content. The
            report gives both readings.
        error_stops_playback: An error ends playing time until the next play. Adobe says playback can continue.
        resume_suppresses_start: Do not count a session with media.resume as a media start. Adobe's pages disagree.
        bitrate_unit: The unit in which players send bitrates: ``as-sent`` reports them unchanged, ``bps`` and ``kbps``
            in kilobits. Adobe's pages name both units.
        credit_tail_s: Seconds credited after the last event of a session that timed out. Undocumented; none.
        path_prefixes: Extra paths under which the API answers, such as ``/va``. Location never contains them.
        cors_allow_any_header: Allow every header that a preflight asks for, instead of Adobe's fixed list.
        cors_max_age_s: For how many seconds a browser may cache a preflight; Adobe's answers do not say.
        edge_datastreams: Datastream ids that the Media Edge API accepts; an empty list accepts any.
        edge_datastream_on_events: Require the datastream id on every media event of the Media Edge API, not only on
            sessionStart, downloaded, interact and collect. Adobe's specification and its samples disagree.
        edge_start_timestamp: Require ``xdm.timestamp`` on sessionStart of the Media Edge API too. Adobe's specification
            requires it, but its samples lack it.
        edge_integers: Whether fractions are refused where the Media Edge API has integers: ``strict`` or ``lenient``.
        edge_after_end: The status of events on a closed session of the Media Edge API: 404 or 410. Adobe's pages name
            both.
        edge_org: The organization of the cookies that the Media Edge API sets for clients that send no such cookie yet;
            alloy stops if it is not its ``orgId``.
        edge_ping_s: Seconds between pings outside ads, 10 to 50, as configured in the clients of the Media Edge API;
            none to derive it from their traffic.
        edge_ad_ping_s: The same inside ads, 1 to 10.
        edge_max_body_bytes: Largest body that the Media Edge API accepts (Adobe, Guardrails); a larger one is answered
            with 413.
        fault_header: Mark injected answers with ``X-Mock-Fault``.
        fast_path: Answer plain events without the general machinery for requests. The answers are the same.
        max_body_bytes: Largest body; a larger one is answered with 413.
        max_entries: Most entries the journal keeps.
        max_journal_bytes: Most bytes the journal keeps.
        max_sessions: Most sessions remembered; the oldest closed ones are dropped first.
        max_faults: Most fault rules.
        max_held: Most requests that delays of stage ``request`` hold back at a time; the next is answered with 429.
        max_waiters: Most waits and verifications in flight at a time.
        max_streams: Most open event streams.
        max_namespaces: Most namespaces of one server; the setting of the namespace ``default`` counts.
        max_server_bytes: Most bytes that all namespaces of one server keep together: journals, sessions, requests that
            are held back, and cached findings and reports; the largest namespace drops entries first. The setting of
            the namespace ``default`` counts.
        max_connections: Most open connections of a port; the ones idle the longest are closed for new ones. There are
            never more than the system lets a process open. The setting of the namespace ``default`` counts.
        max_incoming_bytes: Most bytes of requests that are arriving in pieces, in the whole server; the next piece is
            answered with 429. The setting of the namespace ``default`` counts.
        header_timeout_s: Real seconds in which the head of a request has to arrive once it has begun; then the
            connection is closed. The setting of the namespace ``default`` counts.
        thresholds: The limits beyond which a finding is reported.
    """

    idle_timeout_s: float | None = DEFAULT_LIFETIMES.idle_timeout_s
    stall_timeout_s: float | None = DEFAULT_LIFETIMES.stall_timeout_s
    max_age_s: float | None = DEFAULT_LIFETIMES.max_age_s
    retention_s: float | None = DEFAULT_LIFETIMES.retention_s
    grace_s: float | None = None
    idle_ignores_ads: bool = False
    session_rules: tuple[SessionRule, ...] = ()
    complete_closes: bool = False
    after_end: Literal[410, 204, 404] = 410
    check_order: Literal["schema-first", "session-first"] = "schema-first"
    content_type: Literal["lenient", "strict"] = "lenient"
    schema_profile: Literal["sdk-union", "open"] = "sdk-union"
    docs_lenient: bool = False
    states_update: bool = True
    sessions_array: Literal["accept", "reject"] = "accept"
    batch_location: bool = False
    reorder_window_s: float = 5
    reorder_window_n: int = 10
    ties: Literal["semantic", "arrival"] = "semantic"
    progress_on_seek: Literal["fire", "skip"] = "fire"
    segment_format: Literal["range", "five_minute"] = "range"
    unclosed_break: Literal["count", "void"] = "count"
    error_stops_playback: bool = False
    resume_suppresses_start: bool = False
    bitrate_unit: Literal["as-sent", "bps", "kbps"] = "as-sent"
    credit_tail_s: float = 0
    path_prefixes: tuple[str, ...] = ()
    cors_allow_any_header: bool = msgspec.field(default=False, name="cors.allow_any_header")
    cors_max_age_s: int | None = msgspec.field(default=None, name="cors.max_age")
    edge_datastreams: tuple[str, ...] = ()
    edge_datastream_on_events: bool = False
    edge_start_timestamp: bool = False
    edge_integers: Literal["strict", "lenient"] = "strict"
    edge_after_end: Literal[404, 410] = 404
    edge_org: str = "53A16ACB5CC1D3760A495C99@AdobeOrg"
    edge_ping_s: float | None = None
    edge_ad_ping_s: float | None = None
    edge_max_body_bytes: int = 65_536
    fault_header: bool = True
    fast_path: bool = True
    max_body_bytes: int = 1024 * 1024
    max_entries: int = 100_000
    max_journal_bytes: int = 256 * 1024 * 1024
    max_sessions: int = 100_000
    max_faults: int = 1_000
    max_held: int = 256
    max_waiters: int = 256
    max_streams: int = 64
    max_namespaces: int = 1_000
    max_server_bytes: int = 512 * 1024 * 1024
    max_connections: int = 10_000
    max_incoming_bytes: int = 128 * 1024 * 1024
    header_timeout_s: float = 30
    thresholds: Thresholds = Thresholds()
