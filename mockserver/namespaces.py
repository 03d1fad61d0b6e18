"""Namespaces: an emulator each, chosen by path or host, and nothing shared between them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple
from weakref import WeakValueDictionary

from mockserver.address import DEFAULT_NAMESPACE
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.model.addresses import Addresses
from mockserver.simulation.players import Players

__all__ = ["DEFAULT", "Address", "Namespaces", "address"]

DEFAULT = DEFAULT_NAMESPACE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "/ns/"
_HOST = re.compile(r"(?P<name>[^:]+)\.localhost(?::\d+)?", re.IGNORECASE)


class Address(NamedTuple):
    """Where a request goes.

    Args:
        namespace: The namespace it names; None when it names none.
        path: The path without the namespace.
        valid: Whether the name can be one.
    """

    namespace: str | None
    path: str
    valid: bool = True


def address(path: str, host: str) -> Address:
    """Tell which namespace a request names: first by path ``/ns/{name}/...``, then by host ``{name}.localhost``.

    Args:
        path: The path of the request without query.
        host: The ``Host`` header, with or without port.
    """
    if path.startswith(_PREFIX):
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        return Address(name, slash + rest or "/", _NAME.fullmatch(name) is not None)
    found = _HOST.fullmatch(host)
    if found is None:
        return Address(None, path)
    return Address(found["name"], path, _NAME.fullmatch(found["name"]) is not None)


class Namespaces:
    """All namespaces of a server.

    A namespace that does not exist can be looked at and waited for: it is then a real emulator that nobody lists, and
    it becomes the namespace when the first request or change comes while somebody still holds it.

    Args:
        make: Makes the emulator of a namespace.
        scheme: How the server is reached: ``http`` or ``https``.
    """

    def __init__(self, make: Callable[[str], Emulator], scheme: str = "http") -> None:
        self.scheme = scheme
        self._make = make
        self._lock = threading.Lock()
        self._emulators: dict[str, Emulator] = {}
        self._unborn: WeakValueDictionary[str, Emulator] = WeakValueDictionary()
        self.default = make(DEFAULT)
        self.players = Players()
        """The simulated players; whoever listens tells them where."""
        self.reach: Callable[[], Addresses] | None = None
        """Tells where players reach the server; set by whoever listens."""
        self._emulators[DEFAULT] = self.default

    def __iter__(self) -> Iterator[Emulator]:
        with self._lock:
            return iter(tuple(self._emulators.values()))

    def __len__(self) -> int:
        return len(self._emulators)

    def peek(self, name: str) -> Emulator:
        """Return the emulator of a namespace; an empty one that is not kept if there is none.

        Raises:
            InvalidInput: The name cannot be one.
        """
        known = self._emulators.get(name)
        if known is not None:
            return known
        _check(name)
        with self._lock:
            known = self._emulators.get(name)  # it may have been made since
            if known is not None:
                return known
            unborn = self._unborn.get(name)
            if unborn is None:
                unborn = self._make(name)
                self._unborn[name] = unborn
            return unborn

    def obtain(self, name: str) -> Emulator:
        """Return the emulator of a namespace, and make it if there is none.

        Raises:
            InvalidInput: The name cannot be one.
            Refused: There are ``max_namespaces`` already. None is ever dropped to make room.
        """
        known = self._emulators.get(name)
        if known is not None:
            return known
        _check(name)
        with self._lock:
            self.check_room(name)
            if name not in self._emulators:
                unborn = self._unborn.pop(name, None)
                self._emulators[name] = self._make(name) if unborn is None else unborn
            return self._emulators[name]

    def check_room(self, name: str) -> None:
        """Refuse a namespace for which there is no room.

        Raises:
            Refused: It does not exist, and there are ``max_namespaces`` already.
        """
        most = self.default.settings.max_namespaces
        if name not in self._emulators and len(self._emulators) >= most:
            raise Refused(f"there are {most} namespaces already (setting max_namespaces); delete one first")

    def drop(self, name: str) -> None:
        """Drop a namespace with all it recorded.

        Raises:
            InvalidInput: It is the default one, which can be reset but not dropped.
            NotFound: There is none of that name.
        """
        if name == DEFAULT:
            raise InvalidInput("the default namespace cannot be dropped; reset it instead", status=409)
        if name in self._emulators:
            self.players.clear(name)  # their next event would bring it back
        with self._lock:
            dropped = self._emulators.pop(name, None)
        if dropped is None:
            raise NotFound(f"there is no namespace {name!r}")
        dropped.forget_held()  # nobody can move its clock any more

    def for_session(self, sid: str) -> Emulator:
        """Return the emulator that issued a session id; the default one if none did."""
        if len(self._emulators) == 1 or self.default.owns(sid):
            return self.default
        for emulator in self:
            if emulator.owns(sid):
                return emulator
        return self.default


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} cannot name a namespace: 1 to 64 letters, digits, dots, dashes and underscores, beginning "
            "with a letter or digit"
        )
