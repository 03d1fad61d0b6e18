"""Rules about requests that found no session or no route: wrong ids, wrong paths, wrong methods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockserver.model.finding import Severity
from mockserver.model.journal import Record
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.model.words import Words
from mockserver.rules.diagnose.refusals import is_edge_body
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import counted, quoted

__all__ = ["RULES", "is_of_player"]

_NOT_IDS = frozenset({"", "undefined", "null", "NaN", "v1", "[object Object]", "%5Bobject%20Object%5D", "{sid}"})
_SESSIONS = "/api/v1/sessions"
_EVENTS = "/api/v1/sessions/{sid}/events"
_ID_SOURCE = f"take the id from {Words(api='').sid_source}"

_HEARTBEAT = re.compile(r"[?&]s(:|%3A)event(:|%3A)type=", re.IGNORECASE)
_DOCS_TYPO = re.compile(r"/api/v1/(?!sessions/)[^/?]+/events/?$")
_QUERY_BEFORE_EVENTS = re.compile(r"/api/v1/sessions/(?P<sid>[^/?]+)/?\?.*/events/?$")
_OURS = re.compile(r"(?P<prefix>.*?)(?P<rest>/api/v1/(?:sessions(?:/[^/]+/events)?|downloaded))/?$")
_LIKE_OURS = re.compile(r"/api/v[0-9]", re.IGNORECASE)
_OF_ANALYTICS = re.compile(r"/(b/ss/|id(/|$))")
"""Hits of Adobe Analytics and calls of the Visitor ID service: other libraries of the same app."""

_BETWEEN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~-]")
"""What may separate the pieces of a decorated session id."""

_SID = re.compile(r"(?<=/sessions/)[^/]+(?=/)")

_NAMESPACE = re.compile(r"\A/ns/[^/]+(?=/)")

_SENDING = ("POST", "PUT", "PATCH")


# Requests without a route


class _Stray(NamedTuple):
    """A request that has no route.

    Args:
        shown: Its method and path, with {sid} for the id of a session.
        sid: The session that its path names, if that session exists.
    """

    seq: int
    record: Record
    path: str
    shown: str
    sid: str | None


def is_of_player(record: Record) -> bool:
    """Return whether a request without a route comes from a player, not from a browser or an unrelated tool.

    A request that sends data counts wherever it goes, unless it belongs to another library of Adobe's. A request that
    only reads counts if its path looks like one of the API. A preflight counts as the request that it announces: when
    it fails, the browser does not send that one. A page that somebody opens in a browser does not count.
    """
    path, method = _path(record), record.method
    if method == "OPTIONS":
        method = (_header(record, b"access-control-request-method") or b"").decode("latin-1")
    if method in _SENDING:
        return _OF_ANALYTICS.match(path) is None
    return bool(method) and _LIKE_OURS.search(path) is not None and _header(record, b"sec-fetch-mode") != b"navigate"


def _path(record: Record) -> str:
    """Return the path that the emulated API saw: without query and without the namespace."""
    return _NAMESPACE.sub("", record.target.partition("?")[0], count=1)


def _header(record: Record, name: bytes) -> bytes | None:
    return next((value for key, value in record.headers if key.lower() == name), None)


def _decorated_by_query(record: Record) -> str | None:
    """Return the session id to which a client appended /events although a query followed the id."""
    found = _QUERY_BEFORE_EVENTS.search(record.target)
    return None if found is None else found["sid"]


def _kind(record: Record, traffic: Traffic) -> str | None:
    """Return the code of the rule for a request without a route; None if the request is not from a player."""
    if _HEARTBEAT.search(record.target):
        return "http.heartbeat-protocol"
    path = _path(record)
    if _DOCS_TYPO.search(path):
        return "path.docs-typo"
    if _decorated_by_query(record) is not None:
        return "session.sid-decorated"
    if not is_of_player(record) or (
        not record.dialect and b'"xdm"' in record.body and is_edge_body(traffic.read(record))
    ):
        return None
    if record.response is not None and record.response.status == 405:
        return "http.method"
    ours = _OURS.fullmatch(path)
    if ours is not None and ours["prefix"].strip("/") and "://" not in ours["prefix"]:
        return "path.prefix"
    return "path.case" if _OURS.fullmatch(path) is None and _OURS.fullmatch(path.lower()) else "path.unknown"


def _strays(code: str, traffic: Traffic) -> Iterator[list[_Stray]]:
    """Return the requests of one kind, grouped by method and form of path."""
    groups: dict[tuple[str, str | None], list[_Stray]] = {}
    for seq, record in traffic.unaccepted:
        if record.outcome is not Outcome.NO_ROUTE or _kind(record, traffic) != code:
            continue
        path = _path(record)
        sid = next((piece for piece in path.split("/") if piece in traffic.sessions), None)
        form = _SID.sub("{sid}", path if sid is None else path.replace(sid, "{sid}"))
        groups.setdefault((f"{record.method} {form}", sid), []).append(
            _Stray(seq, record, path, f"{record.method} {form[:100]}", sid)
        )
    yield from groups.values()


def _answered(group: list[_Stray]) -> str:
    times = "" if len(group) == 1 else f" {len(group)} times"
    status = 405 if group[0].record.response is not None and group[0].record.response.status == 405 else 404
    return f"{group[0].shown} was answered {status}{times}"


def _heartbeat(traffic: Traffic) -> Iterator[Hit]:
    seqs = tuple(stray.seq for group in _strays("http.heartbeat-protocol", traffic) for stray in group)
    if seqs:
        yield Hit(
            seqs,
            "A request of the older heartbeat protocol arrived; configure the player for the Media Collection API.",
        )


def _prefix(group: list[_Stray], traffic: Traffic) -> str:
    ours = _OURS.fullmatch(group[0].path)
    prefix = quoted("" if ours is None else ours["prefix"])
    return (
        f"{_answered(group)}: nothing answers below {prefix}; if the real address has this prefix too, add "
        f"{prefix} to the setting path_prefixes of this server; otherwise remove it from the address in the player."
    )


def _right(stray: _Stray) -> str:
    return _EVENTS if "event" in stray.path.lower() else _SESSIONS


def _advice(stray: _Stray, traffic: Traffic) -> str:
    if stray.record.dialect:
        return f"post events to {traffic.words(stray.record.dialect).events_at}"
    if "://" in stray.path:
        return "append Location to the scheme and host only, because it is an absolute path"
    wanted = _right(stray)
    if _LIKE_OURS.search(stray.path):
        return f"post to {wanted}"
    return f"post a sessionStart to {_SESSIONS} and events to {_EVENTS}"


# Requests without a session


def _unfound(traffic: Traffic) -> Iterator[tuple[int, Record, str]]:
    for seq, record in traffic.unaccepted:
        if record.operation is Operation.EVENT:
            sid = record.session_id or ""
            if sid not in traffic.sessions:
                yield seq, record, sid


def _event_before_sid(traffic: Traffic) -> Iterator[Hit]:
    seqs = tuple(seq for seq, _, sid in _unfound(traffic) if sid in _NOT_IDS)
    if seqs:
        yield Hit(
            seqs,
            f"{counted(len(seqs), 'event')} had no session id; queue events until the sessionStart is answered 201, "
            f"and {_ID_SOURCE}.",
        )


def _decoration(traffic: Traffic, sid: str) -> str | None:
    """Return the known id inside a decorated one."""
    if sid in _NOT_IDS:
        return None
    known = next((piece for piece in _BETWEEN.split(sid) if piece in traffic.sessions), None)
    return "" if known is None and ("://" in sid or "%3A%2F%2F" in sid) else known


def _sid_decorated(traffic: Traffic) -> Iterator[Hit]:
    found: dict[str, list[int]] = {}
    for seq, _, sid in _unfound(traffic):
        known = _decoration(traffic, sid)
        if known is not None:
            found.setdefault(known, []).append(seq)
    for seq, record in traffic.unaccepted:
        if record.outcome is Outcome.NO_ROUTE and _kind(record, traffic) == "session.sid-decorated":
            queried = _decorated_by_query(record) or ""
            found.setdefault(queried if queried in traffic.sessions else "", []).append(seq)
    for known, seqs in found.items():
        yield Hit(
            tuple(seqs),
            f"{counted(len(seqs), 'event')} used a session id with extra characters around it; post to Location + "
            "/events, with no slash, query or host added.",
            session_id=known or None,
        )


def _unknown_id(traffic: Traffic) -> Iterator[Hit]:
    issued = {record.session_id for _, record in traffic.opened}
    found: dict[str, list[int]] = {}
    dialects: dict[str, str] = {}
    for seq, record, sid in _unfound(traffic):
        if record.outcome is Outcome.UNKNOWN_SESSION and sid not in _NOT_IDS and _decoration(traffic, sid) is None:
            found.setdefault(sid, []).append(seq)
            dialects[sid] = record.dialect
    for sid, seqs in found.items():
        source = traffic.words(dialects[sid]).sid_source
        whose = "which this server has dropped" if sid in issued else "an id that this server never issued"
        yield Hit(
            tuple(seqs),
            f"{counted(len(seqs), 'event')} went to the session {quoted(sid)}, {whose}; take the id from {source}, and "
            "open a new session after a 404.",
            session_id=sid,
        )


def _rule(
    code: str,
    trigger: str,
    says: Callable[[list[_Stray], Traffic], str],
    source: str = "Adobe, Media Collection API: Sessions request, Events request",
    tolerance: str = "",
    consequence: str = "Nothing is reported.",
) -> Rule:
    """Return a rule about requests without a route; ``says`` writes the message about some of one kind and path."""

    def check(traffic: Traffic) -> Iterator[Hit]:
        for group in _strays(code, traffic):
            yield Hit(tuple(stray.seq for stray in group), says(group, traffic), session_id=group[0].sid)

    return Rule(code, Severity.ERROR, trigger, consequence, source, traffic_check=check, tolerance=tolerance)


RULES: tuple[Rule, ...] = (
    Rule(
        "session.start-on-events",
        Severity.ERROR,
        "sessionStart posted to /events",
        "400: no session is opened.",
        "Adobe, Media Collection API: Events (2026)",
        claims=lambda refusal: (
            refusal.rule == "start-only-on-sessions" and refusal.item.record.operation is Operation.EVENT
        ),
        dialects=("collection",),
    ),
    Rule(
        "session.event-before-sid",
        Severity.ERROR,
        "events posted to /sessions//events, or with undefined, null or v1 as the session id",
        "404: these events are lost.",
        "Adobe, Queueing events; recordings of MediaSDK JS with an absolute Location",
        traffic_check=_event_before_sid,
        dialects=("collection",),
    ),
    Rule(
        "session.sid-decorated",
        Severity.ERROR,
        "a session id with a trailing slash, a query or a whole URL around it",
        "404: these events are lost.",
        "recordings of Android, THEOplayer and CBS clients with unusual Location values",
        traffic_check=_sid_decorated,
        dialects=("collection",),
    ),
    Rule(
        "session.unknown-id",
        Severity.ERROR,
        "events posted to a session id that this server never issued",
        "404: these events are lost.",
        "Adobe, Media Collection API: Events request; a question on GitHub whether a client can choose the id",
        traffic_check=_unknown_id,
    ),
    Rule(
        "http.heartbeat-protocol",
        Severity.ERROR,
        "a request with s:event:type in its query",
        "Nothing is reported: this is the older heartbeat protocol.",
        "Adobe support case: hosts <company>.hb.omtrdc.net and <company>.hb-api.omtrdc.net mixed up",
        traffic_check=_heartbeat,
    ),
    _rule(
        "path.docs-typo",
        "a post to /api/v1/{sid}/events",
        lambda group, traffic: f"Events were posted to /api/v1/{{sid}}/events; post to {_EVENTS}.",
        "Adobe, Queueing events: the path in its sample lacks sessions/",
        consequence="404: these events are lost.",
    ),
    _rule(
        "path.prefix",
        "a path of the API below a prefix that is not in path_prefixes, such as /va/api/v1/sessions",
        _prefix,
        "tests of Adobe's iOS SDK, which use addresses with a path before /api",
    ),
    _rule(
        "path.case",
        "a path of the API in upper case, such as /API/V1/sessions",
        lambda group, traffic: f"{_answered(group)}, because paths are case-sensitive; use {_right(group[0])}.",
    ),
    _rule(
        "path.unknown",
        "any other path without a route, such as /api/v1/sessions/{sid}/event",
        lambda group, traffic: f"{_answered(group)}: there is nothing at that path; {_advice(group[0], traffic)}.",
        tolerance="GET and HEAD requests to paths unlike those of the API, such as /favicon.ico; pages opened in a "
        "browser; hits of Adobe Analytics",
    ),
    _rule(
        "http.method",
        "a method that the path does not accept, such as GET or PUT",
        lambda group, traffic: f"{_answered(group)}; use POST, the only method that reports anything.",
        tolerance="pages opened in a browser",
    ),
)
