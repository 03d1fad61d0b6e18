"""The files of the page contain nothing that treats text as markup, and load nothing from other hosts."""

from __future__ import annotations

import re
from pathlib import Path

import mockserver.server.service as service

UI = Path(service.__file__).with_name("ui")
SCRIPTS = sorted(UI.rglob("*.js"))
FILES = sorted(path for path in UI.rglob("*") if path.is_file())
MOST_LINES = 250


def _name(path: Path) -> str:
    return path.relative_to(UI).as_posix()


def _matches(pattern: str, paths: list[Path], but: str = "") -> dict[str, list[str]]:
    """Return the matches of a pattern by file, without those that are allowed."""
    texts = {_name(path): path.read_text(encoding="utf-8").replace(but, "") for path in paths}
    found = {name: [match.group() for match in re.finditer(pattern, text)] for name, text in texts.items()}
    return {name: matches for name, matches in found.items() if matches}


def test_no_script_treats_text_as_markup_or_code() -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc"
        r"|\beval\b|new Function|setTimeout\(\s*[\"'`]|setHTML"
    )

    assert _matches(forbidden, SCRIPTS, but='"srcdoc"') == {}  # dom.js refuses it by name


def test_nothing_is_loaded_from_other_hosts() -> None:
    assert _matches(r"""(?:src|href|url\(|import|from|@import)\s*[=(]?\s*["'`]?(?:https?:)?//""", FILES) == {}


def test_every_imported_file_exists() -> None:
    targets = {
        (_name(path), target): path.parent / target
        for path in SCRIPTS
        for target in re.findall(r"""from ["'](\.[^"']+)["']""", path.read_text(encoding="utf-8"))
    }

    assert len(targets) > len(SCRIPTS)
    assert [named for named, target in targets.items() if not target.is_file()] == []


def test_files_are_small_and_have_one_job() -> None:
    written = [path for path in FILES if path.suffix != ".ts"]  # types are generated
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written}

    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_every_file_that_the_page_and_its_routes_name_exists() -> None:
    named = re.findall(r"""(?:src|href)="([^"#]+)\"""", (UI / "index.html").read_text(encoding="utf-8"))
    named += re.findall(r"""["']\./((?:views|controls)/[^"']+\.js)["']""", (UI / "main.js").read_text(encoding="utf-8"))

    assert len(named) > 10
    assert [name for name in named if not (UI / name).is_file()] == []


def test_markup_has_nothing_inline_that_its_policy_forbids() -> None:
    markup = [path for path in FILES if path.suffix == ".html"]

    assert UI / "index.html" in markup
    assert _matches(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", markup) == {}
