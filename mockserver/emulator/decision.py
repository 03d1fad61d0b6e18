"""What the emulated back end makes of a request: outcome, answer, and the session as it is afterwards.

Deciding saves nothing and moves no clock, so that a request can also be asked what it would have been answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mockserver.dialects.collection import answers
from mockserver.dialects.collection.reader import Reader
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.session import Session
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.condition import holds
from mockserver.rules.lifecycle import REFUSALS, Limits, accept, expire, limits, open_session
from mockserver.rules.match import conditions
from mockserver.rules.settings import check_settings

__all__ = ["BackEnd", "Decision"]


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What becomes of a request.

    Args:
        session_id: The session it belongs to or opens; None when it has none.
        session: The session as it is to be saved; None when there is nothing to save.
    """

    outcome: Outcome
    response: HttpResponse
    session_id: str | None
    session: Session | None = None


class BackEnd:
    """The emulated back end under one set of settings. It remembers nothing.

    Args:
        settings: How it behaves.

    Raises:
        InvalidInput: A session rule has no condition or one that cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        check_settings(settings)
        self.settings = settings
        self.reader = Reader(settings)
        self._limits = limits(settings)
        self._session_rules = tuple((rule, conditions(rule.where)) for rule in settings.session_rules)

    def limits_of(self, session: Session) -> Limits:
        """Return the lifetimes of a session with their grace."""
        return self._limits if session.rule is None else limits(self.settings, session.rule)

    def follows(self, arrival: Arrival, session: Session | None, now_ms: int) -> bool:
        """Tell whether a clock that follows events follows this request: a valid event that finds its session live."""
        if arrival.violations:
            return False
        if arrival.operation is Operation.EVENT:
            return session is not None and expire(session, now_ms, self.limits_of(session)).phase not in REFUSALS
        return arrival.operation is Operation.START and arrival.opening is not None

    def decide_event(self, arrival: Arrival, session: Session | None, now_ms: int) -> Decision:
        """Decide about an event.

        Args:
            session: The session of its path as it was last saved; None when there is none.
        """
        sid, violations = arrival.session_id or "", arrival.violations
        if violations and (self.settings.check_order == "schema-first" or arrival.status != 400):
            return Decision(Outcome.INVALID, answers.rejected(arrival.status or 400, violations), sid)
        if session is None:
            return Decision(Outcome.UNKNOWN_SESSION, answers.refused(Outcome.UNKNOWN_SESSION, sid, self.settings), sid)
        # Records share the id that the session has, instead of keeping the one of each path.
        sid = session.sid
        session = expire(session, now_ms, self.limits_of(session))
        if violations:
            outcome = REFUSALS.get(session.phase)
            if outcome is None:
                return Decision(Outcome.INVALID, answers.rejected(400, violations), sid)
            return Decision(outcome, answers.refused(outcome, sid, self.settings), sid)
        after, outcome = accept(
            session, arrival.event_type or "", arrival.ts_ms, arrival.playhead_s, now_ms, self.settings
        )
        if outcome is Outcome.ACCEPTED:
            return Decision(outcome, answers.ACCEPTED, sid, after)
        return Decision(outcome, answers.refused(outcome, sid, self.settings), sid, after)

    def decide(
        self, request: HttpRequest, arrival: Arrival, now_ms: int, number: int, new_sid: Callable[[], str]
    ) -> Decision:
        """Decide about a request that is no event.

        Args:
            number: Of the session it may open.
            new_sid: Makes the id of that session; called only then.
        """
        operation, status = arrival.operation, arrival.status
        if arrival.opening is not None:
            session = self._opened(arrival, now_ms, number, new_sid())
            if session.downloaded:
                return Decision(Outcome.OPENED, answers.downloaded(session.sid, self.settings), session.sid, session)
            return Decision(Outcome.OPENED, answers.opened(session.sid), session.sid, session)
        if arrival.violations:
            return Decision(Outcome.INVALID, answers.rejected(status or 400, arrival.violations), None)
        if operation is Operation.PREFLIGHT:
            return Decision(Outcome.ANSWERED, answers.preflight(request, self.settings), None)
        if operation is Operation.SCHEMA:
            return Decision(Outcome.ANSWERED, self._schema(arrival.detail), None)
        if status == 405:
            return Decision(Outcome.NO_ROUTE, answers.method_not_allowed(arrival.detail), None)
        return Decision(Outcome.NO_ROUTE, answers.no_route(request.path), None)

    def _opened(self, arrival: Arrival, now_ms: int, number: int, sid: str) -> Session:
        assert arrival.opening is not None
        downloaded = arrival.operation is Operation.DOWNLOAD
        start = arrival.document[0] if downloaded else arrival.document
        return open_session(
            sid, number, arrival.opening, playhead_s=arrival.playhead_s, now_ms=now_ms, rule=self._rule_for(start),
            downloaded=downloaded,
        )  # fmt: skip

    def _schema(self, name: str) -> HttpResponse:
        validators = self.reader.validators
        schema = validators.schema(name)
        if schema is None:
            return answers.unknown_schema(name, validators.event_types)
        return answers.schema(schema)

    def _rule_for(self, start: Any) -> SessionRule | None:
        for rule, wanted in self._session_rules:
            if all(holds(condition, start) for condition in wanted):
                return rule
        return None
