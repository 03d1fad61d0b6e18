"""``mockserver play`` against a server of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mockserver import MockServer
from mockserver.cli import main
from mockserver.simulation.content import CONTENTS
from tests.tables import every_case


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


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_kind_of_content_is_played(server: MockServer, kind: str) -> None:
    assert main(["play", "--to", server.url, "--speed", "max", "--content", kind]) == 0
    (session,) = server.sessions()
    assert session.content.content_type == {"live": "live", "audio": "podcast"}.get(kind, "vod")


def test_sessions_are_played_at_once_and_every_line_says_which_it_is_about(
    server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["play", "--to", server.url, "--content", "short", "--seed", "7"]
    server.clock.freeze()
    server.faults.add({"kind": "delay", "ms": 50}, when={"event_type": "sessionStart"}, stage="response", times=3)

    def answer_when_all_have_begun() -> None:
        server.wait_for(event_type="sessionStart", at_least=3, timeout_s=30)
        server.clock.advance(ms=50)

    answering = threading.Thread(target=answer_when_all_have_begun)
    answering.start()
    assert main([*arguments, "--speed", "max", "--concurrent", "3"]) == 0
    answering.join()
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:3]) == [line for line in sorted(lines) if line.startswith("session ")]
    assert {line[0] for line in lines if not line.startswith("session ")} == {"1", "2", "3"}
    assert len(lines) == 3 + len(server.events())
    assert main([*arguments, "--speed", "max", "--concurrent", "2", "--sessions", "5"]) == 0
    assert len(server.sessions()) == 8


def test_one_session_that_cannot_be_opened_ends_all(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.faults.add(when={"event_type": "sessionStart", "nth_session": 2}, fault={"kind": "reset"})
    arguments = ["--speed", "0.000001", "--concurrent", "3"]
    assert main(["play", "--to", server.url, *arguments]) == 2
    assert "no answer from the server" in capsys.readouterr().err


def test_a_refused_event_sets_the_exit_code(server: MockServer) -> None:
    assert main(["play", "--to", server.url, "--speed", "max", "--flaw", "unknown-key"]) == 1


@every_case(
    ("arguments", "message"),
    [
        (["--speed", "0"], "--speed must be a number more than 0, or max; not '0'"),
        (["--flaw", "ads-outsid"], "there is no flaw 'ads-outsid'; did you mean ads-outside-break?"),
        (["--content", "opera"], "there is no content 'opera'; there are vod, "),
        (
            ["--content", "short", "--flaw", "ads-never-closed"],
            "--flaw: the flaw ads-never-closed does not apply",
        ),
        (["--sessions", "0"], "--sessions must be 1 or more, not 0"),
        (["--concurrent", "-1"], "--concurrent must be 1 or more, not -1"),
    ],
)
def test_unusable_arguments_are_reported_in_one_sentence(
    server: MockServer, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", "--to", server.url, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_unreachable_server_is_reported_before_anything_is_played(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    assert main(["play", "--to", url]) == 2
    assert capsys.readouterr() == ("", f"mockserver: cannot reach {url}: Connection refused\n")


def test_a_session_can_speak_the_other_api(server: MockServer) -> None:
    assert main(["play", "--to", server.url, "--speed", "max", "--seed", "7", "--dialect", "edge"]) == 0
    (session,) = server.sessions()
    assert session.dialect == "edge"
    assert {entry.dialect for entry in server.events()} == {"edge"}
