"""Verify counts and sequences, and explain why they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from mockserver.errors import InvalidInput, below
from mockserver.model.query import Query
from mockserver.model.results import MAX_TIMEOUT_MS, Difference, VerifyCommand
from mockserver.model.vocabulary import Outcome
from mockserver.rules.diagnose.wording import counted
from mockserver.rules.match import Facts, Matcher, check_event_type, compile_query
from mockserver.rules.transcript import printable

__all__ = [
    "CountRange",
    "SequenceStep",
    "check_timeout",
    "count_message",
    "count_range",
    "describe",
    "find_sequence",
    "received_line",
    "sequence_message",
    "steps",
]

_ACCEPTED = frozenset({Outcome.OPENED, Outcome.ACCEPTED})
_MOST_TYPES = 8
_LONGEST_TYPE = 40


class CountRange(msgspec.Struct, frozen=True):
    """How many there must be; None for no bound."""

    at_least: int | None = None
    at_most: int | None = None

    def met_by(self, count: int) -> bool:
        """Return whether a count is in the range."""
        return (self.at_least is None or count >= self.at_least) and (self.at_most is None or count <= self.at_most)

    @property
    def final(self) -> bool:
        """Whether more entries can break it, so that it is decided only when the time is over."""
        return self.at_most is not None

    def __str__(self) -> str:
        if self.at_least == self.at_most:
            return f"exactly {self.at_least}"
        if self.at_most is None:
            return f"at least {self.at_least}"
        if self.at_least is None:
            return f"at most {self.at_most}"
        return f"{self.at_least} to {self.at_most}"


class SequenceStep(msgspec.Struct, frozen=True):
    """One step of a sequence: its matcher and its text."""

    matcher: Matcher
    text: str

    @property
    def about_the_answer(self) -> bool:
        """Whether it asks for the outcome or the status, so that refused events can match."""
        return any(name in ("outcome", "status") for name, _ in self.matcher.fields)

    @property
    def accepted(self) -> Matcher:
        """The matcher of accepted events only, which shows what is different about a refused one."""
        return replace(self.matcher, fields=(*self.matcher.fields, ("outcome", _ACCEPTED)))


def count_range(command: VerifyCommand) -> CountRange:
    """Return how many entries or sessions a verification wants.

    Raises:
        InvalidInput: The numbers contradict each other, or there is not exactly one of query and sequence.
    """
    if (command.query is None) == (command.sequence is None):
        raise InvalidInput("give either query or sequence", pointer="/query")
    if command.sequence is not None and not command.sequence:
        raise InvalidInput("a sequence needs at least one step", pointer="/sequence")
    for name in ("exactly", "at_least", "at_most"):
        value = getattr(command, name)
        if value is not None and value < 0:
            raise InvalidInput(f"{name} must be 0 or more, not {value}", pointer=f"/{name}")
    if command.exactly is not None:
        if command.at_least is not None or command.at_most is not None:
            raise InvalidInput("give either exactly, or at_least and at_most", pointer="/exactly")
        return CountRange(command.exactly, command.exactly)
    if command.at_least is None and command.at_most is None:
        return CountRange(1)
    if command.at_least is not None and command.at_most is not None and command.at_least > command.at_most:
        raise InvalidInput("at_least is more than at_most", pointer="/at_least")
    return CountRange(command.at_least, command.at_most)


def check_timeout(timeout_ms: int) -> float:
    """Return a timeout in seconds.

    Raises:
        InvalidInput: It is not 0 to 60,000 milliseconds.
    """
    if not 0 <= timeout_ms <= MAX_TIMEOUT_MS:
        raise InvalidInput(f"timeout_ms must be 0 to {MAX_TIMEOUT_MS}, not {timeout_ms}", pointer="/timeout_ms")
    return timeout_ms / 1000


def steps(sequence: Sequence[Query | str]) -> tuple[SequenceStep, ...]:
    """Compile a sequence; a text is short for an event type.

    Raises:
        InvalidInput: A step cannot be used; the pointer begins at what has the sequence.
    """
    return tuple(_step(step, f"/sequence/{index}") for index, step in enumerate(sequence))


def _step(step: Query | str, pointer: str) -> SequenceStep:
    with below(pointer):
        if isinstance(step, str):
            check_event_type(step, pointer="")
            step = Query(event_type=step)
        return SequenceStep(compile_query(step), describe(step))


def find_sequence(wanted: Sequence[SequenceStep], facts: Sequence[Facts], seqs: Sequence[int]) -> list[int]:
    """Find steps that follow each other in a session; other events may come between them.

    Args:
        facts: The events of the session, in the order of the search.
        seqs: Their numbers in the journal, for ``since`` of a step.

    Returns:
        The indices of the events that were found, up to the first step that is missing.
    """
    found: list[int] = []
    index = 0
    for step in wanted:
        matcher = step.matcher
        while index < len(facts) and not (seqs[index] > matcher.since and matcher.matches(facts[index])):
            index += 1
        if index == len(facts):
            break
        found.append(index)
        index += 1
    return found


def describe(query: Query) -> str:
    """Write a query in one line."""
    parts = []
    for name in ("session_id", "event_type", "operation", "outcome", "status", "fault_id"):
        value = getattr(query, name)
        if value is not None:
            values = value if isinstance(value, (tuple, list)) else (value,)
            parts.append(f"{name}={'|'.join(str(getattr(item, 'value', item)) for item in values)}")
    parts.extend((query.where,) if isinstance(query.where, str) else query.where)
    if query.since:
        parts.append(f"since={query.since}")
    return " ".join(parts) or "any request"


def count_message(
    wanted: CountRange,
    query: Query,
    count: int,
    near: Sequence[tuple[str, Sequence[Difference]]],
    incomplete: str,
    received: str = "",
) -> str:
    """Write the result of a verified count.

    Args:
        near: The labels of the nearest entries and their differences.
        incomplete: A sentence about dropped entries, or nothing.
        received: What was received instead, or nothing; see :func:`received_line`.
    """
    verdict = "verified" if wanted.met_by(count) else "not verified"
    lines = [f"{verdict}: expected {wanted} with {describe(query)}, found {count}{incomplete}"]
    lines.extend(_near_lines(near))
    return "\n".join([*lines, received] if received else lines)


def sequence_message(
    wanted: CountRange,
    sequence: Sequence[SequenceStep],
    count: int,
    furthest: tuple[str, int] | None,
    near: Sequence[tuple[str, Sequence[Difference]]],
    incomplete: str,
    received: str = "",
) -> str:
    """Write the result of a verified sequence.

    Args:
        furthest: The session that got furthest and its number of steps, if no session has all.
        near: The labels of the entries nearest to its first missing step.
        incomplete: A sentence about dropped entries, or nothing.
        received: What was received instead, or nothing; see :func:`received_line`.
    """
    verdict = "verified" if wanted.met_by(count) else "not verified"
    shown = " -> ".join(step.text for step in sequence)
    lines = [f"{verdict}: expected {wanted} with the sequence {shown}, found {counted(count, 'session')}{incomplete}"]
    if furthest is not None:
        sid, done = furthest
        lines.append(f"  session {sid} got furthest: {done} of {len(sequence)} steps")
        for index, step in enumerate(sequence):
            sign = "+" if index < done else "-" if index == done else "?"  # steps after a missing one are not searched
            lines.append(f"    {sign} {step.text}")
    lines.extend(_near_lines(near))
    return "\n".join([*lines, received] if received else lines)


def received_line(counts: Mapping[str, int]) -> str:
    """Write which event types were received, most frequent first; empty if there are none.

    Args:
        counts: How many of each event type.
    """
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    shown = [f"{printable(name, _LONGEST_TYPE)} x{count}" for name, count in ranked[:_MOST_TYPES]]
    if len(ranked) > _MOST_TYPES:
        shown.append(f"and {len(ranked) - _MOST_TYPES} more")
    return f"  received: {', '.join(shown)}" if shown else ""


def _near_lines(near: Sequence[tuple[str, Sequence[Difference]]]) -> list[str]:
    if not near:
        return []
    lines = ["  nearest:"]
    for label, differences in near:
        why = "; ".join(f"{item.field} is {item.actual!r}, expected {item.expected!r}" for item in differences)
        lines.append(f"    {label}: {why}" if why else f"    {label}")
    return lines
