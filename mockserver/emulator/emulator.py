"""One namespace answers requests.

The path of a request: the reader tells what it means (outside the lock); fault rules of stage ``request`` may hold it
back or end it; the back end decides about its session and words the answer; fault rules of stage ``response`` may hit
that; the journal records it all; the server shell gets a plan. The steps that decide are pure and know no storage.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from mockserver.emulator.asked import facts_of
from mockserver.emulator.decision import Decision
from mockserver.emulator.injection import effects_of, sent_by, shapes
from mockserver.emulator.memory import Memory
from mockserver.model.arrival import Arrival
from mockserver.model.fault import DuplicateFault, ExpireFault, ForgetFault
from mockserver.model.http import HttpRequest
from mockserver.model.journal import Draw
from mockserver.model.plan import Plan, Send, Sleep, Suspended
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Stage
from mockserver.rules.faults import Strike
from mockserver.rules.lifecycle import expire
from mockserver.rules.match import Facts

__all__ = ["Emulator"]


class _Held(msgspec.Struct, frozen=True):
    """A request that a delay of stage ``request`` holds back; ``era`` counts the resets before it."""

    request: HttpRequest
    arrival: Arrival
    nth_event: int | None
    strike: Strike
    era: int


class Emulator(Memory):
    """The emulated back end of one namespace: what requests do to its memory, and how they are answered."""

    def handle(self, request: HttpRequest) -> Plan | Suspended:
        """Process a request.

        Returns:
            How to answer it, or, when a fault delays it before the back end sees it, until when to hold it back. The
            caller then gives the token to :meth:`resume`.
        """
        arrival = self.back_end.reader.read(request)
        with self.lock:
            sid = arrival.session_id
            nth_event = None if sid is None else self.sessions.arrived(sid, arrival.event_type)
            if not self.faults.armed:
                return self._process(request, arrival, None)
            now_ms = self.clock.now_ms()
            facts = self._facts(request, arrival, nth_event, now_ms)
            strike = self.faults.strike(Stage.REQUEST, facts, now_ms)
            if strike.fault is None and not strike.delay_ms:
                return self._process(request, arrival, facts, strike)
            held = _Held(request, arrival, nth_event, strike, self.era)
            if not strike.delay_ms:
                return self._process_struck(held)
            if self.held >= self.settings.max_held:
                refused = self.back_end.reader.overcrowded(arrival)
                return self._process(request, refused, self._facts(request, refused, nth_event, now_ms), strike)
            self.held += 1
            return Suspended(held, now_ms + strike.delay_ms)

    def resume(self, token: object) -> Plan | None:
        """Process a request that was held back, now that its time has come.

        Also after its client has left: what the network delays arrives all the same.

        Returns:
            None when the namespace was reset meanwhile: the request belongs to what is forgotten.
        """
        assert isinstance(token, _Held)
        with self.lock:
            self.held -= 1
            return self._process_struck(token) if token.era == self.era else None

    def _process_struck(self, held: _Held) -> Plan:
        """Do what the rules of stage ``request`` decided."""
        strike, nth_event = held.strike, held.nth_event
        at_ms: int | None = None
        match strike.fault:
            case None:
                pass
            case ExpireFault() | ForgetFault():
                self.end_sessions(strike.fault, held.arrival.session_id)
            case DuplicateFault():
                at_ms = self._process_unanswered(held.request, held.arrival, strike.fault_ids, strike.draws)
                nth_event = self.sessions.arrived(held.arrival.session_id or "", held.arrival.event_type)
                strike = replace(strike, draws=())
            case _:
                return self._not_processed(held)
        facts = None
        if self.faults.armed:
            facts = self._facts(held.request, held.arrival, nth_event, self.clock.now_ms())
        return self._process(held.request, held.arrival, facts, strike, at_ms)

    def _not_processed(self, held: _Held) -> Plan:
        """Answer by a fault of stage ``request``: the back end never saw it.

        A fault that shapes the answer shapes the one that would have been; to find it out changes nothing.
        """
        strike, arrival = held.strike, held.arrival
        now_ms = self.clock.now_ms()
        answer = self._would_decide(held.request, arrival, now_ms).response if shapes(strike.fault) else None
        effects = effects_of(strike, answer, session_id=arrival.session_id, marked=self.settings.fault_header)
        record = self.record(
            now_ms, held.request, arrival, Outcome.NOT_PROCESSED, arrival.session_id, sent_by(effects),
            Delivery.PENDING, strike.fault_ids, strike.draws,
        )  # fmt: skip
        return Plan(record, None, effects)

    def _process(
        self,
        request: HttpRequest,
        arrival: Arrival,
        facts: Facts | None,
        before: Strike | None = None,
        at_ms: int | None = None,
    ) -> Plan:
        """Let the back end decide, then let the fault rules of stage ``response`` hit the answer.

        Args:
            facts: What rules can ask about the request; None when there are no rules.
            before: What the rules of stage ``request`` did.
            at_ms: When; now by default.
        """
        at_ms, decision = self._carry_out(request, arrival, at_ms)
        outcome, response, sid = decision.outcome, decision.response, decision.session_id
        if facts is None:
            fault_ids, draws = ((), ()) if before is None else (before.fault_ids, before.draws)
            record = self.record(at_ms, request, arrival, outcome, sid, response, Delivery.SENT, fault_ids, draws)
            return Plan(record, response)
        facts.session_id, facts.outcome, facts.status = sid, outcome, response.status
        strike = self.faults.strike(Stage.RESPONSE, facts, at_ms)
        fault_ids = (*before.fault_ids, *strike.fault_ids) if before else strike.fault_ids
        draws = (*before.draws, *strike.draws) if before else strike.draws
        effects = effects_of(strike, response, session_id=sid, marked=self.settings.fault_header)
        if strike.delay_ms:
            effects = (Sleep(at_ms + strike.delay_ms), *(effects or (Send(response),)))
        sent = sent_by(effects) or response
        delivery = Delivery.PENDING if effects else Delivery.SENT
        record = self.record(at_ms, request, arrival, outcome, sid, sent, delivery, fault_ids, draws)
        if isinstance(strike.fault, (ExpireFault, ForgetFault)):
            self.end_sessions(strike.fault, sid)
        elif isinstance(strike.fault, DuplicateFault):
            self.sessions.arrived(arrival.session_id or "", arrival.event_type)
            self._process_unanswered(request, arrival, (strike.decided_by or "",), (), at_ms)
        return Plan(record, None if effects else sent, effects)

    def _process_unanswered(
        self,
        request: HttpRequest,
        arrival: Arrival,
        fault_ids: tuple[str, ...],
        draws: tuple[Draw, ...],
        at_ms: int | None = None,
    ) -> int:
        """Process the one of two equal requests whose answer reaches nobody.

        Returns:
            When: the same instant for both, by which a journal that is read again tells them from two requests.
        """
        at_ms, decision = self._carry_out(request, arrival, at_ms)
        self.record(
            at_ms, request, arrival, decision.outcome, decision.session_id, decision.response, Delivery.CUT, fault_ids,
            draws,
        )  # fmt: skip
        return at_ms

    def _carry_out(self, request: HttpRequest, arrival: Arrival, at_ms: int | None) -> tuple[int, Decision]:
        """Let the back end decide and keep what becomes of the session.

        Args:
            at_ms: When, if the same request was processed already; None for now.

        Returns:
            When it was decided, and what.
        """
        now_ms = self.clock.now_ms() if at_ms is None else at_ms
        if at_ms is None and self.clock.following:
            if self._follows(arrival, now_ms):
                self.clock.follow(arrival.ts_ms)
            now_ms = self.clock.now_ms()
        if arrival.operation is Operation.EVENT:
            decision = self.back_end.decide_event(arrival, self.sessions.get(arrival.session_id or ""), now_ms)
            if decision.session is not None:
                self.sessions.save(decision.session)
            return now_ms, decision
        decision = self.back_end.decide(request, arrival, now_ms, self.sessions.opened + 1, self.new_sid)
        if decision.session is not None:
            self.sessions.add(decision.session, self.refreshed)
            self.sessions.arrived(decision.session.sid, arrival.event_type)
        return now_ms, decision

    def _would_decide(self, request: HttpRequest, arrival: Arrival, now_ms: int) -> Decision:
        """Tell what the back end would decide, and leave everything as it is."""
        if self._follows(arrival, now_ms):
            now_ms = max(now_ms, arrival.ts_ms)
        if arrival.operation is Operation.EVENT:
            return self.back_end.decide_event(arrival, self.sessions.get(arrival.session_id or ""), now_ms)
        return self.back_end.decide(request, arrival, now_ms, self.sessions.opened + 1, self.lost_sid)

    def _follows(self, arrival: Arrival, now_ms: int) -> bool:
        session = self.sessions.get(arrival.session_id or "")
        return self.clock.following and self.back_end.follows(arrival, session, now_ms)

    def _facts(self, request: HttpRequest, arrival: Arrival, nth_event: int | None, now_ms: int) -> Facts:
        session = self.sessions.get(arrival.session_id or "")
        return facts_of(
            arrival,
            request.headers,
            None if session is None else expire(session, now_ms, self.limits_of(session)),
            now_ms=now_ms,
            next_number=self.sessions.opened + 1,
            nth_event=nth_event,
            namespace=self.name,
        )
