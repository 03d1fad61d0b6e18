"""The load: keep-alive connections that send their next request as soon as they have the answer to the last one.

It uses plain sockets and a selector, because a loop of asyncio is slower than the servers that it is to measure.
"""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import ssl
import sys
import time
from array import array
from typing import Any

from tests.bench.events import BODIES, START, post
from tests.bench.processes import pin

__all__ = ["run"]

_END = b"\r\n\r\n"
_LAST = b"\r\nConnection: close\r\n"
_TIMEOUT_S = 10
_ANY_CERTIFICATE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_ANY_CERTIFICATE.check_hostname = False
_ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


class _Connection:
    """One connection. Answers are told apart by the end of their header: a 204 has no body.

    Args:
        port: Where to connect to on this machine.
        request: The bytes of every request.
        tls: Whether to use https, with any certificate.
    """

    def __init__(self, port: int, request: bytes, *, tls: bool = False) -> None:
        self._port = port
        self._tls = tls
        self.connect()
        self._request = request
        self._came = b""
        self.sent_s = 0.0

    def connect(self) -> None:
        """Connect, or connect again to a server that ends the connection with each answer."""
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            self.socket = _ANY_CERTIFICATE.wrap_socket(self.socket)

    def send(self) -> None:
        """Send the first request, or the next one."""
        self.sent_s = time.perf_counter()
        self.socket.sendall(self._request)

    def answer(self) -> bytes | None:
        """Receive; return a complete answer, nothing (``b""``) when the connection has ended, else None."""
        data = self.socket.recv(65536)
        if not data:
            return b""
        if self._came:
            data = self._came + data
        whole = data.endswith(_END)
        self._came = b"" if whole else data
        return data if whole else None


def run(port: int, requests: list[bytes], count: int, seconds: float, *, tls: bool = False) -> dict[str, Any]:
    """Send for some time over one connection per prebuilt request.

    Args:
        port: The port of the server.
        requests: What each connection sends again and again.
        count: How many answers to wait for at most; 0 for no limit.
        seconds: How long to send.
        tls: Whether to use https.

    Returns:
        ``seconds`` it took, ``rate`` in answers per second, ``p50_ms`` and ``p99_ms``, the number of ``answers``, and
        how many were ``wrong``: not a 204, or the end of a connection.
    """
    connections = [_Connection(port, request, tls=tls) for request in requests]
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
                _go_on(key.data, answer, selector)
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


def _go_on(connection: _Connection, answer: bytes, selector: selectors.BaseSelector) -> None:
    """Send the next request, on a new connection if the answer ended the old one; none if it ended without one."""
    if not answer or _LAST in answer:
        selector.unregister(connection.socket)
        connection.socket.close()
    if _LAST in answer:
        connection.connect()
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    if answer:
        connection.send()


def _open(port: int, sessions: int, namespaces: int, *, tls: bool) -> list[str]:
    """Open sessions, in each namespace by turns, and return the paths of their events."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_S, context=_ANY_CERTIFICATE)
    paths = []
    for number in range(max(sessions, namespaces)):
        prefix = f"/ns/bench-{number % namespaces}" if namespaces else ""
        connection.request("POST", f"{prefix}/api/v1/sessions", START, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        paths.append(f"{prefix}{answer.getheader('Location')}/events")
    connection.close()
    return paths[-sessions:]


def main() -> None:
    pin(None if sys.argv[1] == "-1" else int(sys.argv[1]))
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        connections = order["connections"]
        nowhere = [f"/api/v1/sessions/{index:064x}/events" for index in range(connections)]
        tls = order.get("tls", False)
        paths = nowhere
        if order["opens"]:
            paths = _open(order["port"], connections, order.get("namespaces", 0), tls=tls)
        requests = [post(path, BODIES[order["body"]]) for path in paths]
        print(json.dumps(run(order["port"], requests, order["count"], order["seconds"], tls=tls)), flush=True)


if __name__ == "__main__":
    main()
