"""The JSON Schema of tracking plans, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.tracking_plan import TrackingPlan
from mockserver.wire.toml_schema import toml_schema

__all__ = ["plan_schema"]


def plan_schema() -> dict[str, Any]:
    """Return the schema of a plan, with the texts of its records, the event types and the codes of findings."""
    from mockserver.rules.diagnose.catalogue import CODES  # imports all rules, so only when needed

    schema = toml_schema("Tracking plan of mockserver", TrackingPlan)
    schemas = schema["$defs"]
    schemas["ExpectedEvent"]["properties"]["event_type"]["enum"] = list(EVENT_TYPES)
    for name in ("TrackingPlan", "ContentPlan"):
        schemas[name]["properties"]["allow_findings"]["items"] = {"enum": list(CODES)}
    return schema
