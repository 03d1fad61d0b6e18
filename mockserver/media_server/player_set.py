"""The simulated players of a server, for tests."""

from __future__ import annotations

from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.model.player import PlayerCommand, PlayerView
from mockserver.wire.codec import convert

__all__ = ["PlayerSet"]


class PlayerSet:
    """The simulated players of a server.

    Args:
        control: The control of the server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def start(self, **members: Any) -> list[PlayerView]:
        """Start players that play against the server over HTTP.

        Args:
            **members: The members of a :class:`~mockserver.model.player.PlayerCommand`: ``count content flaw speed
                seed``. By default, one correct player plays a film at normal speed.

        Returns:
            The new players.

        Raises:
            InvalidInput: The arguments are not valid, or the server does not listen on an address.
            Refused: Too many players are playing.
        """
        command: PlayerCommand = convert(members, PlayerCommand)
        return self._control.call(c.ADD_PLAYERS, command).players

    def list(self) -> list[PlayerView]:
        """Return the players, playing or finished, oldest first."""
        return self._control.call(c.PLAYERS, None).players

    def stop(self, player_id: str) -> PlayerView:
        """Stop a player.

        Raises:
            NotFound: There is no player with that id.
        """
        return self._control.call(c.STOP_PLAYER, None, player_id=player_id)

    def clear(self) -> None:
        """Stop and forget all players."""
        self._control.call(c.STOP_PLAYERS, None)
