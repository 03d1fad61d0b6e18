"""Queries that take more than one call, about all traffic or about one session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, VerificationFailed, nearest
from mockserver.media_server.blocking import timeout_ms_of
from mockserver.model import results as r
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Entry
from mockserver.model.plan_result import PlanResult
from mockserver.model.query import DEFAULT_LIMIT, MAX_LIMIT, Query
from mockserver.model.tracking_plan import TrackingPlan
from mockserver.rules.finding_text import entry_labels, unexpected_findings, unproven_absence
from mockserver.rules.match import compile_query
from mockserver.rules.transcript import transcript
from mockserver.wire.codec import convert, encode, to_builtins

__all__ = [
    "assert_follows",
    "assert_no_findings",
    "entries",
    "findings",
    "load",
    "load_content",
    "newest_seq",
    "plan_result",
    "query_of",
    "sessions",
    "transcript_of",
    "unjudged",
    "wait_for",
]

_MOST_FINDINGS = 20
"""The most findings that a failing test shows."""


def query_of(fields: Mapping[str, Any], limit: int = DEFAULT_LIMIT) -> Query:
    """Build a query from keywords.

    Raises:
        InvalidInput: A keyword is not a field of a query, or its value is not valid.
    """
    unknown = [name for name in fields if name not in Query.__struct_fields__]
    if unknown:
        raise InvalidInput(f"a query has no field {unknown[0]}; its fields are {' '.join(Query.__struct_fields__)}")
    query = convert({"limit": limit, **to_builtins(fields)}, Query)
    compile_query(query)  # here, an error leads to the keyword
    return query


def load(control: Control, source: str | PathLike[str]) -> r.ImportResult:
    """Take a recording; see :meth:`~mockserver.MediaServer.load`."""
    from mockserver.recordings.recording import file_content, name_of

    name = fspath(source)
    return load_content(control, file_content(name), name_of(name))


def load_content(control: Control, content: bytes, name: str) -> r.ImportResult:
    """Take in what is in a recording.

    Args:
        control: The control of the server.
        content: The bytes of the file.
        name: Its name in messages.

    Raises:
        InvalidInput: It cannot be read or used, or a session of it is there already.
        Refused: It does not fit into the limits of the server.
    """
    from mockserver.recordings.recording import parse_recording

    try:
        return control.call(c.IMPORT, content)
    except InvalidInput:
        parse_recording(content, name)  # so that an error in it names the file
        raise


def entries(control: Control, query: Mapping[str, Any]) -> list[Entry]:
    """Return the entries that match the fields of a query: all, or the first ``limit``."""
    wanted = query_of(query, MAX_LIMIT)
    most = wanted.limit if "limit" in query else None
    found: list[Entry] = []
    while True:
        page = control.call(c.FIND, r.WaitCommand(query=wanted))
        found += page.events
        left = MAX_LIMIT if most is None else most - len(found)
        if page.meta.next is None or left <= 0:
            return found
        wanted = replace(wanted, since=page.meta.next, limit=left)


def plan_result(control: Control, plan: TrackingPlan | Mapping[str, Any] | str | PathLike[str]) -> PlanResult:
    """Judge all sessions by a plan; see :meth:`~mockserver.MediaServer.plan_result`."""
    from mockserver.tracking_plans.reading import read_plan
    from mockserver.wire.toml_file import read_text

    if isinstance(plan, (str, PathLike)):
        path = Path(plan)
        read_plan(path)  # so that an error in it names the file
        return control.call(c.PLAN, read_text(path).encode())
    convert(to_builtins(plan), TrackingPlan)
    return control.call(c.PLAN, encode(plan))


def assert_follows(control: Control, plan: TrackingPlan | Mapping[str, Any] | str | PathLike[str]) -> PlanResult:
    """Assert that all sessions follow a plan; see :meth:`~mockserver.MediaServer.assert_follows`."""
    from mockserver.rules.tracking_plan.text import plan_text

    __tracebackhide__ = True
    result = plan_result(control, plan)
    if not result.followed:
        origin = fspath(plan) if isinstance(plan, (str, PathLike)) else ""
        raise VerificationFailed(plan_text(result, origin))
    return result


def newest_seq(control: Control) -> int:
    """Return the ``seq`` of the last entry of a journal; 0 if there was none."""
    journal = control.call(c.EVENTS, Query(limit=1)).meta
    return journal.evicted + journal.total


def wait_for(control: Control, at_least: int, timeout_s: float, query: Mapping[str, Any]) -> list[Entry]:
    """Wait in this thread until enough entries match.

    Raises:
        VerificationFailed: They did not arrive in time; the message shows what did.
    """
    __tracebackhide__ = True
    wanted = query_of(query, MAX_LIMIT)
    numbers = {"at_least": at_least, "timeout_ms": timeout_ms_of(timeout_s)}
    command = replace(convert(numbers, r.WaitCommand), query=wanted)
    result = control.call(c.WAIT, command)
    if result.satisfied:
        # The answer of a wait is one page.
        return result.events if len(result.events) == result.count else entries(control, {**query})
    seen = control.call(c.VERIFY, r.VerifyCommand(query=wanted, at_least=at_least))
    if seen.verified:  # it arrived after the wait, before this call
        return seen.matched
    raise VerificationFailed(f"waited {timeout_s:g} s\n{seen.message}")


def sessions(control: Control) -> list[r.SessionView]:
    """Return all sessions, newest last."""
    found: list[r.SessionView] = []
    since: int | None = 0
    while since is not None:
        page = control.call(c.SESSIONS, c.SessionQuery(since=since, limit=MAX_LIMIT))
        found += page.sessions
        since = page.meta.next
    return found


def transcript_of(control: Control) -> str:
    """Return the requests as text, session by session; of a long journal, the newest 10,000."""
    about = control.call(c.EVENTS, Query(limit=1)).meta
    older = max(0, about.total - MAX_LIMIT)
    newest = entries(control, {"since": about.evicted + older})
    return transcript(newest, sessions(control), evicted=about.evicted, older=older)


def findings(
    control: Control, session_id: str | None, min_severity: Severity | str, code: str | Iterable[str] | None = None
) -> list[Finding]:
    """Return what is wrong with the traffic, worst first.

    Args:
        session_id: Only findings about this session.
        min_severity: Only findings of this severity or worse.
        code: Only findings of these rules.
    """
    members = {"session_id": session_id, "min_severity": min_severity, "code": code, "limit": MAX_LIMIT}
    query = convert(to_builtins(members), c.FindingQuery)
    found: list[Finding] = []
    while True:
        page = control.call(c.FINDINGS, query)
        found += page.findings
        if page.meta.next is None:
            return found
        query = replace(query, since=page.meta.next)


def assert_no_findings(
    control: Control, sid: str | None, min_severity: Severity | str, ignore: str | Iterable[str]
) -> None:
    """Assert that there are no findings about a session or all traffic, except those that follow from another.

    Raises:
        VerificationFailed: There are findings, or entries were dropped that could have some.
        InvalidInput: ``min_severity`` or a code to ignore does not exist.
    """
    __tracebackhide__ = True
    ignored = _known_codes(ignore)
    found = [
        one for one in findings(control, sid, min_severity) if one.code not in ignored and one.follows_from is None
    ]
    worst = Severity(min_severity)
    asked = worst.value if worst is Severity.ERROR else f"{worst.value} or worse"
    if ignored:
        asked += f", except {' '.join(sorted(ignored))}"
    if not found:
        unproven = unjudged(control, sid, asked)
        if unproven is not None:
            raise VerificationFailed(unproven)
        return
    labels: dict[int, str] = {}
    for about in dict.fromkeys(finding.session_id for finding in found[:_MOST_FINDINGS] if finding.session_id):
        labels |= entry_labels(entries(control, {"session_id": about}))
    raise VerificationFailed(unexpected_findings(found, labels, asked=asked, most=_MOST_FINDINGS))


def unjudged(control: Control, sid: str | None, asked: str, *, by_session: bool = True) -> str | None:
    """Say that findings may be missing, because something was dropped to stay within the limits; None if nothing was.

    Args:
        sid: The session that matters; None if all traffic does.
        asked: What was looked for, for example ``warning or worse``.
        by_session: Whether one session can be asked about instead.
    """
    page = control.call(c.FINDINGS, c.FindingQuery(session_id=sid, limit=1))
    if page.journal_complete:
        return None
    sessions = control.call(c.SESSIONS, c.SessionQuery(limit=1)).meta.evicted
    return unproven_absence(asked, entries=page.meta.evicted, sessions=sessions, by_session=by_session)


def _known_codes(codes: str | Iterable[str]) -> frozenset[str]:
    from mockserver.rules.diagnose.catalogue import CODES  # slow to import, and seldom needed

    wanted = frozenset((codes,) if isinstance(codes, str) else codes)
    for code in sorted(wanted - frozenset(CODES)):
        hint = nearest(code, CODES) or "; see docs/diagnostics.md"
        raise InvalidInput(f"there is no rule {code!r}{hint}", pointer="/ignore")
    return wanted
