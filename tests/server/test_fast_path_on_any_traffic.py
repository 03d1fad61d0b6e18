"""The fast path makes no difference, whatever clients and testers do, and in whatever order."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from time import gmtime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.control import ADD_FAULT, DELETE_FAULTS, DELETE_NAMESPACE, PATCH_SETTINGS, RESET, SET_CLOCK
from mockserver.errors import MockserverError
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import CloseFault, DelayFault, HangFault, ResetFault, StatusFault, TruncateFault
from mockserver.model.results import ClockCommand, ResetCommand
from mockserver.model.vocabulary import Stage
from tests.factories import T0
from tests.server.event_bytes import AD, FIELDS, HOST, JSON, LENGTH, NEVER_AT_ONCE, events, request
from tests.server.running import PING, PLAY
from tests.server.twins import Twin, Twins, in_memory, opened

TRAFFIC = Path(__file__).parents[2] / "fixtures" / "traffic"


@pytest.mark.parametrize("file", sorted(path.name for path in TRAFFIC.glob("*.ndjson")))
def test_recorded_players_notice_no_difference(file: str) -> None:
    """The longest recording has a day of pings."""
    samples = [json.loads(line) for line in (TRAFFIC / file).read_text(encoding="utf-8").splitlines()][:100]

    async def script(twins: Twins) -> None:
        sids: dict[str, str] = {}
        for sample in samples:
            pieces = sample["path"].split("/")
            if len(pieces) > 4 and pieces[4]:
                pieces[4] = sids.setdefault(pieces[4], twins.sid(len(sids)))
            body = sample["body"].encode()
            fields = [HOST, *(f"{name}: {value}".encode() for name, value in sample["headers"].items())]
            fields += [b"content-length: %d" % len(body)] if body else []
            method = sample["method"].encode()
            for _ in range(2):
                await twins.send(request("/".join(pieces), body, *fields, method=method))
        assert twins.spared >= len(samples) // 3

    in_memory(script, connections=1)


def test_a_second_that_passes_between_the_two_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """What aiohttp answers by itself, to what is no HTTP, has the real time."""
    seconds = count(T0 // 1000)
    monkeypatch.setattr("aiohttp.helpers.time", SimpleNamespace(time=seconds.__next__, gmtime=gmtime))

    async def script(twins: Twins) -> None:
        assert b" 400 " in await twins.send(b"NONSENSE\r\n\r\n")

    in_memory(script, connections=1)


ODD_FIELDS = st.sampled_from([*FIELDS.values(), (HOST, JSON, LENGTH), (HOST, LENGTH, b"Connection: keep-alive")])
PIECES = st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b":", b"0", b"A", b"\xff", b"\r\n\r\n"])
FAULTS = st.builds(
    FaultSpec,
    fault=st.sampled_from(
        [StatusFault(code=500), CloseFault(), ResetFault(), HangFault(), TruncateFault(after_bytes=9), DelayFault(ms=5)]
    ),
    stage=st.sampled_from(Stage),
    times=st.sampled_from([None, 1, 2]),
    when=st.sampled_from([When(), When(event_type="ping"), When(nth_event=3)]),
)
CHANGES: tuple[dict[str, Any], ...] = (
    {"max_body_bytes": 80}, {"after_end": 204}, {"check_order": "session-first"}, {"max_entries": 3}, {"max_held": 1},
)  # fmt: skip
COMMANDS = (
    ClockCommand(action="freeze"),
    ClockCommand(action="resume"),
    ClockCommand(action="follow_ts"),
    ClockCommand(action="advance", ms=5),
    ClockCommand(action="advance", ms=700_000),
    ClockCommand(action="set", at_ms=T0),
    ClockCommand(action="reset"),
)
RESETS = [ResetCommand(only=only) for only in (("journal",), ("sessions",), ("faults",), ("clock", "settings"), None)]
CALLS = st.one_of(
    st.tuples(st.just(ADD_FAULT), FAULTS, st.just({})),
    st.just((DELETE_FAULTS, None, {})),
    st.just((DELETE_NAMESPACE, None, {"name": "team"})),
    st.tuples(st.just(PATCH_SETTINGS), st.sampled_from(CHANGES), st.just({})),
    st.tuples(st.just(SET_CLOCK), st.sampled_from(COMMANDS), st.just({})),
    st.tuples(st.just(RESET), st.sampled_from(RESETS), st.just({})),
)


async def plain(twins: Twins, data: st.DataObject, connection: int) -> None:
    body = data.draw(st.sampled_from([PING, PING, PLAY, AD]), "body")
    await twins.send(request(path_of(twins, data), body), connection)


async def odd(twins: Twins, data: st.DataObject, connection: int) -> None:
    fields = data.draw(ODD_FIELDS, "fields")
    other = data.draw(st.sampled_from([None, *NEVER_AT_ONCE.values()]), "other")
    path = path_of(twins, data)
    await twins.send(request(path, PING, *fields) if other is None else other(path), connection)


async def mutated(twins: Twins, data: st.DataObject, connection: int) -> None:
    raw = bytearray(request(path_of(twins, data)) * data.draw(st.integers(1, 3), "times"))
    for _ in range(data.draw(st.integers(0, 3), "mutations")):
        place = data.draw(st.integers(0, len(raw) - 1), "place")
        raw[place : place + data.draw(st.integers(0, 2), "out")] = data.draw(PIECES, "in")
    await twins.send(bytes(raw), connection)


async def cut(twins: Twins, data: st.DataObject, connection: int) -> None:
    raw = request(path_of(twins, data)) * 2
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=3), "cuts"))
    for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        await twins.send(raw[begin:end], connection)


async def leave(twins: Twins, data: st.DataObject, connection: int) -> None:
    await twins.leave(connection, data.draw(st.sampled_from([None, ConnectionResetError()]), "error"))


async def control(twins: Twins, data: st.DataObject, connection: int) -> None:
    route, argument, parts = data.draw(CALLS, "call")
    refused: list[Twin] = []

    def call(twin: Twin) -> None:
        try:
            twin.service.control().call(route, argument, **parts)
        except MockserverError:
            refused.append(twin)

    await twins.do(call)
    assert len(refused) != 1


async def time(twins: Twins, data: st.DataObject, connection: int) -> None:
    ms = data.draw(st.sampled_from([1, 400, 90_000]), "ms")
    for twin in (twins.fast, twins.slow):
        twin.elapsed_ms += ms


async def gate(twins: Twins, data: st.DataObject, connection: int) -> None:
    change = data.draw(st.sampled_from(["hold", "release"]), "change")
    await twins.do(lambda twin: getattr(twin.service.gate, change)())


STEPS = st.sampled_from([*[plain] * 9, odd, odd, mutated, mutated, cut, leave, control, control, control, time, gate])


@settings(max_examples=4 * settings().max_examples // 5)
@given(data=st.data())
def test_nothing_that_clients_and_testers_do_makes_a_difference(data: st.DataObject) -> None:
    async def script(twins: Twins) -> None:
        await opened(twins)
        await opened(twins, "/ns/team", "team")
        for _ in range(data.draw(st.integers(5, 25), "steps")):
            step = data.draw(STEPS, "step")
            await step(twins, data, data.draw(st.integers(0, 3), "connection"))

    in_memory(script, connections=4)


def path_of(twins: Twins, data: st.DataObject) -> str:
    namespace, prefix = data.draw(
        st.sampled_from([("default", ""), ("default", ""), ("team", "/ns/team"), ("team", "")]), "namespace"
    )
    return events(twins.sid(data.draw(st.integers(0, 1), "session"), namespace), prefix)
