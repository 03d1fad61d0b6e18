"""Rules about what only clients of the Media Edge API can do wrong: the form of its events, and its clients' timers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Outcome
from mockserver.rules.diagnose.refusals import refused_at
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.wording import counted, listed, number, seqs_of
from mockserver.rules.timeline import Item

__all__ = ["RULES"]

_EDGE = ("edge",)
_SAMPLES = "Adobe, Media Edge API: media endpoints"
_TROUBLESHOOTING = "Adobe, Media Edge API troubleshooting"
_ALLOY = "recordings of alloy 2.33.1"

_WITHOUT_HINT = re.compile(r"/ee(?:-pre-prd)?/(?:va/v1|v[12])/")
_LIVE_ZERO_S = 60
"""A live playhead that continues from this value or a larger one did not begin at 0."""

_MISSED_PINGS = 2.5
"""This many intervals without a ping are more than a delay."""


def _without_time(session: SessionTraffic) -> Iterator[Hit]:
    missing = [item for item in session.arrived if item.accepted and "ts" not in _time(item)]
    if missing:
        yield Hit(
            seqs_of(*missing),
            f"{counted(len(missing), 'event')} had no timestamp; send the time at which it happened, because the "
            "specification requires it.",
            Severity.INFO,
        )


def _time(item: Item) -> Mapping[str, Any]:
    normal = item.event.normal
    time = normal.get("playerTime") if isinstance(normal, dict) else None
    return time if isinstance(time, dict) else {}


def _xdm_of(item: Item) -> Mapping[str, Any]:
    """Return the first ``xdm`` of a body; empty if it has none."""
    events = item.event.sent.get("events") if isinstance(item.event.sent, dict) else None
    first = events[0] if isinstance(events, list) and events else None
    xdm = first.get("xdm") if isinstance(first, dict) else None
    return xdm if isinstance(xdm, dict) else {}


def _media_of(item: Item) -> Mapping[str, Any]:
    media = _xdm_of(item).get("mediaCollection")
    return media if isinstance(media, dict) else {}


def _metadata_place(session: SessionTraffic) -> Iterator[Hit]:
    wrong = [
        item
        for item in session.arrived
        if "customMetadata" in _xdm_of(item)
        or any("customMetadata" in block for block in _media_of(item).values() if isinstance(block, dict))
    ]
    if wrong:
        yield Hit(
            seqs_of(*wrong),
            f"{counted(len(wrong), 'event')} had customMetadata outside of mediaCollection; move it to "
            "xdm.mediaCollection.customMetadata.",
        )


def _members(session: SessionTraffic, item: Item) -> Iterator[tuple[str, str]]:
    """Return the members in an event that the API does not know, each with the object it is in."""
    media = _media_of(item)
    for place, members in (("mediaCollection", media), *media.items()):
        known = session.words.members.get(place)
        if known is not None and isinstance(members, dict):
            yield from ((place, name) for name in members if name not in known)


def _server_only(session: SessionTraffic) -> Iterator[Hit]:
    yield from _unknown(
        session,
        lambda name: name in session.words.server_only,
        "Members that only Adobe's servers fill in were sent",
        "leave them out",
    )


def _unknown_members(session: SessionTraffic) -> Iterator[Hit]:
    yield from _unknown(
        session,
        lambda name: name not in session.words.server_only and name != "customMetadata",
        "Members that the API does not know were sent",
        "look for a misspelt name, or leave them out",
    )


def _unknown(session: SessionTraffic, is_meant: Any, what: str, advice: str) -> Iterator[Hit]:
    found: dict[str, list[Item]] = {}
    for item in session.arrived:
        for place, name in _members(session, item):
            if is_meant(name):
                found.setdefault(f"{place}.{name}", []).append(item)
    if found:
        items = [item for group in found.values() for item in group]
        yield Hit(seqs_of(*items), f"{what}: {listed([*found])}; {advice}.")


def _hint(session: SessionTraffic) -> Iterator[Hit]:
    strays = [
        item
        for item in session.arrived
        if item.event_type != "sessionStart" and _WITHOUT_HINT.search(item.record.target)
    ]
    if strays and len(strays) == sum(item.event_type != "sessionStart" for item in session.arrived):
        yield Hit(
            seqs_of(*strays),
            f"{counted(len(strays), 'event')} went to a path without the location hint of the answer to the "
            "sessionStart; put its EdgeNetwork hint after /ee, as in /ee/or2/va/v1/play.",
        )


def _null_quality(session: SessionTraffic) -> Iterator[Hit]:
    null = [item for item in session.arrived if _media_of(item).get("qoeDataDetails", "") is None]
    if null:
        yield Hit(
            seqs_of(*null),
            f"{counted(len(null), 'event')} had qoeDataDetails: null; give the tracker a QoE object before "
            "trackSessionStart, or leave the member out.",
        )


def _live_from_zero(session: SessionTraffic) -> Iterator[Hit]:
    start = session.start
    if start is None or not session.is_live or start.playhead_s:
        return
    after = next((step for step in session.steps if step.n > start.n and step.playhead_s), None)
    if after is None or after.playhead_s < _LIVE_ZERO_S:
        return
    passed_s = (after.ts_ms - start.ts_ms) / 1000
    if after.playhead_s - passed_s > _LIVE_ZERO_S:
        yield Hit(
            seqs_of(start, after),
            f"The live session began at playhead 0 and went on at {number(after.playhead_s)}; alloy's tracker ignores "
            "updatePlayhead before trackSessionStart, so call createMediaSession, which takes the position.",
        )


def _pings_stopped(session: SessionTraffic) -> Iterator[Hit]:
    pings = [item for item in session.arrived if item.event_type == "ping"]
    for refused in pings:
        if refused.accepted and refused.status is not None and refused.status < 400:
            continue
        if refused.record.outcome in (Outcome.INVALID, Outcome.SESSION_CLOSED) or refused.ts_ms is None:
            continue
        following = [item for item in session.arrived if item.seq > refused.seq and item.ts_ms is not None]
        if not following:
            continue
        after = following[0]
        quiet_s = ((after.ts_ms or 0) - refused.ts_ms) / 1000
        if quiet_s > _MISSED_PINGS * session.ping_s:
            yield Hit(
                seqs_of(refused, after),
                f"After a ping that was answered {refused.status or 'not at all'} nothing was sent for "
                f"{number(quiet_s)} s, until {after.event_type}; let the application send an event, such as play, "
                "after a failure: alloy starts the next timer only when a request has succeeded.",
            )


def _doubled_case(session: SessionTraffic) -> Iterator[Hit]:
    lower = [
        step
        for step in session.of("statesUpdate")
        for member in ("statesStart", "statesEnd")
        for state in step.params.get(member) or ()
        if isinstance(state, dict) and state.get("media.state.name") == "fullscreen"
    ]
    if lower:
        yield Hit(
            seqs_of(*lower),
            'The player state was called "fullscreen"; send "fullScreen", as alloy and the specification spell it.',
        )


def _same_second(session: SessionTraffic) -> Iterator[Hit]:
    pairs = [
        (first, last)
        for first, last in pairwise(session.arrived)
        if first.ts_ms is not None
        and first.ts_ms == last.ts_ms
        and _is_whole(first)
        and first.record.body != last.record.body
    ]
    if pairs:
        yield Hit(
            seqs_of(*(item for pair in pairs for item in pair)),
            f"{counted(len(pairs), 'pair')} of events had the same whole second for a timestamp; send fractions of "
            "seconds, because events are sorted by their timestamp.",
        )


def _is_whole(item: Item) -> bool:
    text = _xdm_of(item).get("timestamp")
    return isinstance(text, str) and "." not in text


RULES: tuple[Rule, ...] = (
    Rule(
        "edge.timestamp",
        Severity.ERROR,
        "a timestamp that is missing, or not ISO 8601 with an offset to UTC; only info for a sessionStart without one",
        "400: the event is lost; a sessionStart counts from its receipt.",
        _TROUBLESHOOTING,
        claims=refused_at("playerTime", "ts"),
        check=_without_time,
        dialects=_EDGE,
    ),
    Rule(
        "edge.playhead",
        Severity.ERROR,
        "a playhead that is missing, has a fraction, or is not from 0 to 86400",
        "400: the event is lost.",
        "answers of Adobe's servers, as THEOplayer's changelog quotes them (1.1.1, 1.3.1)",
        claims=refused_at("playerTime", "playhead"),
        dialects=_EDGE,
    ),
    Rule(
        "edge.type-against-path",
        Severity.ERROR,
        "an eventType in the body that is not that of the path",
        "400: the event is lost.",
        _TROUBLESHOOTING,
        claims=refused_at(rule="path-type"),
        dialects=_EDGE,
    ),
    Rule(
        "edge.session-id",
        Severity.ERROR,
        "an event without sessionID, or with one that is not 64 characters long",
        "400: the event is lost.",
        _TROUBLESHOOTING,
        claims=refused_at(name=("sessionID",)),
        dialects=_EDGE,
    ),
    Rule(
        "edge.metadata-place",
        Severity.WARNING,
        "customMetadata in xdm or in one of the details",
        "It is not reported.",
        "Adobe, Custom metadata, against a sentence of Adobe, Media Edge API, which puts it in xdm",
        _metadata_place,
        dialects=_EDGE,
    ),
    Rule(
        "edge.server-only",
        Severity.WARNING,
        "members such as isStarted, timePlayed, states or ID",
        "They are overwritten or refused.",
        "Adobe, Install Media Analytics with Experience Platform Edge: the fields to hide",
        _server_only,
        dialects=_EDGE,
    ),
    Rule(
        "edge.unknown-member",
        Severity.INFO,
        "a member of mediaCollection or of its details that the API does not know",
        "It is not reported.",
        f"{_SAMPLES}; {_ALLOY}, whose tracker sends media.resumed",
        _unknown_members,
        dialects=_EDGE,
    ),
    Rule(
        "edge.hint",
        Severity.INFO,
        "no event of a session goes to a path with the location hint that was given",
        "Requests may reach another region, which has to look the session up.",
        "Adobe, Location hints",
        _hint,
        "sessionStart, which has no hint yet",
        dialects=_EDGE,
    ),
    Rule(
        "edge.qoe-null",
        Severity.INFO,
        "qoeDataDetails: null",
        "No quality is reported.",
        _ALLOY,
        _null_quality,
        dialects=_EDGE,
    ),
    Rule(
        "edge.live-from-zero",
        Severity.WARNING,
        "live content that starts at playhead 0 and continues at a playhead 60 s or more away",
        "The segment begins at 0: the second of the day is lost.",
        _ALLOY,
        _live_from_zero,
        dialects=_EDGE,
    ),
    Rule(
        "edge.pings-stopped",
        Severity.ERROR,
        "after a failed ping nothing is sent for more than 2.5 intervals",
        "Durations end there, and after 10 minutes the session is closed.",
        _ALLOY,
        _pings_stopped,
        dialects=_EDGE,
    ),
    Rule(
        "edge.state-spelling",
        Severity.INFO,
        "a player state called fullscreen",
        "It is counted as a custom state.",
        "media-edge.yaml and alloy (fullScreen), against Adobe, Player states (fullscreen)",
        _doubled_case,
        dialects=_EDGE,
    ),
    Rule(
        "edge.whole-seconds",
        Severity.WARNING,
        "different events with the same whole second for a timestamp",
        "The order in which they are processed is undefined.",
        "Adobe, Media Edge API: examples",
        _same_second,
        dialects=_EDGE,
    ),
)
