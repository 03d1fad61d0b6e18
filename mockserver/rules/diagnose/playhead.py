"""Rules about the value of ``playerTime.playhead``; how it moves is judged in :mod:`.movement`."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.intervals import DAY_S, NEAR_START_S
from mockserver.rules.diagnose.refusals import refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import FASTEST

__all__ = ["RULES"]

_SESSIONS_PAGE = "Adobe, Media Collection API: Sessions request"
_HOUR_S = 3600
_FAR_S = 60
"""A live playhead that moves by this much more than the time is at another place."""


def _ms(session: SessionTraffic) -> Iterator[Hit]:
    if session.playhead_in_ms:
        top = max(session.watched, key=lambda step: step.playhead_s)
        of = (
            f" of content that is {number(session.length_s)} s long"
            if session.length_s > 0 and not session.is_live
            else ""
        )
        yield Hit(
            seqs_of(*session.watched),
            f"The playhead counts milliseconds and reached {number(top.playhead_s)}{of}; send seconds.",
        )


def _over_length(session: SessionTraffic) -> Iterator[Hit]:
    if (
        session.is_live
        or session.length_s <= 0
        or session.playhead_in_ms
        or session.length_is_short
        or session.plays_by_the_day
    ):
        return
    limit_s = session.length_s + session.thresholds.over_length_s
    over = [step for step in session.steps if step.playhead_s > limit_s]
    if over:
        top_s = max(step.playhead_s for step in over)
        yield Hit(
            seqs_of(*over),
            f"The playhead went to {number(top_s)} s although media.length is {number(session.length_s)} s; send the "
            "position in the main content without ads, or the right length.",
        )


def _live_range(session: SessionTraffic) -> Iterator[Hit]:
    if not session.is_live or session.playhead_in_ms:
        return
    out = [step for step in session.steps if not 0 <= step.playhead_s < DAY_S]
    if out:
        yield Hit(
            seqs_of(*out),
            f"The live playhead was {number(out[0].playhead_s)} s; send the second of the day in UTC, from 0 to "
            f"{DAY_S - 1}.",
        )


def _first_moving(session: SessionTraffic) -> Step | None:
    """Return the first step with the real position of a live session: SDKs send 0 until main content plays."""
    for interval in session.played:
        if interval.first.playhead_s >= NEAR_START_S:
            return interval.first
        if interval.last.playhead_s >= NEAR_START_S:
            return interval.last
    return None


def _behind_utc_s(step: Step) -> float:
    """Return by how many seconds the playhead is behind the second of the day in UTC: -43200 to 43200."""
    behind_s = (step.ts_ms / 1000 - step.playhead_s) % DAY_S
    return behind_s - DAY_S if behind_s > DAY_S / 2 else behind_s


def _counts_from_zero(session: SessionTraffic, moving: Step) -> bool:
    start = session.start
    if start is None or not 0 <= start.playhead_s < NEAR_START_S:
        return False
    elapsed_s = (moving.ts_ms - start.ts_ms) / 1000
    return moving.playhead_s <= elapsed_s + session.thresholds.jump_s


def _live_zero(session: SessionTraffic) -> Iterator[Hit]:
    moving = _first_moving(session) if session.is_live and not session.playhead_in_ms else None
    if moving is None or session.start is None or not _counts_from_zero(session, moving):
        return
    if not 0 < session.length_s < DAY_S and abs(_behind_utc_s(moving)) > session.thresholds.timezone_s:
        yield Hit(
            seqs_of(session.start, moving),
            f"The live playhead counts up from 0 and was {number(moving.playhead_s)} s at {moving.event_type}; send "
            "the second of the day in UTC unless you want progress markers of the live stream.",
        )


def _live_late(session: SessionTraffic) -> Iterator[Hit]:
    if not session.is_live or session.playhead_in_ms:
        return
    for interval in session.played:
        if not 0 <= interval.first.playhead_s < NEAR_START_S:
            return
        jumps = interval.last.playhead_s > interval.dt_s * FASTEST + _FAR_S
        if jumps and interval.last.ts_ms - session.played[0].first.ts_ms > session.thresholds.content_start_s * 1000:
            yield Hit(
                seqs_of(*(each.first for each in session.played if each.last.n <= interval.last.n), interval.last),
                f"The live playhead was {number(session.played[0].first.playhead_s)} s at first and "
                f"{number(interval.last.playhead_s)} s "
                f"{number((interval.last.ts_ms - session.played[0].first.ts_ms) / 1000)} s later; send play once the "
                "position is known, and the second of the day with every event.",
            )
            return


def _live_timezone(session: SessionTraffic) -> Iterator[Hit]:
    moving = _first_moving(session) if session.is_live and not session.playhead_in_ms else None
    if moving is None or not 0 <= moving.playhead_s < DAY_S or _counts_from_zero(session, moving):
        return
    places = (moving, session.played[-1].last)
    hours = {round(_behind_utc_s(step) / _HOUR_S) for step in places}
    near = all(
        abs(behind_s - round(behind_s / _HOUR_S) * _HOUR_S) <= session.thresholds.timezone_s
        for behind_s in map(_behind_utc_s, places)
    )
    if near and len(hours) == 1 and hours != {0}:
        hour = hours.pop()
        yield Hit(
            seqs_of(*places),
            f"The live playhead is {counted(abs(hour), 'hour')} {'behind' if hour > 0 else 'ahead of'} the second of "
            "the day in UTC; send UTC, not local time.",
        )


def _negative(session: SessionTraffic) -> Iterator[Hit]:
    below = [] if session.is_live else [step for step in session.steps if step.playhead_s < 0]
    if below:
        yield Hit(
            seqs_of(*below),
            f"{below[0].event_type} has the playhead {number(below[0].playhead_s)} s; send the position in the main "
            "content, 0 in a pre-roll.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.ms",
        Severity.ERROR,
        "a playhead that grows by about 1000 per second",
        "All progress markers are reached at once.",
        f"{_SESSIONS_PAGE} (the playhead is in seconds)",
        _ms,
        "a single interval, which may be a seek, unless it ends beyond 20 times the length",
    ),
    Rule(
        "playhead.over-length",
        Severity.WARNING,
        "content on demand: a playhead more than 1 s beyond media.length",
        "Progress markers and segments are wrong.",
        _SESSIONS_PAGE,
        _over_length,
        "the length itself, which Adobe's own samples send at the end; a length that is much too small, which is "
        "media.length-too-small",
    ),
    Rule(
        "playhead.live-range",
        Severity.ERROR,
        "live content: a playhead below 0 or from 86400 on",
        "The content segment is meaningless: there is no such second of the day.",
        _SESSIONS_PAGE,
        _live_range,
    ),
    Rule(
        "playhead.live-zero",
        Severity.INFO,
        "live content: a playhead that counts up from 0",
        "Progress markers work, but the time of day is lost.",
        f"{_SESSIONS_PAGE}; an older Adobe page about live content recommends it for progress markers",
        _live_zero,
        "a stream of known length, whose progress markers need a playhead from 0; a stream watched at midnight UTC; "
        "the 0 that SDKs send until main content plays",
    ),
    Rule(
        "playhead.live-late",
        Severity.WARNING,
        "live content: a playhead of 0 while it plays, and the real one only after more than 2 s",
        "Content played until then is missing from the content segment.",
        _SESSIONS_PAGE,
        _live_late,
        "the first 2 s after the first play, in which SDKs send 0; a playhead that counts up from 0",
    ),
    Rule(
        "playhead.live-timezone",
        Severity.INFO,
        "live content: a playhead whole hours away from the second of the day in UTC",
        "The content segments of viewers in different time zones do not match.",
        "Adobe's older page about live content (UTC); recordings of THEOplayer's connector (local time)",
        _live_timezone,
        "up to 30 s, because live streams are delayed",
    ),
    Rule(
        "playhead.negative",
        Severity.WARNING,
        "content on demand: a playhead below 0",
        "Not documented: it is not a position in the content.",
        _SESSIONS_PAGE,
        _negative,
    ),
    Rule(
        "playhead.string",
        Severity.ERROR,
        "a playhead that is not a number",
        "400: the event is lost.",
        "Adobe, Media Collection API: Validating event requests",
        claims=refused_at("playerTime", "playhead", rule="type"),
        dialects=("collection",),
    ),
)
