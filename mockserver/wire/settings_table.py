"""Settings as TOML writes them, under the names and with the values of their JSON.

TOML reads the name ``cors.max_age`` as a member of a table ``cors``, and it has no null, for which the word ``none``
stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from msgspec.structs import fields

from mockserver.model.settings import SessionRule, Settings

__all__ = ["named_as_in_json", "read_settings_table"]

_FIELDS = {field.encode_name: field for field in fields(Settings)}
_TABLES = {name.partition(".")[0] for name in _FIELDS if "." in name}


def named_as_in_json(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the settings whose names have a dot under these names; all else stays as it is."""
    named: dict[str, Any] = {}
    for name, value in table.items():
        if name in _TABLES and isinstance(value, dict):
            named.update({f"{name}.{member}": inner for member, inner in value.items()})
        else:
            named[name] = value
    return named


def read_settings_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of settings as members of their JSON; what is no setting stays as it is, to be refused."""
    named = {name: _value(_FIELDS[name].type if name in _FIELDS else None, value)
             for name, value in named_as_in_json(table).items()}  # fmt: skip
    rules = named.get("session_rules")
    if isinstance(rules, list):
        kinds = {field.encode_name: field.type for field in fields(SessionRule)}
        named["session_rules"] = [
            {name: _value(kinds.get(name), value) for name, value in rule.items()} if isinstance(rule, dict) else rule
            for rule in rules
        ]
    return named


def _value(kind: Any, value: Any) -> Any:
    return None if value == "none" and type(None) in get_args(kind) else value
