"""``mockserver compare``: what it prints, and when CI fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver import connect
from mockserver.cli import main
from tests.event_files import event_lines, simulated_beats, write_lines
from tests.tables import every_case

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"
OLD_SDK, NEW_SDK = str(TRAFFIC / "adobe-js-3.0.1-vod.ndjson"), str(TRAFFIC / "adobe-js-3.1.0-vod.ndjson")


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., str]:
    """Write the events of a simulated session; return the path."""

    def write(flaw: str | None = None, name: str = "events", start_ms: int | None = None) -> str:
        lines = event_lines(simulated_beats(flaw), *(() if start_ms is None else (start_ms,)))
        return str(write_lines(tmp_path / f"{name}.ndjson", lines))

    return write


def test_two_versions_of_an_sdk(golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", OLD_SDK, NEW_SDK]) == 1
    golden("comparison/sdk.txt", capsys.readouterr().out)
    assert main(["compare", OLD_SDK, NEW_SDK, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document.pop("before").endswith("adobe-js-3.0.1-vod.ndjson")
    assert document.pop("after").endswith("adobe-js-3.1.0-vod.ndjson")
    (pair,) = document["comparison"]["pairs"]
    assert pair["before"]["content"]["library_version"] == "js-3.0.1"
    golden("comparison/sdk.json", json.dumps({"changes": pair["changes"], "rows": pair["rows"]}, indent=1) + "\n")


def test_flaw_in_the_new_version_is_shown(
    recorded: Callable[..., str], golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", recorded(), recorded("ads-outside-break", "after")]) == 1
    golden("comparison/ads-outside-break.txt", capsys.readouterr().out)


def test_same_viewing_on_another_day_is_the_same(
    recorded: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", recorded(), recorded(name="later", start_ms=1_770_000_000_000)]) == 0
    assert capsys.readouterr().out.endswith("\n  no differences\n\n1 pair of sessions compared, no differences\n")


def test_ignored_differences_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["media.channel", "http.content-type"]
    assert main(["compare", OLD_SDK, NEW_SDK, *(word for name in names for word in ("--ignore", name))]) == 0
    assert main(["compare", OLD_SDK, NEW_SDK, "--ignore", "media.*"]) == 1
    assert "http.content-type" in capsys.readouterr().out


def test_file_is_compared_with_a_namespace_of_a_server(
    recorded: Callable[..., str], server: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = recorded()
    connect(server.url, namespace="old").load(path)
    url = f"{server.url}/ns/old"
    (tmp_path / "mockserver.toml").write_text("idle_timeout_s = 700\n", encoding="utf-8")
    assert main(["compare", path, url, "--config", str(tmp_path / "mockserver.toml")]) == 0
    assert main(["compare", url, url]) == 0
    assert main(["compare", url, url, "--open"]) == 2
    assert "--open is for files" in capsys.readouterr().err


def test_sessions_of_one_recording_are_compared_when_they_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [*event_lines(simulated_beats()), *event_lines(simulated_beats("no-play-after-pause"), 1_770_000_000_000)]
    path = str(write_lines(tmp_path / "day.ndjson", lines))
    assert main(["compare", path, path, "--sessions", "session-1", "session-2"]) == 1
    assert "play 3: missing now" in capsys.readouterr().out
    assert main(["compare", path, path, "--sessions", "session-1", "sesion-2"]) == 2
    assert "has no session 'sesion-2'; did you mean session-2?" in capsys.readouterr().err


@every_case(
    ("arguments", "message"),
    [
        (["-", "-"], "only one of BEFORE and AFTER can be -"),
        ([OLD_SDK, NEW_SDK, "--seconds", "-1"], "--seconds must be a number of seconds, at least 0, not -1"),
        ([OLD_SDK, NEW_SDK, "--seconds", "nan"], "--seconds must be a number of seconds, at least 0, not nan"),
        ([OLD_SDK, NEW_SDK, "--token", "x"], "--token is for the address of a server, not for a file"),
        ([OLD_SDK], "the following arguments are required: AFTER"),
        ([OLD_SDK, "nowhere.ndjson"], "cannot read nowhere.ndjson"),
    ],
)
def test_unusable_arguments_are_reported(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {message}")


def test_recording_without_a_session_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ping = {"eventType": "sessionStart", "playerTime": {"playhead": 0, "ts": 1_760_000_000_000}, "params": {}}
    refused = str(write_lines(tmp_path / "refused.ndjson", [ping]))
    assert main(["compare", refused, OLD_SDK]) == 2
    assert capsys.readouterr().err.endswith("refused.ndjson has no session\n")
