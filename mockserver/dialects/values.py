"""Write values of a body in the sentences about it."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

from mockserver.wire.codec import WrittenNumber

__all__ = [
    "LONGEST_SHOWN",
    "SENT_AS_NULL",
    "TYPE_WORDS",
    "bounded",
    "in_quotes",
    "is_big",
    "rewritten",
    "shown",
    "shown_with_type",
]

LONGEST_SHOWN = 80
"""Most characters of a value that a sentence shows."""

SENT_AS_NULL = " (JSON.stringify writes NaN and Infinity as null)"
"""Why a number may be null."""

_BIG_INT_BITS = 256

TYPE_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "integer|null": "an integer or null",
    "object": "an object",
    "array": "an array",
}
"""The words for JSON types; ``integer|null`` allows both."""


def shown(value: object) -> str:
    """Write a value as JSON in at most 80 characters."""
    if is_big(value):
        return "with more than 75 digits"
    if isinstance(value, WrittenNumber):
        return _cut(value.text)
    if isinstance(value, str):
        text = json.dumps(value[: LONGEST_SHOWN + 1], ensure_ascii=False)
        return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 4] + '..."'
    if isinstance(value, dict):
        members = islice(value.items(), 4)
        parts = [f"{shown(name)}: {_brief(member)}" for name, member in members]
        return _cut("{" + ", ".join(parts + ["..."] * (len(value) > 4)) + "}")
    if isinstance(value, list):
        parts = [_brief(item) for item in value[:8]]
        return _cut("[" + ", ".join(parts + ["..."] * (len(value) > 8)) + "]")
    return _cut(json.dumps(value, ensure_ascii=False, default=lambda other: type(other).__name__))


def shown_with_type(value: object) -> str:
    """Write a value with its type, such as ``the string "x"``."""
    if value is None:
        return "null"
    kind = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    plain = float if isinstance(value, WrittenNumber) else type(value)
    return f"the {kind.get(plain, 'value')} {shown(value)}"


def in_quotes(name: object) -> str:
    """Write a name in quotes."""
    return shown(str(name))


def rewritten(value: object, wanted: str | list[str]) -> str:
    """Return how to write a value that only has the wrong form, such as a number in quotes; empty for others."""
    if wanted == "string" and isinstance(value, (bool, int, float)) and not is_big(value):
        return f' ("{shown(value)}", with quotes)'
    if wanted == "boolean" and isinstance(value, str) and value in ("true", "false"):
        return f" ({value}, without quotes)"
    number = r"-?(0|[1-9][0-9]{0,15})" + (r"(\.[0-9]{1,15})?" if wanted == "number" else "")
    if wanted in ("number", "integer", ["integer", "null"]) and isinstance(value, str) and re.fullmatch(number, value):
        return f" ({value}, without quotes)"
    if isinstance(value, float) and wanted in ("integer", ["integer", "null"]) and abs(value) < 1e15:
        return f" ({round(value)}, without a fraction)"
    return ""


def bounded(value: Any, depth: int) -> Any:
    """Copy the part of a value that schemas look at: jsonschema prints values, and Python cannot print all of them."""
    if isinstance(value, dict):
        return {name: bounded(member, depth - 1) for name, member in value.items()} if depth else {}
    if isinstance(value, list):
        return [bounded(item, depth - 1) for item in value] if depth else []
    if is_big(value):
        return 1 << _BIG_INT_BITS
    return value


def is_big(value: object) -> bool:
    """Return whether a value is an integer with too many digits to show."""
    return isinstance(value, int) and value.bit_length() > _BIG_INT_BITS


def _brief(value: object) -> str:
    if isinstance(value, (dict, list)) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    return shown(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
