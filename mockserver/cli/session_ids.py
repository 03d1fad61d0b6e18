"""The session ids of a recording, and those that a server gives instead when it is sent again."""

from __future__ import annotations

import re

from mockserver.dialects.registry import DIALECTS
from mockserver.model.http import HttpResponse
from mockserver.recordings.call import RecordedCall

__all__ = ["SessionIds"]

_ID = re.compile(r"[A-Za-z0-9_~-]+(?:\.+[A-Za-z0-9_~-]+)*")


class SessionIds:
    """Learns session ids from answers and puts them into later requests."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def sent(self, call: RecordedCall) -> None:
        """Note that a request was sent; if it opens a session, later requests to that session must wait for its id."""
        if call.opened is not None:
            self._asked.add(call.opened)

    def must_wait(self, call: RecordedCall) -> bool:
        """Return whether the session id that a request needs is in an answer that has not arrived yet."""
        sid = _named(call)
        return sid is not None and sid not in self._known and sid in self._asked

    def translate(self, call: RecordedCall) -> tuple[str, bytes]:
        """Return path and body of a request with the session id of the server."""
        given = self._known.get(_named(call) or "")
        if given is None:
            return call.path, call.body
        return DIALECTS.at(call.path).addressed(call.path, call.body, given)

    def translate_text(self, text: str) -> str:
        """Replace recorded session ids in a text by those of the server."""
        return _ID.sub(lambda found: self._known.get(found[0], found[0]), text)

    def learn(self, call: RecordedCall, answer: HttpResponse | None) -> None:
        """Note the session id in an answer, or that there is none.

        Args:
            call: The request.
            answer: Its answer; None without a complete one.
        """
        if call.opened is None:
            return
        self._asked.discard(call.opened)
        given = None if answer is None else DIALECTS.at(call.path).opened_by(answer)
        if given is not None:
            self._known[call.opened] = given


def _named(call: RecordedCall) -> str | None:
    return DIALECTS.at(call.path).session_of(call.path, call.body)
