from __future__ import annotations

import io
import json
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mockserver.cli import main
from mockserver.cli.open import load_files
from mockserver.media_server import MediaServer
from mockserver.server.service import Service

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch, StartProcess

HARS = Path(__file__).parents[2] / "fixtures" / "har"


@pytest.mark.posix
def test_recordings_are_shown_at_an_address_of_this_machine_until_a_signal(start: StartProcess, fetch: Fetch) -> None:
    process = start("open", str(HARS / "safari.har"), str(HARS / "charles.har"), "--no-browser")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]

    assert lines[:2] == [
        "safari.har: 1 session, 5 requests, 1 skipped (not media traffic)\n",
        "charles.har: 1 session, 5 requests, 2 skipped (not media traffic)\n",
    ]
    found = re.fullmatch(r"page: (http://127\.0\.0\.1:\d+)/__admin/ui/\n", lines[2])
    assert found is not None
    sessions = json.loads(fetch(found[1], "GET", "/__admin/sessions")[1])["sessions"]
    assert [session["events"] for session in sessions] == [5, 5]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_unusable_file_is_reported_before_anything_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.har"
    path.write_text('{"log": {"entries": [{"request": {"method": "GET", "url": "http://a.example/"}}]}}')

    assert main(["open", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"mockserver: {path} holds no request to the media API: 1 request skipped (not media traffic)\n"
    )


def test_file_with_a_session_of_an_earlier_one_is_shown_unchanged_in_a_namespace_of_its_own(tmp_path: Path) -> None:
    before, other, after = str(HARS / "safari.har"), str(HARS / "charles.har"), str(tmp_path / "after.har")
    Path(after).write_bytes((HARS / "safari.har").read_bytes())
    alone, service = Service(), Service()
    _ = [*load_files(alone, [after])]

    lines = [*load_files(service, [before, other, after])]

    assert lines == [
        "safari.har: 1 session, 5 requests, 1 skipped (not media traffic)",
        "charles.har: 1 session, 5 requests, 2 skipped (not media traffic)",
        "after.har: 1 session, 5 requests, 1 skipped (not media traffic), in the namespace file-3: "
        f"{before} has a session with the same id; mockserver compare {before} {after} compares them",
    ]
    shown, expected = MediaServer(service.control("file-3")), MediaServer(alone.control())
    assert shown.export() == expected.export()
    assert shown.findings() == expected.findings()
    assert (shown.clock.now_ms, shown.clock.frozen) == (expected.clock.now_ms, True)
    assert [session.events for session in MediaServer(service.control()).sessions()] == [5, 5]


def test_stdin_with_a_session_of_an_earlier_file_is_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = HARS / "safari.har"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(recording.read_bytes())))
    lines = [*load_files(Service(), [str(recording), "-"])]
    assert lines[1].startswith("stdin: 1 session, 5 requests, 1 skipped (not media traffic), in the namespace file-2")
