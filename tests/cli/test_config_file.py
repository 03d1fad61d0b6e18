from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.cli.config_file import ConfigFile
from mockserver.errors import InvalidInput

TEXT = """\
# port = 1
port = 8090
"idle_timeout" = 5

[[faults]]
port = 3
[[ faults ]]
skip = 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mockserver.toml"


def test_keys_and_tables_are_found_on_their_lines(path: Path) -> None:
    path.write_text(TEXT, encoding="utf-8")
    file = ConfigFile(path)
    assert file.values["port"] == 8090
    assert file.where("port") == f"{path}:2"
    assert file.where("idle_timeout") == f"{path}:3"
    assert file.where("faults") == f"{path}:5"
    assert file.where("faults", 1) == f"{path}:7"
    assert file.where("skip") == str(path)


def test_rules_written_in_one_line_are_all_there(path: Path) -> None:
    path.write_text("faults = [{}, {}]", encoding="utf-8")
    assert ConfigFile(path).where("faults", 1) == f"{path}:1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"port = 1\nport = = 2\n", ":2 is not TOML: "),
        (b"port = 1\nport = 2\n", ":2 is not TOML: "),
        (b"port = \xff\n", " is not UTF-8"),
    ],
)
def test_invalid_toml_is_refused_with_its_line(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        ConfigFile(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_missing_file_is_named(path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*: No such file or directory"):
        ConfigFile(path)
