"""``mockserver.toml``, its values and their line numbers; and the fault rules of it or of another file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mockserver.errors import InvalidInput, nearest
from mockserver.model.fault import FaultSpec
from mockserver.rules.faults import check_spec
from mockserver.wire.codec import convert
from mockserver.wire.toml_file import TomlFile, named_as_in_json, read_text

__all__ = ["FILE_NAME", "ConfigFile", "fault_tables", "read_faults"]

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
        path: The file.
        folder: The folder of the file; relative paths in the file start here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent
        self._file = TomlFile(read_text(path), str(path))
        self.values = named_as_in_json(self._file.values)

    def where(self, key: str, index: int = 0) -> str:
        """Return ``file:line`` of a key, or of the table with that name and index."""
        return self._file.where(f"/{key}/{index}")


def read_faults(path: Path) -> tuple[FaultSpec, ...]:
    """Read the fault rules of a file.

    Args:
        path: A JSON file with a list of rules, one rule, or ``{"faults": [...]}``; or a ``.toml`` file with
            ``[[faults]]`` tables.

    Raises:
        InvalidInput: The file cannot be read, or a rule in it cannot be used.
    """
    if path.suffix.lower() == ".toml":
        file = ConfigFile(path)
        for key in file.values:
            if key != "faults":
                raise InvalidInput(f"{file.where(key)}: unknown key {key}; a file of faults has [[faults]] tables only")
        return fault_tables(file, file.values.get("faults", []))
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{path}:{error.lineno} is not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise InvalidInput(f"{path} is not JSON") from None
    if isinstance(document, dict) and "fault" not in document:
        document = document.get("faults")
    rules = [document] if isinstance(document, dict) else document
    if not isinstance(rules, list):
        raise InvalidInput(f'{path} must hold a list of fault rules, one rule, or {{"faults": [...]}}')
    return tuple(_rule(rule, f"{path}: rule {number}") for number, rule in enumerate(rules, 1))


def fault_tables(file: ConfigFile, tables: Any) -> tuple[FaultSpec, ...]:
    """Read the ``[[faults]]`` tables of a TOML file.

    Raises:
        InvalidInput: A rule cannot be used.
    """
    if not isinstance(tables, list):
        raise InvalidInput(f"{file.where('faults')}: faults must be [[faults]] tables")
    return tuple(_rule(table, file.where("faults", index)) for index, table in enumerate(tables))


def _rule(value: Any, where: str) -> FaultSpec:
    if isinstance(value, dict):
        for name in value:
            if name not in FaultSpec.__struct_fields__:
                raise InvalidInput(
                    f"{where}: a fault rule has no member {name}{nearest(name, FaultSpec.__struct_fields__)}"
                )
    try:
        rule: FaultSpec = convert(value, FaultSpec)
        check_spec(rule)
    except InvalidInput as error:
        at = f" {error.pointer}:" if error.pointer else ""
        raise InvalidInput(f"{where}:{at} {error}") from None
    return rule
