"""The control of a server: one table of routes, used by the server that answers and by the client that calls.

A route carries the types of its argument and its answer, so that a call is checked wherever it is made, in the process
or over HTTP: ``control.call(FIND, WaitCommand(query=Query(event_type="ping")))`` is an ``EventPage``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from mockserver.address import ADMIN
from mockserver.model import results as r
from mockserver.model.comparison import USUAL, SessionComparison
from mockserver.model.fault import FaultEdit, FaultRule, FaultSpec
from mockserver.model.finding import Severity
from mockserver.model.journal import Entry
from mockserver.model.lanes import Lanes
from mockserver.model.plan_result import PlanResult
from mockserver.model.player import PlayerCommand, PlayerPage, PlayerView
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.model.report import SessionReport
from mockserver.model.results import Addresses
from mockserver.model.settings import Settings
from mockserver.model.story import Story, StoryPage, StoryView, StoryWait
from mockserver.model.vocabulary import Phase

__all__ = [
    "ADMIN",
    "CONTROL_ROUTES",
    "Chunks",
    "ComparisonQuery",
    "Control",
    "EventOrder",
    "EventQuery",
    "ExportQuery",
    "FindingQuery",
    "PageQuery",
    "Route",
    "SessionOrder",
    "SessionQuery",
    "SettingsPatch",
    "media_type_of",
]

A = TypeVar("A")
R = TypeVar("R")

Chunks = Iterable[bytes]
"""An answer that is not JSON: text, piece by piece."""

SettingsPatch = dict[str, Any]
"""The members of the settings that change."""

EventOrder = Literal["seq", "event_type", "status", "-seq", "-event_type", "-status"]
"""What entries can be sorted by."""

SessionOrder = Literal[
    "opened", "content", "player", "phase", "events", "findings", "closes",
    "-opened", "-content", "-player", "-phase", "-events", "-findings", "-closes",
]  # fmt: skip
"""What sessions can be sorted by."""


class SessionQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions to list; all conditions must hold.

    Args:
        since: Only sessions with a greater number.
        limit: Most sessions in one answer: the first ones or, with ``before``, the last ones.
        before: Only sessions with a smaller number; ``meta.next`` is then the ``before`` of the page of older ones.
        q: Only sessions that match this [search](page.md#search).
        finding: Only sessions with a finding whose code begins with this: a code, or a family such as ``ad``.
        min_severity: Only sessions with a finding as bad as this or worse; with ``finding``, one of those.
        phase: Only sessions in this phase; a list means any of them.
        findings: Whether to count the findings of each session on the page.
        sort: The order, descending with ``-`` first. ``findings`` ends with the worst, ``closes`` with the last to end.
        skip: How many of the first sessions in this order to leave out.
    """

    since: int = 0
    limit: int = DEFAULT_LIMIT
    before: int | None = None
    q: str = ""
    finding: str = ""
    min_severity: Severity | None = None
    phase: Phase | tuple[Phase, ...] | None = None
    findings: bool = False
    sort: SessionOrder = "opened"
    skip: int = 0


class EventQuery(Query, frozen=True, kw_only=True):
    """Which entries to list; the conditions of a query, and more that only a list has.

    Args:
        q: Only entries that match this [search](page.md#search).
        finding: Only entries with a finding whose code begins with this: a code, or a family such as ``ad``.
        min_severity: Only entries with a finding as bad as this or worse; with ``finding``, one of those.
        sort: The order, descending with ``-`` before it. In any order but ``seq``, ``skip`` leads to the next page.
        skip: How many of the first entries that match to leave out.
        surroundings: Whether to add to each entry its content and player, what changed since the one before it of its
            session, and its findings.
    """

    q: str = ""
    finding: str = ""
    min_severity: Severity | None = None
    sort: EventOrder = "seq"
    skip: int = 0
    surroundings: bool = False


class ComparisonQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to compare a session with, and what does not count as a difference.

    Args:
        after: The id of the session after a change of the player; the one in the path is that before it.
        seconds: How far times and playheads may be apart.
        volatile: Whether ids of the viewer, versions, notes and measured values count.
        ignore: Names of keys, event types, metrics, findings or kinds of differences that do not count; ``*`` stands
            for any text.
    """

    after: str
    seconds: float = USUAL.seconds
    volatile: bool = USUAL.volatile
    ignore: str | tuple[str, ...] = USUAL.ignore


class FindingQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which findings to list.

    Args:
        session_id: Only findings about this session.
        code: Only findings of this rule; a list means any of them.
        min_severity: Only findings as bad as this or worse.
        seq: Only findings about this entry.
        loose: Only findings about requests that belong to no session of the server.
        since: Only findings after this number, counted from 1 in the whole list.
        limit: Most findings in one answer.
    """

    session_id: str | None = None
    code: str | tuple[str, ...] | None = None
    min_severity: Severity = Severity.INFO
    seq: int | None = None
    loose: bool = False
    since: int = 0
    limit: int = DEFAULT_LIMIT


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list to show.

    Args:
        since: Only members after this number, counted from 1 in the whole list.
        limit: Most members in one answer.
    """

    since: int = 0
    limit: int = DEFAULT_LIMIT


class ExportQuery(EventQuery, frozen=True, kw_only=True):
    """Which entries to export, and how. ``limit``, ``sort``, ``skip`` and ``surroundings`` change nothing.

    Args:
        format: One entry per line, or an HTTP archive (HAR 1.2) for tools that show traffic.
    """

    format: Literal["ndjson", "har"] = "ndjson"


class Route(msgspec.Struct, Generic[A, R], frozen=True):
    """One route of the admin API.

    Args:
        name: Its name in OpenAPI, and so in generated clients.
        method: The method.
        path: The path below ``/__admin``; the call fills in each ``{name}``.
        summary: What it is for, in one sentence.
        argument: The type of its argument: the query of a GET, the body of others; None when it takes none.
        result: The type of its answer; None when the answer is empty (204).
        status: The status of success.
        changes: Whether it changes anything, and so creates a namespace that does not exist yet.
        media_type: The media type of the answer.
        any_host: Whether it accepts any ``Host`` header and needs no token; for probes.
        slow: Whether the answer may take long to compute, so that it must not delay players.
        takes: The content types of its body. A browser sends none of them across origins without a preflight.
        max_body_mib: Most mebibytes of the body.
    """

    name: str
    method: str
    path: str
    summary: str
    argument: Any = None
    result: Any = None
    status: int = 200
    changes: bool = False
    media_type: str = "application/json"
    any_host: bool = False
    slow: bool = False
    takes: tuple[str, ...] = ("application/json",)
    max_body_mib: int = 8


def media_type_of(route: Route[Any, Any], argument: object) -> str:
    """Return the media type of the answer to a call."""
    if isinstance(argument, ExportQuery) and argument.format == "har":
        return "application/json"
    return route.media_type


class Control(Protocol):
    """Calls the admin API of a server, in this process or over HTTP."""

    def call(self, route: Route[A, R], argument: A, **path: str) -> R:
        """Call a route.

        Args:
            route: The route.
            argument: The query or the body.
            **path: The parts of the path.

        Raises:
            MockserverError: The server refused; the message is the server's.
        """
        ...


def _get(name: str, path: str, summary: str, result: Any, argument: Any = None, **more: Any) -> Route[Any, Any]:
    return Route(name, "GET", path, summary, argument, result, **more)


HEALTH: Route[None, r.Health] = _get(
    "getHealth", "/health", "Whether the server is alive; answers any Host.", r.Health, any_host=True
)
READY: Route[None, r.Health] = _get(
    "getReadiness", "/ready", "Whether the server takes requests; answers any Host.", r.Health, any_host=True
)
VERSION: Route[None, r.Version] = _get("getVersion", "/version", "Name and version of the server.", r.Version)
METRICS: Route[None, Chunks] = _get(
    "getMetrics",
    "/metrics",
    "Counters in the text format of Prometheus.",
    Chunks,
    media_type="text/plain; version=0.0.4",
    slow=True,
)
OPENAPI: Route[None, dict[str, Any]] = _get(
    "getOpenApi", "/openapi.json", "The OpenAPI description of both APIs.", dict[str, Any], slow=True
)
CA: Route[None, Chunks] = _get(
    "getCaCertificate", "/ca.crt",
    "The CA to trust when the server was started with --tls; answers any Host, without a token.", Chunks,
    media_type="application/x-x509-ca-cert", any_host=True,
)  # fmt: skip
SUMMARY: Route[None, r.Summary] = _get(
    "getSummary", "/summary", "Counts of requests, events, sessions and findings.", r.Summary, slow=True
)

SESSIONS: Route[SessionQuery, r.SessionPage] = _get(
    "listSessions", "/sessions", "Sessions, newest last.", r.SessionPage, SessionQuery, slow=True
)
COMPARISON: Route[ComparisonQuery, SessionComparison] = _get(
    "compareSessions",
    "/sessions/{sid}/comparison",
    "What differs between two sessions of one viewing.",
    SessionComparison,
    ComparisonQuery,
    slow=True,
)
PUT_SESSION: Route[r.SessionCommand, r.SessionView] = Route(
    "putSession",
    "POST",
    "/sessions",
    "Open or close a session without a client.",
    r.SessionCommand,
    r.SessionView,
    status=201,
    changes=True,
)
SESSION: Route[None, r.SessionView] = _get(
    "getSession", "/sessions/{sid}", "One session with its deadlines and why it closed.", r.SessionView
)
EXPIRE: Route[None, r.SessionView] = Route(
    "expireSession",
    "POST",
    "/sessions/{sid}/expire",
    "Close a session: its next event answers 410.",
    None,
    r.SessionView,
    changes=True,
)
FORGET: Route[None, r.SessionView] = Route(
    "forgetSession",
    "POST",
    "/sessions/{sid}/forget",
    "Forget a session: its next event answers 404.",
    None,
    r.SessionView,
    changes=True,
)
TIMELINE: Route[None, r.Timeline] = _get(
    "getTimeline",
    "/sessions/{sid}/timeline",
    "The events of a session in order of arrival and of processing.",
    r.Timeline,
    slow=True,
)
LANES: Route[None, Lanes] = _get(
    "getLanes", "/sessions/{sid}/lanes", "What went on in a session, as spans of time, for a picture.", Lanes, slow=True
)
SESSION_FINDINGS: Route[FindingQuery, r.FindingPage] = _get(
    "listSessionFindings",
    "/sessions/{sid}/findings",
    "What is wrong with a session, worst first.",
    r.FindingPage,
    FindingQuery,
    slow=True,
)
REPORT: Route[None, SessionReport] = _get(
    "getReport",
    "/sessions/{sid}/report",
    "What Adobe would have computed from a session, and why.",
    SessionReport,
    slow=True,
)
FINDINGS: Route[FindingQuery, r.FindingPage] = _get(
    "listFindings",
    "/findings",
    "What is wrong with the traffic, worst first.",
    r.FindingPage,
    FindingQuery,
    slow=True,
)

RULE: Route[None, r.RuleView] = _get("getRule", "/rules/{code}", "The rule behind a finding.", r.RuleView)

EVENTS: Route[Query, r.EventPage] = _get(
    "listEvents", "/events", "The journal, filtered by the query string.", r.EventPage, EventQuery, slow=True
)
COUNT: Route[r.WaitCommand, r.CountResult] = Route(
    "countEvents", "POST", "/events/count", "Count entries.", r.WaitCommand, r.CountResult, slow=True
)
FIND: Route[r.WaitCommand, r.EventPage] = Route(
    "findEvents", "POST", "/events/find", "Find entries.", r.WaitCommand, r.EventPage, slow=True
)
WAIT: Route[r.WaitCommand, r.WaitResult] = Route(
    "waitForEvents", "POST", "/events/wait",
    "Wait for entries; answers as soon as they have arrived.", r.WaitCommand, r.WaitResult,
    slow=True,
)  # fmt: skip
EVENT: Route[None, Entry] = _get("getEvent", "/events/{seq}", "One entry of the journal, as it was sent.", Entry)
VERIFY: Route[r.VerifyCommand, r.Verification] = Route(
    "verify",
    "POST",
    "/verify",
    "Verify a count or a sequence, with near misses.",
    r.VerifyCommand,
    r.Verification,
    slow=True,
)

FAULTS: Route[PageQuery | None, r.FaultPage] = _get(
    "listFaults", "/faults", "Fault rules with their counters.", r.FaultPage, PageQuery
)
ADD_FAULT: Route[FaultSpec, FaultRule] = Route(
    "addFault", "POST", "/faults", "Add one fault rule.", FaultSpec, FaultRule, status=201, changes=True
)
DELETE_FAULTS: Route[None, None] = Route(
    "deleteFaults", "DELETE", "/faults", "Remove all fault rules.", status=204, changes=True
)
FAULT: Route[None, FaultRule] = _get("getFault", "/faults/{fault_id}", "One fault rule.", FaultRule)
PUT_FAULT: Route[FaultSpec, FaultRule] = Route(
    "replaceFault",
    "PUT",
    "/faults/{fault_id}",
    "Replace a fault rule; its counters start afresh.",
    FaultEdit,
    FaultRule,
    changes=True,
)
DELETE_FAULT: Route[None, None] = Route(
    "deleteFault", "DELETE", "/faults/{fault_id}", "Remove a fault rule.", status=204, changes=True
)

STORIES: Route[None, StoryPage] = _get(
    "listStories", "/stories", "The stories that can be started.", StoryPage, slow=True
)
STORY: Route[None, StoryView] = _get(
    "getStory", "/stories/{name}", "One story, its progress and its verdict.", StoryView, slow=True
)
PUT_STORY: Route[Story, StoryView] = Route(
    "putStory", "PUT", "/stories/{name}", "Add a story of your own.", Story, StoryView, changes=True, slow=True
)
START_STORY: Route[None, StoryView] = Route(
    "startStory", "POST", "/stories/{name}/start",
    "Start a story; stops the one that runs.", None, StoryView, changes=True,
    slow=True,
)  # fmt: skip
WAIT_STORY: Route[StoryWait, StoryView] = Route(
    "waitForStory",
    "POST",
    "/stories/{name}/wait",
    "Wait for the next entry, or until the story is over.",
    StoryWait,
    StoryView,
)
STOP_STORY: Route[None, StoryView] = Route(
    "stopStory", "POST", "/stories/{name}/stop",
    "Stop a story: remove its rules and restore its settings.", None, StoryView,
    changes=True, slow=True,
)  # fmt: skip

ARMED: Route[None, r.ArmedView] = _get(
    "getArmed", "/armed", "What makes a namespace behave differently than after its start.", r.ArmedView
)
SETTINGS: Route[None, Settings] = _get("getSettings", "/settings", "The settings in force.", Settings)
PATCH_SETTINGS: Route[SettingsPatch, Settings] = Route(
    "changeSettings",
    "PATCH",
    "/settings",
    "Change some settings, also for open sessions.",
    SettingsPatch,
    Settings,
    changes=True,
)
CLOCK: Route[None, r.ClockReading] = _get("getClock", "/clock", "What the emulated clock shows.", r.ClockReading)
SET_CLOCK: Route[r.ClockCommand, r.ClockReading] = Route(
    "setClock", "POST", "/clock",
    "Freeze, resume, advance, set, speed up or reset the clock.", r.ClockCommand, r.ClockReading,
    changes=True,
)  # fmt: skip
RESET: Route[r.ResetCommand, r.Summary] = Route(
    "reset", "POST", "/reset", "Return to the state after the start, as a whole or in part.", r.ResetCommand, r.Summary,
    changes=True, slow=True,
)  # fmt: skip
NAMESPACES: Route[PageQuery | None, r.NamespacePage] = _get(
    "listNamespaces", "/namespaces", "The namespaces of the server.", r.NamespacePage, PageQuery
)
DELETE_NAMESPACE: Route[None, None] = Route(
    "deleteNamespace",
    "DELETE",
    "/namespaces/{name}",
    "Delete a namespace and all that it recorded.",
    status=204,
    slow=True,
)

PLAYERS: Route[None, PlayerPage] = _get(
    "listPlayers", "/players", "The simulated players of this server, and what they can play.", PlayerPage
)
ADD_PLAYERS: Route[PlayerCommand, PlayerPage] = Route(
    "addPlayers", "POST", "/players",
    "Start simulated players; they play over HTTP, so faults hit them.", PlayerCommand, PlayerPage,
    status=201, changes=True, slow=True,
)  # fmt: skip
STOP_PLAYERS: Route[None, None] = Route(
    "stopPlayers", "DELETE", "/players", "Stop and forget all simulated players.", status=204, changes=True, slow=True
)
STOP_PLAYER: Route[None, PlayerView] = Route(
    "stopPlayer", "DELETE", "/players/{player_id}",
    "Stop a simulated player; it sends no sessionEnd.", None, PlayerView,
    changes=True, slow=True,
)  # fmt: skip

ADDRESSES: Route[None, Addresses] = _get(
    "listAddresses",
    "/addresses",
    "The addresses of the server, for players on this machine and on others.",
    Addresses,
    slow=True,
)
QR_CODE: Route[None, Chunks] = _get(
    "getQrCode", "/qr.svg", "The address for devices as a QR code.", Chunks,
    media_type="image/svg+xml", slow=True,
)  # fmt: skip
STREAM: Route[None, Chunks] = _get(
    "streamEvents", "/stream", "Every entry as it is recorded, as server-sent events; Last-Event-ID resumes.", Chunks,
    media_type="text/event-stream",
)  # fmt: skip
EXPORT: Route[ExportQuery, Chunks] = _get(
    "exportJournal",
    "/export",
    "The journal as a file, one entry per line or as HAR.",
    Chunks,
    ExportQuery,
    media_type="application/x-ndjson",
    slow=True,
)
IMPORT: Route[bytes, r.ImportResult] = Route(
    "importRecording", "POST", "/import",
    "Add a recording, as if the server had received it: a journal, HAR, or events.", bytes,
    r.ImportResult, changes=True, slow=True,
    takes=("application/json", "application/x-ndjson", "application/octet-stream"), max_body_mib=64,
)  # fmt: skip

PLAN: Route[bytes, PlanResult] = Route(
    "checkPlan", "POST", "/plan",
    "Whether the sessions follow a tracking plan, in TOML or JSON.", bytes, PlanResult, slow=True,
    takes=("application/json", "application/toml"), max_body_mib=1,
)  # fmt: skip

CONTROL_ROUTES: tuple[Route[Any, Any], ...] = tuple(each for each in globals().values() if isinstance(each, Route))
"""All of them, in the order in which they stand above."""
