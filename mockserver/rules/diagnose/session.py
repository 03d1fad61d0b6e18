"""Rules about the life of one session, including events sent after it was closed."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.model.settings import DEFAULT_GRACE_S
from mockserver.model.vocabulary import ClosedBy, Delivery, Phase
from mockserver.rules.diagnose.endings import lifetime_of
from mockserver.rules.diagnose.intervals import NEAR_START_S
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import GONE, SessionTraffic
from mockserver.rules.diagnose.wording import number, were, which_were
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_END_SHARE = 0.95
_EARLY_SHARE = 0.9
_BEGINNING_S = 10
_BEGINNING_SHARE = 0.05
_VIEWED_S = 30
"""Content that reached its end and then plays this far from its beginning is viewed again."""
_AFTER_COMPLETE = ("ping", "sessionEnd")
_TIMEOUTS = (ClosedBy.IDLE, ClosedBy.STALL, ClosedBy.MAX_AGE)


def _is_over(session: SessionTraffic) -> bool:
    return session.stored is not None and session.stored.phase is not Phase.OPEN


def _ends(session: SessionTraffic) -> list[Step]:
    return list(session.of("sessionComplete", "sessionEnd"))


def _last(session: SessionTraffic) -> tuple[int, ...]:
    return (session.steps[-1].seq,) if session.steps else ()


def _is_unknown(session: SessionTraffic) -> bool:
    """Return whether the player never learned the id of the session: the answer was lost, an error, or had no id."""
    if session.start is None or session.is_batch or len(session.arrived) > 1:
        return False
    record = session.start.item.record
    sid = record.session_id or ""
    answer = record.response
    if answer is None or record.delivery in (Delivery.CUT, Delivery.CLIENT_GONE) or answer.status >= 300:
        return True
    return sid.encode() not in answer.body and not any(sid in value for _, value in answer.headers)


def _no_play(session: SessionTraffic) -> Iterator[Hit]:
    if _is_unknown(session) or session.was_cut_short:
        return
    if _is_over(session) and session.steps and not any(step.plays_main for step in session.of("play")):
        playheads = [step.playhead_s for step in session.timely]
        played = max(playheads, default=0) - min(playheads, default=0) > NEAR_START_S
        left = "" if played else ": either the viewer left before it began, or play was not sent"
        yield Hit(
            _last(session), f"The session ended without a play on main content{left}; send play when content starts."
        )


def _no_close(session: SessionTraffic) -> Iterator[Hit]:
    is_complete = session.stored is not None and session.stored.complete
    if session.closed_by is not ClosedBy.IDLE or is_complete or _is_unknown(session) or _ends(session):
        return
    if session.was_cut_short:
        yield Hit(
            _last(session),
            "A setting or the clock of this server closed the session while the player went on; no change is needed.",
            Severity.INFO,
        )
    else:
        yield Hit(
            _last(session),
            f"{_silence(session)}; send sessionComplete at the end of the content and sessionEnd when the viewer "
            "leaves.",
        )


def _silence(session: SessionTraffic) -> str:
    """Describe how a session ended in silence. If content was playing, it is not known whether the viewer left."""
    last = session.steps[-1] if session.steps else None
    is_playing = last is not None and last.after.player is Player.PLAYING and last.event_type != "sessionStart"
    if last is None or not is_playing:
        return "The session timed out"
    of = f" of {number(session.length_s)} s" if session.length_s > last.playhead_s and not session.is_live else ""
    return (
        f"Nothing was sent after {last.event_type} at {number(last.playhead_s)} s{of}, while the player was playing: "
        "either the viewer left, or the player kept playing without reporting"
    )


def _playhead_idle(session: SessionTraffic) -> Iterator[Hit]:
    if session.closed_by is ClosedBy.STALL:
        yield from _timed_out(
            session,
            "The playhead stood still until the session was closed",
            "send sessionEnd after a long pause, and a new sessionStart with media.resume when playback resumes",
        )


def _max_age(session: SessionTraffic) -> Iterator[Hit]:
    if session.closed_by is ClosedBy.MAX_AGE:
        yield from _timed_out(
            session, "The session became older than a day", "send sessionEnd and a new sessionStart within 24 hours"
        )


def _timed_out(session: SessionTraffic, text: str, advice: str) -> Iterator[Hit]:
    """Say that a timeout closed the session: as a note if a shorter one than Adobe's did, and the player went on."""
    lifetime = lifetime_of(session.stored)
    if lifetime is not None and lifetime.lived_ms < lifetime.adobe_ms:
        text = f"A setting of this server closed the session at {_lived(session)}"
    if session.was_cut_short:
        advice = "no change is needed"
    yield Hit(_last(session), f"{text}; {advice}.", Severity.INFO if session.was_cut_short else None)


def _event_after_complete(session: SessionTraffic) -> Iterator[Hit]:
    complete = next(session.of("sessionComplete"), None)
    if complete is None:
        return
    late = [step for step in session.steps[complete.n + 1 :] if step.event_type not in _AFTER_COMPLETE]
    if late:
        again = next(
            (step for step in late if step.event_type == "play" and _plays_again(session, complete, step)), None
        )
        if again is None:
            text = (
                f"{late[0].event_type} was sent after sessionComplete; make sessionComplete the last event of the "
                "content"
            )
        else:
            text = (
                f"After sessionComplete content played again from {number(again.playhead_s)} s; open a new session for "
                "another viewing or the next episode"
            )
        yield Hit((complete.seq, *(step.seq for step in late)), f"{text}.")


def _plays_again(session: SessionTraffic, complete: Step, play: Step) -> bool:
    """Return whether content plays on after a play that was sent once it was complete."""
    if play.playhead_s > complete.playhead_s:
        return False
    return any(step.playhead_s > play.playhead_s + NEAR_START_S for step in session.steps[play.n + 1 :])


def _end_at_end(session: SessionTraffic) -> Iterator[Hit]:
    end = next(session.of("sessionEnd"), None)
    if end is None or session.is_live or session.length_s <= 0 or next(session.of("sessionComplete"), None) is not None:
        return
    if session.playhead_in_ms:
        return
    if end.playhead_s >= _END_SHARE * session.length_s:
        yield Hit(
            (end.seq,),
            f"sessionEnd was sent at {end.playhead_s:g} s of {session.length_s:g} s without sessionComplete; send "
            "sessionComplete when the content reaches its end.",
        )


def _complete_early(session: SessionTraffic) -> Iterator[Hit]:
    complete = next(session.of("sessionComplete"), None)
    if complete is None or session.is_live or session.length_s <= 0 or session.counts_down:
        return
    if complete.playhead_s >= _EARLY_SHARE * session.length_s:
        return
    yield Hit(
        (complete.seq,),
        f"sessionComplete was sent at {complete.playhead_s:g} s of {session.length_s:g} s; send sessionEnd when the "
        "viewer leaves before the end or casts to another device.",
    )


def _complete_missing(session: SessionTraffic) -> Iterator[Hit]:
    if (
        session.closed_by not in _TIMEOUTS
        or session.was_cut_short
        or _ends(session)
        or session.is_live
        or session.length_s <= 0
        or not session.steps
    ):
        return
    last = session.steps[-1]
    if last.playhead_s >= _END_SHARE * session.length_s:
        yield Hit(
            (last.seq,),
            f"The playhead reached {last.playhead_s:g} s of {session.length_s:g} s and nothing followed; send "
            "sessionComplete at the end of the content.",
        )


def _resume_false_positive(session: SessionTraffic) -> Iterator[Hit]:
    start, opening_s = session.start, session.opening_s or 0
    if start is None or session.params.get("media.resume") is not True or session.is_live:
        return
    if start.playhead_s < NEAR_START_S and opening_s < NEAR_START_S:
        yield Hit(
            (start.seq,),
            f"media.resume is true but playback begins at {number(opening_s)} s; send it only when content is resumed.",
        )


def _second_viewing(session: SessionTraffic) -> Iterator[Hit]:
    """Find content on demand that reached its end and plays from its beginning, with no sessionComplete between."""
    if session.is_live or session.length_s <= 0 or session.playhead_in_ms or session.counts_down:
        return
    end: Step | None = None
    again: Step | None = None
    near_s = max(_BEGINNING_S, _BEGINNING_SHARE * session.length_s)
    for step in session.timely:
        if step.after.ad_break is not None:
            continue
        if again is not None and end is not None and step.playhead_s - again.playhead_s >= _VIEWED_S:
            yield Hit(
                tuple(sorted({end.seq, again.seq, step.seq})),
                f"Content reached {number(end.playhead_s)} s of {number(session.length_s)} s and then played again "
                f"from {number(again.playhead_s)} s in the same session; send sessionComplete at the end, and open a "
                "new session for another viewing or the next episode.",
            )
            return
        if step.playhead_s >= _END_SHARE * session.length_s:
            end, again = step, None
        elif end is not None and again is None and step.playhead_s <= near_s:
            again = step


_LIVED = {
    ClosedBy.IDLE: ("ten minutes of silence", "{} s of silence"),
    ClosedBy.STALL: ("half an hour at one playhead", "{} s at one playhead"),
    ClosedBy.MAX_AGE: ("a day", "an age of {} s"),
}
"""How long Adobe lets a session live, and how another limit is written."""


def _lived(session: SessionTraffic) -> str | None:
    """Return how long a session lived that ended without the player and without a test.

    A sessionComplete ends one only with ``complete_closes``.
    """
    closed_by, lifetime = session.closed_by, lifetime_of(session.stored)
    if closed_by is None or lifetime is None:
        return "sessionComplete" if closed_by is ClosedBy.COMPLETE else None
    usual, other = _LIVED[closed_by]
    is_usual = 0 <= lifetime.lived_ms - lifetime.adobe_ms <= DEFAULT_GRACE_S * 1000
    return usual if is_usual else other.format(number(lifetime.lived_ms / 1000))


def _gone(session: SessionTraffic) -> Iterator[Hit]:
    """Find the events sent after time closed the session, up to the first whose answer tells the player so, if any."""
    ended, late = _lived(session), session.turned_away
    if ended is None or not late:
        return
    told = next((n for n, item in enumerate(late, 1) if item.status in GONE), len(late))
    yield Hit(
        tuple(item.seq for item in late[:told]),
        f"{which_were(late[:told])} sent after {ended} had closed the session, and lost; open a new session and send "
        "this and later events there.",
    )


def _post_after_gone(session: SessionTraffic) -> Iterator[Hit]:
    if _is_ended(session):
        return
    late = [item for item in session.gone[1:] if not session.was_in_flight(item)]
    if late:
        yield Hit(
            tuple(item.seq for item in late),
            f"{were(len(late), 'more event')} sent after the session had answered 404 or 410; open a new session "
            "after such an answer.",
        )


def _is_ended(session: SessionTraffic) -> bool:
    return session.closed_by is ClosedBy.SESSION_END


def _event_after_end(session: SessionTraffic) -> Iterator[Hit]:
    if not _is_ended(session):
        return
    late = session.turned_away
    if session.overtaken:
        yield Hit(
            tuple(item.seq for item in session.overtaken),
            f"{which_were(session.overtaken)} overtaken by sessionEnd, and came too late to be sorted in; send "
            "sessionEnd when the other events are answered.",
            Severity.WARNING,
        )
    overtaken = {item.seq for item in session.overtaken}
    others = [item for item in late if item.event_type != "sessionEnd" and item.seq not in overtaken]
    if others:
        yield Hit(
            tuple(item.seq for item in others),
            f"{which_were(others)} sent after sessionEnd and lost; send sessionEnd last, or open a new session.",
        )
    again = [item for item in late if item.event_type == "sessionEnd"]
    if again:
        excused = _was_not_answered(session)
        yield Hit(
            tuple(item.seq for item in again),
            "sessionEnd was sent again after its answer was lost; no change is needed."
            if excused
            else "sessionEnd was sent twice; send it once.",
            Severity.INFO if excused else Severity.WARNING,
        )


def _was_not_answered(session: SessionTraffic) -> bool:
    """Return whether a fault, or a client that left, kept the player from learning that the session had ended."""
    return any(
        item.event_type == "sessionEnd" and (item.record.fault_ids or item.record.delivery is not Delivery.SENT)
        for item in session.arrived
    )


_UNKNOWN_SESSIONS = "sessions whose id the player never learned, because the answer to sessionStart was lost"
_CUT_SHORT = "sessions that a test ended while the player went on"
_SHORTER = "only info if a setting shorter than Adobe's limit closed the session while the player went on"

RULES: tuple[Rule, ...] = (
    Rule(
        "session.no-play",
        Severity.WARNING,
        "a session ends without a play on main content",
        "Counted as a drop before start; no content start, no time spent.",
        "Adobe, metrics: Drops before start",
        _no_play,
        f"{_UNKNOWN_SESSIONS}; {_CUT_SHORT}",
        settled_by=(),
    ),
    Rule(
        "session.no-close",
        Severity.WARNING,
        "closed after 10 minutes of silence, without sessionComplete or sessionEnd",
        "The report is ten minutes late, with about 600 seconds since the last call.",
        "Adobe, Media Collection API: Timeout conditions",
        _no_close,
        f"{_UNKNOWN_SESSIONS}; only info if a setting or the clock of this server closed the session while the player "
        "went on",
        settled_by=("play", "ping"),
    ),
    Rule(
        "session.playhead-idle",
        Severity.ERROR,
        "closed after 30 minutes at one playhead",
        "The session is closed although pings are sent; later events are lost.",
        "Adobe, Media Collection API: Timeout conditions",
        _playhead_idle,
        _SHORTER,
    ),
    Rule(
        "session.max-age",
        Severity.ERROR,
        "older than 24 hours",
        "Later events are refused and lost.",
        "Adobe, Media Edge API troubleshooting; the SDKs restart after 24 hours",
        _max_age,
        _SHORTER,
    ),
    Rule(
        "session.event-after-complete",
        Severity.WARNING,
        "anything but ping and sessionEnd after sessionComplete",
        "The event may be counted again, or lost.",
        "Adobe, Session complete",
        _event_after_complete,
    ),
    Rule(
        "session.second-viewing",
        Severity.WARNING,
        "content on demand reaches 95 % of its length and then plays 30 s from its beginning, with no sessionComplete",
        "Two viewings count as one: one media start, one completion, each progress marker once.",
        "Adobe, Session overview: a session is one playback of one content",
        _second_viewing,
        "a viewer who seeks back to another place, or to the beginning for less than 30 s",
    ),
    Rule(
        "session.end-at-end",
        Severity.ERROR,
        "sessionEnd at 95 % of the length or later, without sessionComplete",
        "Not counted as a completion.",
        "Adobe, Session overview",
        _end_at_end,
    ),
    Rule(
        "session.complete-early",
        Severity.WARNING,
        "sessionComplete before 90 % of the length of content on demand",
        "Counted as a completion, for example when the viewer casts to another device.",
        "Adobe, Session overview",
        _complete_early,
    ),
    Rule(
        "session.complete-missing",
        Severity.WARNING,
        "the playhead reached the end, then the session timed out",
        "No completion.",
        "Adobe, metrics: Content completes",
        _complete_missing,
        _CUT_SHORT,
    ),
    Rule(
        "session.resume-false-positive",
        Severity.INFO,
        "media.resume true at a playhead below 1 s",
        "A resume is counted for content that starts anew.",
        "our reading of Adobe, metrics: Content resumes",
        _resume_false_positive,
    ),
    Rule(
        "session.gone",
        Severity.INFO,
        "the first event after a timeout had closed the session: how a player learns of it",
        "The event is lost.",
        "Adobe, Media Collection API: Events request",
        _gone,
        "sessions that a test ended, and answers made by a fault",
    ),
    Rule(
        "session.post-after-gone",
        Severity.ERROR,
        "further events after a 404 or 410 on the same id",
        "These events are lost.",
        "Adobe, Media Collection API: Events request; recordings show Adobe's own SDKs doing it",
        _post_after_gone,
        "events of another type with the ts of the first one that come within a second, except pings: they were sent "
        "before the answer",
    ),
    Rule(
        "session.event-after-end",
        Severity.ERROR,
        "events after sessionEnd; a warning for a second sessionEnd",
        "The event is lost.",
        "Adobe, Session end",
        _event_after_end,
        "events that sessionEnd overtook inside the reorder window, and only a warning for those that it overtook by "
        "more; a sessionEnd repeated because its answer was lost is info",
    ),
)
