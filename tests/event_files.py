"""Files of events, as a recording of a player has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mockserver.simulation.content import Programme, make_content
from mockserver.simulation.flaw import apply_flaw
from mockserver.simulation.script import Beat, write_script
from tests import factories

__all__ = ["START_MS", "event", "event_lines", "recording", "simulated_beats", "write_lines"]

START_MS = factories.T0
_NAMES = {"media.id": "clip-7", "media.name": "Clip 7", "media.playerName": "simulated player"}


def simulated_beats(flaw: str | None = None, seed: int = 7) -> list[Beat]:
    """Return a simulated session; its names do not depend on the word lists of faker."""
    content = _content(seed)
    return apply_flaw(flaw, write_script(replace(content, params={**content.params, **_NAMES}), seed))


@cache
def _content(seed: int) -> Programme:
    return make_content(seed)


def event_lines(beats: Iterable[Beat], start_ms: int = START_MS) -> list[dict[str, Any]]:
    """Return the events of a script as a player sends them."""
    events = (
        {
            "eventType": beat.event_type,
            "playerTime": {"playhead": beat.playhead_s, "ts": start_ms + beat.at_ms + beat.off_ms},
            "params": beat.params,
            "qoeData": beat.qoe,
            "customMetadata": beat.metadata,
        }
        for beat in beats
    )
    return [{name: value for name, value in event.items() if value is not None} for event in events]


def event(event_type: str, at_s: float = 0, playhead_s: float = 0, **params: Any) -> dict[str, Any]:
    """Return an event with no more than it needs; ``params`` are added, with ``__`` for the dots."""
    document = factories.event(event_type, playhead=playhead_s, ts=START_MS + round(at_s * 1000))
    more = {name.replace("__", "."): value for name, value in params.items()}
    return {**document, "params": {**document.get("params", {}), **more}} if more else document


def write_lines(path: Path, lines: Iterable[Any]) -> Path:
    """Write a document a line; what is text already goes in as it is."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def recording(folder: Path, *lines: tuple[float, str, int | None]) -> Path:
    """Write down requests of a session: seconds, event type, status."""
    path = folder / "recording.ndjson"
    written = []
    for t, event_type, status in lines:
        starts = event_type == "sessionStart"
        target = "/api/v1/sessions" if starts else "/api/v1/sessions/recorded/events"
        body = json.dumps(factories.start() if starts else factories.event(event_type))
        headers = {"Content-Type": "application/json"}
        line = {"t": t, "method": "POST", "path": target, "headers": headers, "body": body, "status": status}
        written.append(json.dumps(line))
    path.write_text("\n".join(written), encoding="utf-8")
    return path
