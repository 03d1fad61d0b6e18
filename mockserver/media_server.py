"""A server as a test sees it: in the same process, or somewhere else, by the same methods."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mockserver import control as c
from mockserver.client import HttpControl
from mockserver.control import Control
from mockserver.errors import BlockingCallInLoop, ServerFailed, VerificationFailed
from mockserver.model import results as r
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.journal import Entry
from mockserver.model.query import MAX_LIMIT, Query
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Phase
from mockserver.rules.transcript import transcript
from mockserver.wire.codec import convert, to_builtins

if TYPE_CHECKING:
    from mockserver.server.options import ServerOptions
    from mockserver.server.runner import ServerThread
    from mockserver.server.site import Site

__all__ = ["ClockHand", "FaultHandle", "FaultSet", "MediaServer", "MockServer", "connect"]


class ClockHand:
    """Moves the emulated clock of a server.

    Args:
        control: Of which server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now_ms(self) -> int:
        """The emulated time in milliseconds since the epoch."""
        return self._control.call(c.CLOCK, None).now_ms

    @property
    def frozen(self) -> bool:
        """Whether the clock stands."""
        return self._control.call(c.CLOCK, None).frozen

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0, ms: float = 0) -> r.ClockReading:
        """Move the clock forward by the sum of the arguments."""
        total_ms = round(hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + ms)
        return self._command(r.ClockCommand(action="advance", ms=total_ms))

    def freeze(self) -> r.ClockReading:
        """Stop the clock."""
        return self._command(r.ClockCommand(action="freeze"))

    def resume(self) -> r.ClockReading:
        """Let a frozen clock run on."""
        return self._command(r.ClockCommand(action="resume"))

    def set(self, at_ms: int) -> r.ClockReading:
        """Set the clock to a time in milliseconds since the epoch, backwards too."""
        return self._command(r.ClockCommand(action="set", at_ms=at_ms))

    def rate(self, rate: float) -> r.ClockReading:
        """Set the speed: emulated seconds per real second."""
        return self._command(r.ClockCommand(action="rate", rate=rate))

    def follow_ts(self) -> r.ClockReading:
        """Let the clock jump forward to the ``ts`` of every accepted event, for players with fast or fake timers."""
        return self._command(r.ClockCommand(action="follow_ts"))

    def reset(self) -> r.ClockReading:
        """Go back to real time."""
        return self._command(r.ClockCommand(action="reset"))

    def _command(self, command: r.ClockCommand) -> r.ClockReading:
        return self._control.call(c.SET_CLOCK, command)


class FaultHandle:
    """A fault rule in force.

    Args:
        control: Of which server.
        rule: The rule as it was made.
    """

    def __init__(self, control: Control, rule: FaultRule) -> None:
        self._control = control
        self.id = rule.id

    @property
    def rule(self) -> FaultRule:
        """The rule with its counters as they are now."""
        return self._control.call(c.FAULT, None, fault_id=self.id)

    @property
    def seen(self) -> int:
        """How many requests matched so far."""
        return self.rule.seen

    @property
    def applied(self) -> int:
        """How many requests were struck so far."""
        return self.rule.applied

    def remove(self) -> None:
        """Take the rule out of force."""
        self._control.call(c.DELETE_FAULT, None, fault_id=self.id)


class FaultSet:
    """The fault rules of a server.

    Args:
        control: Of which server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, fault: Mapping[str, Any] | Any, **members: Any) -> FaultHandle:
        """Put a rule in force.

        Args:
            fault: What happens, for example ``{"kind": "status", "code": 500}``.
            **members: The other members of a rule: ``when stage name skip times every probability ttl_ms enabled``.

        Raises:
            InvalidInput: It cannot mean anything.
        """
        spec: FaultSpec = convert(to_builtins({"fault": fault, **members}), FaultSpec)
        return FaultHandle(self._control, self._control.call(c.ADD_FAULT, spec))

    def list(self) -> list[FaultRule]:
        """Return all rules with their counters."""
        return self._control.call(c.FAULTS, None).faults

    def clear(self) -> None:
        """Remove all rules."""
        self._control.call(c.DELETE_FAULTS, None)

    def unfired(self) -> Iterable[FaultRule]:
        """Return the rules that should have struck by now and never did.

        A rule that leaves it to chance and saw requests may have had bad luck; one that is switched off may not strike.
        """
        return [
            rule
            for rule in self.list()
            if rule.enabled and rule.applied == 0 and rule.times != 0 and rule.probability > 0
            if rule.seen == 0 or rule.probability == 1
        ]


class MediaServer:
    """A server as a test sees it.

    Args:
        control: How it is asked.
        url: Where players post to, without trailing slash; ``/api/v1/sessions`` follows.
        host: The same for clients that take only a host and a port.
    """

    def __init__(self, control: Control, *, url: str, host: str) -> None:
        self.control = control
        self.url = url
        self.host = host
        self.clock = ClockHand(control)
        self.faults = FaultSet(control)

    # What was received

    def events(self, **query: Any) -> list[Entry]:
        """Return entries of the journal.

        Args:
            **query: The fields of a :class:`~mockserver.model.query.Query`, for example ``event_type="ping"``.
        """
        return self.control.call(c.EVENTS, _query(query)).events

    def count(self, **query: Any) -> int:
        """Count entries of the journal; see :meth:`events`."""
        return self.control.call(c.COUNT, r.WaitCommand(query=_query(query))).count

    def wait_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait until enough entries match; returns the moment they are there.

        Args:
            at_least: How many.
            timeout_s: For how many real seconds, at most 60.
            **query: See :meth:`events`.

        Returns:
            The entries that match.

        Raises:
            VerificationFailed: They did not come in time; the text shows what did.
            BlockingCallInLoop: A loop is running in this thread: use :meth:`await_for`.
        """
        __tracebackhide__ = True
        _refuse_in_loop("wait_for", "await_for")
        return self._wait_for(at_least, timeout_s, query)

    async def await_for(self, *, at_least: int = 1, timeout_s: float = 5, **query: Any) -> list[Entry]:
        """Wait as :meth:`wait_for` does, without blocking the running loop."""
        return await asyncio.to_thread(self._wait_for, at_least, timeout_s, query)

    def _wait_for(self, at_least: int, timeout_s: float, query: dict[str, Any]) -> list[Entry]:
        __tracebackhide__ = True
        wanted = _query(query)
        timeout_ms = round(timeout_s * 1000)
        result = self.control.call(c.WAIT, r.WaitCommand(query=wanted, at_least=at_least, timeout_ms=timeout_ms))
        if result.satisfied:
            return result.events
        seen = self.control.call(c.VERIFY, r.VerifyCommand(query=wanted, at_least=at_least))
        raise VerificationFailed(f"waited {timeout_s:g} s\n{seen.message}")

    def verify(self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 0, **expected: Any) -> r.Verification:
        """Verify a count of entries, or that a sequence occurs in a session.

        Args:
            sequence: Event types or queries that must follow each other in a session; other events may lie between.
            timeout_s: How long to wait for it, in real seconds, at most 60.
            **expected: ``exactly``, ``at_least``, ``at_most``, ``order``, and the fields of a query.

        Raises:
            VerificationFailed: It does not hold; the text shows what came nearest.
            BlockingCallInLoop: ``timeout_s`` is given while a loop is running: use :meth:`await_verified`.
        """
        __tracebackhide__ = True
        if timeout_s:
            _refuse_in_loop("verify with timeout_s", "await_verified")
        return _verified(self.verification(sequence, timeout_s=timeout_s, **expected))

    async def await_verified(
        self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 5, **expected: Any
    ) -> r.Verification:
        """Verify as :meth:`verify` does, without blocking the running loop."""
        return _verified(await asyncio.to_thread(self.verification, sequence, timeout_s=timeout_s, **expected))

    def verification(
        self, sequence: Iterable[Any] | None = None, *, timeout_s: float = 0, **expected: Any
    ) -> r.Verification:
        """Return what :meth:`verify` judges by, without raising when it does not hold."""
        numbers = {name: expected.pop(name) for name in ("exactly", "at_least", "at_most", "order") if name in expected}
        what = {"query": expected} if sequence is None else {"sequence": list(sequence), **expected}
        command = convert(to_builtins({**what, **numbers, "timeout_ms": round(timeout_s * 1000)}), r.VerifyCommand)
        return self.control.call(c.VERIFY, command)

    def transcript(self) -> str:
        """Write what was received, session by session."""
        page = self.control.call(c.EVENTS, Query(limit=MAX_LIMIT))
        sessions = self.control.call(c.SESSIONS, c.PageQuery(limit=MAX_LIMIT)).sessions
        return transcript(page.events, sessions, evicted=page.meta.evicted)

    def summary(self) -> r.Summary:
        """Count what was received."""
        return self.control.call(c.SUMMARY, None)

    def export(self) -> bytes:
        """Return the journal as a file, one entry a line."""
        chunks: c.Chunks = self.control.call(c.EXPORT, c.ExportQuery())
        return b"".join(chunks)

    # Sessions

    def sessions(self) -> list[r.SessionView]:
        """Return the sessions, newest last."""
        return self.control.call(c.SESSIONS, c.PageQuery(limit=MAX_LIMIT)).sessions

    def session(self, sid: str) -> r.SessionView:
        """Return one session.

        Raises:
            NotFound: There is none of that id.
        """
        return self.control.call(c.SESSION, None, sid=sid)

    def timeline(self, sid: str) -> r.Timeline:
        """Return the events of a session in order of arrival and in order of processing."""
        return self.control.call(c.TIMELINE, None, sid=sid)

    def open_session(self, sid: str | None = None, *, phase: Phase | str = Phase.OPEN) -> r.SessionView:
        """Open a session without a client, or bring a known one into another phase."""
        return self.control.call(c.PUT_SESSION, r.SessionCommand(sid=sid, phase=Phase(phase)))

    def expire(self, sid: str) -> r.SessionView:
        """Close a session: its next event answers 410."""
        return self.control.call(c.EXPIRE, None, sid=sid)

    def forget(self, sid: str) -> r.SessionView:
        """Forget a session: its next event answers 404."""
        return self.control.call(c.FORGET, None, sid=sid)

    # Settings

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.control.call(c.SETTINGS, None)

    def configure(self, **changes: Any) -> Settings:
        """Change some settings; open sessions feel it at once."""
        return self.control.call(c.PATCH_SETTINGS, to_builtins(changes))

    def reset(self, *only: str) -> r.Summary:
        """Go back to the state after the start: wholly, or ``journal sessions faults clock settings`` as named."""
        command: r.ResetCommand = convert({"only": list(only)} if only else {}, r.ResetCommand)
        return self.control.call(c.RESET, command)


class MockServer(MediaServer):
    """A server in this process, with a thread and a loop of its own; up in milliseconds.

    Args:
        settings: The settings to start with.
        faults: The fault rules to start with, as dictionaries or records.
        seed: Makes session ids and draws repeatable; without it ids are random, and a seed for the draws is chosen.
        options: How to listen and whom to trust; by default a free port of 127.0.0.1.

    Raises:
        InvalidInput: Settings or rules cannot be used.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        faults: Iterable[Mapping[str, Any] | FaultSpec] = (),
        seed: int | str | None = None,
        options: ServerOptions | None = None,
    ) -> None:
        from mockserver.server.options import ServerOptions
        from mockserver.server.site import Site

        options = options or ServerOptions()
        self.seed = str(secrets.randbelow(2**32)) if seed is None else str(seed)
        options = replace(options, seed=self.seed, seeded_ids=options.seeded_ids or seed is not None)
        specs = [convert(to_builtins(fault), FaultSpec) for fault in faults]
        self._site: Site = Site(settings, options, faults=specs)
        self._thread: ServerThread | None = None
        super().__init__(self._site.control(), url="", host="")

    def start(self) -> MockServer:
        """Start, and return when it listens.

        Raises:
            ServerFailed: It cannot listen, or runs already.
        """
        from mockserver.server.runner import ServerThread

        if self._thread is not None:
            raise ServerFailed("this server has been started before; make a new one")
        thread = ServerThread(self._site)
        thread.start()
        self._thread = thread
        options = self._site.options
        shown = f"[{options.host}]" if ":" in options.host else options.host
        self.host = f"{shown}:{thread.port}"
        self.url = f"{options.scheme}://{self.host}"
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. The journal can still be read."""
        if self._thread is not None:
            self._thread.stop()

    @property
    def internal_errors(self) -> list[Exception]:
        """Errors of the server itself. There should be none; the pytest fixture fails a test over them."""
        return self._site.internal_errors

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def connect(
    url: str, *, namespace: str | None = None, token: str | None = None, verify_tls: bool = True
) -> MediaServer:
    """Use a server that runs already.

    Args:
        url: Where it listens.
        namespace: The namespace to use; it comes into being with the first request or change.
        token: The admin token, if the server has one.
        verify_tls: False accepts any certificate.

    Raises:
        InvalidInput: ``url`` is not an http or https address.
    """
    control = HttpControl(url, namespace=namespace, token=token, verify_tls=verify_tls)
    base = url.rstrip("/")
    authority = base.partition("://")[2].partition("/")[0]
    if namespace is None:
        return MediaServer(control, url=base, host=authority)
    port = authority.rpartition(":")[2] if authority.rpartition(":")[2].isdigit() else ""
    host = f"{namespace}.localhost" + (f":{port}" if port else "")
    return MediaServer(control, url=f"{base}/ns/{namespace}", host=host)


def _query(fields: dict[str, Any]) -> Query:
    query: Query = convert(to_builtins(fields), Query)
    return query


def _verified(verification: r.Verification) -> r.Verification:
    __tracebackhide__ = True
    if not verification.verified:
        raise VerificationFailed(verification.message)
    return verification


def _refuse_in_loop(call: str, instead: str) -> None:
    __tracebackhide__ = True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallInLoop(
        f"{call} would block the running loop, and the client under test with it: await {instead}()"
    )
