"""One namespace: sessions, journal, faults, settings and clock behind one lock.

The path of a request: the reader tells what it means (outside the lock); fault rules of stage ``request`` may hold it
back or end it; the lifecycle decides about its session; the dialect words the answer; fault rules of stage ``response``
may hit that; the journal records it all; the server shell gets a plan. The steps that decide are pure and know no
storage.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import msgspec

from mockserver.clock import Clock
from mockserver.dialects.collection import answers
from mockserver.dialects.collection.reader import Reader
from mockserver.emulator.injection import effects_of, sent_by
from mockserver.emulator.waiters import Waiters
from mockserver.model.arrival import Arrival
from mockserver.model.fault import FaultSpec
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.journal import Draw, Record
from mockserver.model.plan import Effect, Plan, Send, Sleep, Suspended
from mockserver.model.session import Session
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Stage
from mockserver.rules.condition import holds
from mockserver.rules.faults import Strike
from mockserver.rules.lifecycle import REFUSALS, Limits, accept, expire, limits, open_session
from mockserver.rules.match import Facts, conditions
from mockserver.rules.settings import check_settings
from mockserver.store.derived import Derived
from mockserver.store.faults import FaultStore
from mockserver.store.journal import Journal
from mockserver.store.sessions import SessionStore
from mockserver.wire.codec import NotJson, parse_body

__all__ = ["Emulator", "Listener"]

Listener = Callable[[int | None], None]
"""Told the seq of every new record, or None when the journal was reset. Called under the lock: must not block."""


class _Held(msgspec.Struct, frozen=True):
    """A request that a delay of stage ``request`` holds back; ``era`` counts the resets before it."""

    request: HttpRequest
    arrival: Arrival
    strike: Strike
    era: int


class Emulator:
    """The emulated back end of one namespace. All methods may be called from any thread.

    Args:
        settings: How it behaves, until it is told otherwise; ``reset`` comes back to them.
        name: The namespace.
        seed: Makes session ids and draws repeatable. Session ids come from ``secrets`` unless ``seeded_ids``.
        seeded_ids: Whether session ids come from the seed too.
        faults: Rules in force from the start; ``reset`` comes back to them.
        clock: The clock; a real one by default.

    Raises:
        InvalidInput: A rule or a session rule cannot be used.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        name: str = "default",
        seed: str = "0",
        seeded_ids: bool = False,
        faults: Iterable[FaultSpec] = (),
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self._seed = f"{seed}/{name}"
        self._seeded_ids = seeded_ids
        self._start_settings = settings or Settings()
        self._start_faults = tuple(faults)
        self.journal = Journal(self._start_settings, self.read)
        self.sessions = SessionStore(self._start_settings.max_sessions)
        self.faults = FaultStore(self._seed, self._start_settings.max_faults)
        self.waiters = Waiters(self._start_settings.max_waiters)
        self.derived = Derived()
        self._listeners: tuple[Listener, ...] = ()
        self._held = 0
        self._era = 0
        self.streams = 0
        """How many event streams are open; who opens one counts it."""
        self._apply_settings(self._start_settings)
        self._restart_ids()
        self.faults.restart(self._start_faults, self.clock.now_ms())

    # Requests

    def handle(self, request: HttpRequest) -> Plan | Suspended:
        """Process a request.

        Returns:
            How to answer it, or, when a fault delays it before the back end sees it, until when to hold it back. The
            caller then gives the token to :meth:`resume`.
        """
        arrival = self._reader.read(request)
        with self.lock:
            if not self.faults.armed:
                return self._process(request, arrival)
            now_ms = self.clock.now_ms()
            strike = self.faults.strike(Stage.REQUEST, self._facts(arrival), now_ms)
            held = _Held(request, arrival, strike, self._era)
            if not strike.delay_ms:
                return self._process_struck(held)
            if self._held >= self.settings.max_held:
                return self._process(request, self._reader.overcrowded(arrival), strike)
            self._held += 1
            return Suspended(held, now_ms + strike.delay_ms)

    def resume(self, token: object) -> Plan | None:
        """Process a request that was held back, now that its time has come.

        Also after its client has left: what the network delays arrives all the same.

        Returns:
            None when the namespace was reset meanwhile: the request belongs to what is forgotten.
        """
        assert isinstance(token, _Held)
        with self.lock:
            self._held -= 1
            return self._process_struck(token) if token.era == self._era else None

    def owns(self, sid: str) -> bool:
        """Tell whether a session id was issued here."""
        return sid in self.sessions

    def _process_struck(self, held: _Held) -> Plan:
        strike = held.strike
        if strike.fault is not None:
            return self._not_processed(held)
        return self._process(held.request, held.arrival, strike)

    def _not_processed(self, held: _Held) -> Plan:
        """Answer by a fault of stage ``request``: the back end never saw it."""
        strike, arrival = held.strike, held.arrival
        effects = effects_of(strike, marked=self.settings.fault_header)
        response = sent_by(effects)
        record = self._record(
            self.clock.now_ms(), held.request, arrival, Outcome.NOT_PROCESSED, arrival.session_id, response,
            Delivery.PENDING, strike.fault_ids, strike.draws,
        )  # fmt: skip
        return Plan(record, None, effects)

    def _process(self, request: HttpRequest, arrival: Arrival, before: Strike | None = None) -> Plan:
        """Let the back end decide, then let the fault rules of stage ``response`` hit the answer."""
        now_ms = self.clock.now_ms()
        facts = self._facts(arrival) if self.faults.armed else None
        if arrival.operation is Operation.EVENT:
            outcome, response, sid = self._decide_event(arrival, now_ms)
        else:
            outcome, response, sid = self._decide(request, arrival, now_ms)
        # An event may have moved the clock that follows it.
        at_ms = self.clock.now_ms() if self.clock.following else now_ms
        if facts is None:
            fault_ids, draws = ((), ()) if before is None else (before.fault_ids, before.draws)
            record = self._record(at_ms, request, arrival, outcome, sid, response, Delivery.SENT, fault_ids, draws)
            return Plan(record, response)
        facts.session_id, facts.outcome, facts.status = sid, outcome, response.status
        strike = self.faults.strike(Stage.RESPONSE, facts, at_ms)
        fault_ids = (*before.fault_ids, *strike.fault_ids) if before else strike.fault_ids
        draws = (*before.draws, *strike.draws) if before else strike.draws
        effects: tuple[Effect, ...] = ()
        if strike.fault is not None or strike.delay_ms:
            effects = effects_of(strike, marked=self.settings.fault_header) or (Send(response),)
            response = sent_by(effects) or response
            if strike.delay_ms:
                effects = (Sleep(at_ms + strike.delay_ms), *effects)
        delivery = Delivery.PENDING if effects else Delivery.SENT
        record = self._record(at_ms, request, arrival, outcome, sid, response, delivery, fault_ids, draws)
        return Plan(record, None if effects else response, effects)

    def _decide(self, request: HttpRequest, arrival: Arrival, now_ms: int) -> tuple[Outcome, HttpResponse, str | None]:
        """Decide about a request that is no event, and keep the session it opens."""
        operation, status = arrival.operation, arrival.status
        if arrival.opening is not None:
            sid = self._open(arrival, now_ms)
            if operation is Operation.DOWNLOAD:
                return Outcome.OPENED, answers.downloaded(sid, self.settings), sid
            return Outcome.OPENED, answers.opened(sid), sid
        if arrival.violations:
            return Outcome.INVALID, answers.rejected(status or 400, arrival.violations), None
        if operation is Operation.PREFLIGHT:
            return Outcome.ANSWERED, answers.preflight(request, self.settings), None
        if operation is Operation.SCHEMA:
            schema = self._reader.validators.schema(arrival.detail)
            if schema is None:
                known = self._reader.validators.event_types
                return Outcome.ANSWERED, answers.unknown_schema(arrival.detail, known), None
            return Outcome.ANSWERED, answers.schema(schema), None
        if status == 405:
            return Outcome.NO_ROUTE, answers.method_not_allowed(arrival.detail), None
        return Outcome.NO_ROUTE, answers.no_route(request.path), None

    def _decide_event(self, arrival: Arrival, now_ms: int) -> tuple[Outcome, HttpResponse, str | None]:
        """Decide about an event and save what becomes of its session."""
        sid, violations = arrival.session_id or "", arrival.violations
        if violations and (self.settings.check_order == "schema-first" or arrival.status != 400):
            return Outcome.INVALID, answers.rejected(arrival.status or 400, violations), sid
        session = self.sessions.get(sid)
        if session is None:
            return Outcome.UNKNOWN_SESSION, answers.refused(Outcome.UNKNOWN_SESSION, sid, self.settings), sid
        # Records share the id that the session has, instead of keeping the one of each path.
        sid = session.sid
        session = expire(session, now_ms, self.limits_of(session))
        if violations:
            outcome = REFUSALS.get(session.phase)
            if outcome is None:
                return Outcome.INVALID, answers.rejected(400, violations), sid
            return outcome, answers.refused(outcome, sid, self.settings), sid
        if self.clock.following and session.phase not in REFUSALS:
            self.clock.follow(arrival.ts_ms)
            now_ms = self.clock.now_ms()
            session = expire(session, now_ms, self.limits_of(session))
        after, outcome = accept(
            session, arrival.event_type or "", arrival.ts_ms, arrival.playhead_s, now_ms, self.settings
        )
        self.sessions.save(after)
        if outcome is Outcome.ACCEPTED:
            return outcome, answers.ACCEPTED, sid
        return outcome, answers.refused(outcome, sid, self.settings), sid

    def _open(self, arrival: Arrival, now_ms: int) -> str:
        assert arrival.opening is not None
        downloaded = arrival.operation is Operation.DOWNLOAD
        if self.clock.following and not downloaded:
            self.clock.follow(arrival.ts_ms)
            now_ms = self.clock.now_ms()
        sid = self.new_sid()
        start = arrival.document[0] if downloaded else arrival.document
        session = open_session(
            sid, self.sessions.opened + 1, arrival.opening, playhead_s=arrival.playhead_s, now_ms=now_ms,
            rule=self._rule_for(start), downloaded=downloaded,
        )  # fmt: skip
        self.sessions.add(session, self.refreshed)
        return sid

    def _record(
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
    ) -> Record:
        record = Record(
            at_ms, arrival.operation, sid, arrival.event_type, outcome, request.method, request.target,
            request.headers, request.body, response, delivery, arrival.violations, fault_ids, draws,
        )  # fmt: skip
        seq = self.journal.append(record)
        if self.waiters.waiting:
            self.waiters.recorded(seq, record)
        for listener in self._listeners:
            listener(seq)
        return record

    def _facts(self, arrival: Arrival) -> Facts:
        """Tell what is known before the back end decides."""
        sid = arrival.session_id
        session = self.sessions.get(sid) if sid else None
        if session is not None:
            session = self.refreshed(session)
        opens = arrival.operation in (Operation.START, Operation.DOWNLOAD)
        number = session.number if session is not None else self.sessions.opened + 1 if opens else None
        return Facts(
            arrival.operation,
            sid,
            arrival.event_type,
            lambda: arrival.document,
            nth_session=number,
            in_ad=session is not None and session.in_ad,
        )

    # Sessions

    def new_sid(self) -> str:
        """Make a session id: 64 lowercase hex digits, as in every sample of Adobe's."""
        return secrets.token_hex(32) if self._ids is None else self._ids.randbytes(32).hex()

    def refreshed(self, session: Session) -> Session:
        """Return a session as time has left it; nothing is saved."""
        return expire(session, self.clock.now_ms(), self.limits_of(session))

    def settle(self) -> None:
        """Save what time has done to every session, so that no later change of clock or settings can undo it."""
        with self.lock:
            self.sessions.update_all(self.refreshed)

    def limits_of(self, session: Session) -> Limits:
        """Return the lifetimes of a session with their grace."""
        return self._limits if session.rule is None else limits(self.settings, session.rule)

    def _rule_for(self, start: Any) -> SessionRule | None:
        for rule, wanted in self._session_rules:
            if all(holds(condition, start) for condition in wanted):
                return rule
        return None

    # Settings, reset, listeners

    def configure(self, settings: Settings) -> None:
        """Change the settings; open sessions feel it at once.

        Raises:
            InvalidInput: A session rule has no condition or one that cannot be used; nothing was changed.
        """
        with self.lock:
            self.settle()
            self._apply_settings(settings)

    def _apply_settings(self, settings: Settings) -> None:
        check_settings(settings)
        self._session_rules = tuple((rule, conditions(rule.where)) for rule in settings.session_rules)
        self._reader = Reader(settings)
        self._limits = limits(settings)
        self.settings = settings
        self.journal.limit(settings)
        self.sessions.max_sessions = settings.max_sessions
        self.faults.max_faults = settings.max_faults
        self.waiters.max_waiters = settings.max_waiters

    def reset(self, parts: Iterable[str]) -> None:
        """Bring parts back to the state after the start.

        Args:
            parts: Any of ``journal sessions faults clock settings``.
        """
        wanted = frozenset(parts)
        with self.lock:
            self.settle()
            if "clock" in wanted:
                self.clock.reset()
            if "settings" in wanted:
                self._apply_settings(self._start_settings)
            if "sessions" in wanted:
                self.sessions.clear()
                self._restart_ids()
            if "faults" in wanted:
                self.faults.restart(self._start_faults, self.clock.now_ms())
            if "journal" in wanted:
                self._era += 1
                self.derived = Derived()
                self.journal.clear()
                for listener in self._listeners:
                    listener(None)

    def _restart_ids(self) -> None:
        self._ids = Random(self._seed) if self._seeded_ids else None

    @property
    def listeners(self) -> int:
        """How many listen to new records."""
        return len(self._listeners)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every new record from now on.

        Returns:
            A function that ends it.
        """
        with self.lock:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            with self.lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return stop

    def read(self, record: Record) -> Any:
        """Parse the body of a record; None when it is no JSON."""
        if not record.body:
            return None
        try:
            return parse_body(record.body, self.settings.max_body_bytes)
        except NotJson:
            return None
