"""Explain what is wrong in a document of our own formats: where, and what could be written instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import inspect, structs

from mockserver.errors import InvalidInput, nearest
from mockserver.pointer import pointer_of

__all__ = ["members_at", "misfit", "value_at", "words_at"]

_AT = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_MOST_NAMED = 24
"""Most words that a message lists."""

_TYPES: tuple[tuple[Any, str, tuple[type, ...]], ...] = (
    (inspect.BoolType, "true or false", (bool,)),
    (inspect.IntType, "a whole number", (int,)),
    (inspect.FloatType, "a number", (int, float)),
    ((inspect.StrType, inspect.EnumType, inspect.LiteralType), "text", (str,)),
    ((inspect.ListType, inspect.VarTupleType, inspect.TupleType), "a list", (list, tuple)),
    ((inspect.DictType, inspect.StructType), "an object", (dict,)),
    (inspect.NoneType, "null", (type(None),)),
)
"""Types of msgspec, how people call them, and the values that have them."""

_SHOWN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: str(value).lower(),
    int: lambda value: str(value) if abs(value) < 10**18 else "so large a number",  # str refuses thousands of digits
    float: str,
    str: lambda value: repr(value[:50]),
    list: lambda _: "a list",
    tuple: lambda _: "a list",
    dict: lambda _: "an object",
    type(None): lambda _: "null",
}


def misfit(error: msgspec.ValidationError, kind: Any, document: Any) -> InvalidInput:
    """Explain an error of msgspec.

    msgspec names the place only in its message, which is parsed here and nowhere else. If another version words it
    differently, the pointer and the suggestion are lost, and its sentence is passed on as it is.

    Args:
        error: The error.
        kind: What the document should be.
        document: The document, in dictionaries and lists.
    """
    found = _AT.fullmatch(str(error))
    what, path = (found["what"], found["path"]) if found is not None else (str(error), "")
    pointer = _pointer(path, kind)
    inside = _misfit_inside(kind, pointer, document) if "[...]" in path else None
    if inside is not None:
        return inside
    return InvalidInput(_explained(what, kind, pointer.split("/")[1:], document), pointer=pointer)


def _pointer(path: str, kind: Any) -> str:
    """Make a JSON pointer of msgspec's path, which writes ``[...]`` for the key of a dictionary."""
    is_record = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    if is_record and path[1:] in {field.encode_name for field in structs.fields(kind)}:
        return f"/{path[1:]}"  # the name of a member may have a dot in it
    steps = (name or index for name, index in _STEP.findall(path.partition("[...]")[0]))
    return "".join(f"/{step}" for step in steps)


def _misfit_inside(kind: Any, pointer: str, document: Any) -> InvalidInput | None:
    """Explain an error inside a dictionary, whose key msgspec does not name; None if it cannot be found again.

    Args:
        pointer: The dictionary.
    """
    steps = pointer.split("/")[1:]
    members, value_kind = value_at(document, steps), _value_kind(kind, steps)
    if not isinstance(members, dict) or value_kind is None:
        return None
    for name, value in members.items():
        try:
            msgspec.convert(value, value_kind)
        except msgspec.ValidationError as error:
            found = misfit(error, value_kind, value)
            return InvalidInput(str(found), pointer=pointer + pointer_of((str(name),)) + found.pointer)
    return None


def _value_kind(kind: Any, steps: Sequence[str]) -> Any:
    """Return the type of the values of the dictionary at a place; None if no dictionary can be there."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        inner = [field.type for field in structs.fields(kind) if steps and field.encode_name == steps[0]]
        return _value_kind(inner[0], steps[1:]) if inner else None
    arguments = get_args(kind)
    if steps and get_origin(kind) in (tuple, list) and steps[0].isdigit():
        return _value_kind(arguments[0], steps[1:])
    if not steps and get_origin(kind) in (dict, Mapping):
        return arguments[1]
    found = (_value_kind(one, steps) for one in arguments if get_origin(kind) in (Union, UnionType))
    return next((one for one in found if one is not None), None)


def _explained(what: str, kind: Any, steps: Sequence[str], document: Any) -> str:
    """Say which names or words are allowed where one is unknown or missing, and which may be meant."""
    value = value_at(document, steps)
    if isinstance(value, dict) and (known := members_at(kind, steps, document)):
        unknown = next((name for name in value if name not in known), None)
        if unknown is not None:
            return f"unknown member `{unknown}`{_there_are(known)}{nearest(unknown, known)}"
    if isinstance(value, dict) and (lacking := _lacking_at(kind, steps, document)) is not None:
        return f"the member `{lacking}` is missing{_there_are(words_at(kind, [*steps, lacking], document))}"
    wrong = _wrong_type(_kinds(kind, steps, document), value)
    if wrong is not None:
        return wrong
    words = words_at(kind, steps, document) if isinstance(value, (str, int)) else []
    if value in words or not words:
        return what
    if _takes_numbers(kind, steps, document):
        return f"{what}; write a number, or {', '.join(words)}{nearest(str(value), words)}"
    return f"{what}{_there_are(words)}{nearest(str(value), words)}"


def _wrong_type(kinds: Sequence[inspect.Type], value: Any) -> str | None:
    """Say which types a place can hold; None if the value has one of them, or if it cannot be said in a few words."""
    if type(value) not in _SHOWN:
        return None
    named: list[str] = []
    for kind in kinds:
        of = inspect.IntType() if _is_literal_number(kind) else kind
        name, types = next(((name, types) for known, name, types in _TYPES if isinstance(of, known)), ("", ()))
        if not name or type(value) in types:
            return None
        named += [name] if name not in named else []
    allowed = " or ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))
    return f"must be {allowed}, not {_SHOWN[type(value)](value)}" if allowed else None


def _is_literal_number(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.LiteralType) and all(isinstance(value, int) for value in kind.values)


def _there_are(known: Sequence[str]) -> str:
    if len(known) == 1:
        return f"; there is only {known[0]}"
    return f"; there are {', '.join(known)}" if 0 < len(known) <= _MOST_NAMED else ""


# What a place can hold


def members_at(kind: Any, steps: Sequence[str], document: Any) -> list[str]:
    """Return the members that a record can have.

    Args:
        kind: What the document should be.
        steps: The place of the record: the tokens of a JSON pointer.
        document: The document; it shows which of several records is meant.
    """
    records = (found for found in _kinds(kind, steps, document) if isinstance(found, inspect.StructType))
    return list(dict.fromkeys(name for record in records for name in _names(record)))


def _lacking_at(kind: Any, steps: Sequence[str], document: Any) -> str | None:
    """Return the first required member that a record lacks. For the arguments see :func:`members_at`."""
    record = value_at(document, steps)
    for narrow in (False, True):
        for found in _kinds(kind, steps, document, narrow=narrow):
            if isinstance(found, inspect.StructType):
                needed = [] if found.tag_field is None else [found.tag_field]
                needed += [field.encode_name for field in found.fields if narrow and field.required]
                if lacking := [name for name in needed if name not in record]:
                    return lacking[0]
    return None


def words_at(kind: Any, steps: Sequence[str], document: Any) -> list[str]:
    """Return the words that are allowed at a place; none where there is no list.

    Args:
        kind: What the document should be.
        steps: The place: the tokens of a JSON pointer.
        document: The document; it shows which of several records is meant.
    """
    return [str(word) for word in _words(kind, steps, document)]


def _takes_numbers(kind: Any, steps: Sequence[str], document: Any) -> bool:
    """Return whether a number is allowed at a place. For the arguments see :func:`words_at`."""
    return any(isinstance(found, (inspect.IntType, inspect.FloatType)) for found in _kinds(kind, steps, document))


def value_at(document: Any, steps: Sequence[str]) -> Any:
    """Return the value at a place of a document; None when there is none."""
    for step in steps:
        document = _inner(document, step)
    return document


def _names(record: inspect.StructType) -> Iterator[str]:
    if record.tag_field is not None:
        yield record.tag_field
    yield from (field.encode_name for field in record.fields)


def _words(kind: Any, steps: Sequence[str], document: Any) -> Iterator[object]:
    for found in _kinds(kind, steps, document):
        if isinstance(found, inspect.EnumType):
            yield from (member.value for member in found.cls)
        elif isinstance(found, inspect.LiteralType):
            yield from found.values
    for found in _kinds(kind, steps[:-1], document, narrow=False) if steps else ():
        if isinstance(found, inspect.StructType) and found.tag_field == steps[-1]:
            yield found.tag


def _kinds(kind: Any, steps: Sequence[str], value: Any, *, narrow: bool = True) -> list[inspect.Type]:
    """Return the types that the value at a place can have.

    Args:
        narrow: Of records with a tag, only the one that the value names.
    """
    kinds = list(_alternatives(_type_info(kind), value if narrow or steps else None))
    for index, step in enumerate(steps):
        value = _inner(value, step)
        shown = value if narrow or index < len(steps) - 1 else None
        kinds = [found for outer in kinds for member in _member(outer, step) for found in _alternatives(member, shown)]
    return kinds


@cache  # msgspec takes milliseconds to describe a type
def _type_info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _inner(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    within = isinstance(value, (list, tuple)) and step.isdigit() and int(step) < len(value)
    return value[int(step)] if within else None


def _member(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == step)
    elif isinstance(kind, (inspect.VarTupleType, inspect.ListType)):
        yield kind.item_type
    elif isinstance(kind, inspect.DictType):
        yield kind.value_type


def _alternatives(kind: inspect.Type, value: Any) -> Iterator[inspect.Type]:
    kind = kind.type if isinstance(kind, inspect.Metadata) else kind
    for alternative in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        tag_field = alternative.tag_field if isinstance(alternative, inspect.StructType) else None
        if tag_field is None or not isinstance(value, dict) or value.get(tag_field) == alternative.tag:  # type: ignore[attr-defined]
            yield alternative
