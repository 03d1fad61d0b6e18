"""The operations on simulated players."""

from __future__ import annotations

from mockserver.model.player import Choice, PlayerCommand, PlayerPage, PlayerView
from mockserver.model.results import Meta
from mockserver.namespaces import Namespaces
from mockserver.simulation.content import CONTENTS
from mockserver.simulation.flaw import FLAWS
from mockserver.simulation.players import MOST_PLAYERS

__all__ = ["add_players", "players", "stop_player", "stop_players"]


def players(namespaces: Namespaces, name: str, argument: None) -> PlayerPage:
    """List the players of a namespace."""
    return _page(namespaces.players.views(name))


def add_players(namespaces: Namespaces, name: str, command: PlayerCommand) -> PlayerPage:
    """Let players play; the new ones are listed."""
    return _page(namespaces.players.add(name, command, namespaces.peek(name).clock))


def stop_player(namespaces: Namespaces, name: str, argument: None, player_id: str) -> PlayerView:
    """Stop a player."""
    return namespaces.players.stop(name, player_id)


def stop_players(namespaces: Namespaces, name: str, argument: None) -> None:
    """Stop and forget all players of a namespace."""
    namespaces.players.clear(name)


def _page(views: list[PlayerView]) -> PlayerPage:
    return PlayerPage(
        players=views,
        contents=[Choice(name=name, text=text) for name, text in CONTENTS.items()],
        flaws=[Choice(name=name, text=flaw.__doc__ or "") for name, flaw in FLAWS.items()],
        most=MOST_PLAYERS,
        meta=Meta(total=len(views)),
    )
