"""Rules about the life of one session."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import ClosedBy, Phase
from mockserver.rules.diagnose.case import Case, Hit, Rule
from mockserver.rules.diagnose.motion import NEAR_START_S
from mockserver.rules.diagnose.wording import number
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_END_SHARE = 0.95
_EARLY_SHARE = 0.9
_BEGINNING_S = 10
_BEGINNING_SHARE = 0.05
_VIEWED_S = 30
"""Content that is played so far from its beginning, after it has reached its end, is viewed again."""
_AFTER_COMPLETE = ("ping", "sessionEnd")
_TIMEOUTS = (ClosedBy.IDLE, ClosedBy.STALL, ClosedBy.MAX_AGE)


def _is_over(case: Case) -> bool:
    return case.session is not None and case.session.phase is not Phase.OPEN


def _closed_by(case: Case) -> ClosedBy | None:
    return None if case.session is None else case.session.closed_by


def _ends(case: Case) -> list[Step]:
    return list(case.of("sessionComplete", "sessionEnd"))


def _last(case: Case) -> tuple[int, ...]:
    return (case.steps[-1].seq,) if case.steps else ()


def _no_play(case: Case) -> Iterator[Hit]:
    if _is_over(case) and case.steps and not any(step.plays_main for step in case.of("play")):
        yield Hit(_last(case), "The session is over without a play on main content; send play when content starts.")


def _no_close(case: Case) -> Iterator[Hit]:
    if _closed_by(case) is ClosedBy.IDLE and not _ends(case):
        yield Hit(
            _last(case),
            f"{_silence(case)}; send sessionComplete at the end of the content and sessionEnd when the viewer leaves.",
        )


def _silence(case: Case) -> str:
    """Say how a session ended by silence, above all when it was playing: then nobody knows whether the viewer left."""
    last = case.steps[-1] if case.steps else None
    is_playing = last is not None and last.after.player is Player.PLAYING and last.event_type != "sessionStart"
    if last is None or not is_playing:
        return "The session ended by silence"
    of = f" of {number(case.length_s)} s" if case.length_s > last.playhead_s and not case.is_live else ""
    return (
        f"Nothing came after {last.event_type} at {number(last.playhead_s)} s{of}, while the player was playing: "
        "either the viewer left, or the player fell silent and went on without reporting"
    )


def _playhead_idle(case: Case) -> Iterator[Hit]:
    if _closed_by(case) is ClosedBy.STALL:
        yield Hit(
            _last(case),
            "The playhead stood still until the session was closed; send sessionEnd after a long pause and a new "
            "sessionStart with media.resume when it is over.",
        )


def _max_age(case: Case) -> Iterator[Hit]:
    if _closed_by(case) is ClosedBy.MAX_AGE:
        yield Hit(
            _last(case),
            "The session became older than a day; send sessionEnd and a new sessionStart before 24 hours are over.",
        )


def _event_after_complete(case: Case) -> Iterator[Hit]:
    complete = next(case.of("sessionComplete"), None)
    if complete is None:
        return
    late = [step for step in case.steps[complete.n + 1 :] if step.event_type not in _AFTER_COMPLETE]
    if late:
        again = next((step for step in late if step.event_type == "play" and _plays_again(case, complete, step)), None)
        if again is None:
            text = (
                f"{late[0].event_type} was sent after sessionComplete; make sessionComplete the last event of the "
                "content"
            )
        else:
            text = (
                f"After sessionComplete content played again, from {number(again.playhead_s)} s on; open a new session "
                "for another viewing or the next episode"
            )
        yield Hit((complete.seq, *(step.seq for step in late)), f"{text}.")


def _plays_again(case: Case, complete: Step, play: Step) -> bool:
    """Tell whether content plays on after a play that came when it was complete."""
    if play.playhead_s > complete.playhead_s:
        return False
    return any(step.playhead_s > play.playhead_s + NEAR_START_S for step in case.steps[play.n + 1 :])


def _end_at_end(case: Case) -> Iterator[Hit]:
    end = next(case.of("sessionEnd"), None)
    if end is None or case.is_live or case.length_s <= 0 or next(case.of("sessionComplete"), None) is not None:
        return
    if case.playhead_in_ms:
        return
    if end.playhead_s >= _END_SHARE * case.length_s:
        yield Hit(
            (end.seq,),
            f"sessionEnd came at {end.playhead_s:g} s of {case.length_s:g} s without sessionComplete; send "
            "sessionComplete "
            "when the end of the content is reached.",
        )


def _complete_early(case: Case) -> Iterator[Hit]:
    complete = next(case.of("sessionComplete"), None)
    if complete is None or case.is_live or case.length_s <= 0 or case.counts_down:
        return
    if complete.playhead_s >= _EARLY_SHARE * case.length_s:
        return
    yield Hit(
        (complete.seq,),
        f"sessionComplete came at {complete.playhead_s:g} s of {case.length_s:g} s; send sessionEnd when the "
        "viewer leaves "
        "before the end or hands over to another device.",
    )


def _complete_missing(case: Case) -> Iterator[Hit]:
    if _closed_by(case) not in _TIMEOUTS or _ends(case) or case.is_live or case.length_s <= 0 or not case.steps:
        return
    last = case.steps[-1]
    if last.playhead_s >= _END_SHARE * case.length_s:
        yield Hit(
            (last.seq,),
            f"The playhead reached {last.playhead_s:g} s of {case.length_s:g} s and nothing followed; send "
            "sessionComplete at "
            "the end of the content.",
        )


def _resume_false_positive(case: Case) -> Iterator[Hit]:
    start, opening_s = case.start, case.opening_s or 0
    if start is None or case.params.get("media.resume") is not True or case.is_live:
        return
    if start.playhead_s < NEAR_START_S and opening_s < NEAR_START_S:
        yield Hit(
            (start.seq,),
            f"media.resume is true but playback begins at {number(opening_s)} s; send it only when content is "
            "continued.",
        )


def _second_viewing(case: Case) -> Iterator[Hit]:
    """Find content on demand that reached its end and plays from its beginning, with no sessionComplete between."""
    if case.is_live or case.length_s <= 0 or case.playhead_in_ms or case.counts_down:
        return
    end: Step | None = None
    again: Step | None = None
    near_s = max(_BEGINNING_S, _BEGINNING_SHARE * case.length_s)
    for step in case.timely:
        if step.after.ad_break is not None:
            continue
        if again is not None and end is not None and step.playhead_s - again.playhead_s >= _VIEWED_S:
            yield Hit(
                tuple(sorted({end.seq, again.seq, step.seq})),
                f"Content reached {number(end.playhead_s)} s of {number(case.length_s)} s and then played from "
                f"{number(again.playhead_s)} s on in the same session; send sessionComplete at the end, and open a new "
                "session for another viewing or the next episode.",
            )
            return
        if step.playhead_s >= _END_SHARE * case.length_s:
            end, again = step, None
        elif end is not None and again is None and step.playhead_s <= near_s:
            again = step


RULES: tuple[Rule, ...] = (
    Rule(
        "session.no-play",
        Severity.WARNING,
        "a session is over without a play on main content",
        "Counted as a drop before start; no content start, no time spent.",
        "Adobe, metrics: Drops before start",
        _no_play,
    ),
    Rule(
        "session.no-close",
        Severity.WARNING,
        "closed by 10 minutes of silence, without sessionComplete or sessionEnd",
        "The report arrives ten minutes late, with about 600 seconds since the last call.",
        "Adobe, Media Collection API: Timeout conditions",
        _no_close,
    ),
    Rule(
        "session.playhead-idle",
        Severity.ERROR,
        "closed by 30 minutes at one playhead",
        "The session is closed although pings go on; later events are lost.",
        "Adobe, Media Collection API: Timeout conditions",
        _playhead_idle,
    ),
    Rule(
        "session.max-age",
        Severity.ERROR,
        "older than 24 hours",
        "Events are answered 410 and lost.",
        "Adobe, Media Edge API troubleshooting; the SDKs restart after 24 hours",
        _max_age,
    ),
    Rule(
        "session.event-after-complete",
        Severity.WARNING,
        "anything but ping and sessionEnd after sessionComplete",
        "Counting may start again, or the event is lost.",
        "Adobe, Session complete",
        _event_after_complete,
    ),
    Rule(
        "session.second-viewing",
        Severity.WARNING,
        "content on demand reaches 95 % of its length and then plays 30 s from its beginning, with no sessionComplete",
        "Two viewings count as one: one media start, one completion, and progress markers once.",
        "Adobe, Session overview: a session is one playback of one content",
        _second_viewing,
        "a viewer who goes back to another place, or to the beginning for less than 30 s",
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
        "Counted as a completion, for example after a hand-over to a cast device.",
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
    ),
    Rule(
        "session.resume-false-positive",
        Severity.INFO,
        "media.resume true at a playhead below 1 s",
        "A resume is counted for content that starts.",
        "our reading of Adobe, metrics: Content resumes",
        _resume_false_positive,
    ),
)
