"""Rules about requests as HTTP: their type, their form, how often they came, and why they were refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mockserver.model.finding import Severity
from mockserver.model.journal import Record
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.rules.diagnose.addressing import is_of_player
from mockserver.rules.diagnose.refusals import Refusal, is_edge_body, renamed_event_type
from mockserver.rules.diagnose.rule import Hit, Rule, unclaimed
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import counted, listed, quoted, seqs_of, were, which_were

__all__ = ["RULES", "refused_rule"]

_AT_ONCE_MS = 100
"""A network stack repeats within milliseconds; all players recorded so far wait 500 ms or more."""

_JSON = "application/json"
_REPORTING = (Operation.START, Operation.EVENT, Operation.DOWNLOAD)


def _content_type(record: Record) -> str:
    for name, value in record.headers:
        if name.lower() == b"content-type":
            return value.split(b";")[0].strip().decode("latin-1").lower()
    return ""


def _wrong_content_type(traffic: Traffic) -> Iterator[Hit]:
    found: dict[str | None, dict[str, list[int]]] = {}
    headers, declared = None, ""
    distinct = {id(record.headers): record for _, record in traffic.records}
    if all(_content_type(record) == _JSON for record in distinct.values()):
        return
    for seq, record in traffic.records:
        if record.operation in _REPORTING and record.body:
            if record.headers is not headers:  # the journal keeps equal ones once
                headers, declared = record.headers, _content_type(record)
            if declared != _JSON:
                found.setdefault(record.session_id, {}).setdefault(declared, []).append(seq)
    for session_id, kinds in found.items():
        for declared, seqs in kinds.items():
            yield Hit(
                tuple(seqs),
                f"{counted(len(seqs), 'request')} had the Content-Type {declared or '(none)'}; send application/json.",
                session_id=session_id,
            )


_EDGE = (
    "The body has the form of the Media Edge API (events, xdm); send the form of this API, or post to the Edge Network."
)


def _edge_body_in_session(session: SessionTraffic) -> Iterator[Hit]:
    found = [item for item in session.refused if not item.event.dialect and is_edge_body(item.event.sent)]
    if found:
        yield Hit(seqs_of(*found), _EDGE)


def _edge_body(traffic: Traffic) -> Iterator[Hit]:
    seqs = tuple(
        seq
        for seq, record in traffic.unaccepted
        if record.session_id is None
        and not record.dialect
        and b'"xdm"' in record.body
        and is_edge_body(traffic.read(record))
    )
    if seqs:
        yield Hit(seqs, _EDGE)


def _is_array(refusal: Refusal) -> bool:
    item = refusal.item
    return item.record.operation is Operation.EVENT and isinstance(item.event.sent, list)


def _repeats(records: Iterable[tuple[int, Record]]) -> Iterator[tuple[int, int, Record]]:
    """Find what a client's network stack resends: the seqs of the lost request and of its repeat, and the repeat.

    The journal does not record connections. A repeat is recognized because it comes at once and is equal byte for
    byte, header fields included. The stack repeats a request only once: the repeat has a connection of its own, and if
    that ends, the player learns of it. Of the two requests that a ``duplicate`` fault makes of one, the first is lost
    by the rule that made the second.
    """
    lost: dict[tuple[str, bytes], tuple[int, Record]] = {}
    repeated: set[tuple[str, bytes]] = set()
    for seq, record in records:
        name = record.target, record.body
        if lost and (first := lost.pop(name, None)) is not None:
            before = first[1]
            at_once = record.at_ms - before.at_ms <= _AT_ONCE_MS and record.headers == before.headers
            is_copy = record.delivery is not Delivery.CUT and not {*before.fault_ids}.isdisjoint(record.fault_ids)
            if at_once and not is_copy and name not in repeated:
                repeated.add(name)
                yield first[0], seq, record
        if record.delivery is Delivery.CUT and record.operation in _REPORTING and record.body:
            lost[name] = (seq, record)


def _stack_repeat(traffic: Traffic) -> Iterator[Hit]:
    if not traffic.cut:
        return
    by_session: dict[str | None, list[tuple[int, int]]] = {}
    for lost, again, record in _repeats(traffic.records):
        sid = record.session_id if record.operation is Operation.EVENT else None
        by_session.setdefault(sid, []).append((lost, again))
    for session_id, pairs in by_session.items():
        yield Hit(
            tuple(sorted({seq for pair in pairs for seq in pair})),
            f"{were(len(pairs), 'request')} repeated at once, byte for byte, after the connection had closed without "
            "an answer: the network stack of the browser did that, not the player; to see what the player itself does, "
            "use the fault garble, after which browsers do not repeat a request.",
            session_id=session_id,
        )


def _retry_storm(session: SessionTraffic) -> Iterator[Hit]:
    if len({item.record.body for item in session.arrived}) == len(session.arrived):
        return
    bodies: dict[bytes, list[int]] = {}
    same_ts_runs = {item.seq for run in session.same_ts_runs for item in run}
    by_itself = {again for _, again, _ in _repeats((item.seq, item.record) for item in session.arrived)}
    for item in session.arrived:
        if item.index is None and item.seq not in same_ts_runs and item.seq not in by_itself:
            bodies.setdefault(item.record.body, []).append(item.seq)
    for seqs in bodies.values():
        if len(seqs) > session.thresholds.retry_storm:
            yield Hit(
                tuple(seqs),
                f"The same event was sent {len(seqs)} times; send an event once, because the API does not detect "
                "duplicates.",
            )


def _lost(session: SessionTraffic) -> Iterator[Hit]:
    if session.lost:
        yield Hit(
            seqs_of(*session.lost),
            f"{which_were(session.lost)} not processed because of a fault or a failure, and the same body was not sent "
            "again; no change is needed, unless the player is meant to send such an event once more.",
        )


def _retry(session: SessionTraffic) -> Iterator[Hit]:
    if session.retries:
        yield Hit(
            seqs_of(*(item for pair in session.retries for item in pair)),
            f"{which_were([second for _, second in session.retries])} processed a second time after a fault or a lost "
            "connection had kept the answer to the first from the player; do not send an event again unless it is "
            "certain that it was not processed, because the API does not detect duplicates.",
        )


def _renamed(place: SessionTraffic | Traffic) -> Iterator[Hit]:
    found = [item for item in place.refused if renamed_event_type(item.event.sent) is not None]
    if found:
        body = found[0].event.sent
        key = renamed_event_type(body)
        others = listed([quoted(name) for name in body if name != key])
        yield Hit(
            seqs_of(*found),
            f"{counted(len(found), 'request')} had {quoted(key)} in place of eventType, and no playerTime but "
            f"{others}: the keys were renamed before they were sent; exclude the keys of the API from minification.",
        )


def _unread(traffic: Traffic) -> Iterator[Hit]:
    groups: dict[str, list[int]] = {}
    for seq, record in traffic.unaccepted:
        if record.operation is Operation.OTHER and record.outcome is Outcome.INVALID and is_of_player(record):
            detail = " ".join(violation.detail for violation in record.violations)
            groups.setdefault(f"{record.method} {record.target[:100]} was refused: {detail}", []).append(seq)
    for message, seqs in groups.items():
        yield Hit(tuple(seqs), message, consequence="Nothing is reported.")


def _schema(traffic: Traffic) -> Iterator[Hit]:
    names: dict[str, list[int]] = {}
    for seq, record in traffic.unaccepted:
        missing = record.response is not None and record.response.status == 404
        if record.operation is Operation.SCHEMA and record.outcome is Outcome.ANSWERED and missing:
            names.setdefault(record.target.partition("?")[0].rstrip("/").rpartition("/")[2], []).append(seq)
    if names:
        seqs = sorted(seq for found in names.values() for seq in found)
        yield Hit(
            tuple(seqs),
            f"Schemas that do not exist were requested: {listed([quoted(name) for name in names])}; use the name of an "
            "event type.",
            Severity.WARNING,
            consequence="No effect on the reports.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "http.event-array",
        Severity.ERROR,
        "an array posted to /events",
        "400: all its events are lost.",
        "Adobe, Media Collection API: Events request",
        claims=_is_array,
        dialects=("collection",),
    ),
    Rule(
        "http.edge-body",
        Severity.ERROR,
        "a body with events[].xdm",
        "400: nothing is reported.",
        "Adobe, Media Edge API",
        _edge_body_in_session,
        traffic_check=_edge_body,
        dialects=("collection",),
    ),
    Rule(
        "http.renamed-keys",
        Severity.ERROR,
        "a refused body with neither eventType nor playerTime, in which another key holds an event type",
        "400: these events are lost.",
        "our reading: release builds rename members of classes (ProGuard, R8, property mangling of minifiers)",
        _renamed,
        "a body in which only one of the two is missing or misspelled; bodies of the Media Edge API",
        traffic_check=_renamed,
        dialects=("collection",),
    ),
    Rule(
        "http.retry-storm",
        Severity.WARNING,
        "the same body posted more than twice to one session",
        "Every copy counts: the API does not detect duplicates.",
        "our reading: no source mentions a detection of duplicates",
        _retry_storm,
    ),
    Rule(
        "http.lost",
        Severity.INFO,
        "an event that was not processed because of a fault, a 429 or a 5xx, and that was not sent again",
        "The event is lost; all that is wrong because of it follows from this finding.",
        "Adobe, Media Collection API: Events request, which asks nothing of players after a 500; Adobe's SDKs send an "
        "event once",
        _lost,
    ),
    Rule(
        "http.retry",
        Severity.INFO,
        "the same body processed again, after a fault, or a connection that ended, had kept the first answer from the "
        "player",
        "The event counts twice; all other findings about the session are as if it had come once.",
        "Adobe, Media Edge API troubleshooting (which errors to retry); no source mentions a detection of duplicates",
        _retry,
        "an event that was not processed the first time",
    ),
    Rule(
        "http.stack-repeat",
        Severity.INFO,
        "a request repeated at once, byte for byte, after its connection closed without an answer",
        "It does not show that the player retries; an event that was processed counts twice.",
        "Chromium, HttpNetworkTransaction: a request is sent again if its reused connection closes without an answer",
        traffic_check=_stack_repeat,
    ),
    Rule(
        "http.content-type",
        Severity.WARNING,
        "a Content-Type other than application/json",
        "No effect at present; Adobe's documentation requires application/json.",
        "Adobe, Setting the HTTP request type; MediaSDK JS 3.0.0 and 3.0.1 forgot it",
        traffic_check=_wrong_content_type,
        dialects=("collection",),
    ),
)


def refused_rule(others: Sequence[Rule]) -> Rule:
    """Make the rule about refusals that no other rule claims."""
    return Rule(
        "http.refused",
        Severity.ERROR,
        "a request refused for a reason that no other rule covers, such as a missing key or a wrong type; a warning "
        "for a limit of this server, and for a schema that does not exist",
        "The event is lost, or no session is opened.",
        "Adobe, Media Collection API: Validating event requests",
        lambda session: unclaimed(others, session),
        traffic_check=lambda traffic: (*unclaimed(others, traffic), *_unread(traffic), *_schema(traffic)),
    )
