"""docs/architecture.md: its picture is that of the import layers, and every file that a guide names exists."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, blocks, section

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = ROOT / "docs" / "architecture.md"
MOST_WORDS = 30


def test_the_picture_shows_the_layers_that_imports_must_keep() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["name"] == "Imports run one way"]
    [(_, picture), *_] = blocks(PAGE)

    assert [set(re.split(r"\s{2,}", line)[0].split(" | ")) for line in picture.splitlines()] == [
        set(layer.split(" | ")) for layer in layers
    ]


@pytest.mark.parametrize("page", [PAGE, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_file_and_folder_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`([\w.-]+(?:/[\w.-]*)+|\w+\.(?:py|toml))`", page.read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not any((top / name).exists() for top in (ROOT, ROOT / "mockserver"))] == []


def test_the_words_are_few_and_in_order() -> None:
    words = re.findall(r"^\| `?([a-z -]+)`? \|", section(PAGE, "Words"), re.MULTILINE)[1:]
    assert 0 < len(words) <= MOST_WORDS
    assert words == sorted(words)
