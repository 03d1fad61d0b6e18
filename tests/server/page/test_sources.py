"""What the files of the page may hold: nothing that could take text for markup, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mockserver.server.site as site

UI = Path(site.__file__).with_name("ui")
SCRIPTS = sorted(UI.rglob("*.js"))
FILES = sorted(path for path in UI.rglob("*") if path.is_file())
MOST_LINES = 250


def _name(path: Path) -> str:
    return path.relative_to(UI).as_posix()


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_no_script_takes_text_for_markup_or_code(path: Path) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc"
        r"|\beval\b|new Function|setTimeout\(\s*[\"'`]|setHTML"
    )
    text = path.read_text(encoding="utf-8").replace('"srcdoc"', "")  # dom.js refuses it by name

    assert re.findall(forbidden, text) == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    addresses = re.findall(
        r"""(?:src|href|url\(|import|from|@import)\s*[=(]?\s*["'](https?:)?//""", path.read_text("utf-8")
    )

    assert addresses == []


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_every_import_is_there(path: Path) -> None:
    for target in re.findall(r"""from ["'](\.[^"']+)["']""", path.read_text(encoding="utf-8")):
        assert (path.parent / target).is_file(), target


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix != ".ts"], ids=_name)  # types are generated
def test_files_are_small_and_have_one_job(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_file_that_the_page_and_its_routes_name_is_there() -> None:
    named = re.findall(r"""(?:src|href)="([^"#]+)\"""", (UI / "index.html").read_text(encoding="utf-8"))
    named += re.findall(r"""["']\./((?:views|controls)/[^"']+\.js)["']""", (UI / "main.js").read_text(encoding="utf-8"))

    assert len(named) > 10
    assert [name for name in named if not (UI / name).is_file()] == []


def test_the_page_has_no_inline_script_and_no_inline_style() -> None:
    page = (UI / "index.html").read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page) == []
