"""Replaying what delays held back: every request arrives again when it did, in the order in which it did."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.cli import main
from mockserver.cli.in_flight import InFlight
from mockserver.cli.pacing import recorded_pace
from mockserver.cli.recording import RecordedCall, read_recording
from mockserver.cli.session_ids import SessionIds
from mockserver.control import EXPORT, SET_CLOCK, ExportQuery
from mockserver.model.fault import DelayFault, DuplicateFault, FaultSpec, StatusFault, When
from mockserver.model.journal import Entry
from mockserver.model.results import ClockCommand
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.server.options import ServerOptions
from mockserver.server.site import Site
from tests.cli.conftest import Running
from tests.factories import event, start

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer

SESSIONS = 6
EVENTS = 12
RATE = 50
LOOK_S = 0.002


def faults() -> Iterator[FaultSpec]:
    """Delays, and faults whose striking depends on the order of arrival or of processing."""
    yield FaultSpec(fault=DelayFault(lower=10, upper=4_000), probability=0.3, when=When(event_type=("ping", "play")))
    yield FaultSpec(fault=DelayFault(median=800, sigma=1), probability=0.3)
    yield FaultSpec(fault=DelayFault(ms=500), when=When(event_type="sessionStart"))
    yield FaultSpec(fault=StatusFault(code=503), every=7)
    yield FaultSpec(fault=StatusFault(code=500), probability=0.15, stage=Stage.RESPONSE)
    yield FaultSpec(fault=DelayFault(lower=10, upper=900), probability=0.2, stage=Stage.RESPONSE)
    yield FaultSpec(fault=DuplicateFault(), every=5, when=When(event_type="play"))


@pytest.fixture
def twins() -> Iterator[tuple[Running, Running]]:
    """Two servers that were started in the same way."""
    started = [Running(Site(options=ServerOptions(seed="7", seeded_ids=True), faults=faults())) for _ in range(2)]
    yield started[0], started[1]
    for running in started:
        running.thread.stop()


def requests(server: Running) -> list[Entry]:
    """Return what was sent in order of arrival; what was processed twice, once."""
    return [entry for _, entry in sorted({entry.arrived or entry.seq: entry for entry in server.entries()}.items())]


def command(server: Running, action: Any, **members: Any) -> None:
    server.site.control().call(SET_CLOCK, ClockCommand(action=action, **members))


def play(port: int, number: int) -> None:
    """Be a player: one request after the other, and the session opened again until it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def post(path: str, document: dict[str, Any]) -> HTTPResponse:
        connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer

    try:
        answer = post("/api/v1/sessions", start())
        while answer.status != 201:
            answer = post("/api/v1/sessions", start())
        path = f"{answer.headers['Location']}/events"
        for at in range(EVENTS):
            post(path, event(("ping", "play", "bufferStart")[(at + number) % 3], playhead=at))
        post(path, event("sessionEnd", playhead=EVENTS))
    finally:
        connection.close()


def record(server: Running, *, frozen: bool) -> None:
    """Let players play at once, on a clock that runs fast, or on one that stands until every player is held back.

    The server is stopped then: a player may have an answer just before the journal says that it was sent.
    """
    command(server, "freeze") if frozen else command(server, "rate", rate=RATE)
    with ThreadPoolExecutor(SESSIONS) as executor:
        playing: set[Future[None]] = {executor.submit(play, server.port, number) for number in range(SESSIONS)}
        while playing:
            done, playing = wait(playing, LOOK_S)
            for each in done:
                each.result()
            if frozen and playing and held_back(server) == len(playing):
                command(server, "advance", ms=100)
    server.thread.stop()


def held_back(server: Running) -> int:
    """Count the requests that wait for the clock, before or after they were processed."""
    held = len(server.site.namespaces.default.holding)
    return held + sum(entry.delivery is Delivery.PENDING for entry in server.entries())


def journal_of(server: Running, folder: Path) -> Path:
    path = folder / "journal.ndjson"
    chunks: Iterable[bytes] = server.site.control().call(EXPORT, ExportQuery())
    path.write_bytes(b"".join(chunks))
    return path


def told(entries: list[Entry]) -> list[tuple[Any, ...]]:
    """What happened, in order of processing. Session ids are seeded, and the same when they are opened in the same
    order.
    """
    return [
        (entry.session_id, entry.event, entry.fault_ids, entry.draws, entry.outcome, entry.delivery)
        for entry in entries
    ]


@pytest.mark.parametrize("frozen", [False, True])
def test_load_with_delays_is_replayed_without_any_difference(
    frozen: bool, twins: tuple[Running, Running], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = twins
    record(first, frozen=frozen)
    recorded = first.entries()
    if frozen:
        assert sum(before.seq > after.seq for before, after in pairwise(requests(first))) > 5, "overtaken"
        together = [entry.at_ms - entry.held_ms for entry in requests(first)]
        assert len(set(together)) < len(together) * 4 / 5, "many arrived in the same millisecond"
    assert main(["replay", str(journal_of(first, tmp_path)), "--to", second.url, "--clock", "virtual"]) == 0
    assert capsys.readouterr().out.endswith(" same, 0 different\n")
    second.thread.stop()
    assert told(second.entries()) == told(recorded)
    assert [entry.arrived for entry in second.entries()] == [entry.arrived for entry in recorded]


def test_server_without_the_rules_gets_the_requests_when_they_arrived(
    twins: tuple[Running, Running], make_server: MakeServer, tmp_path: Path
) -> None:
    first, other = twins[0], make_server()
    record(first, frozen=True)
    main(["replay", str(journal_of(first, tmp_path)), "--to", other.url, "--clock", "virtual", "--status-only"])
    assert [(entry.at_ms, entry.event) for entry in other.entries()] == [
        (entry.at_ms - entry.held_ms, entry.event) for entry in requests(first)
    ]


def test_real_clock_too_sends_at_the_time_and_in_the_order_of_arrival(
    twins: tuple[Running, Running], tmp_path: Path
) -> None:
    record(twins[0], frozen=True)
    calls = read_recording(journal_of(twins[0], tmp_path))
    expected = requests(twins[0])
    sent: list[tuple[RecordedCall, float]] = []
    now_s = 0.0

    class Passing(InFlight):
        """Time passes when it is waited for; all is answered at once."""

        def wait(self, until: Any, timeout_s: float | None = None) -> bool:
            nonlocal now_s
            now_s += timeout_s or 0
            return True

        def send(self, call: RecordedCall) -> Any:
            sent.append((call, now_s))

    def unused(*_: Any) -> None:
        raise AssertionError

    in_flight = Passing(unused, SessionIds(), "", unused, lambda: now_s)
    recorded_pace(calls, in_flight, 1, lambda: now_s)
    assert [call.body.decode() for call, _ in sent] == [entry.request.body for entry in expected]
    began_ms = expected[0].at_ms - expected[0].held_ms
    assert [at_s for _, at_s in sent] == pytest.approx(
        [(entry.at_ms - entry.held_ms - began_ms) / 1000 for entry in expected], abs=1e-5
    )
