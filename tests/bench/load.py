"""The load: keep-alive connections that each send their next request when the answer to the last one is there.

Plain sockets and a selector: a loop of asyncio is slower than the servers that are to be measured.
"""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import sys
import time
from array import array
from typing import Any

from tests.bench.events import BODIES, START, post
from tests.bench.processes import pin

__all__ = ["run"]

_END = b"\r\n\r\n"
_TIMEOUT_S = 10


class _Connection:
    """One connection. Answers are told apart by the end of their header: a 204 has no body.

    Args:
        port: Where to connect to on this machine.
        request: The bytes of every request.
    """

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._came = b""
        self.sent_s = 0.0

    def send(self) -> None:
        """Send the first request, or the next one."""
        self.sent_s = time.perf_counter()
        self.socket.sendall(self._request)

    def answer(self) -> bytes | None:
        """Take what has come; return an answer when it is whole, nothing at all when the connection has ended."""
        data = self.socket.recv(65536)
        if not data:
            return b""
        if self._came:
            data = self._came + data
        whole = data.endswith(_END)
        self._came = b"" if whole else data
        return data if whole else None


def run(port: int, requests: list[bytes], count: int, seconds: float) -> dict[str, Any]:
    """Send for some time over one connection per prebuilt request.

    Args:
        port: Where to.
        requests: What each connection sends, over and over.
        count: How many answers to wait for at most; 0 for no limit.
        seconds: How long to go on.

    Returns:
        ``seconds`` it took, ``rate`` in answers per second, ``p50_ms`` and ``p99_ms``, the number of ``answers``, and
        how many were ``wrong``: not a 204, or the end of a connection.
    """
    connections = [_Connection(port, request) for request in requests]
    latencies_s = array("d")
    wrong = 0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        start_s = now_s = time.perf_counter()
        for connection in connections:
            connection.send()
        while now_s - start_s < seconds and not 0 < count <= len(latencies_s):
            ready = selector.select(_TIMEOUT_S)
            if not ready:
                raise TimeoutError(f"no answer within {_TIMEOUT_S} s")
            for key, _ in ready:
                answer = key.data.answer()
                if answer is None:
                    continue
                now_s = time.perf_counter()
                latencies_s.append(now_s - key.data.sent_s)
                wrong += answer[9:12] != b"204"
                if answer:
                    key.data.send()
                else:
                    selector.unregister(key.fileobj)
            if not selector.get_map():
                break
    for connection in connections:
        connection.socket.close()
    latencies_ms = sorted(latency_s * 1000 for latency_s in latencies_s)
    return {
        "answers": len(latencies_ms),
        "seconds": now_s - start_s,
        "rate": len(latencies_ms) / (now_s - start_s),
        "p50_ms": latencies_ms[len(latencies_ms) // 2],
        "p99_ms": latencies_ms[len(latencies_ms) * 99 // 100],
        "wrong": wrong,
    }


def _open(port: int, sessions: int) -> list[str]:
    """Open sessions and return the paths of their events."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    paths = []
    for _ in range(sessions):
        connection.request("POST", "/api/v1/sessions", START, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        paths.append(f"{answer.getheader('Location')}/events")
    connection.close()
    return paths


def main() -> None:
    pin(None if sys.argv[1] == "-1" else int(sys.argv[1]))
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        connections = order["connections"]
        nowhere = [f"/api/v1/sessions/{index:064x}/events" for index in range(connections)]
        paths = _open(order["port"], connections) if order["opens"] else nowhere
        requests = [post(path, BODIES[order["body"]]) for path in paths]
        print(json.dumps(run(order["port"], requests, order["count"], order["seconds"])), flush=True)


if __name__ == "__main__":
    main()
