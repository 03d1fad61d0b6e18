"""Every command that talks to a server, with one that speaks https with its own CA."""

from __future__ import annotations

import json
import re
import signal
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mockserver import MockServer, ServerOptions
from mockserver.cli import main
from mockserver.cli.story_run import StoryRun
from mockserver.model.story import StoryView
from mockserver.server.tls import Authority
from tests.factories import start as session_start
from tests.tables import every_case

if TYPE_CHECKING:
    from tests.cli.conftest import Process, StartProcess

SHORT = Path(__file__).parents[2] / "fixtures" / "traffic" / "adobe-js-3.1.0-abandoned.ndjson"
STORY = """\
title = "Own"
symptom = "No data."
description = "Nothing goes wrong."
player = "Opens a session."

[[expect]]
says = "It asks twice."
query = { event_type = "sessionStart" }
at_most = 0
"""

COMMANDS = {
    "tail": (["tail", "{url}"], None),
    "report": (["report", "{url}"], 0),
    "diagnose": (["diagnose", "{url}", "--fail-on", "never"], 0),
    "play": (["play", "--to", "{url}", "--speed", "max", "--seed", "7"], 0),
    "replay": (["replay", str(SHORT), "--to", "{url}", "--speed", "max"], 0),
    "replay on the clock": (["replay", str(SHORT), "--to", "{url}", "--clock", "virtual"], 0),
    "story run": (["story", "run", "{story}", "--to", "{url}"], 1),
}
"""Each command, and its exit code when the server is trusted; ``tail`` does not end."""
ENDING = [name for name, (_, code) in COMMANDS.items() if code is not None]


@pytest.fixture(scope="module")
def running() -> Iterator[MockServer]:
    with MockServer(tls=True) as running:
        yield running


@pytest.fixture
def server(running: MockServer) -> MockServer:
    """A server without any traffic."""
    running.reset()
    return running


@pytest.fixture
def ca(server: MockServer, tmp_path: Path) -> Path:
    path = tmp_path / "ca.crt"
    path.write_text(server.ca_pem, encoding="ascii")
    return path


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A story whose first request decides the verdict: it fails."""
    path = tmp_path / "own.toml"
    path.write_text(STORY, encoding="utf-8")
    return path


@pytest.fixture
def run(server: MockServer, story: Path) -> Callable[..., int]:
    """Run one of the commands on the server."""

    def run(name: str, *more: str, url: str = server.url) -> int:
        return main([*(part.format(url=url, story=story) for part in COMMANDS[name][0]), *more])

    return run


@pytest.fixture
def player(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open a session now, for the commands that read one, and another whenever a story begins."""
    until_verdict = StoryRun.until_verdict

    def with_a_player(run: StoryRun, timeout_s: float | None, begun: Callable[[StoryView], object]) -> StoryView | None:
        def begun_and_played(view: StoryView) -> None:
            begun(view)
            open_session(server)

        return until_verdict(run, timeout_s, begun_and_played)

    monkeypatch.setattr(StoryRun, "until_verdict", with_a_player)
    open_session(server)


def open_session(server: MockServer) -> None:
    request = urllib.request.Request(f"{server.url}/api/v1/sessions", json.dumps(session_start()).encode())
    with urllib.request.urlopen(request, context=server.ssl_context(), timeout=10) as answer:
        assert answer.status == 201


@pytest.mark.parametrize("name", ENDING)
@pytest.mark.usefixtures("player")
def test_ca_of_the_server_is_trusted(run: Callable[..., int], name: str, ca: Path) -> None:
    assert run(name, "--ca", str(ca)) == COMMANDS[name][1]


@pytest.mark.parametrize("name", ENDING)
@pytest.mark.usefixtures("player")
def test_any_certificate_is_accepted_on_request(run: Callable[..., int], name: str) -> None:
    assert run(name, "--insecure") == COMMANDS[name][1]


@pytest.mark.parametrize("name", ENDING)
@pytest.mark.usefixtures("player")
def test_ca_of_the_environment_is_trusted(
    run: Callable[..., int], name: str, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    assert run(name) == COMMANDS[name][1]


@pytest.mark.posix
@pytest.mark.parametrize("flags", [("--ca", "{ca}"), ("--insecure",), ()], ids=["ca", "insecure", "environment"])
def test_tail_follows_a_trusted_server(
    start: StartProcess, server: MockServer, ca: Path, flags: tuple[str, ...]
) -> None:
    variables = {} if flags else {"SSL_CERT_FILE": str(ca)}
    process = start("tail", server.url, *(flag.format(ca=ca) for flag in flags), **variables)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stderr.readline() == f"following {server.url}\n"
    open_session(server)
    assert "  sessionStart     201" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


@every_case("name", COMMANDS)
def test_unknown_certificate_is_refused_and_the_flags_that_help_are_named(
    run: Callable[..., int], name: str, server: MockServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(name) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {server.url} shows a certificate that is not trusted (")
    assert err.endswith(
        "; --ca FILE trusts its CA (a server with --tls serves it at /__admin/ca.crt), "
        "and --insecure accepts any certificate\n"
    )
    assert server.count() == 0


@every_case("name", COMMANDS)
def test_ca_of_another_server_is_not_trusted(
    run: Callable[..., int], name: str, server: MockServer, ca: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca.write_text(Authority.generate().ca_pem, encoding="ascii")
    assert run(name, "--ca", str(ca)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {server.url} shows a certificate that is not trusted with this --ca (")
    assert server.count() == 0


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("none.pem", None, "cannot trust the CA none.pem: No such file or directory"),
        (".", None, "cannot trust the CA .: Is a directory"),
        ("", None, "cannot trust the CA: the name of its file is empty"),
        ("x.pem", "x", "cannot trust the CA x.pem: there is no certificate (PEM) in it"),
        ("empty.pem", "", "cannot trust the CA empty.pem: there is no certificate (PEM) in it"),
    ],
)
def test_file_that_is_not_a_ca_is_reported_before_any_request(
    run: Callable[..., int],
    file: str,
    content: str | None,
    message: str,
    server: MockServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / file).write_text(content, encoding="ascii")
    told = {name: (run(name, "--ca", file), *capsys.readouterr()) for name in COMMANDS}
    assert told == dict.fromkeys(COMMANDS, (2, "", f"mockserver: --ca: {message}\n"))
    assert server.count() == 0


@every_case("name", COMMANDS)
def test_one_ca_and_any_certificate_exclude_each_other(
    run: Callable[..., int], name: str, server: MockServer, ca: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(name, "--ca", str(ca), "--insecure") == 2
    command = name.removesuffix(" on the clock")
    assert capsys.readouterr().err == (
        f"mockserver: argument --insecure: not allowed with argument --ca; see mockserver {command} --help\n"
    )
    assert server.count() == 0


def test_file_that_keeps_the_ca_of_a_server_can_be_trusted_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "ca.pem")
    with MockServer(options=ServerOptions(tls=True, tls_ca=file)) as server:
        assert main(["play", "--to", server.url, "--speed", "max", "--content", "short", "--ca", file]) == 0
        assert server.count() > 0


def test_admin_api_with_a_separate_address_is_trusted_as_the_server_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority.generate()
    ca = tmp_path / "ca.crt"
    ca.write_text(authority.ca_pem, encoding="ascii")
    command = ["replay", str(SHORT), "--to", "{url}", "--clock", "virtual", "--admin", "{admin}", "--ca", str(ca)]
    options = ServerOptions(admin_port=0)
    with MockServer(options=options, tls=authority) as running, MockServer(tls=True) as stranger:
        trusted, other = (
            [part.format(url=running.url, admin=admin) for part in command]
            for admin in (running.admin_url, stranger.url)
        )
        assert main(other) == 2
        assert capsys.readouterr().err.startswith(
            f"mockserver: {stranger.url} shows a certificate that is not trusted with this --ca ("
        )
        assert running.count() == stranger.count() == 0
        assert main(trusted) == 0
        assert running.count() > 0


# A server started by the command


def told_until(process: Process, mark: str) -> str:
    """Read the output of a process up to the line that begins with a mark."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(mark):
            return "".join(lines)
    raise AssertionError(f"no line {mark}: {process.stderr.read() if process.stderr else ''}")


def test_story_over_https_names_the_ca_as_serve_does(start: StartProcess, story: Path, tmp_path: Path) -> None:
    flags = ("--port", "0", "--tls", "--tls-ca", "ca.pem")
    said_by_serve = told_until(start("serve", *flags), "  trust it ")
    process = start("story", "run", str(story), *flags)
    said = told_until(process, "  trust it ")

    served, url = (re.findall(r"https://127\.0\.0\.1:\d+", text)[0] for text in (said_by_serve, said))
    rows = "".join(re.findall(r"^  (?:CA to trust|trust it) .*\n", said_by_serve, re.MULTILINE))
    assert said.endswith(f" or at Ctrl-C\n{rows.replace(served, url)}")
    assert f"point the player at {url}; " in said

    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    request = urllib.request.Request(f"{url}/api/v1/sessions", json.dumps(session_start()).encode())
    with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
        assert answer.status == 201
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "")
    assert "verdict: failed" in out


def test_story_for_devices_prints_their_addresses(start: StartProcess, story: Path) -> None:
    flags = ("--port", "0", "--host", "0.0.0.0", "--tls")
    said_by_serve = told_until(start("serve", *flags), "  trust it ")
    said = told_until(start("story", "run", str(story), *flags), "  trust it ")
    rows = [
        [re.sub(r":\d+\b", ":PORT", line) for line in text.splitlines() if re.match("  (for|CA|trust) ", line)]
        for text in (said_by_serve, said)
    ]
    assert rows[0] == rows[1]
    assert len(rows[1]) >= 2


def test_story_in_json_names_the_ca_beside_the_verdict(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["story", "run", str(story), "--port", "0", "--tls", "--json", "--timeout", "0.05"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"^  CA to trust  https://127\.0\.0\.1:\d+/__admin/ca\.crt$", err, re.MULTILINE)


def test_story_without_tls_names_no_ca(story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["story", "run", str(story), "--port", "0", "--no-tls", "--timeout", "0.05"]) == 2
    out = capsys.readouterr().out
    assert "point the player at http://127.0.0.1:" in out
    assert out.endswith(" or at Ctrl-C\n")


def test_unusable_ca_of_a_story_is_reported(story: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no CA", encoding="ascii")
    assert main(["story", "run", str(story), "--port", "0", "--tls", "--tls-ca", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {file} is not a CA: it contains no PEM; delete or move the file ")
    assert file.read_text(encoding="ascii") == "no CA"
