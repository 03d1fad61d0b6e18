"""Sends a script to a server, as an unimpressed player does: a failed event is lost, a dead session is opened again."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Sequence

import msgspec

from mockserver.address import server_address
from mockserver.errors import ControlFailed
from mockserver.simulation.script import Beat
from mockserver.wire.codec import encode

__all__ = ["Sent", "SimulatedPlayer"]

_TIMEOUT_S = 5
"""The timeout of Adobe's SDKs."""


class Sent(msgspec.Struct, frozen=True):
    """What became of one event: the status, or None when there was no answer."""

    beat: Beat
    session: str | None
    status: int | None


class SimulatedPlayer:
    """A player that plays scripts.

    Args:
        url: The server, with a namespace or prefix if need be; ``/api/v1/sessions`` follows.
        pause: Waits for a number of seconds; called between events.
        verify_tls: False accepts any certificate.

    Raises:
        InvalidInput: ``url`` is not an http or https address.
    """

    def __init__(self, url: str, pause: Callable[[float], object], *, verify_tls: bool = True) -> None:
        self._address = server_address(url)
        self._insecure = not verify_tls
        self._pause = pause

    def play(self, beats: Sequence[Beat], *, start_ms: int, speed: float | None, sent: Callable[[Sent], None]) -> None:
        """Send the events of a script.

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
            if speed is not None and beat.at_ms > before_ms:
                self._pause((beat.at_ms - before_ms) / 1000 / speed)
            before_ms = beat.at_ms
            if beat.event_type != "sessionStart" and location is None:
                continue
            path = "/api/v1/sessions" if beat.event_type == "sessionStart" else f"{location}/events"
            status, opened = self._post(path, _body(beat, start_ms))
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
        connection = self._address.connection(_TIMEOUT_S, insecure=self._insecure)
        try:
            connection.request("POST", self._address.path + path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            return response.status, response.headers.get("Location")
        except (OSError, http.client.HTTPException):
            return None, None
        finally:
            connection.close()


def _body(beat: Beat, start_ms: int) -> bytes:
    event = {
        "eventType": beat.event_type,
        "playerTime": {"playhead": beat.playhead_s, "ts": start_ms + beat.at_ms},
        "params": beat.params,
        "qoeData": beat.qoe,
        "customMetadata": beat.metadata,
    }
    return encode({name: value for name, value in event.items() if value is not None})
