"""A server on real sockets, and ways to send requests to it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
from contextlib import closing
from typing import Any

from mockserver.control import ADD_FAULT, EVENT, EVENTS, FAULT, WAIT
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec
from mockserver.model.journal import Entry
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.results import WaitCommand
from mockserver.server.runner import ServerThread
from mockserver.server.service import Service
from mockserver.wire.codec import decode, encode, to_builtins
from tests.factories import inside
from tests.server.wire import Answer, Wire
from tests.waiting import GUARD_S, until

__all__ = ["PING", "PLAY", "START", "Heartbeat", "Running", "http_client", "snapshot"]

START = (
    b'{"playerTime":{"playhead":0,"ts":1760000000000},"eventType":"sessionStart","params":'
    b'{"analytics.trackingServer":"a.example","analytics.reportSuite":"rs","visitor.marketingCloudOrgId":"X@AdobeOrg",'
    b'"media.id":"v1","media.length":60,"media.contentType":"vod","media.playerName":"p","media.channel":"c"}}'
)
PING = b'{"playerTime":{"playhead":10.5,"ts":1760000010000},"eventType":"ping"}'
PLAY = b'{"playerTime":{"playhead":0,"ts":1760000000000},"eventType":"play"}'


class Running:
    """A running server, and ways to send requests to it."""

    def __init__(self, service: Service, trust: ssl.SSLContext | None = None) -> None:
        self.service = service
        self.thread = ServerThread(service)
        self.thread.start()
        self.trust = trust
        self.control = service.control()

    @property
    def port(self) -> int:
        return self.thread.port

    @property
    def url(self) -> str:
        return f"{self.service.options.scheme}://127.0.0.1:{self.port}"

    def entries(self) -> list[Entry]:
        """Return the journal of the default namespace."""
        return self.control.call(EVENTS, Query(limit=MAX_LIMIT)).events

    def connect(self, port: int | None = None) -> Wire:
        connection = socket.create_connection(("127.0.0.1", port or self.port), timeout=GUARD_S)
        if self.trust is not None:
            connection = self.trust.wrap_socket(connection, server_hostname="localhost")
        return Wire(connection)

    def ask(self, method: str, target: str, body: bytes | None = None, *headers: tuple[str, str]) -> Answer:
        """Send a request on a new connection."""
        with self.connect() as wire:
            return wire.ask(method, target, body, *headers)

    def admin(self, method: str, path: str, body: Any = None, *headers: tuple[str, str]) -> Answer:
        """Send a request to the admin API; a body is sent as JSON."""
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        with self.connect(self.thread.admin_port) as wire:
            typed = () if content is None else (("Content-Type", "application/json"),)
            return wire.ask(method, f"/__admin{path}", content, *headers, *typed)

    @property
    def emulator(self) -> Emulator:
        """The emulator of the default namespace, to look at while nothing happens in it."""
        return inside(self.service.namespaces.default)

    def open_session(self, prefix: str = "") -> str:
        """Open a session and return its id."""
        location = self.ask("POST", f"{prefix}/api/v1/sessions", START).header("Location")
        assert location is not None
        return location.rpartition("/")[2]

    def ping(self, sid: str) -> Answer:
        return self.ask("POST", f"/api/v1/sessions/{sid}/events", PING)

    def entry(self, seq: int) -> Any:
        """Return a journal entry as the admin API shows it, once the server has finished what it was doing."""
        loop = self.thread._loop
        assert loop is not None
        asyncio.run_coroutine_threadsafe(_turns(), loop).result(GUARD_S)
        return json.loads(encode(self.control.call(EVENT, None, seq=str(seq))))

    def last_entry(self) -> Any:
        return self.entry(self.emulator.journal.last_seq)

    def add_fault(self, fault: dict[str, Any], **rule: Any) -> str:
        """Put a fault rule in force and return its id."""
        return self.control.call(ADD_FAULT, decode(json.dumps({"fault": fault, **rule}), FaultSpec)).id

    def wait_for_entries(self, count: int) -> None:
        """Wait until the journal has this many entries."""
        found = self.control.call(WAIT, WaitCommand(query=Query(), at_least=count, timeout_ms=GUARD_S * 1000))
        assert found.satisfied, found

    def advance(self, ms: int) -> None:
        """Move the clock of the default namespace, even while the gate is closed."""
        self.service.namespaces.default.clock.advance(ms)

    def wait_until_struck(self, fault_id: str, times: int = 1) -> None:
        """Wait until a fault rule has fired this many times."""
        until(lambda: self.control.call(FAULT, None, fault_id=fault_id).applied >= times)

    def assert_alive(self) -> None:
        """Assert that the server answers, had no internal error, and never answered with a 5xx."""
        assert self.ask("GET", "/api/v1/schemas/ping").status == 200
        assert self.service.internal_errors == []
        for namespace in self.service.namespaces:
            statuses = [s for s in inside(namespace).journal.counts("status") if isinstance(s, int) and s >= 500]
            assert statuses == []

    def stop(self) -> float:
        """Stop the server, and return how many seconds that took; see :class:`Heartbeat`."""
        beat, loop, ended = Heartbeat(), self.thread._loop, self.thread._ended
        if loop is not None and ended is not None and not loop.is_closed():
            loop.call_soon_threadsafe(beat.begin, ended)
        self.thread.stop()
        return beat.seconds


async def _turns() -> None:
    """Let a loop finish what it has begun and what follows at once; a request over HTTP takes as many turns."""
    for _ in range(5):
        await asyncio.sleep(0)


class Heartbeat:
    """Measures how long a loop keeps running after an event, by looking every few milliseconds.

    Time in which the loop waits counts in full. Time in which the machine is busy with something else hardly counts:
    otherwise a test that allows half a second would now and then fail because of the machine, not of the server.
    """

    TICK_S = 0.005
    MOST_S = 0.02
    """The longest time that counts between two looks; a loop that only waits looks more often."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def begin(self, event: asyncio.Event) -> None:
        """Start looking at the running loop."""
        loop = asyncio.get_running_loop()
        loop.call_later(self.TICK_S, self._look, event, loop, loop.time())

    def _look(self, event: asyncio.Event, loop: asyncio.AbstractEventLoop, before_s: float) -> None:
        now_s = loop.time()
        if event.is_set():
            self.seconds += min(now_s - before_s, self.MOST_S)
        loop.call_later(self.TICK_S, self._look, event, loop, now_s)


def snapshot(service: Service) -> dict[str, Any]:
    """Everything an admin request could change, in all namespaces."""
    return {
        emulator.name: {
            "journal": [encode(record) for record in emulator.journal.records()],
            "seqs": (emulator.journal.first_seq, emulator.journal.last_seq, emulator.journal.evicted),
            "sessions": [to_builtins(session) for session in emulator.sessions],
            "faults": [to_builtins(rule) for rule in emulator.faults.rules],
            "settings": to_builtins(emulator.settings),
            "clock": emulator.clock.state() if emulator.clock.state().frozen else emulator.clock.state()[1:],
            "stories": (to_builtins(emulator.stories.brought), to_builtins(emulator.stories.run)),
            "waiting": (len(emulator.waiters), len(emulator.subscribers)),
        }
        for namespace in service.namespaces
        for emulator in (inside(namespace),)
    }


def http_client(server: Running) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=GUARD_S))
