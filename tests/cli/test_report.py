"""``mockserver report``: the report of every session of a source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mockserver.cli import main
from tests.event_files import event, write_lines


@pytest.fixture
def two_sessions(tmp_path: Path) -> str:
    """Two sessions that play 10 and 20 seconds; the second one is never closed."""
    return str(
        write_lines(
            tmp_path / "events.ndjson",
            [
                event("sessionStart"),
                event("play", 0, 0),
                event("ping", 10, 10),
                event("sessionEnd", 10.1, 10),
                event("sessionStart", 100, media__id="clip-2"),
                event("play", 100, 0),
                event("ping", 110, 10),
                event("ping", 120, 20),
            ],
        )
    )


def reports(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["report", *arguments, "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["reports"]
    return found


def test_every_session_is_reported(two_sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", two_sessions]) == 0
    first, second = capsys.readouterr().out.split("\n\nsession ")
    assert first.startswith("session session-1: final\n")
    assert second.startswith("session-2: final\n")
    assert "  Content time spent                           10         10.1  a.media.timePlayed" in first
    assert "  Content time spent                           20           20  a.media.timePlayed" in second


def test_one_session_can_be_named(two_sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", two_sessions, "--session", "session-2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("session session-2: final\n")
    assert "session-1" not in out


def test_json_is_a_list_of_reports(two_sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = reports([two_sessions], capsys)
    assert [(report["session_id"], report["final"]) for report in found] == [("session-1", True), ("session-2", True)]


def test_unclosed_session_can_stay_open(two_sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = reports([two_sessions, "--open"], capsys)
    assert [report["final"] for report in found] == [True, False]


def test_missing_session_is_reported(two_sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", two_sessions, "--session", "sesion-1"]) == 2
    message = f"mockserver: {two_sessions} has no session 'sesion-1'; did you mean session-1?\n"
    assert capsys.readouterr() == ("", message)


def test_source_without_a_session_cannot_be_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "e.ndjson", [event("sessionStart", media__length="60")])
    assert main(["report", str(path)]) == 2
    assert capsys.readouterr() == ("", f"mockserver: {path} has no session\n")


def test_text_of_a_player_cannot_control_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "e.ndjson", [event("sessionStart", media__name="\x1b[31mred")])
    assert main(["report", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out


def test_help_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--help"]) == 0
    assert "examples:\n  mockserver report " in capsys.readouterr().out
