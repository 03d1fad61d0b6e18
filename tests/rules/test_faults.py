"""Which fault rules strike: skip, every, probability, times, ttl, and how rules live side by side."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import InvalidInput
from mockserver.model.fault import (
    CloseFault,
    DelayFault,
    Fault,
    FaultRule,
    FaultSpec,
    HangFault,
    ResetFault,
    StatusFault,
    When,
)
from mockserver.model.vocabulary import Operation, Outcome, Stage
from mockserver.rules.faults import Armed, Strike, arm, check_spec, strike
from mockserver.rules.match import Facts

BROKEN = StatusFault(code=500)


def armed(fault_id: str, what: Fault = BROKEN, **members: Any) -> Armed:
    return arm(FaultRule(fault=what, id=fault_id, created_ms=0, **members), f"seed/{fault_id}")


def facts(event_type: str = "ping") -> Facts:
    return Facts(Operation.EVENT, "s1", event_type, lambda: {"eventType": event_type})


def run(
    rules: Sequence[Armed], times: int, *, event_type: str = "ping", stage: Stage = Stage.REQUEST, now_ms: int = 0
) -> list[Strike]:
    strikes = []
    for _ in range(times):
        done = strike(rules, stage, facts(event_type), now_ms)
        rules = done.rules
        strikes.append(done)
    return strikes


def pattern(requests: int, members: dict[str, Any]) -> str:
    """Show which requests a rule strikes: ``x`` for a strike, ``.`` for none."""
    return "".join("x" if done.fault_ids else "." for done in run([armed("f1", **members)], requests))


def counters(done: Strike) -> list[tuple[int, int]]:
    return [(each.rule.seen, each.rule.applied) for each in done.rules]


# One rule.


@pytest.mark.parametrize(
    ("members", "struck"),
    [
        ({}, "xxxxxxxxx"),
        ({"skip": 2}, "..xxxxxxx"),
        ({"times": 2}, "xx......."),
        ({"times": 0}, "........."),
        ({"every": 3}, "..x..x..x"),
        ({"skip": 2, "every": 3}, "....x..x."),
        ({"skip": 1, "every": 2, "times": 2}, "..x.x...."),
        ({"probability": 0}, "........."),
        ({"probability": 0, "times": 1}, "........."),
        ({"enabled": False}, "........."),
    ],
)
def test_skip_then_every_then_probability_then_times_decide(members: dict[str, Any], struck: str) -> None:
    assert pattern(9, members) == struck


def test_probability_is_drawn_once_for_each_request_that_skip_and_every_let_through() -> None:
    done = run([armed("f1", skip=1, every=2, probability=0.5)], 21)
    draws = [draw for each in done for draw in each.draws]
    stream = Random("seed/f1")
    assert [draw.value for draw in draws] == [stream.random() for _ in range(10)]
    assert [draw.fired for draw in draws] == [draw.value < 0.5 for draw in draws]
    assert {draw.fired for draw in draws} == {True, False}
    assert counters(done[-1]) == [(21, sum(draw.fired for draw in draws))]


def test_times_counts_strikes_not_draws() -> None:
    done = run([armed("f1", probability=0.5, times=3)], 50)
    assert sum(bool(each.fault_ids) for each in done) == 3
    assert counters(done[-1]) == [(50, 3)]
    assert [draw.fired for each in done for draw in each.draws].count(True) == 3


@pytest.mark.parametrize("probability", [0, 1])
def test_nothing_is_drawn_for_a_certainty(probability: float) -> None:
    assert all(each.draws == () for each in run([armed("f1", probability=probability)], 5))


@pytest.mark.parametrize(("now_ms", "over"), [(0, False), (100, False), (101, True), (-50, False)])
def test_rule_is_over_strictly_after_its_ttl_and_then_sees_nothing(now_ms: int, over: bool) -> None:
    (done,) = run([armed("f1", ttl_ms=100)], 1, now_ms=now_ms)
    assert counters(done) == [(0, 0) if over else (1, 1)]


def test_rule_that_is_switched_off_or_of_the_other_stage_sees_nothing() -> None:
    rules = [armed("f1", enabled=False), armed("f2", stage=Stage.RESPONSE), armed("f3", when=When(event_type="play"))]
    (done,) = run(rules, 1)
    assert counters(done) == [(0, 0)] * 3
    assert (done.fault, done.decided_by, done.fault_ids) == (None, None, ())


def test_spent_rule_still_sees_and_lets_the_next_one_decide() -> None:
    first, second = run([armed("f1", times=1), armed("f2", ResetFault())], 2)
    assert (first.decided_by, second.decided_by) == ("f1", "f2")
    assert second.fault == ResetFault()
    assert counters(second) == [(2, 1), (1, 1)]


# Several rules.


def test_every_firing_delay_adds_up_and_the_first_other_fault_decides() -> None:
    rules = [
        armed("f1", DelayFault(ms=100)),
        armed("f2", DelayFault(ms=1000), times=0),
        armed("f3", StatusFault(code=503)),
        armed("f4", HangFault()),
        armed("f5", DelayFault(ms=20.4)),
    ]
    (done,) = run(rules, 1)
    assert (done.delay_ms, done.fault, done.decided_by) == (120, StatusFault(code=503), "f3")
    assert done.fault_ids == ("f1", "f3", "f5")
    assert counters(done) == [(1, 1), (1, 0), (1, 1), (0, 0), (1, 1)]


def test_rules_run_in_the_order_in_which_they_stand() -> None:
    (done,) = run([armed("f2", CloseFault()), armed("f1")], 1)
    assert done.decided_by == "f2"


@pytest.mark.parametrize(
    ("delay", "lowest", "highest"),
    [
        (DelayFault(ms=250), 250, 250),
        (DelayFault(ms=0), 0, 0),
        (DelayFault(lower=100, upper=200), 100, 200),
        (DelayFault(median=80, sigma=0), 80, 80),
        (DelayFault(median=80, sigma=0.5), 5, 1_300),
        (DelayFault(median=86_400_000, sigma=1_000), 0, 86_400_000),
    ],
)
def test_delay_is_fixed_uniform_or_lognormal(delay: DelayFault, lowest: int, highest: int) -> None:
    delays = [done.delay_ms for done in run([armed("f1", delay)], 200)]
    assert lowest <= min(delays) <= max(delays) <= highest
    assert len(set(delays)) > 20 or lowest == highest or delay.sigma == 1_000


def test_drawn_delay_stands_among_the_draws() -> None:
    (done,) = run([armed("f1", DelayFault(lower=1, upper=9))], 1)
    (draw,) = done.draws
    assert (draw.fault_id, draw.fired, round(draw.value)) == ("f1", True, done.delay_ms)


def test_median_of_a_lognormal_delay_is_its_median() -> None:
    delays = sorted(done.delay_ms for done in run([armed("f1", DelayFault(median=1_000, sigma=0.4))], 401))
    assert 900 < delays[200] < 1_100


@given(st.lists(st.sampled_from(["ping", "play"]), min_size=1, max_size=30), st.floats(0.1, 0.9))
def test_another_rule_does_not_change_the_draws_of_a_rule(event_types: list[str], probability: float) -> None:
    def draws(rules: Sequence[Armed]) -> list[float]:
        found = []
        for event_type in event_types:
            done = strike(rules, Stage.REQUEST, facts(event_type), 0)
            rules = done.rules
            found += [draw.value for draw in done.draws if draw.fault_id == "f1"]
        return found

    def ours() -> Armed:
        return armed("f1", probability=probability)

    before = armed("f2", DelayFault(lower=0, upper=9), probability=0.5)
    behind = armed("f3", probability=0.5)
    assert draws([ours()]) == draws([before, ours(), behind]) == draws([ours(), behind])


# Rules that cannot mean anything.


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"when": When(status=204)}, "/when/status"),
        ({"when": When(outcome=Outcome.ACCEPTED)}, "/when/outcome"),
        ({"when": When(where="x")}, "/when/where"),
        ({"when": When(nth_session=0)}, "/when/nth_session"),
        ({"when": When(nth_session=(1, -1))}, "/when/nth_session"),
        ({"fault": StatusFault(code=204, body="x")}, "/fault/body"),
        ({"fault": StatusFault(code=205, body={})}, "/fault/body"),
        ({"fault": StatusFault(code=304, body=0)}, "/fault/body"),
        ({"skip": -1}, "/skip"),
        ({"every": 0}, "/every"),
        ({"times": -1}, "/times"),
        ({"ttl_ms": -1}, "/ttl_ms"),
        ({"probability": 1.1}, "/probability"),
        ({"probability": float("nan")}, "/probability"),
        ({"fault": DelayFault()}, "/fault"),
        ({"fault": DelayFault(ms=1, lower=1, upper=2)}, "/fault"),
        ({"fault": DelayFault(lower=1)}, "/fault"),
        ({"fault": DelayFault(median=1)}, "/fault"),
        ({"fault": DelayFault(lower=2, upper=1)}, "/fault/lower"),
        ({"fault": DelayFault(ms=-1)}, "/fault/ms"),
        ({"fault": DelayFault(ms=float("inf"))}, "/fault/ms"),
        ({"fault": StatusFault(code=199)}, "/fault/code"),
        ({"fault": StatusFault(code=600)}, "/fault/code"),
        ({"fault": StatusFault(code=500, headers={"a b": "c"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"": "c"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"a": "c\r\nd: e"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"a": "ä"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"content-LENGTH": "5"})}, "/fault/headers"),
    ],
)
def test_rule_that_cannot_mean_anything_is_refused_with_the_place(members: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_spec(FaultSpec(**{"fault": BROKEN, **members}))
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    "members",
    [
        {"when": When(status=204, outcome=Outcome.ACCEPTED), "stage": Stage.RESPONSE},
        {"fault": StatusFault(code=429, headers={"Retry-After": "5"}, body={"a": [1]})},
        {"fault": DelayFault(lower=0, upper=0)},
        {"fault": StatusFault(code=204)},
        {"fault": StatusFault(code=304, body="")},
        {"when": When(nth_session=(1, 2))},
        {"times": 0, "skip": 0, "ttl_ms": 0, "probability": 0},
    ],
)
def test_rule_that_means_something_passes(members: dict[str, Any]) -> None:
    check_spec(FaultSpec(**{"fault": BROKEN, **members}))
