"""Replaying delayed requests: each arrives at its recorded time and in the recorded order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.address import server_address
from mockserver.cli import main
from mockserver.cli.in_flight import InFlight
from mockserver.cli.pacing import as_sent, recorded_pace
from mockserver.cli.session_ids import SessionIds
from mockserver.control import ADD_FAULT, EXPORT, SET_CLOCK, ExportQuery
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import DelayFault, DuplicateFault, StatusFault
from mockserver.model.journal import Entry
from mockserver.model.results import ClockCommand
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.recording import read_recording
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.factories import T0, event, inside, start
from tests.server.running import Running
from tests.waiting import until

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer

SESSIONS = 6
EVENTS = 8
RATE = 50
LOOK_S = 0.002


def faults() -> Iterator[FaultSpec]:
    """Delays, and faults that depend on the order of arrival or of processing."""
    yield FaultSpec(fault=DelayFault(lower=10, upper=4_000), probability=0.3, when=When(event_type=("ping", "play")))
    yield FaultSpec(fault=DelayFault(median=800, sigma=1), probability=0.3)
    yield FaultSpec(fault=DelayFault(ms=500), when=When(event_type="sessionStart"))
    yield FaultSpec(fault=StatusFault(code=503), every=7)
    yield FaultSpec(fault=StatusFault(code=500), probability=0.15, stage=Stage.RESPONSE)
    yield FaultSpec(fault=DelayFault(lower=10, upper=900), probability=0.2, stage=Stage.RESPONSE)
    yield FaultSpec(fault=DuplicateFault(), every=5, when=When(event_type="play"))


@pytest.fixture
def twins() -> Iterator[tuple[Running, Running]]:
    """Two servers that were started with the same options."""
    started = [Running(Service(options=ServerOptions(seed="7", seeded_ids=True), faults=faults())) for _ in range(2)]
    yield started[0], started[1]
    for running in started:
        running.thread.stop()


def requests(server: Running) -> list[Entry]:
    """Return the requests in order of arrival; a request that was processed twice is listed once."""
    return [entry for _, entry in sorted({entry.received or entry.seq: entry for entry in server.entries()}.items())]


def command(server: Running, action: Any, **members: Any) -> None:
    server.service.control().call(SET_CLOCK, ClockCommand(action=action, **members))


def play(port: int, number: int) -> None:
    """Play like a player: one request after the other, and retry the sessionStart until a session is open."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        answer = post(connection, "/api/v1/sessions", start())
        while answer.status != 201:
            answer = post(connection, "/api/v1/sessions", start())
        path = f"{answer.headers['Location']}/events"
        for at in range(EVENTS):
            post(connection, path, event(("ping", "play", "bufferStart")[(at + number) % 3], playhead=at))
        post(connection, path, event("sessionEnd", playhead=EVENTS))
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


def post(connection: HTTPConnection, path: str, document: dict[str, Any]) -> HTTPResponse:
    connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
    return answer_on(connection)


def answer_on(connection: HTTPConnection) -> HTTPResponse:
    answer = connection.getresponse()
    answer.read()
    return answer


@contextmanager
def holding(server: Running, path: str, *documents: dict[str, Any]) -> Iterator[list[HTTPConnection]]:
    """Send requests, each on its own connection, and return when the server holds them all back."""
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(HTTPConnection("127.0.0.1", server.port, timeout=60))) for _ in documents
        ]
        for number, (connection, document) in enumerate(zip(connections, documents, strict=True), 1):
            connection.request("POST", path, json.dumps(document), {"Content-Type": "application/json"})
            until(lambda: held_back(server) >= number)  # noqa: B023 - called before the loop goes on
        yield connections


def held_back(server: Running) -> int:
    """Count the requests that wait for the clock, whether processed already or not."""
    held = len(inside(server.service.namespaces.default).held_requests)
    return held + sum(entry.delivery is Delivery.PENDING for entry in server.entries())


def journal_of(server: Running, folder: Path) -> Path:
    path = folder / "journal.ndjson"
    chunks: Iterable[bytes] = server.service.control().call(EXPORT, ExportQuery())
    path.write_bytes(b"".join(chunks))
    return path


@pytest.fixture
def slow(make_server: MakeServer) -> tuple[Running, Running]:
    """Two servers with frozen clocks that hold back every ping for ten seconds."""
    servers = make_server(), make_server()
    for server in servers:
        command(server, "freeze")
        command(server, "set", at_ms=T0)
        server.service.control().call(ADD_FAULT, FaultSpec(fault=DelayFault(ms=10_000), when=When(event_type="ping")))
    return servers


def opened(server: Running) -> str:
    """Open a session and return where its events go."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        return f"{post(connection, '/api/v1/sessions', start()).headers['Location']}/events"


def times(server: Running) -> list[tuple[Any, ...]]:
    """Return when every request was received and processed, in order of processing."""
    return [(entry.event, entry.at_ms, entry.held_ms, entry.received or entry.seq) for entry in server.entries()]


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
    assert [entry.received for entry in second.entries()] == [entry.received for entry in recorded]


def test_server_without_the_rules_gets_the_requests_when_they_arrived(
    twins: tuple[Running, Running], make_server: MakeServer, tmp_path: Path
) -> None:
    first, other = twins[0], make_server()
    record(first, frozen=True)
    main(["replay", str(journal_of(first, tmp_path)), "--to", other.url, "--clock", "virtual", "--status-only"])
    assert [(entry.at_ms, entry.event) for entry in other.entries()] == [
        (entry.at_ms - entry.held_ms, entry.event) for entry in requests(first)
    ]


async def test_real_clock_too_sends_at_the_time_and_in_the_order_of_arrival(
    twins: tuple[Running, Running], tmp_path: Path
) -> None:
    record(twins[0], frozen=True)
    calls = as_sent(read_recording(str(journal_of(twins[0], tmp_path))).calls, "journal")
    expected = requests(twins[0])
    sent: list[tuple[RecordedCall, float]] = []
    now_s = 0.0

    class Passing(InFlight):
        """A clock on which waiting takes no time, and every request is answered at once."""

        async def wait(self, until: Any, timeout_s: float | None = None) -> bool:
            nonlocal now_s
            now_s += timeout_s or 0
            return True

        async def send(self, call: RecordedCall) -> Any:
            sent.append((call, now_s))

    def unused(*_: Any) -> None:
        raise AssertionError

    in_flight = Passing(server_address("http://unused.test"), SessionIds(), 1_000, None, unused)
    await recorded_pace(calls, in_flight, 1, lambda: now_s)
    assert [call.body.decode() for call, _ in sent] == [entry.request.body for entry in expected]
    began_ms = expected[0].at_ms - expected[0].held_ms
    assert [at_s for _, at_s in sent] == pytest.approx(
        [(entry.at_ms - entry.held_ms - began_ms) / 1000 for entry in expected], abs=1e-5
    )


def test_as_many_requests_as_were_held_back_together_are_held_back_together_again(
    slow: tuple[Running, Running], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = slow
    path = opened(first)
    with holding(first, path, *(event("ping", playhead=at) for at in range(50))) as connections:
        command(first, "advance", ms=10_000)
        assert [answer_on(connection).status for connection in connections] == [204] * 50
        post(connections[0], path, event("sessionEnd", playhead=50))
    first.thread.stop()
    assert main(["replay", str(journal_of(first, tmp_path)), "--to", second.url, "--clock", "virtual"]) == 0
    assert capsys.readouterr().out == "52 requests: 52 same, 0 different\n"
    assert times(second) == times(first)


def leave(server: Running, path: str) -> None:
    """Send a request, and leave while it is held back."""
    with holding(server, path, event("ping")):
        pass
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as later:
        later.request("GET", "/__admin/health")
        answer_on(later)  # a server that answers this has noticed that the other client left
    command(server, "advance", ms=10_000)
    until(lambda: server.entries()[-1].delivery is Delivery.CLIENT_GONE)


def test_delay_that_the_client_did_not_wait_out_is_over_before_the_replay_is(
    slow: tuple[Running, Running], tmp_path: Path
) -> None:
    first, second = slow
    leave(first, opened(first))
    assert main(["replay", str(journal_of(first, tmp_path)), "--to", second.url, "--clock", "virtual"]) == 0
    assert times(second) == times(first)


def test_delay_that_the_client_did_not_wait_out_is_over_in_time_for_what_comes_later(
    slow: tuple[Running, Running], tmp_path: Path
) -> None:
    first, second = slow
    path = opened(first)
    leave(first, path)
    command(first, "advance", ms=595_000)
    with closing(HTTPConnection("127.0.0.1", first.port, timeout=60)) as connection:
        assert post(connection, path, event("play")).status == 204
    first.thread.stop()
    assert main(["replay", str(journal_of(first, tmp_path)), "--to", second.url, "--clock", "virtual"]) == 0
    assert times(second) == times(first)
