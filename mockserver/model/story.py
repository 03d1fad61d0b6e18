"""Stories: what goes wrong in production, as settings, fault rules and expectations of a good player."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec.structs import force_setattr, replace

from mockserver.model.expectation import Expectation, ExpectationView
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.results import Meta
from mockserver.model.tracking_plan import ContentPlan

__all__ = ["Story", "StoryPage", "StoryState", "StoryView", "StoryWait", "Verdict"]

StoryState = Literal["idle", "waiting", "running", "over"]
"""``idle``: not started; ``waiting``: for the first request; ``running``; ``over``: the verdict is final."""

Verdict = Literal["passed", "failed"]


class Story(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario that players must survive.

    Args:
        title: What happens, in one line.
        symptom: What people see in production when a player does not survive it.
        description: What the server does, and why that happens in production.
        player: What a good player does.
        clients: What real clients have been seen to do, with the source; empty if that is not known.
        settings: Settings that change while the story runs, by their names in JSON.
        faults: The fault rules. ``nth_session`` counts from the start of the story.
        expect: The expectations that decide the verdict.
        content: What the player must report of each content meanwhile, as in a [tracking plan](plans.md).
        silence_s: The story is over after this many seconds without a request, on the emulated clock.
        watch_s: It is over this many seconds after the first request, whatever happens.
    """

    title: str
    symptom: str
    description: str
    player: str
    clients: str = ""
    settings: dict[str, Any] = {}
    faults: tuple[FaultSpec, ...] = ()
    expect: tuple[Expectation, ...] = ()
    content: tuple[ContentPlan, ...] = ()
    silence_s: float = 25
    watch_s: float = 180


class StoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A story as the admin API shows it, with every step of a sequence as a query.

    Args:
        name: Its name, which is that of its file.
        origin: ``built-in``, or where it comes from.
        state: Its state in this namespace.
        verdict: None while it is still open; in a list, None also until this story has been asked for.
        started_ms: When it was started, on the emulated clock.
        since: The ``seq`` of the last entry before it started; only later entries count.
        remaining_ms: How long a silence ends it, on the emulated clock; None before the first request and at the end.
        faults: Its rules with their counters, once it was started.
        expectations: Whether each expectation is met, once it was started; the last one says whether the faults of the
            story struck. Left out in a list.
    """

    name: str
    origin: str
    story: Story
    state: StoryState = "idle"
    verdict: Verdict | None = None
    started_ms: int | None = None
    since: int | None = None
    remaining_ms: int | None = None
    faults: tuple[FaultRule, ...] = ()
    expectations: tuple[ExpectationView, ...] = ()

    def __post_init__(self) -> None:
        expect = tuple(wanted.spelled_out() for wanted in self.story.expect)
        force_setattr(self, "story", replace(self.story, expect=expect))


class StoryWait(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wait for news of a story: the next entry, or its end on the emulated clock.

    For a story that is over or does not run, the answer comes at once.

    Args:
        since: The ``seq`` of the last entry that you know.
        timeout_ms: How long to wait, in real milliseconds, at most 60,000.
    """

    since: int = 0
    timeout_ms: int = 5_000


class StoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """The stories that can be started, in order of their names, without expectations."""

    stories: list[StoryView]
    meta: Meta
