"""One session of a player, in the hand of a test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from mockserver import control as c
from mockserver.errors import InvalidInput, VerificationFailed
from mockserver.media_server.arguments import query_of, refuse_in_loop, timeout_ms_of
from mockserver.media_server.judgement import assert_no_findings
from mockserver.media_server.own_thread import in_own_thread
from mockserver.model import results as r
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Entry
from mockserver.model.report import SessionReport
from mockserver.rules.alignment import align, as_expected
from mockserver.rules.sequence import expected_steps, seen_events
from mockserver.rules.sequence_text import SequenceCase, sequence_text
from mockserver.rules.transcript import short_sid
from mockserver.rules.verification import describe

if TYPE_CHECKING:
    from mockserver.media_server.media_server import MediaServer

__all__ = ["SessionHandle"]


class SessionHandle:
    """One session; everything is asked afresh.

    Args:
        server: Where it is.
        sid: The session id.
    """

    def __init__(self, server: MediaServer, sid: str) -> None:
        self._server = server
        self.sid = sid

    def __repr__(self) -> str:
        return f"<SessionHandle {short_sid(self.sid)}>"

    @property
    def view(self) -> r.SessionView:
        """The session as it is now."""
        return self._server.session(self.sid)

    @property
    def timeline(self) -> r.Timeline:
        """Its events in order of arrival and in order of processing."""
        return self._server.timeline(self.sid)

    @property
    def report(self) -> SessionReport:
        """What Adobe would have computed of it, for example ``session.report.content_time_spent_s``."""
        return self._server.report(self.sid)

    def events(self, **query: Any) -> list[Entry]:
        """Return its entries of the journal; see :meth:`MediaServer.events`."""
        return self._server.events(session_id=self.sid, **query)

    def findings(
        self, *, min_severity: Severity | str = Severity.INFO, code: str | Iterable[str] | None = None
    ) -> list[Finding]:
        """Return what is wrong with it, the worst first; see :meth:`MediaServer.findings`."""
        return self._server.findings(self.sid, min_severity=min_severity, code=code)

    def expire(self) -> r.SessionView:
        """Close it: its next event answers 410."""
        return self._server.expire(self.sid)

    def forget(self) -> r.SessionView:
        """Forget it: its next event answers 404."""
        return self._server.forget(self.sid)

    # Waiting

    def wait_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait until enough of its entries match; see :meth:`MediaServer.wait_for`."""
        __tracebackhide__ = True
        return self._server.wait_for(at_least=at_least, timeout_s=timeout_s, session_id=self.sid, **query)

    async def await_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait as :meth:`wait_for` does, without blocking the running loop."""
        return await self._server.await_for(at_least=at_least, timeout_s=timeout_s, session_id=self.sid, **query)

    def wait_for_silence(self, *, for_s: float, timeout_s: float = 30, **query: Any) -> None:
        """Wait until nothing that matches has come for a while: that a paused player stops to ping, for example.

        Args:
            for_s: For how many seconds of the emulated clock, counted from the last entry that matches or from this
                call, whichever is later. On a frozen clock another thread must advance it.
            timeout_s: How long to wait for that, in real seconds, at most 60.
            **query: What must not come, by the fields of a query: ``event_type="ping"``; anything if left out.

        Raises:
            VerificationFailed: It was not silent for so long; the text shows what came last.
            BlockingCallInLoop: A loop is running in this thread: use :meth:`await_for_silence`.
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
        wanted = query_of({**query, "session_id": self.sid})
        command = r.WaitCommand(query=wanted, timeout_ms=timeout_ms_of(timeout_s), silence_ms=round(for_s * 1000))
        if self._server.control.call(c.WAIT, command).satisfied:
            return
        seen = self._server.events(**{**query, "session_id": self.sid})
        last = "none ever came"
        if seen:
            ago_s = (self._server.clock.now_ms - seen[-1].at_ms) / 1000
            what = seen[-1].event_type or seen[-1].operation.value
            last = f"the last was #{seen[-1].seq} {what}, {ago_s:.3f} s ago on the emulated clock"
        raise VerificationFailed(
            f"waited {timeout_s:g} s for {for_s:g} s of the emulated clock without {describe(wanted)}: {last}"
        )

    # Judging

    def assert_sequence(
        self, *sequence: Any, allow_others: bool = False, order: Literal["processing", "arrival"] = "processing"
    ) -> None:
        """Assert that its accepted events are these, in this order, and no others.

        Args:
            *sequence: Event types, queries such as ``{"event_type": "adStart", "where": "/params/media.ad.id=a1"}``,
                :func:`~mockserver.any_number_of` and :func:`~mockserver.anything`.
            allow_others: Whether other events may lie between, before and after.
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
        assert_no_findings(self._server, self.sid, min_severity, ignore)
