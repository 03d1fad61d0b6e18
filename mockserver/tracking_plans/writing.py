"""A tracking plan as TOML, for people to edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.model.tracking_plan import TrackingPlan
from mockserver.wire.codec import to_builtins

__all__ = ["SCHEMA_FILE", "plan_toml"]

SCHEMA_FILE = "plan.schema.json"
"""The schema that the first line of a plan names, relative to the plan; editors complete and check by it."""

_HEAD = f"""\
#:schema {SCHEMA_FILE}
# Written from a recording: everything below was seen there. Go through it, and say what the player must report:
# exactly, at_least, at_most for numbers; one_of, pattern, type, at_least, at_most, forbidden for values.
# `mockserver schema --plan > {SCHEMA_FILE}` writes the schema that editors complete and check it by.
"""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PARTS = frozenset({"params", "customMetadata", "qoeData", "playerTime"})


def plan_toml(plan: TrackingPlan) -> str:
    """Write a plan; reading it gives the same plan."""
    values = to_builtins(plan)
    return "\n".join([_HEAD, *_table(values, ""), ""])


def _table(values: Mapping[str, Any], path: str) -> Iterator[str]:
    """Write a table: what fits in a line first, then the tables that are lists, each entry under its own header."""
    lists = {name: value for name, value in values.items() if name in ("content", "events", "expect")}
    for name, value in values.items():
        if name in _PARTS:
            yield from (f"{name}.{_key(key)} = {_value(rule)}" for key, rule in value.items())
        elif name not in lists:
            yield from _assignment(name, value)
    for name, entries in lists.items():
        for entry in entries:
            yield f"\n[[{path}{name}]]"
            yield from _table(entry, f"{path}{name}.")


def _assignment(name: str, value: Any) -> Iterator[str]:
    """Write a member; a long list with one entry on each line."""
    line = f"{name} = {_value(value)}"
    if isinstance(value, (list, tuple)) and len(line) > 100:
        yield f"{name} = ["
        yield from (f"    {_value(one)}," for one in value)
        yield "]"
    else:
        yield line


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)
