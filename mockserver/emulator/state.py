"""What one namespace remembers: sessions, journal, faults, settings and clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace

from mockserver.address import DEFAULT_NAMESPACE
from mockserver.clock import Clock
from mockserver.dialects.base import Dialects
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.decision import BackEnd
from mockserver.emulator.held_requests import HELD_BODY_BYTES, HeldRequest, HeldRequests
from mockserver.emulator.waiters import Waiters
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.arrival import Arrival, Opening
from mockserver.model.event import Event
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import ExpireFault, SessionsFault
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Draw, Entry, Forwarded, Record
from mockserver.model.session import Content, Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Outcome
from mockserver.rules.lifecycle import Limits, Trigger, expire, fire, open_session
from mockserver.rules.settings import check_settings
from mockserver.store.budget import PIECE, Share
from mockserver.store.caches import Caches
from mockserver.store.faults import FaultStore
from mockserver.store.journal import Journal, Records
from mockserver.store.sessions import SessionStore
from mockserver.stories.book import StoryBook
from mockserver.wire.codec import NotJson, parse_body
from mockserver.wire.entries import entry

__all__ = ["EmulatorState", "OnRecord"]

_NAMESPACE_BYTES = 32 * 1024
"""The memory that an empty namespace takes."""

OnRecord = Callable[[int | None], None]
"""Called with the seq of every new record, or None when the journal was reset. It is called under the lock of the
namespace, so it must not block."""


class EmulatorState:
    """What one namespace remembers. :class:`~mockserver.namespaces.Namespace` lets one thread use it at a time.

    Args:
        settings: The settings at the start; ``reset`` restores them.
        name: The name of the namespace.
        seed: Makes draws repeatable, and session ids if ``seeded_ids``; otherwise they come from ``secrets``.
        seeded_ids: Whether session ids come from the seed too.
        faults: The rules at the start; ``reset`` restores them.
        stories: The stories that can be started; those of the package by default.
        clock: The clock; a real one by default.
        records: Makes the container in which the journal keeps its records; a list by default.
        dialects: The APIs that are emulated; those of the package by default.

    Raises:
        InvalidInput: A rule or a session rule cannot be used.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        name: str = DEFAULT_NAMESPACE,
        seed: str = "0",
        seeded_ids: bool = False,
        faults: Iterable[FaultSpec] = (),
        stories: StoryBook | None = None,
        clock: Clock | None = None,
        records: Callable[[], Records] = list,
        dialects: Dialects = DIALECTS,
    ) -> None:
        self.name = name
        self.dialects = dialects
        self.clock = clock or Clock()
        self._seed = f"{seed}/{name}"
        self._seeded_ids = seeded_ids
        self._start_settings = settings or Settings()
        self._start_faults = tuple(faults)
        self.story_book = StoryBook() if stories is None else stories
        self.journal = Journal(self._start_settings, self.read, records, self._normal)
        self.sessions = SessionStore(self._start_settings.max_sessions)
        self.faults = FaultStore(self._seed, self._start_settings.max_faults)
        self.waiters = Waiters(self._start_settings.max_waiters)
        self.caches = Caches()
        self.subscribers: tuple[OnRecord, ...] = ()
        """Called for every new record."""
        self.held_count = 0
        """How many requests are held back by delays, including those that are due but not yet answered."""
        self.held_requests = HeldRequests()
        self.streams = 0
        """How many event streams are open; the server counts them."""
        self.leftovers: list[Any] = []
        """The containers of what resets have removed."""
        self.share: Share | None = None
        """The share of the namespace in the budget of the server; None if only the settings limit it."""
        self._apply_settings(self._start_settings)
        self._restart_ids()
        self.faults.restart(self._start_faults, self.clock.now_ms())

    # Journal

    def record(
        self,
        at_ms: int,
        request: HttpRequest,
        arrival: Arrival,
        outcome: Outcome,
        sid: str | None,
        response: HttpResponse | None,
        delivery: Delivery,
        fault_ids: tuple[str, ...],
        draws: tuple[Draw, ...],
        held: HeldRequest | None = None,
        *,
        is_copy: bool = False,
    ) -> tuple[int, Record]:
        """Make the record of a request, and keep it.

        Args:
            held: The request, if it may have been held back; it is no longer in the queue then.
            is_copy: Whether it is the last recorded request, recorded again.

        Returns:
            Its seq and its record.
        """
        record = Record(
            at_ms, arrival.operation, sid, arrival.event_type, outcome, request.method, request.target,
            request.headers, request.body, response, delivery, arrival.violations, fault_ids, draws,
        )  # fmt: skip
        if held is not None or is_copy or self.held_requests.queue or arrival.dialect:
            # Requests that are held back were received earlier and are recorded later.
            held_ms, displaced = 0, len(self.held_requests) - is_copy
            if held is not None and held.place is not None:
                held_ms = max(0, at_ms - held.at_ms)  # the clock may have been set back
                displaced = held.place - self.journal.last_seq - 1
            if held_ms or displaced or arrival.dialect:
                record = record.rare(held_ms=held_ms, displaced=displaced, dialect=arrival.dialect)
        return self.keep(record)

    def take_in(self, records: Iterable[Record], sessions: Iterable[Session]) -> None:
        """Add what another emulator recorded, as if this one had received it.

        Args:
            records: The records, in order.
            sessions: Their sessions, in order of opening; none of their ids may be known here.
        """
        for session in sessions:
            self.add_session(replace(session, number=self.sessions.opened + 1))
        for record in records:
            self.sessions.arrived(record.session_id or "", record.event_type)
            self.keep(record)

    def keep(self, record: Record) -> tuple[int, Record]:
        """Write a record into the journal, wake the waits it satisfies, and call the subscribers.

        Returns:
            Its seq, and the record.
        """
        seq = self.journal.append(record)
        if self.waiters.waiting:
            self.waiters.recorded(seq, record)
        for subscriber in self.subscribers:
            subscriber(seq)
        return seq, record

    def delivered(self, plan: AnswerPlan, delivery: Delivery, *, final: bool = False) -> None:
        """Record what became of an answer, unless a reset has removed its request.

        Args:
            plan: How the request was to be answered.
            delivery: How far the answer got.
            final: Whether the answer announced the end of the connection.
        """
        if plan.era == self.journal.era:
            self.journal.delivered(plan.seq, delivery, final=final)

    def forwarded(self, plan: AnswerPlan, forwarded: Forwarded) -> None:
        """Record what another endpoint answered to a request, unless a reset has forgotten it since."""
        if plan.era == self.journal.era:
            self.journal.forwarded(plan.seq, forwarded)

    def subscribe(self, subscriber: OnRecord) -> Callable[[], None]:
        """Call ``subscriber`` for every new record from now on.

        Returns:
            A function that stops this.
        """
        self.subscribers = (*self.subscribers, subscriber)

        def stop() -> None:
            self.subscribers = tuple(other for other in self.subscribers if other is not subscriber)

        return stop

    def read(self, record: Record) -> Any:
        """Parse the body of a record; None when it is not JSON."""
        if not record.body:
            return None
        try:
            return parse_body(record.body, self.settings.max_body_bytes)
        except NotJson:
            return None

    def _normal(self, record: Record) -> Callable[[Any], Any] | None:
        return self.dialects.named(record.dialect).normal

    def events(self, seq: int, record: Record) -> Sequence[Event]:
        """Return the events of a record in the normal shape."""
        return self.dialects.events(record.dialect, record.operation, self.read(record), seq)

    def entry_of(self, seq: int, record: Record) -> Entry:
        """Return the entry of a record."""
        document, normal = self.read(record), self._normal(record)
        return entry(seq, record, document, msgspec.UNSET if normal is None else normal(document))

    # Sessions

    def owns(self, sid: str) -> bool:
        """Return whether a session id was issued here."""
        return sid in self.sessions

    def new_sid(self) -> str:
        """Make a session id: 64 lowercase hex digits, as in every sample of Adobe's.

        The stream of a seed begins again after a reset of the sessions and after a restart: an id that a session or an
        entry still has is left out.
        """
        if self._ids is None:
            return secrets.token_hex(32)
        while self.owns(sid := self._ids.randbytes(32).hex()) or self.journal.session_seqs(sid):
            pass
        return sid

    def lost_sid(self) -> str:
        """Make the id of a session that is never opened; it has its own random stream, so real ids stay the same."""
        return secrets.token_hex(32) if self._lost_ids is None else self._lost_ids.randbytes(32).hex()

    def add_session(self, session: Session) -> None:
        """Keep a new session."""
        before = self.sessions.size_bytes
        self.sessions.add(session, self.refreshed)
        self.journal.crowd(self.sessions.size_bytes - before)

    def refreshed(self, session: Session) -> Session:
        """Return a session with its timeouts applied; nothing is saved."""
        return expire(session, self.clock.now_ms(), self.limits_of(session))

    def settle(self) -> None:
        """Apply the passing of time to every session and rule, so that no change of clock or settings can undo it."""
        now_ms, limits_of = self.clock.now_ms(), self.back_end.limits_of
        self.faults.settle(now_ms)
        self.sessions.update_all(lambda session: expire(session, now_ms, limits_of(session)))

    def limits_of(self, session: Session) -> Limits:
        """Return the lifetimes of a session with their grace."""
        return self.back_end.limits_of(session)

    def unseen_session(self, sid: str, number: int | None = None) -> Session:
        """Make a session that no client opened, as of now; nothing is saved.

        Args:
            sid: Its id.
            number: Its number; that of the next session by default.
        """
        return open_session(
            sid, number or self.sessions.opened + 1, Opening(Content(), events=0), playhead_s=0,
            now_ms=self.clock.now_ms(), rule=None, downloaded=False,
        )  # fmt: skip

    def end_session(self, session: Session, trigger: Trigger) -> Session:
        """Expire or forget a session, as of now."""
        ended = fire(self.refreshed(session), trigger, self.clock.now_ms())
        self.sessions.save(ended)
        return ended

    def end_sessions(self, fault: SessionsFault, own_sid: str | None, now_ms: int) -> None:
        """Expire or forget the session of a request, if it has one, or all.

        Args:
            now_ms: What the clock shows, or showed when the request was due.
        """
        trigger = Trigger.EXPIRE if isinstance(fault, ExpireFault) else Trigger.FORGET

        def ended(session: Session) -> Session:
            return fire(expire(session, now_ms, self.limits_of(session)), trigger, now_ms)

        if fault.sessions == "all":
            self.sessions.update_all(ended)
        elif (own := self.sessions.get(own_sid or "")) is not None:
            self.sessions.save(ended(own))

    # The budget of the server

    def join(self, share: Share) -> None:
        """Join the budget of a server."""
        self.share = share
        self.journal.crowded = self.fit
        self.fit()

    def fit(self) -> None:
        """Keep within the share, and ask for more if needed.

        Caches go first, then the journal shrinks. Sessions shrink only if they take more than half of what is left.
        """
        if self.share is None:
            return
        if self.share.grow(self._taken_bytes) < self._taken_bytes:
            self.leftovers += self.caches.contents
            self.caches = Caches()
            self.journal.forget_known()
            self.share.owe()  # asks the server to free the leftovers
        journal, sessions, taken = self.journal, self.sessions, self._taken_bytes
        granted = self.share.grow(taken)
        room = max(0, granted - (taken - journal.size_bytes - sessions.size_bytes))
        left = room
        if taken > granted:
            left = max(0, left - PIECE)  # otherwise every request would ask for more
            if sessions.size_bytes > left // 2:
                most = max(left - journal.size_bytes, left // 2)
                sessions.shrink(most - most // 16, self.refreshed)  # walk over all of them once for many openings
        journal.keep_within(room - sessions.size_bytes, left - sessions.size_bytes)

    @property
    def _taken_bytes(self) -> int:
        return (
            _NAMESPACE_BYTES
            + self.journal.size_bytes
            + self.sessions.size_bytes
            + self.held_requests.size_bytes
            + self.caches.size_bytes
            + self.journal.known_bytes
        )

    def has_room_to_hold(self, size_bytes: int) -> bool:
        """Return whether a request with a body of this size can be held back.

        Held requests cannot be dropped, so they may take half of the share at most.
        """
        most = self.settings.max_held
        if self.held_count >= most or self.held_requests.size_bytes + size_bytes > most * HELD_BODY_BYTES:
            return False
        if self.share is None:
            return True
        needed = 2 * (_NAMESPACE_BYTES + self.held_requests.size_bytes + size_bytes)
        return self.share.grow(needed) >= needed

    # Settings and reset

    @property
    def changed_settings(self) -> dict[str, tuple[Any, Any]]:
        """The settings that differ from the start, by name, each with its value at the start and its present one."""
        start, now = self._start_settings, self.settings
        both = ((name, getattr(start, name), getattr(now, name)) for name in now.__struct_fields__)
        return {name: (before, after) for name, before, after in both if before != after}

    def configure(self, settings: Settings) -> None:
        """Change the settings, also for open sessions.

        Raises:
            InvalidInput: A session rule has no condition or a wrong one; nothing has changed.
        """
        self.settle()
        self._apply_settings(settings)

    def restart_with(self, settings: Settings, faults: Iterable[FaultSpec]) -> None:
        """Change what a reset restores, and make the same changes now. What a tester changed stays as it is.

        Raises:
            InvalidInput: A rule or a session rule is wrong; nothing has changed.
        """
        start, specs = self._start_settings, tuple(faults)
        changed = {
            name: getattr(settings, name)
            for name in settings.__struct_fields__
            if getattr(settings, name) != getattr(start, name)
        }
        now = msgspec.structs.replace(self.settings, **changed)
        check_settings(now)
        self.faults.exchange(self._start_faults, specs, self.clock.now_ms())
        self.configure(now)
        self._start_settings, self._start_faults = settings, specs

    def _apply_settings(self, settings: Settings) -> None:
        self.back_end = BackEnd(settings, self.dialects)
        self.settings = settings
        self.journal.limit(settings)
        self.fit()
        self.sessions.max_sessions = settings.max_sessions
        self.faults.max_faults = settings.max_faults
        self.waiters.max_waiters = settings.max_waiters

    def reset(self, parts: Iterable[str]) -> None:
        """Bring parts back to the state after the start.

        Args:
            parts: Any of ``journal sessions faults clock settings``.
        """
        wanted = frozenset(parts)
        if "clock" in wanted:
            self.clock.reset()
        if "settings" in wanted:
            self._apply_settings(self._start_settings)
        if "sessions" in wanted:
            self.leftovers += self.sessions.contents
            self.sessions.clear()
            self._restart_ids()
        if "faults" in wanted:
            self.faults.restart(self._start_faults, self.clock.now_ms())
        if "journal" in wanted:
            self.forget_held()
            self.leftovers += (*self.caches.contents, *self.journal.contents)
            self.caches = Caches()
            self.journal.clear()
            for subscriber in self.subscribers:
                subscriber(None)
        self.fit()

    def take_leftovers(self) -> list[Any]:
        """Return what resets have removed, to be freed outside the lock; see :mod:`mockserver.store.leftovers`."""
        left, self.leftovers = self.leftovers, []
        return left

    def forget_held(self) -> None:
        """Forget the requests that are held back, and wake the threads that wait for them."""
        self.held_count -= self.held_requests.clear()
        self.clock.wake()

    def _restart_ids(self) -> None:
        self._ids = Random(self._seed) if self._seeded_ids else None
        self._lost_ids = Random(f"{self._seed}/lost") if self._seeded_ids else None
