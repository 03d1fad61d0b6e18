"""The docstrings of records as texts for people: for the help of the command line, OpenAPI and the page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

__all__ = ["about", "about_members", "is_record", "records_in"]

_MEMBER = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)
_ROLE = re.compile(r":\w+:`~?(?:\w+\.)*(\w+)`")


def about(record: type) -> str:
    """Return the description of a record, in one paragraph."""
    return _flowing(_doc(record).partition("Args:\n")[0])


def about_members(record: type) -> dict[str, str]:
    """Return the description of each member of a record, inherited ones too."""
    return {
        found["name"]: _flowing(found["text"])
        for kind in reversed(record.__mro__)
        for found in _MEMBER.finditer(_doc(kind).partition("Args:\n")[2])
    }


def is_record(kind: Any) -> bool:
    """Return whether a type is a record."""
    return isinstance(kind, msgspec.StructMeta)


def records_in(kinds: Iterable[Any]) -> dict[str, type]:
    """Return all records that some types contain, and these themselves, by name."""
    found: dict[str, type] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if is_record(kind) and kind.__name__ not in found:
            found[kind.__name__] = kind
            waiting += [field.type for field in msgspec.structs.fields(kind)]
    return found


def _doc(record: type) -> str:
    return inspect.cleandoc(record.__dict__.get("__doc__") or "")


def _flowing(text: str) -> str:
    return _ROLE.sub(r"``\1``", re.sub(r"\s+", " ", text).strip())
