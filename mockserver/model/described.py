"""The docstrings of records as texts for people: for the help of the command line, OpenAPI and the page."""

from __future__ import annotations

import inspect
import re

__all__ = ["about", "about_members"]

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


def _doc(record: type) -> str:
    return inspect.cleandoc(record.__dict__.get("__doc__") or "")


def _flowing(text: str) -> str:
    return _ROLE.sub(r"``\1``", re.sub(r"\s+", " ", text).strip())
