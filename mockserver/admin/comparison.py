"""Comparing two sessions of a namespace."""

from __future__ import annotations

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.sessions import session
from mockserver.control import ComparisonQuery
from mockserver.errors import InvalidInput
from mockserver.model.comparison import SessionComparison, Tolerance
from mockserver.namespaces import Target
from mockserver.rules.comparison.sessions import Watched, compare_sessions

__all__ = ["comparison"]


def comparison(target: Target, query: ComparisonQuery, sid: str) -> SessionComparison:
    """Return what differs between two sessions.

    Raises:
        NotFound: There is no such session.
        InvalidInput: ``seconds`` is not valid.
    """
    if not 0 <= query.seconds < float("inf"):
        raise InvalidInput("must be a number of seconds, at least 0", pointer="/seconds")
    ignore = (query.ignore,) if isinstance(query.ignore, str) else query.ignore
    before, after = (_watched(target, each) for each in (sid, query.after))
    return compare_sessions(before, after, Tolerance(seconds=query.seconds, volatile=query.volatile, ignore=ignore))


def _watched(target: Target, sid: str) -> Watched:
    view = session(target, None, sid)
    diagnosis = Diagnosis(target.namespace)
    return Watched(view, diagnosis.processed(sid), diagnosis.report(sid), diagnosis.session_findings(sid))
