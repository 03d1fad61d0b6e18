"""Sends a script to a server. After errors the player goes on: it drops a failed event and reopens a dead session."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from mockserver.address import server_address
from mockserver.errors import ControlFailed
from mockserver.model.http import HttpResponse
from mockserver.simulation.script import Beat

__all__ = ["Sent", "SimulatedPlayer", "Voice", "start_of"]

_TIMEOUT_S = 5
"""The timeout of Adobe's SDKs."""


class Voice(Protocol):
    """The API in which a player reports."""

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        """Return the target and the body of an event in the normal shape; ``sid`` is None for a sessionStart."""
        ...

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the session id in an answer; None if there is none."""
        ...


class Sent(msgspec.Struct, frozen=True):
    """The result of sending one event: its session, if any, and the status, which is None if there was no answer."""

    beat: Beat
    session: str | None
    status: int | None


def start_of(beats: Sequence[Beat], now_ms: int, *, speed: float | None, rate: float = 1) -> int:
    """Return the ``ts`` with which a script begins, so that its last event has the ``ts`` of the moment it is sent.

    The ``ts`` keep the pace of the script at any speed, since all durations are computed from them. So a session that
    is played faster than real time begins in the past; its ``ts`` are never ahead of the clock, and it never moves the
    clock.

    Args:
        now_ms: The time on the server's clock, in milliseconds since the epoch.
        speed: Script seconds per real second; None for no waiting.
        rate: Seconds of that clock per real second; 0 when it is stopped.
    """
    length_ms = beats[-1].at_ms
    passing_ms = 0.0 if speed is None else length_ms * rate / speed
    return max(0, now_ms - max(0, round(length_ms - passing_ms)))


class SimulatedPlayer:
    """A player that plays scripts.

    Args:
        url: The server, with a namespace or prefix if needed; the paths of the API are appended.
        voice: The API.
        pause: Waits for a number of seconds; called between events. By default it waits in real time, or until
            :meth:`stop`.
        trust: Decides which certificates to accept; None for those that the system trusts.

    Raises:
        InvalidInput: ``url`` is not an http or https address.
    """

    def __init__(
        self,
        url: str,
        voice: Voice,
        pause: Callable[[float], object] | None = None,
        *,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._address = server_address(url, trust)
        self._voice = voice
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait
        self._connection: http.client.HTTPConnection | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Stop sending, without waiting for an answer; may be called from any thread."""
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
            sent: Called with the result of every event.

        Raises:
            ControlFailed: The server cannot be reached for the first event.
        """
        sid: str | None = None
        before_ms = 0
        for beat in beats:
            opens = beat.event_type == "sessionStart"
            if not opens and sid is None:
                continue
            if speed is not None and beat.at_ms > before_ms:
                self._pause((beat.at_ms - before_ms) / 1000 / speed)
            if self._stopped.is_set():
                return
            before_ms = beat.at_ms
            status, opened = self._post(beat, start_ms, None if opens else sid)
            if self._stopped.is_set():
                return
            if opens:
                sid = opened
                if status is None:
                    raise ControlFailed(f"no answer from the server at {self._address.url}")
            sent(Sent(beat, sid, status))
            if status in (404, 410) and beat.event_type not in ("sessionComplete", "sessionEnd"):
                again = msgspec.structs.replace(beats[0], at_ms=beat.at_ms, playhead_s=beat.playhead_s)
                status, sid = self._post(again, start_ms, None)
                sent(Sent(again, sid, status))

    def _post(self, beat: Beat, start_ms: int, sid: str | None) -> tuple[int | None, str | None]:
        """Send an event; return the status and the session id in the answer, if any."""
        target, body = self._voice.written(_event(beat, start_ms), sid)
        connection = self._connection = self._address.connection(_TIMEOUT_S)
        try:
            connection.connect()
            if self._stopped.is_set():
                return None, None
            connection.request("POST", self._address.path + target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = HttpResponse(response.status, tuple(response.getheaders()), response.read())
            return answer.status, self._voice.opened_by(answer) if sid is None else None
        except (OSError, http.client.HTTPException):
            return None, None
        finally:
            self._connection = None
            connection.close()


def _event(beat: Beat, start_ms: int) -> dict[str, Any]:
    event = {
        "eventType": beat.event_type,
        "playerTime": {"playhead": beat.playhead_s, "ts": start_ms + beat.at_ms + beat.off_ms},
        "params": beat.params,
        "qoeData": beat.qoe,
        "customMetadata": beat.metadata,
    }
    return {name: value for name, value in event.items() if value is not None}
