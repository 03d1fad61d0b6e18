from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from mockserver.cli import main
from mockserver.cli.flight import Answer, Flight
from mockserver.cli.in_flight import InFlight
from mockserver.cli.sender import Sender
from mockserver.cli.virtual_time import VirtualClock
from mockserver.control import ADD_FAULT, CLOCK, EVENTS, EXPORT, SET_CLOCK, ExportQuery
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import (
    CloseFault,
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    Fault,
    GarbleFault,
    HangFault,
    Pass,
    RefuseFault,
    ResetFault,
    ResponsesFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand, ClockReading
from mockserver.model.vocabulary import Stage
from mockserver.recordings.call import RecordedCall
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.cli.conftest import send_request
from tests.factories import T0, event, start
from tests.server.running import Running

if TYPE_CHECKING:
    from tests.cli.conftest import MakeServer

HOUR_MS = 3_600_000


def clock(server: Running, action: Any, **members: Any) -> None:
    server.service.control().call(SET_CLOCK, ClockCommand(action=action, **members))


def add_fault(server: Running, fault: Fault, **members: Any) -> None:
    server.service.control().call(ADD_FAULT, FaultSpec(fault=fault, **members))


def journal_of(server: Running, folder: Path) -> Path:
    path = folder / "journal.ndjson"
    chunks: Iterable[bytes] = server.service.control().call(EXPORT, ExportQuery())
    path.write_bytes(b"".join(chunks))
    return path


def recording(folder: Path, *lines: tuple[float, dict[str, Any]], sid: str = "s", status: int | None = None) -> Path:
    """Write a recording as a proxy does: a session and its events, at seconds of the proxy's clock."""
    path = folder / "recording.ndjson"
    written = []
    for t, document in lines:
        starts = document["eventType"] == "sessionStart"
        target = "/api/v1/sessions" if starts else f"/api/v1/sessions/{sid}/events"
        expected = status or (201 if starts else 204)
        line = {"t": t, "method": "POST", "path": target, "body": json.dumps(document), "status": expected}
        written.append(json.dumps({**line, "headers": {"Content-Type": "application/json"}}))
    path.write_text("\n".join(written), encoding="utf-8")
    return path


def replayed(path: Path, server: Running, *more: str) -> int:
    return main(["replay", str(path), "--to", server.url, "--clock", "virtual", *more])


def seen(server: Running) -> list[tuple[int, str | None, int | None]]:
    return [
        (entry.at_ms, entry.event_type, entry.response.status if entry.response else None) for entry in server.entries()
    ]


def play(server: Running, *moments: tuple[int, dict[str, Any]]) -> str:
    """Send a session at moments of the emulated clock, one event after the other, whatever is answered."""
    sid = "lost"
    for at_ms, document in moments:
        clock(server, "set", at_ms=at_ms)
        starts = document["eventType"] == "sessionStart"
        path = "/api/v1/sessions" if starts else f"/api/v1/sessions/{sid}/events"
        try:
            send_request(server.url, "POST", path, document)
        except (OSError, HTTPException):
            continue
        if starts:
            sid = server.entries()[-1].session_id or sid
    return sid


def test_a_day_is_replayed_at_its_own_times_and_meets_the_same_lifetimes(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make_server(), make_server()
    clock(first, "freeze")
    hours = ((T0 + hour * HOUR_MS // 6 - 1, event("ping", playhead=hour, ts=T0)) for hour in range(1, 146))
    play(first, (T0, start()), *hours)
    recorded = seen(first)
    assert {status for _, _, status in recorded} == {201, 204, 410}
    assert recorded[-1][0] - recorded[0][0] > 24 * HOUR_MS
    assert replayed(journal_of(first, tmp_path), second) == 0
    assert capsys.readouterr() == ("146 requests: 146 same, 0 different\n", "")
    assert seen(second) == recorded


def test_running_clock_runs_on_from_the_real_time(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    before_ms = server.service.control().call(CLOCK, None).now_ms
    path = recording(tmp_path, (0, start()), (7_200, event("ping")))
    assert replayed(path, server) == 1
    after = server.service.control().call(CLOCK, None)
    assert not after.frozen
    assert before_ms <= after.now_ms < before_ms + HOUR_MS
    assert [at_ms - server.entries()[0].at_ms for at_ms, _, _ in seen(server)] == [0, 2 * HOUR_MS]


def test_frozen_clock_stands_where_it_stood_at_its_rate(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    clock(server, "freeze")
    clock(server, "set", at_ms=T0)
    clock(server, "rate", rate=3)
    assert replayed(recording(tmp_path, (5, start()), (65, event("play"))), server) == 0
    assert server.service.control().call(CLOCK, None) == ClockReading(now_ms=T0, frozen=True, rate=3)
    assert [at_ms for at_ms, _, _ in seen(server)] == [T0, T0 + 60_000]


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (RuntimeError("broken"), None)])
def test_clock_is_left_as_it_was_found_whatever_happens(
    error: BaseException, code: int | None, make_server: MakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    path = recording(tmp_path, (0, start()), (7_200, event("ping")))
    before_ms = server.service.control().call(CLOCK, None).now_ms

    async def interrupted(_: InFlight, call: RecordedCall) -> None:
        raise error

    monkeypatch.setattr(InFlight, "send", interrupted)
    if code is None:
        with pytest.raises(RuntimeError, match="broken"):
            replayed(path, server)
    else:
        assert replayed(path, server) == code
    after = server.service.control().call(CLOCK, None)
    assert (after.frozen, before_ms <= after.now_ms < before_ms + HOUR_MS) == (False, True)


def test_clock_that_was_set_back_in_the_recording_is_set_back_again(make_server: MakeServer, tmp_path: Path) -> None:
    first, second = make_server(), make_server()
    clock(first, "freeze")
    play(first, (T0, start()), (T0 + 60_000, event("play")), (T0 + 1_000, event("ping")), (T0 + 2_000, event("ping")))
    assert replayed(journal_of(first, tmp_path), second) == 0
    assert seen(second) == seen(first)


def test_delayed_answers_arrive_while_the_clock_moves_on(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    add_fault(server, DelayFault(ms=90_000), stage=Stage.RESPONSE, when=When(event_type="play"))
    path = recording(tmp_path, (0, start()), (1, event("play")), (2, event("ping")), (200, event("ping")))
    assert replayed(path, server) == 0
    began_ms = server.entries()[0].at_ms
    assert [(at_ms - began_ms, what) for at_ms, what, _ in seen(server)] == [
        (0, "sessionStart"), (1_000, "play"), (2_000, "ping"), (200_000, "ping"),
    ]  # fmt: skip
    assert {entry.delivery.value for entry in server.entries()} == {"sent"}


def test_requests_that_are_held_back_at_the_end_are_waited_for(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    add_fault(server, DelayFault(ms=30_000), when=When(event_type="ping"))
    add_fault(server, DribbleFault(chunks=5, total_ms=60_000), stage=Stage.RESPONSE, when=When(event_type="play"))
    path = recording(tmp_path, (0, start()), (1, event("play")), (2, event("ping")))
    assert replayed(path, server) == 0
    assert [entry.event_type for entry in server.entries()] == ["sessionStart", "play", "ping"]


def test_event_waits_for_a_delayed_session(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    add_fault(server, DelayFault(ms=5_000), when=When(event_type="sessionStart"))
    assert replayed(recording(tmp_path, (0, start()), (1, event("play")), (30, event("ping"))), server) == 0
    opened, *events = server.entries()
    assert {entry.session_id for entry in events} == {opened.session_id}


def test_request_that_hangs_now_is_a_difference_and_delays_no_other(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server()
    add_fault(server, HangFault(), when=When(event_type="play"))
    assert replayed(recording(tmp_path, (0, start()), (1, event("play")), (2, event("ping"))), server) == 1
    first, summary = capsys.readouterr().out.splitlines()
    assert first.startswith("line 2: ")
    assert first.endswith(" (play): recorded 204, now no answer: given up")
    assert summary == "3 requests: 2 same, 1 different"


def seeded_faults() -> Iterator[FaultSpec]:
    kinds: tuple[Fault, ...] = (
        StatusFault(code=503, body={"message": "no"}, headers={"Retry-After": "1"}),
        ResetFault(), CloseFault(), GarbleFault(), TruncateFault(after_bytes=30),
        DropHeaderFault(name="Access-Control-Allow-Origin"), DuplicateFault(), DelayFault(lower=10, upper=4_000),
    )  # fmt: skip
    for kind in kinds:
        for stage in Stage:
            if not (isinstance(kind, DelayFault) and stage is Stage.REQUEST):
                yield FaultSpec(fault=kind, stage=stage, probability=0.08, when=When(event_type=("ping", "play")))
    script = ResponsesFault(responses=(Pass(), StatusFault(code=500), ResetFault()), then="cycle")
    yield FaultSpec(fault=script, when=When(event_type="pauseStart"))
    yield FaultSpec(fault=RefuseFault(duration_ms=100), when=When(event_type="bufferStart"), times=1)
    yield FaultSpec(fault=ExpireFault(), when=When(event_type="chapterSkip"))
    yield FaultSpec(fault=DuplicateFault(), when=When(event_type="sessionStart"), skip=1)


@pytest.fixture
def seeded() -> Iterator[MakeServer]:
    started: list[Running] = []

    def make(seed: str = "7") -> Running:
        options = ServerOptions(seed=seed, seeded_ids=True)
        started.append(Running(Service(options=options, faults=seeded_faults())))
        return started[-1]

    yield make
    for running in started:
        running.thread.stop()


def test_server_with_the_same_seed_and_faults_gives_the_same_answers(
    seeded: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = seeded(), seeded()
    content = [(T0, start())]
    for number in range(1, 81):
        event_type = {10: "pauseStart", 40: "bufferStart", 75: "chapterSkip"}.get(number, "ping")
        event_type = "pauseStart" if number % 20 == 0 else "play" if number % 7 == 0 else event_type
        content.append((T0 + number * 10_000, event(event_type, playhead=number, ts=T0 + number * 10_000)))
    content.insert(50, (T0 + 491_000, start()))
    path = recording(tmp_path, *((at_ms / 1000, document) for at_ms, document in content))
    clock(first, "freeze")
    clock(first, "set", at_ms=T0)
    replayed(path, first)
    recorded = first.entries()
    assert len({fault_id for entry in recorded for fault_id in entry.fault_ids}) > 12
    capsys.readouterr()

    assert replayed(journal_of(first, tmp_path), second) == 0
    assert capsys.readouterr().out.endswith(" same, 0 different\n")
    assert [(entry.fault_ids, entry.draws, entry.outcome, entry.delivery) for entry in second.entries()] == [
        (entry.fault_ids, entry.draws, entry.outcome, entry.delivery) for entry in recorded
    ]
    assert replayed(journal_of(first, tmp_path), seeded("8")) == 1


def test_requests_held_back_before_processing_arrive_again_when_and_where_they_did(
    make_server: MakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = make_server(), make_server()
    for server in servers:
        add_fault(server, DelayFault(ms=2_500), when=When(event_type="play"))
        add_fault(server, StatusFault(code=500), when=When(event_type=("play", "ping")), stage=Stage.REQUEST, every=3)
    moments = ((0.0, start()), (1.0, event("play")), (2.0, event("ping")), (3.0, event("ping")), (9.0, event("ping")))
    first, second = servers
    replayed(recording(tmp_path, *moments), first)
    assert [entry.event_type for entry in first.entries()] == ["sessionStart", "ping", "ping", "play", "ping"]
    capsys.readouterr()
    assert replayed(journal_of(first, tmp_path), second) == 0
    assert capsys.readouterr().out == "5 requests: 5 same, 0 different\n"
    assert [entry.event_type for entry in second.entries()] == [entry.event_type for entry in first.entries()]


def test_count_of_a_rule_shows_that_a_request_is_held_back_again(
    make_server: MakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_server(), make_server()
    for server in (first, second):
        add_fault(server, DelayFault(ms=2_500), when=When(event_type="ping"))
    replayed(recording(tmp_path, (0.0, start()), *((float(at), event("ping")) for at in range(1, 4))), first)
    looks: list[Flight] = []
    has_processed, has_released = VirtualClock.has_processed, VirtualClock.has_released

    def looked(clock: VirtualClock, flight: Flight) -> bool:
        looks.append(flight)
        return has_processed(clock, flight)

    def looked_at_all(clock: VirtualClock, flights: Collection[Flight]) -> bool:
        looks.extend(flights)
        return has_released(clock, flights)

    monkeypatch.setattr(VirtualClock, "has_processed", looked)
    monkeypatch.setattr(VirtualClock, "has_released", looked_at_all)
    assert replayed(journal_of(first, tmp_path), second) == 0
    assert len(looks) < 3 * 10  # waiting for the journal in vain looks 25 times each


def test_clock_moves_only_after_an_answer_that_is_merely_slow(
    make_server: MakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    add_fault(server, DelayFault(ms=60_000), when=When(event_type="ping"))
    exchange = Sender._exchange

    async def late(sender: Sender, connections: ClientSession, flight: Flight) -> Answer:
        answer = await exchange(sender, connections, flight)
        if flight.call.what == "sessionStart":
            await asyncio.sleep(0.05)
        return answer

    monkeypatch.setattr(Sender, "_exchange", late)
    moments = ((0, start()), (1, event("ping", playhead=1)), (2, start()), (3, event("play")))
    assert replayed(recording(tmp_path, *moments), server) == 0
    began_ms = server.entries()[0].at_ms
    assert [(entry.event_type, entry.at_ms - began_ms) for entry in server.entries()] == [
        ("sessionStart", 0), ("sessionStart", 2_000), ("play", 3_000), ("ping", 61_000),
    ]  # fmt: skip


def test_every_namespace_even_a_new_one_has_its_own_clock(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    path = recording(tmp_path, (0, start()), (300, event("play")))
    assert main(["replay", str(path), "--to", f"{server.url}/ns/new", "--clock", "virtual"]) == 0
    first, second = server.service.control("new").call(EVENTS, Query()).events
    assert second.at_ms - first.at_ms == 300_000
    assert server.service.control("new").call(CLOCK, None).frozen is False


def test_admin_api_can_have_an_address_and_a_token(
    make_server: MakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server(admin_port=0, admin_token="secret")
    path = recording(tmp_path, (0, start()))
    admin = f"http://127.0.0.1:{server.thread.admin_port}"
    assert replayed(path, server) == 2
    assert capsys.readouterr().err.startswith("mockserver: --clock virtual needs the admin API of a mockserver: ")
    assert replayed(path, server, "--admin", admin) == 2
    assert "token" in capsys.readouterr().err
    assert {entry.operation.value for entry in server.entries()} == {"other"}  # the admin API was looked for there
    assert replayed(path, server, "--admin", admin, "--token", "secret") == 0
    monkeypatch.setenv("MOCKSERVER_ADMIN_TOKEN", "secret")
    assert replayed(path, server, "--admin", f"{admin}/__admin") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--clock", "virtual", "--speed", "2"],
            "--speed is for --clock real; a replay on the virtual clock never waits",
        ),
        (
            ["--clock", "virtual", "--timeout", "2"],
            "--timeout is for --clock real; on a frozen clock an answer may have to wait for the clock",
        ),
        (["--admin", "http://127.0.0.1:1"], "--admin is for --clock virtual"),
    ],
)
def test_flags_of_the_other_clock_are_refused(
    arguments: list[str], message: str, server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recording(tmp_path, (0, start()))
    assert main(["replay", str(path), "--to", server.url, *arguments]) == 2
    assert capsys.readouterr() == ("", f"mockserver: {message}\n")
    assert server.entries() == []
