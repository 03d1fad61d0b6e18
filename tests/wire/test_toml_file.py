from __future__ import annotations

import re
import sys

import pytest

from mockserver.errors import InvalidInput
from mockserver.wire.toml_file import TomlFile
from tests.tables import every_case

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = '''\
# title = "not this one"
title = "a"
description = """
[faults]
title = 3
"""
many = [
    "x",
    { y = 1 },
]

[settings]
"cors.max_age" = 5

[[faults]]
when.event_type = "ping"
fault = { kind = "status" }

[[faults]]
[faults.when]
in_ad = true

[[ "expect" ]]
says = "x"
'''


@every_case(
    ("pointer", "line"),
    [
        ("/title", 2),
        ("/description", 3),
        ("/many", 7),
        ("/many/1/y", 7),
        ("/settings", 12),
        ("/settings/cors.max_age", 13),
        ("/faults", 15),
        ("/faults/0", 15),
        ("/faults/0/when/event_type", 16),
        ("/faults/0/fault/kind", 17),
        ("/faults/0/times", 15),
        ("/faults/1", 19),
        ("/faults/1/when", 20),
        ("/faults/1/when/in_ad", 21),
        ("/expect/0/says", 24),
    ],
)
def test_member_is_found_on_its_line_or_on_that_of_its_parent(pointer: str, line: int) -> None:
    assert TomlFile(TEXT, "a.toml").where(pointer) == f"a.toml:{line}"


def test_lines_that_end_as_on_windows_are_counted_alike() -> None:
    assert TomlFile(TEXT.replace("\n", "\r\n"), "a.toml").where("/faults/1/when/in_ad") == "a.toml:21"


@every_case("pointer", ["", "/nothing", "/nothing/0"])
def test_what_is_nowhere_is_somewhere_in_the_file(pointer: str) -> None:
    assert TomlFile(TEXT, "a.toml").where(pointer) == "a.toml"


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidInput, match=r"^a\.toml:2 is not TOML: "):
        TomlFile("a = 1\nb = = 2\n", "a.toml")


@pytest.mark.parametrize(
    ("said", "members", "told"),
    [
        ("Invalid value (at line 2, column 3)", {}, "a.toml:2 is not TOML: Invalid value"),
        ("Unclosed array (at end of document)", {}, "a.toml is not TOML: Unclosed array"),
        ("Invalid value, line 2", {"msg": "Invalid value", "lineno": 2}, "a.toml:2 is not TOML: Invalid value"),
        ("Line 2 has no value", {}, "a.toml is not TOML: Line 2 has no value"),
    ],
    ids=["Python 3.11 to 3.13", "at the end", "Python 3.14 and tomli 2.1", "worded otherwise: the line is lost"],
)
def test_line_of_a_mistake_is_read_from_what_the_parser_raises(
    said: str, members: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = tomllib.TOMLDecodeError.__new__(tomllib.TOMLDecodeError, said)
    vars(error).update(members)

    def refuse(text: str) -> None:
        raise error

    monkeypatch.setattr(tomllib, "loads", refuse)
    with pytest.raises(InvalidInput, match=f"^{re.escape(told)}$"):
        TomlFile("", "a.toml")
