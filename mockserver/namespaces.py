"""Namespaces: each is an emulator behind a lock, chosen by path or host. They share nothing but a budget of bytes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Literal, NamedTuple
from weakref import WeakValueDictionary

from mockserver.address import DEFAULT_NAMESPACE
from mockserver.clock import RealTime
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.errors import InvalidInput, NotFound, Refused
from mockserver.latencies import Latencies
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.http import HttpRequest
from mockserver.model.journal import Forwarded
from mockserver.model.results import Addresses
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery
from mockserver.simulation.players import Players
from mockserver.store.budget import Budget
from mockserver.store.leftovers import free

__all__ = ["DEFAULT", "LOCALHOST", "Asker", "Destination", "Namespace", "Namespaces", "Target", "destination"]

DEFAULT = DEFAULT_NAMESPACE

Asker = Literal["admin", "player", "page"]
"""What asks for a namespace: the admin API, a player, or a player in a web page of another origin.

Because Adobe's CORS is open, any web page can create namespaces; it must not take the room of testers.
"""

_KEPT_TENTHS = {"player": 1, "page": 5}
"""How many tenths of the namespaces are reserved for others."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = "/ns/"
LOCALHOST = ("localhost",)
"""Host names below which the first part is always a namespace, whatever the options of the server."""


class Destination(NamedTuple):
    """Where a request goes.

    Args:
        namespace: The namespace in its path or host; None when there is none.
        path: The path without the namespace.
        valid: Whether the name is allowed.
    """

    namespace: str | None
    path: str
    valid: bool = True


@cache
def _named_by(hosts: tuple[str, ...]) -> re.Pattern[str]:
    below = "|".join(map(re.escape, hosts))
    return re.compile(rf"(?P<name>[^:]+)\.(?:{below})(?::\d+)?", re.IGNORECASE)


@lru_cache(maxsize=1024)  # players name the same few again and again
def destination(path: str, host: str, hosts: tuple[str, ...] = LOCALHOST) -> Destination:
    """Return which namespace a request names: first by path ``/ns/{name}/...``, then by host ``{name}.localhost``.

    Args:
        path: The path of the request without query.
        host: The ``Host`` header, with or without port.
        hosts: Below which host names the first part is a namespace.
    """
    if path.startswith(_PREFIX):
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        return Destination(name, slash + rest or "/", _NAME.fullmatch(name) is not None)
    found = _named_by(hosts).fullmatch(host)
    if found is None:
        return Destination(None, path)
    return Destination(found["name"], path, _NAME.fullmatch(found["name"]) is not None)


class Namespace:
    """One emulator, for one thread at a time.

    ``with namespace as emulator:`` is the only access to the emulator: the block holds the lock, which the same thread
    may take again. All other methods may be called from any thread.

    Args:
        emulator: The emulator; nothing else may use it from now on.

    Attributes:
        name: Its name.
        clock: Its clock, which has a lock of its own.
        dialects: The APIs that it emulates.
        book: The stories of the server, which has its own lock too.
        wanted: Whether the admin API has asked for it.
        importing: Held while a recording is added: what was checked before must still hold when it is in.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.importing = threading.Lock()
        self._emulator = emulator
        self._lock = threading.RLock()
        self._budget: Budget | None = None
        self.wanted = False
        self.name = emulator.name
        self.clock = emulator.clock
        self.dialects = emulator.dialects
        self.book = emulator.stories.book

    def __enter__(self) -> Emulator:
        self._lock.acquire()
        return self._emulator

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._emulator.settings

    def issued(self, sid: str) -> bool:
        """Return whether a session id was issued here. One look into a table needs no lock."""
        return sid in self._emulator.sessions

    def handle(self, request: HttpRequest) -> AnswerPlan | HeldRequest:
        """Process a request; see :meth:`Emulator.handle`."""
        arrival = self._emulator.read_request(request)
        with self as emulator:
            plan = emulator.handle(request, arrival)
        if self._budget is not None and self._budget.owing:
            self._budget.collect()
        return plan

    def join(self, budget: Budget) -> None:
        """Take part in the budget of a server."""
        with self as emulator:
            self._budget = budget
            emulator.join(budget.join(self._give_way))

    def reset(self, parts: Iterable[str]) -> None:
        """Bring parts back to the state after the start; see :meth:`Emulator.reset`."""
        with self as emulator:
            emulator.reset(parts)
            left = emulator.take_leftovers()
        free(left)

    def fit(self) -> None:
        """Keep within the budget of the server after something was computed that is kept and counts too."""
        with self as emulator:
            emulator.fit()
            left = emulator.take_leftovers()
        free(left)
        if self._budget is not None and self._budget.owing:
            self._budget.collect()

    def leave(self) -> None:
        """End for good, and forget everything."""
        self.reset(("journal", "sessions"))
        if self._emulator.share is not None:
            self._emulator.share.leave()

    def _give_way(self) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._emulator.fit()
            left = self._emulator.take_leftovers()
        finally:
            self._lock.release()
        free(left)
        return True

    @property
    def idle_since_ms(self) -> int:
        """When the last request came, by its clock."""
        return self._emulator.journal.last_at_ms

    def handle_at_once(self, request: HttpRequest) -> AnswerPlan | None:
        """Process a request if it certainly gets a plain answer.

        Returns:
            How to answer it, at once and whole; None when that is not certain, and then nothing has happened.
        """
        emulator = self._emulator
        settings = emulator.settings
        if not settings.fast_path or emulator.faults.armed or len(request.body) > settings.max_body_bytes:
            return None
        arrival = emulator.back_end.read(request)
        with self._lock:
            plan = emulator.handle_at_once(request, arrival)
        if self._budget is not None and self._budget.owing:
            self._budget.collect()
        return plan

    def resume(self, held: HeldRequest) -> AnswerPlan | None:
        """Process a request that was held back; see :meth:`Emulator.resume`."""
        with self as emulator:
            return emulator.resume(held)

    def forwarded(self, plan: AnswerPlan, forwarded: Forwarded) -> None:
        """Record what another endpoint answered; see :meth:`Emulator.forwarded`."""
        with self as emulator:
            emulator.forwarded(plan, forwarded)

    def delivered(self, plan: AnswerPlan, delivery: Delivery, *, final: bool = False) -> None:
        """Record what became of an answer; see :meth:`Emulator.delivered`."""
        with self as emulator:
            emulator.delivered(plan, delivery, final=final)


class Target(NamedTuple):
    """What a function of the admin API works on: a namespace, and the namespaces of the server it belongs to.

    Args:
        as_json: Whether the answer is only written as JSON. Then the entries in it may be JSON already: thousands of
            records at a time would cost the players a walk of the garbage collector.
    """

    namespaces: Namespaces
    namespace: Namespace
    as_json: bool = False


class Namespaces:
    """All namespaces of a server.

    You can read a namespace that does not exist, and wait for it: that makes an unlisted one, which becomes the
    namespace if the first request or change comes while it is still in use.

    Args:
        make: Makes the emulator of a namespace.
        scheme: ``http`` or ``https``.
        hosts: Below which host names the first part is a namespace.
    """

    def __init__(
        self, make: Callable[[str], Emulator], scheme: str = "http", hosts: tuple[str, ...] = LOCALHOST
    ) -> None:
        self.scheme = scheme
        self.started_ms = RealTime().epoch_ms()
        """When the server was started, in real time: it distinguishes a server from the one before it."""
        self.hosts = hosts
        self._make = make
        self._lock = threading.Lock()
        self._known: dict[str, Namespace] = {}
        self._unborn: WeakValueDictionary[str, Namespace] = WeakValueDictionary()
        self.default = Namespace(make(DEFAULT))
        self.budget = Budget(self.default.settings.max_server_bytes)
        self.evicted = 0
        """How many namespaces were dropped to make room for others."""
        self.players = Players({dialect.name: dialect for dialect in self.default.dialects})
        """The simulated players; the server tells them its address when it listens."""
        self.reach: Callable[[], Addresses] | None = None
        """Returns the addresses of the server; set when it listens."""
        self.latencies: Latencies | None = None
        """How long answers took; counted from the first request for metrics on."""
        self._known[DEFAULT] = self.default
        self.default.join(self.budget)

    def __iter__(self) -> Iterator[Namespace]:
        with self._lock:
            return iter(tuple(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def with_unlisted(self) -> tuple[Namespace, ...]:
        """Return all namespaces, and those that are not listed but may become one."""
        with self._lock:
            return (*self._known.values(), *self._unborn.values())

    def get(self, name: str) -> Namespace | None:
        """Return a namespace, if there is one."""
        return self._known.get(name)

    def peek(self, name: str) -> Namespace:
        """Return a namespace for the admin API; if there is none, an empty one that is not kept.

        From now on it is wanted: it is never dropped to make room.

        Raises:
            InvalidInput: The name is not allowed.
        """
        found = self._known.get(name)
        if found is None:
            _check(name)
            with self._lock:
                found = self._known.get(name) or self._unborn.get(name)  # it may have been made since
                if found is None:
                    found = self._unborn[name] = Namespace(self._make(name))
        found.wanted = True
        return found

    def obtain(self, name: str, asker: Asker = "player") -> Namespace:
        """Return a namespace, and create it if there is none.

        Raises:
            InvalidInput: The name is not allowed.
            Refused: There is no room. Only for the admin API, namespaces that it has never asked for are dropped.
        """
        known = self._known.get(name)
        if known is not None:
            return known
        _check(name)
        with self._lock:
            self.check_room(name, asker)
            if name not in self._known:
                if len(self._known) >= self._most:
                    self._evict()
                unborn = self._unborn.pop(name, None)
                made = Namespace(self._make(name)) if unborn is None else unborn
                made.join(self.budget)
                self._known[name] = made
            return self._known[name]

    def check_room(self, name: str, asker: Asker) -> None:
        """Refuse a namespace for which there is no room.

        Raises:
            Refused: It does not exist, and there are too many.
        """
        if name in self._known:
            return
        room = self._most - self._most // 10 * _KEPT_TENTHS.get(asker, 0)
        if len(self._known) >= room and (asker != "admin" or not self._dispensable()):
            raise Refused(f"there are {len(self._known)} namespaces already (setting max_namespaces); delete one first")

    def keep_limits(self) -> None:
        """Apply the settings of the server, and shrink namespaces to their shares. Call it outside any namespace."""
        self.budget.limit(self.default.settings.max_server_bytes)
        self.budget.collect()

    @property
    def _most(self) -> int:
        return self.default.settings.max_namespaces

    def _dispensable(self) -> list[Namespace]:
        return [known for known in self._known.values() if known is not self.default and not known.wanted]

    def _evict(self) -> None:
        """Drop the namespace that has been idle longest, among those that only players use."""
        longest = min(self._dispensable(), key=lambda namespace: namespace.idle_since_ms)
        del self._known[longest.name]
        longest.leave()
        self.evicted += 1

    def drop(self, name: str) -> None:
        """Drop a namespace with all it recorded.

        Raises:
            InvalidInput: It is the default one, which can be reset but not dropped.
            NotFound: There is no namespace of that name.
        """
        if name == DEFAULT:
            raise InvalidInput("the default namespace cannot be dropped; reset it instead", status=409)
        if name in self._known:
            self.players.clear(name)  # their next event would bring it back
        with self._lock:
            dropped = self._known.pop(name, None)
        if dropped is None:
            raise NotFound(f"there is no namespace {name!r}")
        dropped.leave()

    def for_session(self, sid: str) -> Namespace:
        """Return the namespace that issued a session id; the default one if none did."""
        if len(self._known) == 1 or self.default.issued(sid):
            return self.default
        return next((namespace for namespace in self if namespace.issued(sid)), self.default)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} cannot name a namespace: 1 to 64 letters, digits, dots, dashes and underscores, beginning "
            "with a letter or digit"
        )
