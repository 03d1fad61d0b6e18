"""A report as text, for people: every metric with its reported value, its exact value and how it was computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any

from mockserver.model.report import Metric, Note, Part, SessionReport

__all__ = ["report_text"]

_MOST_PARTS = 8
_MOST_SEQS = 8
_LEAST_WIDTH = 40


def report_text(report: SessionReport, width: int = 120) -> str:
    """Write a report, one metric per line and its explanation below it.

    A metric that is not sent has no reported value. A long explanation is cut to its first and last parts.

    Args:
        report: The report.
        width: How many columns a line may have; where the variable of a metric does not fit, it is on the next line.
    """
    return "\n".join(_fitting(_lines(report, width), width))


def _fitting(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        row, _, variable = line.rpartition("  ")
        if len(line) > width and variable.startswith(("a.media.", "context data")):
            yield row.rstrip()
            yield f"    {variable}"
        else:
            yield line


def _lines(report: SessionReport, width: int) -> Iterator[str]:
    state = "final" if report.final else "provisional"
    yield f"session {report.session_id}: {state}{'' if report.reported else ', in no report'}"
    for sentence in report.summary:
        yield from wrap(sentence, max(width, _LEAST_WIDTH), initial_indent="  ", subsequent_indent="    ")
    yield from _notes(report.notes)
    yield ""
    yield _row("metric", "reported", "exact", "context data variable")
    yield from _metrics(report.metrics)
    for ad in report.ads:
        how = _ended(ad.ended_by, report.final)
        yield f"\nad {ad.number} in break {ad.break_number}: {how}{'' if ad.reported else ', in no report'}"
        yield from _metrics(ad.metrics)
        yield from _dimensions(ad.dimensions)
    for chapter in report.chapters:
        yield f"\nchapter {chapter.number}: {_ended(chapter.ended_by, report.final)}"
        yield from _metrics(chapter.metrics)
        yield from _dimensions(chapter.dimensions)
    for player_state in report.states:
        yield f"\nplayer state {player_state.name}"
        yield from _metrics(player_state.metrics)
    yield "\ncalculated metrics"
    yield from (_row(ratio.label, "", _shown(ratio.exact), "") for ratio in report.ratios)
    yield "\ndimensions"
    yield from _dimensions(report.dimensions)
    yield f"  built-in segments: {', '.join(report.built_in_segments) or 'none'}"


def _ended(event_type: str | None, final: bool) -> str:
    return f"ended by {event_type}" if event_type else "open when the session ended" if final else "open"


def _row(label: str, value: str, exact: str, key: str) -> str:
    return f"  {label:<34} {value:>12} {exact:>12}  {key}".rstrip()


def _metrics(metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        value = "" if metric.value is None else _shown(metric.value)
        yield _row(metric.label, value, _shown(metric.exact), metric.key or "")
        parts = metric.why
        if len(parts) > _MOST_PARTS + 1:
            half = _MOST_PARTS // 2
            yield from (_part(part) for part in parts[:half])
            yield f"      ... {len(parts) - 2 * half} more ..."
            parts = parts[-half:]
        yield from (_part(part) for part in parts)


def _part(part: Part) -> str:
    named = part.note.count("#") > 0 or not part.seqs
    return f"      {_shown(part.value):>10}  {part.note}{'' if named else f' {_seqs(part.seqs)}'}"


def _seqs(seqs: tuple[int, ...]) -> str:
    shown = [f"#{seq}" for seq in seqs[:_MOST_SEQS]]
    return " ".join([*shown, f"and {len(seqs) - _MOST_SEQS} more"] if len(seqs) > _MOST_SEQS else shown)


def _dimensions(dimensions: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"  {key} = {_shown(value)}" for key, value in sorted(dimensions.items()))


def _notes(notes: Iterable[Note]) -> Iterator[str]:
    for note in notes:
        yield f"  note: {note.text}"
        for reading, numbers in note.readings.items():
            yield f"    {reading}: {', '.join(f'{name} {_shown(value)}' for name, value in numbers.items())}"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
