"""The emulated clock against hand-driven real time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import MAX_TIME_MS, Clock, ClockState, RealTime
from mockserver.errors import InvalidInput
from mockserver.wire.entries import http_date
from tests.tables import every_case

EPOCH_MS = 1_760_000_000_000


class Reality:
    """Real time, passed by hand."""

    def __init__(self) -> None:
        self.passed_ms = 0
        self.clock = Clock(RealTime(lambda: EPOCH_MS + self.passed_ms, lambda: self.passed_ms * 1_000_000))

    def wait(self, ms: int) -> int:
        self.passed_ms += ms
        return self.clock.now_ms() - EPOCH_MS


@pytest.fixture
def reality() -> Reality:
    return Reality()


@pytest.fixture
def clock(reality: Reality) -> Clock:
    return reality.clock


def test_new_clock_shows_real_time_and_runs(reality: Reality, clock: Clock) -> None:
    assert clock.state() == ClockState(EPOCH_MS, False, 1.0)
    assert reality.wait(1_500) == 1_500
    assert not clock.following


def test_untouched_clock_is_the_clock_of_the_machine() -> None:
    real = RealTime()
    before_ms = real.epoch_ms()
    assert before_ms <= Clock().now_ms() <= real.epoch_ms() + 1


def test_frozen_clock_stands_until_resumed_and_runs_on_from_where_it_stood(reality: Reality, clock: Clock) -> None:
    reality.wait(1_000)
    clock.freeze()
    assert reality.wait(9_000) == 1_000
    clock.resume()
    assert reality.wait(500) == 1_500


def test_advance_moves_a_running_and_a_frozen_clock_and_leaves_them_so(reality: Reality, clock: Clock) -> None:
    clock.advance(60_000)
    assert clock.state() == ClockState(EPOCH_MS + 60_000, False, 1.0)
    clock.freeze()
    clock.advance(60_000)
    assert clock.state() == ClockState(EPOCH_MS + 120_000, True, 1.0)


def test_advance_by_nothing_is_allowed_and_backwards_is_refused(clock: Clock) -> None:
    clock.advance(0)
    with pytest.raises(InvalidInput, match="use the action set") as refused:
        clock.advance(-1)
    assert refused.value.pointer == "/ms"
    assert clock.now_ms() == EPOCH_MS


def test_set_goes_forwards_and_backwards(reality: Reality, clock: Clock) -> None:
    clock.set(EPOCH_MS - 86_400_000)
    assert reality.wait(10) == -86_400_000 + 10
    clock.set(EPOCH_MS + 5)
    assert reality.wait(10) == 15


@every_case("at_ms", [-1, MAX_TIME_MS + 1, 10**30])
def test_set_refuses_invalid_times(clock: Clock, at_ms: int) -> None:
    with pytest.raises(InvalidInput, match="milliseconds"):
        clock.set(at_ms)
    assert clock.now_ms() == EPOCH_MS


def test_rate_multiplies_the_time_that_passes_from_then_on(reality: Reality, clock: Clock) -> None:
    reality.wait(1_000)
    clock.set_rate(60)
    assert reality.wait(1_000) == 61_000
    clock.set_rate(0.5)
    assert reality.wait(1_000) == 61_500


@every_case("rate", [0, -1, 1_000_001, float("nan"), float("inf")])
def test_invalid_rate_is_refused(clock: Clock, rate: float) -> None:
    with pytest.raises(InvalidInput, match="rate must be"):
        clock.set_rate(rate)
    assert clock.state().rate == 1.0


def test_frozen_clock_keeps_its_rate(reality: Reality, clock: Clock) -> None:
    clock.set_rate(10)
    clock.freeze()
    assert clock.state() == ClockState(EPOCH_MS, True, 10.0)
    clock.resume()
    assert reality.wait(100) == 1_000


def test_following_clock_jumps_forward_to_a_ts_and_never_back(clock: Clock) -> None:
    clock.follow(EPOCH_MS + 1_000)
    assert clock.now_ms() == EPOCH_MS, "it does not follow before it is told to"
    clock.follow_ts()
    clock.follow(EPOCH_MS + 5_000)
    clock.follow(EPOCH_MS + 2_000)
    assert clock.now_ms() == EPOCH_MS + 5_000
    assert clock.following


def test_following_clock_ignores_a_ts_beyond_the_year_9999(clock: Clock) -> None:
    clock.follow_ts()
    clock.follow(MAX_TIME_MS + 1)
    clock.follow(10**30)
    assert clock.now_ms() == EPOCH_MS


def test_frozen_clock_that_follows_stays_frozen(reality: Reality, clock: Clock) -> None:
    clock.freeze()
    clock.follow_ts()
    clock.follow(EPOCH_MS + 1_000)
    assert reality.wait(77) == 1_000
    assert clock.state().frozen


def test_reset_returns_to_real_time_running_at_rate_one_and_following_nothing(reality: Reality, clock: Clock) -> None:
    reality.wait(250)
    clock.set_rate(100)
    clock.follow_ts()
    clock.freeze()
    clock.set(0)
    clock.reset()
    assert clock.state() == ClockState(EPOCH_MS + 250, False, 1.0)
    assert not clock.following


def test_time_ends_with_the_year_9999_so_that_every_instant_has_a_date(reality: Reality, clock: Clock) -> None:
    clock.set(MAX_TIME_MS - 10)
    clock.set_rate(1_000_000)
    reality.wait(10_000)
    assert clock.now_ms() == MAX_TIME_MS
    assert http_date(clock.now_ms()) == "Fri, 31 Dec 9999 23:59:59 GMT"


def test_wait_for_a_time_after_the_year_9999_ends_with_that_year(reality: Reality, clock: Clock) -> None:
    clock.set(MAX_TIME_MS - 10)
    assert clock.real_s_until(MAX_TIME_MS + 60_000) == 0.01
    reality.wait(10)
    assert clock.real_s_until(MAX_TIME_MS + 60_000) == 0


def test_wait_is_given_in_real_seconds(clock: Clock) -> None:
    assert clock.real_s_until(EPOCH_MS + 3_000) == 3.0
    clock.set_rate(60)
    assert clock.real_s_until(EPOCH_MS + 60_000) == 1.0
    assert clock.real_s_until(EPOCH_MS) == 0.0
    assert clock.real_s_until(EPOCH_MS - 1) == 0.0


def test_wait_on_a_frozen_clock_needs_an_advance(clock: Clock) -> None:
    clock.freeze()
    assert clock.real_s_until(EPOCH_MS + 1) is None
    clock.advance(1)
    assert clock.real_s_until(EPOCH_MS + 1) == 0.0


def test_subscribers_hear_of_every_command_until_they_leave(clock: Clock) -> None:
    heard: list[int] = []
    unsubscribe = clock.subscribe(lambda: heard.append(clock.now_ms() - EPOCH_MS))
    clock.freeze()
    clock.advance(5)
    clock.set(EPOCH_MS + 3)
    clock.set_rate(2)
    clock.resume()
    clock.follow_ts()
    clock.follow(EPOCH_MS + 9)
    clock.reset()
    assert heard == [0, 5, 3, 3, 3, 9, 0]
    unsubscribe()
    unsubscribe()
    clock.freeze()
    assert len(heard) == 7


COMMANDS = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 10**9)),
    st.tuples(st.just("advance"), st.integers(0, 10**9)),
    st.tuples(st.just("set"), st.integers(0, MAX_TIME_MS)),
    st.tuples(st.just("rate"), st.sampled_from([1, 2, 60, 1000])),
    st.tuples(st.sampled_from(["freeze", "resume"]), st.just(0)),
)


@given(st.lists(COMMANDS, max_size=12))
def test_only_freeze_and_resume_change_whether_the_clock_runs(commands: list[tuple[str, float]]) -> None:
    reality = Reality()
    clock, frozen, rate = reality.clock, False, 1.0
    for action, number in commands:
        before_ms = clock.now_ms()
        expected_ms = before_ms
        match action:
            case "wait":
                reality.wait(int(number))
                expected_ms += 0 if frozen else int(number * rate)
            case "advance":
                if before_ms + number > MAX_TIME_MS:
                    continue
                clock.advance(int(number))
                expected_ms += int(number)
            case "set":
                clock.set(int(number))
                expected_ms = int(number)
            case "rate":
                clock.set_rate(number)
                rate = number
            case "freeze":
                clock.freeze()
                frozen = True
            case _:
                clock.resume()
                frozen = False
        assert clock.state() == ClockState(min(expected_ms, MAX_TIME_MS), frozen, rate)
