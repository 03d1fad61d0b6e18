"""What a dialect is: one emulated API, seen from everything behind it.

A dialect is a folder with one object. Only it knows the wire: the paths, the shape of a body, where a session id is,
the headers, the text of an answer. It turns requests into :class:`~mockserver.model.arrival.Arrival`, events into the
normal shape (:mod:`mockserver.model.event`), and outcomes into answers.

Dialects never import each other. :mod:`mockserver.dialects.registry` alone names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from mockserver.model.arrival import Arrival
from mockserver.model.event import Event, events_of
from mockserver.model.http import HttpRequest, HttpResponse, RequestProblem
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.model.words import Words

__all__ = ["NAMESPACE_PROBLEMS", "Described", "Dialect", "Dialects", "Found", "Interpreter"]


NAMESPACE_PROBLEMS: Mapping[RequestProblem, tuple[int, str, str]] = {
    "bad_namespace": (
        400,
        "namespace",
        "The namespace in the path must be 1 to 64 letters, digits, dots, dashes and underscores, "
        "beginning with a letter or digit.",
    ),
    "too_many_namespaces": (429, "namespace", "There are {max_namespaces} namespaces already; delete one first."),
}
"""Status, rule and text of refusals that are the server's own, alike in every API; the text names settings."""


class Described(msgspec.Struct, frozen=True):
    """The part of an OpenAPI document that describes an API.

    Args:
        about: What API it is, in one sentence.
        paths: Its paths; every operation has an ``operationId``.
        schemas: The schemas in ``#/components/schemas`` that they refer to.
    """

    about: str
    paths: Mapping[str, Any]
    schemas: Mapping[str, Any]


class Found(msgspec.Struct, frozen=True):
    """A request to this API among others, such as those of a whole page.

    Args:
        path: Its path in the API, without a prefix of the customer's own address.
        is_certain: Whether the request alone shows that it goes to this API. A request with only a fitting path goes to
            it if certain ones went to the same place.
    """

    path: str
    is_certain: bool


class Interpreter(Protocol):
    """A dialect under one set of settings: reads requests and writes the answers.

    If an answer needs more than its outcome, such as the ``Origin`` to echo, the dialect puts it into
    ``Arrival.manner`` when it reads the request. Equal answers should be one object, above all the answer to an
    accepted event: the journal keeps it once, and the server keeps its bytes.
    """

    @property
    def event_types(self) -> tuple[str, ...]:
        """The event types that can be valid."""
        ...

    def read(self, request: HttpRequest) -> Arrival:
        """Return what a request means. Never raises, whatever the request."""
        ...

    def overcrowded(self, arrival: Arrival) -> Arrival:
        """Refuse a request because too many are held back already."""
        ...

    def opened(self, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer a request that opened a session."""
        ...

    def accepted(self, arrival: Arrival) -> HttpResponse:
        """Answer an event that was accepted."""
        ...

    def rejected(self, arrival: Arrival) -> HttpResponse:
        """Answer a request whose body cannot be accepted, with all violations."""
        ...

    def refused(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer an event whose session is UNKNOWN_SESSION or SESSION_CLOSED, as the settings say."""
        ...

    def turned_away(self, outcome: Outcome, arrival: Arrival, sid: str) -> HttpResponse:
        """Answer for a fault of kind ``outcome``: like an event of such a session, whatever the settings are.

        Args:
            sid: The session; empty for a request that names none.
        """
        ...

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        """Answer requests that need no session: preflights, schema reads, and those without a route."""
        ...

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        """Answer with any status and body, for a fault, with the headers that browsers need to show it to a page.

        Args:
            body: Text is sent as it is, anything else as JSON; None gives a message in the style of the API.
        """
        ...

    def schema(self, event_type: str) -> dict[str, Any] | None:
        """Return the JSON Schema of an event type; None when there is none. Do not change it."""
        ...


class Dialect(Protocol):
    """One emulated API."""

    @property
    def name(self) -> str:
        """Its short name, which is in sessions and records."""
        ...

    @property
    def bases(self) -> tuple[str, ...]:
        """The beginnings of its paths, for example ``/api/v1``; a setting may add more."""
        ...

    @property
    def words(self) -> Words:
        """Its names for the parts of an event, and its units."""
        ...

    @property
    def normal(self) -> Callable[[Any], Any] | None:
        """Turns a parsed body, valid or not, into the normal shape: an event, or a list for several.

        Never raises. None when bodies are in the normal shape already.
        """
        ...

    def interpreter(self, settings: Settings) -> Interpreter:
        """Make the interpreter for some settings."""
        ...

    def opens(self, method: str, path: str, body: bytes) -> bool:
        """Return whether a request asks for a new session, without validating it.

        Args:
            method: Its method.
            path: The path, with or without a prefix.
            body: The body as far as it is known.
        """
        ...

    def found(self, request: HttpRequest) -> Found | None:
        """Recognize a request to this API among those of a whole page, by its host, path or body; None for any other.

        Args:
            request: A request to any server; its path as it was sent, with a ``Host``.
        """
        ...

    def session_of(self, path: str, body: bytes) -> str | None:
        """Return the id of the session that a request names in its path or body, without validating it.

        Args:
            path: The path, with or without a prefix.
            body: The body as far as it is known.
        """
        ...

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        """Return the path and body of a request with another session in them, for a replay."""
        ...

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the id of the session that an answer of this API opened; None if it opened none."""
        ...

    @property
    def opening_path(self) -> str:
        """The path to which players post a sessionStart."""
        ...

    def event_path(self, event_type: str, sid: str) -> str:
        """Return the path to which players post an event of a session."""
        ...

    def written(self, event: Mapping[str, Any], sid: str | None) -> tuple[str, bytes]:
        """Return the target and the body with which a player reports a valid event in the normal shape.

        Args:
            event: The event.
            sid: Its session; None for a sessionStart.
        """
        ...

    @property
    def described(self) -> Described:
        """Its paths for OpenAPI."""
        ...


class Dialects:
    """The APIs that a server emulates.

    Args:
        default: The dialect that answers every path that no other knows. Its sessions and records have an empty name.
        others: The others.
    """

    def __init__(self, default: Dialect, *others: Dialect) -> None:
        self.default = default
        self.others = others
        self.bases = tuple(base for dialect in (default, *others) for base in dialect.bases)
        self._named: dict[str, Dialect] = {"": default, **{dialect.name: dialect for dialect in (default, *others)}}

    def __iter__(self) -> Iterator[Dialect]:
        return iter((self.default, *self.others))

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the default dialect first."""
        return tuple(dialect.name for dialect in self)

    def named(self, name: str) -> Dialect:
        """Return a dialect by its name in a session or a record."""
        return self._named[name]

    def at(self, path: str) -> Dialect:
        """Return the dialect that answers a path."""
        for dialect in self.others:
            if path.startswith(dialect.bases):
                return dialect
        return self.default

    def name_at(self, path: str) -> str:
        """Return the name, as in sessions and records, of the dialect that answers a path."""
        dialect = self.at(path)
        return "" if dialect is self.default else dialect.name

    def found(self, request: HttpRequest) -> Found | None:
        """Recognize a request to one of the APIs; see :meth:`Dialect.found`."""
        return next((found for dialect in self if (found := dialect.found(request)) is not None), None)

    def events(self, dialect: str, operation: Operation, document: Any, seq: int = 0) -> Sequence[Event]:
        """Return the events of a request in the normal shape.

        Args:
            dialect: The name of the dialect, as in the record.
            document: The parsed body.
        """
        normal = self._named[dialect].normal
        if normal is None:
            return events_of(operation, document, seq=seq, dialect=dialect)
        return events_of(operation, document, normal(document), seq=seq, dialect=dialect)
