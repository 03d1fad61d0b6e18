from __future__ import annotations

import json
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.cli import main
from mockserver.cli.recording import RecordedCall, read_recording
from mockserver.cli.replay import pauses
from mockserver.control import ADD_FAULT, EXPORT, ExportQuery
from mockserver.model.fault import FaultSpec, ResetFault, StatusFault, When

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer, Running

TRAFFIC = sorted((Path(__file__).parents[2] / "fixtures" / "traffic").glob("*.ndjson"))
VOD = next(path for path in TRAFFIC if path.name == "adobe-js-3.1.0-vod.ndjson")
TWO = next(path for path in TRAFFIC if path.name == "adobe-js-3.1.0-two.ndjson")
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"


def replayed(path: Path, server: Running, *more: str) -> int:
    return main(["replay", str(path), "--to", server.url, "--speed", "max", *more])


def exported(server: Running, folder: Path) -> Path:
    path = folder / "journal.ndjson"
    chunks: Iterable[bytes] = server.site.control().call(EXPORT, ExportQuery())
    path.write_bytes(b"".join(chunks))
    return path


def statuses(server: Running) -> list[int | None]:
    return [entry.response.status if entry.response else None for entry in server.entries()]


@pytest.mark.parametrize("path", TRAFFIC, ids=lambda path: path.stem)
def test_recorded_client_gets_the_recorded_statuses(
    path: Path, server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = [call.status for call in read_recording(path)]
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
    assert len(server.site.namespaces.obtain("blue").journal) == 44
    assert server.entries() == []


def test_differences_are_printed_with_line_statuses_and_reason(
    server: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = StatusFault(code=503, body={"message": "out of order"})
    server.site.control().call(ADD_FAULT, FaultSpec(fault=fault, when=When(event_type="adStart"), times=1))
    server.site.control().call(ADD_FAULT, FaultSpec(fault=ResetFault(), when=When(event_type="adComplete"), times=1))
    assert replayed(VOD, server) == 1
    ad_start, ad_complete, summary = capsys.readouterr().out.splitlines()
    sid = next(entry.session_id for entry in server.entries() if entry.session_id)
    start = "line {}: POST /api/v1/sessions/" + f"{sid}/events "
    assert ad_start == f"{start.format(line_of('adStart'))}(adStart): recorded 204, now 503: out of order"
    assert ad_complete.startswith(f"{start.format(line_of('adComplete'))}(adComplete): recorded 204, now no answer: ")
    assert summary == "44 requests: 42 same, 2 different"


def line_of(event_type: str) -> int:
    return next(call.line for call in read_recording(VOD) if call.what == event_type)


def test_answer_that_is_lost_again_is_no_difference(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = FaultSpec(fault=ResetFault(), when=When(event_type="adStart"), times=1)
    first, second = make_server(), make_server()
    first.site.control().call(ADD_FAULT, lost)
    second.site.control().call(ADD_FAULT, lost)
    replayed(VOD, first)
    journal = exported(first, tmp_path)
    capsys.readouterr()
    assert replayed(journal, second) == 0
    assert capsys.readouterr().out == "44 requests: 44 same, 0 different\n"


def test_result_can_be_json(server: Running, capsys: pytest.CaptureFixture[str]) -> None:
    server.site.control().call(ADD_FAULT, FaultSpec(fault=StatusFault(code=500), when=When(event_type="sessionEnd")))
    server.site.control().call(ADD_FAULT, FaultSpec(fault=StatusFault(code=500), when=When(event_type="play"), times=1))
    assert replayed(VOD, server, "--json") == 1
    result = json.loads(capsys.readouterr().out)
    differences = result.pop("differences")
    assert result == {"requests": 44, "same": 44 - len(differences), "different": len(differences)}
    assert {"line": line_of("play"), "event_type": "play", "recorded": 204, "status": 500}.items() <= (
        differences[0].items()
    )


def test_one_connection_is_enough(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = HTTPConnection.connect

    def counted(connection: HTTPConnection) -> None:
        opened.append(connection)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", counted)
    assert replayed(VOD, server) == 0
    assert len(opened) == 1


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


def test_certificate_that_nobody_knows_is_refused_unless_asked_for(
    make_server: MakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server(tls_cert=str(CERTIFICATE))
    assert replayed(VOD, server) == 2
    assert "shows a certificate that is not trusted" in capsys.readouterr().err
    assert replayed(VOD, server, "--insecure") == 0


def call_at(at_s: float) -> RecordedCall:
    return RecordedCall(line=1, at_s=at_s, method="GET", path="/", headers=(), body=b"", status=None)


@pytest.mark.parametrize(
    ("speed", "waited"),
    [(1, [0, 9, 0, 7]), (2, [0, 4, 0, 0]), (0.5, [0, 19, 7, 27]), (float("inf"), [0, 0, 0, 0])],
)
def test_spacing_is_as_recorded_divided_by_the_speed_whatever_time_sending_takes(
    speed: float, waited: list[float]
) -> None:
    recorded_s, asked_s = (50, 60, 60, 70), iter((100, 100, 101, 113, 113))
    assert list(pauses(map(call_at, recorded_s), speed, lambda: next(asked_s))) == waited


def test_clock_that_was_set_back_is_not_waited_for() -> None:
    calls = [call_at(at_s) for at_s in (50, 20, 25)]
    assert list(pauses(calls, 1, lambda: 0.0)) == [0, 0, 5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "fast"], "--speed must be a number more than 0, or max; not 'fast'"),
        (["--speed", "0"], "--speed must be a number more than 0, or max; not '0'"),
        (["--speed", "nan"], "--speed must be a number more than 0, or max; not 'nan'"),
        (["--to", "nowhere"], "'nowhere' is not the address of a server; write it like http://127.0.0.1:8089"),
    ],
)
def test_arguments_that_cannot_be_used_are_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(VOD), "--to", "http://127.0.0.1:1", *arguments]) == 2
    assert capsys.readouterr() == ("", f"mockserver: {message}\n")


def test_file_that_cannot_be_used_is_told(server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.ndjson"
    path.write_text('{"t": 1}', encoding="utf-8")
    assert replayed(path, server) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: {path}:1: Object missing required field")


def test_server_that_is_not_there_is_told(unused_tcp_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(VOD), "--to", f"http://127.0.0.1:{unused_tcp_port}"]) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: cannot reach http://127.0.0.1:{unused_tcp_port}: ")
