"""A request and a response as they are on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec.structs import replace

__all__ = [
    "PHRASES",
    "WITHOUT_BODY",
    "HttpRequest",
    "HttpResponse",
    "RawHeaders",
    "RequestProblem",
    "is_token",
    "path_of",
]

PHRASES: Mapping[int, str] = MappingProxyType({int(status): status.phrase for status in HTTPStatus})
"""The phrases of the statuses that have one, such as ``Not Found``."""

WITHOUT_BODY = (204, 205, 304)
"""The statuses whose answers have no body."""

RequestProblem = Literal["too_large", "incomplete", "too_many_bodies", "bad_namespace", "too_many_namespaces"]
"""A body that is too large, incomplete, or for which there is no room beside the others that are arriving; a namespace
whose name is not valid, or for which there is no room."""

RawHeaders = tuple[tuple[bytes, bytes], ...]
"""Header fields in the order received, names and values unchanged."""


class HttpRequest(msgspec.Struct, frozen=True, gc=False):
    """One complete request.

    Args:
        method: The method, as sent.
        path: The path for the emulated API: ``target`` without query and without a namespace prefix.
        target: Path and query, as sent.
        headers: The header fields as received.
        body: The body as received, not decompressed.
        problem: Why the request is refused, whatever it asks for; None when it is not.
    """

    method: str
    path: str
    target: str
    headers: RawHeaders = ()
    body: bytes = b""
    problem: RequestProblem | None = None

    def header(self, name: bytes) -> bytes | None:
        """Return the value of the first field of that (lower-case) name, or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None


class HttpResponse(msgspec.Struct, frozen=True):
    """One response. Only ``Date`` is missing in ``headers``: it is added from the emulated clock when it is sent.

    ``final`` closes the connection after the answer, as HTTP requires when a request was not read to its end.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    final: bool = False

    def field(self, name: str) -> str | None:
        """Return the value of the first field of that (lower-case) name, or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def only(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the fields of these (lower-case) names."""
        wanted = frozenset(names)
        return tuple(field for field in self.headers if field[0].lower() in wanted)

    def marked(self, mark: str | None) -> HttpResponse:
        """Name a fault rule in ``X-Mock-Fault``, unless ``mark`` is None or the answer has the field already."""
        if mark is None or self.field("x-mock-fault") is not None:
            return self
        return replace(self, headers=(*self.headers, ("X-Mock-Fault", mark)))

    def without(self, names: Iterable[str]) -> HttpResponse:
        """Return the response without some fields; the case of names does not matter."""
        dropped = {name.lower() for name in names}
        return replace(self, headers=tuple(field for field in self.headers if field[0].lower() not in dropped))


def is_token(name: str) -> bool:
    """Return whether a text can be the name of a header field (RFC 9110, 5.6.2)."""
    return bool(name) and name.isascii() and all(sign.isalnum() or sign in "!#$%&'*+-.^_`|~" for sign in name)


def path_of(target: str) -> str:
    """Return the path of a request target: without query, and without the origin of an absolute one."""
    path = target.partition("?")[0]
    if path.startswith("/"):
        return path
    _, scheme, rest = path.partition("://")
    return "/" + rest.partition("/")[2] if scheme else path
