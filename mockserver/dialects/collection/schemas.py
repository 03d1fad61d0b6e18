"""The JSON Schemas of the events, in the shape that Adobe publishes at ``/api/v1/schemas/{eventType}``.

The shape is that of the one published sample (Adobe, "Validating event requests", sessionStart, 2018), except that

* ``"required": []`` in ``qoeData`` is left out: draft-04 wants at least one name in the list, and strict validators
  refuse it.
* ``"type": "object"`` is in the definition of the event too. At the root it has no effect, because in draft-04 the
  members beside a ``$ref`` are ignored, and a JSON array would be valid.
* the list of event types is today's, and ``$schema`` is the identifier of draft-04 that validators know (http, not
  https).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mockserver.dialects.collection.keys import (
    CUSTOM_METADATA_PATTERN,
    CUSTOMER_ID_KEYS,
    EVENTS,
    PLAYER_TIME_KEYS,
    QOE_KEYS,
    UNQUALIFIED_QOE,
    Key,
)
from mockserver.errors import InvalidInput
from mockserver.model.event_types import EVENT_TYPES

__all__ = ["PROFILES", "SCHEMA_BASE", "build_schema", "build_shared_schema"]

PROFILES = ("sdk-union", "open")

SCHEMA_BASE = "https://hb-api.invalid/api/v1/schemas/"
"""Where the ``id`` of a schema points, followed by the event type.

An ``id`` has to be absolute for validators that file schemas under it. The host is one that can never exist (RFC 6761),
so that no validator fetches another schema from Adobe; the sample shows an internal host of Adobe's in its place.
"""

Schema = dict[str, Any]


def build_schema(
    event_type: str, *, profile: str = "sdk-union", docs_lenient: bool = False, states_update: bool = True
) -> Schema:
    """Make the JSON Schema (draft-04) of one event type.

    Args:
        event_type: A name of :data:`~mockserver.model.vocabulary.EVENT_TYPES`.
        profile: ``sdk-union`` refuses keys that neither Adobe's documentation nor a known client uses; ``open`` accepts
            them wherever the schema lists keys, and still checks the values of the keys it knows.
        docs_lenient: Accept the QoE keys in ``params`` (Adobe's pages on quality variables) and without ``media.qoe.``
            in ``qoeData`` (Adobe's page "Timeline 2").
        states_update: Whether ``statesUpdate`` is one of the event types.

    Returns:
        A new document on every call.

    Raises:
        InvalidInput: The event type or the profile does not exist.
    """
    names = _event_types(states_update)
    if event_type not in names:
        raise InvalidInput(f"{event_type!r} is not an event type; use one of {', '.join(names)}.")
    is_open = _is_open(profile)
    keys = EVENTS[event_type]
    params = _object(keys.params, is_open=is_open)
    if docs_lenient:
        params["properties"].update(_properties(QOE_KEYS, is_open=is_open))
    if keys.any_of:
        params["anyOf"] = [{"required": [name]} for name in keys.any_of]
    required = ["eventType", "playerTime", "params"] if keys.needs_params else ["eventType", "playerTime"]
    event = _event({"type": "string", "enum": [event_type]}, params, required, is_open=is_open)
    return _document(event_type, event, names, is_open=is_open, docs_lenient=docs_lenient)


def build_shared_schema(
    *, profile: str = "sdk-union", docs_lenient: bool = False, states_update: bool = True
) -> Schema:
    """Make the schema of what all events share, for a body whose event type is missing or does not exist.

    ``params`` may be any object, since nothing shows what belongs in it. Arguments, result and errors are those of
    :func:`build_schema`.
    """
    is_open = _is_open(profile)
    event = _event(
        {"$ref": "#/definitions/eventType"}, {"type": "object"}, ["eventType", "playerTime"], is_open=is_open
    )
    return _document("event", event, _event_types(states_update), is_open=is_open, docs_lenient=docs_lenient)


def _event_types(states_update: bool) -> tuple[str, ...]:
    return EVENT_TYPES if states_update else tuple(name for name in EVENT_TYPES if name != "statesUpdate")


def _is_open(profile: str) -> bool:
    if profile not in PROFILES:
        raise InvalidInput(f"{profile!r} is not a schema profile; use one of {', '.join(PROFILES)}.")
    return profile == "open"


def _document(name: str, event: Schema, event_types: tuple[str, ...], *, is_open: bool, docs_lenient: bool) -> Schema:
    qoe_data = _object(QOE_KEYS, is_open=is_open)
    if docs_lenient:
        qoe_data["properties"].update({short: {"type": "integer"} for short in UNQUALIFIED_QOE})
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": f"{SCHEMA_BASE}{name}",
        "definitions": {
            "playerTime": _object(PLAYER_TIME_KEYS, is_open=is_open),
            "eventType": {"type": "string", "enum": list(event_types)},
            "qoeData": qoe_data,
            # Closed in every profile: its keys are bound by a pattern, not by a list that may lack some.
            "customMetadata": {
                "type": "object",
                "patternProperties": {CUSTOM_METADATA_PATTERN: {"type": "string"}},
                "additionalProperties": False,
            },
            name: event,
        },
        "type": "object",
        "$ref": f"#/definitions/{name}",
    }


def _event(event_type: Schema, params: Schema, required: list[str], *, is_open: bool) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {
            "eventType": event_type,
            "playerTime": {"$ref": "#/definitions/playerTime"},
            "params": params,
            "customMetadata": {"$ref": "#/definitions/customMetadata"},
            "qoeData": {"$ref": "#/definitions/qoeData"},
        },
        "required": required,
    }
    return schema if is_open else {**schema, "additionalProperties": False}


def _object(keys: Iterable[Key], *, is_open: bool) -> Schema:
    keys = tuple(keys)
    schema: Schema = {"type": "object", "properties": _properties(keys, is_open=is_open)}
    required = [key.name for key in keys if key.required]
    if required:
        schema["required"] = required
    if not is_open:
        schema["additionalProperties"] = False
    return schema


def _properties(keys: Iterable[Key], *, is_open: bool) -> Schema:
    return {key.name: _value(key, is_open=is_open) for key in keys}


def _value(key: Key, *, is_open: bool) -> Schema:
    if key.type == "integer|null":
        return {"type": ["integer", "null"]}
    if key.type == "customerIDs":
        # Any names, one entry each (Adobe, "Request parameters").
        return {"type": "object", "additionalProperties": _object(CUSTOMER_ID_KEYS, is_open=is_open)}
    if key.type == "stateList":
        return {"type": "array", "items": _object(EVENTS["stateStart"].params, is_open=is_open)}
    return {"type": key.type}
