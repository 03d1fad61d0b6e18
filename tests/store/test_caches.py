"""Cache are computed once, and again when what they were computed from has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from mockserver.store.caches import Cache, Caches
from tests.tables import every_case


class Counting:
    """Computes a new object each time, and counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> object:
        self.times += 1
        return object()


def test_answer_is_computed_once_as_long_as_its_stamp_is_equal() -> None:
    answers, compute = Cache[object](), Counting()
    first = answers.get("a", (1, 2), compute)
    assert answers.get("a", (1, 2), compute) is first
    assert answers.get("a", (1, 3), compute) is not first
    assert answers.get("a", (1, 2), compute) is not first
    assert compute.times == 3


def test_names_do_not_disturb_one_another() -> None:
    answers, compute = Cache[object](), Counting()
    assert answers.get("a", 1, compute) is not answers.get("b", 1, compute)
    assert compute.times == 2


def test_last_answer_is_there_also_when_it_is_out_of_date() -> None:
    answers = Cache[str]()
    assert answers.last("a") is None
    answers.get("a", 1, lambda: "old")
    assert answers.last("a") == "old"


def test_least_recently_used_answers_are_dropped() -> None:
    answers, compute = Cache[object](2), Counting()
    first = answers.get("a", 1, compute)
    answers.get("b", 1, compute)
    answers.get("a", 1, compute)
    answers.get("c", 1, compute)
    assert len(answers) == 2
    assert answers.last("b") is None
    assert answers.get("a", 1, compute) is first


def test_answers_read_in_turn_are_not_dropped_just_before_they_are_needed() -> None:
    answers, compute = Cache[object](10, latest=False), Counting()
    for _ in range(3):
        for name in range(15):
            answers.get(name, 1, compute)
    assert compute.times == 15 + 5 + 5
    assert len(answers) == 10


@every_case("latest", [True, False])
def test_weights_never_exceed_the_room(latest: bool) -> None:
    answers = Cache[int](10, latest=latest)
    for name, weight in enumerate([4, 4, 4, 11, 1, 9]):
        assert answers.get(name, 1, partial(int, weight), int) == weight
        assert sum(answers.last(kept) or 0 for kept in range(6)) <= 10
    assert answers.get(0, 2, lambda: 3, int) == 3
    assert answers.get(0, 3, lambda: 1, int) == 1
    assert sum(answers.last(kept) or 0 for kept in range(6)) <= 10


def test_answer_that_outgrew_its_room_is_not_kept_in_its_old_form() -> None:
    answers = Cache[int](10, latest=False)
    answers.get("a", 1, lambda: 5, int)
    assert answers.get("a", 2, lambda: 11, int) == 11
    assert answers.last("a") is None
    assert answers.get("b", 1, lambda: 10, int) == 10
    assert answers.last("b") == 10


def test_removed_names_give_their_room_back() -> None:
    answers = Cache[int](2, latest=False)
    for name in ("a", "b"):
        answers.get(name, 1, lambda: 1)
    answers.retain({"b"})
    answers.get("c", 1, lambda: 1)
    assert [name for name in ("a", "b", "c") if answers.last(name) is not None] == ["b", "c"]


def test_only_the_answers_about_gone_sessions_are_dropped() -> None:
    caches = Caches()
    for kept in (caches.findings, caches.traffic, caches.reports):
        kept.get("a", 1, list)
        kept.get("b", 1, list)
    caches.overall.get(None, 1, list)
    caches.retain({"b"})
    assert [len(kept) for kept in (caches.findings, caches.traffic, caches.reports, caches.overall)] == [1, 1, 1, 1]


def test_computation_that_fails_is_tried_again() -> None:
    answers = Cache[int]()

    def fail() -> int:
        raise RuntimeError("once")

    with pytest.raises(RuntimeError, match="once"):
        answers.get("a", 1, fail)
    assert answers.last("a") is None
    assert answers.get("a", 1, lambda: 1) == 1


def test_answer_that_is_being_computed_is_shared_with_others_who_want_it() -> None:
    answers, compute = Cache[object](), Counting()
    begun, go_on = threading.Event(), threading.Event()
    found: list[object] = []

    def slow() -> object:
        begun.set()
        assert go_on.wait(10)
        return compute()

    asking = [in_thread(lambda: found.append(answers.get("a", 1, slow))) for _ in range(4)]
    assert begun.wait(10)
    assert answers.get("b", 1, lambda: "others go on") == "others go on"
    go_on.set()
    for thread in asking:
        thread.join(10)
    assert len(found) == 4
    assert len(set(map(id, found))) == compute.times == 1


def in_thread(do: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread
