"""Why an event is not valid: every reason, with one sentence each for the developer of the player.

Importing this module imports jsonschema, which is slow, so it is imported when the first event has been rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from mockserver.dialects.edge.keys import BLOCKS, EVENTS, ISO_EXAMPLE, MAX_PLAYHEAD_S, SID_LENGTH, Key
from mockserver.dialects.edge.normal import place_of, timestamp_ms
from mockserver.dialects.reasons import Path, Reason, reasons_of, value_at, violations_of
from mockserver.dialects.values import (
    SENT_AS_NULL,
    TYPE_WORDS,
    bounded,
    in_quotes,
    rewritten,
    shown_with_type,
)
from mockserver.model.journal import Violation

__all__ = ["explain"]

_EXAMINED_DEPTH = 6
"""One level deeper than the schemas."""

_TIMES = ("timestamp", "mediaEventTimestamp")
_KEYS: Mapping[tuple[str, str], Key] = {(block.name, key.name): key for block in BLOCKS for key in block.keys}
_MEANINGS: Mapping[str, tuple[str, str]] = {
    "eventType": ("a string", 'such as "media.play"'),
    "mediaEventType": ("a string", 'such as "media.play"'),
    "timestamp": ("a string", f'the time of the event with its offset to UTC, such as "{ISO_EXAMPLE}"'),
    "mediaEventTimestamp": ("a string", f'the time of the event with its offset to UTC, such as "{ISO_EXAMPLE}"'),
    "mediaCollection": ("an object", "with the data of the event"),
    "playhead": ("an integer", "the position in the main content in whole seconds"),
    "sessionID": ("a string", 'the "sessionId" from the answer to the sessionStart'),
    "customMetadata": ("an array", '[{"name": "...", "value": "..."}]'),
    "statesStart": ("an array", 'the states that begin, [{"name": "mute"}]'),
    "statesEnd": ("an array", 'the states that end, [{"name": "mute"}]'),
    "name": ("a string", "its name"),
    "value": ("a string", "its value"),
}


def explain(schema: dict[str, Any], xdm: object, event_type: str, base: str) -> tuple[Violation, ...]:
    """Find and describe every violation of a schema.

    Args:
        schema: The schema of ``event_type``.
        xdm: A decoded JSON value.
        event_type: Its event type.
        base: JSON pointer to it inside the body.

    Returns:
        The violations in the order of the places in the document, a missing member after those that are there.
    """
    if not isinstance(xdm, dict):
        return (Violation(base, "type", f"{_name(base)} is {shown_with_type(xdm)}; send an object."),)
    reasons = _find(schema, bounded(xdm, _EXAMINED_DEPTH))
    return violations_of(reasons, xdm, _Wording(xdm, event_type).sentence, base, place_of)


def _find(schema: dict[str, Any], xdm: dict[str, Any]) -> Iterator[Reason]:
    for error in Draft202012Validator(schema).iter_errors(xdm):
        for reason in reasons_of(error):
            # alloy's tracker sends null for "none"; a bitrateChange with it lacks its data.
            lacks = reason.rule == "type" and reason.path[-1:] == ("qoeDataDetails",) and error.instance is None
            yield Reason(reason.path, "required", ()) if lacks else reason
    for name in _TIMES:
        if isinstance(xdm.get(name), str) and timestamp_ms(xdm[name]) is None:
            yield Reason((name,), "format", "date-time")


class _Wording:
    """The sentences about one event."""

    def __init__(self, xdm: dict[str, Any], event_type: str) -> None:
        self._xdm = xdm
        self._event_type = event_type

    def sentence(self, reason: Reason) -> str:
        name = in_quotes(_dotted(reason.path))
        if reason.rule == "required":
            wanted, meaning = self._meaning(reason.path)
            return f"{name} is missing; add {wanted}{', ' if meaning else ''}{meaning}."
        if reason.rule == "anyOf":
            return f'{name} has neither "statesStart" nor "statesEnd" with a state in it; add one, or both.'
        if reason.rule == "not":
            return f"{name} must not be sent with {self._event_type}; remove it."
        value = value_at(self._xdm, reason.path)
        return f"{name} is {shown_with_type(value)}{self._advice(reason, value)}."

    def _advice(self, reason: Reason, value: Any) -> str:
        """Say what to send instead of a value."""
        wanted, meaning = self._meaning(reason.path)
        match reason.rule, reason.path[-1]:
            case "type", _:
                cause = SENT_AS_NULL if value is None and reason.about in ("number", "integer") else ""
                kind = TYPE_WORDS.get(reason.about, wanted) if isinstance(reason.about, str) else "an object"
                return f"; send {kind}{rewritten(value, reason.about)}{', ' if meaning else ''}{meaning}{cause}"
            case "enum", _:
                return f"; send {' or '.join(map(in_quotes, reason.about))}"
            case "minLength" | "maxLength", "sessionID":
                return f', with {len(value)} characters; send the {SID_LENGTH} of the "sessionId" you were given'
            case "minimum" | "maximum", "playhead":
                return f"; send whole seconds of the main content, from 0 to {MAX_PLAYHEAD_S}"
            case "minimum", _:
                return f"; send {reason.about} or more, {meaning}"
            case "pattern", _:
                return '; send 1 to 64 letters, digits, "_" and "."'
            case "format", _:
                return f'; send ISO 8601 with the offset to UTC, such as "{ISO_EXAMPLE}"'
            case _:
                return f"; send {meaning or wanted}"

    def _meaning(self, path: Path) -> tuple[str, str]:
        """Return the value that belongs at a place, and its purpose."""
        if len(path) > 1 and (key := _KEYS.get((str(path[-2]), str(path[-1])))) is not None:
            return TYPE_WORDS[key.type], key.meaning
        known = _MEANINGS.get(str(path[-1])) if path else None
        if known is not None:
            return known
        block = EVENTS[self._event_type].block
        if block is not None and path[-1:] == (block.name,):
            needed = [in_quotes(key.name) for key in block.keys if key.required]
            return "an object", f"with {', '.join(needed)}" if needed else "which may be empty"
        return ("an object", "")


def _dotted(path: Path) -> str:
    """Write a place as Adobe's pages do, such as ``xdm.mediaCollection.playhead``."""
    return "xdm" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _name(base: str) -> str:
    return in_quotes(base.rpartition("/")[2])
