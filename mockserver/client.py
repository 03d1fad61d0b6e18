"""The control of a server somewhere else, over HTTP; the standard library is all it needs."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

from mockserver.control import ADMIN, Chunks, Route
from mockserver.errors import ControlFailed, Forbidden, InvalidInput, MockserverError, NotFound, Refused
from mockserver.model.results import MAX_TIMEOUT_MS, Problem
from mockserver.wire.codec import decode, encode, to_builtins

__all__ = ["HttpControl"]

A = TypeVar("A")
R = TypeVar("R")

_TIMEOUT_S = 10
_PIECE = 64 * 1024
_ERRORS: Mapping[str, type[MockserverError]] = {
    kind.code: kind for kind in (InvalidInput, NotFound, Refused, Forbidden)
}


class HttpControl:
    """Asks a server over HTTP.

    Args:
        url: Where it listens, for example ``http://127.0.0.1:8089``; a path before ``/__admin`` is kept.
        namespace: The namespace that is asked; None for the un-prefixed one.
        token: The admin token, if the server has one.
        verify_tls: False accepts any certificate, for self-signed ones.

    Raises:
        InvalidInput: ``url`` is not an http or https address.
    """

    def __init__(
        self, url: str, *, namespace: str | None = None, token: str | None = None, verify_tls: bool = True
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{url!r} is not an address of a server; write it like http://127.0.0.1:8089")
        self._parts = parts
        self._token = token
        self._base = parts.path.rstrip("/") + ("" if namespace is None else f"/ns/{quote(namespace, safe='')}") + ADMIN
        self._tls = None
        if parts.scheme == "https":
            self._tls = ssl.create_default_context() if verify_tls else ssl._create_unverified_context()

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Ask; see :class:`~mockserver.control.Control`.

        Raises:
            ControlFailed: The server cannot be reached, or does not answer as a mockserver does.
        """
        target = self._base + route.path.format(**{name: quote(part, safe="") for name, part in path.items()})
        body = None
        if route.method == "GET":
            target += _query(argument)
        elif argument is not None:
            body = encode(argument)
        connection, response = self._send(route.method, target, body)
        if route.result is Chunks and response.status == route.status:
            return cast(R, _pieces(connection, response))
        try:
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        if response.status != route.status:
            raise _refusal(response.status, content)
        return self._result(route, content)

    def _send(
        self, method: str, target: str, body: bytes | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        host, port = self._parts.hostname or "", self._parts.port
        timeout_s = _TIMEOUT_S + MAX_TIMEOUT_MS / 1000
        connection = (
            http.client.HTTPConnection(host, port, timeout=timeout_s)
            if self._tls is None
            else http.client.HTTPSConnection(host, port, timeout=timeout_s, context=self._tls)
        )
        headers = {} if body is None else {"Content-Type": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, target, body, headers)
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> ControlFailed:
        return ControlFailed(
            f"no answer from the server at {self._parts.geturl()}: {str(error) or type(error).__name__}"
        )

    def _result(self, route: Route[A, R], content: bytes) -> R:
        if route.result is None:
            return cast(R, None)
        try:
            return cast(R, decode(content, route.result))
        except InvalidInput as error:
            raise ControlFailed(
                f"{self._parts.geturl()} does not answer {route.path} as this version does: {error} {error.pointer}"
            ) from None


def _query(argument: Any) -> str:
    if argument is None:
        return ""
    given = {name: value for name, value in to_builtins(argument).items() if value is not None}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def _pieces(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read(_PIECE):
            yield piece
    finally:
        connection.close()


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
