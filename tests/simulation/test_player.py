"""What a simulated player sends, and how it meets failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import ControlFailed, InvalidInput, MockServer
from mockserver.simulation.content import make_content
from mockserver.simulation.flaw import FLAWS, apply_flaw
from mockserver.simulation.player import Sent, SimulatedPlayer
from mockserver.simulation.script import Beat, write_script

START_MS = 1_760_000_000_000


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


def play(url: str, beats: list[Beat], speed: float | None = None) -> tuple[list[Sent], list[float]]:
    sent: list[Sent] = []
    pauses: list[float] = []
    SimulatedPlayer(url, pauses.append).play(beats, start_ms=START_MS, speed=speed, sent=sent.append)
    return sent, pauses


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_everything_a_careful_player_sends_is_accepted(server: MockServer, seed: int, live: bool) -> None:
    beats = write_script(make_content(seed, live=live), seed)

    sent, _ = play(server.url, beats)

    assert [one.status for one in sent] == [201, *[204] * (len(beats) - 1)]
    assert server.count(outcome="accepted") == len(beats) - 1


@pytest.mark.parametrize("name", sorted(FLAWS))
def test_the_api_accepts_what_a_broken_player_sends_but_for_unknown_keys(server: MockServer, name: str) -> None:
    beats = apply_flaw(name, write_script(make_content(1), 1))

    sent, _ = play(server.url, beats)

    refused = {one.beat.event_type for one in sent if one.status not in (201, 204)}
    assert refused == ({"adStart"} if name == "unknown-key" else set())


@pytest.mark.parametrize("name", sorted(FLAWS))
def test_every_flaw_changes_the_script_and_says_what_it_does(name: str) -> None:
    beats = write_script(make_content(1), 1)

    assert apply_flaw(name, beats) != beats
    assert FLAWS[name].__doc__


def test_a_dead_session_is_opened_again(server: MockServer) -> None:
    server.faults.add(when={"event_type": "pauseStart"}, fault={"kind": "status", "code": 410}, times=1)

    sent, _ = play(server.url, write_script(make_content(1), 1))

    assert [one.beat.event_type for one in sent if one.status in (410, 201)] == [
        "sessionStart",
        "pauseStart",
        "sessionStart",
    ]
    assert len(server.sessions()) == 2


def test_a_failed_event_is_lost_and_the_player_goes_on(server: MockServer) -> None:
    server.faults.add(when={"event_type": "ping"}, fault={"kind": "reset"}, times=1)
    server.faults.add(when={"event_type": "ping"}, fault={"kind": "status", "code": 500}, times=1)

    sent, _ = play(server.url, write_script(make_content(1), 1))

    statuses = [one.status for one in sent]
    assert statuses.count(None) == 1
    assert statuses.count(500) == 1
    assert statuses[-1] == 204


def test_the_script_is_played_at_the_speed_that_is_asked_for(server: MockServer) -> None:
    beats = write_script(make_content(1), 1)

    _, pauses = play(server.url, beats, speed=10)

    assert sum(pauses) == pytest.approx(beats[-1].at_ms / 10_000)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ControlFailed, match=r"127\.0\.0\.1:9"):
        play("http://127.0.0.1:9", write_script(make_content(1), 1))


def test_an_address_without_scheme_is_refused() -> None:
    with pytest.raises(InvalidInput, match="write it like"):
        play("127.0.0.1:8089", [])
