"""Why an event is not valid: every reason, with one sentence each for the developer of the player.

jsonschema finds the reasons; the sentences are made from the tables of keys. Importing this module imports jsonschema,
which is slow, so it is imported when the first event has been rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError

from mockserver.dialects.collection import keys
from mockserver.dialects.collection.keys import Key
from mockserver.dialects.collection.nearest import nearest_key
from mockserver.model.event_types import EVENTS
from mockserver.model.journal import Violation
from mockserver.pointer import pointer_of
from mockserver.wire.codec import WrittenNumber

__all__ = ["MAX_VIOLATIONS", "explain", "unexplained"]

MAX_VIOLATIONS = 100
"""Most violations of one event; the last of them then tells how many are not listed."""

_MAX_FOUND = 1_000
"""Where the search for violations stops: a body of a megabyte could have a hundred thousand."""

_MAX_SHOWN = 80
_EXAMINED_DEPTH = 6
"""One level more than the schemas look into: event, params, customer ids, one id, its members."""
_BIG_INT_BITS = 256

_BLOCKS = ("params", "qoeData", "customMetadata")
_ROOT_NAMES = ("playerTime", "eventType", *_BLOCKS)
_SENT_AS_NULL = " (JSON.stringify writes NaN and Infinity as null)"

_Path = tuple[str | int, ...]


class _Finding(msgspec.Struct, frozen=True):
    """One violation before it is worded; ``about`` is what the failing keyword of the schema says."""

    path: _Path
    rule: str
    about: Any


def explain(
    schema: dict[str, Any], document: object, *, event_type: str | None, event_types: tuple[str, ...], base: str = ""
) -> tuple[Violation, ...]:
    """Find and word every violation of a schema.

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
        return (Violation(base, "type", f"The event is {_shown_with_type(document)}; send one JSON object per event."),)
    found = list(islice(_find(schema, _bounded(document, _EXAMINED_DEPTH)), _MAX_FOUND))
    unique = {(finding.path, finding.rule): finding for finding in found}
    wrong_type = {path for path, rule in unique if rule == "type"}
    findings = [f for f in unique.values() if f.rule != "enum" or f.path not in wrong_type]
    findings.sort(key=_DocumentOrder(document))
    listed = findings if len(findings) <= MAX_VIOLATIONS else findings[: MAX_VIOLATIONS - 1]
    wording = _Wording(document, event_type, event_types)
    violations = [Violation(base + pointer_of(f.path), f.rule, wording.sentence(f)) for f in listed]
    if len(listed) < len(findings):
        at_least = "At least " if len(found) == _MAX_FOUND else ""
        more = f"{at_least}{len(findings) - len(listed)} more violations are not listed; correct these first."
        violations.append(Violation(base, "more", more))
    return tuple(violations)


def unexplained(event_type: str | None, base: str = "") -> Violation:
    """Word the rejection of an event for which no reason was found, for example half of a surrogate pair in a key."""
    what = "valid event" if event_type is None else f"valid {event_type} event"
    where = f"/api/v1/schemas/{event_type or 'sessionStart'}"
    return Violation(base, "schema", f"This is not a {what}; compare it with the JSON Schema at {where}.")


def _find(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[_Finding]:
    for error in Draft4Validator(schema).iter_errors(document):
        yield from _split(error)
    metadata = document.get("customMetadata")
    if isinstance(metadata, dict):
        for key in metadata:
            # Python's $ also matches before a line break at the end, the $ of other languages does not.
            if key.endswith("\n") and re.match(keys.CUSTOM_METADATA_PATTERN, key):
                yield _Finding(("customMetadata", key), "additionalProperties", ())


def _split(error: ValidationError) -> Iterator[_Finding]:
    """Turn one error into one finding per member; jsonschema repeats ``required``, and repetitions fall together."""
    path = tuple(error.absolute_path)
    rule = str(error.validator)
    schema: Any = error.schema
    value: Any = error.validator_value
    instance: Any = error.instance
    if rule == "required":
        for name in value:
            if name not in instance:
                yield _Finding((*path, name), rule, ())
    elif rule == "additionalProperties":
        known = tuple(schema.get("properties", ()))
        patterns = tuple(schema.get("patternProperties", ()))
        for name in instance:
            if name not in known and not any(re.search(pattern, name) for pattern in patterns):
                yield _Finding((*path, name), rule, known)
    else:
        yield _Finding(path, rule, value)


class _DocumentOrder:
    """Sort key: the position of each step of a path among its siblings; what is missing comes after what is there."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._positions: dict[_Path, dict[str, int]] = {}

    def __call__(self, finding: _Finding) -> tuple[int, ...]:
        key: list[int] = []
        at: Any = self._document
        for depth, step in enumerate(finding.path):
            if isinstance(step, int):
                key.append(step)
                at = at[step]
                continue
            parent = finding.path[:depth]
            if parent not in self._positions:
                self._positions[parent] = {name: position for position, name in enumerate(at)}
            key.append(self._positions[parent].get(step, len(at)))
            at = at.get(step)
        return tuple(key)


class _Wording:
    """The sentences about one event."""

    def __init__(self, document: dict[str, Any], event_type: str | None, event_types: tuple[str, ...]) -> None:
        self._document = document
        self._event_type = event_type
        self._event_types = event_types

    def sentence(self, finding: _Finding) -> str:
        if finding.rule == "required":
            return self._missing(finding.path)
        if finding.rule == "additionalProperties":
            return self._unknown(finding.path, finding.about)
        if finding.rule == "enum":
            return self._event_type_unknown(self._value(finding.path))
        if finding.rule == "anyOf":
            wanted = " or ".join(_quoted(choice["required"][0]) for choice in finding.about)
            return f"{_quoted(finding.path[-1])} has neither {wanted.replace(' or ', ' nor ')}; add {wanted}, or both."
        return self._wrong_type(finding.path, finding.about)

    def _missing(self, path: _Path) -> str:
        name = path[-1]
        key = self._key(path)
        if key is not None:
            return f"{_quoted(name)} is missing; add {_KIND_WORDS[key.kind]}, {key.meaning}."
        if name == "eventType":
            return '"eventType" is missing; add the name of the event, such as "play".'
        if name == "playerTime":
            return f'"playerTime" is missing; add {_PLAYER_TIME}.'
        event = keys.EVENTS[self._event_type or ""]
        if event.any_of:
            return f'"params" is missing; {self._event_type} needs it, with {" or ".join(map(_quoted, event.any_of))}.'
        names = ", ".join(_quoted(each.name) for each in event.params if each.required)
        return f'"params" is missing; {self._event_type} needs it, with {names}.'

    def _wrong_type(self, path: _Path, wanted: str | list[str]) -> str:
        value = self._value(path)
        key = self._key(path)
        name = f"Entry {path[-1]} of {_quoted(path[-2])}" if isinstance(path[-1], int) else _quoted(path[-1])
        cause = _SENT_AS_NULL if value is None and wanted in ("number", "integer") else ""
        says = f"{name} is {_shown_with_type(value)}"
        if path == ("playerTime", "ts"):
            return f"{says}; send Date.now(), an integer in milliseconds since 1970{cause}."
        words = _TYPE_WORDS["|".join(wanted) if isinstance(wanted, list) else wanted]
        meaning = _STRUCTURES.get(path) or (key.meaning if key is not None else _entry_meaning(path))
        rewritten = _rewritten(value, wanted) if path != ("eventType",) else ""
        advice = f"send {words}{rewritten}{', ' if meaning else ''}{meaning}"
        event = keys.EVENTS.get(self._event_type or "", keys.EventKeys())
        if value is None and len(path) == 1 and path[0] in _BLOCKS and not (path[0] == "params" and event.needs_params):
            advice = "leave it out, or send {}"
        return f"{says}; {advice}{cause}."

    def _unknown(self, path: _Path, known: tuple[str, ...]) -> str:
        name = str(path[-1])
        place = path[:-1]
        quoted = _quoted(name)
        if place == ("customMetadata",):
            return _bad_metadata_key(name)
        if name in _ROOT_NAMES:
            return f"{quoted} stands in {self._place(place)}; move it to the top level of the event."
        if name in {key.name for key in keys.QOE_KEYS}:
            return f'{quoted} stands in {self._place(place)}; move it into "qoeData".'
        if name in keys.UNQUALIFIED_QOE:
            full = _quoted(keys.UNQUALIFIED_QOE[name])
            move = f"rename it to {full}" if place == ("qoeData",) else f'send it as {full} in "qoeData"'
            return f"{quoted} is not a key of {self._place(place)}; {move}."
        if name in {key.name for key in keys.PLAYER_TIME_KEYS}:
            return f'{quoted} stands in {self._place(place)}; move it into "playerTime".'
        near = nearest_key(name, known)
        owners = [event for event in self._event_types if name in {key.name for key in keys.EVENTS[event].params}]
        if owners and len(place) < 2 and (near is None or place != ("qoeData",)):
            return self._misplaced(name, place, owners, near)
        if near is not None:
            return f"{quoted} is not a key of {self._place(place)}; rename it to {_quoted(near)} if that is meant."
        if place == ("params",) and not known:
            return f"{quoted} cannot be sent here, because {self._event_type} has no params; remove it."
        event = EVENTS.get(self._event_type or "")
        if len(place) < 2 and event is not None and event.metadata:
            return f'{quoted} is not a key of {self._place(place)}; remove it, or send it as text in "customMetadata".'
        return f"{quoted} is not a key of {self._place(place)}; remove it."

    def _misplaced(self, name: str, place: _Path, owners: list[str], near: str | None) -> str:
        """Word a key that belongs to the params of some event, found somewhere else."""
        quoted = _quoted(name)
        if self._event_type in owners or (self._event_type is None and place != ("params",)):
            return f'{quoted} stands in {self._place(place)}; move it into "params".'
        same = near is not None and near.rpartition(".")[2] == name.rpartition(".")[2]
        instead = f"send {_quoted(near)}" if same else "remove it"
        return f"{quoted} is a key of {' and '.join(owners)}, not of {self._event_type}; {instead}."

    def _event_type_unknown(self, value: object) -> str:
        if self._event_type is not None:
            return f'"eventType" is {_shown(value)}; only {_quoted(self._event_type)} can stand here.'
        name = str(value)
        says = f"{_shown(name)} is not an event type"
        if name in keys.EVENTS:
            return f'{_quoted(name)} is switched off on this server; send "stateStart" and "stateEnd" instead.'
        bare = name[len("media.") :] if name.lower().startswith("media.") else name
        plain = re.sub(r"[^a-z]", "", bare[:_MAX_SHOWN].lower())
        for event in self._event_types:
            if plain == event.lower():
                why = ", without a prefix" if bare != name else ", spelled exactly so"
                return f"{says}; send {_quoted(event)}{why}."
        if plain in keys.WRONG_EVENT_TYPES:
            event, occasion = keys.WRONG_EVENT_TYPES[plain]
            return f"{says}; send {_quoted(event)} {occasion}."
        near = nearest_key(bare, self._event_types, cutoff=0.6)
        if near is not None:
            return f"{says}; send {_quoted(near)} if that is meant."
        return f"{says}; send one of {', '.join(self._event_types)}."

    def _place(self, place: _Path) -> str:
        if not place:
            return "the event itself"
        if place == ("params",):
            return f"the params of {self._event_type}"
        return _quoted(place[0]) if len(place) == 1 else f"an entry of {_quoted(place[1])}"

    def _key(self, path: _Path) -> Key | None:
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

    def _value(self, path: _Path) -> Any:
        at: Any = self._document
        for step in path:
            at = at[step]
        return at


_TYPE_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "integer|null": "an integer or null",
    "object": "an object",
    "array": "an array",
}
_KIND_WORDS = _TYPE_WORDS | {"customerIDs": "an object", "stateList": "an array"}
_PLAYER_TIME = '{"playhead": <seconds>, "ts": <Date.now()>}'
_STRUCTURES: dict[_Path, str] = {("eventType",): "the name of the event", ("playerTime",): _PLAYER_TIME}


def _bounded(value: Any, depth: int) -> Any:
    """Copy what matters to a schema: jsonschema prints each value it objects to, and Python cannot print every one."""
    if isinstance(value, dict):
        return {name: _bounded(member, depth - 1) for name, member in value.items()} if depth else {}
    if isinstance(value, list):
        return [_bounded(item, depth - 1) for item in value] if depth else []
    if _is_big(value):
        return 1 << _BIG_INT_BITS
    return value


def _bad_metadata_key(name: str) -> str:
    says = 'may only have letters, digits, "_" and "."'
    if not name:
        return f'A key of "customMetadata" is empty; give it a name, which {says}.'
    if name.endswith("\n") and re.match(keys.CUSTOM_METADATA_PATTERN, name):
        return (
            f'The key {_quoted(name)} of "customMetadata" ends in a line break; remove the break, since a key {says}.'
        )
    better = re.sub(r"[^a-zA-Z0-9_.]+", "_", name)
    rename = f", for example to {_quoted(better)}" if len(name) <= _MAX_SHOWN and better.strip("_") else ""
    return f'The key {_quoted(name)} of "customMetadata" {says}; rename it{rename}.'


def _rewritten(value: object, wanted: str | list[str]) -> str:
    """Show how the same value is to be written, where it is only written in the wrong way."""
    if wanted == "string" and isinstance(value, (bool, int, float)) and not _is_big(value):
        return f' ("{_shown(value)}", with quotes)'
    if wanted == "boolean" and isinstance(value, str) and value in ("true", "false"):
        return f" ({value}, without quotes)"
    number = r"-?(0|[1-9][0-9]{0,15})" + (r"(\.[0-9]{1,15})?" if wanted == "number" else "")
    if wanted in ("number", "integer", ["integer", "null"]) and isinstance(value, str) and re.fullmatch(number, value):
        return f" ({value}, without quotes)"
    if isinstance(value, float) and wanted in ("integer", ["integer", "null"]) and abs(value) < 1e15:
        return f" ({round(value)}, without a fraction)"
    return ""


def _entry_meaning(path: _Path) -> str:
    """Say what an entry of one of the structures inside params looks like."""
    if len(path) != 3:
        return ""
    return '{"id": "...", "authState": 1}' if path[1] == "visitor.customerIDs" else '{"media.state.name": "mute"}'


def _is_big(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > _BIG_INT_BITS


def _shown_with_type(value: object) -> str:
    if value is None:
        return "null"
    kind = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    plain = float if isinstance(value, WrittenNumber) else type(value)
    return f"the {kind.get(plain, 'value')} {_shown(value)}"


def _quoted(name: object) -> str:
    return _shown(str(name))


def _shown(value: object) -> str:
    """Write a value as JSON in at most 80 characters."""
    if _is_big(value):
        return "with more than 75 digits"
    if isinstance(value, WrittenNumber):
        return _cut(value.text)
    if isinstance(value, str):
        text = json.dumps(value[: _MAX_SHOWN + 1], ensure_ascii=False)
        return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 4] + '..."'
    if isinstance(value, dict):
        members = islice(value.items(), 4)
        parts = [f"{_shown(name)}: {_brief(member)}" for name, member in members]
        return _cut("{" + ", ".join(parts + ["..."] * (len(value) > 4)) + "}")
    if isinstance(value, list):
        parts = [_brief(item) for item in value[:8]]
        return _cut("[" + ", ".join(parts + ["..."] * (len(value) > 8)) + "]")
    return _cut(json.dumps(value, ensure_ascii=False, default=lambda other: type(other).__name__))


def _brief(value: object) -> str:
    if isinstance(value, (dict, list)) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    return _shown(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
