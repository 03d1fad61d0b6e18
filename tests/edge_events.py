"""Bodies of the Media Edge API and the emulators that they are posted to."""

from __future__ import annotations

import json
from typing import Any

from mockserver.dialects.edge.normal import iso_of
from mockserver.emulator.emulator import Emulator
from mockserver.model.http import HttpRequest, HttpResponse
from tests.factories import T0, response

__all__ = ["DATASTREAM", "body", "edge_post", "open_edge_session", "post_edge_event", "session_details", "sid_of"]

DATASTREAM = "5c3c4d0e-0000-4000-8000-0123456789ab"
_PARTS: dict[str, dict[str, Any]] = {
    "sessionStart": {
        "sessionDetails": {
            "name": "clip-1", "length": 60, "contentType": "vod", "playerName": "player", "channel": "channel",
        },
    },
    "adBreakStart": {"advertisingPodDetails": {"index": 1, "offset": 0}},
    "adStart": {"advertisingDetails": {"name": "ad-1", "length": 15, "podPosition": 1, "playerName": "p"}},
    "chapterStart": {"chapterDetails": {"index": 1, "length": 20, "offset": 0}},
    "bitrateChange": {"qoeDataDetails": {}},
    "error": {"errorDetails": {"name": "e1", "source": "player"}},
    "statesUpdate": {"statesStart": [{"name": "mute"}]},
}  # fmt: skip


def session_details(**more: Any) -> dict[str, Any]:
    """Make the sessionDetails that a sessionStart needs; others are added."""
    return {**_PARTS["sessionStart"]["sessionDetails"], **more}


def body(event_type: str = "ping", *, sid: str | None = None, playhead: Any = 0, at_s: float = 0, **media: Any) -> Any:
    """Make a valid body with no more than it needs; ``media`` is added to its mediaCollection, None takes away."""
    named = {} if sid is None else {"sessionID": sid}
    collection = {"playhead": playhead, **named, **_PARTS.get(event_type, {}), **media}
    collection = {name: value for name, value in collection.items() if value is not None}
    xdm = {
        "eventType": f"media.{event_type}",
        "timestamp": iso_of(T0 + round(at_s * 1000)),
        "mediaCollection": collection,
    }
    return {"events": [{"xdm": xdm}]}


def edge_post(path: str, document: Any = None, *, raw: bytes | None = None, **headers: str) -> HttpRequest:
    """Make a POST as alloy sends it; the datastream is added to a path without query."""
    target = path if "?" in path else f"{path}?configId={DATASTREAM}&requestId=r-1"
    fields = {"content_type": "text/plain; charset=UTF-8", "origin": "https://www.player.test", **headers}
    return HttpRequest(
        "POST", target.partition("?")[0], target,
        tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()),
        json.dumps(document).encode() if raw is None else raw,
    )  # fmt: skip


def sid_of(answer: HttpResponse) -> str:
    """Return the session id in the handles of an answer."""
    handles = json.loads(answer.body)["handle"]
    (session,) = (each for each in handles if each["type"] == "media-analytics:new-session")
    return str(session["payload"][0]["sessionId"])


def open_edge_session(emulator: Emulator, **start: Any) -> str:
    """Open a session; arguments as of :func:`body`."""
    answer = response(emulator, edge_post("/ee/va/v1/sessionStart", body("sessionStart", **start)))
    assert answer.status == 200, answer.body
    return sid_of(answer)


def post_edge_event(emulator: Emulator, sid: str, event_type: str = "ping", **more: Any) -> HttpResponse:
    """Report an event to the path of its type; arguments as of :func:`body`."""
    return response(emulator, edge_post(f"/ee/or2/va/v1/{event_type}", body(event_type, sid=sid, **more)))
