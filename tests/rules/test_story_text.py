"""A story and its verdict as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.model.expectation import ExpectationView
from mockserver.model.story import StoryView
from mockserver.rules.story import judged_now, story_text
from tests.factories import story

TOLD = story(
    title="Pings fail for a\n  while",
    player="Keeps the session, drops or repeats the pings that failed, and goes on pinging as if nothing had happened "
    "once they are answered with 204 again.",
)
EXPECTATIONS = (
    ExpectationView(says="It pings on.", met=True, final=True, message="verified: expected 2, found 3\n  more"),
    ExpectationView(
        says="It opens no second\nsession.",
        met=False,
        final=False,
        message="not verified: expected exactly 1 with event_type=sessionStart, found 0\n  nearest:\n    #2 ping (204)",
    ),
)


def view(state: Any, **members: Any) -> StoryView:
    return StoryView(name="flap", origin="built-in", story=TOLD, state=state, **members)


def test_story_is_written_for_people(golden: Callable[[str, str], None]) -> None:
    running = view("running", expectations=EXPECTATIONS, remaining_ms=23_500)
    passed = view("over", expectations=EXPECTATIONS[:1], verdict="passed")
    texts = [view("idle"), view("waiting"), running, judged_now(running), passed]
    golden("stories/verdicts.txt", "\n\n".join(map(story_text, texts)) + "\n")
