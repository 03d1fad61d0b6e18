from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mockserver.cli import main

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


def test_session_that_is_in_two_files_is_reported_with_the_second(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(HARS / "safari.har")
    assert main(["open", path, path]) == 2
    assert "is here already" in capsys.readouterr().err
