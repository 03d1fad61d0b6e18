"""Rules about requests as HTTP: where they went, and what was in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.journal import Record
from mockserver.model.vocabulary import Operation
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule

__all__ = ["RULES", "TRAFFIC_RULES"]

_HEARTBEAT = re.compile(r"[?&]s(:|%3A)event(:|%3A)type=", re.IGNORECASE)
_DOCS_TYPO = re.compile(r"/api/v1/(?!sessions/)[^/?]+/events/?(\?.*)?$")
_REPORTING = (Operation.START, Operation.EVENT, Operation.DOWNLOAD)


def _content_type(record: Record) -> str:
    for name, value in record.headers:
        if name.lower() == b"content-type":
            return value.split(b";")[0].strip().decode("latin-1").lower()
    return ""


def _wrong_content_type(traffic: Traffic) -> Iterator[Hit]:
    found: dict[str | None, dict[str, list[int]]] = {}
    for seq, record in traffic.records:
        if record.operation in _REPORTING and record.body:
            declared = _content_type(record)
            if declared != "application/json":
                found.setdefault(record.session_id, {}).setdefault(declared, []).append(seq)
    for session_id, kinds in found.items():
        for declared, seqs in kinds.items():
            yield Hit(
                tuple(seqs),
                f"{len(seqs)} requests were sent with Content-Type {declared or '(none)'}; send application/json.",
                session_id=session_id,
            )


def _of_target(pattern: re.Pattern[str], message: str) -> Callable[[Traffic], Iterator[Hit]]:
    def check(traffic: Traffic) -> Iterator[Hit]:
        seqs = tuple(
            seq
            for seq, record in traffic.records
            if record.operation is Operation.OTHER and pattern.search(record.target)
        )
        if seqs:
            yield Hit(seqs, message)

    return check


def _is_edge(document: Any) -> bool:
    events = document.get("events") if isinstance(document, Mapping) else None
    return isinstance(events, list) and any(isinstance(event, Mapping) and "xdm" in event for event in events)


def _edge_body(traffic: Traffic) -> Iterator[Hit]:
    seqs = tuple(seq for seq, record in traffic.records if b'"xdm"' in record.body and _is_edge(traffic.read(record)))
    if seqs:
        yield Hit(
            seqs,
            "The body has the form of the Media Edge API (events, xdm); send this API's form, or post to the "
            "Edge Network.",
        )


def _event_array(traffic: Traffic) -> Iterator[Hit]:
    for seq, record in traffic.records:
        if record.operation is Operation.EVENT and record.body.lstrip()[:1] == b"[":
            yield Hit(
                (seq,), "An array was posted to the events of a session; post one event per request.",
                session_id=record.session_id,
            )  # fmt: skip


def _retry_storm(case: Case) -> Iterator[Hit]:
    bodies: dict[bytes, list[int]] = {}
    for item in case.arrived:
        if item.index is None:
            bodies.setdefault(item.record.body, []).append(item.seq)
    for seqs in bodies.values():
        if len(seqs) > case.thresholds.retry_storm:
            yield Hit(
                tuple(seqs),
                f"The same event was sent {len(seqs)} times; do not repeat events, since the API does not notice "
                "duplicates.",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "http.retry-storm",
        Severity.WARNING,
        "the same body sent more than twice to one session",
        "Every copy counts: the API does not notice duplicates.",
        "our reading: no source mentions a detection of duplicates",
        _retry_storm,
    ),
)

TRAFFIC_RULES: tuple[TrafficRule, ...] = (
    TrafficRule(
        "http.content-type",
        Severity.WARNING,
        "a Content-Type other than application/json",
        "Works today, but the documentation requires it.",
        "Adobe, Setting the HTTP request type; MediaSDK JS 3.0.0 and 3.0.1 forgot it",
        _wrong_content_type,
    ),
    TrafficRule(
        "http.heartbeat-protocol",
        Severity.ERROR,
        "a request with s:event:type in its query",
        "Nothing is reported: this is the older heartbeat protocol.",
        "Adobe support case: hosts <company>.hb.omtrdc.net and <company>.hb-api.omtrdc.net mixed up",
        _of_target(
            _HEARTBEAT,
            "A request of the older heartbeat protocol came in; configure the player for the Media Collection API.",
        ),
    ),
    TrafficRule(
        "http.edge-body",
        Severity.ERROR,
        "a body with events[].xdm",
        "400: nothing is reported.",
        "Adobe, Media Edge API",
        _edge_body,
    ),
    TrafficRule(
        "http.event-array",
        Severity.ERROR,
        "an array posted to /events",
        "400: all events in it are lost.",
        "Adobe, Media Collection API: Events request",
        _event_array,
    ),
    TrafficRule(
        "path.docs-typo",
        Severity.ERROR,
        "a post to /api/v1/{sid}/events",
        "404: all of them are lost.",
        "Adobe, Queueing events: the path in its sample lacks sessions/",
        _of_target(_DOCS_TYPO, "Events were posted to /api/v1/{sid}/events; post to /api/v1/sessions/{sid}/events."),
    ),
)
