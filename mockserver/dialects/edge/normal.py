"""Convert bodies of the Media Edge API to the normal shape of events and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

import msgspec

from mockserver.dialects.edge.keys import BLOCKS, SERVER_ONLY, Key
from mockserver.model.words import Words

__all__ = ["WORDS", "iso_of", "normal_of", "place_of", "timestamp_ms", "wire_of"]

_XDM = "/events/0/xdm"
_MEDIA = f"{_XDM}/mediaCollection"
_PREFIX = "media."
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_Stamp = Annotated[datetime, msgspec.Meta(tz=True)]

_BLOCKS = {block.name: block for block in BLOCKS}
_KEYS: Mapping[str, Mapping[str, Key]] = {block.name: {key.name: key for key in block.keys} for block in BLOCKS}
_NORMAL_KEYS: Mapping[str, tuple[str, Key]] = {key.normal: (block.name, key) for block in BLOCKS for key in block.keys}
_STATE_LISTS = ("statesStart", "statesEnd")
_STATE_NAME = "media.state.name"

_PLACES = {
    "/eventType": f"{_XDM}/eventType",
    "/playerTime": _XDM,
    "/playerTime/ts": f"{_XDM}/timestamp",
    "/playerTime/playhead": f"{_MEDIA}/playhead",
    "/params": _MEDIA,
    "/qoeData": f"{_MEDIA}/qoeDataDetails",
    "/customMetadata": f"{_MEDIA}/customMetadata",
    **{f"/{block.part}/{key.normal}": f"{_MEDIA}/{block.name}/{key.name}" for block in BLOCKS for key in block.keys},
}
_UNITS = {f"/{block.part}/{key.normal}": "s" for block in BLOCKS for key in block.keys if key.per_unit == 1000}
_NAMES = {
    **{key.normal: f"{block.name}.{key.name}" for block in BLOCKS for key in block.keys},
    **{
        key.normal.rpartition(".")[2]: f"{block.name}.{key.name}"
        for block in BLOCKS
        for key in block.keys
        if key.normal.rpartition(".")[2] in ("podIndex", "podSecond", "podPosition")
    },
    "media.state.name": "name",
    "params": "mediaCollection",
    "qoeData": "qoeDataDetails",
    "ts": "timestamp",
    "stateStart": "statesStart",
    "stateEnd": "statesEnd",
}
WORDS = Words(
    api="edge",
    places=_PLACES,
    units=_UNITS,
    ping_s=(10, 50),
    ad_ping_s=(1, 10),
    sid_source="the handle media-analytics:new-session of the 200 that answers sessionStart",
    events_at="/ee/va/v1/ and their type, such as /ee/va/v1/play",
    names=_NAMES,
    members={
        "mediaCollection": frozenset(
            {"playhead", "sessionID", "customMetadata", *_STATE_LISTS, *(block.name for block in BLOCKS)}
        ),
        **{block.name: frozenset(key.name for key in block.keys) for block in BLOCKS},
    },
    server_only=SERVER_ONLY,
)
"""The names of the parts of an event in the Media Edge API.

Pings: the bounds of alloy's configuration (``configValidators``), of AEP Edge Media for Android and iOS, and of AEP
Roku.
"""


def timestamp_ms(text: object) -> int | None:
    """Read an ISO 8601 time with an offset to UTC; None for anything else.

    Returns:
        Milliseconds since 1970.
    """
    if not isinstance(text, str) or text[10:11] == " ":  # RFC 3339 has a space there too, ISO 8601 only a T
        return None
    try:
        stamp = msgspec.convert(text, _Stamp)
    except msgspec.ValidationError:
        return None
    return (stamp - _EPOCH) // _MILLISECOND


def iso_of(ts_ms: int) -> str:
    """Write a time as players do, in UTC with milliseconds."""
    return f"{(_EPOCH + ts_ms * _MILLISECOND).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def normal_of(document: Any) -> Any:
    """Convert a body, valid or not, to the normal shape.

    Returns:
        An event; a list if the body has several, or downloaded content; None when it has none.
    """
    members = document.get("events") if isinstance(document, dict) else None
    events: list[Any] = []
    for each in members if isinstance(members, list) else ():
        xdm = each.get("xdm") if isinstance(each, dict) else None
        if not isinstance(xdm, dict):
            continue
        downloaded = xdm.get("mediaDownloadedEvents")
        if isinstance(downloaded, list):
            events += [
                _normal_event(one.get("mediaEventType"), one.get("mediaEventTimestamp"), one.get("mediaCollection"))
                for one in downloaded
                if isinstance(one, dict)
            ]
        else:
            events.append(_normal_event(xdm.get("eventType"), xdm.get("timestamp"), xdm.get("mediaCollection")))
    return events[0] if len(events) == 1 else events or None


def _normal_event(event_type: Any, timestamp: Any, media: Any) -> dict[str, Any]:
    event: dict[str, Any] = {}
    if isinstance(event_type, str):
        event["eventType"] = event_type.removeprefix(_PREFIX)
    time: dict[str, Any] = {}
    ts_ms = timestamp_ms(timestamp)
    if ts_ms is not None:
        time["ts"] = ts_ms
    event["playerTime"] = time
    if isinstance(media, dict):
        if "playhead" in media:
            time["playhead"] = media["playhead"]
        event.update(_parts_of(media))
    return event


def _parts_of(media: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Convert the blocks of a ``mediaCollection`` to the normal shape, without empty ones."""
    parts: dict[str, dict[str, Any]] = {"params": {}, "qoeData": {}, "customMetadata": {}}
    for name, value in media.items():
        if name in _BLOCKS and isinstance(value, dict):
            parts[_BLOCKS[name].part].update(_members_of(value, _KEYS[name]))
        elif name in _STATE_LISTS and isinstance(value, list):
            parts["params"][name] = [_normal_state(state) for state in value]
        elif name == "customMetadata" and isinstance(value, list):
            parts[name] = {
                entry["name"]: entry.get("value")
                for entry in value
                if isinstance(entry, dict) and isinstance(entry.get("name"), str)
            }
    return {name: part for name, part in parts.items() if part}


def _members_of(block: dict[str, Any], keys: Mapping[str, Key]) -> Iterator[tuple[str, Any]]:
    """Return the members of a block by their names in the normal shape; unknown ones keep their names."""
    for name, value in block.items():
        key = keys.get(name)
        if key is not None:
            yield key.normal, value if key.per_unit == 1 else _times(value, key.per_unit)
        # No name of XDM has a dot; a key of the normal shape that a player sent by mistake is not one.
        elif "." not in name and name not in _STATE_LISTS:
            yield name, value


def _times(value: Any, factor: int) -> Any:
    return value * factor if type(value) in (int, float) else value


def _normal_state(state: Any) -> Any:
    if isinstance(state, dict) and "name" in state:
        return {_STATE_NAME: state["name"], **{name: value for name, value in state.items() if name != "name"}}
    return state


def wire_of(event: Mapping[str, Any], sid: str | None = None) -> dict[str, Any]:
    """Make the body that a player of this API posts for an event in the normal shape.

    ``stateStart`` and ``stateEnd`` become ``statesUpdate``, fractions of seconds are rounded, and keys that have no
    place in this API (``analytics.*``, ``visitor.*``, ``media.libraryVersion``) are left out.

    Args:
        event: A valid event in the normal shape.
        sid: Its session; None for a sessionStart.
    """
    event_type, time = event["eventType"], event["playerTime"]
    media: dict[str, Any] = {"playhead": int(time["playhead"])}
    if sid is not None:
        media["sessionID"] = sid
    params = event.get("params") or {}
    for name, value in (*params.items(), *(event.get("qoeData") or {}).items()):
        if name in _STATE_LISTS:
            media[name] = [{"name": state[_STATE_NAME]} for state in value]
        elif name == _STATE_NAME:
            media["statesStart" if event_type == "stateStart" else "statesEnd"] = [{"name": value}]
        elif name in _NORMAL_KEYS:
            block, key = _NORMAL_KEYS[name]
            number = key.type == "integer" and isinstance(value, (int, float))
            media.setdefault(block, {})[key.name] = round(value / key.per_unit) if number else value
    if event_type == "bitrateChange":
        media.setdefault("qoeDataDetails", {})
    metadata = event.get("customMetadata")
    if metadata:
        media["customMetadata"] = [{"name": name, "value": value} for name, value in metadata.items()]
    if event_type in ("stateStart", "stateEnd"):
        event_type = "statesUpdate"
    xdm = {"eventType": _PREFIX + event_type, "timestamp": iso_of(time["ts"]), "mediaCollection": media}
    return {"events": [{"xdm": xdm}]}


def place_of(path: tuple[str | int, ...]) -> str | None:
    """Convert a path in ``xdm`` to the normal shape; None if the normal shape has no counterpart.

    Args:
        path: The steps from ``xdm``, or from an entry of ``mediaDownloadedEvents``.
    """
    match path:
        case ("eventType" | "mediaEventType",):
            return "/eventType"
        case ("timestamp" | "mediaEventTimestamp",):
            return "/playerTime/ts"
        case ("mediaCollection",):
            return "/params"
        case ("mediaCollection", "playhead"):
            return "/playerTime/playhead"
        case ("mediaCollection", "customMetadata", *_):
            return "/customMetadata"
        case ("mediaCollection", "qoeDataDetails"):
            return "/qoeData"
        case ("mediaCollection", str(block), str(member)) if block in _BLOCKS:
            key = _KEYS[block].get(member)
            return f"/{_BLOCKS[block].part}/{member if key is None else key.normal}"
        case ("mediaCollection", str(name), *_) if name in _STATE_LISTS or name in _BLOCKS:
            return f"/params/{name}"
        case _:
            return None
