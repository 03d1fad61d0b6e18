"""One story from its TOML file, and the errors in a file that is no valid story: ``file:line: pointer: reason``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mockserver.errors import InvalidInput, nearest
from mockserver.model.story import Story
from mockserver.pointer import steps_of
from mockserver.rules.misfit import members_at, value_at, words_at
from mockserver.rules.story_check import check_story, check_story_name
from mockserver.wire.codec import convert
from mockserver.wire.toml_file import TomlFile, read_settings_table, read_text

__all__ = ["parse_story", "read_story", "story_name"]


def story_name(path: Path) -> str:
    """Return the name of the story in a file: the file name without its extension.

    Raises:
        InvalidInput: It is not a valid name for a story, or the file is not named ``*.toml``.
    """
    try:
        if path.suffix != ".toml":
            raise InvalidInput("the name of a story file must end in .toml")
        check_story_name(path.stem)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
    return path.stem


def read_story(path: Path) -> Story:
    """Read the story in a file.

    Raises:
        InvalidInput: The file cannot be read, or the story in it is invalid; the message names the line.
    """
    story_name(path)
    return parse_story(read_text(path), str(path))


def parse_story(text: str, origin: str) -> Story:
    """Read a story.

    Args:
        text: A TOML document with the members of a :class:`~mockserver.model.story.Story`.
        origin: The path of the file, for messages.

    Raises:
        InvalidInput: It is not TOML, or the story is invalid: ``file:line: pointer: reason``.
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
    """Point at the unknown key itself rather than at its parent, and suggest a similar key."""
    steps, reason = steps_of(error.pointer), str(error)
    value = value_at(document, steps)
    known = members_at(Story, steps, document) if isinstance(value, dict) else []
    unknown = next((name for name in value if name not in known), None) if known else None
    if unknown is not None:
        return f"{error.pointer}/{unknown}", f"unknown key {unknown}{nearest(unknown, known)}"
    words = words_at(Story, steps, document) if isinstance(value, str) else []
    if words and value not in words:
        return error.pointer, f"{value!r} is none of {', '.join(words)}{nearest(value, words)}"
    return error.pointer, reason[:1].lower() + reason[1:]
