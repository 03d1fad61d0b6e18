"""``mockserver play`` against a server of the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from mockserver.cli import main


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


def test_a_careful_session_is_accepted_and_shown_event_by_event(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["play", "--to", server.url, "--speed", "max", "--seed", "7"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].startswith("session 1: ")
    assert lines[0].endswith("(seed 7)")
    assert "sessionStart" in lines[1]
    assert lines[-1].endswith("204")
    assert len(lines) - 1 == len(server.events())


def test_the_same_seed_plays_the_same_session(server: MockServer) -> None:
    for _ in range(2):
        main(["play", "--to", server.url, "--speed", "max", "--seed", "7"])

    first, second = server.sessions()
    assert first.content == second.content
    assert first.events == second.events


def test_several_sessions_differ(server: MockServer) -> None:
    main(["play", "--to", server.url, "--speed", "max", "--seed", "7", "--sessions", "2", "--live"])

    first, second = server.sessions()
    assert first.content != second.content
    assert first.content.content_type == "live"


def test_a_refused_event_is_told_by_the_exit_code(server: MockServer) -> None:
    assert main(["play", "--to", server.url, "--speed", "max", "--flaw", "unknown-key"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "0"], "--speed must be a number more than 0, or max; not '0'"),
        (["--flaw", "none"], "invalid choice"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    server: MockServer, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", "--to", server.url, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_server_that_cannot_be_reached_is_told_before_anything_is_played(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    assert main(["play", "--to", url]) == 2
    assert capsys.readouterr() == ("", f"mockserver: cannot reach {url}: Connection refused\n")
