"""Decide about a request as the back end does: its outcome, its answer, and the session afterwards.

Deciding saves nothing and moves no clock, so it can also compute the answer that a request would get.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mockserver.dialects.base import Dialects, Interpreter
from mockserver.model.arrival import Arrival, Opening
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.session import Session
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.condition import holds
from mockserver.rules.lifecycle import REFUSALS, Limits, accept, expire, limits, open_session
from mockserver.rules.match import conditions
from mockserver.rules.settings import check_settings

__all__ = ["BackEnd", "Decision"]

_ACCEPTED = Outcome.ACCEPTED  # reading an Enum member is slow before Python 3.12
_NO_ROUTE = (404, 405)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The decision about a request.

    Args:
        session_id: The session that it belongs to or opens; None when it has none.
        session: The session to save; None when there is nothing to save.
    """

    outcome: Outcome
    response: HttpResponse
    session_id: str | None
    session: Session | None = None


class BackEnd:
    """The emulated back end under one set of settings. It has no memory.

    Args:
        settings: Its settings.
        dialects: Its APIs.

    Raises:
        InvalidInput: A session rule has no condition or one that cannot be used.
    """

    def __init__(self, settings: Settings, dialects: Dialects) -> None:
        check_settings(settings)
        self.settings = settings
        self.default_dialect = dialects.default.name
        self._interpreters = {dialect.name: dialect.interpreter(settings) for dialect in dialects}
        self._default = self._interpreters[""] = self._interpreters[dialects.default.name]
        self._others = tuple((other.bases, self._interpreters[other.name]) for other in dialects.others)
        self._foreign = tuple(base for bases, _ in self._others for base in bases)
        self.read = self._read if self._others else self._default.read
        """Returns what a request means. Never raises, whatever the request."""
        self._limits = limits(settings)
        self._session_rules = tuple((rule, conditions(rule.where)) for rule in settings.session_rules)

    def _read(self, request: HttpRequest) -> Arrival:
        if not request.path.startswith(self._foreign):
            return self._default.read(request)
        for bases, interpreter in self._others:
            if request.path.startswith(bases):
                return interpreter.read(request)
        return self._default.read(request)

    def interpreter(self, arrival: Arrival) -> Interpreter:
        """Return the interpreter that writes the answers to a request."""
        return self._interpreters[arrival.dialect]

    def limits_of(self, session: Session) -> Limits:
        """Return the lifetimes of a session with their grace."""
        return self._limits if session.rule is None else limits(self.settings, session.rule)

    def follows(self, arrival: Arrival, session: Session | None, now_ms: int) -> bool:
        """Return whether a request moves a clock that follows events: only valid events of live sessions do."""
        if arrival.violations:
            return False
        if arrival.operation is Operation.EVENT:
            return session is not None and expire(session, now_ms, self.limits_of(session)).phase not in REFUSALS
        return arrival.operation is Operation.START and arrival.opening is not None

    def decide_event(self, arrival: Arrival, session: Session | None, now_ms: int) -> Decision:
        """Decide about an event.

        Args:
            session: The session that it names, as last saved; None when there is none.
        """
        sid, violations = arrival.session_id or "", arrival.violations
        answers = self._interpreters[arrival.dialect]
        if violations and (
            self.settings.check_order == "schema-first" or arrival.status != 400 or arrival.session_id is None
        ):
            return Decision(Outcome.INVALID, answers.rejected(arrival), arrival.session_id)
        if session is None:
            return Decision(Outcome.UNKNOWN_SESSION, answers.refused(Outcome.UNKNOWN_SESSION, arrival, sid), sid)
        # All records share this string; the one from the path would be one more copy for each record.
        sid = session.sid
        session = expire(session, now_ms, self.limits_of(session))
        if violations:
            outcome = REFUSALS.get(session.phase)
            if outcome is None:
                return Decision(Outcome.INVALID, answers.rejected(arrival), sid)
            return Decision(outcome, answers.refused(outcome, arrival, sid), sid)
        after, outcome = accept(
            session, arrival.event_type or "", arrival.ts_ms, arrival.playhead_s, now_ms, self.settings
        )
        if outcome is not _ACCEPTED:
            return Decision(outcome, answers.refused(outcome, arrival, sid), sid, after)
        if arrival.later:
            after = self._with_later(after, arrival, now_ms)
        return Decision(outcome, answers.accepted(arrival), sid, after)

    def decide(
        self, request: HttpRequest, arrival: Arrival, now_ms: int, number: int, new_sid: Callable[[], str]
    ) -> Decision:
        """Decide about a request that is not an event.

        Args:
            number: The number of the session that it may open.
            new_sid: Makes the id of that session; called only then.
        """
        answers = self._interpreters[arrival.dialect]
        if arrival.opening is not None:
            session = self._opened(arrival, arrival.opening, now_ms, number, new_sid())
            return Decision(Outcome.OPENED, answers.opened(arrival, session.sid), session.sid, session)
        if arrival.violations:
            return Decision(Outcome.INVALID, answers.rejected(arrival), None)
        lost = arrival.operation is Operation.OTHER and arrival.status in _NO_ROUTE
        return Decision(Outcome.NO_ROUTE if lost else Outcome.ANSWERED, answers.answered(request, arrival), None)

    def _opened(self, arrival: Arrival, opening: Opening, now_ms: int, number: int, sid: str) -> Session:
        session = open_session(
            sid, number, opening, playhead_s=arrival.playhead_s, now_ms=now_ms, rule=self._rule_for(arrival, opening),
            downloaded=arrival.operation is Operation.DOWNLOAD, dialect=arrival.dialect,
        )  # fmt: skip
        return self._with_later(session, arrival, now_ms)

    def _with_later(self, session: Session, arrival: Arrival, now_ms: int) -> Session:
        """Apply the further events of a request to a session; events after a closing one have no effect."""
        for event in arrival.later:
            session, _ = accept(
                session, event.event_type or "", event.ts_ms or 0, event.playhead_s or 0, now_ms, self.settings
            )
        return session

    def _rule_for(self, arrival: Arrival, opening: Opening) -> SessionRule | None:
        for rule, wanted in self._session_rules:
            if all(holds(condition, arrival.document, opening.start) for condition in wanted):
                return rule
        return None
