from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from mockserver.address import ServerAddress
from mockserver.cli import main, replay
from mockserver.cli.remote import reach
from mockserver.control import ADD_FAULT, EXPORT, ExportQuery
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import ExpireFault, HangFault, RefuseFault, ResetFault, StatusFault, TruncateFault
from mockserver.model.vocabulary import Stage
from mockserver.recordings.recording import read_recording
from tests.event_files import recording
from tests.factories import inside
from tests.tables import every_case

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer
    from tests.server.running import Running

TRAFFIC = sorted((Path(__file__).parents[2] / "fixtures" / "traffic").glob("*.ndjson"))
VOD = next(path for path in TRAFFIC if path.name == "adobe-js-3.1.0-vod.ndjson")
TWO = next(path for path in TRAFFIC if path.name == "adobe-js-3.1.0-two.ndjson")
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"


def replayed(path: Path, server: Running, *more: str) -> int:
    return main(["replay", str(path), "--to", server.url, "--speed", "max", *more])


def exported(server: Running, folder: Path) -> Path:
    path = folder / "journal.ndjson"
    chunks: Iterable[bytes] = server.service.control().call(EXPORT, ExportQuery())
    path.write_bytes(b"".join(chunks))
    return path


def statuses(server: Running) -> list[int | None]:
    return [entry.response.status if entry.response else None for entry in server.entries()]


@pytest.mark.parametrize("path", TRAFFIC, ids=lambda path: path.stem)
def test_recorded_client_gets_the_recorded_statuses(
    path: Path, server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = [call.status for call in read_recording(str(path)).calls]
    assert replayed(path, server) == 0
    assert capsys.readouterr() == (f"{len(recorded)} requests: {len(recorded)} same, 0 different\n", "")
    assert statuses(server) == recorded


def test_journal_replays_as_the_requests_it_was_made_of(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make_server(), make_server()
    assert replayed(TWO, first) == 0
    journal = exported(first, tmp_path)
    assert replayed(journal, second) == 0
    sent = [(entry.event_type, entry.request.headers, entry.event) for entry in first.entries()]
    again = [(entry.event_type, entry.request.headers, entry.event) for entry in second.entries()]
    assert without_host(again) == without_host(sent)
    assert {entry.session_id for entry in first.entries()}.isdisjoint(
        {entry.session_id for entry in second.entries()} - {None}
    )


def without_host(sent: list[tuple[Any, list[tuple[str, str]], Any]]) -> list[Any]:
    return [
        (event_type, [field for field in headers if field[0].lower() != "host"], event)
        for event_type, headers, event in sent
    ]


def test_events_of_two_sessions_stay_apart(make_server: MakeServer) -> None:
    server = make_server()
    replayed(TWO, server)
    opened = [entry.session_id for entry in server.entries() if entry.outcome.value == "opened"]
    events = [entry.session_id for entry in server.entries() if entry.operation.value == "event"]
    assert sorted(map(events.count, opened)) == [4, 4]


def test_server_can_be_a_namespace(make_server: MakeServer) -> None:
    server = make_server()
    assert main(["replay", str(VOD), "--to", f"{server.url}/ns/blue/", "--speed", "max"]) == 0
    assert len(inside(server.service.namespaces.obtain("blue")).journal) == 44
    assert server.entries() == []


def test_differences_are_printed_with_line_statuses_and_reason(
    server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = StatusFault(code=503, body={"message": "out of order"})
    server.service.control().call(ADD_FAULT, FaultSpec(fault=fault, when=When(event_type="adStart"), times=1))
    server.service.control().call(ADD_FAULT, FaultSpec(fault=ResetFault(), when=When(event_type="adComplete"), times=1))
    assert replayed(VOD, server) == 1
    ad_start, ad_complete, summary = capsys.readouterr().out.splitlines()
    sid = next(entry.session_id for entry in server.entries() if entry.session_id)
    start = "line {}: POST /api/v1/sessions/" + f"{sid}/events "
    assert ad_start == f"{start.format(line_of('adStart'))}(adStart): recorded 204, now 503: out of order"
    assert ad_complete.startswith(f"{start.format(line_of('adComplete'))}(adComplete): recorded 204, now no answer: ")
    assert summary == "44 requests: 42 same, 2 different"


def line_of(event_type: str) -> int:
    return next(call.line for call in read_recording(str(VOD)).calls if call.what == event_type)


def test_answer_that_is_lost_again_is_not_a_difference(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = FaultSpec(fault=ResetFault(), when=When(event_type="adStart"), times=1)
    first, second = make_server(), make_server()
    first.service.control().call(ADD_FAULT, lost)
    second.service.control().call(ADD_FAULT, lost)
    replayed(VOD, first)
    journal = exported(first, tmp_path)
    capsys.readouterr()
    assert replayed(journal, second) == 0
    assert capsys.readouterr().out == "44 requests: 44 same, 0 different\n"


def test_result_can_be_json(server: Running, capsys: pytest.CaptureFixture[str]) -> None:
    server.service.control().call(ADD_FAULT, FaultSpec(fault=StatusFault(code=500), when=When(event_type="sessionEnd")))
    server.service.control().call(
        ADD_FAULT, FaultSpec(fault=StatusFault(code=500), when=When(event_type="play"), times=1)
    )
    assert replayed(VOD, server, "--json") == 1
    result = json.loads(capsys.readouterr().out)
    differences = result.pop("differences")
    assert result == {"requests": 44, "same": 44 - len(differences), "different": len(differences)}
    assert {"line": line_of("play"), "event_type": "play", "recorded": 204, "status": 500}.items() <= (
        differences[0].items()
    )


def test_one_connection_is_enough(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = TCPConnector.connect

    async def counted(connector: TCPConnector, *arguments: Any, **members: Any) -> Any:
        connection = await connect(connector, *arguments, **members)
        opened.append(connection.transport)
        return connection

    monkeypatch.setattr(TCPConnector, "connect", counted)
    assert replayed(VOD, server) == 0
    assert (len(opened), len({*opened})) == (44, 1)


def test_headers_of_the_connection_and_masked_secrets_are_not_sent(server: Running, tmp_path: Path) -> None:
    headers = {
        "Host": "recorded.test",
        "Content-Length": "999",
        "Connection": "close, X-Hop",
        "X-Hop": "1",
        "Transfer-Encoding": "chunked",
        "Expect": "100-continue",
        "Authorization": "***",
        "Cookie": "***",
        "X-Kept": "1",
        "X-Umlaut": "\u00fc\u20ac",
    }
    line = {"t": 0, "method": "POST", "path": "/x", "headers": headers, "body": "abc", "status": 404}
    path = tmp_path / "r.ndjson"
    path.write_text(json.dumps(line), encoding="utf-8")
    assert replayed(path, server) == 0
    (entry,) = server.entries()
    sent = {name: value for name, value in entry.request.headers if name != "Host"}
    assert sent.keys() == {"X-Kept", "X-Umlaut", "Content-Length"}
    assert (sent["Content-Length"], entry.request.body) == ("3", "abc")


def test_unknown_certificate_is_refused_unless_asked_for(
    make_server: MakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server(tls_cert=str(CERTIFICATE))
    assert replayed(VOD, server) == 2
    assert "shows a certificate that is not trusted" in capsys.readouterr().err
    assert replayed(VOD, server, "--insecure") == 0


def waits_a_moment_for(monkeypatch: pytest.MonkeyPatch, event_type: str) -> list[float | None]:
    """Let the answers to some events be waited for shortly; the time that was given is for the others.

    Returns:
        The time that each answer was given, in seconds.
    """
    given: list[float | None] = []
    send = ClientSession.request

    def send_and_hurry(connections: ClientSession, *arguments: Any, **members: Any) -> Any:
        given.append(connections.timeout.sock_read)
        if members["trace_request_ctx"].call.what == event_type:
            members["timeout"] = ClientTimeout(total=None, sock_read=0.2)
        return send(connections, *arguments, **members)

    monkeypatch.setattr(ClientSession, "request", send_and_hurry)
    return given


@pytest.mark.parametrize("stage", list(Stage))
def test_answer_that_no_client_waited_for_delays_nothing_and_is_not_missed(
    stage: Stage,
    make_server: MakeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs = FaultSpec(fault=HangFault(), stage=stage, when=When(event_type="play"))
    first, second = make_server(), make_server()
    for server in (first, second):
        server.service.control().call(ADD_FAULT, hangs)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", None), (2, "ping", 204))
    with monkeypatch.context() as patched:
        waits_a_moment_for(patched, "play")
        assert replayed(path, first, "--timeout", "30") == 0
    parser = ArgumentParser()
    replay.add_arguments(parser)
    arguments = parser.parse_args([str(exported(first, tmp_path)), "--to", second.url, "--speed", "max"])
    assert replay.run(arguments, grace_s=0.05) == 0
    assert [entry.event_type for entry in second.entries()] == ["sessionStart", "play", "ping"]


def test_answer_that_does_not_arrive_in_time_is_a_difference(
    server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = waits_a_moment_for(monkeypatch, "play")
    server.service.control().call(ADD_FAULT, FaultSpec(fault=HangFault(), when=When(event_type="play")))
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204))
    assert replayed(path, server, "--timeout", "30") == 1
    first, _ = capsys.readouterr().out.splitlines()
    assert first.endswith(" (play): recorded 204, now no answer: none within 30 s")
    assert given == [30, 30]


@pytest.mark.parametrize("after_bytes", [5, 30, 100, 200])
def test_answer_cut_anywhere_is_not_an_answer(
    after_bytes: int, server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = FaultSpec(fault=TruncateFault(after_bytes=after_bytes), stage=Stage.RESPONSE, when=When(event_type="play"))
    server.service.control().call(ADD_FAULT, cut)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204))
    assert replayed(path, server) == 1
    assert "recorded 204, now no answer: " in capsys.readouterr().out


def test_server_that_refuses_for_a_while_is_waited_for(make_server: MakeServer, tmp_path: Path) -> None:
    refuses = FaultSpec(fault=RefuseFault(duration_ms=100), when=When(event_type="play"))
    first, second = make_server(), make_server()
    for server in (first, second):
        server.service.control().call(ADD_FAULT, refuses)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", None), (2, "ping", 204))
    assert replayed(path, first) == 0
    assert replayed(exported(first, tmp_path), second) == 0


def test_server_that_is_gone_is_waited_for_once(
    make_server: MakeServer,
    unused_tcp_port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = make_server(port=unused_tcp_port)
    waited: list[float] = []

    def reach_and_stop(address: ServerAddress) -> None:
        reach(address)
        server.thread.stop()
        monkeypatch.setattr(asyncio, "sleep", passing)

    async def passing(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(replay, "reach", reach_and_stop)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204), (2, "ping", 204))
    assert replayed(path, server) == 1
    assert sum(waited) == pytest.approx(10)
    assert capsys.readouterr().out.count("now no answer: connection refused") == 3


def journal_with(folder: Path, server: Running, **changes: Any) -> Path:
    """Export a journal, and replace the response in its last line."""
    path = exported(server, folder)
    *lines, last = path.read_text(encoding="utf-8").splitlines()
    entry = json.loads(last)
    entry["response"].update(changes)
    path.write_text("\n".join([*lines, json.dumps(entry)]), encoding="utf-8")
    return path


def test_bodies_and_headers_of_a_journal_are_compared(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = make_server(), make_server(), make_server()
    for server in (first, second, third):
        server.service.control().call(ADD_FAULT, FaultSpec(fault=ExpireFault(), when=When(event_type="ping")))
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204), (2, "ping", 410))
    assert replayed(path, first) == 0
    sid = first.entries()[-1].session_id or ""
    assert sid in (first.entries()[-1].response or pytest.fail("none")).body
    assert replayed(exported(first, tmp_path), second) == 0
    capsys.readouterr()
    changed = journal_with(tmp_path, first, body='{"message": "gone"}', headers=[["Content-Type", "text/plain"]])
    assert replayed(changed, third, "--json") == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    details = difference.pop("details")
    assert {"line": 3, "recorded": 410, "status": 410}.items() <= difference.items()
    assert {(detail["of"], detail["at"]) for detail in details} == {
        ("header", "Access-Control-Allow-Origin"), ("header", "Access-Control-Allow-Methods"),
        ("header", "Access-Control-Allow-Headers"), ("header", "Access-Control-Expose-Headers"), ("body", "/message"),
    }  # fmt: skip
    assert {"of": "body", "at": "/message", "recorded": "gone"}.items() <= details[-1].items()
    assert replayed(changed, third, "--status-only") == 0


def test_difference_of_a_body_is_printed_with_both_sides(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make_server(), make_server()
    replayed(recording(tmp_path, (0, "sessionStart", 400)), first)
    capsys.readouterr()
    changed = journal_with(tmp_path, first, headers=[["Location", "x"]], body="?")
    assert replayed(changed, second) == 1
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("line 1: POST /api/v1/sessions (sessionStart): Access-Control-Allow-Headers not recorded,")
    assert line.endswith('; body: recorded "?", now ""')


@every_case(
    ("arguments", "message"),
    [
        (["--speed", "fast"], "--speed must be a number more than 0, or max; not 'fast'"),
        (["--speed", ""], "--speed must be a number more than 0, or max; not ''"),
        (["--speed", "0"], "--speed must be a number more than 0, or max; not '0'"),
        (["--speed", "nan"], "--speed must be a number more than 0, or max; not 'nan'"),
        (["--timeout", "0"], "--timeout must be more than 0 and at most 86400 s, not 0"),
        (["--timeout", "nan"], "--timeout must be more than 0 and at most 86400 s, not nan"),
        (["--timeout", "1e300"], "--timeout must be more than 0 and at most 86400 s, not 1e+300"),
        (["--to", "nowhere"], "'nowhere' is not the address of a server; write it like http://127.0.0.1:8089"),
    ],
)
def test_unusable_arguments_are_reported(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(VOD), "--to", "http://127.0.0.1:1", *arguments]) == 2
    assert capsys.readouterr() == ("", f"mockserver: {message}\n")


def test_unusable_file_is_reported(server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.ndjson"
    path.write_text('{"t": 1}', encoding="utf-8")
    assert replayed(path, server) == 2
    assert capsys.readouterr().err.startswith(
        f"mockserver: {path}:1: neither an entry of a journal, nor a recorded request"
    )


def test_missing_server_is_reported(unused_tcp_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(VOD), "--to", f"http://127.0.0.1:{unused_tcp_port}"]) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: cannot reach http://127.0.0.1:{unused_tcp_port}: ")
