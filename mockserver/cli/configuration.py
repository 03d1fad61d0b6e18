"""The configuration of a server: flags override environment variables, which override the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec.structs import fields

from mockserver.cli.config_file import FILE_NAME, ConfigFile, fault_tables, read_faults
from mockserver.cli.flags import ENVIRONMENT, FILE_ONLY, Flag
from mockserver.errors import InvalidInput, nearest
from mockserver.model.fault import FaultSpec
from mockserver.model.finding import Thresholds
from mockserver.model.settings import SessionRule, Settings
from mockserver.rules.settings import check_settings
from mockserver.server.options import ServerOptions
from mockserver.wire.codec import convert

__all__ = ["Configuration", "configure", "options_of_flags"]

_CONFIG = f"{ENVIRONMENT}CONFIG"

_OF_KUBERNETES = re.compile(rf"{ENVIRONMENT}(SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)")
"""Variables that Kubernetes sets in every pod next to a service named mockserver, and Docker for its links."""

_OF_CLIENTS = f"{ENVIRONMENT}URL"
"""The variable with which the helpers in docs/clients find a server; it may stand in the environment of one, too."""

_OPTIONS = ("host", "port", "admin_port", "admin_token", "tls")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything ``serve`` needs.

    Args:
        options: How the server listens and whom it trusts.
        settings: The settings of every namespace.
        faults: The fault rules of every namespace.
        stories: The user's story files and folders of them.
        watch: Whether to reload files when they change.
        ready_json: Whether to print one line of JSON at the start instead of text.
        export_on_exit: Where to write the journal at the end.
        journal: Where to keep the journals of all namespaces; read back at the start.
        secret_files: Files with a token or a key, which nobody else should be able to read.
        log_format: How to write requests and notices.
        files: Where settings and fault rules come from, or would if there were such a file.
    """

    options: ServerOptions
    settings: Settings
    faults: tuple[FaultSpec, ...]
    stories: tuple[Path, ...] = ()
    watch: bool = False
    ready_json: bool
    export_on_exit: Path | None
    journal: Path | None = None
    secret_files: tuple[Path, ...] = ()
    log_format: Literal["text", "json"] = "text"
    files: tuple[Path, ...] = ()


class _Given(NamedTuple):
    """A configured value with its origin and name, for messages and to resolve relative paths."""

    value: Any
    where: str
    name: str
    folder: Path | None = None


def configure(
    flags: Mapping[str, Flag],
    arguments: Mapping[str, Any],
    environment: Mapping[str, str],
    folder: Path,
    fresh_seed: str,
) -> Configuration:
    """Combine flags, environment and file into one configuration.

    Args:
        flags: All flags by key.
        arguments: The command-line arguments by key; None for those that were not given.
        environment: The environment; empty variables count as not set.
        folder: The working directory, which may hold ``mockserver.toml``.
        fresh_seed: The seed if none is given.

    Raises:
        InvalidInput: A key, variable or value is unknown; the message says where and may suggest another.
    """
    variables = _variables(flags, environment)
    named = arguments.get("config") or environment.get(_CONFIG)
    path = Path(named) if named else folder / FILE_NAME
    file = ConfigFile(path) if named or path.is_file() else None
    given = {**_in_file(flags, file), **variables, **_in_arguments(flags, arguments)}
    files = (path, *_fault_files(given))
    faults = _faults(given.pop("faults", None), file)
    configured = _Configured(flags, given, file)
    values = configured.values
    return Configuration(
        options=configured.options(fresh_seed),
        settings=configured.settings(),
        faults=faults,
        stories=values.get("stories", ()),
        watch=values.get("watch", False),
        ready_json=values.get("ready_json", False),
        export_on_exit=configured.path_to_write("export_on_exit"),
        journal=configured.path_to_write("journal"),
        secret_files=configured.secret_files(),
        log_format=values.get("log_format", "text"),
        files=files,
    )


def options_of_flags(flags: Mapping[str, Flag], arguments: Mapping[str, Any], seed: str) -> ServerOptions:
    """Return the options of a server that another command starts for itself, from flags alone.

    Args:
        flags: All flags by key.
        arguments: The command-line arguments by key; None for those that were not given.
        seed: The seed of the server.

    Raises:
        InvalidInput: A value cannot be used; the message names its flag.
    """
    return _Configured(flags, _in_arguments(flags, arguments)).options(seed)


def _in_arguments(flags: Mapping[str, Flag], arguments: Mapping[str, Any]) -> dict[str, _Given]:
    return {
        key: _Given(arguments[key], flag.option, flag.option)
        for key, flag in flags.items()
        if arguments.get(key) is not None
    }


def _variables(flags: Mapping[str, Flag], environment: Mapping[str, str]) -> dict[str, _Given]:
    known = {name: flag for flag in flags.values() for name in flag.variables}
    found: dict[str, _Given] = {}
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT) or name in (_CONFIG, _OF_CLIENTS) or not value:
            continue
        if _OF_KUBERNETES.fullmatch(name):
            continue
        if name not in known:
            raise InvalidInput(f"the environment variable {name} is not known{nearest(name, [*known, _CONFIG])}")
        if known[name].key == "port" and value.startswith("tcp://"):
            continue  # Kubernetes and Docker again
        _give(found, known[name].key, _Given(value, f"the environment variable {name}", name))
    return found


def _give(found: dict[str, _Given], key: str, given: _Given) -> None:
    """Add a value, unless the same source already gave it under another name."""
    if key in found:
        raise InvalidInput(f"{given.where} is the same setting as {found[key].name}: leave one of them out")
    found[key] = given


def _fault_files(given: Mapping[str, _Given]) -> tuple[Path, ...]:
    faults = given.get("faults")
    return () if faults is None or not isinstance(faults.value, str) else (_path_of(faults),)


def _path_of(given: _Given) -> Path:
    return Path(given.value) if given.folder is None else given.folder / given.value


def _in_file(flags: Mapping[str, Flag], file: ConfigFile | None) -> dict[str, _Given]:
    if file is None:
        return {}
    known = {name: flag.key for flag in flags.values() for name in flag.names} | {key: key for key in FILE_ONLY}
    found: dict[str, _Given] = {}
    for name, value in file.values.items():
        if name not in known:
            raise InvalidInput(f"{file.where(name)}: unknown key {name}{nearest(name, known)}")
        _give(found, known[name], _Given(value, f"{file.where(name)}: {name}", name, file.folder))
    return found


def _faults(given: _Given | None, file: ConfigFile | None) -> tuple[FaultSpec, ...]:
    if given is None:
        return ()
    if isinstance(given.value, str) and given.value:
        return read_faults(_path_of(given))
    if file is not None and isinstance(given.value, list):
        return fault_tables(file, given.value)
    raise InvalidInput(f"{given.where} must be the path of a file, or [[faults]] tables")


class _Configured:
    """The values that were given, and what they make together.

    Args:
        flags: All flags by key.
        given: What was given, by key.
        file: The configuration file, if there is one.

    Raises:
        InvalidInput: A value cannot be used.
    """

    def __init__(self, flags: Mapping[str, Flag], given: Mapping[str, _Given], file: ConfigFile | None = None) -> None:
        self._flags = flags
        self._given = given
        self._file = file
        self.values: dict[str, Any] = {
            key: flags[key].read(raw.value, raw.where, raw.folder) for key, raw in given.items() if key not in FILE_ONLY
        }

    def options(self, fresh_seed: str) -> ServerOptions:
        """Return how the server listens and whom it trusts."""
        self._check_tls()
        values = self.values
        if "admin_token_file" in values:
            values = {**values, "admin_token": self._token()}
        chosen = {name: values.get(name, self._flags[name].default) for name in _OPTIONS}
        chosen |= {key: str(values[key]) for key in ("tls_ca", "tls_cert", "tls_key") if key in values}
        return ServerOptions(
            **chosen,
            allow_hosts=values.get("allow_host", ()),
            namespace_hosts=values.get("namespace_host", ()),
            admin_allow_origins=values.get("admin_allow_origin", ()),
            seed=values.get("seed", fresh_seed),
            seeded_ids="seed" in values,
        )

    def _check_tls(self) -> None:
        values, given, flags = self.values, self._given, self._flags
        own = values.get("tls", False)
        for key in ("tls_cert", "tls_key"):
            if own and key in values:
                raise InvalidInput(f"{given['tls'].where} generates a certificate: leave out {given[key].where}")
        if "tls_ca" in values and not own:
            raise InvalidInput(f"{given['tls_ca'].where} needs {flags['tls'].option}: give that too")
        if "tls_key" in values and "tls_cert" not in values:
            raise InvalidInput(f"{given['tls_key'].where} needs a certificate: give {flags['tls_cert'].option} too")

    def _token(self) -> str:
        """Read the admin token from its file."""
        path: Path = self.values["admin_token_file"]
        where = self._given["admin_token_file"].where
        if "admin_token" in self.values:
            raise InvalidInput(f"{where} holds the admin token: leave out {self._given['admin_token'].where}")
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{where}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
        if not token or not token.isprintable():
            raise InvalidInput(f"{where}: {path} must hold a token, in one line")
        return token

    def secret_files(self) -> tuple[Path, ...]:
        """Return the files with a token or a key."""
        named = tuple(self.values[key] for key in ("admin_token_file", "tls_ca", "tls_key") if key in self.values)
        return named if self._file is None or "admin_token" not in self._file.values else (*named, self._file.path)

    def path_to_write(self, key: str) -> Path | None:
        """Return the path of a file that the server will write; its folder must exist."""
        path: Path | None = self.values.get(key)
        if path is not None and not path.absolute().parent.is_dir():
            raise InvalidInput(f"{self._given[key].where} must be in a folder that exists, not {str(path)!r}")
        return path

    def settings(self) -> Settings:
        """Return the settings of every namespace."""
        keys = {flag.setting: key for key, flag in self._flags.items() if flag.setting is not None}
        chosen = {setting: self.values[key] for setting, key in keys.items() if key in self.values}
        if self._file is not None and "session_rules" in self._given:
            chosen["session_rules"] = _session_rules(self._file, self._given["session_rules"].value)
        if self._file is not None and "thresholds" in self._given:
            try:
                chosen["thresholds"] = convert(self._given["thresholds"].value, Thresholds)
            except InvalidInput as error:
                raise _of_table(self._file.where("thresholds"), error) from None
        settings = Settings(**chosen)
        try:
            check_settings(settings)
        except InvalidInput as error:
            raise InvalidInput(self._placed(error, keys)) from None
        return settings

    def _placed(self, error: InvalidInput, keys: Mapping[str, str]) -> str:
        """Return the message about a wrong setting with the place where it was given.

        Args:
            keys: The keys of the flags, by setting.
        """
        member, _, rest = error.pointer.removeprefix("/").partition("/")
        text = str(error).replace(" null ", " none ")
        if member in FILE_ONLY and self._file is not None:
            index = rest.partition("/")[0]
            return f"{self._file.where(member, int(index) if index.isdigit() else 0)}: {text}"
        setting = next((field.name for field in fields(Settings) if field.encode_name == member), "")
        key = keys.get(setting, "")
        if key not in self._given:
            return text
        where, short = self._given[key].where, text.removeprefix(f"{setting} ").removeprefix(f"{member} ")
        return f"{where} {short}" if short != text else f"{where}: {text}"


def _of_table(where: str, error: InvalidInput) -> InvalidInput:
    member = error.pointer.removeprefix("/")
    return InvalidInput(f"{where}: {f'{member}: ' if member else ''}{error}")


def _session_rules(file: ConfigFile, tables: Any) -> tuple[SessionRule, ...]:
    """Read the tables of session rules; lifetimes may have the names of flags or those of the admin API."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InvalidInput(f"{file.where('session_rules')}: session_rules must be [[session_rules]] tables")
    rules = []
    for index, table in enumerate(tables):
        where = file.where("session_rules", index)
        members = {}
        for key, value in table.items():
            name = f"{key}_s" if f"{key}_s" in SessionRule.__struct_fields__ else key
            if name not in SessionRule.__struct_fields__:
                raise InvalidInput(
                    f"{where}: a session rule has no member {key}{nearest(key, SessionRule.__struct_fields__)}"
                )
            members[name] = None if value == "none" else value
        if "where" not in members:
            raise InvalidInput(f"{where}: a session rule needs where, one or more conditions")
        try:
            rules.append(convert(members, SessionRule))
        except InvalidInput as error:
            raise _of_table(where, error) from None
    return tuple(rules)
