"""The Media Edge API as one object, the only entrance to the modules of this folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.dialects.base import Described
from mockserver.dialects.edge.answers import HINT, Answers
from mockserver.dialects.edge.described import PATHS, SCHEMAS
from mockserver.dialects.edge.normal import WORDS, normal_of, wire_of
from mockserver.dialects.edge.paths import BASES, OPENING, call_of, event_path, found
from mockserver.dialects.edge.reader import Reader
from mockserver.dialects.edge.schemas import DOWNLOADED
from mockserver.model.http import HttpResponse
from mockserver.model.settings import Settings
from mockserver.wire.codec import encode

__all__ = ["EDGE", "Edge"]

_DATASTREAM = "00000000-0000-4000-8000-000000000000"
_OPENINGS = ("sessionStart", DOWNLOADED)
_OPENS = re.compile(rb'"eventType"\s*:\s*"media\.(sessionStart|downloaded)"')
_SID = re.compile(rb'"sessionID"\s*:\s*"([^"\\]{1,512})"')
_GIVEN = re.compile(rb'"sessionId"\s*:\s*"([^"\\]{1,512})"')


class _Interpreter(Reader, Answers):
    """The API under one set of settings."""

    def __init__(self, settings: Settings) -> None:
        Reader.__init__(self, settings)
        Answers.__init__(self, settings)
        self.event_types = self.validators.event_types
        self.schema = self.validators.schema


class Edge:
    """The Media Edge API."""

    name = "edge"
    bases = BASES
    words = WORDS

    normal = staticmethod(normal_of)
    interpreter = _Interpreter
    found = staticmethod(found)
    opening_path = OPENING
    described = Described("Adobe's Media Edge API, emulated.", PATHS, SCHEMAS)

    def opens(self, method: str, path: str, body: bytes) -> bool:
        """Return whether a request opens a session: by its path, or by its body where any event can be sent."""
        call = call_of(path)
        if method != "POST" or call is None:
            return False
        return call.event_type in _OPENINGS or (call.form != "media" and _OPENS.search(body) is not None)

    def session_of(self, path: str, body: bytes) -> str | None:
        """Return the session that a body names."""
        return _text_in(_SID.search(body))

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        """Return the body with another session in it; a path names none."""
        return path, _SID.sub(lambda named: named[0].replace(named[1], sid.encode()), body)

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the id in the handle ``media-analytics:new-session``."""
        return _text_in(_GIVEN.search(answer.body))

    def event_path(self, event_type: str, sid: str) -> str:
        """Return the path to which players post an event."""
        return event_path(event_type)

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        """Return target and body of an event; after the sessionStart the target has the location hint of its answer."""
        document = wire_of(event, sid)
        event_type = document["events"][0]["xdm"]["eventType"].removeprefix("media.")
        hint = None if sid is None else HINT
        return f"{event_path(event_type, hint)}?configId={_DATASTREAM}", encode(document)


def _text_in(found: re.Match[bytes] | None) -> str | None:
    return found[1].decode("utf-8", "replace") if found else None


EDGE = Edge()
