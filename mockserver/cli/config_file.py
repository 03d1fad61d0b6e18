"""``mockserver.toml``: what it says, and on which line."""

from __future__ import annotations

from pathlib import Path

from mockserver.wire.toml_file import TomlFile, named_as_in_json, read_text

__all__ = ["FILE_NAME", "ConfigFile"]

FILE_NAME = "mockserver.toml"
"""The file that is read from the working directory when no other is named."""


class ConfigFile:
    """A TOML file that was read.

    Args:
        path: Where it is.

    Raises:
        InvalidInput: It cannot be read or is not TOML.

    Attributes:
        values: The document; settings with a dot in their name, which TOML takes for tables, stand under that name.
        folder: The folder of the file, where the relative paths in it begin.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._file = TomlFile(read_text(path), str(path))
        self.values = named_as_in_json(self._file.values)

    def where(self, key: str, index: int = 0) -> str:
        """Return ``file:line`` of a key, or of the table of that name with that index."""
        return self._file.where(f"/{key}/{index}")
