"""Counts, sequences and the explanation of a failure."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.query import Query
from mockserver.model.results import VerifyCommand
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.match import Facts
from mockserver.rules.verification import (
    CountRange,
    check_timeout,
    count_range,
    describe,
    find_sequence,
    steps,
)
from tests.tables import every_case

QUERY = Query(event_type="ping")


def facts(*event_types: str, status: int = 204) -> list[Facts]:
    return [Facts(Operation.EVENT, "s", name, lambda: None, Outcome.ACCEPTED, status) for name in event_types]


@every_case(
    ("members", "expected", "words", "final"),
    [
        ({}, CountRange(1), "at least 1", False),
        ({"at_least": 3}, CountRange(3), "at least 3", False),
        ({"at_least": 0}, CountRange(0), "at least 0", False),
        ({"exactly": 2}, CountRange(2, 2), "exactly 2", True),
        ({"exactly": 0}, CountRange(0, 0), "exactly 0", True),
        ({"at_most": 2}, CountRange(None, 2), "at most 2", True),
        ({"at_least": 1, "at_most": 2}, CountRange(1, 2), "1 to 2", True),
    ],
)
def test_numbers_say_how_many_there_must_be(
    members: dict[str, Any], expected: CountRange, words: str, final: bool
) -> None:
    found = count_range(VerifyCommand(query=QUERY, **members))
    assert (found, str(found), found.final) == (expected, words, final)


@every_case(
    ("wanted", "met"),
    [
        (CountRange(2), [False, False, True, True]),
        (CountRange(1, 1), [False, True, False, False]),
        (CountRange(None, 1), [True, True, False, False]),
        (CountRange(1, 2), [False, True, True, False]),
    ],
)
def test_expectation_is_met_inside_its_bounds(wanted: CountRange, met: list[bool]) -> None:
    assert [wanted.met_by(count) for count in range(4)] == met


@every_case(
    ("command", "pointer"),
    [
        (VerifyCommand(), "/query"),
        (VerifyCommand(query=QUERY, sequence=("play",)), "/query"),
        (VerifyCommand(sequence=()), "/sequence"),
        (VerifyCommand(query=QUERY, exactly=-1), "/exactly"),
        (VerifyCommand(query=QUERY, at_most=-1), "/at_most"),
        (VerifyCommand(query=QUERY, exactly=1, at_least=1), "/exactly"),
        (VerifyCommand(query=QUERY, exactly=1, at_most=1), "/exactly"),
        (VerifyCommand(query=QUERY, at_least=2, at_most=1), "/at_least"),
    ],
)
def test_contradictory_command_is_refused_with_the_place(command: VerifyCommand, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        count_range(command)
    assert refused.value.pointer == pointer


def test_timeout_is_given_in_milliseconds_up_to_a_minute() -> None:
    assert [check_timeout(ms) for ms in (0, 1, 60_000)] == [0, 0.001, 60]
    for timeout_ms in (-1, 60_001, 10**30):
        with pytest.raises(InvalidInput, match="60000"):
            check_timeout(timeout_ms)


@every_case(
    ("sequence", "found"),
    [
        (("play", "ping", "sessionEnd"), [1, 2, 5]),
        (("ping", "ping", "ping"), [2, 4]),
        (("ping", "play"), [2, 3]),
        (("adStart",), []),
        (("sessionEnd", "play"), [5]),
        ((Query(event_type=("play", "ping")), Query(event_type="ping")), [1, 2]),
    ],
)
def test_steps_are_found_one_after_the_other_with_anything_between(
    sequence: tuple[Query | str, ...], found: list[int]
) -> None:
    events = facts("sessionStart", "play", "ping", "play", "ping", "sessionEnd")
    assert find_sequence(steps(sequence), events, range(1, 7)) == found


def test_step_with_since_means_later_entries_only() -> None:
    events = facts("ping", "ping", "ping")
    assert find_sequence(steps([Query(event_type="ping", since=21)]), events, [20, 21, 22]) == [2]


def test_unusable_step_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not a condition"):
        steps(["play", Query(where="x")])


@every_case(
    ("query", "words"),
    [
        (Query(), "any request"),
        (Query(event_type="ping"), "event_type=ping"),
        (
            Query(event_type=("play", "ping"), status=(204, 410), outcome=Outcome.ACCEPTED, where="/a=1", since=7),
            "event_type=play|ping outcome=accepted status=204|410 /a=1 since=7",
        ),
        (Query(operation=Operation.START, fault_id="f1", session_id="s", where=("/a=1", "/b>2")),
         "session_id=s operation=start fault_id=f1 /a=1 /b>2"),
    ],
)  # fmt: skip
def test_query_is_described_in_one_line(query: Query, words: str) -> None:
    assert describe(query) == words
