"""The records of the admin API as TypeScript has them, for the page."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import msgspec

from mockserver.control import CONTROL_ROUTES, Chunks
from mockserver.model.results import Problem

__all__ = ["declarations"]

_HEAD = """\
// The records of the admin API. Made from the records of the server: make golden writes it anew.
"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "any"}


def declarations() -> str:
    """Return a file of interfaces: all that routes take and answer, and all that those consist of."""
    roots = {kind for route in CONTROL_ROUTES for kind in (route.argument, route.result) if kind not in (None, Chunks)}
    writer = _Writer()
    for kind in [*(kind for kind in roots if isinstance(kind, msgspec.StructMeta)), Problem]:
        writer.type_of(kind)
    records = "".join(f"\n{writer.written[name]}" for name in sorted(writer.written))
    return _HEAD + _answers() + records


def _answers() -> str:
    """Return what a GET of each path answers that is the same for all."""
    gets = {route.path: route.result for route in CONTROL_ROUTES if route.method == "GET" and "{" not in route.path}
    lines = [
        f"  {_literal(path)}: {kind.__name__};" for path, kind in gets.items() if isinstance(kind, msgspec.StructMeta)
    ]
    return "\n".join(["", "/** What a GET answers, by its path. */", "export interface Answers {", *lines, "}", ""])


class _Writer:
    def __init__(self) -> None:
        self.written: dict[str, str] = {}

    def type_of(self, kind: Any) -> str:
        """Return a type in TypeScript; the records that it names are written too."""
        if kind in _PLAIN:
            return _PLAIN[kind]
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments)
        if origin is typing.Literal:
            return " | ".join(_literal(value) for value in arguments)
        if origin is typing.Annotated:
            return self.type_of(arguments[0])
        if origin is tuple and arguments[-1:] != (...,):
            return f"[{', '.join(self.type_of(argument) for argument in arguments)}]"
        if origin in (list, tuple):
            item = self.type_of(arguments[0])
            return f"({item})[]" if " | " in item else f"{item}[]"
        if origin in (dict, Mapping):
            return f"Record<string, {self.type_of(arguments[1])}>"
        return self._named(kind)

    def _union(self, members: Iterable[Any]) -> str:
        said = dict.fromkeys(self.type_of(member) for member in members if member is not msgspec.UnsetType)
        return " | ".join(sorted(said, key=lambda text: text == "null"))

    def _named(self, kind: Any) -> str:
        name = str(kind.__name__)
        if name in self.written:
            return name
        self.written[name] = ""  # it may contain itself
        if isinstance(kind, msgspec.StructMeta):
            self.written[name] = self._interface(name, kind)
        elif isinstance(kind, type) and issubclass(kind, Enum):
            self.written[name] = f"export type {name} = {' | '.join(_literal(member.value) for member in kind)};\n"
        else:
            raise TypeError(f"no TypeScript for {kind!r}")
        return name

    def _interface(self, name: str, kind: Any) -> str:
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        config = kind.__struct_config__
        lines = []
        if config.tag is not None:
            lines.append(f"  {config.tag_field}: {_literal(config.tag)};")
        for field in msgspec.structs.fields(kind):
            # What is asked for may leave out what has a default; what is answered has everything.
            optional = not field.required and (config.forbid_unknown_fields or config.omit_defaults)
            optional = optional or msgspec.UnsetType in typing.get_args(field.type)
            member = field.encode_name if field.encode_name.isidentifier() else _literal(field.encode_name)
            lines.append(f"  {member}{'?' if optional else ''}: {self.type_of(field.type)};")
        return "\n".join([f"/** {summary} */", f"export interface {name} {{", *lines, "}", ""])


def _literal(value: object) -> str:
    return msgspec.json.encode(value).decode()
