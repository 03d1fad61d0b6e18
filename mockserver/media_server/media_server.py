"""The methods of a server for tests, wherever it runs."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, VerificationFailed
from mockserver.media_server import questions
from mockserver.media_server.blocking import in_own_thread, refuse_in_loop, timeout_ms_of
from mockserver.media_server.controls import FaultSet, PlayerSet, ServerClock
from mockserver.media_server.edge_address import edge_address
from mockserver.media_server.golden_recordings import GoldenRecordings
from mockserver.media_server.session_handle import SessionHandle, find_session
from mockserver.media_server.story_set import StorySet
from mockserver.model import results as r
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Entry
from mockserver.model.plan_result import PlanResult
from mockserver.model.query import Query
from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from mockserver.model.tracking_plan import TrackingPlan
from mockserver.model.vocabulary import Phase
from mockserver.wire.codec import convert, to_builtins

__all__ = ["MediaServer", "settings_members"]


class MediaServer:
    """A server as a test uses it.

    Args:
        url: The base URL for players, without trailing slash; ``/api/v1/sessions`` follows. Left out if the test knows
            it anyway, as with pytest-aiohttp's ``aiohttp_client``.
        host: The same for clients that take only a host and a port.
    """

    def __init__(self, control: Control, *, url: str = "", host: str = "") -> None:
        self.control = control
        self.url = url
        self.host = host
        self.clock = ServerClock(control)
        self.faults = FaultSet(control)
        self.stories = StorySet(control)
        self.players = PlayerSet(control)
        self.golden = GoldenRecordings(control)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url or 'not started'}>"

    # TLS

    @property
    def ca_pem(self) -> str:
        """The CA certificate that clients must trust, as PEM.

        Raises:
            NotFound: The server has no CA: it was started without ``--tls``.
        """
        return b"".join(piece for piece in self.control.call(c.CA, None)).decode("ascii")

    def ssl_context(self) -> ssl.SSLContext:
        """Return a client context that trusts only the CA of this server."""
        return ssl.create_default_context(cadata=self.ca_pem)

    # Clients of the Media Edge API

    @property
    def edge_domain(self) -> str:
        """The domain for clients that take no port and always use https, such as alloy's ``edgeDomain``.

        A browser finds the port by :attr:`edge_chromium_args`.

        Raises:
            InvalidInput: The server speaks plain http, has no address yet, or one that no such client takes.
        """
        return edge_address(self.url, self.host).domain

    @property
    def edge_chromium_args(self) -> list[str]:
        """The arguments of Chromium with which a page finds this server at :attr:`edge_domain` and at Adobe's domains.

        For a namespace, Adobe's domains are not found at all: nothing in their requests could name the namespace.

        Raises:
            InvalidInput: As for :attr:`edge_domain`.
        """
        return edge_address(self.url, self.host).chromium_args()

    # Journal

    def events(self, **query: Any) -> list[Entry]:
        """Return the matching journal entries: all, or the first ``limit``.

        Args:
            **query: The fields of a :class:`~mockserver.model.query.Query`, for example ``event_type="ping"``.

        Returns:
            The entries that are still in the journal; ``summary().evicted`` counts those dropped to stay within the
            limits.
        """
        return questions.entries(self.control, query)

    def count(self, **query: Any) -> int:
        """Count the matching entries that are still in the journal; see :meth:`events`.

        Entries dropped to stay within the limits do not count; ``verify(exactly=...)`` fails if there are any.
        """
        return self.control.call(c.COUNT, r.WaitCommand(query=questions.query_of(query))).count

    def wait_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait until enough entries match, and return at once when they do.

        Args:
            at_least: How many entries to wait for.
            timeout_s: How long to wait, in real seconds, at most 60.
            **query: See :meth:`events`.

        Returns:
            The matching entries.

        Raises:
            VerificationFailed: They did not arrive in time; the message shows what did.
            BlockingCallInLoop: An event loop is running in this thread: use :meth:`await_for`.
        """
        __tracebackhide__ = True
        refuse_in_loop("wait_for", "await_for")
        return questions.wait_for(self.control, at_least, timeout_s, query)

    async def await_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait as :meth:`wait_for` does, without blocking the running loop."""
        __tracebackhide__ = True
        return await in_own_thread(questions.wait_for, self.control, at_least, timeout_s, query)

    def verify(self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 0, **expected: Any) -> r.Verification:
        """Verify the number of entries, or that a sequence occurs in a session.

        Args:
            sequence: Event types or queries that must follow each other in a session; other events may come between.
            timeout_s: How long to wait, in real seconds, at most 60.
            **expected: ``exactly``, ``at_least`` or ``at_most``; also the fields of a query without a sequence, or
                ``order`` with one.

        Raises:
            VerificationFailed: It does not hold; the message shows the nearest entries. Also if ``exactly`` or
                ``at_most`` holds for the entries in the journal, but entries that could have matched were dropped to
                stay within the limits.
            BlockingCallInLoop: ``timeout_s`` is given while an event loop is running: use :meth:`await_verified`.
        """
        __tracebackhide__ = True
        if timeout_s:
            refuse_in_loop("verify with timeout_s", "await_verified")
        return _verified(self.verification(sequence, timeout_s=timeout_s, **expected), expected)

    async def await_verified(
        self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 5, **expected: Any
    ) -> r.Verification:
        """Verify as :meth:`verify` does, without blocking the running loop.

        It waits 5 seconds by default. ``exactly`` and ``at_most`` are judged when the time is up, so choose a suitable
        ``timeout_s`` for them; 0 judges at once.
        """
        __tracebackhide__ = True
        return _verified(await in_own_thread(self.verification, sequence, timeout_s=timeout_s, **expected), expected)

    def verification(
        self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 0, **expected: Any
    ) -> r.Verification:
        """Return the result that :meth:`verify` checks, without raising."""
        numbers = {name: expected.pop(name) for name in ("exactly", "at_least", "at_most", "order") if name in expected}
        what = {"query": questions.query_of(expected)} if sequence is None else {"sequence": _steps(sequence, expected)}
        members = to_builtins({**what, **numbers, "timeout_ms": timeout_ms_of(timeout_s)})
        return self.control.call(c.VERIFY, convert(members, r.VerifyCommand))

    def transcript(self) -> str:
        """Return the requests as text, session by session; of a long journal, the newest 10,000."""
        return questions.transcript_of(self.control)

    def summary(self) -> r.Summary:
        """Return counts of the requests and sessions."""
        return self.control.call(c.SUMMARY, None)

    def export(self) -> bytes:
        """Return the journal as a file with one entry per line."""
        chunks: c.Chunks = self.control.call(c.EXPORT, c.ExportQuery())
        return b"".join(chunks)

    def load(self, recording: str | PathLike[str]) -> r.ImportResult:
        """Add a recording, as if the server had received it, at the times of the recording.

        Args:
            recording: A file: an exported journal, an HTTP archive (HAR) of a browser or a proxy, lines of requests, or
                bare events; the content decides which.

        Raises:
            InvalidInput: It cannot be read or used, or a session of it is there already: reset first, or load it into
                another namespace.
            Refused: It does not fit into the limits of the server. Nothing is dropped to make room.
        """
        return questions.load(self.control, recording)

    # Sessions

    def sessions(self) -> list[r.SessionView]:
        """Return all sessions, newest last."""
        return questions.sessions(self.control)

    def session(self, sid: str) -> r.SessionView:
        """Return one session.

        Raises:
            NotFound: There is no session with that id.
        """
        return self.control.call(c.SESSION, None, sid=sid)

    def wait_for_session(self, *, timeout_s: float = 5, **wanted: Any) -> SessionHandle:
        """Wait for a session that matches, and return the newest one.

        It returns as soon as the request that opens the session arrives. A change made by a command or by the clock
        alone, as with ``phase="closed"``, is noticed with the next request or when the time is up.

        Args:
            timeout_s: How long to wait, in real seconds, at most 60.
            **wanted: ``media_id content_type player_name`` of its sessionStart, ``phase``, ``session_id``; any session
                matches if nothing is given.

        Raises:
            VerificationFailed: There was none in time; the message lists the sessions there are.
            InvalidInput: A keyword or value is not valid.
            BlockingCallInLoop: An event loop is running in this thread: use :meth:`await_for_session`.
        """
        __tracebackhide__ = True
        refuse_in_loop("wait_for_session", "await_for_session")
        return find_session(self.control, wanted, timeout_s)

    async def await_for_session(self, *, timeout_s: float = 5, **wanted: Any) -> SessionHandle:
        """Wait as :meth:`wait_for_session` does, without blocking the running loop."""
        __tracebackhide__ = True
        return await in_own_thread(find_session, self.control, wanted, timeout_s)

    def timeline(self, sid: str) -> r.Timeline:
        """Return the events of a session in order of arrival and in order of processing."""
        return self.control.call(c.TIMELINE, None, sid=sid)

    def findings(
        self,
        session_id: str | None = None,
        *,
        min_severity: Severity | str = Severity.INFO,
        code: str | Iterable[str] | None = None,
    ) -> list[Finding]:
        """Return what is wrong with the traffic although the API accepted it, worst first.

        Args:
            session_id: Only findings about this session.
            min_severity: ``error``, ``warning`` or ``info``: only findings of this severity or worse.
            code: Only findings of these rules.
        """
        return questions.findings(self.control, session_id, min_severity, code)

    def assert_no_findings(
        self, min_severity: Severity | str = Severity.WARNING, *, ignore: str | Iterable[str] = ()
    ) -> None:
        """Assert that nothing is wrong with the traffic.

        Args:
            min_severity: ``error``, ``warning`` or ``info``: less severe findings do not count.
            ignore: Codes of rules to ignore, for example ``{"ping.gap"}``.

        Raises:
            VerificationFailed: There are findings; the message shows them with the entries concerned. Also if there
                are none, but entries that could have some were dropped to stay within the limits. Then ask about one
                session whose sessionStart is still in the journal: ``wait_for_session(...).assert_no_findings()``.
            InvalidInput: ``min_severity`` or a code does not exist.
        """
        __tracebackhide__ = True
        questions.assert_no_findings(self.control, None, min_severity, ignore)

    def assert_same_as(
        self, recording: str | PathLike[str], *, session_id: str | None = None, **tolerance: Any
    ) -> None:
        """Assert that the player reports what it reported when a recording was made.

        Sessions correspond by content and order, events by meaning. Ids, versions, times of day and measured values do
        not count. With ``pytest --media-server-rewrite`` the recording is written if it does not exist or differs.

        Args:
            recording: A file in any format; in a test with the pytest plugin, relative to the folder of the test.
            session_id: Compare only this session.
            **tolerance: What else does not count: ``seconds`` between times and playheads, 2 by default; ``ignore``,
                names of keys, event types, metrics and findings, where ``*`` stands for any text; ``volatile=True`` if
                ids, versions and measured values do count.

        Raises:
            VerificationFailed: Something differs, or there is no such recording; the message shows every difference.
            InvalidInput: A keyword is not valid.
        """
        __tracebackhide__ = True
        self.golden.assert_same(recording, session_id, tolerance)

    def plan_result(self, plan: TrackingPlan | Mapping[str, Any] | str | PathLike[str]) -> PlanResult:
        """Return whether the sessions so far follow a tracking plan, and what of it was tried.

        Args:
            plan: The path of a TOML file, in a test with the pytest plugin relative to the folder of the test; or a
                plan, or its members.

        Raises:
            InvalidInput: The file cannot be read, or the plan is not valid; the message names the line.
        """
        return questions.plan_result(self.control, self._placed(plan))

    def assert_follows(self, plan: TrackingPlan | Mapping[str, Any] | str | PathLike[str]) -> PlanResult:
        """Assert that the sessions so far follow a tracking plan.

        Args:
            plan: As for :meth:`plan_result`.

        Returns:
            The result, with the coverage.

        Raises:
            VerificationFailed: They do not, or none was recorded; the message shows every miss and what came nearest.
                Also if requests were dropped to stay within the limits.
            InvalidInput: As for :meth:`plan_result`.
        """
        __tracebackhide__ = True
        return questions.assert_follows(self.control, self._placed(plan))

    def _placed(self, plan: TrackingPlan | Mapping[str, Any] | str | PathLike[str]) -> Any:
        return self.golden.folder / plan if isinstance(plan, (str, PathLike)) else plan

    def report(self, sid: str) -> SessionReport:
        """Return what Adobe would have computed from a session, and why.

        Raises:
            NotFound: There is no session with that id.
        """
        return self.control.call(c.REPORT, None, sid=sid)

    def open_session(self, sid: str | None = None, *, phase: Phase | str = Phase.OPEN) -> r.SessionView:
        """Open a session without a client, or move a session to another phase."""
        command = convert(to_builtins({"sid": sid, "phase": phase}), r.SessionCommand)
        return self.control.call(c.PUT_SESSION, command)

    def expire(self, sid: str) -> r.SessionView:
        """Close a session: its next event is answered with 410."""
        return self.control.call(c.EXPIRE, None, sid=sid)

    def forget(self, sid: str) -> r.SessionView:
        """Forget a session: its next event is answered with 404."""
        return self.control.call(c.FORGET, None, sid=sid)

    # Settings

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self.control.call(c.SETTINGS, None)

    def configure(self, **changes: Any) -> Settings:
        """Change some settings, by the names of :class:`~mockserver.Settings`. They apply to open sessions at once.

        Raises:
            InvalidInput: A setting is not valid; nothing was changed.
        """
        return self.control.call(c.PATCH_SETTINGS, settings_members(changes))

    def reset(self, *only: str) -> r.Summary:
        """Go back to the state at the start, wholly or only in ``journal sessions faults clock settings`` as named."""
        command = convert({"only": list(only)} if only else {}, r.ResetCommand)
        return self.control.call(c.RESET, command)


def settings_members(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Convert settings from their Python names to the members of their JSON, where two names have a dot."""
    names = dict(zip(Settings.__struct_fields__, Settings.__struct_encode_fields__, strict=True))
    return {names.get(name, name): to_builtins(value) for name, value in changes.items()}


def _verified(verification: r.Verification, expected: Mapping[str, Any]) -> r.Verification:
    __tracebackhide__ = True
    if not verification.verified:
        raise VerificationFailed(verification.message)
    if not verification.journal_complete and any(expected.get(name) is not None for name in ("exactly", "at_most")):
        found = verification.message.removeprefix("verified: ")
        raise VerificationFailed(f"not verified, since dropped entries could have matched: {found}")
    return verification


def _steps(sequence: Iterable[Any], others: Mapping[str, Any]) -> list[Any]:
    """Return the steps of a sequence, checking that it is a list and that no other keywords are given.

    Raises:
        InvalidInput: It is not a list, or there are other keywords.
    """
    if isinstance(sequence, (str, Mapping, Query)):
        raise InvalidInput("a sequence is a list of event types or queries", pointer="/sequence")
    if others:
        raise InvalidInput(
            f"{next(iter(others))} cannot be combined with a sequence: put it into the steps, "
            'for example {"event_type": "ping", "status": 204}'
        )
    return list(sequence)
