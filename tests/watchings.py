"""Sessions to compare, made of events as players send them."""

from __future__ import annotations

import json
from typing import Any

from mockserver.media_server.comparing import judged, watched_sessions
from mockserver.model.settings import Settings
from mockserver.recordings.recording import parse_recording
from mockserver.rules.comparison.sessions import Watched

__all__ = ["watched_once", "watchings"]


def watchings(*documents: dict[str, Any]) -> list[Watched]:
    """Return the sessions of events in the normal shape; a sessionStart begins the next one."""
    lines = "\n".join(json.dumps(document) for document in documents)
    return watched_sessions(judged(parse_recording(lines.encode(), "events"), Settings(), leave_open=False))


def watched_once(*documents: dict[str, Any]) -> Watched:
    """Return the only session of events."""
    (watched,) = watchings(*documents)
    return watched
