from __future__ import annotations

from mockserver.errors import nearest


def test_similar_name_is_suggested_whatever_its_case() -> None:
    assert nearest("ADSTART", ["ping", "adStart"]) == "; did you mean adStart?"


def test_name_that_was_cut_short_is_completed() -> None:
    assert nearest("--idle", ["--ties", "--idle-timeout"]) == "; did you mean --idle-timeout?"


def test_nothing_is_suggested_when_nothing_is_similar() -> None:
    assert nearest("xyz", ["ping", "adStart"]) == ""
