"""Rules about player states: full screen, mute, captions and others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import listed, number, quoted, seqs_of
from mockserver.rules.playback import Step, state_names

__all__ = ["RULES"]

_MOST_STATES = 10
"""How many different states a session can have (Adobe, "Player state overview")."""

_NAME = re.compile(r"[a-zA-Z0-9_.]{1,64}")
_STANDARD = {name.lower(): name for name in ("mute", "closedCaptioning", "pictureInPicture", "inFocus", "fullScreen")}
_MEANT = {
    "captions": "closedCaptioning",
    "cc": "closedCaptioning",
    "closedcaptions": "closedCaptioning",
    "subtitles": "closedCaptioning",
    "focus": "inFocus",
    "full": "fullScreen",
    "fs": "fullScreen",
    "pip": "pictureInPicture",
    "unmute": "mute",
}
"""Short and similar names that players use for the standard states, in lower case."""

_ALIKE = 0.85
_SETTLED_MS = 1000
"""How old a session must be before a state counts as missing: players send all states again at its start."""


def _events(session: SessionTraffic) -> list[Step]:
    return session.in_order("stateStart", "stateEnd", "statesUpdate")


def _names(step: Step) -> Iterator[str]:
    """Return the names in an event as they are spelled."""
    if step.event_type != "statesUpdate":
        entries: list[Any] = [step.params]
    else:
        entries = [*step.params.get("statesStart", ()), *step.params.get("statesEnd", ())]
    for entry in entries:
        name = entry.get("media.state.name") if isinstance(entry, Mapping) else None
        if isinstance(name, str):
            yield name


def _spellings(session: SessionTraffic) -> dict[str, Step]:
    """Return every name as it is spelled, with the first event that has it."""
    found: dict[str, Step] = {}
    for step in _events(session):
        for name in _names(step):
            found.setdefault(name, step)
    return found


def _limit(session: SessionTraffic) -> Iterator[Hit]:
    first: dict[str, Step] = {}
    for step in session.in_order("stateStart", "statesUpdate"):
        for name in state_names(step.event_type, step.params)[0]:
            first.setdefault(name, step)
    beyond = dict(list(first.items())[_MOST_STATES:])
    if beyond:
        yield Hit(
            seqs_of(*beyond.values()),
            f"{len(first)} different player states were started, so {listed([quoted(name) for name in beyond])} will "
            f"be dropped; use at most {_MOST_STATES} names in a session.",
        )


def _end_without_start(session: SessionTraffic) -> Iterator[Hit]:
    starts = {
        (name, step.ts_ms)
        for step in session.of("stateStart", "statesUpdate")
        for name in state_names(step.event_type, step.params)[0]
    }
    over: set[str] = set()
    for step in session.in_order("stateEnd", "statesUpdate"):
        begun, ended = state_names(step.event_type, step.params)
        for name in ended:
            if name in step.before.on:
                over.add(name)
            elif name not in begun and (name, step.ts_ms) not in starts:
                text = (
                    "was ended, and then ended again; send one stateEnd for each stateStart"
                    if name in over
                    else "was ended but was not on; send stateStart when it begins"
                )
                yield Hit(seqs_of(step), f"The player state {quoted(name)} {text}.")


def _duplicate_start(session: SessionTraffic) -> Iterator[Hit]:
    for step in session.in_order("stateStart", "statesUpdate"):
        for name in state_names(step.event_type, step.params)[0]:
            if name in step.before.on:
                yield Hit(
                    seqs_of(session.steps[step.before.on[name]], step),
                    f"The player state {quoted(name)} was started but was already on; send stateStart only when it "
                    "begins, and stateEnd when it ends.",
                )


def _spelling(session: SessionTraffic) -> Iterator[Hit]:
    first = _spellings(session)
    by_name: dict[str, list[str]] = {}
    for spelled in first:
        by_name.setdefault(spelled.lower(), []).append(spelled)
    for n, (name, spellings) in enumerate(by_name.items()):
        if len(spellings) > 1:
            yield Hit(
                seqs_of(*(first[each] for each in spellings)),
                f"One player state is spelled {listed([quoted(each) for each in spellings])}; use one spelling.",
            )
        meant = _standard_name(name) if n < _MOST_STATES else None  # further states are dropped anyway
        if meant is not None:
            yield Hit(
                seqs_of(*(first[each] for each in spellings)),
                f"The player state {quoted(spellings[0])} is not one of Adobe's standard names; send {quoted(meant)} "
                "if that is meant.",
            )


def _standard_name(name: str) -> str | None:
    """Return the standard name that a name in lower case resembles without being equal to it."""
    if name in _STANDARD:
        return None
    plain = re.sub(r"[^a-z0-9]", "", name[:64])
    close = get_close_matches(plain, _STANDARD, n=1, cutoff=_ALIKE)
    return _MEANT.get(plain) or (_STANDARD[close[0]] if close else None)


def _name_invalid(session: SessionTraffic) -> Iterator[Hit]:
    for name, step in _spellings(session).items():
        if not _NAME.fullmatch(name):
            yield Hit(
                seqs_of(step),
                f"{quoted(name)} is not a valid name of a player state; use 1 to 64 letters, digits, underscores and "
                "dots.",
            )


def _states_update(session: SessionTraffic) -> Iterator[Hit]:
    used = [*(step.item for step in session.of("statesUpdate"))]
    used += [item for item in session.refused if item.event_type == "statesUpdate"]
    if used:
        yield Hit(
            seqs_of(*used),
            "Player states were sent with statesUpdate, which is not in Adobe's newest list of events; send "
            "stateStart and stateEnd.",
        )


def _restarts(traffic: Traffic) -> Iterator[tuple[SessionTraffic, SessionTraffic, Step]]:
    """Return pairs of sessions of which the second continues the first's playback, with the second's sessionStart."""
    last: dict[tuple[str, ...], SessionTraffic] = {}
    for session in traffic.sessions.values():
        start = session.start
        if start is None or session.is_batch:
            continue
        key = (str(session.params.get("media.id") or ""), *session.viewer)
        old = last.get(key)
        if old is not None and _goes_on(old, session, start):
            yield old, session, start
        last[key] = session


def _goes_on(old: SessionTraffic, new: SessionTraffic, start: Step) -> bool:
    end, limits = old.steps[-1], new.thresholds
    gap_s = (start.ts_ms - end.ts_ms) / 1000
    if gap_s < 0 or next(old.of("sessionComplete"), None) is not None:
        return False
    # SDKs send playhead 0 with sessionStart, and the position with the first play.
    play = next((step for step in new.of("play") if step.plays_main), start)
    near = abs(play.playhead_s - end.playhead_s) <= limits.restart_playhead_s
    return near and (gap_s <= limits.restart_s or play.playhead_s > limits.restart_playhead_s)


def _not_resent(traffic: Traffic) -> Iterator[Hit]:
    for old, new, start in _restarts(traffic):
        if new.steps[-1].ts_ms - start.ts_ms < _SETTLED_MS or new.stored is None:
            continue
        named = {name.lower() for step in _events(new) for name in _names(step)}
        lost = {name: n for name, n in old.steps[-1].after.on.items() if name not in named}
        if lost:
            gap_s = (start.ts_ms - old.steps[-1].ts_ms) / 1000
            yield Hit(
                seqs_of(*(old.steps[n] for n in lost.values()), start),
                f"{listed([quoted(name) for name in lost])} of the old session {'was' if len(lost) == 1 else 'were'} "
                f"not sent again in the new one, {number(gap_s)} s later; after a new sessionStart send stateStart for "
                "every state that is on.",
                session_id=new.stored.sid,
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "state.limit",
        Severity.ERROR,
        "more than 10 different states in one session",
        "The eleventh and all later ones are dropped.",
        "Adobe, Player state overview",
        _limit,
        "a state started again, and spellings that differ only in case",
    ),
    Rule(
        "state.end-without-start",
        Severity.WARNING,
        "stateEnd of a state that is not on",
        "It is ignored.",
        "source of Adobe's SDKs",
        _end_without_start,
        "a stateStart with the same name and ts, because Adobe guarantees no order for these",
        settled_by=(),
    ),
    Rule(
        "state.duplicate-start",
        Severity.INFO,
        "stateStart of a state that is on",
        "It is counted once.",
        "source of Adobe's SDKs, which drop the second",
        _duplicate_start,
    ),
    Rule(
        "state.spelling",
        Severity.WARNING,
        "one state in two spellings, or a name close to a standard one",
        "The state is reported in two parts, or not under its standard name.",
        "Adobe, Player state overview, which has fullScreen and fullscreen",
        _spelling,
        "a single spelling that differs from the standard name only in case",
    ),
    Rule(
        "state.name-invalid",
        Severity.WARNING,
        "a name that does not consist of 1 to 64 letters, digits, underscores and dots",
        "Adobe's SDKs refuse it; how Adobe reports it is not known.",
        "source of Adobe's SDKs",
        _name_invalid,
    ),
    Rule(
        "state.statesUpdate",
        Severity.INFO,
        "statesUpdate is used",
        "It may be answered 400: Adobe's Swagger file does not have it.",
        "Adobe, Player state overview; missing in Adobe's Swagger file of the API",
        _states_update,
        dialects=("collection",),
    ),
    Rule(
        "state.not-resent",
        Severity.WARNING,
        "a state that was on at the end of the old session is not sent again in the new one",
        "States do not carry over to the new session: the time in that state is lost.",
        "Adobe, Player state overview",
        traffic_check=_not_resent,
        tolerance="a new session at another playhead, or after sessionComplete, which is another viewing",
    ),
)
