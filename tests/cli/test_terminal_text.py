from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.cli.terminal import show, show_json


def on_latin_1(monkeypatch: pytest.MonkeyPatch, call: Callable[[Any], None], value: Any) -> bytes:
    """Return what is printed on a terminal that only knows Latin-1."""
    raw = io.BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="latin-1", write_through=True, newline="\n"))
        call(value)
        return raw.getvalue()


def test_text_keeps_its_lines_and_escapes_unprintable_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = on_latin_1(monkeypatch, show, "caf\u00e9\n\x1b[31m\u202e\u65e5")
    assert printed == b"caf\xe9\n\\x1b[31m\\u202e\\u65e5\n"


def test_json_is_the_same_in_every_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = on_latin_1(monkeypatch, show_json, {"name": "\u65e5\n"})
    assert printed == b'{"name": "\\u65e5\\n"}\n'
    assert json.loads(printed) == {"name": "\u65e5\n"}
