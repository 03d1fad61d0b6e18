"""Explain why a session is not as expected: both side by side, the nearest events, and the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from mockserver.model.finding import Finding
from mockserver.model.results import Difference, SessionView
from mockserver.rules.alignment import Aligned, Mark
from mockserver.rules.finding_text import finding_lines, moment
from mockserver.rules.sequence import Expected, Seen
from mockserver.rules.transcript import printable, session_line

__all__ = ["SequenceCase", "sequence_text"]

_SIGNS = {Mark.FITS: " ", Mark.OTHER: " ", Mark.MISSING: "-", Mark.UNEXPECTED: "+", Mark.DIFFERENT: "!"}
_AROUND = 2
"""How many lines that fit are shown before and after one that does not."""
_FEW = 4
"""Fewer lines than this are not worth leaving out."""
_HEAD = 40
_TAIL = 20
_WIDEST = 44
_LONGEST_WORD = 40
_NEAREST = 3
_MOST_STEPS = 3
_MOST_FINDINGS = 5


class SequenceCase(msgspec.Struct, frozen=True):
    """A session that is not as expected.

    Args:
        session: The session.
        steps: What was expected.
        accepted: The events that were compared, in the order of the comparison.
        lines: The alignment of both.
        refused: The events that were not accepted.
        findings: What is wrong with the session, worst first.
        order: ``processing`` or ``arrival``.
        complete: False if entries were dropped to stay within the limits.
    """

    session: SessionView
    steps: Sequence[Expected]
    accepted: Sequence[Seen]
    lines: Sequence[Aligned]
    refused: Sequence[Seen]
    findings: Sequence[Finding]
    order: str
    complete: bool


def sequence_text(case: SequenceCase) -> str:
    """Explain why a session is not as expected. Seconds count from the first event, by the player's clock."""
    start_ms = next((event.shown.ts_ms for event in case.accepted if event.shown.ts_ms is not None), None)
    text = [f"not the expected sequence, in order of {case.order}: {_counted(case)}", session_line(case.session)]
    if not case.complete:
        text.append("(older requests were dropped to stay within the limits; what is missing may have been among them)")
    text += _table(case, start_ms)
    text += _candidates(case, start_ms)
    text += _explained(case, start_ms)
    return "\n".join(text)


def _counted(case: SequenceCase) -> str:
    counts = []
    for mark in (Mark.MISSING, Mark.UNEXPECTED, Mark.DIFFERENT):
        count = sum(line.mark is mark for line in case.lines)
        if count:
            counts.append(f"{count} {mark.value}")
    return ", ".join(counts)


# The table


def _table(case: SequenceCase, start_ms: int | None) -> list[str]:
    texts = [printable(_step_text(case, line), _WIDEST) for line in case.lines]
    width = max(map(len, (*texts, "expected")))
    rows = [[f"    {'expected':<{width}}  seen"]]
    for line, text in zip(case.lines, texts, strict=True):
        event = None if line.seen is None else case.accepted[line.seen]
        seen = f"({Mark.MISSING.value})" if event is None else _event_text(event, start_ms)
        row = [f"  {_SIGNS[line.mark]} {text:<{width}}  {seen}".rstrip()]
        rows.append(row + _different(case, line))
    return _shortened(case, rows)


def _step_text(case: SequenceCase, line: Aligned) -> str:
    if line.step is not None:
        return case.steps[line.step].text
    return "(unexpected)" if line.mark is Mark.UNEXPECTED else "(other)"


def _event_text(event: Seen, start_ms: int | None) -> str:
    shown = event.shown
    place = f"#{shown.seq}" if shown.index is None else f"#{shown.seq}[{shown.index}]"
    word = printable(shown.event_type or event.entry.event_type or event.entry.operation.value, _LONGEST_WORD)
    playhead_s = shown.playhead_s
    playhead = "" if playhead_s is None or abs(playhead_s) > 1e12 else f"@{playhead_s:.1f}"
    return f"{place:<6} {word:<16} {moment(shown.ts_ms, start_ms):>12}  {playhead}".rstrip()


def _different(case: SequenceCase, line: Aligned) -> list[str]:
    """Write the differences of an event; of an unexpected event, those from the nearest step."""
    if line.seen is None or line.mark not in (Mark.DIFFERENT, Mark.UNEXPECTED):
        return []
    facts = case.accepted[line.seen].facts()
    if line.step is not None:
        return _difference_lines(case.steps[line.step].nearness(facts)[1])
    near = [(*step.nearness(facts), step) for step in case.steps]
    near = [candidate for candidate in near if 0 < candidate[0] < 1 and not _of_type(candidate[1])]
    if not near:
        return []
    _, differences, step = min(near, key=lambda candidate: candidate[0])
    return [f"        nearly {printable(step.text)}:", *(f"  {text}" for text in _difference_lines(differences))]


def _of_type(differences: Sequence[Difference]) -> bool:
    return any(difference.field == "event_type" for difference in differences)


def _difference_lines(differences: Sequence[Difference]) -> list[str]:
    return [
        f"        {printable(item.field)} is {printable(repr(item.actual))}, expected {printable(repr(item.expected))}"
        for item in differences
    ]


def _shortened(case: SequenceCase, rows: list[list[str]]) -> list[str]:
    """Leave out lines that fit, except at the beginning, at the end, and around lines that do not fit."""
    wrong = [number for number, line in enumerate(case.lines, 1) if line.mark not in (Mark.FITS, Mark.OTHER)]
    kept = {0, 1, 2, len(rows) - 2, len(rows) - 1}
    for number in wrong:
        kept.update(range(number - _AROUND, number + _AROUND + 1))
    blocks: list[list[str]] = []
    left_out: list[list[str]] = []
    for number, row in enumerate(rows):
        if number not in kept:
            left_out.append(row)
            continue
        blocks += _left_out(left_out)
        left_out = []
        blocks.append(row)
    if len(blocks) > _HEAD + _TAIL + 1:
        blocks = [*blocks[:_HEAD], [f"    ... {len(blocks) - _HEAD - _TAIL} lines more ..."], *blocks[-_TAIL:]]
    return [line for block in blocks for line in block]


def _left_out(rows: list[list[str]]) -> list[list[str]]:
    return rows if len(rows) < _FEW else [[f"    ... {len(rows)} lines as expected ..."]]


# What came nearest


def _candidates(case: SequenceCase, start_ms: int | None) -> list[str]:
    missing = [line.step for line in case.lines if line.mark is Mark.MISSING and line.step is not None]
    text: list[str] = []
    for step in list(dict.fromkeys(missing))[:_MOST_STEPS]:
        found = sorted(_near(case, case.steps[step]), key=lambda candidate: candidate[0])[:_NEAREST]
        if found:
            text.append(f"nearest to the missing {printable(case.steps[step].text)}:")
        for _, event, note, differences in found:
            text.append(f"    {_event_text(event, start_ms)}  {note}".rstrip())
            text += _difference_lines(differences)
    return text


def _near(case: SequenceCase, step: Expected) -> Iterator[tuple[float, Seen, str, tuple[Difference, ...]]]:
    """Find events that fit but are elsewhere, that fit but were refused, or that nearly fit."""
    taken = {line.seen for line in case.lines if line.mark is Mark.FITS}
    for number, event in enumerate(case.accepted):
        distance, differences = step.nearness(event.facts())
        if distance < 1 and not _of_type(differences) and number not in taken:
            yield distance, event, "" if differences else "is in another place", differences
    for event in case.refused:
        distance, differences = step.nearness(event.facts())
        if distance < 1 and not _of_type(differences):
            status = "no answer" if event.shown.status is None else str(event.shown.status)
            note = f"was not accepted: {event.shown.outcome.value} ({status})"
            yield distance, event, note, differences


# What is known about it


def _explained(case: SequenceCase, start_ms: int | None) -> list[str]:
    if not case.findings:
        return []
    near = _concerned(case)
    ordered = sorted(case.findings, key=lambda finding: (finding.severity.rank, near.isdisjoint(finding.seqs)))
    events = [*case.accepted, *case.refused]
    labels = {event.shown.seq: " ".join(_event_text(event, start_ms).split()) for event in reversed(events)}
    text = ["findings about this session, worst first:", *finding_lines(ordered[:_MOST_FINDINGS], labels)]
    if len(ordered) > _MOST_FINDINGS:
        text.append(f"  ... {len(ordered) - _MOST_FINDINGS} more ...")
    return text


def _concerned(case: SequenceCase) -> set[int]:
    """Return the entries that are not as expected, and the neighbours of missing ones."""
    found: set[int] = set()
    for number, line in enumerate(case.lines):
        if line.mark in (Mark.FITS, Mark.OTHER):
            continue
        for other in case.lines[max(0, number - 1) : number + 2]:
            if other.seen is not None:
                found.add(case.accepted[other.seen].shown.seq)
    return found
