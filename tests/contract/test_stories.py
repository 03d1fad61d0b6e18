"""Stories, as a test runs them against its player, in the process and over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import BlockingCallInLoop, InvalidInput, MediaServer, NotFound, VerificationFailed
from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import StatusFault
from mockserver.model.query import Query
from tests.factories import event, start, story

Post = Callable[..., int]

PING_500 = FaultSpec(fault=StatusFault(code=500), when=When(event_type="ping"), times=1, name="flap")
PINGS = Expectation(says="It pings on.", query=Query(event_type="ping", status=204))
ONE_SESSION = Expectation(says="It opens one session.", query=Query(event_type="sessionStart"), at_most=1)
FLAP = story(PINGS, faults=(PING_500,), settings={"idle_timeout_s": 60})
BOTH = story(PINGS, ONE_SESSION, faults=(PING_500,), silence_s=10)

FILE = """
title = "Pings fail"
symptom = "No data."
description = "It fails."
player = "Sends pings."

[[faults]]
fault = {kind = "status", code = 500}
when = {event_type = "ping"}
times = 1

[[expect]]
says = "It pings on."
query = {event_type = "ping", status = 204}
"""


class Player:
    """Opens a session and pings."""

    def __init__(self, server: MediaServer, post: Post) -> None:
        self._server = server
        self._post = post
        self.open()

    def open(self) -> None:
        assert self._post(self._server, "/api/v1/sessions", start(media__id="clip-7")) == 201
        self._path = f"/api/v1/sessions/{self._server.sessions()[-1].session_id}/events"

    def send(self, event_type: str = "ping") -> int:
        return self._post(self._server, self._path, event(event_type))


@pytest.fixture
def player(server: MediaServer, post: Post) -> Callable[[], Player]:
    return lambda: Player(server, post)


def of(server: MediaServer, name: str) -> Any:
    return next(view for view in server.stories.list() if view.name == name)


def test_story_runs_and_is_judged(server: MediaServer, player: Callable[[], Player]) -> None:
    handle = server.stories.start(FLAP, name="flap")
    assert (handle.view().state, handle.view().verdict, handle.verdict()) == ("waiting", None, "failed")
    assert server.settings.idle_timeout_s == 60
    client = player()
    assert client.send() == 500
    assert handle.verdict() == "failed"
    assert client.send() == 204
    assert (handle.view().state, handle.view().verdict, handle.verdict()) == ("running", "passed", "passed")
    handle.assert_passed()
    assert handle.stop().verdict == "passed"
    assert server.settings.idle_timeout_s == 600
    assert server.faults.list() == []
    assert repr(handle) == "<StoryHandle flap>"


def test_failed_story_shows_expectations_and_what_was_received(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    handle = server.stories.start(BOTH)
    client = player()
    client.send()
    client.open()
    with pytest.raises(VerificationFailed) as caught:
        handle.assert_passed()
    text = str(caught.value)
    assert text.startswith("story own: Pings fail\n  a good player: Sends pings.\n")
    for line in ("  FAILED  It pings on.", "  FAILED  It opens one session.", "verdict: failed, 2 of 3 expectations"):
        assert line in text
    assert "clip-7: open" in text


def test_expectation_that_can_still_be_met_is_open_when_waiting_ends_early(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    never = Expectation(says="It never asks.", query=Query(event_type="sessionStart"), at_most=0)
    plays = Expectation(says="It plays.", query=Query(event_type="play"))
    handle = server.stories.start(story(never, plays))
    player()
    with pytest.raises(VerificationFailed) as caught:
        handle.assert_passed(timeout_s=30)
    for line in ("  FAILED  It never asks.", "  open    It plays.", "verdict: failed, 1 of 2 expectations failed"):
        assert line in str(caught.value)


def test_stories_are_listed_with_their_state_and_without_expectations(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    server.stories.put(FLAP, name="flap")
    server.stories.start(BOTH, name="both")
    assert (of(server, "flap").state, of(server, "flap").origin) == ("idle", "this namespace")
    player()
    view = of(server, "both")
    assert (view.state, view.verdict, view.expectations, view.remaining_ms) == ("running", None, (), 10_000)
    assert [rule.name for rule in view.faults] == ["story both: flap"]
    assert any(view.origin == "built-in" for view in server.stories.list())


def test_story_can_be_a_file(server: MediaServer, player: Callable[[], Player], tmp_path: Path) -> None:
    path = tmp_path / "my-flap.toml"
    path.write_text(FILE, encoding="utf-8")
    handle = server.stories.start(str(path))
    for given in (path, str(path)):
        handle = server.stories.start(given)
        assert handle.name == "my-flap"
        client = player()
        assert [client.send(), client.send(), handle.verdict()] == [500, 204, "passed"]
    path.write_text(FILE.replace("times", "tims"), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"my-flap\.toml:\d+: .*tims"):
        server.stories.start(path)
    assert handle.view().state == "running"


def test_story_can_be_a_dictionary(server: MediaServer) -> None:
    told = {
        "title": "t", "symptom": "s", "description": "d", "player": "p",
        "expect": [{"says": "It comes.", "query": {"event_type": ("play", "ping")}}],
    }  # fmt: skip
    assert server.stories.start(told).view().story.expect[0].says == "It comes."
    with pytest.raises(InvalidInput) as caught:
        server.stories.start({**told, "expects": []})
    assert "expects" in str(caught.value)


def test_mistakes_change_nothing(server: MediaServer) -> None:
    handle = server.stories.start(BOTH, name="both")
    before = (handle.view(), server.stories.list())
    for story_, name, error in (
        ("bth", "", NotFound),
        ("both", "other", InvalidInput),
        (FLAP, "Not a name", InvalidInput),
        (FLAP, "flap-500", InvalidInput),
        (story(settings={"max_entries": 0}), "", InvalidInput),
        ("no-such-file.toml", "", InvalidInput),
    ):
        with pytest.raises(error):
            server.stories.start(story_, name=name)
    assert (handle.view(), server.stories.list()) == before


def test_story_that_no_longer_runs_is_neither_passed_nor_failed(server: MediaServer) -> None:
    handle = server.stories.start(BOTH, name="both")
    server.stories.start(FLAP, name="flap")
    for ask in (handle.assert_passed, handle.verdict, lambda: handle.wait(timeout_s=5)):
        with pytest.raises(VerificationFailed, match="the story both is no longer running"):
            ask()


# Waiting


def aside(call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_wait_ends_with_the_request_that_decides(server: MediaServer, player: Callable[[], Player]) -> None:
    handle = server.stories.start(FLAP)

    def play() -> None:
        client = player()
        client.send()
        client.send()

    thread = aside(play)
    view = handle.wait(timeout_s=30)
    thread.join()
    assert (view.state, view.verdict) == ("running", "passed")


def test_wait_ends_when_the_clock_reaches_the_end_of_the_story(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    handle = server.stories.start(BOTH)
    client = player()
    client.send()
    client.send()
    thread = aside(lambda: server.clock.advance(seconds=10))
    view = handle.wait(timeout_s=30)
    thread.join()
    assert (view.state, view.verdict) == ("over", "passed")


def test_wait_fails_if_the_story_does_not_end_in_time(server: MediaServer, player: Callable[[], Player]) -> None:
    handle = server.stories.start(BOTH)
    player()
    with pytest.raises(VerificationFailed, match=r"waited 0\.01 s for the end of the story\nstory own: Pings fail"):
        handle.wait(timeout_s=0.01)
    with pytest.raises(VerificationFailed, match="verdict: failed"):
        handle.assert_passed(timeout_s=0.01)
    for bad in (-1, float("nan"), 1e9):
        with pytest.raises(InvalidInput, match="timeout_s"):
            handle.wait(timeout_s=bad)


async def test_waiting_does_not_block_the_loop(server: MediaServer, player: Callable[[], Player]) -> None:
    handle = server.stories.start(FLAP)
    for ask, instead in ((handle.wait, "await_over"), (lambda: handle.assert_passed(timeout_s=1), "await_passed")):
        with pytest.raises(BlockingCallInLoop, match=instead):
            ask()

    def play() -> None:
        client = player()
        client.send()
        client.send()

    thread = aside(play)
    assert (await handle.await_over(timeout_s=30)).verdict == "passed"
    await handle.await_passed(timeout_s=30)
    thread.join()


# A story around a block


def test_block_that_survives_passes_and_leaves_nothing_behind(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    with server.stories.play(BOTH) as handle:
        client = player()
        assert (client.send(), client.send()) == (500, 204)
        assert handle.view().state == "running"
    assert server.faults.list() == []
    assert handle.view().verdict == "passed"


def test_block_that_does_not_survive_fails_and_leaves_nothing_behind(
    server: MediaServer, player: Callable[[], Player]
) -> None:
    with pytest.raises(VerificationFailed, match="FAILED  It pings on"), server.stories.play(FLAP):
        player().send()
    assert server.faults.list() == []
    assert server.settings.idle_timeout_s == 600


def test_block_that_raises_is_not_judged(server: MediaServer) -> None:
    with pytest.raises(ZeroDivisionError), server.stories.play(FLAP):
        raise ZeroDivisionError
    assert server.faults.list() == []
