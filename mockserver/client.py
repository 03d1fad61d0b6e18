"""The control of a server over HTTP, with the standard library only."""

from __future__ import annotations

import http.client
import math
import os
import selectors
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

from mockserver.address import IDLE_S, server_address, trusting, trusting_anyone
from mockserver.control import ADMIN, Chunks, Route, media_type_of
from mockserver.errors import ControlFailed, Forbidden, InvalidInput, MockserverError, NotFound, Refused
from mockserver.model.results import MAX_TIMEOUT_MS, Problem
from mockserver.wire.codec import decode, encode, to_builtins

__all__ = ["HttpControl"]

A = TypeVar("A")
R = TypeVar("R")

_TIMEOUT_S = 10
_PIECE = 64 * 1024
_CLOSED = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What says that the other side has closed a connection; :class:`http.client.RemoteDisconnected` is one of them."""

_ERRORS: Mapping[str, type[MockserverError]] = {
    kind.code: kind for kind in (InvalidInput, NotFound, Refused, Forbidden)
}


class HttpControl:
    """Controls a server over HTTP. Threads may share it.

    Calls that follow each other use one connection. If the server closes it before it answers, the call is made again
    on a new connection, unless it changes something and the server may have received it.

    Args:
        url: Where it listens, for example ``http://127.0.0.1:8089``; a path before ``/__admin`` is kept.
        namespace: The namespace to control; None for the one without a prefix.
        token: The admin token, if the server has one.
        verify_tls: False accepts any certificate, also a self-signed one.
        ca: The certificate of the CA to trust, a PEM file; by default the CAs of the system.

    Raises:
        InvalidInput: ``url`` is not an http or https address, or ``ca`` cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str | None = None,
        token: str | None = None,
        verify_tls: bool = True,
        ca: str | PathLike[str] | None = None,
    ) -> None:
        if ca is not None and not verify_tls:
            raise InvalidInput("verify_tls=False accepts any certificate; leave it out, or ca")
        trust = trusting(ca) if ca is not None else None if verify_tls else trusting_anyone()
        self._address = server_address(url, trust)
        self._token = token
        prefix = "" if namespace is None else f"/ns/{quote(namespace, safe='')}"
        self._base = self._address.path + prefix + ADMIN
        self._idle = _IdleConnection()
        weakref.finalize(self, self._idle.close)  # the system would close it as well, but with a ResourceWarning

    def close(self) -> None:
        """Close the connection; a later call opens one for itself alone."""
        self._idle.close()

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Call a route; see :class:`~mockserver.control.Control`.

        Raises:
            ControlFailed: The server cannot be reached, or does not answer as a mockserver does.
        """
        target = self._base + route.path.format(**{name: quote(part, safe="") for name, part in path.items()})
        body: bytes | None = None
        if not all(path.values()):
            raise NotFound(f"{route.path} needs {' and '.join(name for name, part in path.items() if not part)}")
        if route.method == "GET":
            target += _query(argument)
        elif route.argument is bytes:
            body = cast(bytes, argument)
        elif argument is not None:
            _check_finite(to_builtins(argument))
            body = encode(argument)
        connection, response = self._send(route, target, body, self._idle.take())
        if route.result is Chunks and response.status == route.status:
            return cast(R, self._streamed(route, media_type_of(route, argument), connection, response))
        with self._closing(connection):
            content = response.read()
        if response.status != route.status:
            connection.close()  # whatever refuses may not have read the whole request
            raise _refusal(response.status, content)
        self._idle.put(connection)
        return self._result(route, content)

    def _send(
        self, route: Route[Any, Any], target: str, body: bytes | None, used: http.client.HTTPConnection | None = None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = used or self._address.connection(_TIMEOUT_S + MAX_TIMEOUT_MS / 1000)
        headers = {} if body is None else {"Content-Type": route.takes[-1]}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        is_sent = False
        with self._closing(connection):
            try:
                connection.request(route.method, target, body, headers)
                is_sent = True
                return connection, connection.getresponse()
            except _CLOSED:
                is_change = route.changes or route.method == "DELETE"  # to delete a namespace does not create one
                if used is None or (is_sent and is_change):
                    raise
        connection.close()
        return self._send(route, target, body)

    @contextmanager
    def _closing(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        """Close a connection on which anything goes wrong.

        Raises:
            ControlFailed: It broke.
        """
        try:
            yield
        except BaseException as error:
            connection.close()
            if isinstance(error, (OSError, http.client.HTTPException)):
                raise self._unreachable(error) from None
            raise

    def _unreachable(self, error: Exception) -> ControlFailed:
        if isinstance(error, ssl.SSLCertVerificationError):
            given = "" if self._address.trust is None else " with this ca"
            return ControlFailed(
                f"the certificate of {self._address.url} is not trusted{given}: {error.verify_message}; give the file "
                "of its CA (ca=..., to pytest --media-server-ca); verify_tls=False accepts any"
            )
        return ControlFailed(f"no answer from the server at {self._address.url}: {str(error) or type(error).__name__}")

    def _streamed(
        self,
        route: Route[A, R],
        wanted: str,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> _Stream:
        media_type = response.headers.get_content_type()
        if media_type != wanted.partition(";")[0]:
            connection.close()
            response.close()
            raise ControlFailed(
                f"{self._address.url} does not answer {route.path} as this version does: it sent {media_type}"
            )
        return _Stream(connection, response, self._unreachable)

    def _result(self, route: Route[A, R], content: bytes) -> R:
        if route.result is None:
            return cast(R, None)
        try:
            return cast(R, decode(content, route.result))
        except InvalidInput as error:
            what = f"{error.pointer}: {error}" if error.pointer else str(error)
            raise ControlFailed(
                f"{self._address.url} does not answer {route.path} as this version does: {what}"
            ) from None


class _IdleConnection:
    """The connection of the last call, for the next one; at most one is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: http.client.HTTPConnection | None = None
        self._kept_by = 0
        self._kept_since_s = 0.0
        self._is_closed = False

    def take(self) -> http.client.HTTPConnection | None:
        """Return the connection if it can be used, to this caller alone."""
        with self._lock:
            taken, self._kept = self._kept, None
            is_recent = time.monotonic() - self._kept_since_s <= IDLE_S
            is_shared = self._kept_by != os.getpid()  # with the process that this one was forked from
        if taken is None or (is_recent and not is_shared and not _has_news(taken)):
            return taken
        taken.close()
        return None

    def put(self, connection: http.client.HTTPConnection) -> None:
        """Keep a connection whose last answer was read, unless the server has closed it or one is kept already."""
        with self._lock:
            if self._kept is None and not self._is_closed and connection.sock is not None:
                self._kept, self._kept_by, self._kept_since_s = connection, os.getpid(), time.monotonic()
                return
        connection.close()

    def close(self) -> None:
        """Close the connection, and keep none any more."""
        with self._lock:
            self._is_closed = True
            taken, self._kept = self._kept, None
        if taken is not None:
            taken.close()


def _has_news(connection: http.client.HTTPConnection) -> bool:
    """Return whether something arrived on an idle connection; that can only be its end."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _check_finite(value: Any, pointer: str = "") -> None:
    """Refuse numbers that JSON cannot write; they would arrive as null, and null means "no limit"."""
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"{value} cannot be written as JSON", pointer=pointer)
    if isinstance(value, (dict, list, tuple)):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            _check_finite(item, f"{pointer}/{name}")


def _query(argument: Any) -> str:
    if argument is None:
        return ""
    given = {name: value for name, value in to_builtins(argument).items() if value is not None}
    return f"?{urlencode(given, doseq=True)}" if given else ""


class _Stream:
    """An answer that is read piece by piece; its end closes the connection."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        broken: Callable[[Exception], ControlFailed],
    ) -> None:
        self._connection = connection
        self._response = response
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read(_PIECE):
                yield piece
            if self._response.length:  # read() says nothing when the connection ends too early
                raise http.client.IncompleteRead(b"", self._response.length)
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error) from None
        finally:
            self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        self._connection.close()
        self._response.close()


def _refusal(status: int, content: bytes) -> MockserverError:
    try:
        problem = decode(content, Problem)
    except InvalidInput:
        return ControlFailed(f"status {status} from something that is not a mockserver: {content[:200]!r}")
    kind = _ERRORS.get(problem.code)
    if kind is InvalidInput:
        return InvalidInput(problem.detail, pointer=problem.pointer or "", status=status)
    if kind is Forbidden:
        return Forbidden(problem.detail, status=status)
    return ControlFailed(f"{status}: {problem.detail}") if kind is None else kind(problem.detail)
