"""What does not fit in a document of our own formats, where, and what could be written instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from mockserver.errors import InvalidInput
from mockserver.rules.choices import lacking_at, members_at, takes_numbers, value_at, words_at
from mockserver.suggestion import nearest

__all__ = ["misfit"]

_AT = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_MOST_NAMED = 24
"""A message names no more than so many words."""


def misfit(error: msgspec.ValidationError, kind: Any, document: Any) -> InvalidInput:
    """Say what msgspec objects to.

    msgspec tells the place in its message only, which is read here and nowhere else. A version that words it otherwise
    costs the pointer and the suggestion, nothing more: its sentence is passed on whole.

    Args:
        error: The objection.
        kind: What the document should be.
        document: The document, in dictionaries and lists.
    """
    found = _AT.fullmatch(str(error))
    what, path = (found["what"], found["path"]) if found is not None else (str(error), "")
    pointer = _pointer(path, kind)
    return InvalidInput(_explained(what, kind, pointer.split("/")[1:], document), pointer=pointer)


def _pointer(path: str, kind: Any) -> str:
    """Make a JSON pointer of msgspec's path, which does not say which key of a dictionary is meant: ``[...]``."""
    is_record = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    if is_record and path[1:] in {field.encode_name for field in structs.fields(kind)}:
        return f"/{path[1:]}"  # the name of a member may have a dot in it
    steps = (name or index for name, index in _STEP.findall(path.partition("[...]")[0]))
    return "".join(f"/{step}" for step in steps)


def _explained(what: str, kind: Any, steps: Sequence[str], document: Any) -> str:
    """Where a name or a word is not known or missing, say what there is and what may have been meant."""
    value = value_at(document, steps)
    if isinstance(value, dict) and (known := members_at(kind, steps, document)):
        unknown = next((name for name in value if name not in known), None)
        if unknown is not None:
            return f"unknown member `{unknown}`{_there_are(known)}{nearest(unknown, known)}"
    if isinstance(value, dict) and (lacking := lacking_at(kind, steps, document)) is not None:
        return what + _there_are(words_at(kind, [*steps, lacking], document))
    words = words_at(kind, steps, document) if isinstance(value, str) else []
    if value in words or not words:
        return what
    if takes_numbers(kind, steps, document):
        return f"{what}; write a number, or {', '.join(words)}{nearest(value, words)}"
    return f"{what}{_there_are(words)}{nearest(value, words)}"


def _there_are(known: Sequence[str]) -> str:
    return f"; there are {', '.join(known)}" if 0 < len(known) <= _MOST_NAMED else ""
