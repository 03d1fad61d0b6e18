"""One matcher for queries, fault rules and verification: what it matches, and what it says about a miss."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.fault import Range, When
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import Difference
from mockserver.model.session import Content
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.match import Facts, compile_query, compile_when
from tests.tables import every_case

BODY = {"eventType": "adStart", "playerTime": {"playhead": 12.5, "ts": 1}, "params": {"media.ad.id": "ad-1", "a/b": 1}}


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
        "nth_event": 2,
        "in_ad": False,
        "in_break": True,
        "session_age_s": 30.0,
        "content": Content(media_id="clip-7", player_name="P", library_version="android-media-3.1.0"),
        "namespace": "blue",
        "headers": ((b"User-Agent", b"Demo/1 (Android 14)"), (b"X-Tag", b"a"), (b"x-tag", b"b")),
    }
    return Facts(**{**known, **members})


@every_case(
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


@every_case(
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
def test_miss_is_explained_field_by_field(query: Query, differences: list[Difference]) -> None:
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


@every_case(
    ("query", "pointer"),
    [
        (Query(since=-1), "/since"),
        (Query(limit=0), "/limit"),
        (Query(limit=MAX_LIMIT + 1), "/limit"),
        (Query(status=20), "/status"),
        (Query(status=(204, 2004)), "/status"),
        (Query(where="x"), "/where"),
        (Query(where="/a~b=1"), "/where"),
        (Query(where=("/a=1", "x")), "/where"),
        (Query(where=("/a=1",) * 65), "/where"),
    ],
)
def test_unusable_query_is_refused_with_the_place(query: Query, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_query(query)
    assert refused.value.pointer == pointer


@every_case("operation", [Operation.PREFLIGHT, Operation.SCHEMA])
def test_fault_rule_hits_preflights_and_schema_reads_only_when_it_names_them(operation: Operation) -> None:
    asked = facts(operation=operation, event_type=None, session_id=None)
    assert not compile_when(When()).matches(asked)
    assert not compile_when(When(where="/a!=1")).matches(asked)
    assert compile_when(When(operation=operation)).matches(asked)
    assert compile_when(When(operation=(Operation.EVENT, operation))).matches(asked)
    assert not compile_when(When(operation=Operation.EVENT)).matches(asked)
    assert compile_query(Query()).matches(asked), "a query is about everything"


@every_case(
    ("when", "matches"),
    [
        (When(nth_session=3), True),
        (When(nth_session=(1, 2)), False),
        (When(in_ad=False), True),
        (When(in_ad=True), False),
        (When(in_break=True), True),
        (When(in_break=False), False),
        (When(nth_event=2), True),
        (When(nth_event=(1, 3)), False),
        (When(playhead_s=Range(at_least=12.5)), True),
        (When(playhead_s=Range(below=12.5)), False),
        (When(playhead_s=Range(at_least=12, below=13)), True),
        (When(playhead_s=Range()), True),
        (When(session_age_s=Range(at_least=30, below=31)), True),
        (When(session_age_s=Range(at_least=30.1)), False),
        (When(media_id="clip-7"), True),
        (When(media_id="clip-"), False),
        (When(media_id="clip-*"), True),
        (When(media_id=("x*", "clip-7")), True),
        (When(media_id="*"), True),
        (When(player_name="p"), False),
        (When(library_version="android-media-*"), True),
        (When(library_version=("ios-*", "js-*")), False),
        (When(namespace="blue"), True),
        (When(namespace=("default", "bl*")), False),
        (When(header="user-agent*=Android"), True),
        (When(header="User-Agent!=curl"), True),
        (When(header="User-Agent=Demo"), False),
        (When(header="X-Tag=b"), True),
        (When(header="X-Tag!=b"), False),
        (When(header="X-Missing!=1"), True),
        (When(header="X-Missing*="), False),
        (When(header=("X-Tag=a", "X-Tag=c")), False),
        (When(where=("/params/media.ad.id=ad-1", "/eventType=adStart")), True),
        (When(where=("/params/media.ad.id=ad-1", "/eventType=play")), False),
    ],
)
def test_fault_rule_is_about_sessions_in_terms_of_the_domain(when: When, matches: bool) -> None:
    matcher = compile_when(when)
    assert matcher.matches(facts()) is matches
    assert (matcher.differences(facts()) == ()) is matches


@every_case(
    "when",
    [
        When(nth_session=1),
        When(nth_event=1),
        When(in_ad=False),
        When(in_break=False),
        When(playhead_s=Range()),
        When(session_age_s=Range(at_least=0)),
        When(media_id="*"),
        When(player_name="*"),
        When(library_version="*"),
        When(namespace="default"),
    ],
)
@every_case("body", [None, [], "x", {"playerTime": {"playhead": True}}])
def test_unknown_facts_never_match(when: When, body: Any) -> None:
    assert not compile_when(when).matches(Facts(Operation.EVENT, "s1", None, lambda: body))


@every_case(
    ("operation", "body"),
    [
        (Operation.START, {"params": {"media.id": "own", "media.playerName": 7}}),
        (Operation.DOWNLOAD, [{"params": {"media.id": "own"}}, {}]),
    ],
)
def test_request_that_opens_a_session_is_matched_by_its_own_content(operation: Operation, body: Any) -> None:
    opening = facts(operation=operation, document=lambda: body, content=None)
    assert compile_when(When(media_id="own")).matches(opening)
    assert not compile_when(When(player_name="*")).matches(opening), "a player name is a text"


@every_case(
    ("when", "difference"),
    [
        (When(nth_event=1), Difference("nth_event", 1, 2)),
        (When(playhead_s=Range(at_least=20, below=30.5)), Difference("playhead_s", "at least 20 and below 30.5", 12.5)),
        (When(session_age_s=Range(below=5)), Difference("session_age_s", "below 5", 30.0)),
        (When(media_id=("a*", "b")), Difference("media_id", "a* or b", "clip-7")),
        (When(header="X-TAG=c"), Difference("header x-tag", "c", "a, b")),
        (When(header="X-Missing*=c"), Difference("header x-missing", "*= c", "(missing)")),
    ],
)
def test_miss_of_a_fault_rule_is_explained_too(when: When, difference: Difference) -> None:
    matcher = compile_when(when)
    assert matcher.differences(facts()) == (difference,)
    assert matcher.distance((difference,)) == 1


@every_case(
    ("when", "pointer"),
    [
        (When(playhead_s=Range(at_least=2, below=2)), "/when/playhead_s/at_least"),
        (When(session_age_s=Range(below=float("nan"))), "/when/session_age_s/below"),
        (When(session_age_s=Range(at_least=float("inf"))), "/when/session_age_s/at_least"),
        (When(header="User-Agent"), "/when/header"),
        (When(header="=x"), "/when/header"),
        (When(header=("a=b", "User Agent=x")), "/when/header"),
        (When(header="/a=1"), "/when/header"),
        (When(header="a=" + "x" * 4096), "/when/header"),
        (When(header=("a=1",) * 65), "/when/header"),
    ],
)
def test_rule_that_can_never_match_is_refused_with_the_place(when: When, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_when(when)
    assert refused.value.pointer == pointer


def test_condition_of_a_fault_rule_is_refused_with_its_place_in_the_rule() -> None:
    with pytest.raises(InvalidInput) as refused:
        compile_when(When(where=("/a=1", "x")))
    assert refused.value.pointer == "/when/where"


def test_sixty_four_conditions_can_be_asked() -> None:
    assert len(compile_query(Query(where=("/a=1",) * 64)).conditions) == 64
