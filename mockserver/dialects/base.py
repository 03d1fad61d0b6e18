"""What a dialect is: one emulated API, seen from everything behind it.

A dialect is a folder with one object. Only it knows the wire: the paths, the shape of a body, where a session id is,
the headers, the text of an answer. It turns requests into :class:`~mockserver.model.arrival.Arrival`, events in the
normal shape (:mod:`mockserver.model.event`), and takes back outcomes.

Dialects never import each other. :mod:`mockserver.dialects.registry` alone names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from mockserver.model.arrival import Arrival
from mockserver.model.event import Event, events_of
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.model.words import Words

__all__ = ["Described", "Dialect", "Dialects", "Found", "Interpreter"]


class Described(msgspec.Struct, frozen=True):
    """The part of an OpenAPI document that describes an API.

    Args:
        paths: Its paths.
        schemas: What they refer to in ``#/components/schemas``.
    """

    paths: Mapping[str, Any]
    schemas: Mapping[str, Any]


class Found(msgspec.Struct, frozen=True):
    """A request of this API among others, such as those of a whole page.

    Args:
        path: Its path as the API knows it, without what a customer's own address has before it.
        is_certain: Whether the request alone tells that it is one. One that only its path speaks for is one if certain
            ones went to the same place.
    """

    path: str
    is_certain: bool


class Interpreter(Protocol):
    """A dialect under one set of settings: reads requests, and words the answers to them.

    What an answer needs beside its outcome, such as the ``Origin`` it has to echo, the dialect puts into
    ``Arrival.manner`` when it reads the request. Answers that are equal should be one object, above all the one to an
    accepted event: the journal keeps it once, and the server keeps its bytes.
    """

    @property
    def event_types(self) -> tuple[str, ...]:
        """The event types that can be valid."""
        ...

    def read(self, request: HttpRequest) -> Arrival:
        """Tell what a request means. Never raises, whatever the request."""
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
        """Answer for a fault of kind ``outcome``: as to an event of a session like that, whatever the settings say.

        Args:
            sid: The session; empty for a request that names none.
        """
        ...

    def answered(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        """Answer what needs no session: preflights, schema reads, and everything that has no route."""
        ...

    def plain(self, status: int, body: Any, arrival: Arrival) -> HttpResponse:
        """Answer with any status and body, for a fault, with the headers without which a browser would not see it.

        Args:
            body: Text as it is, anything else as JSON; None for a message like the API's.
        """
        ...

    def schema(self, event_type: str) -> dict[str, Any] | None:
        """Return the JSON Schema of an event type; None when there is none. Not to be changed."""
        ...


class Dialect(Protocol):
    """One emulated API."""

    @property
    def name(self) -> str:
        """A short word for it, which sessions and records carry."""
        ...

    @property
    def bases(self) -> tuple[str, ...]:
        """What its paths begin with, for example ``/api/v1``; more such paths a setting may add."""
        ...

    @property
    def words(self) -> Words:
        """What it calls things, and how it counts."""
        ...

    @property
    def normal(self) -> Callable[[Any], Any] | None:
        """What brings a parsed body into the normal shape, valid or not: an event, or a list for several.

        It never raises. None when the wire has the normal shape itself.
        """
        ...

    def interpreter(self, settings: Settings) -> Interpreter:
        """Make what reads and answers under some settings."""
        ...

    def opens(self, method: str, path: str, body: bytes) -> bool:
        """Tell whether a request asks for a new session, without checking anything.

        Args:
            method: Its method.
            path: The path, whatever path prefix stands before it.
            body: The body as far as it is known.
        """
        ...

    def found(self, request: HttpRequest) -> Found | None:
        """Tell whether a request that may have gone anywhere went to this API, by its host, path or body.

        Args:
            request: The request; its path as it was sent, with a ``Host``.
        """
        ...

    def session_of(self, path: str, body: bytes) -> str | None:
        """Return the id of the session that a request names in its path or, without checking anything, in its body.

        Args:
            path: The path, whatever path prefix stands before it.
            body: The body as far as it is known.
        """
        ...

    def addressed(self, path: str, body: bytes, sid: str) -> tuple[str, bytes]:
        """Return path and body of a request that names a session with another session in them, for a replay."""
        ...

    def opened_by(self, answer: HttpResponse) -> str | None:
        """Return the id of the session that an answer of this API gave; None if it gave none."""
        ...

    def opening_path(self) -> str:
        """Return the path to which players post a sessionStart."""
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

    def described(self) -> Described:
        """Describe its paths for OpenAPI."""
        ...


class Dialects:
    """The APIs that a server emulates.

    Args:
        default: The one that answers every path that no other one knows. Sessions and records of it carry no name.
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
        """The names of all, the default one first."""
        return tuple(dialect.name for dialect in self)

    def named(self, name: str) -> Dialect:
        """Return a dialect by the name that a session or a record carries."""
        return self._named[name]

    def at(self, path: str) -> Dialect:
        """Return the dialect that answers a path."""
        for dialect in self.others:
            if path.startswith(dialect.bases):
                return dialect
        return self.default

    def name_at(self, path: str) -> str:
        """Return what sessions and records carry of the dialect that answers a path."""
        dialect = self.at(path)
        return "" if dialect is self.default else dialect.name

    def found(self, request: HttpRequest) -> Found | None:
        """Tell whether a request that may have gone anywhere went to one of the APIs; see :meth:`Dialect.found`."""
        return next((found for dialect in self if (found := dialect.found(request)) is not None), None)

    def events(self, dialect: str, operation: Operation, document: Any, seq: int = 0) -> Sequence[Event]:
        """Return the events of a request in the form that everything else reads.

        Args:
            dialect: The name that the record carries.
            document: The parsed body.
        """
        normal = self._named[dialect].normal
        if normal is None:
            return events_of(operation, document, seq=seq, dialect=dialect)
        return events_of(operation, document, normal(document), seq=seq, dialect=dialect)
