"""Tracking plans: what players must report, content by content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from mockserver.model.expectation import Expectation
from mockserver.model.query import OneOrMany, Query

__all__ = [
    "ContentCriteria",
    "ContentPlan",
    "ExpectedEvent",
    "ExpectedName",
    "KeyRule",
    "KeyType",
    "TrackingPlan",
    "Unplanned",
]

Unplanned = Literal["allow", "miss"]
"""What becomes of things that a plan does not name: ``allow`` them, or count each as a ``miss``."""

KeyType = Literal["string", "integer", "number", "boolean", "list", "object"]
"""The JSON type of a value; an integer is a number too."""

Scalar = str | int | float | bool


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a plan; an unknown member is an error."""


class KeyRule(_Part, frozen=True, kw_only=True):
    """What one key of an event must be. All that is given must hold.

    Args:
        required: Whether the event must have the key; false lets it be left out.
        forbidden: Whether the event must not have it.
        type: The JSON type of its value: ``string``, ``integer``, ``number``, ``boolean``, ``list`` or ``object``.
        equals: Its value. A plan may write just the value instead of a rule with only this member.
        one_of: Its possible values. Coverage counts each.
        pattern: A regular expression that the whole text must match. It is one without look-around and back-references,
            so that no pattern can be slow.
        at_least: The smallest number that it may be.
        at_most: The largest number that it may be.
    """

    required: bool = True
    forbidden: bool = False
    type: KeyType | None = None
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] = ()
    pattern: str | None = None
    at_least: float | None = None
    at_most: float | None = None


Keys = Mapping[str, KeyRule | Scalar]
"""The rules of keys by their names; a value alone is a rule that the key equals it."""


class ExpectedEvent(_Part, frozen=True, kw_only=True):
    """One kind of event that a session must report. Only events that the API accepted count.

    Args:
        event_type: One of Adobe's event types.
        where: Conditions that tell this kind from others of the same type, as in a query.
        says: What it is for, in one sentence; misses repeat it.
        exactly: Exactly this many in a session.
        at_least: This many or more; 1 when no number is given. 0 plans an event that need not occur in every session.
        at_most: This many or fewer.
        params: Rules for the keys of ``params``.
        custom_metadata: Rules for the keys of ``customMetadata``; this and the next two have Adobe's names in a plan.
        qoe_data: Rules for the keys of ``qoeData``.
        player_time: Rules for ``playhead`` and ``ts``.
        unplanned_keys: Whether ``params`` and ``customMetadata`` may have keys without a rule.
    """

    event_type: str
    where: str | tuple[str, ...] = ()
    says: str = ""
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    params: Keys = {}
    custom_metadata: Keys = msgspec.field(default={}, name="customMetadata")
    qoe_data: Keys = msgspec.field(default={}, name="qoeData")
    player_time: Keys = msgspec.field(default={}, name="playerTime")
    unplanned_keys: Unplanned = "allow"


class ExpectedName(_Part, frozen=True, kw_only=True):
    """A player state or a chapter, by its name, and how often it must start in a session.

    Args:
        name: ``media.state.name``, or ``media.chapter.friendlyName``.
        exactly: Exactly this often.
        at_least: This often or more; 1 when no number is given. 0 plans one that need not occur in every session.
        at_most: This often or less.
    """

    name: str
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None


class ContentCriteria(_Part, frozen=True, kw_only=True):
    """Which sessions are about a content. All that is given must hold; a list means any of its values.

    A text that ends with ``*`` stands for all that begin like it.

    Args:
        media_id: ``media.id`` of the sessionStart.
        media_name: ``media.name``.
        content_type: ``media.contentType``, such as ``vod``.
        stream_type: ``media.streamType``: ``video`` or ``audio``.
        player_name: ``media.playerName``.
        library_version: ``media.libraryVersion``.
        where: Conditions on the sessionStart, as in a query.
    """

    media_id: OneOrMany = None
    media_name: OneOrMany = None
    content_type: OneOrMany = None
    stream_type: OneOrMany = None
    player_name: OneOrMany = None
    library_version: OneOrMany = None
    where: str | tuple[str, ...] = ()


class ContentPlan(_Part, frozen=True, kw_only=True):
    """What every session of one content must report.

    Args:
        name: Its name, in messages and in the coverage.
        when: Which sessions belong to it; without it, all that fit no earlier content.
        exactly: Exactly this many such sessions.
        at_least: This many or more; 0 when no number is given, because one run rarely plays everything.
        at_most: This many or fewer.
        events: The kinds of events, with their numbers and keys.
        sequence: Steps that must follow each other in the session; other events may lie between. ``"ping*"`` stands for
            any number of pings, and ``"*"`` for anything.
        allow_others: Whether other events may lie between the steps of the sequence.
        states: The player states that may start; each must, unless its number says otherwise. If left out, any may.
        chapters: The same for chapters.
        never: Event types or queries that no event may match.
        unplanned_events: Whether there may be events of types that are not among ``events``.
        allow_findings: Codes of findings that its sessions may have. Every other finding of severity ``warning`` or
            ``error`` is a miss, unless it follows from another.
    """

    name: str
    when: ContentCriteria = ContentCriteria()
    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    events: tuple[ExpectedEvent, ...] = ()
    sequence: tuple[Query | str, ...] = ()
    allow_others: bool = True
    states: tuple[ExpectedName | str, ...] | None = None
    chapters: tuple[ExpectedName | str, ...] | None = None
    never: tuple[Query | str, ...] = ()
    unplanned_events: Unplanned = "allow"
    allow_findings: tuple[str, ...] = ()


class TrackingPlan(_Part, frozen=True, kw_only=True):
    """What players must report.

    Args:
        title: Whose plan it is, in one line.
        description: More about it.
        content: What sessions must report, content by content. Each session belongs to the first content that fits it.
        expect: Expectations of all traffic together, as in a story.
        allow_findings: Codes of findings that are allowed for every content.
        unplanned_content: Whether there may be sessions that fit no content.
    """

    title: str
    description: str = ""
    content: tuple[ContentPlan, ...] = ()
    expect: tuple[Expectation, ...] = ()
    allow_findings: tuple[str, ...] = ()
    unplanned_content: Unplanned = "miss"
