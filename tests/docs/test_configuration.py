"""docs/configuration.md: its tables and its whole file are made from the flags; ``make golden`` writes them anew."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mockserver import MockServer
from mockserver.cli.configuration import Configuration, configure
from mockserver.cli.flags import FILE_ONLY, Flag, serve_flags
from mockserver.cli.serve import add_arguments
from mockserver.control import PATCH_SETTINGS
from mockserver.model.fault_kind import DelayFault
from mockserver.model.finding import Thresholds
from mockserver.model.settings import Lifetimes, SessionRule, Settings
from mockserver.stories.file import parse_story
from tests.documents import ROOT, blocks, cell, default, filled, texts_of

PAGE = ROOT / "docs" / "configuration.md"
FLAGS = serve_flags()
FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}
SHOWN = {
    "admin_port": "8090",
    "seed": '"7"',
    "faults": '"faults.toml"',
    "stories": '["stories/"]',
    "admin_token": '"SECRET"',
    "admin_token_file": '"token.txt"',
    "admin_allow_origin": '["http://localhost:3000"]',
    "allow_host": '["mockserver.test"]',
    "namespace_host": '["mock.example"]',
    "tls_ca": '"ca.pem"',
    "tls_cert": '"cert.pem"',
    "tls_key": '"key.pem"',
    "journal": '"journal.ndjson"',
    "export_on_exit": '"journal.ndjson"',
    "grace_s": "0",
}
"""Values for keys that have no default, or whose default is that nobody sets them."""


def test_the_page_says_what_the_code_does(golden: Callable[[str, str], None]) -> None:
    parts = {"whole file": whole_file, "server": server, "settings": settings}
    golden("../../docs/configuration.md", filled(PAGE, parts))


def test_the_whole_file_has_the_defaults_of_a_server(tmp_path: Path) -> None:
    [whole, _] = files()
    assert configured(whole, tmp_path) == configured("", tmp_path)


@pytest.mark.parametrize("key", [*SHOWN])
def test_a_line_with_a_value_to_show_can_be_used(key: str, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text("SECRET\n", encoding="utf-8")
    (tmp_path / "faults.toml").write_text("[[faults]]\nfault.kind = 'reset'\n", encoding="utf-8")
    [whole, _] = files()
    line = next(line for line in whole.splitlines() if line.startswith(f"# {key} = "))
    needed = {"tls_ca": "tls = true\n", "tls_key": "tls_cert = 'c'\n"}.get(key, "")

    assert configured(needed + line.removeprefix("# "), tmp_path) != configured(needed, tmp_path)


def test_every_key_and_every_setting_is_in_the_whole_file() -> None:
    [whole, _] = files()
    keys = re.findall(r"^(?:# )?([\w.]+) = ", whole.partition("\n[thresholds]")[0], re.MULTILINE)
    named = {FLAGS[key].setting or key: key for key in FLAGS}
    assert sorted(keys) == sorted(FIELDS[name].encode_name if name in FIELDS else key for name, key in named.items())


def test_settings_of_the_whole_file_work_in_a_story_and_in_the_admin_api() -> None:
    [whole, _] = files()
    text = whole.partition("# Settings\n")[2].partition("\n[thresholds]")[0].replace("# grace_s", "grace_s")
    story = f"""
title = "t"
symptom = "s"
description = "d"
player = "p"
[settings]
{text}
[[expect]]
says = "It pings."
query = {{ event_type = "ping" }}
"""

    members = parse_story(story, "own.toml").settings
    assert members.keys() == {field.encode_name for field in FIELDS.values()} - set(FILE_ONLY)

    with MockServer(Settings(idle_timeout_s=1)) as server:
        assert server.control.call(PATCH_SETTINGS, members) == Settings(grace_s=0)


def test_the_other_file_is_read_as_the_text_says(tmp_path: Path) -> None:
    [_, other] = files()
    given = configured(other, tmp_path)

    assert given.options.port == 9000
    assert given.settings == Settings(
        max_age_s=None,
        thresholds=Thresholds(jump_s=5),
        session_rules=(SessionRule(where=("/params/media.id=short",), idle_timeout_s=5),),
    )
    assert given.stories == (tmp_path / "stories/",)
    assert [spec.fault for spec in given.faults] == [DelayFault(ms=200)]


def test_every_environment_variable_of_the_code_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    variables = {flag.variable for flag in FLAGS.values()} | {"MOCKSERVER_CONFIG"}
    for path in (ROOT / "mockserver").rglob("*.py"):
        variables |= set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', path.read_text(encoding="utf-8")))
    assert [variable for variable in sorted(variables) if f"`{variable}`" not in text] == []


def files() -> list[str]:
    return [text for kind, text in blocks(PAGE) if kind == "toml"]


def configured(text: str, folder: Path) -> Configuration:
    (folder / "mockserver.toml").write_text(text, encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return configure(FLAGS, vars(parser.parse_args([])), {}, folder, "fresh")


def whole_file() -> Iterator[str]:
    yield "\n```toml\n#:schema mockserver.schema.json\n\n# The server"
    for key, flag in FLAGS.items():
        if flag.setting is None:
            yield line(key, flag.default)
    yield "\n# Settings"
    for name, field in FIELDS.items():
        if name not in FILE_ONLY:
            yield line(field.encode_name, field.default)
    yield "\n[thresholds]"
    for field in msgspec.structs.fields(Thresholds):
        yield line(field.name, field.default)
    yield "```\n"


def line(key: str, value: Any) -> str:
    if key in SHOWN:
        return f"# {key} = {SHOWN[key]}"
    return f"{key} = {msgspec.json.encode('none' if value is None else value).decode()}"


def server() -> Iterator[str]:
    yield "\n| key | flag | variable | means |\n|---|---|---|---|"
    for key, flag in FLAGS.items():
        if flag.setting is None:
            by_default = (
                "" if flag.default in (None, ()) else f" (default: `{msgspec.json.encode(flag.default).decode()}`)"
            )
            yield f"| `{key}` | {names(flag)} | {cell(flag.text)}{by_default} |"
    yield ""


def settings() -> Iterator[str]:
    texts = {**texts_of(Lifetimes), **texts_of(Settings)}
    flags = {flag.setting: flag for flag in FLAGS.values() if flag.setting}
    yield "\n| setting | short flag | short variable | default | means |\n|---|---|---|---|---|"
    for name, field in FIELDS.items():
        short = names(flags[name]) if name in flags else " | "
        shown = "" if name == "thresholds" else default(field)
        yield f"| `{field.encode_name}` | {short} | {shown} | {cell(texts[name])} |"
    yield ""


def names(flag: Flag) -> str:
    return f"`{flag.option}` | `{flag.variable}`"
