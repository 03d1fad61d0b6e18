"""Every exception this package raises on purpose.

    MockserverError
    ├── InvalidInput          a request, rule, setting or file cannot be used; says where and what to do
    ├── NotFound              the session, fault rule, entry or route that was named does not exist
    ├── Refused               a documented limit is reached (namespaces, waiters, streams)
    ├── Forbidden             the admin guard turned a request away
    ├── ServerFailed          the server could not start, or it broke inside
    ├── ControlFailed         a remote server could not be reached, or gave an unknown answer
    └── BlockingCallInLoop    a blocking call was made on a running event loop

    VerificationFailed (AssertionError)   what a test asserted about the recorded traffic does not hold

A mistake of the client under test is never an exception: it is a ``Violation``, an ``Outcome`` or a ``Finding``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

__all__ = [
    "BlockingCallInLoop",
    "ControlFailed",
    "Forbidden",
    "InvalidInput",
    "MockserverError",
    "NotFound",
    "Refused",
    "ServerFailed",
    "VerificationFailed",
]


class MockserverError(Exception):
    """The root of the tree.

    Attributes:
        code: A stable word for programs; the ``code`` member of the problem document of the admin API.
        status_hint: The HTTP status with which the admin API reports it.
    """

    code = "internal"
    status_hint = 500


class InvalidInput(MockserverError):
    """Input that cannot be used.

    Args:
        message: What is wrong and what to write instead.
        pointer: Where: a JSON pointer into the document, a flag, or ``file:line``. Empty for the whole input.
    """

    code = "invalid_input"
    status_hint = 400

    def __init__(self, message: str, *, pointer: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.status_hint = status


@contextmanager
def below(pointer: str) -> Iterator[None]:
    """Check a part of a document: pointers of errors inside the block begin at the whole document.

    Args:
        pointer: Where the part is.
    """
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(str(error), pointer=pointer + error.pointer) from None


class NotFound(MockserverError):
    """Something that was named does not exist."""

    code = "not_found"
    status_hint = 404


class Refused(MockserverError):
    """A limit is reached; nothing was changed and nothing was evicted to make room."""

    code = "limit_reached"
    status_hint = 429


class Forbidden(MockserverError):
    """The admin guard refused the request before it touched anything.

    Args:
        message: Which check failed, and the option that would allow it.
        status: 401 when a token is missing or wrong, otherwise 403.
    """

    code = "forbidden"

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status_hint = status


class ServerFailed(MockserverError):
    """The server could not start, or an internal error happened while it served."""

    code = "server_failed"


class ControlFailed(MockserverError):
    """A remote server could not be reached or did not answer as a mockserver does."""

    code = "control_failed"
    status_hint = 502


class BlockingCallInLoop(MockserverError):
    """A blocking wait was called from a running event loop, where it would freeze the client under test."""

    code = "blocking_call_in_loop"


class VerificationFailed(AssertionError):
    """An assertion about recorded traffic does not hold; the text shows what was expected and what was seen."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the most similar of the known names, and nothing if none is similar."""
    similar = most_similar(name, known)
    return "" if similar is None else f"; did you mean {similar}?"


def most_similar(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of the known names; None if none is similar."""
    from difflib import get_close_matches  # imported only when there is a mistake

    name, folded = name.casefold(), {other.casefold(): other for other in known}
    longer = [other for other in folded if name and other.startswith(name)]
    found = longer or get_close_matches(name, folded, n=1)
    return folded[found[0]] if found else None


def known_name(name: str, names: Collection[str], what: str) -> str:
    """Return a name that was given, if it is one of those that there are.

    Args:
        name: What was given.
        names: Those that there are.
        what: What they name, for the message.

    Raises:
        InvalidInput: There is none of that name; the message says which one may have been meant, or which there are.
    """
    if name not in names:
        there = "there is only" if len(names) == 1 else "there are"
        hint = nearest(name[:100], names) or f"; {there} {', '.join(names)}"
        raise InvalidInput(f"there is no {what} {name[:100]!r}{hint}")
    return name
