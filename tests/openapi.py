"""The OpenAPI document, made once for all tests, and what its schemas say about a value."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from mockserver.admin.openapi import description
from mockserver.dialects.registry import DIALECTS
from mockserver.wire.codec import encode

__all__ = ["document", "refusals"]


@cache
def document() -> dict[str, Any]:
    """Return the document of version 1.2.3 as its readers get it."""
    found: dict[str, Any] = json.loads(encode(description("1.2.3", DIALECTS)))
    return found


def refusals(schema: dict[str, Any], value: Any) -> list[str]:
    """Return why a value does not match a schema of the document."""
    whole = Draft202012Validator({**schema, "components": document()["components"]})
    return [f"{error.json_path}: {error.message}" for error in whole.iter_errors(value)]
