"""Simulated players, as a test starts them, in the process and over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver import InvalidInput, MediaServer, NotFound, Refused
from tests.tables import every_case

NEVER_DONE = 1e-6
"""A speed at which no player sends a second event."""


def test_players_play_what_was_requested(server: MediaServer) -> None:
    first, second = server.players.start(count=2, content="short", speed="max", seed=7, flaw=None)
    assert [(player.content, player.seed, player.flaw) for player in (first, second)] == [
        ("short", 7, None),
        ("short", 8, None),
    ]
    server.wait_for(event_type="sessionComplete", at_least=2, timeout_s=30)
    assert {session.content.media_name for session in server.sessions()} == {first.title, second.title}
    server.assert_no_findings()


def test_player_is_stopped_and_remembered_until_all_are_forgotten(server: MediaServer) -> None:
    (player,) = server.players.start(speed=NEVER_DONE)
    assert server.players.stop(player.id).state == "stopped"
    (known,) = server.players.list()
    assert (known.id, known.state) == (player.id, "stopped")
    server.players.clear()
    assert server.players.list() == []


@every_case(
    ("members", "pointer"),
    [({"flaws": "no-pings"}, ""), ({"flaw": "no-pong"}, "/flaw"), ({"count": 0}, "/count"), ({"speed": 0}, "/speed")],
    ids=str,
)
def test_invalid_players_are_refused_and_nobody_plays(
    server: MediaServer, members: dict[str, Any], pointer: str
) -> None:
    (name,) = members
    with pytest.raises(InvalidInput, match=name) as caught:
        server.players.start(**members)
    assert caught.value.pointer == pointer
    assert (server.players.list(), server.sessions()) == ([], [])


@every_case(
    ("members", "message"),
    [
        ({"seed": 4294967296}, "seed must be 0 to 4294967295, not 4294967296"),
        ({"seed": 10**400}, "seed must be 0 to 4294967295, not 1" + "0" * 49),
        ({"count": 1_000_000}, "count must be 1 to 50, not 1000000"),
        ({"speed": -0.5}, "speed must be a number more than 0, or max, not -0.5"),
        ({"speed": "fast"}, "Invalid enum value 'fast'; write a number, or max"),
    ],
    ids=["seed", "long seed", "count", "speed", "word"],
)
def test_given_values_are_shown_as_they_were_written(
    server: MediaServer, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        server.players.start(**members)
    assert (str(caught.value), caught.value.pointer) == (message, f"/{next(iter(members))}")
    assert server.players.list() == []


def test_unknown_player_cannot_be_stopped(server: MediaServer) -> None:
    for player_id in ("p-none", "a/b", "a%2Fb", "\u00e9 ?#"):
        with pytest.raises(NotFound, match=f"there is no player {re.escape(repr(player_id))}$"):
            server.players.stop(player_id)


def test_too_many_players_are_refused_and_the_others_play_on(server: MediaServer) -> None:
    server.players.start(count=50, speed=NEVER_DONE)
    with pytest.raises(Refused, match="50"):
        server.players.start()
    assert len(server.players.list()) == 50
    server.players.clear()
