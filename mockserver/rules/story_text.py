"""A story and its verdict as text, for terminals and failing tests."""

from __future__ import annotations

import textwrap

from mockserver.model.story import ExpectationView, StoryView

__all__ = ["story_text"]

_WIDTH = 110


def story_text(view: StoryView) -> str:
    """Write how a story stands: what a good player does, each expectation with ``ok`` or ``FAILED``, the verdict.

    What can still turn out either way is ``open``. To write a story that is not over as if it were, give it to
    :func:`~mockserver.rules.story.judged_now` first.
    """
    lines = [f"story {view.name}: {_one_line(view.story.title)}"]
    lines += textwrap.wrap(
        f"a good player: {_one_line(view.story.player)}", _WIDTH, initial_indent="  ", subsequent_indent="    "
    )
    for expectation in view.expectations:
        lines += _expectation(expectation)
    return "\n".join([*lines, _verdict(view)])


def _expectation(view: ExpectationView) -> list[str]:
    word = "ok" if view.met else "FAILED" if view.final else "open"
    reason = view.message.splitlines()
    if view.met:
        reason = reason[:1]
    return [f"  {word:<6}  {_one_line(view.says)}", *(f"            {line}" for line in reason)]


def _verdict(view: StoryView) -> str:
    if view.verdict is not None:
        failed = sum(not one.met and one.final for one in view.expectations)
        counted = f", {failed} of {len(view.expectations)} expectations failed" if failed else ""
        return f"verdict: {view.verdict}{counted}"
    match view.state:
        case "idle":
            return "not started"
        case "waiting":
            return "no verdict yet: it waits for the first request"
        case _:
            left = "" if view.remaining_ms is None else f"; it is over after {view.remaining_ms / 1000:g} s of silence"
            return f"no verdict yet{left}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
