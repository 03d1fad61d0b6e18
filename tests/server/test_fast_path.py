"""With and without the fast path: the same answers, journal and ends of connections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from aiohttp import http_parser, web_protocol

from mockserver.control import ADD_FAULT, DELETE_FAULTS, DELETE_NAMESPACE, EXPIRE, PATCH_SETTINGS, RESET, SET_CLOCK
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import CloseFault, DelayFault, Fault, HangFault, ResetFault, StatusFault, TruncateFault
from mockserver.model.results import ClockCommand, ResetCommand
from mockserver.model.vocabulary import Stage
from mockserver.server import fast_path
from mockserver.server.fast_path import FastPath
from tests.factories import T0
from tests.server.event_bytes import FIELDS, HOST, LENGTH, NEVER_AT_ONCE, events, request
from tests.server.running import PING, PLAY, Running
from tests.server.twins import Twin, Twins, in_memory, opened
from tests.tables import every_case


async def learned(twins: Twins) -> str:
    """Open a session and send an event, so that the next one of this length is answered at once."""
    path = await opened(twins)
    assert (await twins.send(request(path))).startswith(b"HTTP/1.1 204 ")
    assert twins.spared == 0
    return path


def test_second_event_with_the_same_header_fields_does_not_reach_aiohttp_on_any_connection() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        for connection in (0, 1, 2, 2):
            answer = await twins.send(request(path, PING), connection)
            assert answer.startswith(b"HTTP/1.1 204 ")
        assert twins.spared == 4
        await twins.send(request(path, PLAY))
        assert twins.spared == 4, "of another length"
        await twins.send(request(path, PLAY), 1)
        assert twins.spared == 5

    in_memory(script)


def test_refused_events_are_answered_alike() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        for body, status in ((PING[:-1] + b" ", 400), (PING.replace(b"ping", b"pang"), 400), (b" " * len(PING), 400)):
            assert b" %d " % status in (await twins.send(request(path, body)))[:14]
        assert b" 404 " in (await twins.send(request(events("0" * 64))))[:14]
        await twins.call(EXPIRE, sid=twins.sid())
        assert b" 410 " in (await twins.send(request(path)))[:14]
        assert twins.spared == 5

    in_memory(script)


@every_case("other", NEVER_AT_ONCE.values(), ids=NEVER_AT_ONCE)
def test_everything_but_plain_events_goes_to_aiohttp(other: Callable[[str], bytes]) -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        for _ in range(2):
            await twins.send(other(path))
            assert twins.spared == 0
        await twins.send(request(path))
        await twins.send(request(path), 1)

    in_memory(script)


@every_case("fields", FIELDS.values(), ids=FIELDS)
def test_header_fields_about_the_connection_the_body_or_secrets_are_read_by_aiohttp_each_time(
    fields: tuple[bytes, ...],
) -> None:
    async def script(twins: Twins) -> None:
        path = await opened(twins)
        for connection in (0, 0, 1, 1, 2):
            await twins.send(request(path, PING, *fields), connection)
        assert twins.spared == 0
        assert "s3cret" not in repr(vars(twins.fast.port._fast_path))

    in_memory(script)


@every_case(
    "fields",
    [
        (HOST, LENGTH),
        (HOST, LENGTH, b"Connection: keep-alive"),
        (b"host: LOCALHOST:80", b"content-length:%d" % len(PING), b"CONNECTION:  Keep-Alive "),
        (HOST, b"Content-Length: 000%d" % len(PING)),
        (HOST, LENGTH, b"X-Odd: \xff\xe4", b"X-Twice: 1", b"X-Twice: 2", b"X-Empty:"),
        (b"Host: ", LENGTH),
        (b"Host: other.example:8089", LENGTH),
    ],
    ids=repr,
)
def test_header_fields_that_say_nothing_about_the_connection_are_remembered(fields: tuple[bytes, ...]) -> None:
    async def script(twins: Twins) -> None:
        path = await opened(twins)
        for connection in (0, 0, 1):
            assert b" 204 " in (await twins.send(request(path, PING, *fields), connection))[:14]
        assert twins.spared == 2

    in_memory(script)


def test_sessions_and_header_fields_of_any_length_take_turns_on_one_connection() -> None:
    async def script(twins: Twins) -> None:
        first, second = await opened(twins), await opened(twins)
        short, long = (HOST, LENGTH), (HOST, LENGTH, b"X-Long: " + b"x" * 2_000)
        for fields in (short, long):
            await twins.send(request(first, PING, *fields))
        for path, fields in ((first, short), (second, long), (first, short), (second, short), (first, long)) * 2:
            assert b" 204 " in (await twins.send(request(path, PING, *fields)))[:14]
        assert twins.spared == 10

    in_memory(script)


def test_namespaces_are_found_by_path_by_host_and_by_session() -> None:
    async def script(twins: Twins) -> None:
        in_team = await opened(twins, "/ns/team", "team")
        default = await opened(twins)
        bare = in_team.removeprefix("/ns/team")
        by_host = (b"Host: TEAM.localhost:80", LENGTH)
        for _ in range(3):
            for connection, path in enumerate((in_team, default, bare, default.replace("/api", "/ns/team/api"))):
                await twins.send(request(path), connection)
            await twins.send(request(bare, PING, *by_host), 4)
            await twins.send(request(default, PING, *by_host), 4)
            await twins.send(request(default.replace("/api", "/ns/new/api")), 4)
            await twins.send(request(default.replace("/api", "/ns/.bad/api")), 4)
        assert twins.spared > 10
        await twins.call(DELETE_NAMESPACE, None, name="team")
        for path in (bare, in_team):
            await twins.send(request(path))
        await twins.call(PATCH_SETTINGS, {"max_namespaces": 1})
        await twins.send(request(default.replace("/api", "/ns/one-more/api")))

    in_memory(script, connections=5)


def test_event_cut_anywhere_is_put_together_and_the_next_one_is_answered_at_once() -> None:
    async def script(twins: Twins, cut: int) -> None:
        path = await learned(twins)
        raw = request(path)
        await twins.send(raw[:cut])
        assert b" 204 " in await twins.send(raw[cut:])
        assert twins.spared == 0, cut
        await twins.send(raw)
        assert twins.spared == 1, cut
        await twins.send(raw + raw[:cut])
        assert b" 204 " in await twins.send(raw[cut:] + raw)
        await twins.send(raw)
        assert twins.spared == 2, cut

    for cut in range(1, len(request(events("0" * 64)))):
        in_memory(partial(script, cut=cut), connections=1)


@every_case("before", [0, 1])
def test_event_inside_the_body_of_another_request_is_not_an_event(before: int) -> None:
    async def script(twins: Twins) -> None:
        raw = request(await learned(twins))
        around = request("/api/v1/sessions", b"", HOST, b"Content-Length: %d" % len(raw))
        await twins.send(raw * before + around)
        assert (await twins.send(raw)).startswith(b"HTTP/1.1 400 ")
        assert twins.spared == 0

    in_memory(script, connections=1)


def test_event_that_comes_byte_by_byte_is_put_together() -> None:
    async def script(twins: Twins) -> None:
        raw = request(await learned(twins))
        for place in range(len(raw)):
            twins.fast.connections[0].feed(raw[place : place + 1])
            twins.slow.connections[0].feed(raw[place : place + 1])
        await twins.send(b"")
        await twins.send(raw)
        assert twins.spared == 1

    in_memory(script, connections=1)


@every_case("stage", Stage)
@every_case(
    "fault",
    [StatusFault(code=500), CloseFault(), ResetFault(), HangFault(), TruncateFault(after_bytes=10), DelayFault(ms=50)],
    ids=lambda fault: type(fault).__name__,
)
def test_events_go_to_aiohttp_only_while_faults_are_in_force(fault: Fault, stage: Stage) -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.call(SET_CLOCK, ClockCommand(action="freeze"))
        await twins.call(ADD_FAULT, FaultSpec(fault=fault, stage=stage, when=When(event_type="ping")))
        for connection in (0, 1):
            await twins.send(request(path), connection)
            await twins.send(request(path), connection)
        await twins.send(request(path, PLAY), 2)
        assert twins.spared == 0
        for _ in range(2):  # the second of a connection waits for the first
            await twins.call(SET_CLOCK, ClockCommand(action="advance", ms=50))
        await twins.call(DELETE_FAULTS)
        for connection in (0, 1, 2, 3):
            await twins.send(request(path), connection)
        assert twins.spared >= 2

    in_memory(script, connections=4)


def test_events_wait_for_held_requests_that_are_due_before_them() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.call(SET_CLOCK, ClockCommand(action="freeze"))
        await twins.call(ADD_FAULT, FaultSpec(fault=DelayFault(ms=1000), times=1))
        await twins.send(request(path))
        await twins.call(DELETE_FAULTS)
        await twins.send(request(path), 1)
        assert twins.spared == 0
        await twins.call(SET_CLOCK, ClockCommand(action="advance", ms=1000))
        await twins.send(request(path), 1)
        assert twins.spared == 1

    in_memory(script)


def test_closed_gate_resets_a_connection_that_is_used() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.do(lambda twin: twin.service.gate.hold())
        await twins.send(request(path))
        assert twins.fast.connections[0].end == "abort"
        await twins.do(lambda twin: twin.service.gate.release())
        await twins.send(request(path), 1)
        assert twins.spared == 1

    in_memory(script)


def test_changed_settings_and_resets_apply_from_the_next_event_on() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        changes: tuple[dict[str, Any], ...] = ({"max_body_bytes": 20}, {"content_type": "strict"}, {"max_entries": 2})
        for number, change in enumerate(changes, 1):
            await twins.call(PATCH_SETTINGS, {"max_body_bytes": 1000, **change})
            await twins.send(request(path), number)
            await twins.send(request(path), number)
        assert twins.spared == 4
        for part in ("journal", "settings", "faults", "clock", "sessions"):
            await twins.call(RESET, ResetCommand(only=(part,)))
            await twins.send(request(path))
        assert twins.spared == 9
        await twins.call(PATCH_SETTINGS, {"path_prefixes": ["/va"]})
        path = await opened(twins)
        for _ in range(2):
            await twins.send(request(f"/va{path}"))
        assert twins.spared == 11

    in_memory(script, connections=4)


def test_everything_goes_to_aiohttp_once_the_fast_path_is_switched_off() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.call(PATCH_SETTINGS, {"fast_path": False})
        await twins.send(request(path))
        assert twins.spared == 0

    in_memory(script)


@every_case(
    "command",
    [
        ClockCommand(action="freeze"),
        ClockCommand(action="follow_ts"),
        ClockCommand(action="rate", rate=3),
        ClockCommand(action="advance", ms=5),
        ClockCommand(action="set", at_ms=T0 - 5000),
    ],
    ids=lambda command: command.action,
)
def test_clock_shows_the_same_time_in_answers_and_journal(command: ClockCommand) -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.call(SET_CLOCK, command)
        for number in range(6):
            body = PING.replace(b"1760000010000", b"%d" % (T0 + 700 * number))
            await twins.send(request(path, body))
            for twin in (twins.fast, twins.slow):
                twin.elapsed_ms += 450
        assert twins.spared == 6

    in_memory(script)


@every_case("error", [None, ConnectionResetError()])
def test_client_that_leaves_is_forgotten(error: Exception | None) -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        raw = request(path)
        await twins.leave(0, error)
        await twins.send(raw[:-1], 1)
        await twins.leave(1, error)
        await twins.send(raw, 2)
        await twins.leave(2, error)
        assert twins.spared == 1
        assert not twins.fast.port._fast_path._connections  # type: ignore[union-attr]

    in_memory(script)


def test_connection_that_never_begins_is_not_remembered() -> None:
    async def script(twins: Twins) -> None:
        path = twins.fast.port._fast_path
        assert path is not None
        before = len(path._connections)
        twins.fast.port.connections.connect()  # as for a client that then fails to speak TLS
        assert len(path._connections) == before == 3

    in_memory(script)


def test_closing_connection_is_not_used() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        close = (HOST, LENGTH, b"Connection: close")
        await twins.send(request(path, PING, *close))
        assert twins.fast.connections[0].end == "close"

        def behind_it(twin: Twin) -> None:
            twin.connections[1].feed(request(path, PING, *close))
            twin.connections[1].feed(request(path))

        await twins.do(behind_it)
        assert twins.spared == 0

    in_memory(script)


def test_stopping_server_accepts_no_event() -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)

        def end(twin: Twin) -> None:
            twin.port.connections.pre_shutdown()

        for twin in (twins.fast, twins.slow):
            await twin.port.close()
        await twins.do(end)
        await twins.send(request(path))
        assert twins.spared == 0
        assert twins.fast.service.control() is not None

    in_memory(script)


def test_internal_error_is_logged_once_and_answered_by_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(twins: Twins) -> None:
        path = await learned(twins)
        with monkeypatch.context() as patched:
            patched.setattr(Emulator, "_carry_out", broken)
            answer = await twins.send(request(path))
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert len(twins.fast.service.internal_errors) == 1
        assert twins.fast.connections[0].end == "close"
        await twins.send(request(path), 1)
        assert twins.spared == 2

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    in_memory(script)


def test_aiohttp_sees_each_connection_now_and_then_so_that_it_does_not_close_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast_path, "_LOOK_S", 0)

    async def script(twins: Twins) -> None:
        path = await learned(twins)
        await twins.send(request(path))
        assert twins.spared == 0

    in_memory(script)


def test_memory_for_header_fields_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_path, "_MOST_BYTES", 1000)

    async def script(twins: Twins) -> None:
        path = await opened(twins)
        for number in range(50):
            for _ in range(2):
                await twins.send(request(path, PING, HOST, LENGTH, b"X-Request-Id: %d" % number))
            found = twins.fast.port._fast_path
            assert isinstance(found, FastPath)
            assert found._blocks_bytes == sum(map(len, found._blocks)) <= 1000
        assert twins.spared == 50

    in_memory(script, connections=1)


def test_connection_that_sent_a_long_request_stays_with_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_path, "_MOST_UNANSWERED", 400)

    async def script(twins: Twins) -> None:
        path = await learned(twins)
        long = PING + b" " * 900
        for piece in (request(path, long)[:500], request(path, long)[500:]):
            await twins.send(piece)
        await twins.send(request(path))
        assert twins.spared == 0
        await twins.send(request(path), 1)
        assert twins.spared == 1

    in_memory(script)


def test_plain_python_parser_of_aiohttp_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_protocol, "HttpRequestParser", http_parser.HttpRequestParserPy)

    async def script(twins: Twins) -> None:
        path = await learned(twins)
        for number, fields in enumerate(FIELDS.values(), 1):
            await twins.send(request(path, PING, *fields), number)
            await twins.send(request(path, PING, *fields), number)
        assert twins.spared == 0
        await twins.send(request(path))
        assert twins.spared == 1

    in_memory(script, connections=len(FIELDS) + 1)


# On sockets


def test_on_sockets_with_and_without_tls_events_are_answered_and_recorded(each_scheme: Running) -> None:
    path = events(each_scheme.open_session())
    with each_scheme.connect() as wire:
        for _ in range(20):
            wire.send(request(path))
            assert wire.answer().status == 204
        wire.send(request(path) * 3)
        assert [wire.answer().status for _ in range(3)] == [204] * 3
    assert each_scheme.emulator.journal.last_seq == 24
    each_scheme.assert_alive()
