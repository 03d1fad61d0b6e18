"""Stories: what goes wrong in production, told as settings, fault rules and what a good player does about it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.query import Query
from mockserver.model.results import Meta

__all__ = ["Expectation", "ExpectationView", "Story", "StoryPage", "StoryState", "StoryView", "StoryWait", "Verdict"]

StoryState = Literal["idle", "waiting", "running", "over"]
"""``idle``: not started; ``waiting``: for the first request; ``running``; ``over``: the verdict is final."""

Verdict = Literal["passed", "failed"]


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing a good player does, or a bad one.

    Exactly one of ``query``, ``sequence`` and ``no_findings`` says what is looked at, among the requests that came
    since the story began.

    Args:
        says: It in one sentence, with the player as its subject.
        query: Which entries are counted; without a number ``at_least`` is 1.
        sequence: Steps that must follow each other in one session; see ``POST /__admin/verify``.
        exactly: So many entries, or sessions with that sequence.
        at_least: So many or more.
        at_most: So many or fewer.
        order: In which order of the session; see there.
        no_findings: Codes of diagnostics that must not be found.
    """

    says: str
    query: Query | None = None
    sequence: tuple[Query | str, ...] | None = None
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    order: Literal["processing", "arrival"] = "processing"
    no_findings: tuple[str, ...] = ()


class Story(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario that players must survive.

    Args:
        title: What happens, in one line.
        symptom: What people see in production when a player does not survive it.
        description: What the server does, and why that happens in life.
        player: What a good player does.
        clients: What real clients were seen doing, with the source; empty if nobody knows.
        settings: Settings that are changed while the story runs, by their names in JSON.
        faults: The fault rules. ``nth_session`` counts from the beginning of the story.
        expect: What the verdict depends on.
        silence_s: The story is over after so many seconds without a request, on the emulated clock.
        watch_s: It is over so many seconds after the first request, whatever happens.
    """

    title: str
    symptom: str
    description: str
    player: str
    clients: str = ""
    settings: dict[str, Any] = {}
    faults: tuple[FaultSpec, ...] = ()
    expect: tuple[Expectation, ...]
    silence_s: float = 25
    watch_s: float = 180


class ExpectationView(msgspec.Struct, frozen=True, kw_only=True):
    """How an expectation stands.

    Args:
        met: Whether it holds of what has come so far.
        final: Whether nothing that may still come can change that.
        message: Why, in the words of a verification.
    """

    says: str
    met: bool
    final: bool
    message: str


class StoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A story as the admin API shows it.

    Args:
        name: Its name, the one of its file.
        origin: ``built-in``, or where it comes from.
        state: How far it is in this namespace.
        verdict: None while it can still turn out either way; in a list, None also until somebody asked for this one.
        started_ms: When it was started, on the emulated clock.
        since: The ``seq`` of the last entry before it began; only later ones count.
        remaining_ms: After how long a silence it is over, on the emulated clock; None before the first request and at
            the end.
        faults: Its rules, once it was started, with their counters.
        expectations: How they stand, once it was started; the last one says whether the faults of the story struck.
            Not in a list.
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


class StoryWait(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wait for what may change how a story stands: the next entry, or its end on the emulated clock.

    A story that is over or does not run is not waited for.

    Args:
        since: The ``seq`` of the last entry that is known.
        timeout_ms: How long to wait, in real milliseconds, at most 60,000.
    """

    since: int = 0
    timeout_ms: int = 5_000


class StoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """The stories that can be started, in order of their names, without expectations."""

    stories: list[StoryView]
    meta: Meta
