"""The fault rules of a namespace: ids, order, limits and counters."""

from __future__ import annotations

import pytest

from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.model.fault import FaultEdit, FaultSpec, When
from mockserver.model.fault_kind import CloseFault, ResetFault, StatusFault
from mockserver.model.vocabulary import Operation, Stage
from mockserver.rules.match import Facts
from mockserver.store.faults import FaultStore
from mockserver.wire.codec import decode, encode
from tests.tables import every_case

RESET = FaultSpec(fault=ResetFault())
BROKEN = FaultSpec(fault=StatusFault(code=500), name="broken", probability=0.5)
PING = Facts(Operation.EVENT, "s1", "ping", lambda: None)


def store(max_faults: int = 10) -> FaultStore:
    return FaultStore("seed", max_faults)


def ids(rules: FaultStore) -> list[str]:
    return [rule.id for rule in rules.rules]


def draws(rules: FaultStore, count: int = 5) -> list[float]:
    struck = (rules.strike(Stage.REQUEST, PING, 0) for _ in range(count))
    return [draw.value for each in struck for draw in each.draws]


def test_rules_get_ids_in_order_of_creation_that_are_never_used_again() -> None:
    rules = store()
    first = rules.add(BROKEN, 77)
    assert (first.id, first.created_ms, first.name, first.seen, first.applied) == ("f1", 77, "broken", 0, 0)
    rules.add(RESET, 0)
    rules.remove("f2")
    assert rules.add(RESET, 0).id == "f3"
    rules.clear()
    assert not rules.armed
    assert rules.add(RESET, 0).id == "f4"


def test_rule_is_replaced_in_its_place_with_fresh_counters_and_draws() -> None:
    rules = store()
    rules.add(BROKEN, 0)
    rules.add(RESET, 0)
    before = draws(rules)
    assert rules.get("f1").seen == 5
    replaced = rules.put("f1", BROKEN, 9)
    assert (replaced.id, replaced.created_ms, replaced.seen) == ("f1", 9, 0)
    assert ids(rules) == ["f1", "f2"]
    assert draws(rules) == before


def test_rule_that_was_given_as_a_rule_loses_id_and_counters() -> None:
    rules = store()
    known = rules.add(RESET, 0)
    rules.strike(Stage.REQUEST, PING, 0)
    again = rules.add(rules.get(known.id), 0)
    assert (again.id, again.seen) == ("f2", 0)


def test_unknown_rule_is_not_found() -> None:
    for ask in (store().get, store().remove, lambda fault_id: store().put(fault_id, RESET, 0)):
        with pytest.raises(NotFound, match="'f7'"):
            ask("f7")


def test_meaningless_rule_uses_up_no_id() -> None:
    rules = store()
    with pytest.raises(InvalidInput):
        rules.add(FaultSpec(fault=CloseFault(), every=0), 0)
    with pytest.raises(InvalidInput):
        rules.add(FaultSpec(fault=CloseFault(), when=When(where="x")), 0)
    assert rules.add(RESET, 0).id == "f1"
    with pytest.raises(InvalidInput):
        rules.put("f1", FaultSpec(fault=CloseFault(), when=When(where="x")), 0)
    assert rules.get("f1").fault == ResetFault()


def test_limit_refuses_and_drops_nothing() -> None:
    rules = store(max_faults=1)
    rules.add(RESET, 0)
    with pytest.raises(Refused, match="max_faults"):
        rules.add(BROKEN, 0)
    assert ids(rules) == ["f1"]
    rules.put("f1", BROKEN, 0)


def test_restart_gives_the_same_ids_and_the_same_draws() -> None:
    rules = store()
    rules.restart((BROKEN,), 0)
    before = draws(rules)
    rules.add(RESET, 0)
    rules.restart((BROKEN,), 5)
    assert ids(rules) == ["f1"]
    assert draws(rules) == before


def test_draws_depend_on_the_seed() -> None:
    others = FaultStore("another seed", 10)
    others.add(BROKEN, 0)
    ours = store()
    ours.add(BROKEN, 0)
    assert draws(ours) != draws(others)


def test_the_rules_of_the_start_come_back_whatever_the_limit_is_by_now() -> None:
    rules = store()
    rules.restart([RESET] * 3, 0)
    rules.max_faults = 1

    rules.restart([RESET] * 3, 0)

    assert ids(rules) == ["f1", "f2", "f3"]


@every_case(
    ("when", "noted"),
    [
        (When(), True),
        (When(header="Origin*=a.test", namespace="tv"), True),
        (When(event_type="ping"), False),
        (When(in_ad=False), False),
        (When(operation=Operation.PREFLIGHT), False),
    ],
)
def test_rule_that_leaves_preflights_alone_without_saying_so_is_answered_with_a_note(when: When, noted: bool) -> None:
    rules = store()
    rule = rules.add(FaultSpec(fault=ResetFault(), when=when), 0)
    assert ("preflights" in str(rule.note)) is noted
    sent_back = decode(encode(rule), FaultEdit)
    assert rules.put("f1", sent_back, 0) == rule
