from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from mockserver.cli.configuration import Configuration, configure
from mockserver.cli.flags import FILE_ONLY, serve_flags
from mockserver.cli.serve import add_arguments
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import HangFault, ResetFault
from mockserver.model.settings import SessionRule, Settings
from mockserver.server.options import ServerOptions
from tests.tables import every_case

FIELDS = [field for field in msgspec.structs.fields(Settings) if field.name not in FILE_ONLY]
FLAG_OF = {flag.setting: flag for flag in serve_flags().values()}
PARSER = argparse.ArgumentParser()
add_arguments(PARSER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def configured(
    folder: Path, *arguments: str, file: str | None = None, variables: Mapping[str, str] | None = None
) -> Configuration:
    if file is not None:
        (folder / "mockserver.toml").write_text(file, encoding="utf-8")
    return configure(serve_flags(), vars(PARSER.parse_args(arguments)), variables or {}, folder, "fresh")


def sample(field: msgspec.structs.FieldInfo) -> Any:
    """Return a value that is not the default."""
    if field.type is bool:
        return not field.default
    if get_origin(field.type) is Literal:
        return next(option for option in get_args(field.type) if option != field.default)
    if field.type is str:
        return "seven"
    return ("/va",) if field.default == () else 7


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else value[0] if isinstance(value, tuple) else str(value)


def test_nothing_given_is_the_default(folder: Path) -> None:
    assert configured(folder) == Configuration(
        options=ServerOptions(port=8089, seed="fresh"),
        settings=Settings(),
        faults=(),
        ready_json=False,
        export_on_exit=None,
        journal=None,
        files=(folder / "mockserver.toml",),
    )


def test_every_setting_is_taken_from_flag_variable_and_file(folder: Path) -> None:
    def taken(
        field: msgspec.structs.FieldInfo, *arguments: str, file: str = "", variables: Mapping[str, str] | None = None
    ) -> bool:
        wanted = msgspec.structs.replace(Settings(), **{field.name: sample(field)})
        return configured(folder, *arguments, file=file, variables=variables).settings == wanted

    wrong: list[str] = []
    for field in FIELDS:
        flag, value = FLAG_OF[field.name], sample(field)
        for option in flag.options:
            if field.type is bool:
                arguments = [option if value else option.replace("--", "--no-", 1)]
            else:
                arguments = [option, written(value)]
            wrong += [] if taken(field, *arguments) else [option]
        for variable in flag.variables:
            wrong += [] if taken(field, variables={variable: written(value)}) else [variable]
        for name in (field.encode_name, f'"{field.encode_name}"', field.name, flag.key):
            wrong += [] if taken(field, file=f"{name} = {json.dumps(value)}") else [f"{name} in the file"]
    assert wrong == []


def test_setting_has_the_name_it_has_in_the_admin_api_everywhere(folder: Path) -> None:
    for field in FIELDS:
        flag = FLAG_OF[field.name]
        plain = field.encode_name.replace(".", "_")
        assert field.encode_name in flag.names
        assert f"--{plain.replace('_', '-')}" in flag.options
        assert f"MOCKSERVER_{plain.upper()}" in flag.variables


@every_case("file", ["cors.max_age = 7\n", "[cors]\nmax_age = 7\n", '"cors.max_age" = 7\n', "cors = { max_age = 7 }\n"])
def test_setting_with_a_dot_in_its_name_can_be_written_in_every_way_of_toml(folder: Path, file: str) -> None:
    assert configured(folder, file=file).settings.cors_max_age_s == 7


@pytest.mark.parametrize(
    ("variables", "file", "said"),
    [
        ({}, "port = 1\nidle_timeout = 5\nidle_timeout_s = 6\n",
         "{folder}/mockserver.toml:3: idle_timeout_s is the same setting as idle_timeout: leave one of them out"),
        ({"MOCKSERVER_MAX_AGE": "1", "MOCKSERVER_MAX_AGE_S": "1"}, None,
         "the environment variable MOCKSERVER_MAX_AGE_S is the same setting as MOCKSERVER_MAX_AGE: leave one of them "
         "out"),
    ],
)  # fmt: skip
def test_setting_that_is_given_under_two_names_in_one_place_is_refused(
    folder: Path, variables: dict[str, str], file: str | None, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, file=file, variables=variables)
    assert str(caught.value) == said.format(folder=folder)


def test_server_is_described_by_its_flags(folder: Path) -> None:
    flags = (
        "--host ::1 --port 1 --admin-port 2 --seed 7 --admin-token t --admin-allow-origin http://a "
        "--admin-allow-origin http://b:1 --allow-host x --allow-host y --tls-cert c --tls-key k --ready-json"
    )
    given = configured(folder, *flags.split(), "--export-on-exit", str(folder / "out"))
    assert given.options == ServerOptions(
        host="::1",
        port=1,
        admin_port=2,
        admin_token="t",
        allow_hosts=("x", "y"),
        admin_allow_origins=("http://a", "http://b:1"),
        seed="7",
        seeded_ids=True,
        tls_cert="c",
        tls_key="k",
    )
    assert (given.ready_json, given.export_on_exit) == (True, folder / "out")


@pytest.mark.parametrize(
    ("arguments", "variables", "file"),
    [
        (("--tls", "--tls-ca", "ca.pem"), {}, None),
        ((), {"MOCKSERVER_TLS": "true", "MOCKSERVER_TLS_CA": "ca.pem"}, None),
        (("--tls-ca", "ca.pem"), {}, "tls = true"),
    ],
)
def test_own_ca_is_requested_by_flag_variable_or_file(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str], file: str | None
) -> None:
    given = configured(folder, *arguments, variables=variables, file=file).options
    assert (given.tls, given.tls_ca, given.scheme) == (True, "ca.pem", "https")
    assert not configured(folder, "--no-tls", file="tls = true").options.tls


@pytest.mark.parametrize(
    ("arguments", "file", "said"),
    [
        (("--tls", "--tls-cert", "c"), None, "--tls generates a certificate: leave out --tls-cert"),
        (("--tls-key", "k"), "tls = true", "{folder}/mockserver.toml:1: tls generates a certificate: leave"),
        (("--tls-ca", "ca.pem"), None, "--tls-ca needs --tls: give that too"),
        (("--no-tls",), 'tls_ca = "a"', "{folder}/mockserver.toml:1: tls_ca needs --tls: give that too"),
    ],
)
def test_certificate_beside_a_ca_and_useless_ca_options_are_refused(
    folder: Path, arguments: tuple[str, ...], file: str | None, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, *arguments, file=file)
    assert str(caught.value).startswith(said.format(folder=folder))


def test_flag_counts_more_than_variable_and_that_more_than_file(folder: Path) -> None:
    file, variables = "port = 1\nmax_age = 1\nseed = 1\n", {"MOCKSERVER_PORT": "2", "MOCKSERVER_MAX_AGE": "2"}
    given = configured(folder, "--port", "3", file=file, variables=variables)
    assert (given.options.port, given.settings.max_age_s, given.options.seed) == (3, 2, "1")


def test_switch_of_the_file_can_be_switched_off_again(folder: Path) -> None:
    assert not configured(folder, "--no-docs-lenient", file="docs_lenient = true").settings.docs_lenient


def test_lifetime_can_be_unlimited_everywhere(folder: Path) -> None:
    given = configured(
        folder, "--idle-timeout", "none", file='max_age = "none"', variables={"MOCKSERVER_RETENTION": "none"}
    )
    assert (given.settings.idle_timeout_s, given.settings.max_age_s, given.settings.retention_s) == (None, None, None)


def test_empty_variables_and_those_of_other_programs_do_not_count(folder: Path) -> None:
    given = configured(folder, variables={"MOCKSERVER_PORT": "", "PORT": "x", "MOCKSERVERX": "x"})
    assert given.options.port == 8089


def test_variables_that_kubernetes_sets_for_a_service_named_mockserver_do_not_count(folder: Path) -> None:
    names = ["PORT_8089_TCP", "PORT_8089_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP"]
    variables = {"MOCKSERVER_PORT": "tcp://10.0.0.1:8089", **{f"MOCKSERVER_{name}": "x" for name in names}}
    assert configured(folder, variables=variables).options.port == 8089


def test_variable_with_which_clients_find_a_server_does_not_count(folder: Path) -> None:
    assert configured(folder, variables={"MOCKSERVER_URL": "http://mockserver:8089"}).options.port == 8089


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_other_file_can_be_named(folder: Path, by: str) -> None:
    other = folder / "other.toml"
    other.write_text("port = 2\n", encoding="utf-8")
    arguments = ["--config", str(other)] if by == "flag" else []
    variables = {} if by == "flag" else {"MOCKSERVER_CONFIG": str(other)}
    given = configured(folder, *arguments, file="port = 1\nmax_age = 1", variables=variables)
    assert (given.options.port, given.settings.max_age_s) == (2, 86400)


def test_paths_in_the_file_are_relative_to_it(folder: Path) -> None:
    given = configured(folder, file='tls_cert = "c.pem"\nexport_on_exit = "out.ndjson"\n')
    assert (given.options.tls_cert, given.export_on_exit) == (str(folder / "c.pem"), folder / "out.ndjson")


def test_session_rules_come_from_the_file_with_names_of_flags_or_of_the_admin_api(folder: Path) -> None:
    file = """
        [[session_rules]]
        where = ["/params/media.id=short"]
        idle_timeout = 5
        max_age = "none"
        [[session_rules]]
        where = ["/params/media.id=long"]
        idle_timeout_s = 50
    """
    assert configured(folder, file=file).settings.session_rules == (
        SessionRule(where=("/params/media.id=short",), idle_timeout_s=5, max_age_s=None),
        SessionRule(where=("/params/media.id=long",), idle_timeout_s=50),
    )


def test_fault_rules_come_from_tables_or_from_the_file_that_is_named_last(folder: Path) -> None:
    tables = '[[faults]]\nfault = {kind = "reset"}\n'
    assert configured(folder, file=tables).faults == (FaultSpec(fault=ResetFault()),)

    (folder / "f.json").write_text('{"fault": {"kind": "hang"}}', encoding="utf-8")
    assert configured(folder, file='faults = "f.json"').faults == (FaultSpec(fault=HangFault()),)
    assert configured(folder, "--faults", str(folder / "f.json"), file=tables).faults == (FaultSpec(fault=HangFault()),)


@every_case(
    ("text", "message"),
    [
        ("port = 1\nidel_timeout = 5\n", ":2: unknown key idel_timeout; did you mean idle_timeout?"),
        ("idel_timeout_s = 5\n", ":1: unknown key idel_timeout_s; did you mean idle_timeout_s?"),
        ("port = 1\n[cors]\nmax_agee = 5\n", ":3: unknown key cors.max_agee; did you mean cors.max_age?"),
        ("cors.max_age = 'x'\n", ":1: cors.max_age must be a whole number, or none, not 'x'"),
        ("cors = 5\n", ":1: unknown key cors"),
        ("config = 'x'\n", ":1: unknown key config"),
        ("\nidle_timeout = 'soon'\n", ":2: idle_timeout must be a number, or none, not 'soon'"),
        ("idle_timeout = -1\n",
         ":1: idle_timeout must be a number of seconds from 0 to 315360000, or none for no limit; not -1"),
        ("[port]\nx = 1\n", ":1: port must be a port from 0 to 65535, not {'x': 1}"),
        ("path_prefixes = ['/api']\n", ":1: path_prefixes: '/api' is not a path prefix"),
        ("tls_key = 'k'\n", ":1: tls_key needs a certificate: give --tls-cert too"),
        ("export_on_exit = 'no/where'\n", ":1: export_on_exit must be in a folder that exists, not "),
        ("faults = 5\n", ":1: faults must be the path of a file, or [[faults]] tables"),
        ("port = 1\n[[faults]]\nfault.kind = 'reset'\nport = 1\n", ":2: a fault rule has no member port"),
        ("session_rules = 5\n", ":1: session_rules must be [[session_rules]] tables"),
        ("[[session_rules]]\nwhere = ['/a=1']\n[[session_rules]]\nwehre = ['/a=1']\n",
         ":3: a session rule has no member wehre; did you mean where?"),
        ("port = 1\n[[session_rules]]\nidle_timeout = 5\n", ":2: a session rule needs where, one or more conditions"),
        ("cors_max_age = -1\n", ":1: cors_max_age must be a number of seconds from 0 to"),
        ("\n[thresholds]\nx = 1\n", ":2: unknown member `x`"),
        ("[[session_rules]]\nwhere = 5\n", ":1: where: must be a list, not 5"),
        ("[[session_rules]]\nwhere = ['/a=1']\n[[session_rules]]\nwhere = []\n",
         ":3: a session rule needs at least one condition"),
    ],
)  # fmt: skip
def test_mistake_in_the_file_is_reported_with_its_line(folder: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, file=text)
    assert str(caught.value).startswith(f"{folder / 'mockserver.toml'}{message}")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MOCKSERVER_IDEL_TIMEOUT", "5", "the environment variable MOCKSERVER_IDEL_TIMEOUT is not known; did you mean "
         "MOCKSERVER_IDLE_TIMEOUT?"),
        ("MOCKSERVER_PORT", "http", "the environment variable MOCKSERVER_PORT must be a port from 0 to "
         "65535, not 'http'"),
        ("MOCKSERVER_CONFIG", "/no/such.toml", f"cannot read {Path('/no/such.toml')}: No such file or directory"),
    ],
)  # fmt: skip
def test_mistake_in_the_environment_is_reported_with_the_variable(
    folder: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, variables={name: value})
    assert str(caught.value) == message


def test_mistake_on_the_command_line_is_reported_with_the_flag(folder: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, "--after-end", "500")
    assert str(caught.value) == "--after-end must be 410 or 204 or 404, not '500'"


@every_case(
    ("flag", "value", "message"),
    [
        ("--max-entries", "0", "--max-entries must be 1 or more, not 0"),
        ("--max-age", "-1", "--max-age must be a number of seconds from 0 to 315360000, or none for no limit; "
         "not -1.0"),
        ("--cors-max-age", "-1", "--cors-max-age must be a number of seconds from 0 to 315360000, or none for no "
         "limit; not -1"),
        ("--admin-allow-origin", "http://x/", "--admin-allow-origin must be an origin like http://localhost:3000, "
         "without a path or a slash at the end, not 'http://x/'"),
        ("--allow-host", "http://box", "--allow-host must be a host name like mock.example, without a scheme, a port "
         "or a path, not 'http://box'"),
        ("--namespace-host", "box:8089", "--namespace-host must be a host name like mock.example, without a scheme, a "
         "port or a path, not 'box:8089'"),
    ],
)  # fmt: skip
def test_value_of_a_flag_is_refused_in_the_words_of_the_command_line(
    folder: Path, flag: str, value: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        configured(folder, f"{flag}={value}")
    assert str(caught.value) == message


def test_mistake_in_a_file_does_not_matter_where_a_flag_overrides_it(folder: Path) -> None:
    assert configured(folder, "--port", "1", file="port = 'x'").options.port == 1


def test_stories_come_from_flags_variable_and_file_whose_paths_are_relative_to_it(folder: Path) -> None:
    assert configured(folder, "--stories", "a.toml", "--stories", "more", "--watch").stories == (
        Path("a.toml"),
        Path("more"),
    )
    assert configured(folder, variables={"MOCKSERVER_STORIES": "a.toml, more"}).stories == (
        Path("a.toml"),
        Path("more"),
    )
    from_file = configured(folder, file='stories = ["a.toml", "more"]\nwatch = true\n')
    assert from_file.stories == (folder / "a.toml", folder / "more")
    assert from_file.watch


def test_value_that_names_no_stories_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInput, match=r"mockserver\.toml:1: stories must be one or more paths, not 3"):
        configured(folder, file="stories = 3\n")


def test_files_to_watch_are_those_of_settings_and_rules_whether_they_are_there_or_not(folder: Path) -> None:
    assert configured(folder, "--watch").files == (folder / "mockserver.toml",)
    (folder / "rules.json").write_text("[]", encoding="utf-8")
    assert configured(folder, file="faults = 'rules.json'\n").files == (
        folder / "mockserver.toml",
        folder / "rules.json",
    )


@every_case(
    ("content", "flags", "says"),
    [
        (None, "", "cannot read"),
        (b" \n", "", "must hold a token"),
        (b"one\ntwo\n", "", "must hold a token"),
        (b"\xff", "", "cannot read"),
        (b"one\n", "--admin-token two", "leave out --admin-token"),
    ],
)
def test_token_file_that_cannot_be_used(folder: Path, content: bytes | None, flags: str, says: str) -> None:
    path = folder / "token.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=says):
        configured(folder, "--admin-token-file", str(path), *flags.split())


def test_files_with_secrets_are_known(folder: Path) -> None:
    assert configured(folder, file="port = 1\n").secret_files == ()
    assert configured(folder, file="admin_token = 'x'\n").secret_files == (folder / "mockserver.toml",)
