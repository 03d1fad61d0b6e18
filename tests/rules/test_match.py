"""One matcher for queries, fault rules and verification: what it matches, and what it says about a miss."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.fault import When
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import Difference
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.match import Facts, compile_query, compile_when

BODY = {"eventType": "adStart", "params": {"media.ad.id": "ad-1", "a/b": 1}}


def facts(**members: Any) -> Facts:
    known: dict[str, Any] = {
        "operation": Operation.EVENT,
        "session_id": "s1",
        "event_type": "adStart",
        "document": lambda: BODY,
        "outcome": Outcome.ACCEPTED,
        "status": 204,
        "fault_ids": ("f1", "f2"),
        "nth_session": 3,
    }
    return Facts(**{**known, **members})


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(session_id="s1", event_type="adStart", outcome=Outcome.ACCEPTED, status=204, operation=Operation.EVENT),
        Query(event_type=("adStart", "adComplete")),
        Query(status=(204, 410)),
        Query(fault_id="f2"),
        Query(fault_id=("f9", "f1")),
        Query(where="/params/media.ad.id=ad-1"),
        Query(where=("/params/media.ad.id*=ad", "/params/a~1b<2")),
        Query(limit=MAX_LIMIT),
    ],
)
def test_query_matches_when_every_field_has_one_of_the_values_asked_for(query: Query) -> None:
    matcher = compile_query(query)
    assert matcher.matches(facts())
    assert matcher.differences(facts()) == ()


@pytest.mark.parametrize(
    ("query", "differences"),
    [
        (Query(event_type="adComplete"), [Difference("event_type", "adComplete", "adStart")]),
        (Query(event_type=("ping", "play")), [Difference("event_type", ["ping", "play"], "adStart")]),
        (Query(outcome=Outcome.INVALID), [Difference("outcome", "invalid", "accepted")]),
        (Query(status=(410, 404)), [Difference("status", [404, 410], 204)]),
        (Query(fault_id="f3"), [Difference("fault_id", "f3", ("f1", "f2"))]),
        (Query(where="/params/media.ad.id=ad-2"), [Difference("/params/media.ad.id", "ad-2", "ad-1")]),
        (Query(where="/params/a~1b>1"), [Difference("/params/a~1b", "> 1", 1)]),
        (Query(where="/params/x=1"), [Difference("/params/x", 1, "(missing)")]),
        (
            Query(session_id="s2", where=("/params/x!=1", "/eventType=play")),
            [Difference("session_id", "s2", "s1"), Difference("/eventType", "play", "adStart")],
        ),
    ],
)
def test_miss_is_told_field_by_field(query: Query, differences: list[Difference]) -> None:
    matcher = compile_query(query)
    assert not matcher.matches(facts())
    assert list(matcher.differences(facts())) == differences


def test_body_is_not_parsed_unless_a_condition_asks_for_it() -> None:
    def unread() -> Any:
        raise AssertionError

    assert compile_query(Query(event_type="adStart")).matches(facts(document=unread))
    assert not compile_query(Query(event_type="ping", where="/a=1")).matches(facts(document=unread))


def test_another_event_type_is_further_away_than_another_status() -> None:
    matcher = compile_query(Query(event_type="adStart", status=204, where="/params/media.ad.id=ad-1"))
    far, near = facts(event_type="ping"), facts(status=400)
    distances = [matcher.distance(matcher.differences(seen)) for seen in (facts(), near, far)]
    assert distances == [0, round(1 / 6, 4), round(4 / 6, 4)]
    everything_wrong = facts(event_type="ping", status=400, document=lambda: None)
    assert matcher.distance(matcher.differences(everything_wrong)) == 1
    assert compile_query(Query()).distance(()) == 0


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (Query(since=-1), "/since"),
        (Query(limit=0), "/limit"),
        (Query(limit=MAX_LIMIT + 1), "/limit"),
        (Query(where="x"), "/where"),
        (Query(where=("/a=1", "x")), "/where"),
        (Query(where=("/a=1",) * 65), "/where"),
    ],
)
def test_query_that_cannot_be_used_is_refused_with_the_place(query: Query, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_query(query)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize("operation", [Operation.PREFLIGHT, Operation.SCHEMA])
def test_fault_rule_hits_preflights_and_schema_reads_only_when_it_names_them(operation: Operation) -> None:
    asked = facts(operation=operation, event_type=None, session_id=None)
    assert not compile_when(When()).matches(asked)
    assert not compile_when(When(where="/a!=1")).matches(asked)
    assert compile_when(When(operation=operation)).matches(asked)
    assert compile_when(When(operation=(Operation.EVENT, operation))).matches(asked)
    assert not compile_when(When(operation=Operation.EVENT)).matches(asked)
    assert compile_query(Query()).matches(asked), "a query is about everything"


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        (When(nth_session=3), True),
        (When(nth_session=(1, 2)), False),
        (When(in_ad=False), True),
        (When(in_ad=True), False),
        (When(where=("/params/media.ad.id=ad-1", "/eventType=adStart")), True),
        (When(where=("/params/media.ad.id=ad-1", "/eventType=play")), False),
    ],
)
def test_fault_rule_is_about_sessions_in_terms_of_the_domain(when: When, matches: bool) -> None:
    assert compile_when(when).matches(facts()) is matches


def test_condition_of_a_fault_rule_is_refused_with_its_place_in_the_rule() -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_when(When(where=("/a=1", "x")))
    assert refused.value.pointer == "/when/where"


def test_sixty_four_conditions_can_be_asked() -> None:
    assert len(compile_query(Query(where=("/a=1",) * 64)).conditions) == 64
