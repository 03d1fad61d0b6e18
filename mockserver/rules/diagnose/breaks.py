"""Rules about ad breaks: how they start and end, their place and number, and pauses before them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import NamedTuple

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import listed, number, quoted, seqs_of
from mockserver.rules.playback import Player, Scope, Step
from mockserver.rules.speed import FASTEST

__all__ = ["RULES", "pauses_before", "split_pods"]

_SAME_POD_MS = 2_000
_SAME_POD_S = 1.0
"""Breaks at most this far apart, both in time and in the content, are one pod."""

_PLAYBACK = ("play", "pauseStart", "bufferStart", "ping")


class _BreakEnds(NamedTuple):
    """An adBreakStart, and the adBreakComplete or next adBreakStart that ends its break; None when there is none."""

    opening: Step
    ending: Step | None

    @property
    def name(self) -> str:
        return f"The ad break with podIndex {quoted(self.opening.params.get('media.ad.podIndex'))}"


def _breaks(session: SessionTraffic) -> Iterator[_BreakEnds]:
    edges = session.in_order("adBreakStart", "adBreakComplete")
    for edge, following in zip_longest(edges, edges[1:]):
        if edge.event_type == "adBreakStart":
            yield _BreakEnds(edge, following)


def _content_within(session: SessionTraffic, ends: _BreakEnds) -> Step | None:
    """Return the step at which main content plays although the break is open: the playhead moves and no ad runs.

    After an ad, a play shows that content goes on. Before the first ad, a moving playhead shows it, unless an ad
    follows after all.
    """
    if session.playhead_in_ms:
        return None
    limit_s = session.thresholds.moves_in_ad_s
    play: Step | None = None
    early: Step | None = None
    before_ads = True
    for step in session.steps[ends.opening.n + 1 : len(session.steps) if ends.ending is None else ends.ending.n + 1]:
        if step.event_type == "adStart":
            play = early = None
            before_ads = False
        elif play is not None:
            if step.playhead_s - play.playhead_s > limit_s:
                return step
        elif before_ads:
            if early is None and _moves_on(ends.opening, step, limit_s):
                early = step
        elif step.event_type == "play" and step.before.scope is Scope.GAP:
            play = step
    is_open = ends.ending is None or ends.ending.event_type == "adBreakStart"
    return early if is_open else None


def _moves_on(opening: Step, step: Step, limit_s: float) -> bool:
    """Return whether the playhead moved since an adBreakStart as it does in playback; a seek leaps."""
    moved_s = step.playhead_s - opening.playhead_s
    return limit_s < moved_s <= FASTEST * (step.ts_ms - opening.ts_ms) / 1000 + limit_s


def _break_unclosed(session: SessionTraffic) -> Iterator[Hit]:
    advice = "send adBreakComplete after its last ad"
    for ends in _breaks(session):
        content = _content_within(session, ends)
        if content is not None:
            yield Hit(
                seqs_of(ends.opening, content),
                f"{ends.name} was still open when main content had played to {number(content.playhead_s)} s; {advice}, "
                "before play.",
            )
        elif ends.ending is None and _is_over(session, ends.opening):
            last = session.steps[-1]
            yield Hit(
                seqs_of(ends.opening, last),
                f"{ends.name} was never closed before the session ended; {advice}, even when the viewer leaves during "
                "the break.",
                Severity.WARNING if last.after.ad is not None else None,
            )


def _is_over(session: SessionTraffic, step: Step) -> bool:
    is_over = session.is_closed and not session.was_cut_short
    return is_over or any(complete.n > step.n for complete in session.of("sessionComplete"))


def _break_nested(session: SessionTraffic) -> Iterator[Hit]:
    for ends in _breaks(session):
        inner = ends.ending
        if inner is not None and inner.event_type == "adBreakStart" and _content_within(session, ends) is None:
            yield Hit(
                seqs_of(ends.opening, inner),
                f"{ends.name} was still open when the adBreakStart with podIndex "
                f"{quoted(inner.params.get('media.ad.podIndex'))} was sent; send adBreakComplete before the next "
                "break.",
            )


def _break_empty(session: SessionTraffic) -> Iterator[Hit]:
    for ends in _breaks(session):
        if (
            ends.ending is not None
            and ends.ending.before.ads == ends.opening.before.ads
            and _content_within(session, ends) is None
        ):
            yield Hit(
                seqs_of(*ends),
                f"{ends.name} ended without an adStart; report a break only if an ad is shown.",
            )


def split_pods(session: SessionTraffic) -> list[list[Step]]:
    """Return the adBreakStarts of every pod that was reported as several breaks."""
    pods: list[list[Step]] = []
    if session.same_ts_runs:
        return pods
    edges = session.in_order("adBreakStart", "adBreakComplete")
    for close, opening in pairwise(edges):
        if (
            close.event_type == "adBreakComplete"
            and opening.event_type == "adBreakStart"
            and close.before.ad_break is not None
            and 0 <= opening.ts_ms - close.ts_ms <= _SAME_POD_MS
            and abs(opening.playhead_s - close.playhead_s) <= _SAME_POD_S
        ):
            first = session.steps[close.before.ad_break.step]
            if pods and pods[-1][-1] is first:
                pods[-1].append(opening)
            else:
                pods.append([first, opening])
    return pods


def _break_split(session: SessionTraffic) -> Iterator[Hit]:
    for pod in split_pods(session):
        yield Hit(
            seqs_of(*pod),
            f"{len(pod)} ad breaks followed each other directly at playhead {number(pod[0].playhead_s)} s; send one "
            "adBreakStart before the first ad of a pod, and one adBreakComplete after its last.",
        )


def _break_complete_without_start(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.of("adBreakComplete"):
        if step.before.ad_break is None:
            yield Hit(
                seqs_of(step),
                f"adBreakComplete was sent at playhead {number(step.playhead_s)} s with no ad break open; send it once "
                "for each adBreakStart, after its last ad.",
            )


def _playback_between(session: SessionTraffic) -> Iterator[Hit]:
    for ad in session.of("adStart"):
        opened = ad.before.ad_break
        if opened is None or ad.before.ads != session.steps[opened.step].before.ads:
            continue
        opening = session.steps[opened.step]
        between = [
            step
            for step in (session.steps[n] for n in range(opening.n + 1, ad.n))
            if step.event_type in _PLAYBACK and opening.ts_ms < step.ts_ms < ad.ts_ms
        ]
        if between:
            names = dict.fromkeys(step.event_type for step in between)
            yield Hit(
                seqs_of(opening, *between, ad),
                f"{listed(list(names))} {'was' if len(names) == 1 else 'were'} sent in the "
                f"{number((ad.ts_ms - opening.ts_ms) / 1000)} s between adBreakStart and the first adStart; send "
                "adBreakStart when the first ad begins, with adStart right after it.",
            )


def _pod_index(session: SessionTraffic) -> Iterator[Hit]:
    seen: dict[float, Step] = {}
    for step in session.of("adBreakStart"):
        index, second_s = step.number("media.ad.podIndex"), step.number("media.ad.podSecond")
        if index is None or second_s is None:
            continue
        first = seen.setdefault(index, step)
        first_s = first.number("media.ad.podSecond") or 0
        if index < 0:
            yield Hit(
                seqs_of(step),
                f"podIndex of the ad break at {number(second_s)} s is {number(index)}; number the breaks of the "
                "content from 1.",
            )
        elif abs(second_s - first_s) > session.thresholds.pod_second_s:
            yield Hit(
                seqs_of(first, step),
                f"podIndex {number(index)} is used for the ad breaks at {number(first_s)} s and {number(second_s)} s; "
                "give each break of the content its own podIndex.",
            )


def _pod_second(session: SessionTraffic) -> Iterator[Hit]:
    if session.playhead_in_ms or session.counts_down:
        return
    limit_s = max(session.thresholds.pod_second_s, session.coarse_step_s or 0)
    for step in session.of("adBreakStart"):
        second_s = step.number("media.ad.podSecond")
        if second_s is not None and abs(second_s - step.playhead_s) > limit_s:
            yield Hit(
                seqs_of(step),
                f"podSecond is {number(second_s)} s but the break began at playhead {number(step.playhead_s)} s; send "
                "the position of the break in the content in seconds, not its length.",
            )


def _postroll_after_complete(session: SessionTraffic) -> Iterator[Hit]:
    complete = next(session.of("sessionComplete"), None)
    if complete is not None:
        for step in session.of("adBreakStart"):
            if step.n > complete.n:
                yield Hit(
                    seqs_of(complete, step),
                    f"adBreakStart was sent {number((step.ts_ms - complete.ts_ms) / 1000)} s after sessionComplete; "
                    "send sessionComplete after the post-roll.",
                )


_RIGHT_BEFORE_MS = 500


_SAME_PLACE_S = 0.5


_EVERY = 2
"""This many breaks show a habit of the player; a single one may be a viewer who paused."""


def pauses_before(session: SessionTraffic) -> list[tuple[Step, Step]]:
    """Return every adBreakStart after content with the pauseStart right before it; nothing if any of them lacks one."""
    found: list[tuple[Step, Step]] = []
    for opening in session.of("adBreakStart"):
        before = session.steps[opening.n - 1] if opening.n else None
        if before is None or opening.before.player is Player.STARTING or opening.before.ad_break is not None:
            continue
        is_right_before = (
            before.event_type == "pauseStart"
            and 0 <= opening.ts_ms - before.ts_ms <= _RIGHT_BEFORE_MS
            and abs(opening.playhead_s - before.playhead_s) <= _SAME_PLACE_S
        )
        if not is_right_before:
            return []
        found.append((before, opening))
    return found if len(found) >= _EVERY else []


def _pause_before_break(session: SessionTraffic) -> Iterator[Hit]:
    found = pauses_before(session)
    if found:
        yield Hit(
            seqs_of(*(step for pair in found for step in pair)),
            f"pauseStart was sent right before each of the {len(found)} ad breaks after content; do not report the "
            "pause event that the content element fires when an ad begins.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "ad.break-unclosed",
        Severity.ERROR,
        "no adBreakComplete before main content plays on or the session is over; a warning when it ends inside an ad",
        "Its ads are ignored, or main content is counted as part of the break.",
        "Adobe, Ad break complete",
        _break_unclosed,
        "a play inside the break at an unchanged playhead, as Adobe's SDKs send between two ads; a late first ad; a "
        "viewer who leaves during an ad, as in Adobe's Timeline 2, is only a warning; a session that a test ended "
        "while the player went on",
    ),
    Rule(
        "ad.break-nested",
        Severity.WARNING,
        "adBreakStart while a break is open",
        "Adobe's SDKs close the first break themselves; what Adobe's servers do is not known.",
        "source of Adobe's SDKs",
        _break_nested,
    ),
    Rule(
        "ad.break-empty",
        Severity.INFO,
        "an ad break without an ad",
        "It adds nothing to the ad metrics.",
        "our reading: ad metrics are made from adStart",
        _break_empty,
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.break-split",
        Severity.WARNING,
        "an adBreakStart up to 2 s after an adBreakComplete at the same playhead",
        "One pod is reported as several, each with a first ad of its own.",
        "Adobe, Ads overview: a break holds all ads that are played one after the other",
        _break_split,
        "breaks with content between them",
    ),
    Rule(
        "ad.break-complete-without-start",
        Severity.WARNING,
        "adBreakComplete with no break open",
        "It is ignored.",
        "source of Adobe's SDKs",
        _break_complete_without_start,
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.playback-between",
        Severity.WARNING,
        "play, pauseStart, bufferStart or ping between adBreakStart and the first adStart",
        "Its effect is not documented; main content may be counted as started.",
        "Adobe, Timeline 1",
        _playback_between,
        "events with the ts of the adBreakStart or of the adStart, as Adobe's SDKs send them",
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.pod-index",
        Severity.WARNING,
        "podIndex repeated for a break at another podSecond, or negative",
        "Two breaks share one id in the reports.",
        "recordings of THEOplayer's connector, which sends -1 for a post-roll",
        _pod_index,
        "the same break played again, with a podSecond up to 2 s away",
    ),
    Rule(
        "ad.pod-second",
        Severity.WARNING,
        "podSecond more than 2 s away from the playhead",
        "The break is reported at the wrong position.",
        "recordings of THEOplayer's connector, which sends the duration of the break",
        _pod_second,
        "sessions whose playhead counts milliseconds, which is playhead.ms",
    ),
    Rule(
        "ad.postroll-after-complete",
        Severity.WARNING,
        "an ad break after sessionComplete",
        "The session may be finalised already, so that the ads are lost.",
        "our reading of Adobe, Session complete",
        _postroll_after_complete,
    ),
    Rule(
        "ad.pause-before-break",
        Severity.WARNING,
        "a pauseStart up to 0.5 s before each of at least 2 ad breaks after content",
        "Every ad break counts as a pause.",
        "our reading of Adobe, metrics: Pause events; players pause their content element for an ad",
        _pause_before_break,
        "a viewer who pauses before only some of the breaks; a seek, after which the playhead is elsewhere",
    ),
)
