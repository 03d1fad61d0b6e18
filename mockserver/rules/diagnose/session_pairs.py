"""Rules about several sessions of one viewer.

They compare sessions of one API only: while a team moves to the other API, both players report the same viewing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from mockserver.model.finding import Severity, Thresholds
from mockserver.model.journal import Record
from mockserver.model.session import Session
from mockserver.model.vocabulary import ClosedBy
from mockserver.rules.diagnose.identity import is_unknown
from mockserver.rules.diagnose.intervals import NEAR_START_S
from mockserver.rules.diagnose.repetition import is_answered
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import GONE, SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import counted, number
from mockserver.rules.playback import Step

__all__ = ["RULES"]

_TIMEOUTS = (ClosedBy.IDLE, ClosedBy.STALL, ClosedBy.MAX_AGE)
_RESTARTING_SDKS = ("js-", "cc-")
"""MediaSDK JS and Chromecast send media.resume false on their automatic restarts (recordings)."""

_TOGETHER_MS = 10_000
_VIEWED = 4
_ALIKE_MS = 1_000
_ALIKE_S = 1.0
_ALIKE_SHARE = 0.8
"""Two sessions are one viewing if they open together, have at least this many events, and share this part of them."""

_SDK_IDLE_S = 1790
_SDK_AGE_S = 86_390


class _ViewerSession(NamedTuple):
    """A session with its sessionStart and whose it is."""

    session: SessionTraffic
    stored: Session
    start: Step
    viewer: tuple[str, ...]


def _viewer_sessions(traffic: Traffic) -> list[_ViewerSession]:
    return [
        _ViewerSession(session, session.stored, session.start, session.viewer)
        for session in traffic.sessions.values()
        if session.stored is not None and session.start is not None and not session.is_batch
    ]


def _same_content(traffic: Traffic) -> list[tuple[_ViewerSession, _ViewerSession]]:
    """Return every session with the one before it of the same viewer and media.id."""
    pairs: list[tuple[_ViewerSession, _ViewerSession]] = []
    last: dict[tuple[str, ...], _ViewerSession] = {}
    for viewing in traffic.once(_viewer_sessions):
        key = (*viewing.viewer, str(viewing.session.params.get("media.id")))
        if key in last:
            pairs.append((last[key], viewing))
        last[key] = viewing
    return pairs


def _opening_playhead_s(viewing: _ViewerSession) -> float:
    """Return the playhead at which a session really begins: SDKs send 0 with sessionStart, the position with a play."""
    opening_s = viewing.session.opening_s
    return viewing.start.playhead_s if opening_s is None else opening_s


def _doubled(traffic: Traffic) -> Iterator[Hit]:
    for first, second in traffic.once(_same_content):
        if _is_one_viewing(first, second):
            yield Hit(
                (first.start.seq, second.start.seq),
                f"{len(second.session.steps)} events of one viewing were sent in two sessions of one visitor, opened "
                f"{number(abs(second.stored.opened_ms - first.stored.opened_ms) / 1000)} s apart; let only one tracker "
                "report it.",
                session_id=second.stored.sid,
            )


def _is_one_viewing(first: _ViewerSession, second: _ViewerSession) -> bool:
    """Return whether two sessions report the same events at the same time, as two devices of one viewer never do."""
    if not any(first.viewer) or abs(second.stored.opened_ms - first.stored.opened_ms) > _TOGETHER_MS:
        return False
    if len(second.session.steps) < _VIEWED:
        return False
    places: dict[str, list[Step]] = {}
    for step in first.session.steps:
        places.setdefault(step.event_type, []).append(step)
    alike = 0
    for step in second.session.steps:
        others = places.get(step.event_type, [])
        at = bisect_left(others, step.ts_ms - _ALIKE_MS, key=_ts_ms)
        alike += any(
            abs(other.playhead_s - step.playhead_s) <= _ALIKE_S
            for other in others[at : bisect_right(others, step.ts_ms + _ALIKE_MS, key=_ts_ms)]
        )
    return alike >= _ALIKE_SHARE * len(second.session.steps)


def _ts_ms(step: Step) -> int:
    return step.ts_ms


def _duplicate_start(traffic: Traffic) -> Iterator[Hit]:
    for first, second in traffic.once(_same_content):
        if _is_one_viewing(first, second):
            continue
        before = sum(1 for step in first.session.steps if step.item.record.at_ms <= second.stored.opened_ms)
        closed_ms = first.stored.closed_ms
        was_open = closed_ms is None or closed_ms > second.stored.opened_ms
        if first.start.ts_ms == second.start.ts_ms or (was_open and before < 2):
            text = (
                f"while the first session was open; wait for the answer, and take the session id from "
                f"{second.session.words.sid_source}"
                if is_answered(first.start.item)
                else "after an answer that was lost or unusable, and left an orphan; try again only a few times"
            )
            yield Hit(
                (first.start.seq, second.start.seq), f"sessionStart was sent again {text}.", session_id=first.stored.sid
            )


def _restart_on_foreground(traffic: Traffic) -> Iterator[Hit]:
    limits = traffic.thresholds
    for old, new in traffic.once(_same_content):
        silence_s = (new.stored.opened_ms - old.stored.last_event_ms) / 1000
        moved_s = abs(_opening_playhead_s(new) - old.stored.playhead_s)
        if (
            0 <= silence_s <= limits.restart_s
            and moved_s <= limits.restart_playhead_s
            and new.session.params.get("media.resume") is not True
            and old.stored.playhead_s >= NEAR_START_S
            and not old.stored.complete
            and not _had_to_restart(old)
            and not _was_gone(old, new)
            and old.start.ts_ms != new.start.ts_ms
            and not _was_left(old)
            and not is_unknown(new.session.params.get("media.id"))
        ):
            yield Hit(
                (old.session.steps[-1].seq, new.start.seq),
                f"A new session began {silence_s:.0f} s after the last event of the old one at nearly the same "
                "playhead; keep the session when the app returns to the foreground, or send media.resume true.",
                session_id=new.stored.sid,
            )


def _was_left(viewing: _ViewerSession) -> bool:
    """Return whether the player itself ended a session on a channel: the next programme is then another viewing."""
    return viewing.session.is_live and viewing.stored.closed_by is ClosedBy.SESSION_END


def _was_gone(old: _ViewerSession, new: _ViewerSession) -> bool:
    """Return whether the old session had answered 404 or 410, which asks for a new one."""
    return any(item.seq < new.start.seq for item in old.session.gone)


def _had_to_restart(viewing: _ViewerSession) -> bool:
    """Return whether SDKs restart such an old session by themselves: it was idle for half an hour, or a day old."""
    session = viewing.stored
    idle_s = (session.last_event_ms - session.playhead_moved_ms) / 1000
    return idle_s >= _SDK_IDLE_S or (session.last_event_ms - session.opened_ms) / 1000 >= _SDK_AGE_S


def _resume_missing(traffic: Traffic) -> Iterator[Hit]:
    for old, new in traffic.once(_same_content):
        library = str(new.session.params.get("media.libraryVersion") or "")
        if (
            (old.stored.closed_by in _TIMEOUTS or _goes_on_after_end(old, new, traffic.thresholds))
            and not old.stored.complete
            and new.stored.opened_ms >= (old.stored.closed_ms or 0)
            and _opening_playhead_s(new) >= NEAR_START_S
            and new.session.params.get("media.resume") is not True
            and not new.session.is_live
            and not is_unknown(new.session.params.get("media.id"))
            and not library.startswith(_RESTARTING_SDKS)
        ):
            after = "a timeout" if old.stored.closed_by in _TIMEOUTS else "the sessionEnd of its last session"
            yield Hit(
                (new.start.seq,),
                f"Content was resumed at {number(_opening_playhead_s(new))} s after {after} without media.resume; send "
                "media.resume true.",
                session_id=new.stored.sid,
            )


def _goes_on_after_end(old: _ViewerSession, new: _ViewerSession, limits: Thresholds) -> bool:
    """Return whether a session goes on where another one was ended; sooner it is session.restart-on-foreground."""
    moved_s = abs(_opening_playhead_s(new) - old.stored.playhead_s)
    later_s = (new.stored.opened_ms - old.stored.last_event_ms) / 1000
    return (
        old.stored.closed_by is ClosedBy.SESSION_END
        and moved_s <= limits.restart_playhead_s
        and later_s > limits.restart_s
    )


def _late_recovery(traffic: Traffic) -> Iterator[Hit]:
    if not traffic.gone:
        return
    refused = {
        (item.event_type, item.ts_ms): item.seq
        for session in traffic.sessions.values()
        for item in session.arrived
        if item.status in GONE
    }
    for viewing in traffic.once(_viewer_sessions):
        again = [
            step
            for step in viewing.session.steps
            if step.ts_ms < viewing.start.ts_ms and refused.get((step.event_type, step.ts_ms), step.seq) < step.seq
        ]
        if again:
            yield Hit(
                (viewing.start.seq, *(step.seq for step in again)),
                f"{counted(len(again), 'event')} that an old session had refused "
                f"{'was' if len(again) == 1 else 'were'} sent again to a new one with the old ts; give the new "
                "sessionStart a ts that is not later.",
                session_id=viewing.stored.sid,
            )


def _multi_player(traffic: Traffic) -> Iterator[Hit]:
    last: dict[tuple[str, ...], _ViewerSession] = {}
    for viewing in traffic.once(_viewer_sessions):
        if not any(viewing.viewer):
            continue
        before = last.get(viewing.viewer)
        if before is not None and _is_same(before, viewing) and _is_one_viewing(before, viewing):
            continue
        if before is not None and _was_active(before, viewing):
            yield Hit(
                (before.start.seq, viewing.start.seq),
                "Two sessions of one visitor were active at once; no change is needed if two players run.",
                session_id=viewing.stored.sid,
            )
        last[viewing.viewer] = viewing


def _was_active(first: _ViewerSession, second: _ViewerSession) -> bool:
    """Return whether a session had an event after another one opened; on a clock that stands still, by their number."""
    if first.stored.last_event_ms != second.stored.opened_ms:
        return first.stored.last_event_ms > second.stored.opened_ms
    return any(step.seq > second.start.seq for step in first.session.steps)


def _is_same(first: _ViewerSession, second: _ViewerSession) -> bool:
    return bool(first.session.params.get("media.id") == second.session.params.get("media.id"))


def _storm(traffic: Traffic) -> Iterator[Hit]:
    limits = traffic.thresholds
    gone = [seq for seq, _ in traffic.gone]
    if not gone and limits.session_storm > 1:
        return
    starts = traffic.opened
    run: list[tuple[int, Record]] = []
    for before, after in pairwise([*starts, *starts[-1:]]):
        run.append(before)
        quick = after[1].at_ms - run[0][1].at_ms <= limits.session_storm_s * 1000
        provoked = bisect_right(gone, before[0]) < bisect_left(gone, after[0])
        if quick and provoked:
            continue
        if len(run) >= limits.session_storm:
            yield Hit(
                tuple(seq for seq, _ in run),
                f"{len(run)} sessions were opened within {limits.session_storm_s:g} s, each after a 404 or 410; wait "
                "before opening another session, and give up after a few attempts.",
                session_id=run[-1][1].session_id,
            )
        run = []


def _of_each_api(check: Callable[[Traffic], Iterator[Hit]]) -> Callable[[Traffic], Iterator[Hit]]:
    """Make a check that looks at each API by itself."""

    def checked(traffic: Traffic) -> Iterator[Hit]:
        for one in traffic.by_api():
            yield from check(one)

    return checked


RULES: tuple[Rule, ...] = (
    Rule(
        "session.late-recovery",
        Severity.WARNING,
        "after a 404 or 410, old events are sent again to a new session",
        "The order and the durations of the new session are wrong.",
        "recordings of a THEOplayer connector",
        traffic_check=_of_each_api(_late_recovery),
    ),
    Rule(
        "session.duplicate-start",
        Severity.WARNING,
        "a second sessionStart for the same content and visitor while the first session is open and hardly used",
        "Media starts are too high: one of the two sessions is an orphan.",
        "recordings of MediaSDK JS, Chromecast and Android (timeouts, hidden Location, statuses other than 201)",
        traffic_check=_of_each_api(_duplicate_start),
    ),
    Rule(
        "session.doubled",
        Severity.ERROR,
        "two sessions of one visitor and content opened within 10 s, with at least 80 % of the events alike",
        "Media starts, time spent and ads of one viewing are counted twice.",
        "our reading: two trackers, such as an SDK and a plugin of the player, report one viewing",
        traffic_check=_of_each_api(_doubled),
        tolerance="two players with different content, or at different positions; sessions without any visitor id",
    ),
    Rule(
        "session.restart-on-foreground",
        Severity.WARNING,
        "a new session for the same content within 60 s and 10 s of playhead, without media.resume",
        "Time spent and progress markers are split over two sessions.",
        "Adobe, Session overview",
        traffic_check=_of_each_api(_restart_on_foreground),
        tolerance="sessions that had answered 404 or 410, or ended by half an hour of idleness or 24 hours of age; "
        "live sessions that the player ended, as at the next programme of a channel; a placeholder as media.id",
    ),
    Rule(
        "session.resume-missing",
        Severity.WARNING,
        "content is resumed after a timeout, or where its last session ended, without media.resume",
        "The resume is not counted.",
        "Adobe, metrics: Content resumes",
        traffic_check=_of_each_api(_resume_missing),
        tolerance="content that starts anew after a sessionEnd; MediaSDK JS and Chromecast, which send false when they "
        "restart a session themselves",
    ),
    Rule(
        "session.multi-player",
        Severity.INFO,
        "two open sessions of one visitor at once",
        "No effect if it is intended.",
        "recordings of MediaSDK JS with two players",
        traffic_check=_of_each_api(_multi_player),
    ),
    Rule(
        "http.session-storm",
        Severity.ERROR,
        "several sessionStarts within seconds after 404 or 410",
        "Media starts are much too high.",
        "recordings of a THEOplayer connector under permanent 410",
        traffic_check=_of_each_api(_storm),
    ),
)
