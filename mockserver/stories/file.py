"""One story from its TOML file, and the errors in a file that is not a valid story: ``file:line: pointer: reason``."""

from __future__ import annotations

from pathlib import Path

from mockserver.errors import InvalidInput
from mockserver.model.story import Story
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
    with file.refusing(Story, values):
        story: Story = convert(values, Story)
        check_story(story)
    return story
