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
    file = _file(arguments.get("config"), environment.get(_CONFIG), folder)
    given = {} if file is None else _of_file(flags, file)
    given.update(variables)
    given.update(
        {
            key: _Given(arguments[key], flag.option, flag.option)
            for key, flag in flags.items()
            if arguments.get(key) is not None
        }
    )
    files = _config_path(arguments.get("config"), environment.get(_CONFIG), folder), *_fault_files(given)
    faults = _faults(given.pop("faults", None), file)
    values = {
        key: flags[key].read(raw.value, raw.where, raw.folder) for key, raw in given.items() if key not in FILE_ONLY
    }
    return Configuration(
        options=_options(values, flags, given, fresh_seed),
        settings=_settings(values, flags, given, file),
        faults=faults,
        stories=values.get("stories", ()),
        watch=values.get("watch", False),
        ready_json=values.get("ready_json", False),
        export_on_exit=_to_write("export_on_exit", values, given),
        journal=_to_write("journal", values, given),
        secret_files=_secret_files(values, file),
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
    given = {
        key: _Given(value, flags[key].option, flags[key].option)
        for key, value in arguments.items()
        if value is not None
    }
    values = {key: flags[key].read(raw.value, raw.where) for key, raw in given.items()}
    return _options(values, flags, given, seed)


def _variables(flags: Mapping[str, Flag], environment: Mapping[str, str]) -> dict[str, _Given]:
    known = {name: flag for flag in flags.values() for name in flag.variables}
    found: dict[str, _Given] = {}
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT) or name == _CONFIG or not value or _OF_KUBERNETES.fullmatch(name):
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


def _config_path(argument: str | None, variable: str | None, folder: Path) -> Path:
    named = argument or variable
    return Path(named) if named else folder / FILE_NAME


def _file(argument: str | None, variable: str | None, folder: Path) -> ConfigFile | None:
    path = _config_path(argument, variable, folder)
    return ConfigFile(path) if argument or variable or path.is_file() else None


def _fault_files(given: Mapping[str, _Given]) -> tuple[Path, ...]:
    faults = given.get("faults")
    return () if faults is None or not isinstance(faults.value, str) else (_path_of(faults),)


def _path_of(given: _Given) -> Path:
    return Path(given.value) if given.folder is None else given.folder / given.value


def _of_file(flags: Mapping[str, Flag], file: ConfigFile) -> dict[str, _Given]:
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


def _options(
    values: Mapping[str, Any], flags: Mapping[str, Flag], given: Mapping[str, _Given], fresh_seed: str
) -> ServerOptions:
    _check_tls(values, flags, given)
    if "admin_token_file" in values:
        values = {**values, "admin_token": _token(values, given)}
    chosen = {name: values.get(name, flags[name].default) for name in _OPTIONS}
    chosen |= {key: str(values[key]) for key in ("tls_ca", "tls_cert", "tls_key") if key in values}
    return ServerOptions(
        **chosen,
        allow_hosts=values.get("allow_host", ()),
        namespace_hosts=values.get("namespace_host", ()),
        admin_allow_origins=values.get("admin_allow_origin", ()),
        seed=values.get("seed", fresh_seed),
        seeded_ids="seed" in values,
    )


def _token(values: Mapping[str, Any], given: Mapping[str, _Given]) -> str:
    """Read the admin token from its file."""
    path: Path = values["admin_token_file"]
    where = given["admin_token_file"].where
    if "admin_token" in values:
        raise InvalidInput(f"{where} holds the admin token: leave out {given['admin_token'].where}")
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{where}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    if not token or not token.isprintable():
        raise InvalidInput(f"{where}: {path} must hold a token, in one line")
    return token


def _secret_files(values: Mapping[str, Any], file: ConfigFile | None) -> tuple[Path, ...]:
    named = tuple(values[key] for key in ("admin_token_file", "tls_ca", "tls_key") if key in values)
    return named if file is None or "admin_token" not in file.values else (*named, file.path)


def _check_tls(values: Mapping[str, Any], flags: Mapping[str, Flag], given: Mapping[str, _Given]) -> None:
    own = values.get("tls", False)
    for key in ("tls_cert", "tls_key"):
        if own and key in values:
            raise InvalidInput(f"{given['tls'].where} generates a certificate: leave out {given[key].where}")
    if "tls_ca" in values and not own:
        raise InvalidInput(f"{given['tls_ca'].where} needs {flags['tls'].option}: give that too")
    if "tls_key" in values and "tls_cert" not in values:
        raise InvalidInput(f"{given['tls_key'].where} needs a certificate: give {flags['tls_cert'].option} too")


def _settings(
    values: Mapping[str, Any], flags: Mapping[str, Flag], given: Mapping[str, _Given], file: ConfigFile | None
) -> Settings:
    of_settings = {flag.setting: key for key, flag in flags.items() if flag.setting is not None}
    chosen = {setting: values[key] for setting, key in of_settings.items() if key in values}
    if file is not None and "session_rules" in given:
        chosen["session_rules"] = _session_rules(file, given["session_rules"].value)
    if file is not None and "thresholds" in given:
        try:
            chosen["thresholds"] = convert(given["thresholds"].value, Thresholds)
        except InvalidInput as error:
            raise _of_table(file.where("thresholds"), error) from None
    settings = Settings(**chosen)
    try:
        check_settings(settings)
    except InvalidInput as error:
        member, _, rest = error.pointer.removeprefix("/").partition("/")
        text = str(error).replace(" null ", " none ")
        if member in FILE_ONLY and file is not None:
            index = rest.partition("/")[0]
            raise InvalidInput(f"{file.where(member, int(index) if index.isdigit() else 0)}: {text}") from None
        setting = next((field.name for field in fields(Settings) if field.encode_name == member), "")
        key = of_settings.get(setting, "")
        if key not in given:
            raise InvalidInput(text) from None
        where, short = given[key].where, text.removeprefix(f"{setting} ").removeprefix(f"{member} ")
        raise InvalidInput(f"{where} {short}" if short != text else f"{where}: {text}") from None
    return settings


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


def _to_write(key: str, values: Mapping[str, Any], given: Mapping[str, _Given]) -> Path | None:
    path: Path | None = values.get(key)
    if path is not None and not path.absolute().parent.is_dir():
        raise InvalidInput(f"{given[key].where} must be in a folder that exists, not {str(path)!r}")
    return path
