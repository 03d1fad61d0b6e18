"""Which session id of a recording is which on the server it is replayed to."""

from __future__ import annotations

import re

from mockserver.cli.recording import RecordedCall

__all__ = ["SessionIds"]

_SESSION = re.compile(r"(?P<before>.*/sessions/)(?P<sid>[^/?]+)(?P<after>/events.*)")
_ID = re.compile(r"[A-Za-z0-9_~-]+(?:\.+[A-Za-z0-9_~-]+)*")
_OPENED = 201


class SessionIds:
    """Learns session ids from answers, and puts them into the paths of later requests."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def sent(self, call: RecordedCall) -> None:
        """Note that a request is on its way; if it opens a session, requests to that one have to wait for its id."""
        if call.opened is not None:
            self._asked.add(call.opened)

    def must_wait(self, call: RecordedCall) -> bool:
        """Tell whether the id of the session of a request is in an answer that has not come yet."""
        found = _SESSION.fullmatch(call.path)
        return found is not None and found["sid"] not in self._known and found["sid"] in self._asked

    def translate(self, call: RecordedCall) -> str:
        """Return the path of a request as the server knows it."""
        found = _SESSION.fullmatch(call.path)
        if found is None:
            return call.path
        return f"{found['before']}{self._known.get(found['sid'], found['sid'])}{found['after']}"

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
        if call.opened is None:
            return
        self._asked.discard(call.opened)
        given = location.rstrip("/").rpartition("/")[2] if status == _OPENED else ""
        if given:
            self._known[call.opened] = given
