from __future__ import annotations

import re
from itertools import product
from math import inf
from typing import Any

import pytest
from jsonschema import Draft4Validator

from mockserver.dialects.collection.keys import EVENTS
from mockserver.dialects.collection.schemas import PROFILES, SCHEMA_BASE, build_schema, build_shared_schema
from mockserver.errors import InvalidInput
from mockserver.model.event_types import EVENT_TYPES
from tests.metaschemas import mistakes
from tests.tables import every_case


def test_every_schema_is_valid_draft_04() -> None:
    for event_type, profile, docs_lenient in product(EVENT_TYPES, PROFILES, (False, True)):
        schema = build_schema(event_type, profile=profile, docs_lenient=docs_lenient)
        assert mistakes(schema, Draft4Validator) == [], (event_type, profile, docs_lenient)


def test_the_shared_schema_is_valid_draft_04() -> None:
    for profile in PROFILES:
        assert mistakes(build_shared_schema(profile=profile), Draft4Validator) == []


def test_a_schema_has_the_published_shape() -> None:
    for event_type in EVENT_TYPES:
        schema = build_schema(event_type)

        assert list(schema) == ["$schema", "id", "definitions", "type", "$ref"]
        assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
        assert re.fullmatch(rf"https://[a-z.-]+/api/v1/schemas/{event_type}", schema["id"])
        assert list(schema["definitions"]) == ["playerTime", "eventType", "qoeData", "customMetadata", event_type]
        assert (schema["type"], schema["$ref"]) == ("object", f"#/definitions/{event_type}")


def test_player_time_is_the_published_one() -> None:
    assert build_schema("ping")["definitions"]["playerTime"] == {
        "type": "object",
        "properties": {"playhead": {"type": "number"}, "ts": {"type": "integer"}},
        "required": ["playhead", "ts"],
        "additionalProperties": False,
    }


def test_custom_metadata_is_the_published_one() -> None:
    assert build_schema("ping")["definitions"]["customMetadata"] == {
        "type": "object",
        "patternProperties": {r"^[a-zA-Z0-9_\.]+$": {"type": "string"}},
        "additionalProperties": False,
    }


def test_qoe_data_has_no_empty_list_of_required_keys() -> None:
    qoe_data = build_schema("ping")["definitions"]["qoeData"]

    assert "required" not in qoe_data
    assert {name: each["type"] for name, each in qoe_data["properties"].items()} == {
        "media.qoe.bitrate": "integer",
        "media.qoe.droppedFrames": "integer",
        "media.qoe.framesPerSecond": "integer",
        "media.qoe.timeToStart": "integer",
        "media.qoe.errorID": "string",
        "media.qoe.errorSource": "string",
    }


def test_an_event_has_exactly_five_members() -> None:
    for event_type in EVENT_TYPES:
        event = build_schema(event_type)["definitions"][event_type]

        assert set(event["properties"]) == {"playerTime", "eventType", "params", "qoeData", "customMetadata"}
        assert event["properties"]["eventType"] == {"type": "string", "enum": [event_type]}
        assert event["additionalProperties"] is False
        assert ("params" in event["required"]) is EVENTS[event_type].needs_params, event_type


def test_params_of_session_start_begin_and_end_as_published() -> None:
    params = build_schema("sessionStart")["definitions"]["sessionStart"]["properties"]["params"]

    assert list(params["properties"])[:3] == ["appInstallationId", "analytics.trackingServer", "analytics.reportSuite"]
    assert params["required"][-1] == "visitor.marketingCloudOrgId"


def test_no_schema_limits_a_value_beyond_its_type() -> None:
    for event_type in EVENT_TYPES:
        event = build_schema(event_type)["definitions"][event_type]["properties"]["params"]

        assert not _keywords(event) & {
            "enum",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "format",
            "minItems",
            "pattern",
        }


def test_the_open_profile_closes_nothing_but_custom_metadata() -> None:
    for event_type in EVENT_TYPES:
        schema = build_schema(event_type, profile="open")
        del schema["definitions"]["customMetadata"]

        assert False not in _values_of("additionalProperties", schema)


def levels(schema: Any, definitions: dict[str, Any]) -> float:
    """Return how many levels a valid value has at most."""
    if "$ref" in schema:
        return levels(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if schema["type"] == "array":
        return 1 + levels(schema["items"], definitions)
    if schema["type"] != "object":
        return 0
    others = schema.get("additionalProperties", True)
    inner = [*schema.get("properties", {}).values(), *schema.get("patternProperties", {}).values()]
    if others is True:
        return inf
    return 1 + max((levels(each, definitions) for each in ([*inner, others] if others else inner)), default=0)


@every_case("docs_lenient", [False, True])
def test_what_the_closed_profile_accepts_is_not_deep(docs_lenient: bool) -> None:
    for name in EVENT_TYPES:
        schema = build_schema(name, docs_lenient=docs_lenient)
        assert levels({"$ref": schema["$ref"]}, schema["definitions"]) <= 4


def test_states_update_can_be_left_out() -> None:
    names = build_schema("ping", states_update=False)["definitions"]["eventType"]["enum"]

    assert names == list(EVENT_TYPES[:-1])
    with pytest.raises(InvalidInput, match="'statesUpdate' is not an event type"):
        build_schema("statesUpdate", states_update=False)


def test_an_unknown_event_type_or_profile_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'pause' is not an event type; use one of sessionStart, play"):
        build_schema("pause")
    with pytest.raises(InvalidInput, match="'strict' is not a schema profile; use one of sdk-union, open"):
        build_schema("play", profile="strict")
    with pytest.raises(InvalidInput, match="'strict' is not a schema profile"):
        build_shared_schema(profile="strict")


def test_schemas_are_new_on_every_call() -> None:
    build_schema("ping")["definitions"].clear()

    assert build_schema("ping")["definitions"]


def test_the_host_of_the_id_cannot_exist() -> None:
    assert SCHEMA_BASE.split("/")[2].endswith(".invalid")


def _keywords(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema).union(*map(_keywords, schema.values()))
    return set().union(*map(_keywords, schema)) if isinstance(schema, list) else set()


def _values_of(keyword: str, schema: Any) -> list[Any]:
    if not isinstance(schema, dict):
        return []
    own = [schema[keyword]] if keyword in schema else []
    return own + [found for value in schema.values() for found in _values_of(keyword, value)]
