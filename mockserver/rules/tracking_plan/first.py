"""Draft a plan from the sessions of a healthy recording, which these sessions follow.

Only what describes the content is fixed to the values that were seen: the ``media.*`` keys of a sessionStart. Ads come
from ad servers, ids and times differ from run to run, and the number of pings depends on how long somebody watches; for
these a draft says only which types the values have and what must be there at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from mockserver.model.event_types import EVENT_TYPES, names
from mockserver.model.finding import Finding, Severity
from mockserver.model.session import MAX_CONTENT_CHARS, Content
from mockserver.model.tracking_plan import (
    ContentCriteria,
    ContentPlan,
    ExpectedEvent,
    ExpectedName,
    KeyRule,
    KeyType,
    TrackingPlan,
)
from mockserver.rules.timeline import Item
from mockserver.rules.tracking_plan.keys import PARTS, members_of
from mockserver.rules.tracking_plan.plan_session import NAMELESS, PlanSession

__all__ = ["first_plan"]

_VARYING = frozenset({"play", "ping"})
"""Events that every session has, in numbers that depend on the viewer."""

_CHANCE = names("playback", "quality") - _VARYING
"""Events that come when the viewer or the network wants: pauses, buffering, changes of the bitrate, errors."""

_STRUCTURE = names("session", "ad", "chapter")
_STATES = names("state")
_VERSIONS = frozenset({"media.sdkVersion", "media.libraryVersion"})
"""Keys of a sessionStart that change with every release of a player."""

_MOST_STEPS = 60
_DRAFTED = ("params", "custom_metadata", "qoe_data")


class _Key(NamedTuple):
    """What tells contents apart."""

    media_id: str | None
    content_type: str | None
    player_name: str | None


def first_plan(title: str, sessions: Iterable[PlanSession], findings: Iterable[Finding] = ()) -> TrackingPlan:
    """Draft a plan.

    Args:
        title: Its title.
        sessions: The sessions, in order of opening.
        findings: What is wrong with traffic of no session; the plan allows it.
    """
    groups: dict[_Key, list[PlanSession]] = {}
    for session in sessions:
        content = session.content
        groups.setdefault(_Key(content.media_id, content.content_type, content.player_name), []).append(session)
    # A content that says less about itself comes last, because a session belongs to the first that fits.
    ordered = sorted(groups.items(), key=lambda group: group[0].count(None))
    taken: set[str] = set()
    contents = tuple(_content(_free_name(group[0].content, taken), key, group) for key, group in ordered)
    return TrackingPlan(title=title, content=contents, allow_findings=_allowed(findings))


def _free_name(content: Content, taken: set[str]) -> str:
    name = wanted = content.media_name or content.media_id or "no name"
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    taken.add(name)
    return name


def _content(name: str, key: _Key, group: Sequence[PlanSession]) -> ContentPlan:
    # In Media Edge sessions, player states come as another type of event.
    types = [one for one in EVENT_TYPES if one not in _STATES and any(one in session.by_type for session in group)]
    return ContentPlan(
        name=name,
        when=ContentCriteria(
            media_id=_beginning(key.media_id),
            content_type=_beginning(key.content_type),
            player_name=_beginning(key.player_name),
        ),
        events=tuple(_event(one, [session.by_type.get(one, []) for session in group]) for one in types),
        sequence=_sequence(group),
        states=_names([{*session.states} for session in group]),
        chapters=_names([{*session.chapters} - {NAMELESS} for session in group]),
        allow_findings=_allowed(finding for session in group for finding in session.findings),
    )


def _beginning(text: str | None) -> str | None:
    """Return a criterion that a text meets; of a long one, a session keeps only the beginning."""
    if text is not None and (len(text) >= MAX_CONTENT_CHARS or text.endswith("*")):
        return f"{text}*"
    return text


def _event(event_type: str, by_session: Sequence[Sequence[Item]]) -> ExpectedEvent:
    counts = [len(items) for items in by_session]
    least, items = min(counts), [item for some in by_session for item in some]
    same = least == max(counts) and event_type not in _VARYING | _CHANCE
    rules = {member: _rules(event_type, PARTS[member], items) for member in _DRAFTED}
    return ExpectedEvent(
        event_type=event_type,
        exactly=least if same else None,
        at_least=None if same else 0 if event_type in _CHANCE else min(least, 1),
        params=rules["params"],
        custom_metadata=rules["custom_metadata"],
        qoe_data=rules["qoe_data"],
    )


def _rules(event_type: str, part: str, items: Sequence[Item]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for item in items:
        for name, value in members_of(item.event, part).items():
            values.setdefault(name, []).append(value)
    return {name: _rule(event_type, part, name, sent, len(items)) for name, sent in values.items()}


def _rule(event_type: str, part: str, name: str, sent: Sequence[Any], count: int) -> Any:
    required, first = len(sent) == count, sent[0]
    fixed = event_type == "sessionStart" and part == "params" and name.startswith("media.") and name not in _VERSIONS
    if (
        fixed
        and isinstance(first, (str, int, float))
        and all(type(one) is type(first) and one == first for one in sent)
    ):
        return first if required else KeyRule(required=False, equals=first)
    return KeyRule(required=required, type=_type(sent))


def _type(values: Sequence[Any]) -> KeyType | None:
    kinds = {_kind(value) for value in values}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> KeyType | None:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "list"
        case dict():
            return "object"
        case _:
            return None


def _sequence(group: Sequence[PlanSession]) -> tuple[str, ...]:
    """Return the events that structure all sessions, in their common order."""
    orders = [[item.event_type or "" for item in one.processed if item.event_type in _STRUCTURE] for one in group]
    common = orders[0]
    for order in orders[1:]:
        blocks = SequenceMatcher(None, common, order, autojunk=False).get_matching_blocks()
        common = [event_type for block in blocks for event_type in common[block.a : block.a + block.size]]
    return tuple(common[:_MOST_STEPS])


def _names(by_session: Sequence[set[str]]) -> tuple[ExpectedName | str, ...] | None:
    """Return the names that were seen; those that were not in every session may be left out."""
    every = sorted(set().union(*by_session))
    always = set(by_session[0]).intersection(*by_session)
    return tuple(name if name in always else ExpectedName(name=name, at_least=0) for name in every) or None


def _allowed(findings: Iterable[Finding]) -> tuple[str, ...]:
    counted = (one for one in findings if one.severity is not Severity.INFO and one.follows_from is None)
    return tuple(sorted({finding.code for finding in counted}))
