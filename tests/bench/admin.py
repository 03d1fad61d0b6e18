"""How long a player waits while somebody asks the admin API for much."""

from __future__ import annotations

import http.client
import threading
import time

from tests.bench.events import BODIES, START
from tests.bench.processes import Child
from tests.bench.table import Figure

__all__ = ["admin"]

_MOST_MS = 50
_ROUNDS = 3
_TIMEOUT_S = 120
_PAUSE_S = 0.002
_JSON = {"Content-Type": "application/json"}
_ASKED = {
    "events": ("events?limit=10000", "events?where=/playerTime/playhead%3E1000", "export", "export?format=har"),
    "sessions": ("sessions?limit=10000", "sessions?q=nobody", "metrics", "summary"),
}


class _Player(threading.Thread):
    """One player that pings until it is told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        self._path = f"{self._ask('/api/v1/sessions', START).getheader('Location')}/events"
        self._ended = threading.Event()
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

    def end(self) -> float:
        """Stop, and return the longest it had to wait for an answer, in milliseconds."""
        self._ended.set()
        self.join()
        self._connection.close()
        return self.worst_ms


def admin(core: int | None, count: int) -> list[Figure]:
    """Measure the longest wait of a player while each route is asked, over so many events, and so many sessions.

    The least of three rounds is told.

    Args:
        core: Where the server runs.
        count: How many.
    """
    figures = []
    for kind, paths in _ASKED.items():
        with Child("server", core, "mockserver") as server:
            server.ask(do="fill", entries=count) if kind == "events" else server.ask(do="open", sessions=count)
            for path in paths:
                # What else the machine does only adds to it. Findings are kept: only the first time costs.
                rounds = [_asked(server.ready["port"], path) for _ in range(1 if path == "summary" else _ROUNDS)]
                worst_ms, note = min(rounds)
                name = f"a player waits during {path}, {count:,} {kind}"
                figures.append(Figure(name, worst_ms, "ms", at_most=_MOST_MS, note=note))
    return figures


def _asked(port: int, path: str) -> tuple[float, str]:
    player = _Player(port)
    player.start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    start_s = time.perf_counter()
    connection.request("GET", f"/__admin/{path}")
    size = len(connection.getresponse().read())
    took_s = time.perf_counter() - start_s
    connection.close()
    note = f"{size / 1e6:.1f} MB in {took_s:.2f} s"
    return player.end(), note
