"""Finding the session a test means, as soon as a player has opened it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from mockserver import control as c
from mockserver.errors import VerificationFailed
from mockserver.model import results as r
from mockserver.model.query import Query
from mockserver.model.vocabulary import Phase
from mockserver.rules.transcript import plain, session_line

if TYPE_CHECKING:
    from mockserver.media_server.media_server import MediaServer

__all__ = ["SessionFilter", "find_session"]

_MOST_SHOWN = 10


class SessionFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session is meant; all that is given must hold.

    Args:
        session_id: The session id.
        media_id: ``media.id`` of its sessionStart.
        phase: Where it is in its life.
        content_type: ``media.contentType``.
        player_name: ``media.playerName``.
    """

    session_id: str | None = None
    media_id: str | None = None
    phase: Phase | None = None
    content_type: str | None = None
    player_name: str | None = None

    def __str__(self) -> str:
        given = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return " ".join(f"{name}={getattr(value, 'value', value)}" for name, value in given if value is not None)

    def means(self, session: r.SessionView) -> bool:
        """Tell whether a session is meant."""
        content = session.content
        pairs = (
            (self.session_id, session.session_id),
            (self.media_id, content.media_id),
            (self.phase, session.phase),
            (self.content_type, content.content_type),
            (self.player_name, content.player_name),
        )
        return all(wanted is None or wanted == actual for wanted, actual in pairs)


def find_session(server: MediaServer, wanted: SessionFilter, timeout_s: float) -> r.SessionView:
    """Return the newest session that is meant, as soon as there is one.

    It looks again with every request that is recorded, and once more when the time is over: what a command or the clock
    does to a session is seen then.

    Args:
        timeout_s: How long to wait, in real seconds.

    Raises:
        VerificationFailed: There is none in time; the text shows which there are.
    """
    __tracebackhide__ = True
    end_s = time.monotonic() + timeout_s
    waiting = True
    while True:
        journal = server.control.call(c.EVENTS, Query(limit=1)).meta
        sessions = server.sessions()
        for session in reversed(sessions):
            if wanted.means(session):
                return session
        if not waiting:
            raise VerificationFailed(_message(wanted, sessions, timeout_s))
        left_ms = max(0, round((end_s - time.monotonic()) * 1000))
        news = Query(since=journal.evicted + journal.total, limit=1)
        waiting = left_ms > 0 and server.control.call(c.WAIT, r.WaitCommand(query=news, timeout_ms=left_ms)).satisfied


def _message(wanted: SessionFilter, sessions: list[r.SessionView], timeout_s: float) -> str:
    what = f"a session with {plain(str(wanted))}" if str(wanted) else "a session"
    lines = [
        f"waited {timeout_s:g} s for {what}; there {'is' if len(sessions) == 1 else 'are'} {len(sessions) or 'none'}"
    ]
    lines += [f"  {_told(session)}" for session in reversed(sessions[-_MOST_SHOWN:])]
    if len(sessions) > _MOST_SHOWN:
        lines.append(f"  ... {len(sessions) - _MOST_SHOWN} older ...")
    return "\n".join(lines)


def _told(session: r.SessionView) -> str:
    content = session.content
    more = (("content_type", content.content_type), ("player_name", content.player_name))
    return session_line(session) + "".join(f", {name}={plain(value, 60)}" for name, value in more if value is not None)
