"""Looks for sessions and requests of a namespace by a search; the terms are those of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mockserver.admin.diagnosis import Diagnosis
from mockserver.control import EventQuery, SessionQuery
from mockserver.model.finding import Finding
from mockserver.model.journal import Record
from mockserver.model.session import Content, Session
from mockserver.namespaces import Namespace
from mockserver.rules.lifecycle import expire
from mockserver.rules.search import Request, Term, found_in_findings, found_in_request, found_in_session, parse_search

__all__ = ["Search"]

_NOBODY = Content()


class Search:
    """Decides what a query with a search finds, by the state of a namespace at one time.

    Args:
        namespace: Where to look.
        query: What to look for.

    Raises:
        InvalidInput: The search cannot be read.
    """

    def __init__(self, namespace: Namespace, query: EventQuery | SessionQuery) -> None:
        self.terms = parse_search(query.q, query.finding, query.min_severity)
        self._namespace = namespace
        self._sessions: dict[str, Session] = {}
        self._by_seq: dict[int, list[Finding]] = {}
        self._by_session: dict[str | None, list[Finding]] = {}
        if not self.terms:
            return
        with namespace as emulator:
            self._facts = emulator.journal.facts
            known, back_end, now_ms = tuple(emulator.sessions), emulator.back_end, emulator.clock.now_ms()
        self._sessions = {one.sid: expire(one, now_ms, back_end.limits_of(one)) for one in known}
        if any(term.about_findings for term in self.terms):
            for finding in Diagnosis(namespace).findings():
                self._by_session.setdefault(finding.session_id, []).append(finding)
                for seq in finding.seqs:
                    self._by_seq.setdefault(seq, []).append(finding)

    def finds(self, seq: int, record: Record) -> bool:
        """Return whether an entry is found."""
        request = self._request(seq, record)
        return all(found_in_request(term, request) is not term.excludes for term in self.terms)

    def found(self, sessions: Sequence[Session]) -> list[Session]:
        """Return the sessions that are found: each term holds for the session or for any of its requests."""
        left = list(sessions)
        for term in self.terms:
            having = self._having(term, left)
            left = [one for one in left if (one.sid in having) is not term.excludes]
        return left

    def shown_finding(self, findings: Sequence[Finding]) -> Finding | None:
        """Return the first finding that the search is about; if it is about none, the first one."""
        asked = [term for term in self.terms if term.name == "finding" and not term.excludes]
        meant = (one for one in findings if any(found_in_findings(term, [one]) for term in asked))
        return next(meant, findings[0] if findings else None)

    def _having(self, term: Term, sessions: Iterable[Session]) -> set[str]:
        """Return the ids of the sessions that have what a term is about."""
        found: set[str] = set()
        unsure: set[str] = set()
        for one in sessions:
            shown = self._sessions.get(one.sid, one)
            own = found_in_session(term, one.sid, one.content, shown.phase, self._by_session.get(one.sid, ()))
            (found if own else unsure).add(one.sid)
        if not (term.about_requests and unsure):
            return found
        with self._namespace as emulator:
            records = emulator.journal.everything()
        for seq, record in records:
            sid = record.session_id
            if sid in unsure and found_in_request(term, self._request(seq, record)):
                unsure.remove(sid)
                found.add(sid)
        return found

    def _request(self, seq: int, record: Record) -> Request:
        session = self._sessions.get(record.session_id or "")
        content, phase = (_NOBODY, None) if session is None else (session.content, session.phase)
        return Request(self._facts(record), record.body, content, phase, self._by_seq.get(seq, ()))
