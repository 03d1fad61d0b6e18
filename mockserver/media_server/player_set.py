"""The simulated players of a server, in the hand of a test."""

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
        control: Of which server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def start(self, **members: Any) -> list[PlayerView]:
        """Let players play against the server, over HTTP as any other.

        Args:
            **members: The members of a :class:`~mockserver.model.player.PlayerCommand`: ``count content flaw speed
                seed``; one careful player of a film as in life if nothing is given.

        Returns:
            The new players as they begin.

        Raises:
            InvalidInput: It cannot mean anything, or the server has no address of its own.
            Refused: Too many play already.
        """
        command: PlayerCommand = convert(members, PlayerCommand)
        return self._control.call(c.ADD_PLAYERS, command).players

    def list(self) -> list[PlayerView]:
        """Return those that play, and those that have come to an end, the first one first."""
        return self._control.call(c.PLAYERS, None).players

    def stop(self, player_id: str) -> PlayerView:
        """Stop one.

        Raises:
            NotFound: There is none of that id.
        """
        return self._control.call(c.STOP_PLAYER, None, player_id=player_id)

    def clear(self) -> None:
        """Stop and forget all."""
        self._control.call(c.STOP_PLAYERS, None)
