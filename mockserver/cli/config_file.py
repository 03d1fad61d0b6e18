"""``mockserver.toml``: its values and their line numbers."""

from __future__ import annotations

from pathlib import Path

from mockserver.wire.toml_file import TomlFile, named_as_in_json, read_text

__all__ = ["FILE_NAME", "ConfigFile"]

FILE_NAME = "mockserver.toml"
"""The file that is read from the working directory by default."""


class ConfigFile:
    """A TOML file.

    Args:
        path: The file to read.

    Raises:
        InvalidInput: The file cannot be read or is not TOML.

    Attributes:
        values: The document. Settings with a dot in their name, which TOML reads as tables, have that name as key.
        folder: The folder of the file; relative paths in the file start here.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._file = TomlFile(read_text(path), str(path))
        self.values = named_as_in_json(self._file.values)

    def where(self, key: str, index: int = 0) -> str:
        """Return ``file:line`` of a key, or of the table with that name and index."""
        return self._file.where(f"/{key}/{index}")
