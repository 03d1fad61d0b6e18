"""What happens to delayed requests when a reset or the end of the server comes first."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.clock import Clock
from mockserver.model.settings import Settings
from mockserver.wire.codec import encode
from tests.factories import inside
from tests.server.conftest import Start
from tests.server.running import START, Running
from tests.waiting import until

JSON = ("Content-Type", "application/json")
WHOLE: dict[str, Any] = {}


@pytest.fixture
def server(start: Start, clock: Clock) -> Running:
    return start(Settings(max_held=1), clock=clock)


@pytest.mark.parametrize("command", [WHOLE, {"only": ["journal"]}], ids=["all", "journal"])
def test_reset_disconnects_clients_of_held_requests_and_frees_their_places(
    server: Running, command: dict[str, Any]
) -> None:
    server.admin("POST", "/clock", {"action": "advance", "ms": 3_600_000_000})
    fault_id = server.add_fault({"kind": "delay", "ms": 500})
    with server.connect() as wire, server.connect() as next_one:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
        server.admin("POST", "/reset", command)
        assert wire.rest() == b""
        server.admin("DELETE", "/faults")
        server.admin("POST", "/clock", {"action": "freeze"})
        fault_id = server.add_fault({"kind": "delay", "ms": 500})
        next_one.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
        server.admin("POST", "/clock", {"action": "advance", "ms": 500})
        assert next_one.answer().status == 201
    assert server.admin("GET", "/events").json()["meta"]["total"] == 1


@pytest.mark.parametrize("stage", ["request", "response"])
def test_reset_of_the_clock_ends_every_delay_since_its_end_may_be_years_ahead(server: Running, stage: str) -> None:
    server.admin("POST", "/clock", {"action": "set", "at_ms": 4_000_000_000_000})
    fault_id = server.add_fault({"kind": "delay", "ms": 500}, stage=stage)
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
        server.admin("POST", "/clock", {"action": "reset"})
        assert wire.answer().status == 201
    assert (server.last_entry()["outcome"], server.last_entry()["delivery"]) == ("opened", "sent")


def test_dropping_a_namespace_disconnects_clients_of_its_held_requests(server: Running) -> None:
    rule = {"fault": {"kind": "delay", "ms": 500}}
    assert server.ask("POST", "/ns/gone/__admin/clock", b'{"action":"freeze"}', JSON).status == 200
    assert server.ask("POST", "/ns/gone/__admin/faults", encode(rule), JSON).status == 201
    emulator = inside(server.service.namespaces.obtain("gone"))
    with server.connect() as wire:
        wire.request("POST", "/ns/gone/api/v1/sessions", START)
        until(lambda: emulator.held_count == 1)
        assert server.admin("DELETE", "/namespaces/gone").status == 204
        assert wire.rest() == b""
    until(lambda: emulator.held_count == 0)


def test_answer_held_back_when_the_server_stops_is_not_recorded_as_sent(server: Running) -> None:
    fault_id = server.add_fault({"kind": "delay", "ms": 60_000})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
        server.stop()
        assert wire.rest() == b""
    record = server.emulator.journal.get(1)
    assert record is not None
    assert (record.outcome.value, record.delivery.value) == ("opened", "cut")


def test_client_that_left_before_the_server_stopped_is_recorded_as_gone(server: Running) -> None:
    fault_id = server.add_fault({"kind": "delay", "ms": 60_000})
    with server.connect() as wire:
        wire.request("POST", "/api/v1/sessions", START)
        server.wait_until_struck(fault_id)
    runner = server.thread._runner
    assert runner is not None
    until(lambda: not any(len(port.connections) for port in runner._ports))
    server.stop()
    record = server.emulator.journal.get(1)
    assert record is not None
    assert (record.outcome.value, record.delivery.value) == ("opened", "client_gone")
