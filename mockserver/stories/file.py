"""One story from its TOML file, and what is wrong with one that cannot be told: ``file:line: pointer: reason``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import inspect

from mockserver.errors import InvalidInput
from mockserver.model.story import Story
from mockserver.rules.story_check import check_story, check_story_name
from mockserver.rules.suggestion import nearest
from mockserver.wire.codec import convert
from mockserver.wire.toml_file import TomlFile, read_text

__all__ = ["parse_story", "read_story", "story_name"]

_UNKNOWN = re.compile(r"unknown member `(?P<name>.*)`")
_NO_CHOICE = re.compile(r"Invalid (enum )?value '(?P<word>.*)'")


def story_name(path: Path) -> str:
    """Return the name of the story in a file: the name of the file without its ending.

    Raises:
        InvalidInput: No story can be called so, or the file is not named ``*.toml``.
    """
    try:
        if path.suffix != ".toml":
            raise InvalidInput("a file with a story is named *.toml")
        check_story_name(path.stem)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
    return path.stem


def read_story(path: Path) -> Story:
    """Read the story in a file.

    Raises:
        InvalidInput: The file cannot be read, or the story in it cannot be told; says in which line.
    """
    story_name(path)
    return parse_story(read_text(path), str(path))


def parse_story(text: str, origin: str) -> Story:
    """Read a story.

    Args:
        text: A TOML document with the members of a :class:`~mockserver.model.story.Story`.
        origin: Where it comes from, for messages: the path of the file.

    Raises:
        InvalidInput: It is not TOML, or the story cannot be told: ``file:line: pointer: reason``.
    """
    file = TomlFile(text, origin)
    try:
        story: Story = convert(file.values, Story)
        check_story(story)
    except InvalidInput as error:
        pointer, reason = _explained(error, file.values)
        at = f"{pointer}: " if pointer else ""
        raise InvalidInput(f"{file.where(pointer)}: {at}{reason}") from None
    return story


def _explained(error: InvalidInput, document: dict[str, Any]) -> tuple[str, str]:
    """Point at an unknown key itself rather than at what holds it, and say what may have been meant."""
    steps, reason = error.pointer.split("/")[1:], str(error)
    unknown = _UNKNOWN.fullmatch(reason)
    if unknown is not None:
        known = [field.encode_name for record in _records(steps, document) for field in record.fields]
        return f"{error.pointer}/{unknown['name']}", f"unknown key {unknown['name']}{nearest(unknown['name'], known)}"
    wrong = _NO_CHOICE.fullmatch(reason)
    if wrong is not None:
        choices = [str(choice) for choice in _choices(steps, document)]
        return error.pointer, f"{wrong['word']!r} is none of {', '.join(choices)}{nearest(wrong['word'], choices)}"
    return error.pointer, reason[:1].lower() + reason[1:]


def _records(steps: Sequence[str], document: Any) -> Iterator[inspect.StructType]:
    """Return the records that the value at a place can be."""
    for kind in _kinds(steps, document):
        if isinstance(kind, inspect.StructType):
            yield kind


def _choices(steps: Sequence[str], document: Any) -> Iterator[object]:
    """Return the words that can stand at a place."""
    for kind in _kinds(steps, document):
        if isinstance(kind, inspect.EnumType):
            yield from (member.value for member in kind.cls)
        elif isinstance(kind, inspect.LiteralType):
            yield from kind.values
    for kind in _kinds(steps[:-1], document, narrow=False):
        if isinstance(kind, inspect.StructType) and kind.tag_field == steps[-1]:
            yield kind.tag


def _kinds(steps: Sequence[str], value: Any, *, narrow: bool = True) -> list[inspect.Type]:
    """Return the types that the value at a place can have.

    Args:
        narrow: Of records with a tag, only the one that the value names.
    """
    kinds = list(_alternatives(inspect.type_info(Story), value if narrow or steps else None))
    for index, step in enumerate(steps):
        value = _inner(value, step)
        shown = value if narrow or index < len(steps) - 1 else None
        kinds = [found for kind in kinds for member in _member(kind, step) for found in _alternatives(member, shown)]
    return kinds


def _inner(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[int(step)] if isinstance(value, list) and step.isdigit() and int(step) < len(value) else None


def _member(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == step)
    elif isinstance(kind, inspect.VarTupleType):
        yield kind.item_type


def _alternatives(kind: inspect.Type, value: Any) -> Iterator[inspect.Type]:
    for alternative in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        tag_field = alternative.tag_field if isinstance(alternative, inspect.StructType) else None
        if tag_field is None or not isinstance(value, dict) or value.get(tag_field) == alternative.tag:  # type: ignore[attr-defined]
            yield alternative
