"""A listening socket, which accepts connections while there is room and waits while there is none."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl

from mockserver.server.connections import Connections

__all__ = ["Listener"]

_LOG = logging.getLogger("mockserver")

_BACKLOG = 1024
"""The backlog: how many connections the system keeps until they are accepted."""

_AT_ONCE = 64
"""How many to accept per iteration of the loop, so that open connections get their answers."""

_FULL_S = 0.02
"""How long to wait for room."""

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
"""How long to wait at most when the system cannot accept a connection; the wait doubles each time."""

_WARN_AGAIN_S = 60.0
"""How long not to log the same problem again."""


class Listener:
    """Accepts the connections of a listening socket.

    asyncio's own server has no limit, and when the process can open no more files, it logs that a thousand times a
    second.

    Args:
        listening: A bound socket; the listener closes it.
        connections: Serves the accepted connections.
        tls: For https.
    """

    def __init__(self, listening: socket.socket, connections: Connections, tls: ssl.SSLContext | None) -> None:
        self._socket = listening
        self._connections = connections
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._warned_s: dict[str, float] = {}
        self._taking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start listening.

        Raises:
            OSError: Another socket listens at the same address.
        """
        self._socket.listen(_BACKLOG)
        self._watch()

    def leave(self) -> None:
        """Stop accepting connections and refuse new ones; accepted ones continue."""
        if self._again is not None:
            self._again.cancel()
        if self._taking is not None:
            self._taking.cancel()
        elif self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _watch(self) -> None:
        self._again = None
        try:
            self._loop.add_reader(self._socket.fileno(), self._take)
        except NotImplementedError:  # Windows
            self._taking = self._loop.create_task(self._take_one_by_one())  # leave() cancels it

    def _take(self) -> None:
        for count in range(_AT_ONCE):
            if len(self._connections) >= self._connections.most():
                if count:
                    return  # if more connections wait, the loop calls again at once
                if not self._has_room():
                    self._wait(_FULL_S)
                    return
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(self._trouble(error))
                return
            self._serve(accepted)

    async def _take_one_by_one(self) -> None:
        while True:
            while not self._has_room():  # noqa: ASYNC110 - there are many ways to get room
                await asyncio.sleep(_FULL_S)
            try:
                accepted, _ = await self._loop.sock_accept(self._socket)
            except OSError as error:
                await asyncio.sleep(self._trouble(error))
            else:
                self._serve(accepted)

    def _serve(self, accepted: socket.socket) -> None:
        self._pause_s = _FIRST_PAUSE_S
        accepted.setblocking(False)
        self._connections.serve(accepted, self._tls)

    def _has_room(self) -> bool:
        most = self._connections.most()
        if len(self._connections) < most or self._connections.make_room():
            return True
        self._warn(f"{most} connections are open and busy; new ones wait (setting max_connections, or the system's "
                   "limit of open files)")  # fmt: skip
        return False

    def _wait(self, pause_s: float) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._again = self._loop.call_later(pause_s, self._watch)

    def _trouble(self, error: OSError) -> float:
        """Log once that the system cannot accept a connection, and try to help.

        Returns:
            How long to wait.
        """
        self._connections.make_room()
        self._warn(f"cannot take connections: {error.strerror or error}; will try again")
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s

    def _warn(self, text: str) -> None:
        now_s = self._loop.time()
        if now_s - self._warned_s.get(text, -_WARN_AGAIN_S) >= _WARN_AGAIN_S:
            self._warned_s = {text: now_s}
            _LOG.warning("%s", text)
