"""The sessions of one namespace, bounded: the oldest closed ones are dropped first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from mockserver.model.session import Session
from mockserver.model.vocabulary import Phase

__all__ = ["SessionStore"]


class SessionStore:
    """Sessions by id, in order of opening.

    Args:
        max_sessions: How many are remembered.
    """

    def __init__(self, max_sessions: int) -> None:
        self.max_sessions = max_sessions
        self.clear()

    def clear(self) -> None:
        """Forget all sessions, and count them from 1 again."""
        self._sessions: dict[str, Session] = {}
        self.opened = 0
        """How many were ever opened; the number of the last one."""
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def __contains__(self, sid: object) -> bool:
        return sid in self._sessions

    def get(self, sid: str) -> Session | None:
        """Return a session as it was last saved."""
        return self._sessions.get(sid)

    def save(self, session: Session) -> None:
        """Keep a session that is known already."""
        self._sessions[session.sid] = session

    def add(self, session: Session, refreshed: Callable[[Session], Session]) -> None:
        """Keep a new session; make room first if need be.

        Args:
            refreshed: Gives a session as time has left it, so that one whose deadline has passed counts as closed.
        """
        if len(self._sessions) >= self.max_sessions:
            self._make_room(refreshed)
        self.opened = max(self.opened, session.number)
        self._sessions[session.sid] = session

    def update_all(self, refreshed: Callable[[Session], Session]) -> None:
        """Save every session as time has left it."""
        for sid, session in self._sessions.items():
            after = refreshed(session)
            if after is not session:
                self._sessions[sid] = after

    def _make_room(self, refreshed: Callable[[Session], Session]) -> None:
        """Drop a batch, so that one walk over all sessions serves many openings."""
        surplus = len(self._sessions) - self.max_sessions + 1
        live = (Phase.OPEN, Phase.COMPLETED)
        closed = [sid for sid, session in self._sessions.items() if refreshed(session).phase not in live]
        doomed = closed[: max(surplus, self.max_sessions // 64)]
        if len(doomed) < surplus:
            gone = frozenset(doomed)
            doomed.extend(islice((sid for sid in self._sessions if sid not in gone), surplus - len(doomed)))
        for sid in doomed:
            del self._sessions[sid]
        self.evicted += len(doomed)
