"""Waiting for what may change how a story stands, and which stories a namespace knows."""

from __future__ import annotations

import pytest

from mockserver.admin.stories import put_story, start_story, stop_story, stories, wait_story
from mockserver.admin.waiting import Pending
from mockserver.clock import Clock
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import Waiter
from mockserver.errors import NotFound
from mockserver.model.story import StoryWait
from mockserver.server.service import Service
from mockserver.stories.book import BUILT_IN, Known, StoryBook
from tests.factories import awaited, emulator, inside, open_session, send, story, target

BOOK = StoryBook(built_in={"told": Known(story(silence_s=10), BUILT_IN), "other": Known(story(), BUILT_IN)})


@pytest.fixture
def back_end() -> Emulator:
    telling = emulator(stories=BOOK)
    start_story(target(telling), None, "told")
    return telling


def waiter(back_end: Emulator, name: str = "told", since: int = 0) -> Waiter:
    return awaited(wait_story(target(back_end), StoryWait(since=since, timeout_ms=60_000), name)).waiter


def is_answered(back_end: Emulator, name: str = "told", since: int = 0) -> bool:
    command = StoryWait(since=since, timeout_ms=60_000)
    return not isinstance(wait_story(target(back_end), command, name), Pending)


def test_first_request_ends_the_wait_for_a_player(back_end: Emulator) -> None:
    begun = waiter(back_end)
    seen = [begun.satisfied]
    open_session(back_end)
    assert [*seen, begun.satisfied] == [False, True]


def test_next_entry_or_the_end_on_the_clock_ends_the_wait_while_it_runs(back_end: Emulator) -> None:
    sid = open_session(back_end)
    seen = []
    by_entry = waiter(back_end, since=1)
    seen.append(by_entry.satisfied)
    send(back_end, sid)
    seen.append(by_entry.satisfied)
    by_clock = waiter(back_end, since=2)
    back_end.clock.advance(9_999)
    seen.append(by_clock.satisfied)
    back_end.clock.advance(1)
    seen.append(by_clock.satisfied)
    assert seen == [False, True, False, True]


def test_wait_for_something_that_has_arrived_already_returns_at_once(back_end: Emulator) -> None:
    sid = open_session(back_end)
    send(back_end, sid)
    assert is_answered(back_end, since=1)


def test_reset_of_the_journal_does_not_leave_a_wait_behind(back_end: Emulator) -> None:
    sid = open_session(back_end)
    before = waiter(back_end, since=1)
    back_end.reset(["journal"])
    after = waiter(back_end, since=1)
    send(back_end, sid)
    assert (before.satisfied, after.satisfied) == (True, True)


def test_story_that_is_over_or_does_not_run_is_not_waited_for(back_end: Emulator) -> None:
    assert is_answered(back_end, "other")
    open_session(back_end)
    back_end.clock.advance(10_000)
    assert is_answered(back_end, since=1)
    stop_story(target(back_end), None, "told")
    assert is_answered(back_end, since=1)
    with pytest.raises(NotFound):
        waiter(back_end, "nothing")


def test_wait_leaves_nothing_behind(back_end: Emulator) -> None:
    pending = awaited(wait_story(target(back_end), StoryWait(timeout_ms=60_000), "told"))
    assert len(back_end.waiters) == 1
    open_session(back_end)
    assert pending.block().state == "running"
    assert len(back_end.waiters) == 0
    running = awaited(wait_story(target(back_end), StoryWait(since=1, timeout_ms=60_000), "told"))
    back_end.clock.advance(10_000)
    assert running.block().state == "over"
    assert len(back_end.waiters) == 0


def test_list_shows_how_far_each_story_is_without_judging(back_end: Emulator) -> None:
    put_story(target(back_end), story(title="Mine"), "mine")
    open_session(back_end)
    page = stories(target(back_end), None)
    assert [(view.name, view.origin, view.state, view.expectations) for view in page.stories] == [
        ("mine", "this namespace", "idle", ()),
        ("other", "built-in", "idle", ()),
        ("told", "built-in", "running", ()),
    ]
    assert page.meta.total == 3


def test_all_namespaces_of_a_server_share_its_stories_but_not_those_added_to_one() -> None:
    service = Service(stories=BOOK, clock=Clock())
    one, other = inside(service.namespaces.default), inside(service.namespaces.obtain("other"))
    put_story(target(one), story(), "mine")
    assert list(one.stories.known()) == ["mine", "other", "told"]
    assert list(other.stories.known()) == ["other", "told"]
    start_story(target(one), None, "told")
    assert other.stories.run is None
