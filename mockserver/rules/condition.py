"""Conditions on an event body: ``/params/media.id=clip-7``, ``/playerTime/playhead>30``, or short: ``media.id=clip-7``.

The first operator in the text ends the JSON pointer (RFC 6901). There are no regular expressions, so no query can be
slow. Conditions on header fields, such as ``User-Agent*=Android``, look the same; their values are always text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from mockserver.errors import InvalidInput
from mockserver.model.http import RawHeaders, is_token
from mockserver.pointer import pointer_of, steps_of

__all__ = [
    "MISSING",
    "Condition",
    "HeaderCondition",
    "header_holds",
    "header_values",
    "holds",
    "parse_condition",
    "parse_header_condition",
    "resolve",
    "value_of",
]

_MAX_LENGTH = 4096
"""Most characters of a condition; parsed conditions are cached."""

_OPERATOR = re.compile(r"!=|\*=|=|>|<")
_HEADER_OPERATOR = re.compile(r"!=|\*=|=")
_NO_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")

_KEY = re.compile(r"[A-Za-z_][\w.-]*")
_KEYED = ("params", "playerTime", "qoeData", "customMetadata")
"""The parts of an event whose members a condition may name without their place."""


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()
"""The value of a pointer that leads nowhere."""


class Condition(msgspec.Struct, frozen=True):
    """One parsed condition.

    Args:
        text: As the user wrote it.
        tokens: The reference tokens of the pointer, unescaped; of a key, the key.
        op: ``=``, ``!=``, ``>``, ``<`` or ``*=``.
        value: The value to compare with: JSON if it can be read as JSON, otherwise the text itself.
        is_key: Whether it names a key of an event instead of a place.
    """

    text: str
    tokens: tuple[str, ...]
    op: str
    value: Any
    is_key: bool = False

    @property
    def place(self) -> str:
        """What it is about: a JSON pointer or a key."""
        return self.tokens[0] if self.is_key else pointer_of(self.tokens)


class HeaderCondition(msgspec.Struct, frozen=True):
    """One parsed condition on a header field.

    Args:
        text: As the user wrote it.
        name: The name of the field in lower case.
        op: ``=``, ``!=`` or ``*=``.
        value: The text to compare with.
    """

    text: str
    name: str
    op: str
    value: str


@lru_cache(maxsize=1024)
def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        InvalidInput: There is neither a pointer nor a key, or no operator, or the text is too long; or a ``~`` in the
            pointer escapes nothing.
    """
    _check_length(text, "/where")
    operator = _OPERATOR.search(text)
    where = "" if operator is None else text[: operator.start()]
    is_key = _KEY.fullmatch(where) is not None
    if operator is None or not (where.startswith("/") or is_key):
        raise InvalidInput(
            f"{text!r} is not a condition: write <key or JSON pointer><op><value> with op one of = != > < *=, "
            "for example media.id=clip-7 or /params/media.id=clip-7",
            pointer="/where",
        )
    if not is_key and _NO_ESCAPE.search(where):
        raise InvalidInput(f"{text!r}: in a JSON pointer, ~ is written ~0, and / in a name ~1", pointer="/where")
    literal = text[operator.end() :]
    try:
        value: Any = msgspec.json.decode(literal)
    except (msgspec.DecodeError, RecursionError):
        value = literal
    return Condition(text, (where,) if is_key else steps_of(where), operator.group(), value, is_key)


def _check_length(text: str, pointer: str) -> None:
    if len(text) > _MAX_LENGTH:
        raise InvalidInput(f"a condition has at most {_MAX_LENGTH} characters, not {len(text)}", pointer=pointer)


def resolve(document: Any, tokens: tuple[str, ...]) -> Any:
    """Return the value at a JSON pointer; :data:`MISSING` when it leads nowhere."""
    for token in tokens:
        if isinstance(document, dict):
            document = document.get(token, MISSING)
        elif isinstance(document, list) and _INDEX.fullmatch(token) and int(token) < len(document):
            document = document[int(token)]
        else:
            return MISSING
    return document


def value_of(condition: Condition, document: Any, normal: Any = None) -> Any:
    """Return the value that a condition is about; :data:`MISSING` when there is none.

    Args:
        document: The body as it was sent, which is looked at first.
        normal: The event in the normal shape, if the body has another.
    """
    find = _find_key if condition.is_key else resolve
    seen = find(document, condition.tokens)
    return find(normal, condition.tokens) if seen is MISSING and normal is not None else seen


def _find_key(document: Any, tokens: tuple[str, ...]) -> Any:
    """Return the value of a key in whichever part of an event it is."""
    parts = (resolve(document, (part, *tokens)) for part in _KEYED)
    return next((value for value in parts if value is not MISSING), resolve(document, tokens))


def holds(condition: Condition, document: Any, normal: Any = None) -> bool:
    """Return whether an event meets a condition; arguments as of :func:`value_of`.

    A missing value meets only ``!=``. Numbers compare with numbers and text with text; true is not 1. ``*=`` means that
    a text contains a text or a list contains a value.
    """
    seen = value_of(condition, document, normal)
    wanted = condition.value
    match condition.op:
        case "=":
            return seen is not MISSING and _equal(seen, wanted)
        case "!=":
            return seen is MISSING or not _equal(seen, wanted)
        case "*=":
            return _contains(seen, condition)
        case op:
            if not (_ordered(seen) and _ordered(wanted) and isinstance(seen, str) == isinstance(wanted, str)):
                return False
            return bool(seen > wanted if op == ">" else seen < wanted)


def _equal(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return seen is wanted
    if isinstance(seen, dict) and isinstance(wanted, dict):
        return seen.keys() == wanted.keys() and all(_equal(seen[key], wanted[key]) for key in seen)
    if isinstance(seen, list) and isinstance(wanted, list):
        return len(seen) == len(wanted) and all(_equal(left, right) for left, right in zip(seen, wanted, strict=True))
    return bool(seen == wanted)


def _contains(seen: Any, condition: Condition) -> bool:
    wanted = condition.value
    if isinstance(seen, list):
        return any(_equal(item, wanted) for item in seen)
    # In a text, a number is searched as it was written: 1.0 is not 1 there.
    return isinstance(seen, str) and (wanted if isinstance(wanted, str) else _literal(condition)) in seen


def parse_header_condition(text: str) -> HeaderCondition:
    """Read a condition on a header field: ``<name><op><value>``.

    Raises:
        InvalidInput: There is no name or no operator, or the text is too long.
    """
    _check_length(text, "/header")
    operator = _HEADER_OPERATOR.search(text)
    if operator is None or not is_token(text[: operator.start()]):
        raise InvalidInput(
            f"{text!r} is not a condition on a header: write <name><op><value> with op one of = != *=, for example "
            "User-Agent*=Android",
            pointer="/header",
        )
    return HeaderCondition(text, text[: operator.start()].lower(), operator.group(), text[operator.end() :])


def header_values(headers: RawHeaders, name: str) -> list[str]:
    """Return the values of all fields of a (lower-case) name, in order."""
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in headers if key.lower() == wanted]


def header_holds(condition: HeaderCondition, values: Iterable[str]) -> bool:
    """Return whether the values of a header field meet a condition.

    Of a repeated field, one value is enough. ``!=`` holds when ``=`` does not, so also when the field is missing.
    """
    match condition.op:
        case "=":
            return any(value == condition.value for value in values)
        case "!=":
            return all(value != condition.value for value in values)
        case _:
            return any(condition.value in value for value in values)


def _literal(condition: Condition) -> str:
    return condition.text.partition(condition.op)[2]


def _ordered(value: Any) -> bool:
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)
