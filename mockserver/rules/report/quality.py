"""The metrics of quality: bitrate, buffers, stalls, frames, errors.

Adobe documents several places for the same values. The schema and all clients use ``qoeData`` with keys that begin
with ``media.qoe.``; other places are read too if the setting ``docs_lenient`` let them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Any

from mockserver.model.report import Metric, Part
from mockserver.rules.playback import Player, Step
from mockserver.rules.report.content import counted_events, entered
from mockserver.rules.report.durations import Activity, amount, place, seconds
from mockserver.rules.report.metrics import metric
from mockserver.rules.report.played_session import PlayedSession, quantity

__all__ = ["quality_metrics", "unsourced_errors"]

_BUCKET = 100


def quality_metrics(played: PlayedSession) -> Iterator[Metric]:
    """Compute the metrics of quality, in the order of the report."""
    yield from _bitrate(played)
    yield from _waits(played)
    yield from _frames(played)
    yield from _errors(played)
    yield from _beginning(played)
    fps = _last(played, "framesPerSecond")
    yield metric("frames_per_second", fps[1] if fps else None, _said(fps))


def _value(step: Step, name: str) -> Any:
    qoe, key = step.qoe, f"media.qoe.{name}"
    if key in qoe:
        return qoe[key]
    return qoe[name] if name in qoe else step.params.get(key)


def _number(step: Step, name: str) -> float | None:
    return quantity(_value(step, name))


def _last(played: PlayedSession, name: str) -> tuple[Step, float] | None:
    for step in reversed(played.with_qoe):
        value = _number(step, name)
        if value is not None:
            return step, value
    return None


def _said(last: tuple[Step, float] | None) -> tuple[Part, ...]:
    return () if last is None else (Part((last[0].seq,), last[1], f"last sent with {place(last[0])}"),)


def _bitrate(played: PlayedSession) -> Iterator[Metric]:
    parts = _bitrates(played)
    weight_ms = sum(ms for _, ms in parts)
    average = sum(part.value * ms for part, ms in parts) / weight_ms if weight_ms else None
    why = [part for part, ms in parts if ms]
    yield metric("average_bitrate", average, why)
    low = None if average is None else int(average // _BUCKET) * _BUCKET
    yield metric("average_bitrate_bucket", None if low is None else f"{low}-{low + _BUCKET - 1}")
    changes = played.by_type.get("bitrateChange", ())
    yield metric("bitrate_changes", len(changes), counted_events(changes, "bitrateChange"))
    yield metric("bitrate_change_impacted_streams", bool(changes), counted_events(changes, "bitrateChange"))


def _bitrates(played: PlayedSession) -> list[tuple[Part, int]]:
    """Return each bitrate with the playing time, in main content and ads, while it was the last known one."""
    known: list[tuple[Step, float]] = []
    last: float | None = None
    for step in played.with_qoe:
        sent = _value(step, "bitrate")
        if sent == last:
            continue
        value = quantity(sent)
        if value is not None and value != last:
            known.append((step, value))
            last = value
    if not known:
        return []
    durations = played.durations
    intervals_ms = [0] * len(durations.steps)
    for stretch in durations.of(Activity.MAIN, Activity.AD):
        elapsed_ms = durations.elapsed_ms[stretch.first : stretch.end + 1]
        intervals_ms[stretch.first : stretch.end] = map(sub, elapsed_ms[1:], elapsed_ms)
    played_ms = list(accumulate(intervals_ms, initial=0))
    ends = [step.n for step, _ in known[1:]] + [len(durations.steps)]
    scale = 1000 if played.settings.bitrate_unit == "bps" else 1
    unit = "" if played.settings.bitrate_unit == "as-sent" else " kbps"
    found = []
    for (step, value), end in zip(known, ends, strict=True):
        ms = played_ms[end] - played_ms[step.n]
        rate = value / scale
        found.append(
            (
                Part(
                    (step.seq,), rate, f"{amount(rate)}{unit} from {place(step)} on, {amount(ms / 1000)} s of playing"
                ),
                ms,
            )
        )
    return found


def _waits(played: PlayedSession) -> Iterator[Metric]:
    durations = played.durations
    buffers = entered(played, "bufferStart", Player.BUFFERING)
    yield metric("buffer_events", len(buffers), counted_events(buffers, "bufferStart"))
    buffering = durations.of(Activity.BUFFERING)
    yield metric("total_buffer_duration_s", seconds(buffering), durations.parts(buffering))
    yield metric("buffer_impacted_streams", bool(buffers), counted_events(buffers, "bufferStart"))
    stalls = durations.stalls
    stalled = durations.of(Activity.STALLED)
    why = tuple(_stall(durations.steps[first:end]) for first, end in stalls)
    yield metric("stall_events", len(stalls), why)
    yield metric("total_stalling_duration_s", seconds(stalled), durations.parts(stalled))
    yield metric("stall_impacted_streams", bool(stalls), why)


def _stall(steps: Sequence[Step]) -> Part:
    text = f"{len(steps)} events at playhead {amount(steps[0].playhead_s)} from {place(steps[0])}"
    return Part(tuple(step.seq for step in steps), 1, text)


def _frames(played: PlayedSession) -> Iterator[Metric]:
    last = _last(played, "droppedFrames")
    yield metric("dropped_frames", last[1] if last else None, _said(last))
    yield metric("dropped_frame_impacted_streams", last is not None and last[1] > 0, _said(last))


def _errors(played: PlayedSession) -> Iterator[Metric]:
    errors = played.by_type.get("error", ())
    yield metric("error_events", len(errors), counted_events(errors, "error"))
    yield metric("error_impacted_streams", bool(errors), counted_events(errors, "error"))
    for name, source in (("player_sdk_error_ids", "player"), ("external_error_ids", "external")):
        ids: dict[str, list[Step]] = {}
        for step in errors:
            error_id = _error(step, "Id")
            if error_id and _error(step, "Source") == source:
                ids.setdefault(error_id, []).append(step)
        why = tuple(Part(tuple(step.seq for step in steps), error_id, "error") for error_id, steps in ids.items())
        yield metric(name, tuple(ids) or None, why)


def _error(step: Step, what: str) -> str | None:
    """Read the id or source of an error; Adobe's newest page puts both in the params, under other names."""
    value = _value(step, "errorID" if what == "Id" else "errorSource") or step.params.get(f"media.error{what}")
    return value if isinstance(value, str) else None


def unsourced_errors(played: PlayedSession) -> list[Step]:
    """Return the errors that no list shows: they have no id, or a source that is not one of Adobe's two."""
    return [
        step
        for step in played.by_type.get("error", ())
        if not _error(step, "Id") or _error(step, "Source") not in ("player", "external")
    ]


def _beginning(played: PlayedSession) -> Iterator[Metric]:
    last = _last(played, "timeToStart")
    yield metric("time_to_start_s", last[1] / 1000 if last else None, _said(last))
    dropped = played.final and bool(played.steps) and played.main_play is None
    why = (Part((played.steps[-1].seq,), 1, "no play on main content before the end"),) if dropped else ()
    yield metric("drops_before_start", dropped, why)
