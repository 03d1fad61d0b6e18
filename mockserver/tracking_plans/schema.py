"""The JSON Schema of tracking plans, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.model.described import about, about_members
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.expectation import Expectation
from mockserver.model.query import Query
from mockserver.model.tracking_plan import (
    ContentCriteria,
    ContentPlan,
    ExpectedEvent,
    ExpectedName,
    KeyRule,
    TrackingPlan,
)

__all__ = ["plan_schema"]

_RECORDS = (TrackingPlan, ContentPlan, ContentCriteria, ExpectedEvent, ExpectedName, KeyRule, Expectation, Query)


def plan_schema() -> dict[str, Any]:
    """Return the schema of a plan, with the texts of its records, the event types and the codes of findings."""
    from mockserver.rules.diagnose.catalogue import CODES  # imports all rules, so only when needed

    (root,), schemas = msgspec.json.schema_components((TrackingPlan,), ref_template="#/$defs/{name}")
    for record in _RECORDS:
        _describe(schemas[record.__name__], record)
    schemas["ExpectedEvent"]["properties"]["event_type"]["enum"] = list(EVENT_TYPES)
    for name in ("TrackingPlan", "ContentPlan"):
        schemas[name]["properties"]["allow_findings"]["items"] = {"enum": list(CODES)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tracking plan of mockserver",
        **root,
        "$defs": schemas,
    }


def _describe(schema: dict[str, Any], record: type[msgspec.Struct]) -> None:
    schema["description"] = about(record)
    texts = about_members(record)
    for field in msgspec.structs.fields(record):
        schema["properties"][field.encode_name]["description"] = texts[field.name]
