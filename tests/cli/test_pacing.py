from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from mockserver.cli import main
from mockserver.cli.in_flight import places_for
from mockserver.cli.pacing import pauses
from mockserver.control import ADD_FAULT, SET_CLOCK, WAIT
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import DelayFault
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand, WaitCommand
from mockserver.model.vocabulary import Stage
from mockserver.recordings.call import RecordedCall
from tests.event_files import recording
from tests.factories import T0
from tests.tables import every_case

if TYPE_CHECKING:
    from tests.server.running import Running


def in_background(*arguments: str) -> Future[int]:
    """Run the command in a thread."""
    executor = ThreadPoolExecutor(1)
    running = executor.submit(main, ["replay", *arguments])
    executor.shutdown(wait=False)
    return running


def wait_for(server: Running, count: int, **conditions: Any) -> None:
    query = Query(**conditions)
    command = WaitCommand(query=query, at_least=count, timeout_ms=30_000)
    assert server.service.control().call(WAIT, command).satisfied


def advance(server: Running, ms: int) -> None:
    server.service.control().call(SET_CLOCK, ClockCommand(action="advance", ms=ms))


@pytest.fixture
def frozen(server: Running) -> Running:
    server.service.control().call(SET_CLOCK, ClockCommand(action="freeze"))
    return server


FAST = ("--speed", "1000000")
"""Fast enough not to wait, but not ``max``: requests are sent when they are due."""


def test_request_is_sent_while_earlier_ones_wait_for_their_answers(frozen: Running, tmp_path: Path) -> None:
    held = DelayFault(ms=5_000)
    frozen.service.control().call(ADD_FAULT, FaultSpec(fault=held, stage=Stage.RESPONSE, when=When(event_type="ping")))
    pings: list[tuple[float, str, int | None]] = [(2 + number, "ping", 204) for number in range(5)]
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204), *pings, (9, "pauseStart", 204))
    running = in_background(str(path), "--to", frozen.url, *FAST)
    wait_for(frozen, 1, event_type="pauseStart")
    assert [entry.delivery.value for entry in frozen.entries() if entry.event_type == "ping"] == ["pending"] * 5
    assert not running.done()
    advance(frozen, 5_000)
    assert running.result(30) == 0


def test_event_waits_for_the_answer_that_brings_its_session_id(frozen: Running, tmp_path: Path) -> None:
    held = FaultSpec(fault=DelayFault(ms=5_000), stage=Stage.RESPONSE, when=When(event_type="sessionStart"))
    frozen.service.control().call(ADD_FAULT, held)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204))
    running = in_background(str(path), "--to", frozen.url, *FAST)
    wait_for(frozen, 1, event_type="sessionStart")
    advance(frozen, 5_000)
    assert running.result(30) == 0
    opened, played = frozen.entries()
    assert opened.session_id == played.session_id


def test_more_requests_than_connections_wait_for_a_place(frozen: Running, tmp_path: Path) -> None:
    held = FaultSpec(fault=DelayFault(ms=5_000), stage=Stage.RESPONSE, when=When(event_type="ping"))
    frozen.service.control().call(ADD_FAULT, held)
    places = places_for([])
    path = recording(tmp_path, (0, "sessionStart", 201), *((1, "ping", 204) for _ in range(places + 3)))
    running = in_background(str(path), "--to", frozen.url, *FAST)
    wait_for(frozen, places, event_type="ping")
    advance(frozen, 5_000)
    wait_for(frozen, places + 3, event_type="ping")
    advance(frozen, 5_000)
    assert running.result(30) == 0


def test_max_waits_for_every_answer(frozen: Running, tmp_path: Path) -> None:
    held = FaultSpec(fault=DelayFault(ms=5_000), stage=Stage.RESPONSE, when=When(event_type="play"))
    frozen.service.control().call(ADD_FAULT, held)
    path = recording(tmp_path, (0, "sessionStart", 201), (1, "play", 204), (1, "ping", 204))
    running = in_background(str(path), "--to", frozen.url, "--speed", "max")
    wait_for(frozen, 1, event_type="play")
    advance(frozen, 5_000)
    assert running.result(30) == 0
    assert [entry.at_ms - frozen.entries()[0].at_ms for entry in frozen.entries()] == [0, 0, 5_000]


def call_at(at_s: float) -> RecordedCall:
    return RecordedCall(line=1, at_s=at_s, method="GET", path="/", headers=(), body=b"", status=None)


def held(*moments: tuple[int, int]) -> list[RecordedCall]:
    """Return requests that were received and processed at these milliseconds."""
    return [replace(call_at(received_ms / 1000), at_ms=at_ms) for received_ms, at_ms in moments]


@every_case(
    ("moments", "together"),
    [
        ([], 0),
        ([(1, 1), (1, 1), (2, 2)], 0),
        ([(1, 5)], 1),
        ([(1, 5), (5, 9), (9, 12), (3, 3)], 2),
        ([(1, 5), (6, 9), (10, 12)], 1),
        ([(0, 99), (1, 5), (2, 6), (3, 4), (50, 60), (55, 70)], 4),
        ([(T0, T0 + 5_000)] * 256, 256),
    ],
)
def test_requests_that_were_held_back_together_get_extra_places(moments: list[tuple[int, int]], together: int) -> None:
    assert places_for(held(*moments)) - places_for([]) == together
    assert places_for([*held(*reversed(moments)), call_at(2)]) - places_for([]) == together


@every_case(
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
