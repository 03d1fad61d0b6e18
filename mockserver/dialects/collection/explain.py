"""Explain why an event is not valid: one sentence per reason, for the developer of the player.

jsonschema finds the reasons; the sentences come from the tables of keys. Importing this module imports jsonschema,
which is slow, so it is imported when the first event is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator

from mockserver.dialects.collection import keys
from mockserver.dialects.collection.keys import Key
from mockserver.dialects.nearest import nearest_key
from mockserver.dialects.reasons import Path, Reason, reasons_of, value_at, violations_of
from mockserver.dialects.values import (
    LONGEST_SHOWN,
    SENT_AS_NULL,
    TYPE_WORDS,
    bounded,
    in_quotes,
    rewritten,
    shown,
    shown_with_type,
)
from mockserver.model.event_types import EVENTS
from mockserver.model.journal import Violation

__all__ = ["explain", "unexplained"]

_EXAMINED_DEPTH = 6
"""One level more than the schemas look into: event, params, customer ids, one id, its members."""

_BLOCKS = ("params", "qoeData", "customMetadata")
_ROOT_NAMES = ("playerTime", "eventType", *_BLOCKS)


def explain(
    schema: dict[str, Any], document: object, *, event_type: str | None, event_types: tuple[str, ...], base: str = ""
) -> tuple[Violation, ...]:
    """Return every violation of a schema, with a sentence.

    Args:
        schema: The schema of ``event_type``, or the one that all events share.
        document: A decoded JSON value.
        event_type: The event type of the schema; None for the shared one.
        event_types: The event types that can be valid.
        base: JSON pointer to the document inside the body.

    Returns:
        The violations in the order of the places in the document, a missing member after those that are there; at most
        :data:`MAX_VIOLATIONS`, of which the last has the rule ``more`` if there are others. Empty when none is found.
    """
    if not isinstance(document, dict):
        return (Violation(base, "type", f"The event is {shown_with_type(document)}; send one JSON object per event."),)
    reasons = _find(schema, bounded(document, _EXAMINED_DEPTH))
    return violations_of(reasons, document, _Wording(document, event_type, event_types).sentence, base)


def unexplained(event_type: str | None, base: str = "") -> Violation:
    """Return the violation of an event for which no reason was found, for example half of a surrogate pair in a key."""
    what = "valid event" if event_type is None else f"valid {event_type} event"
    where = f"/api/v1/schemas/{event_type or 'sessionStart'}"
    return Violation(base, "schema", f"This is not a {what}; compare it with the JSON Schema at {where}.")


def _find(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[Reason]:
    for error in Draft4Validator(schema).iter_errors(document):
        yield from reasons_of(error)
    metadata = document.get("customMetadata")
    if isinstance(metadata, dict):
        for key in metadata:
            # Python's $ also matches before a line break at the end; in other languages it does not.
            if key.endswith("\n") and re.match(keys.CUSTOM_METADATA_PATTERN, key):
                yield Reason(("customMetadata", key), "additionalProperties", ())


class _Wording:
    """The sentences about one event."""

    def __init__(self, document: dict[str, Any], event_type: str | None, event_types: tuple[str, ...]) -> None:
        self._document = document
        self._event_type = event_type
        self._event_types = event_types

    def sentence(self, reason: Reason) -> str:
        if reason.rule == "required":
            return self._missing(reason.path)
        if reason.rule == "additionalProperties":
            return self._unknown(reason.path, reason.about)
        if reason.rule == "enum":
            return self._event_type_unknown(value_at(self._document, reason.path))
        if reason.rule == "anyOf":
            wanted = " or ".join(in_quotes(choice["required"][0]) for choice in reason.about)
            return f"{in_quotes(reason.path[-1])} has neither {wanted.replace(' or ', ' nor ')}; add {wanted}, or both."
        return self._wrong_type(reason.path, reason.about)

    def _missing(self, path: Path) -> str:
        name = path[-1]
        key = self._key(path)
        if key is not None:
            return f"{in_quotes(name)} is missing; add {_VALUE_WORDS[key.type]}, {key.meaning}."
        if name == "eventType":
            return '"eventType" is missing; add the name of the event, such as "play".'
        if name == "playerTime":
            return f'"playerTime" is missing; add {_PLAYER_TIME}.'
        event = keys.EVENTS[self._event_type or ""]
        if event.any_of:
            return (
                f'"params" is missing; {self._event_type} needs it, with {" or ".join(map(in_quotes, event.any_of))}.'
            )
        names = ", ".join(in_quotes(each.name) for each in event.params if each.required)
        return f'"params" is missing; {self._event_type} needs it, with {names}.'

    def _wrong_type(self, path: Path, wanted: str | list[str]) -> str:
        value = value_at(self._document, path)
        key = self._key(path)
        name = f"Entry {path[-1]} of {in_quotes(path[-2])}" if isinstance(path[-1], int) else in_quotes(path[-1])
        cause = SENT_AS_NULL if value is None and wanted in ("number", "integer") else ""
        says = f"{name} is {shown_with_type(value)}"
        if path == ("playerTime", "ts"):
            return f"{says}; send Date.now(), an integer in milliseconds since 1970{cause}."
        words = TYPE_WORDS["|".join(wanted) if isinstance(wanted, list) else wanted]
        meaning = _STRUCTURES.get(path) or (key.meaning if key is not None else _entry_meaning(path))
        again = rewritten(value, wanted) if path != ("eventType",) else ""
        advice = f"send {words}{again}{', ' if meaning else ''}{meaning}"
        event = keys.EVENTS.get(self._event_type or "", keys.EventKeys())
        if value is None and len(path) == 1 and path[0] in _BLOCKS and not (path[0] == "params" and event.needs_params):
            advice = "leave it out, or send {}"
        return f"{says}; {advice}{cause}."

    def _unknown(self, path: Path, known: tuple[str, ...]) -> str:
        name = str(path[-1])
        place = path[:-1]
        named = in_quotes(name)
        if place == ("customMetadata",):
            return _bad_metadata_key(name)
        if name in _ROOT_NAMES:
            return f"{named} is in {self._place(place)}; move it to the top level of the event."
        if name in {key.name for key in keys.QOE_KEYS}:
            return f'{named} is in {self._place(place)}; move it into "qoeData".'
        if name in keys.UNQUALIFIED_QOE:
            full = in_quotes(keys.UNQUALIFIED_QOE[name])
            move = f"rename it to {full}" if place == ("qoeData",) else f'send it as {full} in "qoeData"'
            return f"{named} is not a key of {self._place(place)}; {move}."
        if name in {key.name for key in keys.PLAYER_TIME_KEYS}:
            return f'{named} is in {self._place(place)}; move it into "playerTime".'
        near = nearest_key(name, known)
        owners = [event for event in self._event_types if name in {key.name for key in keys.EVENTS[event].params}]
        if owners and len(place) < 2 and (near is None or place != ("qoeData",)):
            return self._misplaced(name, place, owners, near)
        if near is not None:
            return f"{named} is not a key of {self._place(place)}; rename it to {in_quotes(near)} if that is meant."
        if place == ("params",) and not known:
            return f"{named} cannot be sent here, because {self._event_type} has no params; remove it."
        event = EVENTS.get(self._event_type or "")
        if len(place) < 2 and event is not None and event.metadata:
            return f'{named} is not a key of {self._place(place)}; remove it, or send it as text in "customMetadata".'
        return f"{named} is not a key of {self._place(place)}; remove it."

    def _misplaced(self, name: str, place: Path, owners: list[str], near: str | None) -> str:
        """Write the sentence about a key of the params of some event that is somewhere else."""
        named = in_quotes(name)
        if self._event_type in owners or (self._event_type is None and place != ("params",)):
            return f'{named} is in {self._place(place)}; move it into "params".'
        same = near is not None and near.rpartition(".")[2] == name.rpartition(".")[2]
        instead = f"send {in_quotes(near)}" if same else "remove it"
        return f"{named} is a key of {' and '.join(owners)}, not of {self._event_type}; {instead}."

    def _event_type_unknown(self, value: object) -> str:
        if self._event_type is not None:
            return f'"eventType" is {shown(value)}; only {in_quotes(self._event_type)} is allowed here.'
        name = str(value)
        says = f"{shown(name)} is not an event type"
        if name in keys.EVENTS:
            return f'{in_quotes(name)} is switched off on this server; send "stateStart" and "stateEnd" instead.'
        bare = name[len("media.") :] if name.lower().startswith("media.") else name
        plain = re.sub(r"[^a-z]", "", bare[:LONGEST_SHOWN].lower())
        for event in self._event_types:
            if plain == event.lower():
                why = ", without a prefix" if bare != name else ", spelled exactly like that"
                return f"{says}; send {in_quotes(event)}{why}."
        if plain in keys.WRONG_EVENT_TYPES:
            event, occasion = keys.WRONG_EVENT_TYPES[plain]
            return f"{says}; send {in_quotes(event)} {occasion}."
        near = nearest_key(bare, self._event_types, cutoff=0.6)
        if near is not None:
            return f"{says}; send {in_quotes(near)} if that is meant."
        return f"{says}; send one of {', '.join(self._event_types)}."

    def _place(self, place: Path) -> str:
        if not place:
            return "the event itself"
        if place == ("params",):
            return f"the params of {self._event_type}"
        return in_quotes(place[0]) if len(place) == 1 else f"an entry of {in_quotes(place[1])}"

    def _key(self, path: Path) -> Key | None:
        place, name = path[:-1], path[-1]
        table: tuple[Key, ...] = ()
        if place == ("playerTime",):
            table = keys.PLAYER_TIME_KEYS
        elif place == ("qoeData",):
            table, name = keys.QOE_KEYS, keys.UNQUALIFIED_QOE.get(str(name), name)
        elif place == ("params",):
            table = keys.EVENTS[self._event_type or ""].params + keys.QOE_KEYS
        elif len(place) == 3:
            table = keys.CUSTOMER_ID_KEYS if place[1] == "visitor.customerIDs" else keys.EVENTS["stateStart"].params
        return next((key for key in table if key.name == name), None)


_VALUE_WORDS = TYPE_WORDS | {"customerIDs": "an object", "stateList": "an array"}
_PLAYER_TIME = '{"playhead": <seconds>, "ts": <Date.now()>}'
_STRUCTURES: dict[Path, str] = {("eventType",): "the name of the event", ("playerTime",): _PLAYER_TIME}


def _bad_metadata_key(name: str) -> str:
    says = 'may only have letters, digits, "_" and "."'
    if not name:
        return f'A key of "customMetadata" is empty; give it a name, which {says}.'
    if name.endswith("\n") and re.match(keys.CUSTOM_METADATA_PATTERN, name):
        key = in_quotes(name)
        return f'The key {key} of "customMetadata" ends in a line break; remove the break, since a key {says}.'
    better = re.sub(r"[^a-zA-Z0-9_.]+", "_", name)
    rename = f", for example to {in_quotes(better)}" if len(name) <= LONGEST_SHOWN and better.strip("_") else ""
    return f'The key {in_quotes(name)} of "customMetadata" {says}; rename it{rename}.'


def _entry_meaning(path: Path) -> str:
    """Return an example of an entry of one of the structures inside params."""
    if len(path) != 3:
        return ""
    return '{"id": "...", "authState": 1}' if path[1] == "visitor.customerIDs" else '{"media.state.name": "mute"}'
