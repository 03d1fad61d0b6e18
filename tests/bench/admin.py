"""How long a player waits while the admin API is asked for something large."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.bench.events import BODIES, START
from tests.bench.processes import Child
from tests.bench.table import Figure

__all__ = ["admin"]

_MOST_MS = 50
_TURNS = 2
"""How many turns of the loop an event takes whose head and body arrive separately."""

_ROUNDS = 3
_TIMEOUT_S = 120
_PAUSE_S = 0.002
_LEAST_S = 0.2
"""The shortest time for which a question is repeated."""

_JSON = {"Content-Type": "application/json"}
_IMPORTED = 5_000
_PIECE_BYTES = 64 * 1024


class _Question(NamedTuple):
    """One request to the admin API.

    Args:
        path: Below the admin API; empty to ask for nothing.
        body: What to post; None to get.
        method: Only if it is neither GET nor POST.
        name: How to call it, if not by its path.
        spoils: Whether it changes so much that the server must be filled again.
    """

    path: str
    body: Any = None
    method: str = ""
    name: str = ""
    spoils: bool = False


_SEQUENCE = {"sequence": ["sessionStart", "play", "adStart", "sessionComplete"]}
_ANYWHERE = (
    _Question("", name="nothing"),
    _Question("metrics"),
    _Question("verify", _SEQUENCE, name="verify, a sequence"),
    _Question("findings"),
    _Question("summary"),
    _Question("clock", {"action": "advance", "ms": 1}),
    _Question("settings", {"idle_timeout_s": 600}, "PATCH"),
)
_ASKED = {
    "events": (
        *_ANYWHERE,
        _Question("events?limit=10000"),
        _Question("events?where=/playerTime/playhead%3E1000"),
        _Question("export"),
        _Question("export?format=har"),
        _Question("sessions/{sid}/report"),
        _Question("sessions/{sid}/timeline"),
        _Question("import", "recording", spoils=True, name=f"import of {_IMPORTED:,} events"),
        _Question("reset", {}, spoils=True),
    ),
    "sessions": (
        *_ANYWHERE,
        _Question("sessions?limit=10000"),
        _Question("sessions?q=nobody"),
        _Question("sessions?findings=true&limit=1000"),
        _Question("reset", {}, spoils=True),
    ),
}


class _Player(threading.Thread):
    """One player that pings until it is told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        self.sid = str(self._ask("/api/v1/sessions", START).getheader("Location")).rpartition("/")[2]
        self._path = f"/api/v1/sessions/{self.sid}/events"
        self._begun, self._ended = threading.Event(), threading.Event()
        self.worst_ms = 0.0

    def _ask(self, path: str, body: bytes) -> http.client.HTTPResponse:
        self._connection.request("POST", path, body, _JSON)
        answer = self._connection.getresponse()
        answer.read()
        return answer

    def run(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            start_s = time.perf_counter()
            self._ask(self._path, BODIES["plain ping"])
            self.worst_ms = max(self.worst_ms, (time.perf_counter() - start_s) * 1000)
            self._begun.set()

    def begin(self) -> None:
        """Start, and return when the first ping was answered."""
        self.start()
        self._begun.wait()

    def end(self) -> float:
        """Stop, and return the longest wait for an answer, in milliseconds."""
        self._ended.set()
        self.join()
        self._connection.close()
        return self.worst_ms


def admin(core: int | None, count: int) -> list[Figure]:
    """Measure the longest wait of a player while each question is asked, of a server with many events or sessions.

    A figure is the median of three rounds. Other work on the machine adds to all of them; the first line, where nothing
    is asked, shows how much. The note has the longest time in which the loop of the server did not turn, in processor
    time of the server: what the question alone makes a player wait. A wait that is too long although the loop turned
    often enough counts as disturbed.

    Args:
        core: Where the server runs.
        count: How many events or sessions the server has.
    """
    figures = []
    for kind, questions in _ASKED.items():
        with Child("server", core, "mockserver") as server:
            _fill(server, kind, count)
            for question in questions:
                rounds = []
                for _ in range(_ROUNDS):
                    server.ask(do="pulse")
                    wait_ms, note = _asked(server.ready["port"], question)
                    rounds.append((wait_ms, server.ask(do="longest"), note))
                    if question.spoils:
                        _ask(server.ready["port"], _Question("reset", {}))
                        _fill(server, kind, count)
                waits_ms, longest_ms, notes = zip(*rounds, strict=True)
                name = f"a player waits during {question.name or question.path}, {count:,} {kind}"
                note = f"{max(longest_ms):.1f} ms without a turn; {notes[0]}"
                wait_ms = statistics.median(waits_ms)
                disturbed = wait_ms > _MOST_MS >= max(longest_ms) * _TURNS
                figures.append(Figure(name, wait_ms, "ms", at_most=_MOST_MS, disturbed=disturbed, note=note))
    return figures


def _fill(server: Child, kind: str, count: int) -> None:
    if kind == "events":
        server.ask(do="fill", entries=count)
    else:
        server.ask(do="open", sessions=count)


def _asked(port: int, question: _Question) -> tuple[float, str]:
    player = _Player(port)
    player.begin()
    if not question.path:
        threading.Event().wait(_LEAST_S)
        return player.end(), "the rest of the machine alone"
    began_s = time.perf_counter()
    while True:
        start_s = time.perf_counter()
        size = _ask(port, question._replace(path=question.path.format(sid=player.sid)))
        note = f"{size / 1e6:.1f} MB in {time.perf_counter() - start_s:.2f} s"
        if question.spoils or time.perf_counter() - began_s > _LEAST_S:
            return player.end(), note


def _ask(port: int, question: _Question) -> int:
    """Ask, and return the size of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    method = question.method or ("GET" if question.body is None else "POST")
    body = question.body
    content = b"".join(_recording()) if body == "recording" else None if body is None else json.dumps(body).encode()
    connection.request(method, f"/__admin/{question.path}", content, _JSON if content else {})
    answer = connection.getresponse()
    assert answer.status < 300, (question, answer.status, answer.read())
    piece, size = bytearray(_PIECE_BYTES), 0
    while got := answer.readinto(piece):  # small pieces, so that this process does not keep its player waiting
        size += got
    connection.close()
    return size


def _recording() -> Iterable[bytes]:
    yield START + b"\n"
    for number in range(_IMPORTED):
        yield BODIES["ping"].replace(b"1795215652000", b"%d" % (1_795_215_620_000 + number * 10_000)) + b"\n"
