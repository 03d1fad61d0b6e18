"""Simulated players that a server lets play against itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer, Refused, connect
from mockserver import control as c
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.player import PlayerCommand, PlayerView
from mockserver.model.results import ResetCommand
from mockserver.namespaces import Namespaces
from mockserver.server.options import ServerOptions
from mockserver.server.service import SERVICE, build_app
from mockserver.simulation.content import CONTENTS
from mockserver.simulation.flaw import FLAWS
from mockserver.simulation.players import MOST_PLAYERS
from tests.factories import emulator
from tests.waiting import until

FOREVER = 1e-6
"""A speed at which the second event is a thousand seconds away."""
SOON_S = 5.0
"""What is not stopped goes on for a thousand seconds, or waits for an answer for ten times as long as this."""


@pytest.fixture
def server() -> Iterator[MockServer]:
    before = frozenset(threading.enumerate())
    with MockServer() as running:
        yield running
    assert running.internal_errors == []
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in left if name.startswith("mockserver")] == []


def add(server: MockServer, **command: Any) -> list[PlayerView]:
    return server.control.call(c.ADD_PLAYERS, PlayerCommand(**command)).players


def players(server: MockServer) -> list[PlayerView]:
    return server.control.call(c.PLAYERS, None).players


def all_over(server: MockServer) -> bool:
    return all(player.state != "running" for player in players(server))


def test_player_plays_its_session_to_the_end(server: MockServer) -> None:
    (new,) = add(server, speed="max", seed=3)
    assert (new.id, new.state, new.events, new.seed, new.content) == ("p1", "running", 0, 3, "vod")
    until(lambda: all_over(server))
    (player,) = players(server)
    (session,) = server.sessions()
    assert (player.state, player.last_event, player.last_status) == ("done", "sessionComplete", 204)
    assert (player.session_ids, player.events, player.refused) == ((session.session_id,), session.events, 0)
    assert player.title == session.content.media_name


@pytest.mark.parametrize("speed", ["max", 5000, 500])
@pytest.mark.parametrize("kind", CONTENTS)
def test_careful_player_has_no_finding_above_a_note_at_any_speed(server: MockServer, kind: str, speed: Any) -> None:
    add(server, count=3, content=kind, speed=speed, seed=1)
    until(lambda: all_over(server))
    assert [player.state for player in players(server)] == ["done"] * 3
    assert [str(finding) for finding in server.findings(min_severity="warning")] == []


@pytest.mark.parametrize("command", ["freeze", "rate"])
def test_careful_player_has_no_finding_on_a_clock_that_stands_or_runs(server: MockServer, command: str) -> None:
    server.clock.freeze() if command == "freeze" else server.clock.rate(10)
    before = server.clock.now_ms
    add(server, speed=5000)
    until(lambda: all_over(server))
    assert [str(finding) for finding in server.findings(min_severity="warning")] == []
    assert command != "freeze" or server.clock.now_ms == before


def test_faults_really_hit_players(server: MockServer) -> None:
    server.faults.add(when={"event_type": "ping"}, fault={"kind": "reset"}, times=1)
    server.faults.add(when={"event_type": "pauseStart"}, fault={"kind": "status", "code": 410}, times=1)
    add(server, speed="max", seed=1)
    until(lambda: all_over(server))
    (player,) = players(server)
    assert (player.state, player.refused, len(player.session_ids)) == ("done", 2, 2)


@pytest.mark.parametrize(
    ("fault", "error"), [({"kind": "reset"}, "no answer"), ({"kind": "status", "code": 500}, "was answered 500")]
)
def test_player_that_can_open_no_session_has_failed(server: MockServer, fault: dict[str, Any], error: str) -> None:
    server.faults.add(when={"event_type": "sessionStart"}, fault=fault)
    add(server, speed=FOREVER)
    until(lambda: all_over(server))
    (player,) = players(server)
    assert player.state == "failed"
    assert error in (player.error or "")


@pytest.mark.parametrize("hanging", [False, True])
def test_player_is_stopped_at_once_even_while_it_waits_for_an_answer(
    server: MockServer, hanging: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.simulation.player._TIMEOUT_S", 10 * SOON_S)
    monkeypatch.setattr("mockserver.simulation.players._STOP_S", 10 * SOON_S)
    if hanging:
        server.faults.add(when={"event_type": "sessionStart"}, fault={"kind": "hang"})
    add(server, count=2, speed=FOREVER)
    until(lambda: len(server.events(event_type="sessionStart")) == 2)
    began = time.monotonic()
    assert server.control.call(c.STOP_PLAYER, None, player_id="p1").state == "stopped"
    assert time.monotonic() - began < SOON_S
    assert [player.state for player in players(server)] == ["stopped", "running"]
    assert server.control.call(c.STOP_PLAYER, None, player_id="p1").state == "stopped"
    server.control.call(c.STOP_PLAYERS, None)
    assert players(server) == []
    assert time.monotonic() - began < 2 * SOON_S


def test_server_stops_its_players(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.simulation.players._STOP_S", 10 * SOON_S)
    add(server, count=20, speed=FOREVER)
    until(lambda: len(server.events(event_type="sessionStart")) == 20)
    server.stop()
    assert len(server.events()) == 20
    with pytest.raises(InvalidInput, match="this server is stopped") as raised:
        add(server)
    assert raised.value.status_hint == 409


def test_reset_of_everything_stops_and_forgets_players_and_a_part_of_it_does_not(server: MockServer) -> None:
    add(server, speed=FOREVER)
    until(lambda: server.events(event_type="sessionStart"))
    server.reset("journal")
    assert len(players(server)) == 1
    server.control.call(c.RESET, ResetCommand())
    assert (players(server), server.events(), server.sessions()) == ([], [], [])


def test_players_belong_to_their_namespace_and_go_with_it(server: MockServer) -> None:
    other = connect(server.url, namespace="other")
    other.control.call(c.ADD_PLAYERS, PlayerCommand(speed=FOREVER))
    until(lambda: other.events(event_type="sessionStart"))
    assert (players(server), server.events()) == ([], [])
    with pytest.raises(NotFound):
        server.control.call(c.STOP_PLAYER, None, player_id="p1")
    server.control.call(c.DELETE_NAMESPACE, None, name="other")
    names = [view.name for view in server.control.call(c.NAMESPACES, None).namespaces]
    assert (names, other.control.call(c.PLAYERS, None).players) == (["default"], [])


def test_number_of_players_is_limited_and_ended_ones_make_room(server: MockServer) -> None:
    add(server, count=MOST_PLAYERS - 1, speed=FOREVER)
    with pytest.raises(Refused, match="at most 50"):
        add(server, count=2)
    assert len(players(server)) == MOST_PLAYERS - 1
    add(server, speed=FOREVER)
    server.control.call(c.STOP_PLAYER, None, player_id="p50")
    assert add(server, speed="max")[0].id == "p51"


def test_ended_players_are_remembered_but_not_for_ever() -> None:
    known = Namespaces(lambda name: emulator(name=name))
    known.players.open("http://127.0.0.1:9")
    for _ in range(3):
        known.players.add("default", PlayerCommand(count=40), known.default.clock)
        until(lambda: len(known.players) == 0)
    assert len(known.players.views("default")) <= MOST_PLAYERS + 40
    assert {view.state for view in known.players.views("default")} == {"failed"}


def test_everything_that_can_be_chosen_is_listed(server: MockServer) -> None:
    page = server.control.call(c.PLAYERS, None)
    assert [choice.name for choice in page.contents] == list(CONTENTS)
    assert [choice.name for choice in page.flaws] == list(FLAWS)
    assert all(choice.text.endswith(".") for choice in (*page.contents, *page.flaws))


def test_server_without_a_listener_says_why_nobody_plays() -> None:
    service = build_app(options=ServerOptions())[SERVICE]
    with pytest.raises(InvalidInput, match="embedded") as raised:
        service.control().call(c.ADD_PLAYERS, PlayerCommand())
    assert raised.value.status_hint == 409
    assert service.control().call(c.PLAYERS, None).players == []
