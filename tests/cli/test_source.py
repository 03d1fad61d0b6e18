"""Every kind of source, and the messages about unusable ones."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver import MediaServer
from mockserver.cli import main
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.simulation.player import SimulatedPlayer
from tests.event_files import START_MS, event, event_lines, simulated_beats, write_lines
from tests.tables import every_case

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer
    from tests.server.running import Running

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"

Capture = pytest.CaptureFixture[str]


def diagnosis(arguments: list[str], capsys: Capture) -> dict[str, Any]:
    assert main(["diagnose", *arguments, "--json", "--fail-on", "never"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def findings(arguments: list[str], capsys: Capture) -> list[dict[str, Any]]:
    """Return findings without line numbers, which only files have."""
    found: list[dict[str, Any]] = diagnosis(arguments, capsys)["findings"]
    for finding in found:
        finding.pop("lines", None)
    return found


def play(url: str, flaw: str | None) -> None:
    player = SimulatedPlayer(url, COLLECTION, lambda seconds: None)
    player.play(simulated_beats(flaw), start_ms=START_MS, speed=None, sent=lambda sent: None)


def following(running: Running, namespace: str = "default") -> MediaServer:
    """Return a server whose clock began before the events and follows them."""
    server = MediaServer(running.service.control(namespace))
    server.clock.freeze()
    server.clock.set(START_MS)
    server.clock.follow_ts()
    return server


@pytest.mark.parametrize("flaw", [None, "ads-outside-break", "unknown-key", "no-pings"])
def test_server_and_its_exported_journal_give_the_same_findings_and_reports(
    flaw: str | None, server: Running, tmp_path: Path, capsys: Capture
) -> None:
    running = following(server)
    play(server.url, flaw)
    running.clock.advance(minutes=11)
    journal = tmp_path / "journal.ndjson"
    journal.write_bytes(running.export())
    of_server = findings([server.url], capsys)
    assert findings([str(journal)], capsys) == of_server
    assert of_server

    reports = []
    for source in (server.url, str(journal)):
        assert main(["report", source, "--json"]) == 0
        (report,) = json.loads(capsys.readouterr().out)["reports"]
        del report["as_of_ms"]
        reports.append(report)
    assert reports[0] == reports[1]


def test_bare_events_give_the_findings_that_a_server_gives(server: Running, tmp_path: Path, capsys: Capture) -> None:
    running = following(server)
    play(server.url, "no-play-after-pause")
    running.clock.advance(minutes=11)
    path = write_lines(tmp_path / "e.ndjson", event_lines(simulated_beats("no-play-after-pause")))
    of_file = [{**finding, "session_id": None} for finding in findings([str(path)], capsys)]
    assert of_file == [{**finding, "session_id": None} for finding in findings([server.url], capsys)]


@pytest.mark.parametrize("path", sorted(TRAFFIC.glob("*.ndjson")), ids=lambda path: path.stem)
def test_recordings_of_adobes_own_clients_pass(path: Path, capsys: Capture) -> None:
    # In one of them the clock of the player was moved on by a quarter of an hour at a time: for a clock that follows
    # the events it is silent for too long.
    assert main(["diagnose", str(path)]) == (path.stem == "adobe-js-3.1.0-day")
    assert main(["report", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_dash_is_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    content = "\ufeff" + "\n".join(map(json.dumps, event_lines(simulated_beats("ads-outside-break"))))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert main(["diagnose", "-"]) == 1
    assert "session session-1\n" in capsys.readouterr().out


def test_closed_stdin_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["diagnose", "-"]) == 2
    assert capsys.readouterr().err == "mockserver: cannot read stdin: it is closed\n"


def test_bad_line_of_stdin_is_reported_with_its_number(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    content = json.dumps(event("sessionStart")) + "\nping\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert main(["report", "-"]) == 2
    assert capsys.readouterr().err.startswith("mockserver: stdin:2: not valid JSON: ")


def test_namespace_of_a_server_can_be_named(server: Running, capsys: Capture) -> None:
    following(server, "blue")
    play(f"{server.url}/ns/blue", "no-pings")
    of_blue = findings([server.url, "--namespace", "blue"], capsys)
    assert of_blue
    assert findings([f"{server.url}/ns/blue/__admin/"], capsys) == of_blue
    assert main(["diagnose", server.url]) == 2
    assert capsys.readouterr() == ("", f"mockserver: {server.url} has no requests\n")


def test_missing_namespace_is_reported(server: Running, capsys: Capture) -> None:
    following(server, "blue")
    for command in ("diagnose", "report"):
        assert main([command, server.url, "--namespace", "bleu"]) == 2
        assert capsys.readouterr() == ("", "mockserver: there is no namespace 'bleu'; did you mean blue?\n")
    assert main(["diagnose", f"{server.url}/ns/red"]) == 2
    assert capsys.readouterr().err == "mockserver: there is no namespace 'red'; there are default, blue\n"
    assert [namespace.name for namespace in server.service.namespaces] == ["default", "blue"]


def test_token_comes_from_the_flag_or_the_environment(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    server = make_server(admin_token="secret")
    following(server)
    play(server.url, None)
    assert main(["diagnose", server.url]) == 2
    assert "an admin token is needed" in capsys.readouterr().err
    assert main(["diagnose", server.url, "--token", "secret"]) == 0
    monkeypatch.setenv("MOCKSERVER_ADMIN_TOKEN", "secret")
    assert main(["report", server.url]) == 0


def test_unknown_certificate_is_refused_unless_asked_for(make_server: MakeServer, capsys: Capture) -> None:
    server = make_server(tls_cert=str(CERTIFICATE))
    assert main(["report", server.url]) == 2
    assert "--insecure accepts any certificate" in capsys.readouterr().err
    assert main(["report", server.url, "--insecure"]) == 2
    assert capsys.readouterr().err == f"mockserver: {server.url} has no session\n"


def test_missing_server_is_reported(unused_tcp_port: int, capsys: Capture) -> None:
    assert main(["diagnose", f"http://127.0.0.1:{unused_tcp_port}"]) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: cannot reach http://127.0.0.1:{unused_tcp_port}: ")


def test_files_are_judged_by_the_settings_of_a_configuration(tmp_path: Path, capsys: Capture) -> None:
    events = [event("sessionStart"), event("play", 1), event("ping", 21, 20), event("sessionEnd", 22, 21)]
    path = str(write_lines(tmp_path / "e.ndjson", events))
    config = tmp_path / "mockserver.toml"
    config.write_text("[thresholds]\nping_gap_s = 30\n", encoding="utf-8")
    assert "ping.gap" in {finding["code"] for finding in findings([path], capsys)}
    assert "ping.gap" not in {finding["code"] for finding in findings([path, "--config", str(config)], capsys)}


@every_case(
    ("source", "flags", "message"),
    [
        ("e.ndjson", ["--namespace", "blue"], "--namespace is for the address of a server, not for a file"),
        ("e.ndjson", ["--token", "x"], "--token is for the address of a server, not for a file"),
        ("e.ndjson", ["--ca", "x"], "--ca is for the address of a server, not for a file"),
        ("e.ndjson", ["--insecure"], "--insecure is for the address of a server, not for a file"),
        ("http://127.0.0.1:1", ["--open"], "--open is for files; a server has its own settings and clock"),
        ("http://127.0.0.1:1", ["--config", "x"], "--config is for files; a server has its own settings and clock"),
        ("http://", [], "'http:' is not the address of a server; write it like http://127.0.0.1:8089"),
        ("nowhere.ndjson", [], "cannot read nowhere.ndjson: No such file or directory"),
        ("127.0.0.1:1", [], "there is no file 127.0.0.1:1; if it is a server, write http://127.0.0.1:1"),
        ("localhost", [], "there is no file localhost; if it is a server, write http://localhost"),
    ],
)
def test_unusable_source_is_reported(source: str, flags: list[str], message: str, capsys: Capture) -> None:
    for command in ("diagnose", "report"):
        assert main([command, source, *flags]) == 2
        assert capsys.readouterr() == ("", f"mockserver: {message}\n")


def test_bad_line_of_a_file_is_reported_with_file_and_line(tmp_path: Path, capsys: Capture) -> None:
    path = write_lines(tmp_path / "e.ndjson", [event("sessionStart"), "", "{"])
    assert main(["diagnose", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {path}:3: not valid JSON: ")
