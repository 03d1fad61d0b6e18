"""Which fault rules fire: skip, every, probability, times, ttl, and several rules together."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.fault import FaultRule, When
from mockserver.model.fault_kind import (
    CloseFault,
    DelayFault,
    Fault,
    HangFault,
    Pass,
    ResetFault,
    ResponsesFault,
    StatusFault,
)
from mockserver.model.vocabulary import Operation, Stage
from mockserver.rules.faults import Armed, Strike, arm, strike
from mockserver.rules.match import Facts
from tests.tables import every_case

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
    """Show which requests a rule hits: ``x`` for a hit, ``.`` for none."""
    return "".join("x" if done.fault_ids else "." for done in run([armed("f1", **members)], requests))


def counters(done: Strike) -> list[tuple[int, int]]:
    return [(each.rule.seen, each.rule.applied) for each in done.rules]


# One rule.


@every_case(
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


def test_times_counts_firings_not_draws() -> None:
    done = run([armed("f1", probability=0.5, times=3)], 50)
    assert sum(bool(each.fault_ids) for each in done) == 3
    assert counters(done[-1]) == [(50, 3)]
    assert [draw.fired for each in done for draw in each.draws].count(True) == 3


@every_case("probability", [0, 1])
def test_certain_rule_draws_nothing(probability: float) -> None:
    assert all(each.draws == () for each in run([armed("f1", probability=probability)], 5))


@every_case(("now_ms", "over"), [(0, False), (99, False), (100, True), (-50, False)])
def test_rule_ends_with_its_ttl_and_then_sees_nothing(now_ms: int, over: bool) -> None:
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


@every_case(
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


def test_drawn_delay_is_recorded_among_the_draws() -> None:
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


# Scripts.


def played(fault: ResponsesFault, requests: int, **members: Any) -> list[Any]:
    """Show what a script does to each request: the status, the delay, or ``-`` for nothing."""
    shown: list[Any] = []
    for done in run([armed("f1", fault, **members)], requests):
        code = done.fault.code if isinstance(done.fault, StatusFault) else "-"
        shown.append(done.delay_ms or code)
    return shown


A, B = StatusFault(code=500), StatusFault(code=503, repeat=2)


@every_case(
    ("fault", "shown"),
    [
        (ResponsesFault(responses=(A, B)), [500, 503, 503, 503, 503, 503]),
        (ResponsesFault(responses=(A, B), then="cycle"), [500, 503, 503, 500, 503, 503]),
        (ResponsesFault(responses=(A, B), then="pass"), [500, 503, 503, "-", "-", "-"]),
        (ResponsesFault(responses=("pass", A, "pass")), ["-", 500, "-", "-", "-", "-"]),
        (ResponsesFault(responses=(Pass(repeat=3), A)), ["-", "-", "-", 500, 500, 500]),
        (ResponsesFault(responses=(DelayFault(ms=7), A), then="cycle"), [7, 500, 7, 500, 7, 500]),
    ],
)
def test_script_has_an_item_for_each_firing_and_then_its_end(fault: ResponsesFault, shown: list[Any]) -> None:
    assert played(fault, 6) == shown


def test_script_advances_with_firings_not_with_requests() -> None:
    assert played(ResponsesFault(responses=(A, B)), 7, skip=1, every=2) == ["-", "-", 500, "-", 503, "-", 503]
    assert played(ResponsesFault(responses=(A, B), then="cycle"), 5, times=2) == [500, 503, "-", "-", "-"]


def test_pass_is_a_firing_that_names_no_rule_and_lets_the_next_one_decide() -> None:
    script = ResponsesFault(responses=("pass", A), then="pass")
    rules = [armed("f1", script), armed("f2", ResetFault())]
    first, second, third = run(rules, 3)
    assert [each.decided_by for each in (first, second, third)] == ["f2", "f1", "f2"]
    assert [each.fault_ids for each in (first, second, third)] == [("f2",), ("f1",), ("f2",)]
    assert counters(third) == [(3, 3), (2, 2)]


def test_delay_of_a_script_adds_up_although_another_rule_has_decided() -> None:
    script = ResponsesFault(responses=(DelayFault(ms=5), A))
    rules = [armed("f1", CloseFault()), armed("f2", script)]
    first, second = run(rules, 2)
    assert (first.delay_ms, first.decided_by, first.fault_ids) == (5, "f1", ("f1", "f2"))
    assert (second.delay_ms, second.decided_by, counters(second)) == (0, "f1", [(2, 2), (1, 1)])


def test_item_of_a_long_script_is_found_at_once() -> None:
    script = ResponsesFault(responses=(Pass(repeat=10**6),) * 999 + (A,))
    rule = arm(FaultRule(fault=script, id="f1", created_ms=0, applied=999 * 10**6 - 1), "seed")
    first, second = run([rule], 2)
    assert (first.fault, second.fault) == (None, A)
