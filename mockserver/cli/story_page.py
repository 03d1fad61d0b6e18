"""A story as text for people who decide whether to run it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import fields

from mockserver.model.fault import FaultSpec, When
from mockserver.model.story import Expectation, Story, StoryView
from mockserver.wire.codec import encode

__all__ = ["story_list", "story_page"]

_WIDTH = 100


def story_list(stories: Iterable[StoryView]) -> str:
    """Return one line per story with its name and title."""
    views = tuple(stories)
    width = max((len(view.name) for view in views), default=0)
    return "\n".join(f"{view.name:{width}}  {view.story.title}" for view in views)


def story_page(name: str, story: Story) -> str:
    """Return a story as text, complete."""
    return "\n".join(_lines(name, story))


def _lines(name: str, story: Story) -> Iterator[str]:
    yield f"{name}: {story.title}"
    for title, text in (
        ("What people see", story.symptom),
        ("What the server does", story.description),
        ("What a good player does", story.player),
        ("What real players did", story.clients),
    ):
        if text.strip():
            yield f"\n{title}"
            yield from _wrapped(text)
    if story.settings:
        yield "\nSettings"
        yield from (f"  {setting} = {encode(value).decode()}" for setting, value in story.settings.items())
    if story.faults:
        yield "\nFault rules"
        yield from (f"  {encode(_said(spec)).decode()}" for spec in story.faults)
    yield "\nThe player passes if"
    for wanted in story.expect:
        yield from _wrapped(f"- {wanted.says} ({_judged(wanted)})", hanging="  ")
    yield f"\nEnds after {story.silence_s:g} s without requests, or {story.watch_s:g} s after the first request."


def _said(spec: FaultSpec) -> dict[str, Any]:
    """Return the members of a rule that differ from their defaults."""
    values = ((field, getattr(spec, field.name)) for field in fields(FaultSpec))
    return {field.name: value for field, value in values if value not in (field.default, When())}


def _wrapped(text: str, *, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), _WIDTH, initial_indent="  ", subsequent_indent=f"  {hanging}", break_on_hyphens=False
    )


def _judged(wanted: Expectation) -> str:
    """Return what an expectation checks, as JSON without its sentence."""
    judged: str = encode(wanted).decode()
    return judged.replace(f'"says":{encode(wanted.says).decode()},', "", 1)
