"""Listing sessions: a page of those that are asked for."""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.control import SessionQuery
from mockserver.emulator.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput
from mockserver.model import results as r
from mockserver.model.finding import Severity
from mockserver.model.session import Session
from mockserver.model.vocabulary import Phase
from mockserver.operations.namespace import session_view
from mockserver.rules.diagnose.run import by_severity
from mockserver.rules.match import check_page

__all__ = ["sessions"]


def sessions(emulator: Emulator, query: SessionQuery) -> r.SessionPage:
    """List sessions, newest last."""
    check_page(query.since, query.limit)
    if query.before is not None and query.before < 0:
        raise InvalidInput(f"before must be 0 or more, not {query.before}", pointer="/before")
    with emulator.lock:
        known, evicted = tuple(emulator.sessions), emulator.sessions.evicted
    # Every session is a record that never changes, so that the players need not wait while all are looked at.
    matching = [session for session in known if _matches(emulator, session, query)]
    chosen = [session for session in matching if session.number > query.since]
    if query.before is None:
        page = chosen[: query.limit]
        following = page[-1].number if len(page) < len(chosen) else None
    else:
        chosen = [session for session in chosen if session.number < query.before]
        page = chosen[-query.limit :]
        following = page[0].number if len(page) < len(chosen) else None
    views = [session_view(emulator, session) for session in page]
    if query.findings:
        diagnosis = Diagnosis(emulator)
        views = [replace(view, findings=_counted(diagnosis, view.sid)) for view in views]
    return r.SessionPage(sessions=views, meta=r.Meta(total=len(matching), evicted=evicted, next=following))


def _matches(emulator: Emulator, session: Session, query: SessionQuery) -> bool:
    if query.phase is not None:
        wanted = (query.phase,) if isinstance(query.phase, Phase) else query.phase
        if emulator.refreshed(session).phase not in wanted:
            return False
    if not query.q:
        return True
    content, text = session.content, query.q.casefold()
    texts = (session.sid, content.media_id, content.media_name, content.player_name, content.library_version)
    return any(text in known.casefold() for known in texts if known is not None)


def _counted(diagnosis: Diagnosis, sid: str) -> dict[str, int]:
    return {severity.value: 0 for severity in Severity} | by_severity(diagnosis.own_findings(sid))
