"""The result of a plan as text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mockserver.model.plan_result import CheckKind, NearestEvent, PlanCheck, PlannedSession, PlanResult
from mockserver.rules.tracking_plan.coverage import coverage_text
from mockserver.rules.tracking_plan.keys import shown
from mockserver.rules.transcript import printable, short_sid

__all__ = ["DROPPED", "missed_lines", "plan_text"]

DROPPED = "older requests were dropped to stay within the limits, so it is not certain whether it is followed"
"""Why a plan without a miss is not followed."""

_NOUNS: dict[CheckKind, tuple[str, str]] = {
    "content": ("content", "contents"),
    "sessions": ("number of sessions", "numbers of sessions"),
    "event": ("kind of event", "kinds of events"),
    "key": ("key", "keys"),
    "sequence": ("sequence", "sequences"),
    "state": ("state", "states"),
    "chapter": ("chapter", "chapters"),
    "expectation": ("expectation", "expectations"),
}
_ABSENCES: dict[CheckKind, str] = {
    "never": "nothing forbidden",
    "unplanned": "nothing unplanned",
}
_LONGEST = 600
_INDENT = " " * 10


def plan_text(result: PlanResult, origin: str = "", width: int = 100) -> str:
    """Write a result: every miss with what was seen instead, what was met in numbers, and what was tried.

    Args:
        origin: The path of the plan's file, to name its lines.
        width: How many columns a line may have.
    """
    lines = [f"plan {printable(result.title)}: {_verdict(result)}"]
    if not result.journal_complete:
        lines.append(f"({DROPPED})")
    for session in result.sessions:
        lines += _session_lines(session, origin)
    if result.checks:
        lines += ["all traffic", *_check_lines(result.checks, origin)]
    if result.coverage.planned:
        lines.append(f"tried: {coverage_text(result.coverage)}")
    return "\n".join(part for line in lines for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line between words; what follows is indented like the texts of a check."""
    return textwrap.wrap(line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)


def _verdict(result: PlanResult) -> str:
    word = "followed" if result.followed else "not followed"
    checks = result.met + result.missed
    return f"{word}, {result.missed} of {checks} checks missed" if result.missed else f"{word}, {checks} checks met"


def _session_lines(session: PlannedSession, origin: str) -> Iterator[str]:
    media_id = printable(session.media_id or "no media.id", 60)
    of = "no content of the plan" if session.content is None else printable(session.content, 60)
    yield f"session {short_sid(session.session_id)} {media_id}: {of}"
    yield from _check_lines(session.checks, origin)


def _check_lines(checks: Sequence[PlanCheck], origin: str) -> Iterator[str]:
    for check in checks:
        if not check.met:
            yield from _missed(check, origin)
    missed = {check.kind for check in checks if not check.met}
    met = Counter(check.kind for check in checks if check.met)
    no_finding = next((check.says for check in checks if check.met and check.kind == "finding"), "")
    texts = [
        printable(no_finding, _LONGEST) if kind == "finding" else _counted(kind, count)
        for kind, count in met.items()
        if not (kind in _ABSENCES and kind in missed)
    ]
    if texts:
        yield f"  met     {', '.join(texts)}"


def missed_lines(checks: Iterable[PlanCheck]) -> list[str]:
    """Write what is missed with what was seen instead, a line for each."""
    return [printable(f"{check.says}: {check.seen}", _LONGEST) for check in checks]


def _missed(check: PlanCheck, origin: str) -> Iterator[str]:
    place = f"  [{origin}:{check.line}]" if origin and check.line is not None else ""
    seen = check.seen.splitlines() or [""]
    yield f"  MISSED  {printable(check.says, _LONGEST)}{place}"
    for line in seen:
        yield f"{_INDENT}{printable(line, _LONGEST)}"
    word = "found" if check.kind == "never" else "nearest"
    yield from (f"{_INDENT}{word}: {_event(one)}" for one in check.nearest)


def _event(one: NearestEvent) -> str:
    """Write an event and what is different about it."""
    why = "; ".join(
        f"{item.field} is {shown(item.actual)}, expected {shown(item.expected)}" for item in one.differences
    )
    return f"{one.text}: {printable(why, _LONGEST)}" if why else one.text


def _counted(kind: CheckKind, count: int) -> str:
    return _ABSENCES.get(kind) or f"{count} {_NOUNS[kind][count > 1]}"
