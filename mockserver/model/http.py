"""A request and a response as they are on the wire."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["HttpRequest", "HttpResponse", "Problem", "RawHeaders"]

Problem = Literal["too_large", "incomplete", "bad_namespace", "too_many_namespaces"]
"""A body that is too large or did not arrive whole; a namespace that cannot be, or for which there is no room."""

RawHeaders = tuple[tuple[bytes, bytes], ...]
"""Header fields in order of arrival, name and value as received."""


class HttpRequest(msgspec.Struct, frozen=True, gc=False):
    """One request, read whole.

    Args:
        method: The method, upper case as sent.
        path: The path the emulated API is to see: ``target`` without query and without a namespace prefix.
        target: Path and query, as sent.
        headers: The header fields as received.
        body: The body as received, still compressed if it came so.
        problem: Why the request can go no further, whatever it asks for; None when it can.
    """

    method: str
    path: str
    target: str
    headers: RawHeaders = ()
    body: bytes = b""
    problem: Problem | None = None

    def header(self, name: bytes) -> bytes | None:
        """Return the value of the first field of that (lower-case) name, or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None


class HttpResponse(msgspec.Struct, frozen=True):
    """One response. ``headers`` lacks only ``Date``, which is added from the emulated clock when it is sent.

    ``final`` closes the connection after the answer, as HTTP asks for when a request was not read to its end.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    final: bool = False
