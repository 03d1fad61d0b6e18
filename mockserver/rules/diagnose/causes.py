"""Which findings follow from another one and disappear once its cause is corrected.

To learn what follows from refused events, the rules run again as if those events had been accepted: the findings that
disappear follow from the refusals. In the same way they run as if events that came too late had been sorted, as if
events that a fault kept away had arrived, and as if the player's clock had not been set. What follows from other
mistakes is listed in a table.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from mockserver.model.event import Event
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.finding import Finding, Severity
from mockserver.model.journal import Violation
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.pointer import steps_of
from mockserver.rules.diagnose.refusals import is_edge_body
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.timeline import Item, processed

__all__ = ["linked", "linked_to_lost", "linked_traffic"]

_WRONG_LENGTH = ("media.length-ms", "media.length-is-ad", "media.length-too-small")

_NO_PLAY = ("play.missing-after-pause", "play.missing-after-buffer", "play.missing-after-break")

_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "session.end-at-end": _WRONG_LENGTH,
    "session.complete-early": _WRONG_LENGTH,
    "session.complete-missing": _WRONG_LENGTH,
    "playhead.over-length": _WRONG_LENGTH,
    "session.gone": ("ping.near-timeout",),
    "session.no-close": ("ping.near-timeout",),
    "session.no-play": ("play.missing-start", "ping.near-timeout"),
    "play.missing-after-preroll": ("play.missing-start",),
    "playhead.frozen": ("ad.outside-break",),
    "ad.break-complete-without-start": ("ad.outside-break",),
    "ping.during-complete": ("session.event-after-end",),
    "pause.duplicate": _NO_PLAY,
    "pause.in-buffer": _NO_PLAY,
    "buffer.duplicate": _NO_PLAY,
    "buffer.in-pause": _NO_PLAY,
    "ad.paused": _NO_PLAY,
    "ad.pod-second": ("playhead.moves-in-ad", "playhead.drift"),
    "playhead.jump-without-seek": ("playhead.drift",),
    "playhead.backwards": ("session.second-viewing",),
    "seek.as-pause": ("session.second-viewing",),
    "order.window": ("event.storm",),
    "ts.equal": ("event.storm",),
    "qoe.bitrateChange-same": ("event.storm",),
}
"""What follows from what within a session. :func:`_is_related` checks what a table cannot express."""

_CLOCK_SET = ("ts.clock-set",)

_LATENESS = ("order.late", "order.window", "order.parallel")

_WITHOUT_SESSION = ("session.event-before-sid", "session.unknown-id")

_MEANT = {
    "pause": "pauseStart",
    "seekStart": "pauseStart",
    "resume": "play",
    "seekComplete": "play",
    "bufferComplete": "play",
    "bufferEnd": "play",
    "complete": "sessionComplete",
    "end": "sessionEnd",
    "heartbeat": "ping",
}
"""Event types of other APIs, and their names in this one."""

_BY_CASE = {name.lower(): name for name in EVENT_TYPES}


def linked(
    found: Sequence[Finding], session: SessionTraffic, find: Callable[[SessionTraffic], Iterable[Finding]]
) -> list[Finding]:
    """Mark the findings about a session that follow from another one.

    Args:
        found: What was found.
        session: The session.
        find: Finds what is wrong with a session.
    """
    explained = {
        **_following_order(_LATENESS, lambda meant: meant.as_sorted, found, session, find),
        **_following_order(_CLOCK_SET, lambda meant: meant.with_one_clock, found, session, find),
        **_following_losses(found, session, find),
        **_following_refusals(found, session, find),
    }
    by_code: dict[str, list[Finding]] = {}
    for finding in found:
        by_code.setdefault(finding.code, []).append(finding)
    marked = []
    for finding in found:
        cause = explained.get(id(finding)) or _cause(finding, by_code, session)
        marked.append(finding if cause is None else _following(finding, cause))
    return marked


def _following(finding: Finding, cause: Finding) -> Finding:
    """Mark a finding as following from another one; its severity is at most that of its cause."""
    severity = max(finding.severity, cause.severity, key=lambda severity: severity.rank)
    return replace(finding, follows_from=cause.code, severity=severity)


def _cause(finding: Finding, by_code: Mapping[str, Sequence[Finding]], session: SessionTraffic) -> Finding | None:
    candidates = (cause for code in _FOLLOWS.get(finding.code, ()) for cause in by_code.get(code, ()))
    return next((cause for cause in candidates if _is_related(finding, cause, session)), None)


def _is_related(finding: Finding, cause: Finding, session: SessionTraffic) -> bool:
    """Return whether a finding concerns the ads of its cause: it is about one of them, or no break begins between."""
    if finding.code == "session.no-play" and not any(item.event_type == "play" for item in session.unaccepted):
        return cause.code != "ping.near-timeout"
    if cause.code in ("ping.near-timeout", "playhead.moves-in-ad", "session.second-viewing"):
        return not set(finding.seqs).isdisjoint(cause.seqs)
    if cause.code != "ad.outside-break":
        return True
    first, last = min(cause.seqs), max(finding.seqs)
    if finding.code == "playhead.frozen":
        return min(finding.seqs) <= max(cause.seqs) and first <= last
    return first < last and not any(first < step.seq < last for step in session.of("adBreakStart"))


def linked_traffic(found: Sequence[Finding], traffic: Traffic) -> list[Finding]:
    """Mark the findings about events without a session whose sessionStart was refused.

    The last request for a session before them was refused, so the player had no session id to use.
    """
    if not any(finding.code in _WITHOUT_SESSION for finding in found):
        return list(found)
    asked = traffic.asked
    refused = {seq for seq, record in asked if record.outcome is Outcome.INVALID}
    causes = {seq: finding for finding in reversed(found) for seq in finding.seqs if seq in refused}
    seqs = [seq for seq, _ in asked]
    marked = []
    for finding in found:
        cause = None
        if finding.code in _WITHOUT_SESSION:
            before = bisect_left(seqs, min(finding.seqs, default=0))
            cause = causes.get(seqs[before - 1]) if before else None
        marked.append(finding if cause is None else _following(finding, cause))
    return marked


def linked_to_lost(
    found: Sequence[Finding],
    about_traffic: Iterable[Finding],
    traffic: Traffic,
    find: Callable[[SessionTraffic], Iterable[Finding]],
) -> list[Finding]:
    """Mark the findings about sessions that follow from events that went to a path without a route.

    Args:
        found: What was found in the sessions.
        about_traffic: What was found in all traffic: the events sent to a path without a route.
        traffic: All traffic.
        find: Finds what is wrong with a session.
    """
    causes: dict[str, dict[int, Finding]] = {}
    for cause in about_traffic:
        if cause.code.startswith("path.") and cause.session_id in traffic.sessions:
            causes.setdefault(cause.session_id or "", {}).update((seq, cause) for seq in cause.seqs)
    if not causes:
        return list(found)
    records = dict(traffic.records)
    by_finding: dict[int, Finding] = {}
    for sid, by_seq in causes.items():
        session = traffic.sessions[sid]
        lost = [Item(event, records[seq]) for seq in by_seq for event in traffic.events(seq, records[seq])]
        known = [item for item in lost if item.event_type in EVENT_TYPES and item.ts_ms is not None]
        events = sorted([*(item for item in session.arrived if item.accepted), *known], key=lambda item: item.seq)
        own = [finding for finding in found if finding.session_id == sid]
        for finding in _explained_by(_ordered(events, session), own, session, find):
            by_finding[id(finding)] = _nearest(finding, by_seq)
    return [_following(finding, by_finding[id(finding)]) if id(finding) in by_finding else finding for finding in found]


# Refused events


def _following_refusals(
    found: Sequence[Finding], session: SessionTraffic, find: Callable[[SessionTraffic], Iterable[Finding]]
) -> dict[int, Finding]:
    """Return what follows from refused events, by identity, with the finding about the refusal that caused it."""
    refused = {item.seq for item in session.refused}
    causes = {
        seq: finding
        for finding in reversed(found)
        if finding.severity is not Severity.INFO and refused.issuperset(finding.seqs)
        for seq in finding.seqs
    }
    others = [finding for finding in found if not refused.issuperset(finding.seqs)]
    if not causes or not others:
        return {}
    events = _as_if_accepted(session)
    if len(events) == sum(1 for item in session.arrived if item.accepted):
        return {}
    explained = _explained_by(_ordered(events, session), others, session, find)
    return {id(finding): _nearest(finding, causes) for finding in explained}


# Events in another order


def _following_order(
    codes: Collection[str],
    as_meant: Callable[[SessionTraffic], Sequence[Item]],
    found: Sequence[Finding],
    session: SessionTraffic,
    find: Callable[[SessionTraffic], Iterable[Finding]],
) -> dict[int, Finding]:
    """Return what would be absent in another order of the events, by identity, with the finding that explains it.

    Args:
        codes: The findings about the order.
        as_meant: Returns the events in the order that the player meant.
    """
    causes = {seq: finding for finding in reversed(found) if finding.code in codes for seq in finding.seqs}
    others = [finding for finding in found if finding.code not in codes]
    if not causes or not others:
        return {}
    explained = _explained_by(as_meant(session), others, session, find)
    return {id(finding): _nearest(finding, causes) for finding in explained}


# Lost events


def _following_losses(
    found: Sequence[Finding], session: SessionTraffic, find: Callable[[SessionTraffic], Iterable[Finding]]
) -> dict[int, Finding]:
    """Return what follows from events that faults or sessionEnd kept from the back end, with the finding about them."""
    lost = [*session.lost, *session.overtaken]
    seqs = {item.seq for item in lost}
    causes = {seq: finding for finding in found if seqs.issuperset(finding.seqs) for seq in finding.seqs}
    others = [finding for finding in found if not seqs.issuperset(finding.seqs)]
    if not causes or not others:
        return {}
    sent = [*(item for item in session.arrived if item.accepted), *lost]
    sent.sort(key=lambda item: item.seq)
    explained = _explained_by(_ordered(sent, session), others, session, find)
    return {id(finding): _nearest(finding, causes) for finding in explained}


def _ordered(events: Sequence[Item], session: SessionTraffic) -> Sequence[Item]:
    return processed(events, session.settings, session.stored, session.now_ms)


def _explained_by(
    ordered: Sequence[Item],
    found: Iterable[Finding],
    session: SessionTraffic,
    find: Callable[[SessionTraffic], Iterable[Finding]],
) -> list[Finding]:
    """Return the findings that would be absent if the API had processed these events, in this order.

    A finding about the end of a session names its last event, which may be another one then.
    """
    left: dict[str, set[int]] = {}
    end = (session.steps[-1].seq,) if session.steps else ()
    as_meant = SessionTraffic(
        session.stored, session.arrived, ordered, session.settings, session.thresholds, session.now_ms, session.words
    )
    for finding in find(as_meant):
        left.setdefault(finding.code, set()).update(finding.seqs)
    return [
        finding
        for finding in found
        if finding.code not in left or (finding.seqs != end and left[finding.code].isdisjoint(finding.seqs))
    ]


def _nearest(finding: Finding, causes: Mapping[int, Finding]) -> Finding:
    """Return the finding about the last refusal before what followed from it."""
    before = [seq for seq in causes if seq <= max(finding.seqs, default=0)]
    return causes[max(before, default=min(causes))]


def _as_if_accepted(session: SessionTraffic) -> list[Item]:
    """Return what arrived, with refused events corrected to what the player meant, where that is certain."""
    events: list[Item] = []
    playhead_s: float = 0
    for item in session.arrived:
        event_type = _meant(item.event_type)
        playhead_s = playhead_s if item.playhead_s is None else item.playhead_s
        if item.accepted:
            events.append(item)
        elif _is_refused_event(item) and event_type not in (None, "sessionStart"):
            ts_ms = item.record.at_ms if item.ts_ms is None else item.ts_ms
            event = replace(item.event, event_type=event_type, ts_ms=ts_ms, playhead_s=playhead_s)
            for violation in item.record.violations:
                event = _without(event, violation)
            events.append(replace(item, event=event))
    return events


def _is_refused_event(item: Item) -> bool:
    record = item.record
    is_event = record.outcome is Outcome.INVALID and record.operation is Operation.EVENT
    return is_event and not is_edge_body(item.event.normal)


def _meant(event_type: str | None) -> str | None:
    if event_type is None:
        return None
    bare = event_type.removeprefix("media.").strip()
    return _BY_CASE.get(bare.lower()) or _MEANT.get(bare)


def _without(event: Event, violation: Violation) -> Event:
    """Leave out what is wrong in an event; add nothing that is missing."""
    block, *names = (*steps_of(violation.path), "")
    part = {"params": event.params, "qoeData": event.qoe, "customMetadata": event.meta}.get(block)
    if not part:
        return event
    kept = {name: value for name, value in part.items() if name != names[0]} if names[0] else {}
    match block:
        case "params":
            return replace(event, params=kept)
        case "qoeData":
            return replace(event, qoe=kept)
        case _:
            return replace(event, meta=kept)
