"""Sends a script to a server, as an unimpressed player does: a failed event is lost, a dead session is opened again."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

import msgspec

from mockserver.address import server_address
from mockserver.errors import ControlFailed
from mockserver.simulation.script import Beat
from mockserver.wire.codec import encode

__all__ = ["Sent", "SimulatedPlayer", "start_of"]

_TIMEOUT_S = 5
"""The timeout of Adobe's SDKs."""


class Sent(msgspec.Struct, frozen=True):
    """What became of one event: the status, or None when there was no answer."""

    beat: Beat
    session: str | None
    status: int | None


def start_of(beats: Sequence[Beat], now_ms: int, *, speed: float | None, rate: float = 1) -> int:
    """Return the ``ts`` with which a script begins, so that its last event has the ``ts`` of the moment it is sent.

    The ``ts`` keep the pace of the script whatever the speed, since all durations come from them. So a session that is
    played faster than life begins in the past; its ``ts`` are never ahead of the clock, and it never moves the clock.

    Args:
        now_ms: What the clock of the server shows, in milliseconds since the epoch.
        speed: Script seconds per real second; None for no waiting.
        rate: Seconds of that clock per real second; 0 when it stands.
    """
    length_ms = beats[-1].at_ms
    passing_ms = 0.0 if speed is None else length_ms * rate / speed
    return max(0, now_ms - max(0, round(length_ms - passing_ms)))


class SimulatedPlayer:
    """A player that plays scripts.

    Args:
        url: The server, with a namespace or prefix if need be; ``/api/v1/sessions`` follows.
        pause: Waits for a number of seconds; called between events. By default really, or until :meth:`stop`.
        trust: Decides whose certificates to take; None for those that the system trusts.

    Raises:
        InvalidInput: ``url`` is not an http or https address.
    """

    def __init__(
        self, url: str, pause: Callable[[float], object] | None = None, *, trust: ssl.SSLContext | None = None
    ) -> None:
        self._address = server_address(url, trust)
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait
        self._connection: http.client.HTTPConnection | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Send nothing more, and wait for no answer; may be called from any thread."""
        self._stopped.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def play(self, beats: Sequence[Beat], *, start_ms: int, speed: float | None, sent: Callable[[Sent], None]) -> None:
        """Send the events of a script, until its end or :meth:`stop`.

        Args:
            beats: The script, its first event a sessionStart.
            start_ms: The ``ts`` of the sessionStart, in milliseconds since the epoch.
            speed: Script seconds per second; None sends without waiting.
            sent: Told of every event.

        Raises:
            ControlFailed: The server cannot be reached for the first event.
        """
        location: str | None = None
        before_ms = 0
        for beat in beats:
            if beat.event_type != "sessionStart" and location is None:
                continue
            if speed is not None and beat.at_ms > before_ms:
                self._pause((beat.at_ms - before_ms) / 1000 / speed)
            if self._stopped.is_set():
                return
            before_ms = beat.at_ms
            path = "/api/v1/sessions" if beat.event_type == "sessionStart" else f"{location}/events"
            status, opened = self._post(path, _body(beat, start_ms))
            if self._stopped.is_set():
                return
            if beat.event_type == "sessionStart":
                location = opened
                if status is None:
                    raise ControlFailed(f"no answer from the server at {self._address.url}")
            sent(Sent(beat, location, status))
            if status in (404, 410) and beat.event_type not in ("sessionComplete", "sessionEnd"):
                again = msgspec.structs.replace(beats[0], at_ms=beat.at_ms, playhead_s=beat.playhead_s)
                status, location = self._post("/api/v1/sessions", _body(again, start_ms))
                sent(Sent(again, location, status))

    def _post(self, path: str, body: bytes) -> tuple[int | None, str | None]:
        connection = self._connection = self._address.connection(_TIMEOUT_S)
        try:
            connection.connect()
            if self._stopped.is_set():
                return None, None
            connection.request("POST", self._address.path + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            return response.status, response.headers.get("Location")
        except (OSError, http.client.HTTPException):
            return None, None
        finally:
            self._connection = None
            connection.close()


def _body(beat: Beat, start_ms: int) -> bytes:
    event = {
        "eventType": beat.event_type,
        "playerTime": {"playhead": beat.playhead_s, "ts": start_ms + beat.at_ms + beat.off_ms},
        "params": beat.params,
        "qoeData": beat.qoe,
        "customMetadata": beat.metadata,
    }
    return encode({name: value for name, value in event.items() if value is not None})
