from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mockserver.cli import main
from mockserver.cli.flags import FILE_ONLY, serve_flags
from mockserver.errors import InvalidInput
from mockserver.model.settings import Settings
from tests.tables import every_case

FLAGS = serve_flags()


def test_every_setting_has_a_flag_a_variable_a_key_and_a_text() -> None:
    by_setting = {flag.setting: flag for flag in FLAGS.values() if flag.setting}
    assert by_setting.keys() | set(FILE_ONLY) == set(Settings.__struct_fields__)
    for setting, flag in by_setting.items():
        assert flag.key == setting.removesuffix("_s")
        assert flag.options[0] == flag.option == "--" + flag.key.replace("_", "-")
        assert flag.variables[0] == flag.variable == "MOCKSERVER_" + flag.key.upper()
        assert flag.text


def test_defaults_shown_are_those_of_the_settings() -> None:
    shown = {flag.setting: flag.default for flag in FLAGS.values() if flag.setting}
    assert msgspec.structs.replace(Settings(), **shown) == Settings()


def test_help_has_the_words_of_the_command_line_and_whole_sentences() -> None:
    assert FLAGS["docs_lenient"].text.endswith("keys without media.qoe.")
    assert " none: 5 seconds " in FLAGS["grace"].text
    assert not [flag.key for flag in FLAGS.values() if "None" in flag.text or "`" in flag.text]


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    named = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {flag.option for flag in FLAGS.values()} | {"--config"} <= named


@every_case(
    ("key", "given", "value"),
    [
        ("idle_timeout", "5", 5.0),
        ("idle_timeout", "none", None),
        ("idle_timeout", 5.5, 5.5),
        ("after_end", "404", 404),
        ("docs_lenient", "TRUE", True),
        ("docs_lenient", "0", False),
        ("states_update", False, False),
        ("path_prefixes", "/va, /vb", ("/va", "/vb")),
        ("path_prefixes", ["/va"], ("/va",)),
        ("seed", 7, "7"),
        ("port", "0", 0),
        ("admin_allow_origin", "http://localhost:3000", ("http://localhost:3000",)),
        ("tls_cert", "a.pem", Path("a.pem")),
    ],
)
def test_text_and_values_are_read(key: str, given: Any, value: Any) -> None:
    assert FLAGS[key].read(given, "here") == value


def test_path_is_relative_to_the_folder_it_was_given_in() -> None:
    assert FLAGS["tls_cert"].read("a.pem", "here", Path("/etc")) == Path("/etc/a.pem")


@every_case(
    ("key", "given", "sentence"),
    [
        ("idle_timeout", "soon", "here must be a number, or none, not 'soon'"),
        ("idle_timeout", True, "here must be a number, or none, not true"),
        ("cors_max_age", "1.5", "here must be a whole number, or none, not '1.5'"),
        ("max_entries", 1.5, "here must be a whole number, not 1.5"),
        ("after_end", "500", "here must be 410 or 204 or 404, not '500'"),
        ("docs_lenient", "yes", "here must be true or false, not 'yes'"),
        ("path_prefixes", 5, "here must be one or more texts, not 5"),
        ("port", "65536", "here must be a port from 0 to 65535, not '65536'"),
        ("port", -1, "here must be a port from 0 to 65535, not -1"),
        ("seed", False, "here must be a text, not false"),
        ("host", "", "here must be a text, not ''"),
        ("faults", 5, "here must be the path of a file, not 5"),
        ("admin_allow_origin", ["http://x/"], "here must be an origin like http://localhost:3000, without a path or a "
         "slash at the end, not 'http://x/'"),
    ],
)  # fmt: skip
def test_invalid_value_is_refused_with_the_valid_ones(key: str, given: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        FLAGS[key].read(given, "here")
    assert str(caught.value) == sentence
