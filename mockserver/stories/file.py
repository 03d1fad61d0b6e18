"""One story from its TOML file, and what is wrong with one that cannot be told: ``file:line: pointer: reason``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mockserver.errors import InvalidInput
from mockserver.model.story import Story
from mockserver.rules.story_check import check_story, check_story_name
from mockserver.rules.suggestion import nearest
from mockserver.wire.choices import members_at, words_at
from mockserver.wire.codec import convert
from mockserver.wire.settings_table import read_settings_table
from mockserver.wire.toml_file import TomlFile, read_text

__all__ = ["parse_story", "read_story", "story_name"]

_UNKNOWN = re.compile(r"unknown member `(?P<name>.*)`[^`]*")
_NO_CHOICE = re.compile(r"Invalid (enum )?value '(?P<word>.*)'[^']*")


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
    values = dict(file.values)
    if isinstance(values.get("settings"), dict):
        values["settings"] = read_settings_table(values["settings"])
    try:
        story: Story = convert(values, Story)
        check_story(story)
    except InvalidInput as error:
        pointer, reason = _explained(error, values)
        at = f"{pointer}: " if pointer else ""
        raise InvalidInput(f"{file.where(pointer)}: {at}{reason}") from None
    return story


def _explained(error: InvalidInput, document: dict[str, Any]) -> tuple[str, str]:
    """Point at an unknown key itself rather than at what holds it, and say what may have been meant."""
    steps, reason = error.pointer.split("/")[1:], str(error)
    unknown = _UNKNOWN.fullmatch(reason)
    if unknown is not None:
        known = members_at(Story, steps, document)
        return f"{error.pointer}/{unknown['name']}", f"unknown key {unknown['name']}{nearest(unknown['name'], known)}"
    wrong = _NO_CHOICE.fullmatch(reason)
    if wrong is not None:
        choices = words_at(Story, steps, document)
        return error.pointer, f"{wrong['word']!r} is none of {', '.join(choices)}{nearest(wrong['word'], choices)}"
    return error.pointer, reason[:1].lower() + reason[1:]
