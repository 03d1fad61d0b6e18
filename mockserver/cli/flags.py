"""The flags of ``serve``: those of the server, and one for every setting.

The flag ``--idle-timeout`` is also the environment variable ``MOCKSERVER_IDLE_TIMEOUT`` and the key ``idle_timeout`` of
``mockserver.toml``. All three also accept the name that a setting has in the admin API, ``idle_timeout_s``. The flags
of settings are generated from the settings record and its docstring, so a new setting is a new flag.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args, get_origin

import msgspec

from mockserver.errors import InvalidInput
from mockserver.model.described import about_members
from mockserver.model.settings import Lifetimes, Settings
from mockserver.wire.codec import convert

__all__ = ["ENVIRONMENT", "FILE_COMPLETION", "FILE_ONLY", "Arguments", "Flag", "add_file", "serve_flags"]

ENVIRONMENT = "MOCKSERVER_"
"""The prefix of the environment variables."""

FILE_ONLY = ("session_rules", "thresholds")
"""Settings that are tables, which only a file can hold."""

_ORIGIN = re.compile(r"https?://[^/\s?#]+", re.IGNORECASE)
_NOT_A_HOST = re.compile(r"[\s/@]|\A[^:]*:[^:]*\Z")  # an IPv6 address has two colons or more

FILE_COMPLETION = {
    "bash": "_shtab_compgen_files",
    "zsh": "_files",
    "tcsh": "f",
    "fish": "(__fish_complete_path (commandline -ct))",
    "powershell": "_shtab_powershell_compgen_files",
}
"""How shells complete the name of a file: ``shtab.FILE``, without importing shtab in every command."""


class Arguments(Protocol):
    """The arguments of a parser or of a group in it. What the two have in common has no public name in argparse."""

    def add_argument(self, *names: str, **more: Any) -> argparse.Action:
        """Add an argument."""

    def add_mutually_exclusive_group(self) -> Arguments:
        """Add a group of arguments that exclude each other."""


def add_file(parser: Arguments, *names: str, **more: Any) -> None:
    """Add an argument whose value is a file, which shells complete."""
    vars(parser.add_argument(*names, **more))["complete"] = FILE_COMPLETION


class _Check(NamedTuple):
    """What a value must satisfy besides its type, and how to say so."""

    holds: Callable[[Any], bool]
    expected: str


_PORT = _Check(lambda port: port is None or 0 <= port <= 65535, "a port from 0 to 65535")
_ORIGINS = _Check(
    lambda origins: all(map(_ORIGIN.fullmatch, origins)),
    "an origin like http://localhost:3000, without a path or a slash at the end",
)
_HOSTS = _Check(
    lambda names: not any(map(_NOT_A_HOST.search, names)),
    "a host name like mock.example, without a scheme, a port or a path",
)
_TEXT = _Check(lambda text: text != "", "a text")


class Flag(NamedTuple):
    """A value that can be set by a flag, an environment variable or a key of the file.

    Args:
        key: Its key in the file, and its name in messages that name no place.
        kind: The type of its value; ``Path`` for a file.
        text: The help text.
        default: The default value.
        setting: The setting it sets; None if it belongs to the server.
        metavar: The placeholder for the value in the help.
        other_keys: Other names that the file accepts: those of the setting in the admin API and in Python.
        check: What its value must satisfy besides its type, if anything.
    """

    key: str
    kind: Any
    text: str
    default: Any = None
    setting: str | None = None
    metavar: str = ""
    other_keys: tuple[str, ...] = ()
    check: _Check | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All keys that the file accepts."""
        return tuple(dict.fromkeys((self.key, *self.other_keys)))

    @property
    def option(self) -> str:
        """The flag as the help shows it."""
        return self.options[0]

    @property
    def options(self) -> tuple[str, ...]:
        """All flags that set it."""
        return tuple(dict.fromkeys("--" + re.sub("[._]", "-", name) for name in self.names))

    @property
    def variable(self) -> str:
        """The environment variable as the documentation shows it."""
        return self.variables[0]

    @property
    def variables(self) -> tuple[str, ...]:
        """All environment variables that set it."""
        return tuple(dict.fromkeys(ENVIRONMENT + name.replace(".", "_").upper() for name in self.names))

    @property
    def many(self) -> bool:
        """Whether it can be given more than once."""
        return get_origin(self.kind) is tuple

    def add_to(self, parser: Arguments) -> None:
        """Add this flag to a parser. Values stay text until :meth:`read`, like those of environment and file."""
        default = self.default if isinstance(self.default, str) else _shown(self.default)
        text = self.text if self.default in (None, ()) else f"{self.text} (default: {default})"
        text = text.replace("%", "%%")
        if self.kind is bool:
            parser.add_argument(self.option, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            action = "append" if self.many else "store"
            metavar = self.metavar or _metavar(self.kind)
            is_file = self.kind is Path or Path in get_args(self.kind)
            add = partial(add_file, parser) if is_file else parser.add_argument
            add(self.option, action=action, metavar=metavar, help=text)
            for option in self.options[1:]:
                parser.add_argument(option, action=action, dest=self.key, help=argparse.SUPPRESS)

    def read(self, value: Any, where: str, folder: Path | None = None) -> Any:
        """Convert a configured value.

        Args:
            value: Text, or the value in a TOML document.
            where: The flag, the variable, or file, line and key, for the message.
            folder: The folder that relative paths start from.

        Raises:
            InvalidInput: The value has the wrong type or makes no sense.
        """
        if self.kind is Path:
            if isinstance(value, str) and value:
                return Path(value) if folder is None else folder / value
            raise self._wrong(value, where)
        if self.many and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if Path in get_args(self.kind):
            if isinstance(value, list) and value and all(isinstance(part, str) and part for part in value):
                return tuple(Path(part) if folder is None else folder / part for part in value)
            raise self._wrong(value, where)
        if self.kind is str and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value == "none" and type(None) in get_args(self.kind):
            return None
        try:
            read = convert(value, self.kind, strict=not isinstance(value, str))
        except InvalidInput:
            raise self._wrong(value, where) from None
        if self.check is not None and not self.check.holds(read):
            raise self._wrong(value, where)
        return read

    def _wrong(self, value: Any, where: str) -> InvalidInput:
        expected = _expected(self.kind) if self.check is None else self.check.expected
        return InvalidInput(f"{where} must be {expected}, not {_shown(value)}")


_SERVER_FLAGS = (
    Flag("host", str, "address to bind", "127.0.0.1", metavar="ADDRESS", check=_TEXT),
    Flag("port", int, "port of the emulated API, 0 for a free one", 8089, metavar="PORT", check=_PORT),
    Flag("admin_port", int | None, "separate port for the admin API, 0 for a free one", metavar="PORT", check=_PORT),
    Flag("seed", str, "makes fault draws and session ids repeatable; by default a random seed is chosen and printed"),
    Flag("faults", Path, "fault rules to start with: a JSON file, or a TOML file with [[faults]] tables"),
    Flag("stories", tuple[Path, ...], "your own story file, or a folder of them; repeatable", metavar="PATH"),
    Flag("watch", bool, "reload story files, mockserver.toml and fault rules when their files change", False),
    Flag("ready_json", bool, "print one line of JSON when the server listens, and nothing else to stdout", False),
    Flag("log_format", Literal["text", "json"], "text: requests are shown on a terminal; json: requests, notices and "
         "the start are lines of JSON, on a terminal or not", "text"),
    Flag("admin_token", str, "token required for admin requests; generated if other machines can reach the server; "
         "other users of the machine see it in the list of processes, so prefer a file", metavar="TOKEN", check=_TEXT),
    Flag("admin_token_file", Path, "read the admin token from this file"),
    Flag("admin_allow_origin", tuple[str, ...], "origin of web pages that may use the admin API; repeatable",
         metavar="URL", check=_ORIGINS),
    Flag("allow_host", tuple[str, ...], "extra host name that admin requests may use; repeatable", metavar="NAME",
         check=_HOSTS),
    Flag("namespace_host", tuple[str, ...], "host below which the first part of a name is a namespace; repeatable",
         metavar="NAME", check=_HOSTS),
    Flag("tls", bool, "serve https with a certificate from a generated CA, which devices can be told to trust", False),
    Flag("tls_ca", Path, "keep that CA in this file (PEM), so that devices trust it only once; created if missing"),
    Flag("tls_cert", Path, "serve https with this certificate (PEM) instead"),
    Flag("tls_key", Path, "key of that certificate (PEM), if it is in another file"),
    Flag("journal", Path, "keep the journals of all namespaces in this file; read back at the next start"),
    Flag("export_on_exit", Path, "write the journal of the default namespace to this file at the end"),
)  # fmt: skip


def serve_flags() -> dict[str, Flag]:
    """Return all flags of ``serve`` by key, except ``--config``."""
    return {flag.key: flag for flag in _all_flags()}


@cache  # a command asks several times, and reading the docstrings takes longer than the rest of its configuration
def _all_flags() -> tuple[Flag, ...]:
    return (*_SERVER_FLAGS, *_settings_flags())


def _settings_flags() -> Iterator[Flag]:
    texts = {**about_members(Lifetimes), **about_members(Settings)}
    for field in msgspec.structs.fields(Settings):
        if field.name in FILE_ONLY:
            continue
        is_seconds = field.name.endswith("_s")
        yield Flag(
            field.name.removesuffix("_s"),
            field.type,
            _as_help(texts.get(field.name, "")),
            field.default,
            field.name,
            "SECONDS" if is_seconds else "",
            (field.encode_name, field.name),
        )


def _as_help(text: str) -> str:
    """Return a docstring as help text: without full stop and markup, and with none for None."""
    return re.sub(r"\bNone\b", "none", text.removesuffix(".").replace("``", ""))


def _expected(kind: Any) -> str:
    options = get_args(kind)
    if get_origin(kind) is Literal:
        return " or ".join(str(option) for option in options)
    if get_origin(kind) is tuple:
        return "one or more paths" if Path in options else "one or more texts"
    if type(None) in options:
        return f"{_expected(options[0])}, or none"
    words = {bool: "true or false", int: "a whole number", float: "a number", Path: "the path of a file"}
    return words.get(kind, "a text")


def _metavar(kind: Any) -> str:
    options = get_args(kind)
    if get_origin(kind) is Literal:
        return "{" + ",".join(str(option) for option in options) + "}"
    if get_origin(kind) is tuple:
        return "TEXT"
    if type(None) in options:
        return _metavar(options[0])
    return {int: "N", float: "NUMBER", Path: "FILE"}.get(kind, "TEXT")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else repr(value)
