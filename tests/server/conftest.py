"""A server on real sockets, and a client that sees every byte of an answer."""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

import pytest
import trustme

from mockserver.clock import Clock
from mockserver.control import ADD_FAULT, EVENT, FAULT, WAIT
from mockserver.dialects.base import Dialects
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.model.fault import FaultSpec
from mockserver.model.query import Query
from mockserver.model.results import WaitCommand
from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.runner import ServerThread
from mockserver.server.service import Service
from mockserver.wire.codec import decode, encode, to_builtins
from tests.factories import inside
from tests.waiting import GUARD_S, until

LOOK_S = 0.1
"""How long a connection is watched to see that nothing arrives."""
AT_ONCE_S = 0.001
"""How long to look for what has arrived already."""
T = TypeVar("T")

START = (
    b'{"playerTime":{"playhead":0,"ts":1760000000000},"eventType":"sessionStart","params":'
    b'{"analytics.trackingServer":"a.example","analytics.reportSuite":"rs","visitor.marketingCloudOrgId":"X@AdobeOrg",'
    b'"media.id":"v1","media.length":60,"media.contentType":"vod","media.playerName":"p","media.channel":"c"}}'
)
PING = b'{"playerTime":{"playhead":10.5,"ts":1760000010000},"eventType":"ping"}'
PLAY = b'{"playerTime":{"playhead":0,"ts":1760000000000},"eventType":"play"}'


class Answer(NamedTuple):
    """An answer as it was on the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection, byte by byte."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(GUARD_S)
        self.socket = connection
        self._seen = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def request(self, method: str, target: str, body: bytes | None = None, *headers: tuple[str, str]) -> None:
        """Send a request with ``Host`` and, when it has a body, ``Content-Length``."""
        fields = list(headers)
        if all(name.lower() != "host" for name, _ in fields):
            fields.insert(0, ("Host", "localhost"))
        if body is not None:
            fields.append(("Content-Length", str(len(body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + (body or b""))

    def ask(self, method: str, target: str, body: bytes | None = None, *headers: tuple[str, str]) -> Answer:
        self.request(method, target, body, *headers)
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer; the bytes after it are kept."""
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in head[1:] if line)]
        answer = Answer(status, fields, b"")
        if method == "HEAD" or status in (204, 304) or status < 200:
            return answer
        if answer.header("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.until(b"\r\n"), 16):
                body += self.exactly(size)
                self.until(b"\r\n")
            self.until(b"\r\n")
            return answer._replace(body=body)
        length = answer.header("Content-Length")
        return answer._replace(body=self.rest() if length is None else self.exactly(int(length)))

    def until(self, mark: bytes) -> bytes:
        while mark not in self._seen:
            self._receive()
        found, _, self._seen = self._seen.partition(mark)
        return found + mark

    def exactly(self, size: int) -> bytes:
        while len(self._seen) < size:
            self._receive()
        found, self._seen = self._seen[:size], self._seen[size:]
        return found

    def _receive(self) -> None:
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError(f"the server closed after {self._seen!r}")
        self._seen += piece

    def rest(self) -> bytes:
        """Read until the server closes; a reset counts as that."""
        pieces = [self._seen]
        self._seen = b""
        try:
            while piece := self.socket.recv(65536):
                pieces.append(piece)
        except ConnectionError:
            pass
        return b"".join(pieces)

    def until_end(self) -> bytes:
        """Read until the server ends the stream in good order (FIN); a reset is an error."""
        while True:
            try:
                self._receive()
            except EOFError:
                seen, self._seen = self._seen, b""
                return seen

    def is_silent(self, look_s: float = LOOK_S) -> bool:
        """Return whether nothing arrives for a moment, not even the end."""
        self.socket.settimeout(look_s)
        try:
            self._receive()
        except TimeoutError:
            return not self._seen
        except EOFError:
            return False
        finally:
            self.socket.settimeout(GUARD_S)
        return False

    def is_reset(self) -> bool:
        """Return whether the server resets the connection. It looks below TLS, whose libraries call that an end."""
        with socket.fromfd(self.socket.fileno(), socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.settimeout(GUARD_S)
            try:
                while tcp.recv(65536):
                    pass
            except ConnectionResetError as error:
                return error.errno == errno.ECONNRESET
        return False


def heard(wires: Mapping[T, Wire]) -> list[T]:
    """Watch connections for the same moment, and return the names of those on which something arrives."""
    look_s = chain((LOOK_S,), repeat(AT_ONCE_S))
    return [name for name, wire in wires.items() if not wire.is_silent(next(look_s))]


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


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers: ``start(Settings(...), faults=[{...}], clock=..., admin_token=...)``.

    All are stopped at the end; none may have had an internal error or leave a thread behind.
    """
    running: list[Running] = []
    before = threading.enumerate()

    def begin(
        settings: Settings | None = None,
        *,
        faults: tuple[dict[str, Any], ...] = (),
        clock: Clock | None = None,
        trust: ssl.SSLContext | None = None,
        dialects: Dialects = DIALECTS,
        **options: Any,
    ) -> Running:
        specs = [decode(json.dumps(fault), FaultSpec) for fault in faults]
        service = Service(settings, ServerOptions(**options), faults=specs, clock=clock, dialects=dialects)
        running.append(Running(service, trust))
        return running[-1]

    yield begin
    for server in running:
        server.stop()
        assert server.service.internal_errors == []
    left = [thread for thread in threading.enumerate() if thread.name == "mockserver" and thread not in before]
    assert not left


@pytest.fixture
def server(start: Start) -> Running:
    """A server with default options and settings."""
    return start()


@pytest.fixture
def clock() -> Clock:
    """A clock that is frozen at 2025-10-09 08:53:20 UTC."""
    standing = Clock()
    standing.freeze()
    standing.set(1_760_000_000_000)
    return standing


class Certified(NamedTuple):
    """A certificate for this machine, and a context that trusts its CA."""

    cert: str
    key: str
    trust: ssl.SSLContext


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """One certificate for all tests to which it makes no difference which one it is."""
    folder = tmp_path_factory.mktemp("certified")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode("ascii"))
    return Certified(str(folder / "cert.pem"), str(folder / "key.pem"), trust)


SCHEMES = ("http", "https")
StartWith = Callable[[str], Running]


@pytest.fixture
def start_with(request: pytest.FixtureRequest, start: Start, clock: Clock) -> StartWith:
    """Start servers with or without TLS on one clock, which is frozen."""

    def begin(scheme: str) -> Running:
        if scheme == "http":
            return start(clock=clock)
        certified: Certified = request.getfixturevalue("certified")
        return start(clock=clock, trust=certified.trust, tls_cert=certified.cert, tls_key=certified.key)

    return begin


@pytest.fixture(params=SCHEMES)
def each_scheme(request: pytest.FixtureRequest, start_with: StartWith) -> Running:
    """A server whose clock is frozen, once without TLS and once with it."""
    return start_with(request.param)


def http_client(server: Running) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=GUARD_S))
