"""Simulated players: what they are to do, and what they did."""

from __future__ import annotations

from typing import Literal

import msgspec

from mockserver.model.results import Meta

__all__ = ["Choice", "PlayerCommand", "PlayerPage", "PlayerState", "PlayerView", "Speed"]

Speed = float | Literal["max"]
"""Seconds of the script per second; ``max`` does not wait at all."""

PlayerState = Literal["running", "done", "stopped", "failed"]


class PlayerCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Start simulated players that play against this server.

    Args:
        count: How many, each with its own session; the first gets ``seed``, the next ``seed`` + 1, and so on.
        content: What they play: a name from ``contents``.
        flaw: What they do wrong: a name from ``flaws``; None for players without mistakes.
        speed: Seconds of the session per real second, more than 0, or ``max`` for no waiting.
        seed: The same seed plays the same way; None draws one.
        dialect: The API they report to: ``collection`` or ``edge``.
    """

    count: int = 1
    content: str = "vod"
    flaw: str | None = None
    speed: Speed = 1.0
    seed: int | None = None
    dialect: str = "collection"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One choice, and what it does in one sentence."""

    name: str
    text: str


class PlayerView(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated player.

    Args:
        title: The name of the content it plays.
        state: ``running``; ``done`` at the end of its session; ``stopped``; ``failed`` if it could not open a session.
        session_ids: Its sessions so far: more than one when it had to open a new one.
        events: How many events it has sent.
        refused: How many of them were not answered with 200, 201 or 204.
        last_event: The type of its last event.
        last_status: The status of the answer to it; None when there was no answer.
        error: Why it failed.
    """

    id: str
    content: str
    title: str
    flaw: str | None
    seed: int
    speed: Speed
    dialect: str
    state: PlayerState = "running"
    session_ids: tuple[str, ...] = ()
    events: int = 0
    refused: int = 0
    last_event: str | None = None
    last_status: int | None = None
    error: str | None = None


class PlayerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Simulated players, oldest first, and what players can play.

    Args:
        most: How many can play at the same time, in all namespaces together.
    """

    players: list[PlayerView]
    contents: list[Choice]
    flaws: list[Choice]
    most: int
    meta: Meta
