"""One session of a player, for tests, and finding it as soon as the player opens it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, VerificationFailed
from mockserver.media_server import comparing, questions
from mockserver.media_server.blocking import in_own_thread, refuse_in_loop, timeout_ms_of
from mockserver.model import results as r
from mockserver.model.comparison import Change
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.report import SessionReport
from mockserver.model.vocabulary import Phase
from mockserver.rules.alignment import align, as_expected
from mockserver.rules.comparison.sessions import compare_sessions
from mockserver.rules.sequence import expected_steps, seen_events
from mockserver.rules.sequence_text import SequenceCase, sequence_text
from mockserver.rules.transcript import printable, session_line, short_sid
from mockserver.rules.verification import describe
from mockserver.wire.codec import convert, to_builtins

__all__ = ["SessionHandle", "find_session"]

_MOST_SHOWN = 10
"""The most sessions that a failed search lists."""


class SessionHandle:
    """One session. Every call asks the server again.

    Args:
        sid: The session id.
    """

    def __init__(self, control: Control, sid: str) -> None:
        self._control = control
        self.sid = sid

    def __repr__(self) -> str:
        return f"<SessionHandle {short_sid(self.sid)}>"

    @property
    def view(self) -> r.SessionView:
        """The session as it is now."""
        return self._control.call(c.SESSION, None, sid=self.sid)

    @property
    def timeline(self) -> r.Timeline:
        """Its events in order of arrival and in order of processing."""
        return self._control.call(c.TIMELINE, None, sid=self.sid)

    @property
    def report(self) -> SessionReport:
        """What Adobe would have computed from it, for example ``session.report.content_time_spent_s``."""
        return self._control.call(c.REPORT, None, sid=self.sid)

    def events(self, **query: Any) -> list[Entry]:
        """Return its journal entries; see :meth:`MediaServer.events`."""
        return questions.entries(self._control, self._own(query))

    def findings(
        self, *, min_severity: Severity | str = Severity.INFO, code: str | Iterable[str] | None = None
    ) -> list[Finding]:
        """Return what is wrong with it, worst first; see :meth:`MediaServer.findings`."""
        return questions.findings(self._control, self.sid, min_severity, code)

    def changes_to(self, other: SessionHandle, **tolerance: Any) -> list[Change]:
        """Compare it with another session of the same viewing, even if that was reported to the other API.

        Args:
            other: The session after the change of the player.
            **tolerance: What does not count: ``seconds`` between times and playheads, 2 by default; ``ignore``, names
                of keys, event types, metrics and findings, where ``*`` stands for any text; ``volatile=True`` if ids of
                the viewer, versions and measured values count too.

        Returns:
            Events that are missing or new, keys, playheads and times that differ, how often pings came, what reports
            would show differently, and findings. ``str()`` of each is a line of text.
        """
        before, after = (comparing.watched(session._control, session.sid) for session in (self, other))
        return [*compare_sessions(before, after, comparing.tolerance_of(tolerance)).changes]

    def expire(self) -> r.SessionView:
        """Close it: its next event is answered with 410."""
        return self._control.call(c.EXPIRE, None, sid=self.sid)

    def forget(self) -> r.SessionView:
        """Forget it: its next event is answered with 404."""
        return self._control.call(c.FORGET, None, sid=self.sid)

    # Waiting

    def wait_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait until enough of its entries match; see :meth:`MediaServer.wait_for`."""
        __tracebackhide__ = True
        refuse_in_loop("wait_for", "await_for")
        return questions.wait_for(self._control, at_least, timeout_s, self._own(query))

    async def await_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait as :meth:`wait_for` does, without blocking the running loop."""
        __tracebackhide__ = True
        return await in_own_thread(questions.wait_for, self._control, at_least, timeout_s, self._own(query))

    def wait_for_silence(self, *, for_s: float, timeout_s: float = 30, **query: Any) -> None:
        """Wait until no matching request has arrived for a while; for example, a paused player should stop pinging.

        Args:
            for_s: How long, in seconds of the emulated clock, counted from the last matching entry or from this call,
                whichever is later. If the clock is frozen, another thread must advance it.
            timeout_s: How long to wait, in real seconds, at most 60.
            **query: The requests that must not arrive, by the fields of a query: ``event_type="ping"``; by default any.

        Raises:
            VerificationFailed: There was no such silence; the message shows the last request.
            BlockingCallInLoop: An event loop is running in this thread: use :meth:`await_for_silence`.
        """
        __tracebackhide__ = True
        refuse_in_loop("wait_for_silence", "await_for_silence")
        self._wait_for_silence(for_s, timeout_s, query)

    async def await_for_silence(self, *, for_s: float, timeout_s: float = 30, **query: Any) -> None:
        """Wait as :meth:`wait_for_silence` does, without blocking the running loop."""
        __tracebackhide__ = True
        await in_own_thread(self._wait_for_silence, for_s, timeout_s, query)

    def _wait_for_silence(self, for_s: float, timeout_s: float, query: dict[str, Any]) -> None:
        __tracebackhide__ = True
        if not 0 < for_s <= 1e9:
            raise InvalidInput(f"for_s must be a number of seconds, more than 0, not {for_s:g}", pointer="/for_s")
        wanted = questions.query_of(self._own(query))
        command = r.WaitCommand(query=wanted, timeout_ms=timeout_ms_of(timeout_s), silence_ms=round(for_s * 1000))
        if self._control.call(c.WAIT, command).satisfied:
            return
        seen = self.events(**query)
        last = "none ever arrived"
        if seen:
            ago_s = (self._control.call(c.CLOCK, None).now_ms - seen[-1].at_ms) / 1000
            what = seen[-1].event_type or seen[-1].operation.value
            last = f"the last was #{seen[-1].seq} {what}, {ago_s:.3f} s ago on the emulated clock"
        raise VerificationFailed(
            f"waited {timeout_s:g} s for {for_s:g} s of the emulated clock without {describe(wanted)}: {last}"
        )

    # Judging

    def assert_sequence(
        self, *sequence: Any, allow_others: bool = False, order: Literal["processing", "arrival"] = "processing"
    ) -> None:
        """Assert that its accepted events are exactly these, in this order.

        Args:
            *sequence: Event types, queries such as ``{"event_type": "adStart", "where": "/params/media.ad.id=a1"}``,
                :func:`~mockserver.any_number_of` and :func:`~mockserver.anything`.
            allow_others: Whether other events may come before, between and after.
            order: ``processing``, as the back end sorts them, or ``arrival``.

        Raises:
            VerificationFailed: They are not; the text shows expected and seen side by side, what came nearest and the
                findings about the session.
            InvalidInput: A step cannot be used.
        """
        __tracebackhide__ = True
        steps = expected_steps(sequence)
        if order not in ("processing", "arrival"):
            raise InvalidInput(f"order is processing or arrival, not {order!r}", pointer="/order")
        timeline = self.timeline
        entries = {entry.seq: entry for entry in self.events()}
        arrived = seen_events(timeline.arrival, entries)
        if order == "processing":
            accepted = seen_events(timeline.processing, entries)
        else:
            accepted = [event for event in arrived if event.accepted]
        lines = align(steps, accepted, allow_others=allow_others)
        if as_expected(lines):
            return
        refused = [event for event in arrived if not event.accepted]
        case = SequenceCase(
            self.view, steps, accepted, lines, refused, self.findings(), order, timeline.journal_complete
        )
        raise VerificationFailed(sequence_text(case))

    def assert_no_findings(
        self, min_severity: Severity | str = Severity.WARNING, *, ignore: str | Iterable[str] = ()
    ) -> None:
        """Assert that nothing is wrong with it; see :meth:`MediaServer.assert_no_findings`."""
        __tracebackhide__ = True
        questions.assert_no_findings(self._control, self.sid, min_severity, ignore)

    def _own(self, query: Mapping[str, Any]) -> dict[str, Any]:
        return {**query, "session_id": self.sid}


class _Criteria(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The criteria of a session; all that are given must match.

    Args:
        session_id: The session id.
        media_id: ``media.id`` of its sessionStart.
        phase: Its phase.
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

    def is_met_by(self, session: r.SessionView) -> bool:
        """Return whether a session matches."""
        content = session.content
        pairs = (
            (self.session_id, session.session_id),
            (self.media_id, content.media_id),
            (self.phase, session.phase),
            (self.content_type, content.content_type),
            (self.player_name, content.player_name),
        )
        return all(wanted is None or wanted == actual for wanted, actual in pairs)


def find_session(control: Control, wanted: Mapping[str, Any], timeout_s: float) -> SessionHandle:
    """Wait in this thread for a session that matches, and return the newest one.

    It checks again with every recorded request, and once more when the time is up, to notice changes made by a command
    or by the clock.

    Args:
        wanted: Members of its content, its phase or its id; all must match.
        timeout_s: How long to wait, in real seconds, at most 60.

    Raises:
        VerificationFailed: There was none in time; the message lists the sessions there are.
        InvalidInput: A keyword or value is not valid.
    """
    __tracebackhide__ = True
    timeout_ms_of(timeout_s)
    criteria = convert(to_builtins(wanted), _Criteria)
    end_s = time.monotonic() + timeout_s
    waiting = True
    while True:
        newest = questions.newest_seq(control)
        sessions = questions.sessions(control)
        for session in reversed(sessions):
            if criteria.is_met_by(session):
                return SessionHandle(control, session.session_id)
        if not waiting:
            raise VerificationFailed(_message(criteria, sessions, timeout_s))
        left_ms = max(0, round((end_s - time.monotonic()) * 1000))
        news = Query(since=newest, limit=1)
        waiting = left_ms > 0 and control.call(c.WAIT, r.WaitCommand(query=news, timeout_ms=left_ms)).satisfied


def _message(criteria: _Criteria, sessions: list[r.SessionView], timeout_s: float) -> str:
    what = f"a session with {printable(str(criteria))}" if str(criteria) else "a session"
    lines = [
        f"waited {timeout_s:g} s for {what}; there {'is' if len(sessions) == 1 else 'are'} {len(sessions) or 'none'}"
    ]
    lines += [f"  {_described(session)}" for session in reversed(sessions[-_MOST_SHOWN:])]
    if len(sessions) > _MOST_SHOWN:
        lines.append(f"  ... {len(sessions) - _MOST_SHOWN} older ...")
    return "\n".join(lines)


def _described(session: r.SessionView) -> str:
    content = session.content
    more = (("content_type", content.content_type), ("player_name", content.player_name))
    return session_line(session) + "".join(
        f", {name}={printable(value, 60)}" for name, value in more if value is not None
    )
