from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.cli import main
from mockserver.control import RESET
from mockserver.model.results import ResetCommand

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch, MakeServer, Process, StartProcess
    from tests.server.running import Running


def following(process: Process) -> None:
    assert process.stderr is not None
    assert process.stderr.readline().startswith("following http://")


def line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def ended(process: Process) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.wait(30), out, err


@pytest.mark.posix
def test_every_request_is_a_line_until_ctrl_c(start: StartProcess, fetch: Fetch, server: Running) -> None:
    process = start("tail", server.url)
    following(process)
    fetch(server.url, "GET", "/favicon.ico")
    assert line(process).endswith("  -         GET /favicon.ico  404\n")
    fetch(server.url, "POST", "/api/v1/sessions", {"eventType": "sessionStart", "playerTime": {"playhead": 1.5}})
    assert "  sessionStart     400      1.5 s  /" in line(process)
    assert ended(process) == (0, "", "")


@pytest.mark.posix
def test_json_is_the_entries(start: StartProcess, fetch: Fetch, server: Running) -> None:
    process = start("tail", server.url, "--json")
    following(process)
    fetch(server.url, "GET", "/x")
    shown: dict[str, Any] = json.loads(line(process))
    (recorded,) = json.loads(fetch(server.url, "GET", "/__admin/events")[1])["events"]
    assert {**shown, "delivery": None} == {**recorded, "delivery": None}
    assert ended(process) == (0, "", "")


@pytest.mark.posix
def test_namespace_is_shown_and_the_token_may_come_from_the_environment(
    start: StartProcess, fetch: Fetch, make_server: MakeServer
) -> None:
    server = make_server(admin_token="secret")
    process = start("tail", f"{server.url}/__admin/", "--namespace", "blue", MOCKSERVER_ADMIN_TOKEN="secret")
    following(process)
    fetch(server.url, "GET", "/ns/blue/x")
    assert line(process).endswith("  404             [blue]\n")
    assert ended(process) == (0, "", "")


@pytest.mark.posix
def test_reset_is_announced_beside_the_lines(start: StartProcess, server: Running) -> None:
    process = start("tail", server.url)
    following(process)
    server.service.control().call(RESET, ResetCommand())
    assert process.stderr is not None
    assert process.stderr.readline() == "the journal was reset\n"
    assert ended(process) == (0, "", "")


def test_refusing_server_is_reported_and_counts_as_unusable(
    make_server: MakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server(admin_token="secret")
    assert main(["tail", server.url, "--token", "wrong"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {server.url} refuses to stream: an admin token is needed")
