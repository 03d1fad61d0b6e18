"""One matcher for queries, fault rules and verification.

A matcher returns the *differences* between a query and an entry; a match has none. Weighted, the same differences say
how near a miss was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeVar

import msgspec

from mockserver.errors import InvalidInput, below, nearest
from mockserver.model.event import event_of
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.fault import Range, When
from mockserver.model.http import RawHeaders
from mockserver.model.query import MAX_LIMIT, OneOrMany, Query
from mockserver.model.results import Difference
from mockserver.model.session import Content
from mockserver.model.tracking_plan import ContentCriteria
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.condition import (
    MISSING,
    Condition,
    HeaderCondition,
    header_holds,
    header_values,
    holds,
    parse_condition,
    parse_header_condition,
    value_of,
)

__all__ = [
    "Facts",
    "Matcher",
    "check_event_type",
    "check_page",
    "compile_criteria",
    "compile_query",
    "compile_when",
    "conditions",
]

_WEIGHTS = {"event_type": 4, "operation": 3, "session_id": 2}
"""The weight of a difference in a field; 1 for others. An event of another type is hardly a near miss."""

_UNASKED = frozenset({Operation.PREFLIGHT, Operation.SCHEMA})
"""Operations that a fault rule strikes only when it names them: a rule about events must not break the preflights of
browsers."""

_OPENING = frozenset({Operation.START, Operation.DOWNLOAD})

_CONTENT = {
    "media_id": "media.id",
    "media_name": "media.name",
    "content_type": "media.contentType",
    "stream_type": "media.streamType",
    "player_name": "media.playerName",
    "library_version": "media.libraryVersion",
}
"""The conditions on the content of a session, and the keys of a sessionStart that they are about."""

_MAX_CONDITIONS = 64
"""Most conditions of one ``where``: each is checked for every entry."""

_Parsed = TypeVar("_Parsed")


class _Texts(msgspec.Struct, frozen=True):
    """Texts that match word for word, or by their beginning."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and (value in self.whole or value.startswith(self.beginnings))

    def __str__(self) -> str:
        return " or ".join(sorted((*self.whole, *(f"{beginning}*" for beginning in self.beginnings))))


class Facts(msgspec.Struct):
    """What queries and rules can match on in a request; some of it is not known before the back end has decided.

    Args:
        document: Returns the parsed body; called only when a condition needs it.
        outcome: None before the back end has decided.
        status: None before the back end has decided.
        nth_session: The number of the session that it belongs to or would open.
        nth_event: The request is the nth of its event type for its session.
        in_ad: Whether that session is inside an ad; None without a session.
        in_break: Whether it is inside an ad break.
        session_age_s: How long ago it was opened; None when it is not open yet.
        content: What the session plays; None for a request without a session, or one that opens it.
        namespace: The namespace of the request.
        headers: The header fields of the request.
        normal: Turns the body into the normal shape; None if it is in that shape. Conditions look at the body as sent
            first.
    """

    operation: Operation
    session_id: str | None
    event_type: str | None
    document: Callable[[], Any]
    outcome: Outcome | None = None
    status: int | None = None
    fault_ids: tuple[str, ...] = ()
    nth_session: int | None = None
    nth_event: int | None = None
    in_ad: bool | None = None
    in_break: bool | None = None
    session_age_s: float | None = None
    content: Content | None = None
    namespace: str | None = None
    headers: RawHeaders = ()
    normal: Callable[[Any], Any] | None = None

    def documents(self) -> tuple[Any, Any]:
        """Return what conditions look at: the body and, if that has another shape, the same in the normal one."""
        document = self.document()
        return document, None if self.normal is None else self.normal(document)


class Matcher(msgspec.Struct, frozen=True):
    """A compiled query.

    Args:
        fields: For every field of the query, the values that match.
        conditions: Conditions on the body.
        since: Only later entries match; the journal applies this, not :meth:`matches`.
        unasked: Operations that never match.
        others: Fields that must be in a range or begin with a text.
        headers: Conditions on header fields.
    """

    fields: tuple[tuple[str, frozenset[Any]], ...]
    conditions: tuple[Condition, ...] = ()
    since: int = 0
    unasked: frozenset[Operation] = frozenset()
    others: tuple[tuple[str, Range | _Texts], ...] = ()
    headers: tuple[HeaderCondition, ...] = ()

    def matches(self, facts: Facts) -> bool:
        """Return whether the facts match."""
        if facts.operation in self.unasked:
            return False
        for name, wanted in self.fields:
            if not _meets(facts, name, wanted):
                return False
        for name, range_or_texts in self.others:
            if _actual(facts, name) not in range_or_texts:
                return False
        for header in self.headers:
            if not header_holds(header, header_values(facts.headers, header.name)):
                return False
        if self.conditions:
            document, normal = facts.documents()
            return all(holds(condition, document, normal) for condition in self.conditions)
        return True

    def differences(self, facts: Facts) -> tuple[Difference, ...]:
        """Return why the facts do not match; empty when they do."""
        differences = [
            Difference(field=name, expected=_shown(wanted), actual=_plain(_actual(facts, name)))
            for name, wanted in self.fields
            if not _meets(facts, name, wanted)
        ]
        for name, range_or_texts in self.others:
            actual = _actual(facts, name)
            if actual not in range_or_texts:
                differences.append(Difference(name, str(range_or_texts), actual))
        for header in self.headers:
            values = header_values(facts.headers, header.name)
            if not header_holds(header, values):
                actual = ", ".join(values) if values else "(missing)"
                differences.append(Difference(f"header {header.name}", _expected(header), actual))
        document, normal = facts.documents() if self.conditions else (None, None)
        for condition in self.conditions:
            if not holds(condition, document, normal):
                seen = value_of(condition, document, normal)
                actual = "(missing)" if seen is MISSING else seen
                differences.append(Difference(condition.place, _expected(condition), actual))
        return tuple(differences)

    def distance(self, differences: tuple[Difference, ...]) -> float:
        """Weigh differences: 0 for none, 1 when nothing matches."""
        asked = sum(_WEIGHTS.get(name, 1) for name, _ in self.fields)
        asked += len(self.others) + len(self.headers) + len(self.conditions)
        missed = sum(_WEIGHTS.get(difference.field, 1) for difference in differences)
        return round(missed / asked, 4) if asked else 0.0


def check_page(since: int, limit: int) -> None:
    """Check the page of a list.

    Raises:
        InvalidInput: ``since`` or ``limit`` is out of range.
    """
    if since < 0:
        raise InvalidInput(f"since must be 0 or more, not {since}", pointer="/since")
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"limit must be 1 to {MAX_LIMIT}, not {limit}", pointer="/limit")


def check_event_type(event_type: OneOrMany, *, pointer: str = "/event_type") -> None:
    """Check event types, so that a typing error in a query is not an empty result.

    Raises:
        InvalidInput: One of them does not exist.
    """
    for name in (event_type,) if isinstance(event_type, str) else event_type or ():
        if name not in EVENT_TYPES:
            raise InvalidInput(
                f'"{name[:80]}" is not an event type{nearest(name[:80], EVENT_TYPES)} (to look for a wrong one, use '
                f'where: "/eventType={name[:80]}")',
                pointer=pointer,
            )


def _check_status(status: int | tuple[int, ...] | None, pointer: str) -> None:
    """Check statuses, for the same reason as event types."""
    for code in (status,) if isinstance(status, int) else status or ():
        if not 100 <= code <= 999:  # RFC 9110: three digits
            raise InvalidInput(f"{code} is not an HTTP status: a status has three digits", pointer=pointer)


def compile_query(query: Query) -> Matcher:
    """Check and compile a query.

    Raises:
        InvalidInput: An event type, a status, a condition, ``since`` or ``limit`` cannot be used.
    """
    check_page(query.since, query.limit)
    check_event_type(query.event_type)
    _check_status(query.status, "/status")
    names = ("session_id", "event_type", "operation", "outcome", "status", "fault_id")
    sids = _texts(query.session_id or ())
    if sids.beginnings:  # of a session id, a list shows only the beginning
        fields = _fields(query, names[1:])
        return Matcher(fields, conditions(query.where), query.since, others=(("session_id", sids),))
    return Matcher(_fields(query, names), conditions(query.where), query.since)


def compile_when(when: When) -> Matcher:
    """Check and compile the ``when`` of a fault rule.

    Raises:
        InvalidInput: An event type, a status or a condition cannot be used; the pointer begins at the fault rule.
    """
    check_event_type(when.event_type, pointer="/when/event_type")
    _check_status(when.status, "/when/status")
    names = (
        "session_id", "event_type", "operation", "outcome", "status", "nth_session", "nth_event", "in_ad", "in_break",
        "namespace",
    )  # fmt: skip
    fields = _fields(when, names)
    others: list[tuple[str, Range | _Texts]] = []
    for name in ("playhead_s", "session_age_s"):
        range_ = getattr(when, name)
        if range_ is not None:
            _check_range(range_, f"/when/{name}")
            others.append((name, range_))
    others.extend(_content_texts(when))
    with below("/when"):
        where = conditions(when.where)
        headers = _parsed("header", when.header, parse_header_condition)
    return Matcher(
        fields, where, unasked=frozenset() if when.operation else _UNASKED, others=tuple(others), headers=headers
    )


def compile_criteria(criteria: ContentCriteria) -> Matcher:
    """Check and compile the criteria of a content, for the facts of a sessionStart.

    Raises:
        InvalidInput: A condition cannot be used; the pointer begins at the criteria.
    """
    return Matcher((), conditions(criteria.where), others=tuple(_content_texts(criteria)))


def _content_texts(source: When | ContentCriteria) -> Iterator[tuple[str, _Texts]]:
    """Return the conditions on the content; a fault rule has only some of them."""
    for name in _CONTENT:
        value = getattr(source, name, None)
        if value is not None:
            yield name, _texts(value)


def _check_range(wanted: Range, pointer: str) -> None:
    for name, number in (("at_least", wanted.at_least), ("below", wanted.below)):
        if number is not None and not math.isfinite(number):
            raise InvalidInput(f"{name} must be a number, not {number}", pointer=f"{pointer}/{name}")
    if wanted.at_least is not None and wanted.below is not None and wanted.at_least >= wanted.below:
        raise InvalidInput(
            f"at_least ({wanted.at_least:g}) must be less than below ({wanted.below:g})", pointer=f"{pointer}/at_least"
        )


def _texts(value: str | Sequence[str]) -> _Texts:
    """Read one text or several; one that ends with ``*`` matches all that begin like it."""
    values = (value,) if isinstance(value, str) else value
    return _Texts(
        frozenset(text for text in values if not text.endswith("*")),
        tuple(text[:-1] for text in values if text.endswith("*")),
    )


def conditions(where: str | tuple[str, ...]) -> tuple[Condition, ...]:
    """Parse the value of ``where``, one condition or several.

    Raises:
        InvalidInput: One of them is not a condition, or there are too many.
    """
    return _parsed("where", where, parse_condition)


def _parsed(name: str, written: str | tuple[str, ...], parse: Callable[[str], _Parsed]) -> tuple[_Parsed, ...]:
    texts = (written,) if isinstance(written, str) else written
    if len(texts) > _MAX_CONDITIONS:
        raise InvalidInput(f"{name} takes at most {_MAX_CONDITIONS} conditions, not {len(texts)}", pointer=f"/{name}")
    return tuple(parse(text) for text in texts)


def _fields(source: Query | When, names: tuple[str, ...]) -> tuple[tuple[str, frozenset[Any]], ...]:
    asked = ((name, getattr(source, name)) for name in names)
    return tuple(
        (name, frozenset(value) if isinstance(value, (tuple, list)) else frozenset((value,)))
        for name, value in asked
        if value is not None
    )


def _actual(facts: Facts, name: str) -> Any:
    if name == "fault_id":
        return facts.fault_ids
    if name == "playhead_s":
        return _playhead_s(facts)
    return _content_fact(facts, name) if name in _CONTENT else getattr(facts, name)


def _playhead_s(facts: Facts) -> float | None:
    """Return the playhead of an event, valid or not; None for a batch of downloaded content, which has many."""
    return event_of(_normal(facts)).playhead_s


def _content_fact(facts: Facts, name: str) -> str | None:
    """Return what is known of the content; a request that opens a session has it in its body."""
    if facts.operation not in _OPENING:
        return None if facts.content is None else getattr(facts.content, name)
    normal = _normal(facts)
    start = normal[0] if isinstance(normal, list) and normal else normal
    value = event_of(start).params.get(_CONTENT[name])
    return value if isinstance(value, str) else None


def _normal(facts: Facts) -> Any:
    document, normal = facts.documents()
    return document if facts.normal is None else normal


def _meets(facts: Facts, name: str, wanted: frozenset[Any]) -> bool:
    if name == "fault_id":
        return not wanted.isdisjoint(facts.fault_ids)
    return getattr(facts, name) in wanted


def _expected(condition: Condition | HeaderCondition) -> Any:
    return condition.value if condition.op == "=" else f"{condition.op} {condition.value}"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _shown(wanted: frozenset[Any]) -> Any:
    values = sorted((_plain(value) for value in wanted), key=str)
    return values[0] if len(values) == 1 else values
