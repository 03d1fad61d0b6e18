"""Rules about play, pauseStart, bufferStart and seeks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.intervals import ENDS, NEAR_START_S, ran_s
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, number, seqs_of, were
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_WAITS = ("pauseStart", "bufferStart")


def _main_play(session: SessionTraffic) -> Step | None:
    return next((step for step in session.of("play") if step.plays_main), None)


def _before_preroll(session: SessionTraffic) -> Iterator[Hit]:
    play, opening = _main_play(session), next(session.of("adBreakStart"), None)
    # A playhead below 1 s is the 0 of a player that counts in fractions.
    if play is None or opening is None or play.n > opening.n or not 0 <= opening.playhead_s < 1:
        return
    limits = session.thresholds
    ahead_s = (opening.ts_ms - play.ts_ms) / 1000
    if 0 <= ahead_s <= limits.preroll_play_s:
        is_race = ahead_s < limits.preroll_race_s
        was_played = any(each.first.n > opening.n and each.dp_s >= NEAR_START_S for each in session.played)
        yield Hit(
            seqs_of(play, opening),
            f"play was sent {number(ahead_s)} s before the adBreakStart of a pre-roll; send the first play after "
            "adBreakStart and adStart.",
            Severity.INFO if is_race else Severity.WARNING if was_played else None,
            consequence="Content starts is right here, because content was played, but wrong for every viewer who "
            "leaves during the ads."
            if was_played
            else None,
        )


def _missing_start(session: SessionTraffic) -> Iterator[Hit]:
    if next(session.of("ping"), None) is None or any(step.plays_main for step in session.of("play")):
        return
    main = [step for step in session.timely if step.after.ad_break is None and step.event_type != "sessionStart"]
    if not main:
        return
    low, high = min(step.playhead_s for step in main), max(step.playhead_s for step in main)
    if high - low > session.thresholds.moves_while_paused_s:
        yield Hit(
            seqs_of(*main),
            f"The playhead went from {number(low)} s to {number(high)} s without a play on main content; send play "
            "when playback starts.",
        )


def _missing_after(event_type: str) -> Callable[[SessionTraffic], Iterator[Hit]]:
    def check(session: SessionTraffic) -> Iterator[Hit]:
        if session.playhead_in_ms:
            return
        for pause in session.pauses:
            if pause.start.event_type != event_type or pause.is_resumed:
                continue
            moved_s = ran_s(pause, session.thresholds.burst_s)
            if moved_s > session.thresholds.moves_while_paused_s:
                until = "the last event" if pause.end is None else pause.end.event_type
                paused = "" if event_type in _WAITS else f", which left the player {pause.start.after.player.value},"
                yield Hit(
                    seqs_of(pause.start, *pause.inside, pause.end),
                    f"After {event_type}{paused} the playhead moved {number(moved_s)} s, and no play was sent until "
                    f"{until}; send play when playback resumes.",
                )

    return check


def _missing_after_preroll(session: SessionTraffic) -> Iterator[Hit]:
    play = _main_play(session)
    for close in session.of("adBreakComplete"):
        if play is not None and play.n < close.n:
            return
        if close.before.ad_break is None:
            continue
        limit_ms = close.ts_ms + session.thresholds.after_preroll_s * 1000
        seqs = [close]
        for step in session.watched[close.n + 1 :]:
            if step.event_type in _AFTER_PREROLL and step.ts_ms <= limit_ms:
                break
            seqs.append(step)
            if step.ts_ms > limit_ms:
                yield Hit(
                    seqs_of(*seqs),
                    f"No play was sent within {number(session.thresholds.after_preroll_s)} s of the adBreakComplete of "
                    f"a pre-roll, but {step.event_type} after {number((step.ts_ms - close.ts_ms) / 1000)} s; send play "
                    "when main content starts.",
                )
                return


_AFTER_PREROLL = frozenset({"play", "pauseStart", "bufferStart", "adBreakStart", *ENDS})
"""What may follow a pre-roll: content, a waiting player, the next break, or the end."""


def _duplicate_play(session: SessionTraffic) -> Iterator[Hit]:
    limit_ms = session.thresholds.content_start_s * 1000
    begun = _main_play(session)
    expected = [*session.of("adStart", "adBreakComplete"), *([] if begun is None else [begun])]
    expected.sort(key=lambda step: step.n)
    repeated: list[Step] = []
    place = 0
    for step in session.of("play"):
        while place < len(expected) and expected[place].n <= step.n:
            place += 1
        reason = expected[place - 1] if place else None
        if step.before.player is not Player.PLAYING or (reason is not None and step.ts_ms - reason.ts_ms <= limit_ms):
            continue
        repeated.append(step)
    if repeated:
        yield Hit(
            seqs_of(*repeated),
            f"{were(len(repeated), 'play')} sent while the player was playing; send play only when playback starts or "
            "resumes.",
        )


def _unlikely(event_type: str, during: Player, message: str) -> Callable[[SessionTraffic], Iterator[Hit]]:
    """Make a check for an event that the player should not send in its present state."""

    def check(session: SessionTraffic) -> Iterator[Hit]:
        steps = [step for step in session.of(event_type) if step.before.player is during]
        if steps:
            yield Hit(seqs_of(*steps), f"{were(len(steps), event_type)} sent {message}")

    return check


def _pause_at_end(session: SessionTraffic) -> Iterator[Hit]:
    complete = next(session.of("sessionComplete"), None)
    if complete is None:
        return
    limit_ms = complete.ts_ms - session.thresholds.pause_at_end_s * 1000
    for step in reversed(session.steps[: complete.n]):
        if step.event_type == "play" or step.ts_ms <= limit_ms:
            return
        if step.event_type == "pauseStart":
            yield Hit(
                seqs_of(step, complete),
                f"pauseStart was sent {complete.ts_ms - step.ts_ms} ms before sessionComplete; do not report the pause "
                "event that video elements fire at the end of the content.",
            )
            return


def _seek_as_pause(session: SessionTraffic) -> Iterator[Hit]:
    limits = session.thresholds
    seeks: list[Step] = []
    for pause in session.pauses:
        start, end = pause.start, pause.end
        if end is None or end.event_type != "play" or start.event_type != "pauseStart":
            continue
        jumped_s, took_ms = abs(end.playhead_s - start.playhead_s), end.ts_ms - start.ts_ms
        if jumped_s > limits.jump_s and 0 <= took_ms < limits.seek_s * 1000:
            seeks += [start, end]
    if seeks:
        yield Hit(
            seqs_of(*seeks),
            f"{counted(len(seeks) // 2, 'seek')}, the first from {number(seeks[0].playhead_s)} s to "
            f"{number(seeks[1].playhead_s)} s, {'was' if len(seeks) == 2 else 'were'} sent as pauseStart and play; no "
            "change is needed, because the API has no event for a seek.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "play.before-preroll",
        Severity.ERROR,
        "a play on main content up to 5 s before the adBreakStart of a pre-roll; a warning if content was played after "
        "it, info below 10 ms",
        "Content starts is set although no content was played.",
        "Adobe, Events: Ads overview; recordings of Adobe's SDKs",
        _before_preroll,
        "up to 10 ms: Adobe's SDKs send such a play when the ad begins more than 250 ms after sessionStart",
    ),
    Rule(
        "play.missing-start",
        Severity.ERROR,
        "the playhead advances and pings are sent, but never a play on main content",
        "No content start and no time spent.",
        "Adobe, Events: Play",
        _missing_start,
        "the first step from the playhead of sessionStart, which is 0 until the player knows its position",
        settled_by=(),
    ),
    Rule(
        "play.missing-after-buffer",
        Severity.ERROR,
        "after bufferStart the playhead moves by more than 1 s without a play",
        "Playing time is counted as buffer, and content time is lost.",
        "Adobe, Media Collection API: Timelines",
        _missing_after("bufferStart"),
        "jumps, which are seeks while buffering",
    ),
    Rule(
        "play.missing-after-pause",
        Severity.ERROR,
        "after pauseStart the playhead moves by more than 1 s without a play",
        "Playing time is counted as pause, and content time is lost.",
        "Adobe, Media Collection API: Timelines",
        _missing_after("pauseStart"),
        "jumps, which are seeks while paused",
    ),
    Rule(
        "play.missing-after-break",
        Severity.ERROR,
        "a pauseStart or bufferStart before an ad break, and after the break a playhead that moves by more than 1 s "
        "without a play",
        "The pause or buffer from before the break continues after it, and content time is lost.",
        "Adobe, Media Collection API: Timelines; our reading: after a break the player does what it did before",
        _missing_after("adBreakComplete"),
        "a viewer who pauses before the break and stays paused after it; jumps, which are seeks while paused",
    ),
    Rule(
        "play.missing-after-preroll",
        Severity.WARNING,
        "no play within 3 s of the adBreakComplete of a pre-roll",
        "Content starts late or never.",
        "Adobe, Media Collection API: Timeline 1",
        _missing_after_preroll,
        "a pauseStart, bufferStart, the next break or the end within that time",
        settled_by=(),
    ),
    Rule(
        "play.duplicate",
        Severity.INFO,
        "a play while the player is playing",
        "No effect: it is counted once.",
        "recordings of Adobe's SDKs, which send several",
        _duplicate_play,
        "within 2 s of the first play, of an adStart or of an adBreakComplete, where Adobe's SDKs send another one",
    ),
    Rule(
        "pause.duplicate",
        Severity.INFO,
        "a pauseStart while the player is paused",
        "No effect: the pause is counted once.",
        "Adobe, metrics: Pause events",
        _unlikely("pauseStart", Player.PAUSED, "while the player was paused; send one for each pause."),
    ),
    Rule(
        "buffer.duplicate",
        Severity.INFO,
        "a bufferStart while the player is buffering",
        "No effect: the buffer is counted once.",
        "Adobe, metrics: Buffer events",
        _unlikely("bufferStart", Player.BUFFERING, "while the player was buffering; send one for each buffer."),
    ),
    Rule(
        "pause.at-end",
        Severity.INFO,
        "a pauseStart less than 100 ms before sessionComplete",
        "Every session that completes counts one pause too many.",
        "recordings of Adobe's own sample player: video elements fire pause before ended",
        _pause_at_end,
    ),
    Rule(
        "buffer.in-pause",
        Severity.INFO,
        "a bufferStart while the player is paused",
        "Pause time becomes buffer time.",
        "source of Adobe's SDKs, which refuse it",
        _unlikely("bufferStart", Player.PAUSED, "while the player was paused; send bufferStart only during playback."),
    ),
    Rule(
        "pause.in-buffer",
        Severity.INFO,
        "a pauseStart while the player is buffering",
        "Buffer time becomes pause time.",
        "source of Adobe's SDKs, which refuse it",
        _unlikely("pauseStart", Player.BUFFERING, "while the player was buffering; send play first, or no pauseStart."),
    ),
    Rule(
        "seek.as-pause",
        Severity.INFO,
        "pauseStart and play within 3 s with a jump of more than 3 s",
        "Counted as a pause, with pause time.",
        "source and recordings of Adobe's SDKs, which report seeks this way",
        _seek_as_pause,
    ),
)
