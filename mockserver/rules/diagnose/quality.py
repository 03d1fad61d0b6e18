"""Rules about qoeData: its place, its units and how its values develop."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from operator import itemgetter

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.refusals import Refusal, refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import QOE_NUMBERS, QOE_SHORT_NAMES, SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, number, seqs_of
from mockserver.rules.playback import Step

__all__ = ["RULES"]


_CHANGES = 2
"""This many unannounced changes are more than a race between two events."""

_ZEROS = 3
"""This many events with the figure 0 show that the player does not know the figure."""

_LENIENT = "the setting docs_lenient accepts it, because one of Adobe's pages shows it"


def _is_in_params(refusal: Refusal) -> bool:
    return refusal.path[:1] == ("params",) and refusal.path[-1] in QOE_NUMBERS


def _in_params(session: SessionTraffic) -> Iterator[Hit]:
    yield from _accepted(session.pick(_has_numbers_in_params), "media.qoe keys in params; move them into qoeData")


def _has_numbers_in_params(step: Step) -> bool:
    return bool(step.params) and not QOE_NUMBERS.isdisjoint(step.params)


def _unqualified(session: SessionTraffic) -> Iterator[Hit]:
    yield from _accepted(session.pick(_has_short_keys), 'qoeData keys without "media.qoe."; add that prefix')


def _has_short_keys(step: Step) -> bool:
    return bool(step.qoe) and not QOE_SHORT_NAMES.isdisjoint(step.qoe)


def _accepted(steps: Sequence[Step], what: str) -> Iterator[Hit]:
    if steps:
        yield Hit(seqs_of(*steps), f"{counted(len(steps), 'event')} had {what}.")


def _not_integer(refusal: Refusal) -> bool:
    is_number = refusal.path[:1] == ("qoeData",) and refusal.path[-1] in QOE_NUMBERS | QOE_SHORT_NAMES
    return refusal.rule == "type" and (is_number or _is_in_params(refusal))


def _bitrate_unit(session: SessionTraffic) -> Iterator[Hit]:
    limits, audio = session.thresholds, session.params.get("media.streamType") == "audio"
    values = session.quality["bitrate"]
    high = [(step, value) for step, value in values if value > limits.bitrate_high_kbps]
    low = [] if audio else [(step, value) for step, value in values if 0 < value < limits.bitrate_low_kbps]
    for found, unit in ((high, "bit/s"), (low, "Mbit/s")):
        if found:
            more = "" if len(found) == 1 else f", and so do the values of {counted(len(found) - 1, 'more event')}"
            yield Hit(
                seqs_of(*(step for step, _ in found)),
                f"media.qoe.bitrate was {number(found[0][1])}, which looks like {unit}{more}; send kbit/s, the unit "
                "of the reports, although Adobe's pages contradict each other (the one on parameters says bit/s).",
            )


def _bitrate_change_empty(session: SessionTraffic) -> Iterator[Hit]:
    with_bitrate = {step.n for step, _ in session.quality["bitrate"]}
    empty = [step for step in session.of("bitrateChange") if step.n not in with_bitrate]
    if empty:
        yield Hit(
            seqs_of(*empty),
            f"{counted(len(empty), 'bitrateChange event')} had no bitrate; send the new one as media.qoe.bitrate in "
            "qoeData.",
        )


def _bitrate_change_same(session: SessionTraffic) -> Iterator[Hit]:
    if "bitrateChange" not in session.by_type:
        return
    same: list[Step] = []
    recent: deque[tuple[Step, float]] = deque()
    known: float | None = None
    for step, value in session.quality["bitrate"]:
        settled_ms = step.ts_ms - session.thresholds.same_bitrate_s * 1000
        while recent and recent[0][0].ts_ms < settled_ms:
            _, known = recent.popleft()
        if step.event_type == "bitrateChange" and value and value == known and not step.item.late_ms:
            same.append(step)
        recent.append((step, value))
    if same:
        yield Hit(
            seqs_of(*same),
            f"{counted(len(same), 'bitrateChange event')} repeated the bitrate known before; send the event only when "
            "the rendition changes.",
        )


def _bitrate_unannounced(session: SessionTraffic) -> Iterator[Hit]:
    near_ms = session.thresholds.same_bitrate_s * 1000
    told_ms = [step.ts_ms for step in session.of("bitrateChange")]
    changed: list[tuple[Step, float]] = []
    known: float | None = None
    for step, value in session.quality["bitrate"]:
        is_new = value != known and value > 0
        if is_new and known and step.event_type != "bitrateChange":
            place = bisect_left(told_ms, step.ts_ms - near_ms)
            if place == len(told_ms) or told_ms[place] > step.ts_ms + near_ms:
                changed.append((step, value))
        if is_new:
            known = value
    if len(changed) >= _CHANGES:
        yield Hit(
            seqs_of(*(step for step, _ in changed)),
            f"media.qoe.bitrate changed {len(changed)} times without a bitrateChange, first to {number(changed[0][1])} "
            f"with {changed[0][0].event_type}; send bitrateChange whenever the rendition changes.",
        )


def _zero(session: SessionTraffic) -> Iterator[Hit]:
    audio = session.params.get("media.streamType") == "audio"
    zero: list[str] = []
    steps: list[Step] = []
    for name in ("bitrate", "framesPerSecond", "timeToStart"):
        values = session.quality[name]
        if len(values) >= _ZEROS and not any(map(itemgetter(1), values)) and not (audio and name != "bitrate"):
            zero.append(name)
            steps += [step for step, _ in values]
    if zero:
        yield Hit(
            seqs_of(*steps),
            f"{listed([f'media.qoe.{name}' for name in zero])} {'was' if len(zero) == 1 else 'were'} 0 throughout, in "
            f"{counted(len({step.n for step in steps}), 'event')}; send only the figures that the player knows.",
            None if "bitrate" in zero else Severity.INFO,
        )


def _dropped_decreases(session: SessionTraffic) -> Iterator[Hit]:
    last: tuple[Step, float] | None = None
    for step, value in session.quality["droppedFrames"]:
        if step.item.late_ms:
            continue
        if last is not None and value < last[1] and step.ts_ms > last[0].ts_ms:
            yield Hit(
                seqs_of(last[0], step),
                f"media.qoe.droppedFrames fell from {number(last[1])} to {number(value)}; send the total of the whole "
                "session, even after the player restarts.",
            )
        last = step, value


def _tts_changes(session: SessionTraffic) -> Iterator[Hit]:
    first: dict[float, Step] = {}
    for step, value in session.quality["timeToStart"]:
        if value:
            first.setdefault(value, step)
    if len(first) > 1:
        told = [session.words.in_unit("/qoeData/media.qoe.timeToStart", value) for value in first]
        yield Hit(
            seqs_of(*first.values()),
            f"media.qoe.timeToStart was {listed([number(value) for value, _ in told])} {told[0][1]} in one session; "
            "measure it once, from the request to play to the first frame.",
        )


def _tts_unit(session: SessionTraffic) -> Iterator[Hit]:
    small = [(step, v) for step, v in session.quality["timeToStart"] if 0 < v < session.thresholds.time_to_start_ms]
    if small:
        yield Hit(
            seqs_of(*(step for step, _ in small)),
            f"media.qoe.timeToStart was {number(small[0][1])}, which looks like seconds; send milliseconds.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "qoe.in-params",
        Severity.ERROR,
        "media.qoe keys in params",
        "400 and the event is lost, or the values are ignored.",
        "Adobe, Sending quality of experience data, against Adobe, Implementation: Quality, which puts them in params",
        claims=refused_at("params", rule="additionalProperties", name=QOE_NUMBERS),
        check=_in_params,
        hint=_LENIENT,
        dialects=("collection",),
    ),
    Rule(
        "qoe.unqualified",
        Severity.ERROR,
        "keys of qoeData without media.qoe.",
        "400 and the event is lost, or the values are ignored.",
        "Adobe, Sending quality of experience data, against Adobe, Timeline 2, which has the short names",
        claims=refused_at("qoeData", rule="additionalProperties", name=QOE_SHORT_NAMES),
        check=_unqualified,
        hint=_LENIENT,
        dialects=("collection",),
    ),
    Rule(
        "qoe.float",
        Severity.ERROR,
        "a QoE number that is not an integer, such as a frame rate of 23.976",
        "400: the event is lost.",
        "Adobe, Validating event requests",
        claims=_not_integer,
    ),
    Rule(
        "qoe.bitrate-unit",
        Severity.INFO,
        "a bitrate below 50 or above 100000",
        "Read as kbit/s, the buckets of the average bitrate are off by a factor of 1000.",
        "Adobe, metrics: Average bitrate (kbit/s), against Adobe, Request parameters (bit/s)",
        _bitrate_unit,
        "0, and low bitrates of audio",
    ),
    Rule(
        "qoe.bitrateChange-empty",
        Severity.WARNING,
        "bitrateChange without a bitrate",
        "The change is counted, but the average bitrate does not change.",
        "Adobe, Bitrate change; THEOplayer's connector sends none",
        _bitrate_change_empty,
    ),
    Rule(
        "qoe.bitrateChange-same",
        Severity.INFO,
        "bitrateChange with the bitrate that was known before",
        "It is counted as a bitrate change.",
        "our reading of Adobe, metrics: Bitrate changes",
        _bitrate_change_same,
        "a bitrate that another event had within the second before, as Adobe's SDKs send it",
    ),
    Rule(
        "qoe.bitrate-unannounced",
        Severity.WARNING,
        "the bitrate in qoeData changes twice or more with no bitrateChange within 1 s",
        "Too few bitrate changes: only bitrateChange events are counted.",
        "Adobe, metrics: Bitrate changes",
        _bitrate_unannounced,
        "the first bitrate; a value up to 1 s before or after its bitrateChange",
    ),
    Rule(
        "qoe.zero",
        Severity.WARNING,
        "bitrate, framesPerSecond or timeToStart is 0 in at least 3 events, and never anything else; info if the "
        "bitrate is not among them",
        "Figures of 0 go into the reports.",
        "our reading: SDKs require all four figures, and players fill in 0 for those they do not know",
        _zero,
        "droppedFrames; frames and time to start of audio; 0 before the figure is known",
    ),
    Rule(
        "qoe.dropped-decreases",
        Severity.ERROR,
        "droppedFrames is smaller than before",
        "Only the last value is reported: earlier drops are lost.",
        "Adobe, Implementation: Dropped frames",
        _dropped_decreases,
        "events with one ts, and events that arrived too late to be sorted",
    ),
    Rule(
        "qoe.tts-changes",
        Severity.WARNING,
        "timeToStart changes during the session",
        "Which value is reported is not documented.",
        "Adobe, Implementation: Time to start",
        _tts_changes,
        "0 before it is known",
    ),
    Rule(
        "qoe.tts-unit",
        Severity.WARNING,
        "timeToStart below 20",
        "The time to start is reported as nearly 0.",
        "Adobe, Implementation: Time to start",
        _tts_unit,
        "0",
        dialects=("collection",),
    ),
)
