"""``mockserver.toml``: what it says, and on which line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mockserver.errors import InvalidInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["FILE_NAME", "ConfigFile"]

FILE_NAME = "mockserver.toml"
"""The file that is read from the working directory when no other is named."""

_TABLE = re.compile(r"\s*\[")


class ConfigFile:
    """A TOML file that was read.

    Args:
        path: Where it is.

    Raises:
        InvalidInput: It cannot be read or is not TOML.

    Attributes:
        values: The document.
        folder: The folder of the file, where the relative paths in it begin.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder = path.parent
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise InvalidInput(f"{path} is not UTF-8") from None
        try:
            self.values: dict[str, Any] = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            reason = re.sub(r" \(at .*\)$", "", str(error))
            raise InvalidInput(f"{path}{f':{line[1]}' if line else ''} is not TOML: {reason}") from None

    def where(self, key: str, index: int = 0) -> str:
        """Return ``file:line`` of a key, or of the table of that name with that index."""
        found = self._tables(key) or self._keys(key)
        return f"{self._path}:{found[min(index, len(found) - 1)]}" if found else str(self._path)

    def _tables(self, key: str) -> list[int]:
        table = re.compile(rf"""\s*\[\[?\s*["']?{re.escape(key)}["']?\s*[].]""")
        return [number for number, line in enumerate(self._text.splitlines(), 1) if table.match(line)]

    def _keys(self, key: str) -> list[int]:
        assignment = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
        for number, line in enumerate(self._text.splitlines(), 1):
            if _TABLE.match(line):
                break
            if assignment.match(line):
                return [number]
        return []
