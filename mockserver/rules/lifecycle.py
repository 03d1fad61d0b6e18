"""The life of a session: one state machine, written as a table.

Rules:
    Everything that changes the phase of a session is in this file. A phase changes only by :data:`TRANSITIONS`; a
    trigger without a cell in the row of the phase changes nothing.

Theory of operation:
    There are three kinds of triggers. *Events* (sessionComplete, sessionEnd) arrive. *Time* runs out: no events, a
    playhead that does not move, age, and, after the close, how long a closed id is remembered. A *test* expires or
    forgets a session.

    Nothing is scheduled. Whenever a session is read or changed, :func:`expire` applies the passing of time to it: it
    closes at the deadline that passed first, not at the time of reading. A limit has passed only after its last
    millisecond, and limits left at their default have a grace, because Adobe's SDKs send their own sessionEnd exactly
    when the 30 minutes are over (recordings of MediaSDK JS 3.1.0: 1800.0 s after pauseStart).

    Elapsed time is never negative: setting the clock back makes no session older and opens no closed one.

    The back end sorts events by ``ts`` inside a window of 5 seconds or 10 events, so a close may overtake older events:
    in a recording of Adobe's own sample player, sessionComplete arrived before a chapterComplete that was 4 ms older.
    For the length of the window such events are still accepted (Adobe, "Controlling the order of events").

Sources: Adobe, Media Collection API "Timeout conditions" (10 minutes without events, 30 minutes without playhead
movement) and "Events request" (404 unknown, 410 no longer reportable); Media Edge API troubleshooting (24 hours).
"""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec.structs import replace

from mockserver.model.arrival import Opening
from mockserver.model.session import Deadlines, Session
from mockserver.model.settings import DEFAULT_GRACE_S, DEFAULT_LIFETIMES, SessionRule, Settings
from mockserver.model.vocabulary import ClosedBy, Outcome, Phase
from mockserver.rules.playback_states import ADS

__all__ = [
    "REFUSALS",
    "TRANSITIONS",
    "Limits",
    "Trigger",
    "accept",
    "deadlines",
    "expire",
    "fire",
    "grace_ms",
    "limits",
    "open_session",
]


class Trigger(Enum):
    """What can happen to a session."""

    COMPLETE = "sessionComplete"
    COMPLETE_CLOSING = "sessionComplete with complete_closes"
    END = "sessionEnd"
    IDLE = "idle_timeout_s passed"
    STALL = "stall_timeout_s passed"
    MAX_AGE = "max_age_s passed"
    EXPIRE = "expired by a test"
    RETENTION = "retention_s passed"
    FORGET = "forgotten by a test"


_ENDS = {
    Trigger.COMPLETE_CLOSING: Phase.CLOSED,
    Trigger.END: Phase.CLOSED,
    Trigger.IDLE: Phase.CLOSED,
    Trigger.STALL: Phase.CLOSED,
    Trigger.MAX_AGE: Phase.CLOSED,
    Trigger.EXPIRE: Phase.CLOSED,
    Trigger.FORGET: Phase.FORGOTTEN,
}

TRANSITIONS: dict[Phase, dict[Trigger, Phase]] = {
    Phase.OPEN: {Trigger.COMPLETE: Phase.COMPLETED, **_ENDS},
    Phase.COMPLETED: dict(_ENDS),
    Phase.CLOSED: {Trigger.RETENTION: Phase.FORGOTTEN, Trigger.FORGET: Phase.FORGOTTEN},
    Phase.FORGOTTEN: {},
}

_CLOSED_BY = {
    Trigger.COMPLETE_CLOSING: ClosedBy.COMPLETE,
    Trigger.END: ClosedBy.SESSION_END,
    Trigger.IDLE: ClosedBy.IDLE,
    Trigger.STALL: ClosedBy.STALL,
    Trigger.MAX_AGE: ClosedBy.MAX_AGE,
    Trigger.EXPIRE: ClosedBy.EXPIRED,
}

REFUSALS = {Phase.CLOSED: Outcome.SESSION_CLOSED, Phase.FORGOTTEN: Outcome.UNKNOWN_SESSION}
"""The outcome of an event in these phases, unless the event that closed the session has overtaken it."""

_ACCEPTED = Outcome.ACCEPTED  # reading an Enum member is slow before Python 3.12
_LIVE = (Phase.OPEN, Phase.COMPLETED)
_CLOSING_EVENT = {ClosedBy.SESSION_END: "sessionEnd", ClosedBy.COMPLETE: "sessionComplete"}


class Limits(msgspec.Struct, frozen=True):
    """Lifetimes in milliseconds, including grace; None for no limit."""

    idle_ms: int | None
    stall_ms: int | None
    max_age_ms: int | None
    retention_ms: int | None


def limits(settings: Settings, rule: SessionRule | None = None) -> Limits:
    """Compute the limits of a session from the settings and the rule chosen when it opened."""

    def limit_ms(name: str, *, graced: bool = True) -> int | None:
        value: float | None = getattr(settings, name)
        if rule is not None and getattr(rule, name) is not msgspec.UNSET:
            value = getattr(rule, name)
        if value is None:
            return None
        grace_s = settings.grace_s
        if grace_s is None:
            grace_s = DEFAULT_GRACE_S if value == getattr(DEFAULT_LIFETIMES, name) else 0
        return round((value + (grace_s if graced else 0)) * 1000)

    return Limits(
        limit_ms("idle_timeout_s"),
        limit_ms("stall_timeout_s"),
        limit_ms("max_age_s"),
        limit_ms("retention_s", graced=False),
    )


def grace_ms(settings: Settings, rule: SessionRule | None = None) -> dict[str, int]:
    """Return how much of each limit of a live session is grace, in milliseconds, by the name of the limit.

    Arguments as in :func:`limits`. What is not limited has no grace and is left out.
    """
    graced, bare = limits(settings, rule), limits(msgspec.structs.replace(settings, grace_s=0), rule)
    found = {}
    for name in ("idle_ms", "stall_ms", "max_age_ms"):
        with_grace, without = getattr(graced, name), getattr(bare, name)
        if with_grace is not None and without is not None:
            found[name] = with_grace - without
    return found


def deadlines(session: Session, limits: Limits) -> Deadlines:
    """Return until when a session stays as it is."""
    if session.phase in _LIVE:
        return Deadlines(
            idle_ms=_after(session.last_event_ms, limits.idle_ms),
            stall_ms=_after(session.playhead_moved_ms, limits.stall_ms),
            max_age_ms=_after(session.opened_ms, limits.max_age_ms),
        )
    if session.phase is Phase.CLOSED and session.closed_ms is not None:
        return Deadlines(forget_ms=_after(session.closed_ms, limits.retention_ms))
    return Deadlines()


def fire(session: Session, trigger: Trigger, at_ms: int, *, ts_ms: int | None = None) -> Session:
    """Apply one trigger.

    Args:
        at_ms: When it happens, on the emulated clock.
        ts_ms: The ``ts`` of the event, if an event is the trigger.

    Returns:
        The session in its new phase, or the same one if the table has no cell for it.
    """
    phase = TRANSITIONS[session.phase].get(trigger)
    if phase is None:
        return session
    if phase is Phase.CLOSED:
        return replace(
            session, phase=phase, closed_by=_CLOSED_BY[trigger], closed_ms=at_ms, closing_ts_ms=ts_ms, ad_state="main"
        )
    if phase is Phase.FORGOTTEN:
        return replace(session, phase=phase, ad_state="main")
    return replace(session, phase=phase)


def expire(session: Session, now_ms: int, limits: Limits) -> Session:
    """Close or forget a session whose time has run out.

    Returns:
        The same object when nothing happened; otherwise the session, closed at the first deadline that passed, and
        forgotten if that is long enough ago.
    """
    if session.phase in _LIVE:
        if (
            (limits.idle_ms is None or now_ms - session.last_event_ms <= limits.idle_ms)
            and (limits.stall_ms is None or now_ms - session.playhead_moved_ms <= limits.stall_ms)
            and (limits.max_age_ms is None or now_ms - session.opened_ms <= limits.max_age_ms)
        ):
            return session
        session = _close_at_first_deadline(session, now_ms, limits)
    if session.phase is Phase.CLOSED and limits.retention_ms is not None and session.closed_ms is not None:
        forget_ms = session.closed_ms + limits.retention_ms
        if now_ms > forget_ms:
            return fire(session, Trigger.RETENTION, forget_ms)
    return session


def _close_at_first_deadline(session: Session, now_ms: int, limits: Limits) -> Session:
    until = deadlines(session, limits)
    passed = [
        (at_ms, trigger)
        for at_ms, trigger in (
            (until.idle_ms, Trigger.IDLE),
            (until.stall_ms, Trigger.STALL),
            (until.max_age_ms, Trigger.MAX_AGE),
        )
        if at_ms is not None and at_ms < now_ms
    ]
    at_ms, trigger = min(passed, key=lambda deadline: deadline[0])
    return fire(session, trigger, at_ms)


def open_session(
    sid: str,
    number: int,
    opening: Opening,
    *,
    playhead_s: float,
    now_ms: int,
    rule: SessionRule | None,
    downloaded: bool,
    dialect: str = "",
) -> Session:
    """Make the session that a sessionStart, or a batch of downloaded content, opens.

    A batch is closed when it arrives, so its only lifetime is how long it is remembered. Adobe documents none for
    batches ("Track downloaded content").
    """
    session = Session(
        sid=sid,
        number=number,
        phase=Phase.OPEN,
        opened_ms=now_ms,
        last_event_ms=now_ms,
        playhead_s=playhead_s,
        playhead_moved_ms=now_ms,
        events=opening.events,
        complete=opening.complete,
        downloaded=downloaded,
        rule=rule,
        content=opening.content.cut,
        dialect=dialect,
    )
    if not downloaded:
        return session
    closed_by = ClosedBy.COMPLETE if opening.complete and not opening.ended else ClosedBy.SESSION_END
    return replace(session, phase=Phase.CLOSED, closed_by=closed_by, closed_ms=now_ms)


def accept(
    session: Session, event_type: str, ts_ms: int, playhead_s: float, now_ms: int, settings: Settings
) -> tuple[Session, Outcome]:
    """Decide about a valid event of a known session, after :func:`expire`.

    Only the phase decides. The order of events is never an error, because the API does not see it (Adobe, "Validating
    event requests": each event is validated alone).

    Returns:
        The session after the event, and ACCEPTED, SESSION_CLOSED or UNKNOWN_SESSION. A refused event changes nothing.
    """
    phase = session.phase
    if phase not in _LIVE:
        if phase is Phase.FORGOTTEN:
            return session, Outcome.UNKNOWN_SESSION
        if not _overtaken(session, event_type, ts_ms, now_ms, settings):
            return session, Outcome.SESSION_CLOSED
        complete = session.complete or event_type == "sessionComplete"
        late = replace(session, overtaken=session.overtaken + 1, events=session.events + 1, complete=complete)
        return late, Outcome.ACCEPTED
    ad_state = session.ad_state
    moved = playhead_s != session.playhead_s or (settings.idle_ignores_ads and ad_state == "ad")
    session = replace(
        session,
        last_event_ms=now_ms,
        playhead_s=playhead_s,
        playhead_moved_ms=now_ms if moved else session.playhead_moved_ms,
        events=session.events + 1,
        ad_state=ADS[ad_state].get(event_type, ad_state),
    )
    if event_type == "sessionEnd":
        session = fire(session, Trigger.END, now_ms, ts_ms=ts_ms)
    elif event_type == "sessionComplete":
        trigger = Trigger.COMPLETE_CLOSING if settings.complete_closes else Trigger.COMPLETE
        session = fire(replace(session, complete=True), trigger, now_ms, ts_ms=ts_ms)
    return session, _ACCEPTED


def _overtaken(session: Session, event_type: str, ts_ms: int, now_ms: int, settings: Settings) -> bool:
    """Return whether the closing event merely overtook this event, inside the reorder window."""
    if session.closing_ts_ms is None or session.closed_ms is None or session.closed_by is None:
        return False
    return (
        ts_ms <= session.closing_ts_ms
        and event_type != _CLOSING_EVENT.get(session.closed_by)
        and now_ms - session.closed_ms <= settings.reorder_window_s * 1000
        and session.overtaken < settings.reorder_window_n
    )


def _after(start_ms: int, limit_ms: int | None) -> int | None:
    return None if limit_ms is None else start_ms + limit_ms
