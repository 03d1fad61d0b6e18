"""Answer the requests of one namespace.

The path of a request: the dialect reads it, outside the lock of the namespace; fault rules of stage ``request`` may
hold it back or end it; the back end decides about its session, and the dialect writes the answer; fault rules of stage
``response`` may strike the answer; the journal records everything; the server gets a plan. The steps that decide are
pure functions without storage.

A request that was held back is processed as of the time when it is due, before any request received after that time.
This holds even if the clock has jumped, or the thread that waits for the clock has not woken up yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from mockserver.emulator.decision import Decision
from mockserver.emulator.held_requests import HeldRequest
from mockserver.emulator.injection import StruckRequest
from mockserver.emulator.state import EmulatorState
from mockserver.emulator.storytelling import Storytelling
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.arrival import Arrival
from mockserver.model.fault_kind import AnswerFault, DuplicateFault, SessionsFault
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.vocabulary import Delivery, Operation, Outcome, Stage
from mockserver.rules.faults import Strike
from mockserver.rules.lifecycle import expire
from mockserver.rules.match import Facts

__all__ = ["Emulator"]

_EVENT, _SENT = Operation.EVENT, Delivery.SENT  # reading an Enum member is slow before Python 3.12
_NO_STRIKE = Strike(rules=())


class Emulator(EmulatorState):
    """The emulated back end of one namespace: what requests do to its memory, and how they are answered."""

    _stories: Storytelling | None = None  # a cached_property would make reading every other attribute slower

    @property
    def stories(self) -> Storytelling:
        """The stories of the namespace, and the one that runs."""
        if self._stories is None:
            self._stories = Storytelling(self, self.story_book)
        return self._stories

    def read_request(self, request: HttpRequest) -> Arrival:
        """Return what a request means. This is the slowest step; it changes nothing, so any thread may call it."""
        return self.back_end.read(request)

    def handle(self, request: HttpRequest, arrival: Arrival | None = None) -> AnswerPlan | HeldRequest:
        """Process a request.

        Args:
            request: The request.
            arrival: What it means; None to read it now.

        Returns:
            How to answer it; or the request, when a fault holds it back before the back end sees it. The caller then
            passes it to :meth:`resume` once, when it is due or when the wait was interrupted.
        """
        if arrival is None:
            arrival = self.read_request(request)
        now_ms = self._process_due() if self.held_requests.queue else self.clock.now_ms()
        if not self.faults.armed:
            return self._handle_plain(request, arrival, now_ms)
        sid = arrival.session_id
        nth_event = None if sid is None else self.sessions.arrived(sid, arrival.event_type)
        facts = self._facts(request, arrival, nth_event, now_ms)
        strike = self.faults.strike(Stage.REQUEST, facts, now_ms)
        if strike.fault is None and not strike.delay_ms:
            return self._process(request, arrival, facts, now_ms, strike)
        held = HeldRequest(request, arrival, nth_event, strike, now_ms, now_ms + strike.delay_ms)
        if not strike.delay_ms:
            return self._process_struck(held, now_ms)
        if not self.has_room_to_hold(len(request.body)):
            refused = self.back_end.interpreter(arrival).overcrowded(arrival)
            return self._process(request, refused, self._facts(request, refused, nth_event, now_ms), now_ms, strike)
        self.held_count += 1
        # The number of recorded and held requests never decreases, so this place is unique.
        self.held_requests.add(held, self.journal.last_seq + len(self.held_requests) + 1)
        self.journal.crowd(len(request.body))
        return held

    def handle_at_once(self, request: HttpRequest, arrival: Arrival) -> AnswerPlan | None:
        """Process a request if no rule is in force and nothing is held back, so that a plain answer is sure.

        Returns:
            How to answer it; None when it was not processed.
        """
        if self.faults.armed or self.held_requests.queue:
            return None
        return self._handle_plain(request, arrival, self.clock.now_ms())

    def _handle_plain(self, request: HttpRequest, arrival: Arrival, now_ms: int) -> AnswerPlan:
        """Process a request while no rule is in force."""
        if arrival.session_id is not None:
            self.sessions.arrived(arrival.session_id, arrival.event_type)
        at_ms, decision = self._carry_out(request, arrival, now_ms, is_copy=False)
        response = decision.response
        seq, record = self.record(
            at_ms, request, arrival, decision.outcome, decision.session_id, response, _SENT, (), ()
        )
        return AnswerPlan(record, seq, self.journal.era, response)

    def resume(self, held: HeldRequest) -> AnswerPlan | None:
        """Process a request that was held back and is due.

        Call it even if the client has left, because a request that the network delays still arrives. If the wait was
        interrupted, call it before the request is due.

        Returns:
            None when the namespace was reset meanwhile, so that the request is forgotten.
        """
        self._process_due()
        if not held.forgotten:
            self.held_count -= 1
        if self.held_requests.take(held):
            held.plan = self._process_struck(held, self.clock.now_ms())
        if held.failure is not None:
            raise held.failure
        return held.plan

    def would_answer(self, request: HttpRequest, arrival: Arrival) -> HttpResponse:
        """Return how the back end would answer a request now; change nothing."""
        return self._would_decide(request, arrival, self.clock.now_ms()).response

    def catch_up(self) -> None:
        """Process requests that are due now, without waiting for the threads that wait for the clock."""
        self._process_due()

    def settle(self) -> None:
        """Process requests that are due, then apply the passing of time to every session and rule, and save it."""
        self._process_due()
        super().settle()

    def reset(self, parts: Iterable[str]) -> None:
        """Bring parts back to the state after the start, together with the stories.

        Args:
            parts: Any of ``journal sessions faults clock settings``.
        """
        wanted = frozenset(parts)
        self._process_due()
        if "sessions" not in wanted:  # otherwise no session is left
            self.settle()
        self.stories.reset(wanted)
        super().reset(wanted)

    def _process_due(self) -> int:
        """Process requests that are due; the threads that wait for them will find their plans.

        Each is processed as of the time when it was due, but never before the last record, since an event that the
        clock follows may have moved it past that time.

        Returns:
            What the clock showed when none was due any more. A request that comes now is processed as of that time: a
            moment later, the next one may be due before it.
        """
        while (held := self.held_requests.take_due(now_ms := self.clock.now_ms())) is not None:
            try:
                held.plan = self._process_struck(held, min(now_ms, max(held.due_ms, self.journal.last_at_ms)))
            except Exception as error:  # noqa: BLE001 - raised in the thread that waits for the request, not in this one
                held.failure = error
        return now_ms

    def _process_struck(self, held: HeldRequest, now_ms: int) -> AnswerPlan:
        """Apply the strike of the rules of stage ``request``."""
        strike, nth_event = held.strike, held.nth_event
        is_copy = False
        match strike.fault:
            case AnswerFault():
                return self._not_processed(held, strike.fault, now_ms)
            case SessionsFault():
                self.end_sessions(strike.fault, held.arrival.session_id, now_ms)
            case DuplicateFault():
                now_ms = self._process_unanswered(held.request, held.arrival, strike, now_ms, held)
                nth_event = self.sessions.arrived(held.arrival.session_id or "", held.arrival.event_type)
                strike, is_copy = replace(strike, draws=()), True
            case _:
                pass
        facts = self._facts(held.request, held.arrival, nth_event, now_ms) if self.faults.armed else None
        return self._process(held.request, held.arrival, facts, now_ms, strike, held, is_copy=is_copy)

    def _not_processed(self, held: HeldRequest, fault: AnswerFault, now_ms: int) -> AnswerPlan:
        """Answer with a fault of stage ``request``: the back end never sees the request.

        Some faults need the answer that it would have given; computing that changes nothing.
        """
        strike, arrival = held.strike, held.arrival

        def answer() -> HttpResponse:
            return self._would_decide(held.request, arrival, now_ms).response

        sent = fault.answered(
            StruckRequest(
                held.request, arrival.session_id, answer, self._mark(strike), self.back_end.interpreter(arrival),
                arrival, is_processed=False,
            )
        )  # fmt: skip
        seq, record = self.record(
            now_ms, held.request, arrival, Outcome.NOT_PROCESSED, arrival.session_id, sent,
            Delivery.PENDING, strike.fault_ids, strike.draws, held,
        )  # fmt: skip
        return AnswerPlan(record, seq, self.journal.era, sent, fault)

    def _mark(self, strike: Strike) -> str | None:
        return strike.decided_by if self.settings.fault_header else None

    def _process(
        self,
        request: HttpRequest,
        arrival: Arrival,
        facts: Facts | None,
        now_ms: int,
        before: Strike,
        held: HeldRequest | None = None,
        *,
        is_copy: bool = False,
    ) -> AnswerPlan:
        """Let the back end decide, then apply the fault rules of stage ``response`` to the answer.

        Args:
            facts: What rules can match on; None when there are no rules.
            now_ms: What the clock shows, or showed when the request was due.
            before: What the rules of stage ``request`` did.
            held: The request, if they may have held it back.
            is_copy: Whether the same request was just processed, as of the same time.
        """
        at_ms, decision = self._carry_out(request, arrival, now_ms, is_copy=is_copy)
        outcome, response, sid = decision.outcome, decision.response, decision.session_id
        strike = _NO_STRIKE
        if facts is not None:
            facts.session_id, facts.outcome, facts.status = sid, outcome, response.status
            strike = self.faults.strike(Stage.RESPONSE, facts, at_ms)
        fault_ids, draws = (*before.fault_ids, *strike.fault_ids), (*before.draws, *strike.draws)
        fault = strike.fault if isinstance(strike.fault, AnswerFault) else None
        sent: HttpResponse | None = response
        if fault is not None:
            sent = fault.answered(
                StruckRequest(
                    request, sid, lambda: response, self._mark(strike), self.back_end.interpreter(arrival), arrival,
                    is_processed=True,
                )
            )  # fmt: skip
        until_ms = at_ms + strike.delay_ms if strike.delay_ms else None
        delivery = Delivery.SENT if fault is None and until_ms is None else Delivery.PENDING
        seq, record = self.record(
            at_ms, request, arrival, outcome, sid, sent or response, delivery, fault_ids, draws, held, is_copy=is_copy
        )
        plan = AnswerPlan(record, seq, self.journal.era, sent, fault, until_ms)
        if isinstance(strike.fault, SessionsFault):
            self.end_sessions(strike.fault, sid, at_ms)
        elif isinstance(strike.fault, DuplicateFault):
            self.sessions.arrived(arrival.session_id or "", arrival.event_type)
            struck = replace(strike, fault_ids=(strike.decided_by or "",), draws=())
            self._process_unanswered(request, arrival, struck, at_ms, held, is_copy=True)
        return plan

    def _process_unanswered(
        self,
        request: HttpRequest,
        arrival: Arrival,
        strike: Strike,
        now_ms: int,
        held: HeldRequest | None,
        *,
        is_copy: bool = False,
    ) -> int:
        """Process the copy of a request whose answer is not sent.

        Args:
            strike: What is recorded of the rules that made the copy.

        Returns:
            When it was processed. Both get the same time, by which a reader of the journal recognises them as copies.
        """
        at_ms, decision = self._carry_out(request, arrival, now_ms, is_copy=is_copy)
        self.record(
            at_ms, request, arrival, decision.outcome, decision.session_id, decision.response, Delivery.CUT,
            strike.fault_ids, strike.draws, held, is_copy=is_copy,
        )  # fmt: skip
        return at_ms

    def _carry_out(self, request: HttpRequest, arrival: Arrival, now_ms: int, *, is_copy: bool) -> tuple[int, Decision]:
        """Let the back end decide, and save the session.

        Args:
            now_ms: What the clock shows, or showed when the request was due.
            is_copy: Whether the clock has followed the same request already.

        Returns:
            The time of the decision, and the decision.
        """
        if not is_copy and self.clock.following and self._follows(arrival, now_ms):
            self.clock.follow(arrival.ts_ms)
            now_ms = max(now_ms, min(arrival.ts_ms, self.clock.now_ms()))
        if arrival.operation is _EVENT:
            decision = self.back_end.decide_event(arrival, self.sessions.get(arrival.session_id or ""), now_ms)
            if decision.session is not None:
                self.sessions.save(decision.session)
            return now_ms, decision
        decision = self.back_end.decide(request, arrival, now_ms, self.sessions.opened + 1, self.new_sid)
        if decision.session is not None:
            self.add_session(decision.session)
            self.sessions.arrived(decision.session.sid, arrival.event_type)
        return now_ms, decision

    def _would_decide(self, request: HttpRequest, arrival: Arrival, now_ms: int) -> Decision:
        """Return what the back end would decide; change nothing."""
        if self._follows(arrival, now_ms):
            now_ms = max(now_ms, arrival.ts_ms)
        if arrival.operation is Operation.EVENT:
            return self.back_end.decide_event(arrival, self.sessions.get(arrival.session_id or ""), now_ms)
        return self.back_end.decide(request, arrival, now_ms, self.sessions.opened + 1, self.lost_sid)

    def _follows(self, arrival: Arrival, now_ms: int) -> bool:
        session = self.sessions.get(arrival.session_id or "")
        return self.clock.following and self.back_end.follows(arrival, session, now_ms)

    def _facts(self, request: HttpRequest, arrival: Arrival, nth_event: int | None, now_ms: int) -> Facts:
        """Return what fault rules can match on before the back end has decided."""
        facts = Facts(
            arrival.operation,
            arrival.session_id,
            arrival.event_type,
            lambda: arrival.document,
            namespace=self.name,
            headers=request.headers,
            normal=self.dialects.named(arrival.dialect).normal,
        )
        session = self.sessions.get(arrival.session_id or "")
        if session is not None:
            session = expire(session, now_ms, self.limits_of(session))
            facts.nth_session, facts.nth_event = session.number, nth_event
            facts.in_ad, facts.in_break = session.in_ad, session.in_break
            facts.session_age_s = max(0, now_ms - session.opened_ms) / 1000
            facts.content = session.content
        elif arrival.operation in (Operation.START, Operation.DOWNLOAD):
            facts.nth_session = self.sessions.opened + 1
            facts.nth_event = 1 if arrival.event_type == "sessionStart" else None
            facts.in_ad = facts.in_break = False
        return facts
