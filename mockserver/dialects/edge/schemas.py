"""The JSON Schemas of ``xdm``, made from the tables of keys.

Adobe publishes none for validation; its servers check against their own model. These are open: clients send
undocumented members, which are accepted with a finding.
"""

from __future__ import annotations

from typing import Any

from mockserver.dialects.edge.keys import (
    EVENTS,
    MAX_PLAYHEAD_S,
    QOE,
    SID_LENGTH,
    STATE_NAME_PATTERN,
    Block,
    Key,
)

__all__ = ["DOWNLOADED", "build_schema"]

DOWNLOADED = "downloaded"
"""The type of a request with all events of a session that was watched without network."""

Schema = dict[str, Any]

_STATES: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": STATE_NAME_PATTERN}},
        "required": ["name"],
    },
}
_METADATA: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
        "required": ["name", "value"],
    },
}
_STATE_LISTS = ("statesStart", "statesEnd")


def build_schema(
    event_type: str, *, integers: bool = True, start_timestamp: bool = False, in_batch: bool = False
) -> Schema:
    """Make the JSON Schema (2020-12) of the ``xdm`` of one event.

    Args:
        event_type: A name of :data:`~mockserver.dialects.edge.keys.EVENTS`.
        integers: Whether numbers have to be whole.
        start_timestamp: Whether sessionStart needs a timestamp.
        in_batch: Whether it is an entry of ``mediaDownloadedEvents``, which names no session.
    """
    keys = EVENTS[event_type]
    number = "integer" if integers else "number"
    properties: Schema = {
        "playhead": {"type": number, "minimum": 0, "maximum": MAX_PLAYHEAD_S},
        QOE.name: {**_block(QOE, number), "type": ["object", "null"]},
    }
    required = ["playhead"]
    if event_type != "sessionStart" and not in_batch:
        properties["sessionID"] = {"type": "string", "minLength": SID_LENGTH, "maxLength": SID_LENGTH}
        required.append("sessionID")
    if keys.block is not None:
        properties[keys.block.name] = _block(keys.block, number)
        required.append(keys.block.name)
    if keys.metadata:
        properties["customMetadata"] = _METADATA
    properties.update({name: {"not": {}} for name in keys.barred})
    media: Schema = {"type": "object", "properties": properties, "required": required}
    if event_type == "statesUpdate":
        properties.update(dict.fromkeys(_STATE_LISTS, _STATES))
        media["anyOf"] = [{"properties": {name: {"minItems": 1}}, "required": [name]} for name in _STATE_LISTS]
    of_type, of_time = ("mediaEventType", "mediaEventTimestamp") if in_batch else ("eventType", "timestamp")
    needs_time = start_timestamp or in_batch or event_type != "sessionStart"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"xdm of media.{event_type}",
        "type": "object",
        "properties": {
            of_type: {"type": "string", "enum": [f"media.{event_type}"]},
            of_time: {"type": "string", "format": "date-time"},
            "mediaCollection": media,
        },
        "required": [of_type, *([of_time] if needs_time else []), "mediaCollection"],
    }


def _block(block: Block, number: str) -> Schema:
    schema: Schema = {"type": "object", "properties": {key.name: _value(key, number) for key in block.keys}}
    required = [key.name for key in block.keys if key.required]
    return {**schema, "required": required} if required else schema


def _value(key: Key, number: str) -> Schema:
    schema: Schema = {"type": number if key.type == "integer" else key.type}
    if key.values:
        schema["enum"] = list(key.values)
    if key.least is not None:
        schema["minimum"] = key.least
    if key.shortest is not None:
        schema["minLength"] = key.shortest
    return schema
