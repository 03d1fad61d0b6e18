"""Whether recorded playback follows a tracking plan: what was met, what was missed, and what was tried at all."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mockserver.model.results import Difference

__all__ = ["CheckKind", "Coverage", "CoverageItem", "CoverageKind", "NearestEvent", "PlanCheck", "PlanResult",
           "PlannedSession"]  # fmt: skip

CheckKind = Literal[
    "content",
    "sessions",
    "event",
    "key",
    "sequence",
    "state",
    "chapter",
    "never",
    "unplanned",
    "finding",
    "expectation",
]
"""What a check is about.

``content``: the session fits a content of the plan. ``sessions``: how many sessions a content has. ``event``: how many
events of a kind there are. ``key``: a key of these events. ``sequence``: their order. ``state``, ``chapter``: a player
state or a chapter. ``never``: an event that must not occur. ``unplanned``: an event, a key, a state or a chapter that
the plan does not name. ``finding``: a mistake that the plan does not allow. ``expectation``: one of all traffic
together.
"""

CoverageKind = Literal["content", "event", "key", "value", "state", "chapter"]
"""What a plan can name."""


class NearestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that nearly met a check.

    Args:
        seq: Its journal entry.
        index: Its place in a request with several events, from 0; None for an event that came alone.
        text: The event in one line.
        differences: What is different about it.
    """

    seq: int
    index: int | None
    text: str
    differences: tuple[Difference, ...] = ()


class PlanCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One demand of a plan, and whether it is met.

    Args:
        kind: What it is about.
        says: What the plan demands.
        met: Whether that is so.
        seen: What was there instead; a finding's message for a finding.
        pointer: The member of the plan that demands it.
        line: Its line in the file of the plan, if it came as a file.
        content: The content of the plan; None for all traffic together.
        session_id: The session; None for all of them together.
        code: The code of the finding; None for other checks.
        seqs: The journal entries it is about.
        nearest: When it is missed, the events that came nearest, nearest first.
    """

    kind: CheckKind
    says: str
    met: bool
    seen: str
    pointer: str
    line: int | None = None
    content: str | None = None
    session_id: str | None = None
    code: str | None = None
    seqs: tuple[int, ...] = ()
    nearest: tuple[NearestEvent, ...] = ()


class PlannedSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session, judged by the content of the plan that it belongs to.

    Args:
        session_id: Its id.
        media_id: ``media.id`` of its sessionStart.
        content: The name of the content; None if it fits none.
        followed: Whether all checks are met.
        checks: The checks, in order of the plan.
    """

    session_id: str
    media_id: str | None
    content: str | None
    followed: bool
    checks: tuple[PlanCheck, ...]


class CoverageItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a plan names, and how often it was tried.

    Args:
        kind: What it is.
        content: The name of its content.
        name: Its name: of an event its type, and of a key that of its event and its own.
        event: For an event, a key or a value: the place of the event among ``events`` of the content, from 0.
        value: The value, for an item of that kind.
        tried: How many sessions, events or values of it there were.
    """

    kind: CoverageKind
    content: str
    name: str
    event: int | None = None
    value: Any = None
    tried: int = 0


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a plan a run tried.

    Args:
        planned: How many things the plan names.
        tried: How many of them occurred at least once.
        percent: The same in percent, rounded down, so that 100 means all.
        untried: What never occurred, in words. Parts of something that never occurred are not named separately.
        items: All of them, in order of the plan.
    """

    planned: int
    tried: int
    percent: int
    untried: tuple[str, ...]
    items: tuple[CoverageItem, ...]


class PlanResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a plan.

    Args:
        title: The title of the plan.
        followed: Whether every check is met, of all traffic and of every session.
        met: How many checks are met.
        missed: How many are not.
        checks: The checks of all traffic together.
        sessions: The sessions, in order of opening, with their own checks.
        coverage: What was tried.
        journal_complete: False if entries were dropped to stay within the limits, so that something may be missing.
    """

    title: str
    followed: bool
    met: int
    missed: int
    checks: tuple[PlanCheck, ...]
    sessions: tuple[PlannedSession, ...]
    coverage: Coverage
    journal_complete: bool
