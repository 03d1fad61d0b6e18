"""Which session id of a recording is which on the server it is replayed to."""

from __future__ import annotations

import re
from collections import deque

from mockserver.cli.recording import RecordedCall

__all__ = ["SessionIds"]

_SESSION = re.compile(r"(?P<before>.*/sessions/)(?P<sid>[^/?]+)(?P<after>/events.*)")
_UNKNOWN = 404


class SessionIds:
    """Learns session ids from answers, and puts them into the paths of later requests.

    A journal says which id a request was given. Other recordings do not: there an id that is new is taken for the
    session that was opened first among those without a recorded id. An id that the recording answers with 404 was
    unknown there too, and stays as it is.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._unclaimed: deque[str] = deque()

    def translate(self, call: RecordedCall) -> str:
        """Return the path of a request as the server knows it."""
        found = _SESSION.fullmatch(call.path)
        if found is None:
            return call.path
        recorded = found["sid"]
        if recorded not in self._known and self._unclaimed and call.status != _UNKNOWN:
            self._known[recorded] = self._unclaimed.popleft()
        return f"{found['before']}{self._known.get(recorded, recorded)}{found['after']}"

    def learn(self, call: RecordedCall, status: int | None, location: str) -> None:
        """Note the id of a session that was opened.

        Args:
            call: The request.
            status: The status of its answer.
            location: The ``Location`` of its answer.
        """
        if status != 201 or not location:
            return
        given = location.rstrip("/").rpartition("/")[2]
        if call.opened is not None:
            self._known[call.opened] = given
        elif call.status == status:
            self._unclaimed.append(given)
