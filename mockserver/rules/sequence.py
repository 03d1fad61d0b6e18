"""What a test expects of one session: a sequence of steps, and the events to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec
from msgspec.structs import replace

from mockserver.errors import InvalidInput
from mockserver.model.event import Event
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.results import Difference, TimelineEntry
from mockserver.model.vocabulary import Outcome
from mockserver.rules.match import Facts, Matcher, compile_query
from mockserver.rules.misfit import misfit
from mockserver.rules.timeline import facts_of
from mockserver.rules.verification import describe

__all__ = [
    "Expected",
    "Gap",
    "Occurs",
    "Repeated",
    "Seen",
    "any_number_of",
    "anything",
    "expected_steps",
    "seen_events",
]


class Occurs(str, Enum):
    """How often an event that fits a step may occur."""

    ONCE = "once"
    ANY_NUMBER = "any number"
    ANYTHING = "anything"


class Repeated(msgspec.Struct, frozen=True):
    """Any number of events, each of which fits one of some steps."""

    steps: tuple[Any, ...]


class Gap(msgspec.Struct, frozen=True):
    """Any events, or none."""


def any_number_of(*steps: Any) -> Repeated:
    """Expect any number of events in a sequence, also none.

    Args:
        *steps: Event types or queries; an event may fit any of them.

    Raises:
        InvalidInput: There is no step, or one that is neither an event type nor a query.
    """
    if not steps or any(not isinstance(step, (str, Mapping, Query)) for step in steps):
        raise InvalidInput('any_number_of takes event types or queries, for example any_number_of("ping")')
    return Repeated(steps)


def anything() -> Gap:
    """Expect any events in a sequence, or none."""
    return Gap()


class Expected(msgspec.Struct, frozen=True):
    """One step of an expected sequence.

    Args:
        matchers: An event fits if it fits one of them; a gap has none.
        text: The step in words.
    """

    occurs: Occurs
    matchers: tuple[Matcher, ...]
    text: str

    def fits(self, facts: Facts) -> bool:
        """Return whether an event fits this step."""
        return self.occurs is Occurs.ANYTHING or any(matcher.matches(facts) for matcher in self.matchers)

    def nearness(self, facts: Facts) -> tuple[float, tuple[Difference, ...]]:
        """Return how far an event is from fitting, from 0 to 1, and the differences."""
        found = []
        for matcher in self.matchers:
            differences = matcher.differences(facts)
            found.append((matcher.distance(differences), differences))
        return min(found, key=lambda pair: pair[0], default=(0.0, ()))


class Seen(msgspec.Struct, frozen=True):
    """One event of a session; of a batch, ``event`` is the one of ``shown``."""

    shown: TimelineEntry
    event: Event
    entry: Entry

    @property
    def accepted(self) -> bool:
        """Whether the back end processed it."""
        return self.shown.outcome in (Outcome.OPENED, Outcome.ACCEPTED)

    def facts(self) -> Facts:
        """Return what a matcher can look at."""
        entry, shown = self.entry, self.shown
        return facts_of(
            self.event, entry.operation, entry.session_id, entry.event_type, shown.outcome, shown.status,
            entry.fault_ids,
        )  # fmt: skip


def expected_steps(sequence: Sequence[Any]) -> tuple[Expected, ...]:
    """Read a sequence as a test writes it: event types, queries, :func:`any_number_of` and :func:`anything`.

    Raises:
        InvalidInput: A step cannot be used.
    """
    if not sequence:
        raise InvalidInput("a sequence needs at least one step", pointer="/sequence")
    return tuple(_expected(step, f"/sequence/{number}") for number, step in enumerate(sequence))


def _expected(step: Any, pointer: str) -> Expected:
    if isinstance(step, Gap):
        return Expected(Occurs.ANYTHING, (), "anything")
    if isinstance(step, Repeated):
        queries = [_query(one, pointer) for one in step.steps]
        words = " or ".join(_words(query) for query in queries)
        return Expected(Occurs.ANY_NUMBER, tuple(map(compile_query, queries)), f"any number of {words}")
    query = _query(step, pointer)
    return Expected(Occurs.ONCE, (compile_query(query),), _words(query))


def _query(step: Any, pointer: str) -> Query:
    query = _read(step, pointer)
    if query.since:
        raise InvalidInput("a step cannot have since: a sequence is about the whole session", pointer=pointer)
    return query


def _read(step: Any, pointer: str) -> Query:
    if isinstance(step, str):
        return Query(event_type=step)
    if isinstance(step, Query):
        return step
    if not isinstance(step, Mapping):
        raise InvalidInput(
            f"a step is an event type, a query, any_number_of(...) or anything(), not {step!r}", pointer=pointer
        )
    document = msgspec.to_builtins(dict(step))
    try:
        query: Query = msgspec.convert(document, Query)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(misfit(error, Query, document)), pointer=pointer) from None
    return query


def _words(query: Query) -> str:
    types = (query.event_type,) if isinstance(query.event_type, str) else query.event_type
    rest = replace(query, event_type=None)
    parts = ["|".join(types)] if types else []
    if rest != Query() or not parts:
        parts.append(describe(rest))
    return " ".join(parts)


def seen_events(timeline: Sequence[TimelineEntry], entries: Mapping[int, Entry]) -> list[Seen]:
    """Join the events of a timeline with their entries, by ``seq``; entries dropped meanwhile are left out."""
    found = []
    for shown in timeline:
        entry = entries.get(shown.seq)
        if entry is None:
            continue
        events = entry.events
        if (shown.index or 0) < len(events):
            found.append(Seen(shown, events[shown.index or 0], entry))
    return found
