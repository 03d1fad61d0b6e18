"""Rules about single ads: how they start and end, what happens in between, and their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.breaks import pauses_before, split_pods
from mockserver.rules.diagnose.closes import closed_twice, closed_without_start
from mockserver.rules.diagnose.identity import is_nothing
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, number, quoted, seqs_of
from mockserver.rules.playback import Player, Step

__all__ = ["RULES"]

_SHORTEST_IN_MS = 1000
_MS_LOW, _MS_HIGH = 500, 4000
"""An ad length this many times as long as the ad ran is in milliseconds, whether or not the ad ran to its end."""


class _ShownAd(NamedTuple):
    """An ad that counts: its adStart, the steps while it is open, and the step that ends it, if any."""

    opening: Step
    inside: Sequence[Step]
    ending: Step | None

    @property
    def name(self) -> str:
        return _named(self.opening)

    @property
    def last(self) -> Step:
        return self.inside[-1] if self.ending is None else self.ending

    @property
    def wall_s(self) -> float:
        return (self.last.ts_ms - self.opening.ts_ms) / 1000

    @property
    def played_s(self) -> float:
        return sum(step.dt_s for step in self.inside if step.after.player is Player.PLAYING)

    @property
    def length_s(self) -> float:
        return self.opening.number("media.ad.length") or 0


def _shown_ads(session: SessionTraffic) -> Iterator[_ShownAd]:
    steps = session.steps
    for opening in session.of("adStart"):
        if opening.ignored is None:
            n = opening.n + 1
            while n < len(steps) and steps[n].after.ad is opening.after.ad:
                n += 1
            yield _ShownAd(opening, steps[opening.n : n], steps[n] if n < len(steps) else None)


def _named(start: Step) -> str:
    return f"ad {quoted(start.params.get('media.ad.id'))}"


def _outside_break(session: SessionTraffic) -> Iterator[Hit]:
    ads: list[list[Step]] = []
    for step in session.in_order("adStart", "adComplete", "adSkip"):
        if step.before.ad_break is None:
            if step.event_type != "adStart" and ads and ads[-1][-1].event_type == "adStart":
                ads[-1].append(step)
            else:
                ads.append([step])
    for ad in ads:
        what = f"adStart of {_named(ad[0])}" if ad[0].event_type == "adStart" else ad[0].event_type
        yield Hit(
            seqs_of(*ad),
            f"{what} was sent at playhead {number(ad[0].playhead_s)} s with no ad break open; send adBreakStart before "
            "the first ad of a break, even if the break has one ad, and adBreakComplete after the last.",
        )


def _no_pings(session: SessionTraffic) -> Iterator[Hit]:
    if session.is_batch:
        return
    for ad in _shown_ads(session):
        if ad.wall_s > session.thresholds.ad_gap_s and not any(step.event_type == "ping" for step in ad.inside):
            yield Hit(
                seqs_of(ad.opening, ad.last),
                f"No ping was sent in the {number(ad.wall_s)} s of {ad.name}; keep sending pings during ads.",
            )


def _is_again(session: SessionTraffic, step: Step) -> bool:
    """Return whether an adStart repeats the one that has just opened the same ad."""
    if step.event_type != "adStart" or step.before.ad is None:
        return False
    opening = session.steps[step.before.ad.step]
    return step.params == opening.params and step.ts_ms - opening.ts_ms <= session.thresholds.second_close_s * 1000


def _start_again(session: SessionTraffic) -> Iterator[Hit]:
    again = [step for step in session.of("adStart") if _is_again(session, step)]
    if again:
        first = session.steps[again[0].before.ad.step] if again[0].before.ad is not None else again[0]
        yield Hit(
            seqs_of(*(session.steps[step.before.ad.step] for step in again if step.before.ad is not None), *again),
            f"adStart of {_named(first)} was sent again after {again[0].ts_ms - first.ts_ms} "
            f"ms{f', and so were {len(again) - 1} more' if len(again) > 1 else ''}; send one adStart for each ad.",
        )


def _not_closed(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.in_order("adStart", "adBreakComplete"):
        if step.before.ad is not None and not _is_again(session, step):
            opening = session.steps[step.before.ad.step]
            yield Hit(
                seqs_of(opening, step),
                f"{step.event_type} was sent while {_named(opening)} was open; close an ad with adComplete at its end, "
                "or with adSkip, before the next ad or the end of the break.",
            )


def _gap(session: SessionTraffic) -> Iterator[Hit]:
    close: Step | None = None
    for step in session.in_order("adBreakStart", "adStart", "adComplete", "adSkip"):
        if step.event_type in ("adComplete", "adSkip"):
            close = step if step.before.ad is not None else close
            continue
        if step.event_type == "adStart" and close is not None and step.before.ad_break is close.before.ad_break:
            gap_s = (step.ts_ms - close.ts_ms) / 1000
            if gap_s > session.thresholds.ad_close_gap_s:
                yield Hit(
                    seqs_of(close, step),
                    f"{number(gap_s)} s passed between {close.event_type} and the adStart of {_named(step)} in one "
                    "break; send the next adStart at once, or close the break and open another one.",
                )
        close = None


def _pod_position(session: SessionTraffic) -> Iterator[Hit]:
    pods: dict[int, list[Step]] = {}
    for step in session.of("adStart"):
        if step.after.ad is not None and step.ignored is None and not _is_again(session, step):
            pods.setdefault(step.after.ad.break_number, []).append(step)
    split = {step.after.breaks for pod in split_pods(session) for step in pod[1:]}
    for number_of, ads in pods.items():
        if number_of in split:
            continue  # the rest of a pod that was reported as several breaks
        positions = [step.number("media.ad.podPosition") or 0 for step in ads]
        rising = all(before < after for before, after in pairwise(positions))
        if positions[0] not in (0, 1) or not rising:
            yield Hit(
                seqs_of(*ads),
                f"The ads of one break have podPosition {listed([number(each) for each in positions])}; number them 1, "
                "2, 3 in every break.",
            )


def _complete_early(session: SessionTraffic) -> Iterator[Hit]:
    if session.ts_in_seconds or session.same_ts_runs:
        return
    for ad in _shown_ads(session):
        completes = ad.ending is not None and ad.ending.event_type == "adComplete"
        if (
            completes
            and not (_is_in_ms(ad) or session.spans_clock_change(ad.opening.seq, ad.last.seq))
            and ad.played_s < session.thresholds.ad_complete_share * ad.length_s
        ):
            yield Hit(
                seqs_of(ad.opening, ad.ending),
                f"adComplete was sent after {number(ad.played_s)} of {number(ad.length_s)} s of {ad.name}; send adSkip "
                "when the viewer skips an ad.",
            )


def _is_in_ms(ad: _ShownAd) -> bool:
    """Return whether the length of an ad counts milliseconds: it is a thousand times as long as the ad ran."""
    return ad.length_s >= _SHORTEST_IN_MS and ad.wall_s > 0 and _MS_LOW <= ad.length_s / ad.wall_s <= _MS_HIGH


def _length_ms(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [ad for ad in _shown_ads(session) if _is_in_ms(ad)]
    if wrong:
        first = wrong[0]
        more = f", and {counted(len(wrong) - 1, 'more ad')} had such a length" if len(wrong) > 1 else ""
        yield Hit(
            seqs_of(*(ad.opening for ad in wrong)),
            f"media.ad.length of {first.name} is {number(first.length_s)}, but it ran {number(first.wall_s)} s{more}; "
            "send the length of the ad in seconds, not in milliseconds.",
        )


def _overrun(session: SessionTraffic) -> Iterator[Hit]:
    for ad in _shown_ads(session):
        spans = session.spans_clock_change(ad.opening.seq, ad.last.seq)
        if ad.length_s > 0 and ad.played_s > ad.length_s + session.thresholds.ad_overrun_s and not spans:
            yield Hit(
                seqs_of(ad.opening, ad.last),
                f"{number(ad.played_s)} s were spent in {ad.name}, which is {number(ad.length_s)} s long; send its "
                "real length in seconds, and adComplete or adSkip when it ends.",
            )


def _length_zero(session: SessionTraffic) -> Iterator[Hit]:
    advice = "send the length of the ad in seconds"
    for step in session.of("adStart"):
        if (step.number("media.ad.length") or 0) <= 0:
            length = quoted(step.params.get("media.ad.length"))
            yield Hit(seqs_of(step), f"media.ad.length of {_named(step)} is {length}; {advice}.")
    for item in session.refused:
        if any(each.rule == "required" and each.place == "/params/media.ad.length" for each in item.record.violations):
            yield Hit(seqs_of(item), f"adStart was answered 400 because media.ad.length is missing; {advice}.")


def _id_empty(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.of("adStart"):
        if not str(step.params.get("media.ad.id") or "").strip():
            yield Hit(
                seqs_of(step),
                f"media.ad.id of the ad at playhead {number(step.playhead_s)} s is empty; send the id of the ad.",
            )


def _id_placeholder(session: SessionTraffic) -> Iterator[Hit]:
    ids = ((step, str(step.params.get("media.ad.id") or "").strip()) for step in session.of("adStart"))
    found = [step for step, ad_id in ids if ad_id and is_nothing(ad_id)]
    if found:
        more = f", and {counted(len(found) - 1, 'more ad')} had such an id" if len(found) > 1 else ""
        yield Hit(
            seqs_of(*found),
            f"media.ad.id of the ad at playhead {number(found[0].playhead_s)} s is "
            f"{quoted(found[0].params.get('media.ad.id'))}{more}; send the id of the ad.",
        )


_PAUSED_SHARE = 0.8
_LONG_ENOUGH_S = 2


def _starts_paused(session: SessionTraffic) -> list[Step]:
    """Return the adStarts of ads still paused by a pauseStart before the break: no play came before or in them."""
    if pauses_before(session):
        return []
    endless = {pause.start.before.breaks for pause in session.pauses if _is_endless(pause.start, pause.end)}
    found: list[Step] = []
    for ad in _shown_ads(session):
        opened = ad.opening.before.ad_break
        if opened is None or opened.before is not Player.PAUSED or opened.number in endless:
            continue
        between = session.steps[opened.step : ad.opening.n]
        if not any(step.event_type == "play" for step in (*between, *ad.inside)):
            found.append(ad.opening)
    return found


def _is_endless(start: Step, end: Step | None) -> bool:
    """Return whether no play ends the pause after the break either, which play.missing-after-break reports."""
    return start.event_type == "adBreakComplete" and (end is None or end.event_type != "play")


def _paused(session: SessionTraffic) -> Iterator[Hit]:
    start = _starts_paused(session)
    if start:
        which = _named(start[0]) if len(start) == 1 else f"the first of them {_named(start[0])}"
        yield Hit(
            seqs_of(*start),
            f"{counted(len(start), 'ad')} began while the player was paused, {which}; do not report the pause event "
            "that the content element fires when an ad begins, or send play when the ad plays.",
        )
    for ad in _shown_ads(session):
        end = ad.ending
        if end is None or end.event_type != "adComplete" or end.before.player is not Player.PAUSED:
            continue
        paused_s = sum(step.dt_s for step in ad.inside if step.after.player is Player.PAUSED)
        if ad.wall_s >= _LONG_ENOUGH_S and paused_s >= _PAUSED_SHARE * ad.wall_s:
            yield Hit(
                seqs_of(*ad.inside, end),
                f"{number(paused_s)} of the {number(ad.wall_s)} s of {ad.name} count as paused although the ad "
                "completed; do not report the pause event that the content element fires for ads, or send play when "
                "the ad plays.",
                Severity.ERROR,
                consequence="The ad has no time spent; its time counts as a pause.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "ad.outside-break",
        Severity.ERROR,
        "adStart, adComplete or adSkip with no ad break open",
        "The ad is ignored and its time is counted as main content.",
        "Adobe, Events request; Adobe, Ads overview",
        _outside_break,
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.complete-without-start",
        Severity.ERROR,
        "adComplete or adSkip in a break with no ad open",
        "It is ignored.",
        "source of Adobe's SDKs",
        closed_without_start("ad"),
        "a second close of the same ad, which is ad.skip-and-complete",
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.skip-and-complete",
        Severity.WARNING,
        "a second close of one ad within 1 s of the first",
        "Unless the second is ignored, a skipped ad is counted as completed.",
        "recordings of THEOplayer's connector, which sends both with one ts",
        closed_twice("ad", "send adSkip when the viewer skips it, and adComplete only at its end"),
    ),
    Rule(
        "ad.no-pings",
        Severity.INFO,
        "an ad of more than 12 s without a ping inside",
        "Time spent in the ad is known only when it ends.",
        "recordings of a CBS client, which sends no pings in ads",
        _no_pings,
        "downloaded content, whose pings are 50 s apart",
    ),
    Rule(
        "ad.not-closed",
        Severity.WARNING,
        "adStart or adBreakComplete while an ad is open",
        "The ad never counts as completed.",
        "source of Adobe's SDKs; Adobe, metrics: Ad completes",
        _not_closed,
    ),
    Rule(
        "ad.duplicate-start",
        Severity.ERROR,
        "an adStart with the same params within 1 s while its ad is open",
        "The ad is counted twice, and only one of the two can complete.",
        "our reading of Adobe, metrics: Ad starts",
        _start_again,
        "the same ad again after it was closed, or later",
    ),
    Rule(
        "ad.gap",
        Severity.WARNING,
        "more than 250 ms between the close of an ad and the next adStart of its break",
        "Adobe's SDKs take the gap for main content; in a pre-roll it starts the content too early.",
        "Adobe, Ads overview",
        _gap,
    ),
    Rule(
        "ad.pod-position",
        Severity.WARNING,
        "podPosition does not rise within a break, or begins at neither 0 nor 1",
        "The dimension Ad in pod position is meaningless.",
        "Adobe, Request parameters (from 1); Adobe, Ad in pod position (from 0)",
        _pod_position,
        settled_by=("adBreakComplete",),
    ),
    Rule(
        "ad.complete-early",
        Severity.INFO,
        "adComplete after less than 80 % of media.ad.length",
        "A skipped ad may be counted as completed.",
        "our reading of Adobe, metrics: Ad completes",
        _complete_early,
        "sessions whose ts counts seconds, in which no time can be measured; a length in milliseconds, which is "
        "ad.length-ms",
    ),
    Rule(
        "ad.length-ms",
        Severity.WARNING,
        "media.ad.length is 1000 or more, and 500 to 4000 times as long as the ad ran",
        "The ad is reported with a length of hours.",
        "our reading of Adobe, Request parameters (the length is in seconds)",
        _length_ms,
        "a long ad that the viewer leaves early",
    ),
    Rule(
        "ad.overrun",
        Severity.INFO,
        "more than 5 s beyond media.ad.length spent in an ad",
        "The length is wrong, or the close is missing and main content is counted as ad time.",
        "our reading of Adobe, metrics: Ad time spent",
        _overrun,
    ),
    Rule(
        "ad.length-zero",
        Severity.INFO,
        "media.ad.length is 0, negative or missing",
        "The ad is reported without a length; if the key is missing, the adStart is answered 400.",
        "our reading of Adobe, Request parameters",
        _length_zero,
    ),
    Rule(
        "ad.id-empty",
        Severity.ERROR,
        "media.ad.id is empty",
        "The ad is dropped from the reports.",
        "Adobe, dimensions: Ad",
        _id_empty,
    ),
    Rule(
        "ad.id-placeholder",
        Severity.WARNING,
        "media.ad.id is N/A, None, NaN, null, undefined, [object Object] or the like",
        "All such ads are reported as one ad.",
        'Adobe, dimensions: Ad; THEOplayer\'s connector sends "N/A"',
        _id_placeholder,
        "an empty id, which is ad.id-empty",
    ),
    Rule(
        "ad.paused",
        Severity.WARNING,
        "an ad that begins while the player is paused, with no play; an error if it completes and at least 80 % of it "
        "were paused",
        "Time spent in the ad is at risk: whether an adStart without a play counts as playing is not documented.",
        "Adobe, Media Collection API: Timelines, which send play with every ad",
        _paused,
        "a viewer who pauses during an ad and then resumes or skips it",
    ),
)
