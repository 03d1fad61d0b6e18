"""Rules about events that find their session closed or forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import ClosedBy, Delivery, Outcome
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.timeline import Item

__all__ = ["RULES"]

_GONE = (404, 410)
_TURNED_AWAY = (Outcome.SESSION_CLOSED, Outcome.UNKNOWN_SESSION)
_BY_ITSELF = {
    ClosedBy.IDLE: "ten minutes of silence",
    ClosedBy.STALL: "half an hour at one playhead",
    ClosedBy.MAX_AGE: "a day",
    ClosedBy.COMPLETE: "sessionComplete",
}
"""How a session ends without the player and without a test; ``sessionComplete`` only with ``complete_closes``."""


def _closed_by(case: Case) -> ClosedBy | None:
    return None if case.session is None else case.session.closed_by


def _turned_away(case: Case) -> list[Item]:
    return [item for item in case.arrived if item.record.outcome in _TURNED_AWAY]


def _gone(case: Case) -> Iterator[Hit]:
    """Find the events by which a player learns that time has closed its session, and those that nobody tells it of."""
    ended = _BY_ITSELF.get(closed_by) if (closed_by := _closed_by(case)) else None
    late = _turned_away(case)
    if ended is None or not late:
        return
    told = next((n for n, item in enumerate(late, 1) if item.status in _GONE), len(late))
    yield Hit(
        tuple(item.seq for item in late[:told]),
        f"{_named(late[:told])} sent after {ended} had closed the session, and lost; open a new session and report "
        "there, from this event on.",
    )


def _post_after_gone(case: Case) -> Iterator[Hit]:
    if _is_ended(case):
        return
    gone = [item.seq for item in case.arrived if item.status in _GONE]
    if len(gone) > 1:
        yield Hit(
            tuple(gone[1:]),
            f"{len(gone) - 1} more events were sent after the session had answered 404 or 410; open a new session then "
            "and report there.",
        )


def _is_ended(case: Case) -> bool:
    return _closed_by(case) is ClosedBy.SESSION_END


def _event_after_end(case: Case) -> Iterator[Hit]:
    if not _is_ended(case):
        return
    late = _turned_away(case)
    others = [item for item in late if item.event_type != "sessionEnd"]
    if others:
        yield Hit(
            tuple(item.seq for item in others),
            f"{_named(others)} sent after sessionEnd and lost; send sessionEnd last, or open a new session.",
        )
    again = [item for item in late if item.event_type == "sessionEnd"]
    if again:
        excused = _was_not_answered(case)
        yield Hit(
            tuple(item.seq for item in again),
            "sessionEnd was sent again after its answer was lost; nothing needs to be changed."
            if excused
            else "sessionEnd was sent again after sessionEnd; send it once.",
            Severity.INFO if excused else Severity.WARNING,
        )


def _was_not_answered(case: Case) -> bool:
    """Tell whether a fault, or a client that left, kept the player from learning that the session had ended."""
    return any(
        item.event_type == "sessionEnd" and (item.record.fault_ids or item.record.delivery is not Delivery.SENT)
        for item in case.arrived
    )


def _named(late: Sequence[Item]) -> str:
    first = late[0].event_type or "an event"
    return f"{first} was" if len(late) == 1 else f"{len(late)} events, the first of them {first}, were"


RULES: tuple[Rule, ...] = (
    Rule(
        "session.gone",
        Severity.INFO,
        "the first event after time had closed the session: how a player learns of it",
        "The event is lost.",
        "Adobe, Media Collection API: Events request",
        _gone,
        "sessions that a test ended, and answers that a fault made",
    ),
    Rule(
        "session.post-after-gone",
        Severity.ERROR,
        "further events after a 404 or 410 on the same id",
        "All of them are lost.",
        "Adobe, Media Collection API: Events request; recordings show Adobe's own SDKs doing it",
        _post_after_gone,
    ),
    Rule(
        "session.event-after-end",
        Severity.ERROR,
        "events after sessionEnd; a warning for a second sessionEnd",
        "The event is dropped.",
        "Adobe, Session end",
        _event_after_end,
        "events that sessionEnd overtook inside the reorder window are accepted; a sessionEnd whose answer was lost is "
        "only a note when it comes again",
    ),
)
