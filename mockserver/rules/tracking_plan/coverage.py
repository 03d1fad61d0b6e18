"""How much of a plan a run tried: which contents, events, keys, values, states and chapters occurred at least once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from mockserver.model.plan_result import Coverage, CoverageItem, CoverageKind
from mockserver.rules.tracking_plan.compiled import CompiledContent, CompiledEvent
from mockserver.rules.tracking_plan.keys import equal, members_of, shown
from mockserver.rules.tracking_plan.session import JudgedSession
from mockserver.rules.transcript import printable

__all__ = ["coverage_of", "coverage_text", "merged"]

_MOST_NAMED = 8


def coverage_of(contents: Sequence[CompiledContent], judged: Iterable[JudgedSession]) -> Coverage:
    """Return what was tried of a plan.

    Args:
        contents: The contents of the plan.
        judged: The sessions that belong to one of them.
    """
    sessions: dict[str, list[JudgedSession]] = {}
    for one in judged:
        sessions.setdefault(one.content.name, []).append(one)
    return _coverage(item for content in contents for item in _of_content(content, sessions.get(content.name, ())))


def merged(coverages: Sequence[Coverage]) -> Coverage:
    """Return what several runs with the same plan tried together.

    Raises:
        ValueError: They are not of the same plan.
    """
    rows = zip(*(coverage.items for coverage in coverages), strict=True)
    return _coverage(replace(row[0], tried=sum(item.tried for item in row)) for row in rows)


def _coverage(found: Iterable[CoverageItem]) -> Coverage:
    items = tuple(found)
    tried = sum(item.tried > 0 for item in items)
    percent = 100 * tried // len(items) if items else 100
    return Coverage(planned=len(items), tried=tried, percent=percent, untried=_untried(items), items=items)


def _of_content(content: CompiledContent, sessions: Sequence[JudgedSession]) -> Iterator[CoverageItem]:
    name = content.name
    yield CoverageItem(kind="content", content=name, name=name, tried=len(sessions))
    for place, event in enumerate(content.events):
        items = [item for one in sessions for item in one.matched[place]]
        yield CoverageItem(kind="event", content=name, name=event.text, event=place, tried=len(items))
        yield from _of_keys(name, event, place, [item.event for item in items])
    for state in content.states or ():
        tried = sum(len(one.session.states.get(state.name, ())) for one in sessions)
        yield CoverageItem(kind="state", content=name, name=state.name, tried=tried)
    for chapter in content.chapters or ():
        tried = sum(len(one.session.chapters.get(chapter.name, ())) for one in sessions)
        yield CoverageItem(kind="chapter", content=name, name=chapter.name, tried=tried)


def _of_keys(content: str, event: CompiledEvent, place: int, events: Sequence[Any]) -> Iterator[CoverageItem]:
    for key in event.keys:
        if key.rule.forbidden:
            continue  # there is nothing to try
        sent = [members[key.name] for one in events if key.name in (members := members_of(one, key.part))]
        called = f"{event.text} {key.place}"
        yield CoverageItem(kind="key", content=content, name=called, event=place, tried=len(sent))
        for value in key.rule.one_of:
            tried = sum(equal(one, value) for one in sent)
            yield CoverageItem(kind="value", content=content, name=called, event=place, value=value, tried=tried)


def coverage_text(coverage: Coverage) -> str:
    """Write what was tried in one line."""
    names = coverage.untried
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    text = f"{coverage.percent} % of the plan ({coverage.tried} of {coverage.planned})"
    return f"{text}; never tried: {', '.join([*names[:_MOST_NAMED], *more])}" if names else text


def _untried(items: Sequence[CoverageItem]) -> tuple[str, ...]:
    """Name what was never tried; all untried values of a key in one text."""
    missing = _outermost(item for item in items if not item.tried)
    several = len({item.content for item in items}) > 1
    return tuple(printable(_name(list(group), several)) for _, group in groupby(missing, key=_group))


def _outermost(missing: Iterable[CoverageItem]) -> list[CoverageItem]:
    """Leave out what is inside something that is missing itself."""
    found: list[CoverageItem] = []
    left_out: set[tuple[CoverageKind, str, str | int | None]] = set()
    for item in missing:
        identity = {"content": "", "event": item.event, "key": item.name}.get(item.kind)
        inside = ("content", item.content, "") in left_out or (
            item.kind in ("key", "value") and ("event", item.content, item.event) in left_out
        )
        if not inside and not (item.kind == "value" and ("key", item.content, item.name) in left_out):
            found.append(item)
        if identity is not None:
            left_out.add((item.kind, item.content, identity))
    return found


def _group(item: CoverageItem) -> tuple[object, ...]:
    """Return what only the values of one key have in common."""
    return (item.kind, item.content, item.event, item.name)


def _name(items: Sequence[CoverageItem], several: bool) -> str:
    item = items[0]
    of = f"{item.content} " if several and item.kind != "content" else ""
    match item.kind:
        case "value":
            return f"{of}{item.name} = {' or '.join(shown(one.value) for one in items)}"
        case "content" | "event" | "key":
            return f"{of}{item.name}"
        case kind:
            return f"{of}{kind} {shown(item.name)}"
