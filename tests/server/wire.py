"""A client that sees every byte of an answer."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

from tests.waiting import GUARD_S

__all__ = ["Answer", "Wire", "heard"]

LOOK_S = 0.1
"""How long a connection is watched to see that nothing arrives."""
AT_ONCE_S = 0.001
"""How long to look for what has arrived already."""

T = TypeVar("T")


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
