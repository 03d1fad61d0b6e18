"""The sessions of one namespace, bounded: the oldest closed ones are dropped first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from msgspec.structs import astuple

from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.session import Session
from mockserver.model.vocabulary import Phase

__all__ = ["SessionStore"]

_EVENT_TYPES: dict[str | None, str] = {event_type: event_type for event_type in EVENT_TYPES}
"""Only these are counted, because clients may send any number of other words."""


_SESSION_BYTES = 1_100
"""What a session costs without the texts of its content: record, numbers, id, counts of events, places in tables."""


class SessionStore:
    """Sessions by id, in order of opening.

    Args:
        max_sessions: Most sessions remembered.
    """

    def __init__(self, max_sessions: int) -> None:
        self.max_sessions = max_sessions
        self.clear()

    @property
    def contents(self) -> tuple[Any, ...]:
        """The containers that are large if there are many sessions. After :meth:`clear` it has others."""
        return self._sessions, self._arrivals

    def clear(self) -> None:
        """Forget all sessions, and count them from 1 again."""
        self._sessions: dict[str, Session] = {}
        self._arrivals: dict[str, dict[str | None, int]] = {}
        """For each session, how many events of each type have arrived."""
        self.opened = 0
        """How many sessions were opened in all, which is the number of the last one."""
        self.evicted = 0
        self._fruitless = 0
        """How many times not to look for closed sessions, because there were none a moment ago."""
        self.size_bytes = 0
        """The estimated size of the sessions."""

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
        """Save a session that is known already."""
        self._sessions[session.sid] = session

    def add(self, session: Session, refreshed: Callable[[Session], Session]) -> None:
        """Save a new session; make room first if needed.

        Args:
            refreshed: Returns a session with its timeouts applied, so that one past its deadline counts as closed.
        """
        if len(self._sessions) >= self.max_sessions:
            # Drop a batch, so that one pass over all sessions serves many openings.
            surplus = len(self._sessions) - self.max_sessions + 1
            self._drop(surplus, self.max_sessions // 64, refreshed)
        self.opened = max(self.opened, session.number)
        self._sessions[session.sid] = session
        self._arrivals[session.sid] = {}
        self.size_bytes += _cost(session)

    def arrived(self, sid: str, event_type: str | None) -> int | None:
        """Count an event that has arrived for a session, whatever its outcome.

        Returns:
            Its number among the events of its type and session, from 1; None for an unknown session or event type.
        """
        arrivals = self._arrivals.get(sid)
        if arrivals is None:
            return None
        nth = arrivals.get(event_type, 0) + 1
        if nth == 1:
            event_type = _EVENT_TYPES.get(event_type)
            if event_type is None:
                return None
        arrivals[event_type] = nth
        return nth

    def update_all(self, changed: Callable[[Session], Session]) -> None:
        """Replace every session by what ``changed`` returns for it."""
        for sid, session in self._sessions.items():
            after = changed(session)
            if after is not session:
                self._sessions[sid] = after

    def shrink(self, to_bytes: int, refreshed: Callable[[Session], Session]) -> None:
        """Drop sessions, the oldest closed ones first, until they take no more than ``to_bytes``.

        Args:
            refreshed: As for :meth:`add`.
        """
        while self._sessions and self.size_bytes > to_bytes:
            count = len(self._sessions)
            too_many = -(-(self.size_bytes - to_bytes) * count // self.size_bytes)  # if all have the same size
            self._drop(min(count, too_many), 0, refreshed)

    def _drop(self, surplus: int, welcome: int, refreshed: Callable[[Session], Session]) -> None:
        """Drop ``surplus`` sessions, or up to ``welcome`` if so many are closed."""
        live = (Phase.OPEN, Phase.COMPLETED)
        doomed: list[str] = []
        if self._fruitless:
            self._fruitless -= 1
        else:
            closed = (sid for sid, session in self._sessions.items() if refreshed(session).phase not in live)
            doomed = list(islice(closed, max(surplus, welcome)))
            self._fruitless = 0 if doomed else welcome
        if len(doomed) < surplus:
            gone = frozenset(doomed)
            doomed.extend(islice((sid for sid in self._sessions if sid not in gone), surplus - len(doomed)))
        for sid in doomed:
            self.size_bytes -= _cost(self._sessions.pop(sid))
            del self._arrivals[sid]
        self.evicted += len(doomed)


def _cost(session: Session) -> int:
    # Texts, which take up to four bytes for a character; they stay the same as long as a session lives.
    return _SESSION_BYTES + sum(sys.getsizeof(text) for text in astuple(session.content) if text is not None)
