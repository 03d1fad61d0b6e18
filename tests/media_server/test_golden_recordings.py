"""Comparing what a server received with a recording beside a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import InvalidInput, MediaServer, VerificationFailed
from mockserver.admin.local_control import LocalControl
from mockserver.namespaces import DEFAULT, Namespaces
from tests.factories import emulator, open_session, send
from tests.tables import every_case

MINUTE = 60_000


@pytest.fixture
def server(tmp_path: Path) -> MediaServer:
    """A server with two sessions, whose recordings are in a folder of the test."""
    back_end = emulator()
    server = MediaServer(LocalControl(Namespaces(lambda name: back_end), DEFAULT))
    server.golden.use(tmp_path, rewrite=False)
    for media_id in ("one", "two"):
        sid = open_session(back_end, media__id=media_id)
        send(back_end, sid, "play")
    return server


def test_recording_of_the_sessions_themselves_is_the_same(server: MediaServer, tmp_path: Path) -> None:
    (tmp_path / "journal.ndjson").write_bytes(server.export())
    server.assert_same_as("journal.ndjson")
    server.assert_same_as(tmp_path / "journal.ndjson")


def test_one_session_can_be_compared_alone(server: MediaServer, tmp_path: Path) -> None:
    first, second = (session.session_id for session in server.sessions())
    server.golden.use(tmp_path, rewrite=True)
    server.assert_same_as("one.ndjson", session_id=first)
    assert server.golden.written == [tmp_path / "one.ndjson"]
    server.golden.use(tmp_path, rewrite=False)
    server.assert_same_as("one.ndjson", session_id=first)
    with pytest.raises(VerificationFailed, match="media") as failed:
        server.assert_same_as("one.ndjson", session_id=second)
    assert '"one" before, "two" now' in str(failed.value)
    server.assert_same_as("one.ndjson", session_id=second, ignore="media.*")
    with pytest.raises(VerificationFailed, match="new: two"):
        server.assert_same_as("one.ndjson")


def test_nothing_received_is_never_the_same(server: MediaServer, tmp_path: Path) -> None:
    server.golden.use(tmp_path, rewrite=True)
    with pytest.raises(VerificationFailed, match="there is no session 'x'"):
        server.assert_same_as("one.ndjson", session_id="x")
    server.reset()
    with pytest.raises(VerificationFailed, match="there is no session to compare"):
        server.assert_same_as("one.ndjson")
    assert not server.golden.written


def test_file_that_is_not_a_recording_fails_and_is_kept(server: MediaServer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    with pytest.raises(VerificationFailed, match=r"notes\.txt"):
        server.assert_same_as("notes.txt")


@every_case("tolerance", [{"second": 3}, {"seconds": "2"}, {"ignore": [3]}])
def test_keyword_that_is_not_valid_is_refused(server: MediaServer, tolerance: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        server.assert_same_as("one.ndjson", **tolerance)
