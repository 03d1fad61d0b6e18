"""Whether a document is a JSON Schema, by the schema that its draft has for schemas."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator

__all__ = ["mistakes"]


def mistakes(schema: dict[str, Any], draft: Any = Draft202012Validator) -> list[str]:
    """Return what is wrong with a schema, its patterns and references included.

    The metaschema is that of jsonschema; jsonschema_rs applies it in a hundredth of the time.
    """
    return [f"{error.instance_path}: {error.message}" for error in _metaschema(draft).iter_errors(schema)]


@cache
def _metaschema(draft: Any) -> Any:
    return jsonschema_rs.validator_for(draft.META_SCHEMA, validate_formats=True)
