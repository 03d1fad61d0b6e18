"""TOML documents: the line of each member, and settings as TOML writes them.

TOML reads the name ``cors.max_age`` as a member of a table ``cors``. It has no null; the word ``none`` stands for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import fields

from mockserver.errors import InvalidInput, nearest
from mockserver.model.settings import SessionRule, Settings
from mockserver.pointer import steps_of
from mockserver.rules.misfit import members_at, value_at, words_at

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["TomlFile", "named_as_in_json", "read_settings_table", "read_text"]

_FIELDS = {field.encode_name: field for field in fields(Settings)}
_TABLES = {name.partition(".")[0] for name in _FIELDS if "." in name}


def read_text(path: Path) -> str:
    """Read a file of text.

    Raises:
        InvalidInput: It cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8") from None


class TomlFile:
    """A TOML document.

    Args:
        text: Its text.
        origin: The path of the file, for messages.

    Raises:
        InvalidInput: It is not TOML; the message names the line.

    Attributes:
        values: The document.
    """

    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self._origin = origin
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line, reason = _fault(error)
            raise InvalidInput(f"{origin}{f':{line}' if line else ''} is not TOML: {reason}") from None

    def where(self, pointer: str) -> str:
        """Return ``file:line`` of a member, or of the nearest one around it that begins on a line of its own.

        Args:
            pointer: A JSON pointer, for example ``/faults/1/when/event_type``. A dot in it may separate a table from
                its member in TOML, as in ``/settings/cors.max_age``.
        """
        line = self.line(pointer)
        return self._origin if line is None else f"{self._origin}:{line}"

    def line(self, pointer: str) -> int | None:
        """Return the line alone, as :meth:`where` finds it; None for the whole document."""
        while pointer:
            for written in (pointer, pointer.replace(".", "/")):
                if written in self._lines:
                    return self._lines[written]
            pointer = pointer.rpartition("/")[0]
        return None

    @contextmanager
    def refusing(self, kind: Any, values: Mapping[str, Any]) -> Iterator[None]:
        """Explain every error of a block that makes a record of the document: ``file:line: pointer: reason``.

        Args:
            kind: The record.
            values: The document, as the block converts it.

        Raises:
            InvalidInput: The block raised one.
        """
        try:
            yield
        except InvalidInput as error:
            pointer, reason = _explained(error, kind, values)
            at = f"{pointer}: " if pointer else ""
            raise InvalidInput(f"{self.where(pointer)}: {at}{reason}") from None

    @cached_property
    def _lines(self) -> dict[str, int]:
        """The line of every table and of every key that begins a line; computed only for errors."""
        found: dict[str, int] = {}
        tables: dict[str, int] = {}
        table = ""
        for number, statement in _statements(self._text):
            document = tomllib.loads(statement)
            if statement.lstrip().startswith("["):
                table = _table(document, tables)
                found.setdefault(table, number)
                found.setdefault(re.sub(r"/\d+$", "", table), number)
            else:
                for pointer in _members(document, table):
                    found.setdefault(pointer, number)
        return found


def _explained(error: InvalidInput, kind: Any, document: Mapping[str, Any]) -> tuple[str, str]:
    """Point at the unknown key itself rather than at its parent, and suggest a similar key."""
    steps, reason = steps_of(error.pointer), str(error)
    value = value_at(document, steps)
    known = members_at(kind, steps, document) if isinstance(value, dict) else []
    unknown = next((name for name in value if name not in known), None) if known else None
    if unknown is not None:
        return f"{error.pointer}/{unknown}", f"unknown key {unknown}{nearest(unknown, known)}"
    words = words_at(kind, steps, document) if isinstance(value, str) else []
    if words and value not in words:
        return error.pointer, f"{value!r} is none of {', '.join(words)}{nearest(value, words)}"
    return error.pointer, reason[:1].lower() + reason[1:]


def _fault(error: tomllib.TOMLDecodeError) -> tuple[int | None, str]:
    """Return the line of a mistake and what it is.

    In Python 3.14 and tomli 2.1 the error has members for both. In older versions both are in its text; text in another
    form is passed on as it is, without a line.
    """
    line: int | None = getattr(error, "lineno", None)
    if line is not None:
        return line, str(getattr(error, "msg", error))
    found = re.fullmatch(
        r"(?P<reason>.*) \(at (line (?P<line>\d+), column \d+|end of document)\)", str(error), re.DOTALL
    )
    if found is None:
        return None, str(error)
    return int(found["line"]) if found["line"] else None, found["reason"]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Split a valid document into headers and assignments, each with the number of its first line."""
    begun: list[str] = []
    first = 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not begun:
            first = number
        begun.append(line)
        statement = "\n".join(begun)
        try:
            document = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a text or a list that continues on the next line
        begun = []
        if document:
            yield first, statement


def _table(header: dict[str, Any], tables: dict[str, int]) -> str:
    """Return the pointer of the table of a header; tables in an array are counted."""
    pointer = ""
    inner: Any = header
    while inner:
        [(name, inner)] = inner.items()
        pointer += f"/{name}"
        if isinstance(inner, list):
            tables[pointer] = tables.get(pointer, -1) + 1
            [inner] = inner
        if pointer in tables:
            pointer += f"/{tables[pointer]}"
    return pointer


def _members(document: dict[str, Any], above: str) -> Iterator[str]:
    for name, value in document.items():
        pointer = f"{above}/{name}"
        yield pointer
        if isinstance(value, dict):
            yield from _members(value, pointer)


# Settings


def named_as_in_json(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table in which settings with a dot have their full names; everything else is unchanged."""
    named: dict[str, Any] = {}
    for name, value in table.items():
        if name in _TABLES and isinstance(value, dict):
            named.update({f"{name}.{member}": inner for member, inner in value.items()})
        else:
            named[name] = value
    return named


def read_settings_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of settings as their JSON; unknown names are kept, so that they are refused later."""
    named = {name: _value(_FIELDS[name].type if name in _FIELDS else None, value)
             for name, value in named_as_in_json(table).items()}  # fmt: skip
    rules = named.get("session_rules")
    if isinstance(rules, list):
        kinds = {field.encode_name: field.type for field in fields(SessionRule)}
        named["session_rules"] = [
            {name: _value(kinds.get(name), value) for name, value in rule.items()} if isinstance(rule, dict) else rule
            for rule in rules
        ]
    return named


def _value(kind: Any, value: Any) -> Any:
    return None if value == "none" and type(None) in get_args(kind) else value
