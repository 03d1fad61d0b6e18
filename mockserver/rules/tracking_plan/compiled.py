"""A plan that makes sense, with its matchers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from mockserver.errors import InvalidInput, below
from mockserver.model.query import Query
from mockserver.model.results import VerifyCommand
from mockserver.model.tracking_plan import ContentPlan, ExpectedEvent, ExpectedName, TrackingPlan
from mockserver.model.vocabulary import Outcome
from mockserver.rules.expectation import check_codes, check_expectation
from mockserver.rules.match import Matcher, check_event_type, compile_criteria, compile_query
from mockserver.rules.sequence import Expected, any_number_of, anything, expected_steps
from mockserver.rules.tracking_plan.keys import PARTS, CompiledKey, compile_keys
from mockserver.rules.verification import CountRange, count_range, describe

__all__ = [
    "CompiledContent",
    "CompiledEvent",
    "CompiledName",
    "CompiledPlan",
    "NeverEvent",
    "compile_contents",
    "compile_plan",
]

_ACCEPTED = (Outcome.OPENED, Outcome.ACCEPTED)
_MOST = 1_000
"""Most contents of a plan, events of a content, keys of an event, and steps of a sequence: each is compared."""
_NOBODY = Query()


class CompiledEvent(msgspec.Struct, frozen=True):
    """A kind of event.

    Args:
        plan: What the plan says about it.
        matcher: Its accepted events.
        numbers: How many there must be in a session.
        keys: The rules of its keys.
        text: Its event type and conditions.
        pointer: Its place in the plan.
    """

    plan: ExpectedEvent
    matcher: Matcher
    numbers: CountRange
    keys: tuple[CompiledKey, ...]
    text: str
    pointer: str


class CompiledName(msgspec.Struct, frozen=True):
    """A player state or chapter, how often it must start, and its place in the plan."""

    name: str
    numbers: CountRange
    pointer: str


class NeverEvent(msgspec.Struct, frozen=True):
    """Events that must not occur: their matcher, the same in words, and their place in the plan."""

    matcher: Matcher
    text: str
    pointer: str


class CompiledContent(msgspec.Struct, frozen=True):
    """A content.

    Args:
        plan: What the plan says about it.
        pointer: Its place in the plan.
        matcher: Its sessions, by the facts of their sessionStart.
        sessions: How many sessions there must be; None if the plan does not say.
        events: The kinds of events.
        steps: The steps of its sequence.
        states: The player states that may start, by their names in lower case; None if any may.
        chapters: The chapters that may; None if any may.
        never: What must not occur.
    """

    plan: ContentPlan
    pointer: str
    matcher: Matcher
    sessions: CountRange | None
    events: tuple[CompiledEvent, ...]
    steps: tuple[Expected, ...]
    states: tuple[CompiledName, ...] | None
    chapters: tuple[CompiledName, ...] | None
    never: tuple[NeverEvent, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.plan.name


class CompiledPlan(msgspec.Struct, frozen=True):
    """A plan and its contents."""

    plan: TrackingPlan
    contents: tuple[CompiledContent, ...]


def compile_plan(plan: TrackingPlan) -> CompiledPlan:
    """Check and compile a plan.

    Raises:
        InvalidInput: A member is wrong; the pointer leads to it.
    """
    if not plan.title.strip():
        raise InvalidInput("a plan needs a title", pointer="/title")
    if not plan.content and not plan.expect:
        raise InvalidInput("a plan needs a content or an expectation, or nothing could be missed", pointer="/content")
    for index, wanted in enumerate(plan.expect):
        with below(f"/expect/{index}"):
            check_expectation(wanted)
    with below("/allow_findings"):
        check_codes(plan.allow_findings)
    return CompiledPlan(plan, compile_contents(plan.content))


def compile_contents(plans: Sequence[ContentPlan]) -> tuple[CompiledContent, ...]:
    """Check and compile the contents of a plan or of a story.

    Raises:
        InvalidInput: A member is wrong; the pointer begins above the contents.
    """
    _check_many(plans, "/content")
    names: set[str] = set()
    compiled = []
    for index, plan in enumerate(plans):
        with below(f"/content/{index}"):
            if not plan.name.strip():
                raise InvalidInput("a content needs a name", pointer="/name")
            if plan.name in names:
                raise InvalidInput(f"there are two contents named {plan.name!r}", pointer="/name")
            names.add(plan.name)
            compiled.append(_content(plan, f"/content/{index}"))
    return tuple(compiled)


def _content(plan: ContentPlan, pointer: str) -> CompiledContent:
    with below("/when"):
        matcher = compile_criteria(plan.when)
    with below("/allow_findings"):
        check_codes(plan.allow_findings)
    _check_many(plan.events, "/events")
    _check_many(plan.sequence, "/sequence")
    events = []
    for index, event in enumerate(plan.events):
        with below(f"/events/{index}"):
            events.append(_event(event, f"{pointer}/events/{index}"))
    return CompiledContent(
        plan,
        pointer,
        matcher,
        None if plan.exactly is plan.at_least is plan.at_most is None else _numbers(plan),
        tuple(events),
        expected_steps(_steps(plan.sequence)) if plan.sequence else (),
        _names(plan.states, pointer, "states", folded=True),
        _names(plan.chapters, pointer, "chapters"),
        tuple(_forbidden(plan.never, pointer)),
    )


def _check_many(parts: Collection[object], pointer: str) -> None:
    if len(parts) > _MOST:
        raise InvalidInput(f"there are {len(parts)}; a plan takes at most {_MOST}", pointer=pointer)


def _event(event: ExpectedEvent, pointer: str) -> CompiledEvent:
    query = Query(event_type=event.event_type, where=event.where)
    compile_query(query)
    for member, part in PARTS.items():
        _check_many(getattr(event, member), f"/{part}")
    text = event.event_type
    if event.where:
        text = f"{text} {describe(Query(where=event.where))}"
    matcher = compile_query(Query(event_type=event.event_type, where=event.where, outcome=_ACCEPTED))
    keys = tuple(msgspec.structs.replace(key, pointer=pointer + key.pointer) for key in compile_keys(event))
    return CompiledEvent(event, matcher, _numbers(event), keys, text, pointer)


def _numbers(wanted: ExpectedEvent | ExpectedName | ContentPlan) -> CountRange:
    """Return how many there must be; the numbers are those of a verification."""
    return count_range(
        VerifyCommand(query=_NOBODY, exactly=wanted.exactly, at_least=wanted.at_least, at_most=wanted.at_most)
    )


def _steps(sequence: Sequence[Query | str]) -> list[Any]:
    found: list[Any] = []
    for index, step in enumerate(sequence):
        with below(f"/sequence/{index}"):
            if not isinstance(step, str):
                compile_query(step)
                found.append(step)
            elif step == "*":
                found.append(anything())
            else:
                check_event_type(step.removesuffix("*"), pointer="")
                found.append(any_number_of(step[:-1]) if step.endswith("*") else step)
    return found


def _names(
    wanted: Sequence[ExpectedName | str] | None, pointer: str, member: str, *, folded: bool = False
) -> tuple[CompiledName, ...] | None:
    if wanted is None:
        return None
    found = []
    for index, one in enumerate(wanted):
        with below(f"/{member}/{index}"):
            named = ExpectedName(name=one) if isinstance(one, str) else one
            name = named.name.lower() if folded else named.name
            found.append(CompiledName(name, _numbers(named), f"{pointer}/{member}/{index}"))
    return tuple(found)


def _forbidden(wanted: Sequence[Query | str], pointer: str) -> Iterable[NeverEvent]:
    for index, one in enumerate(wanted):
        with below(f"/never/{index}"):
            if isinstance(one, str):
                check_event_type(one, pointer="")
                yield NeverEvent(compile_query(Query(event_type=one)), one, f"{pointer}/never/{index}")
            else:
                yield NeverEvent(compile_query(one), describe(one), f"{pointer}/never/{index}")
