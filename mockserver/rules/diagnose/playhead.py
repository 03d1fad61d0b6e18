"""Rules about the value of ``playerTime.playhead``; how it moves is judged in :mod:`.movement`."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule, TrafficRule
from mockserver.rules.diagnose.motion import DAY_S, NEAR_START_S
from mockserver.rules.diagnose.reasons import Refusal
from mockserver.rules.diagnose.refusals import BodyRule, of_sessions, of_traffic
from mockserver.rules.diagnose.wording import counted, number, seqs_of
from mockserver.rules.playback import Step
from mockserver.rules.speed import FASTEST

__all__ = ["BODY_RULES", "RULES", "TRAFFIC_RULES"]

_SESSIONS_PAGE = "Adobe, Media Collection API: Sessions request"
_HOUR_S = 3600
_FAR_S = 60
"""A live playhead that moves so much more than the time is at another place."""


def _ms(case: Case) -> Iterator[Hit]:
    if case.playhead_in_ms:
        top = max(case.watched, key=lambda step: step.playhead_s)
        of = f" of content that is {number(case.length_s)} s long" if case.length_s > 0 and not case.is_live else ""
        yield Hit(
            seqs_of(*case.watched),
            f"The playhead counts milliseconds and reached {number(top.playhead_s)}{of}; send seconds.",
        )


def _over_length(case: Case) -> Iterator[Hit]:
    if case.is_live or case.length_s <= 0 or case.playhead_in_ms or case.length_is_short or case.plays_by_the_day:
        return
    limit_s = case.length_s + case.thresholds.over_length_s
    over = [step for step in case.steps if step.playhead_s > limit_s]
    if over:
        top_s = max(step.playhead_s for step in over)
        yield Hit(
            seqs_of(*over),
            f"The playhead went to {number(top_s)} s although media.length is {number(case.length_s)} s; send the "
            "position in the main content without ads, or the right length.",
        )


def _length_short(case: Case) -> Iterator[Hit]:
    if not case.length_is_short or _length_is_ad(case):
        return
    top = max(case.watched, key=lambda step: step.playhead_s)
    minutes_s = case.length_s * 60
    meant = f"{number(case.length_s)} min are {number(minutes_s)} s" if _is_near(top.playhead_s, minutes_s) else ""
    yield Hit(
        seqs_of(case.start, top),
        f"media.length is {number(case.length_s)}, but content played on to {number(top.playhead_s)} s at the pace of "
        f"the clock{f', and {meant}' if meant else ''}; send the length of the main content in seconds.",
    )


def _is_near(playhead_s: float, length_s: float) -> bool:
    """Tell whether content that is so long was watched, more than half of it."""
    return length_s / 2 < playhead_s <= length_s * 1.05


def _length_is_ad(case: Case) -> bool:
    """Tell whether the length is that of the first ad, which has its own finding."""
    ad = next(case.of("adStart"), None)
    return ad is not None and ad.number("media.ad.length") == case.length_s


def _live_range(case: Case) -> Iterator[Hit]:
    if not case.is_live or case.playhead_in_ms:
        return
    out = [step for step in case.steps if not 0 <= step.playhead_s < DAY_S]
    if out:
        yield Hit(
            seqs_of(*out),
            f"The live playhead was {number(out[0].playhead_s)} s; send the second of the day in UTC, from 0 to "
            f"{DAY_S - 1}.",
        )


def _first_moving(case: Case) -> Step | None:
    """Return where a live session says where it is: SDKs send 0 until main content plays."""
    for stretch in case.stretches:
        if stretch.first.playhead_s >= NEAR_START_S:
            return stretch.first
        if stretch.last.playhead_s >= NEAR_START_S:
            return stretch.last
    return None


def _behind_utc_s(step: Step) -> float:
    """Return by how many seconds the playhead is behind the second of the day in UTC: -43200 to 43200."""
    behind_s = (step.ts_ms / 1000 - step.playhead_s) % DAY_S
    return behind_s - DAY_S if behind_s > DAY_S / 2 else behind_s


def _counts_from_zero(case: Case, moving: Step) -> bool:
    start = case.start
    if start is None or not 0 <= start.playhead_s < NEAR_START_S:
        return False
    elapsed_s = (moving.ts_ms - start.ts_ms) / 1000
    return moving.playhead_s <= elapsed_s + case.thresholds.jump_s


def _live_zero(case: Case) -> Iterator[Hit]:
    moving = _first_moving(case) if case.is_live and not case.playhead_in_ms else None
    if moving is None or case.start is None or not _counts_from_zero(case, moving):
        return
    if not 0 < case.length_s < DAY_S and abs(_behind_utc_s(moving)) > case.thresholds.timezone_s:
        yield Hit(
            seqs_of(case.start, moving),
            f"The live playhead counts up from 0 and was {number(moving.playhead_s)} s at {moving.event_type}; send "
            "the second of the day in UTC unless progress markers of the live stream are wanted.",
        )


def _live_late(case: Case) -> Iterator[Hit]:
    if not case.is_live or case.playhead_in_ms:
        return
    for stretch in case.stretches:
        if not 0 <= stretch.first.playhead_s < NEAR_START_S:
            return
        leaps = stretch.last.playhead_s > stretch.dt_s * FASTEST + _FAR_S
        if leaps and stretch.last.ts_ms - case.stretches[0].first.ts_ms > case.thresholds.content_start_s * 1000:
            yield Hit(
                seqs_of(*(each.first for each in case.stretches if each.last.n <= stretch.last.n), stretch.last),
                f"The live playhead was {number(case.stretches[0].first.playhead_s)} s at first and "
                f"{number(stretch.last.playhead_s)} s "
                f"{number((stretch.last.ts_ms - case.stretches[0].first.ts_ms) / 1000)} s later; send play when the "
                "position is known, and the second of the day from the first event on.",
            )
            return


def _live_timezone(case: Case) -> Iterator[Hit]:
    moving = _first_moving(case) if case.is_live and not case.playhead_in_ms else None
    if moving is None or not 0 <= moving.playhead_s < DAY_S or _counts_from_zero(case, moving):
        return
    places = (moving, case.stretches[-1].last)
    hours = {round(_behind_utc_s(step) / _HOUR_S) for step in places}
    near = all(
        abs(behind_s - round(behind_s / _HOUR_S) * _HOUR_S) <= case.thresholds.timezone_s
        for behind_s in map(_behind_utc_s, places)
    )
    if near and len(hours) == 1 and hours != {0}:
        hour = hours.pop()
        yield Hit(
            seqs_of(*places),
            f"The live playhead is {counted(abs(hour), 'hour')} {'behind' if hour > 0 else 'ahead of'} the second of "
            "the day in UTC; send UTC, not local time.",
        )


def _negative(case: Case) -> Iterator[Hit]:
    below = [] if case.is_live else [step for step in case.steps if step.playhead_s < 0]
    if below:
        yield Hit(
            seqs_of(*below),
            f"{below[0].event_type} has the playhead {number(below[0].playhead_s)} s; send the position in the main "
            "content, 0 in a pre-roll.",
        )


def _string(refusal: Refusal) -> bool:
    return refusal.path == ("playerTime", "playhead") and refusal.rule == "type"


BODY_RULES: tuple[BodyRule, ...] = (
    BodyRule(
        "playhead.string",
        Severity.ERROR,
        "a playhead that is no number",
        "400: the event is lost.",
        "Adobe, Media Collection API: Validating event requests",
        _string,
        dialects=("collection",),
    ),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "playhead.ms",
        Severity.ERROR,
        "a playhead that grows by about 1000 per second",
        "All progress markers are reached at once.",
        f"{_SESSIONS_PAGE} (the playhead is in seconds)",
        _ms,
        "one stretch alone, which may be a seek, unless it ends beyond 20 times the length",
    ),
    Rule(
        "media.length-too-small",
        Severity.ERROR,
        "content on demand that plays on to more than 1.5 times media.length at the pace of the clock",
        "Progress markers are reached too early, and the average minute audience is too large.",
        f"{_SESSIONS_PAGE} (the length is in seconds)",
        _length_short,
        "a length that is that of the first ad, which is media.length-is-ad",
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
        "Segments make no sense: it is no second of a day.",
        _SESSIONS_PAGE,
        _live_range,
    ),
    Rule(
        "playhead.live-zero",
        Severity.INFO,
        "live content: a playhead that counts up from 0",
        "Progress markers work, the time of the day is lost.",
        f"{_SESSIONS_PAGE}; an older Adobe page about live content recommends it for progress markers",
        _live_zero,
        "a stream of known length, whose progress markers need it; a stream that is watched at midnight UTC; the 0 "
        "that SDKs send until main content plays",
    ),
    Rule(
        "playhead.live-late",
        Severity.WARNING,
        "live content: a playhead of 0 while it plays, and after more than 2 s the real one",
        "What was played until then counts for no part of the stream.",
        _SESSIONS_PAGE,
        _live_late,
        "2 s from the first play on, in which SDKs send 0; a playhead that counts up from 0",
    ),
    Rule(
        "playhead.live-timezone",
        Severity.INFO,
        "live content: a playhead whole hours away from the second of the day in UTC",
        "Segments of viewers in several time zones do not match.",
        "Adobe's older page about live content (UTC); recordings of THEOplayer's connector (local time)",
        _live_timezone,
        "30 s, since viewers of live streams are behind",
    ),
    Rule(
        "playhead.negative",
        Severity.WARNING,
        "content on demand: a playhead below 0",
        "None is documented: it is no position.",
        _SESSIONS_PAGE,
        _negative,
    ),
    *of_sessions(BODY_RULES),
)

TRAFFIC_RULES: tuple[TrafficRule, ...] = of_traffic(BODY_RULES)
