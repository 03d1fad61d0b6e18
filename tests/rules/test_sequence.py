"""The steps of a sequence that a test expects."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.query import Query
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.match import Facts
from mockserver.rules.sequence import Occurs, any_number_of, anything, expected_steps
from tests.tables import every_case


def facts(event_type: str, document: Any = None) -> Facts:
    return Facts(Operation.EVENT, "s", event_type, lambda: document, Outcome.ACCEPTED, 204)


@every_case(
    ("step", "kind", "text"),
    [
        ("play", Occurs.ONCE, "play"),
        (Query(event_type="play"), Occurs.ONCE, "play"),
        ({"event_type": ["play", "ping"]}, Occurs.ONCE, "play|ping"),
        ({"event_type": "adStart", "where": "/params/media.ad.id=a1"}, Occurs.ONCE, "adStart /params/media.ad.id=a1"),
        ({"status": 204, "outcome": Outcome.ACCEPTED}, Occurs.ONCE, "outcome=accepted status=204"),
        ({}, Occurs.ONCE, "any request"),
        (any_number_of("ping"), Occurs.ANY_NUMBER, "any number of ping"),
        (any_number_of("ping", {"event_type": "play"}), Occurs.ANY_NUMBER, "any number of ping or play"),
        (anything(), Occurs.ANYTHING, "anything"),
    ],
    ids=str,
)
def test_step_has_a_kind_and_words(step: Any, kind: Occurs, text: str) -> None:
    (expected,) = expected_steps([step])
    assert (expected.occurs, expected.text) == (kind, text)


def test_step_of_several_queries_fits_an_event_that_fits_one_of_them() -> None:
    (step,) = expected_steps([any_number_of("ping", {"event_type": "play", "where": "/playerTime/playhead=1"})])
    assert step.fits(facts("ping"))
    assert step.fits(facts("play", {"playerTime": {"playhead": 1}}))
    assert not step.fits(facts("play", {"playerTime": {"playhead": 2}}))
    assert step.nearness(facts("play"))[1][0].field == "/playerTime/playhead"


def test_anything_fits_everything() -> None:
    (step,) = expected_steps([anything()])
    assert step.fits(facts("ping"))


@every_case(
    ("sequence", "text", "pointer"),
    [
        ([], "a sequence needs at least one step", "/sequence"),
        (["play", 3], "a step is an event type, a query, any_number_of(...) or anything(), not 3", "/sequence/1"),
        ([{"type": "ping"}], "unknown member `type`", "/sequence/0"),
        (["ping", {"status": "ok"}], "must be a whole number, a list or null, not 'ok'", "/sequence/1"),
        ([{"since": 3}], "a step cannot have since", "/sequence/0"),
        ([{"where": "playhead"}], "is not a condition", "/where"),
    ],
    ids=str,
)
def test_unusable_step_is_refused(sequence: list[Any], text: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        expected_steps(sequence)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer


@every_case("steps", [(), (3,), ("ping", anything()), (any_number_of("ping"),)], ids=str)
def test_any_number_of_refuses_what_is_not_an_event_type_or_query(steps: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput, match="any_number_of takes event types or queries"):
        any_number_of(*steps)
