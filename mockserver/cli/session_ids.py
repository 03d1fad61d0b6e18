"""Which session id of a recording is which on the server it is replayed to."""

from __future__ import annotations

import re
from collections import deque

from mockserver.cli.recording import RecordedCall

__all__ = ["SessionIds"]

_SESSION = re.compile(r"(?P<before>.*/sessions/)(?P<sid>[^/?]+)(?P<after>/events.*)")
_ID = re.compile(r"[A-Za-z0-9_~-]+(?:\.+[A-Za-z0-9_~-]+)*")
_OPENED = 201
_UNKNOWN = 404


class _Unclaimed:
    """A session of which the recording does not tell the id; as long as its answer is on its way, it has none."""

    given: str | None = None


class SessionIds:
    """Learns session ids from answers, and puts them into the paths of later requests.

    A journal says which id a request was given. Other recordings do not: there an id that is new is taken for the
    session that was opened first among those without a recorded id. An id that the recording answers with 404 was
    unknown there too, and stays as it is.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()
        self._unclaimed: deque[_Unclaimed] = deque()
        self._asked_lines: dict[int, _Unclaimed] = {}

    def sent(self, call: RecordedCall) -> None:
        """Note that a request is on its way; if it opens a session, requests to that one have to wait for its id."""
        if call.opened is not None:
            self._asked.add(call.opened)
        elif call.status == _OPENED:
            self._asked_lines[call.line] = _Unclaimed()
            self._unclaimed.append(self._asked_lines[call.line])

    def must_wait(self, call: RecordedCall) -> bool:
        """Tell whether the id of the session of a request is in an answer that has not come yet."""
        found = _SESSION.fullmatch(call.path)
        if found is None or found["sid"] in self._known:
            return False
        if found["sid"] in self._asked:
            return True
        return call.status != _UNKNOWN and bool(self._unclaimed) and self._unclaimed[0].given is None

    def translate(self, call: RecordedCall) -> str:
        """Return the path of a request as the server knows it."""
        found = _SESSION.fullmatch(call.path)
        if found is None:
            return call.path
        recorded = found["sid"]
        if recorded not in self._known and recorded not in self._asked and call.status != _UNKNOWN:
            first = self._unclaimed[0].given if self._unclaimed else None
            if first is not None:
                self._known[recorded] = first
                self._unclaimed.popleft()
        return f"{found['before']}{self._known.get(recorded, recorded)}{found['after']}"

    def translate_text(self, text: str) -> str:
        """Return a text with the ids that the server gave in place of the recorded ones."""
        return _ID.sub(lambda found: self._known.get(found[0], found[0]), text)

    def learn(self, call: RecordedCall, status: int | None, location: str) -> None:
        """Note the id of a session that was opened, or that none was.

        Args:
            call: The request.
            status: The status of its answer.
            location: The ``Location`` of its answer.
        """
        given = location.rstrip("/").rpartition("/")[2] if status == _OPENED else ""
        if call.opened is not None:
            self._asked.discard(call.opened)
            if given:
                self._known[call.opened] = given
        elif call.status == _OPENED:
            unclaimed = self._asked_lines.pop(call.line, None)
            if unclaimed is not None and given:
                unclaimed.given = given
            elif unclaimed is not None:
                self._unclaimed.remove(unclaimed)
