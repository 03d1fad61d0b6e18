"""How a session ended, and whether a test ended it while the player went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mockserver.model.session import Session
from mockserver.model.settings import DEFAULT_LIFETIMES
from mockserver.model.vocabulary import ClosedBy
from mockserver.rules.playback import Step
from mockserver.rules.timeline import Item

__all__ = ["Lifetime", "lifetime_of", "was_cut_short", "was_in_flight"]

_IN_FLIGHT_MS = 1_000
"""What arrives later than this after an answer can have been sent after it."""


class Lifetime(NamedTuple):
    """How long a timeout let a session live before it closed it, and how long Adobe does, in milliseconds."""

    lived_ms: int
    adobe_ms: float


def lifetime_of(stored: Session | None) -> Lifetime | None:
    """Return the lifetime of a session that a timeout closed; None if none did."""
    if stored is None or stored.closed_ms is None:
        return None
    since_ms, adobe_s = {
        ClosedBy.IDLE: (stored.last_event_ms, DEFAULT_LIFETIMES.idle_timeout_s),
        ClosedBy.STALL: (stored.playhead_moved_ms, DEFAULT_LIFETIMES.stall_timeout_s),
        ClosedBy.MAX_AGE: (stored.opened_ms, DEFAULT_LIFETIMES.max_age_s),
    }.get(stored.closed_by or ClosedBy.SESSION_END, (0, None))
    return None if adobe_s is None else Lifetime(stored.closed_ms - since_ms, adobe_s * 1000)


def was_cut_short(stored: Session | None, arrived: Sequence[Item], turned_away: Sequence[Item]) -> bool:
    """Return whether a test ended a session and the player then posted to it: by hand, or by a limit below Adobe's.

    A player that went on by its own ``ts`` was not silent, even if the clock of the server was moved on.

    Args:
        stored: The session.
        arrived: Everything posted to it in order of arrival.
        turned_away: What was posted to it when it took no more events.
    """
    if stored is None or not turned_away:
        return False
    lifetime = lifetime_of(stored)
    if lifetime is None:
        return stored.closed_by is ClosedBy.EXPIRED
    if stored.closed_by is not ClosedBy.IDLE:
        return lifetime.lived_ms < lifetime.adobe_ms
    after = turned_away[0]
    before = next((item for item in reversed(arrived) if item.seq < after.seq), after)
    silent_ms = after.record.at_ms - before.record.at_ms
    if before.ts_ms is not None and after.ts_ms is not None:
        silent_ms = min(silent_ms, abs(after.ts_ms - before.ts_ms))
    return silent_ms < lifetime.adobe_ms


def was_in_flight(item: Item, first: Item, steps: Sequence[Step]) -> bool:
    """Return whether an event was sent in one burst with the first that was answered 404 or 410, with the same ``ts``.

    SDKs send no ping in such a burst, and no type twice.

    Args:
        item: The event.
        first: The first that was answered so.
        steps: The accepted events of the session, whose ``ts`` must not stand still.
    """
    if first.ts_ms is None or item.ts_ms != first.ts_ms or item.event_type in ("ping", first.event_type):
        return False
    before = next((step for step in reversed(steps) if step.seq < first.seq), None)
    ts_moves = before is not None and before.ts_ms < first.ts_ms
    is_soon = item.record.at_ms - first.record.at_ms <= _IN_FLIGHT_MS
    return ts_moves and is_soon
