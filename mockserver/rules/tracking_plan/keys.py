"""The keys of events: what a rule demands of a value, and what is wrong with the one that was sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from mockserver.errors import InvalidInput, below, most_similar
from mockserver.model.event import Event
from mockserver.model.tracking_plan import ExpectedEvent, KeyRule, KeyType
from mockserver.pointer import pointer_of
from mockserver.rules.tracking_plan.patterns import compile_pattern
from mockserver.rules.transcript import printable

__all__ = ["PARTS", "CompiledKey", "compile_keys", "equal", "members_of", "problem_of", "rule_of", "rule_text", "shown"]

PARTS: Mapping[str, str] = {
    "params": "params",
    "custom_metadata": "customMetadata",
    "qoe_data": "qoeData",
    "player_time": "playerTime",
}
"""The parts of an event that have keys: their members of an ``ExpectedEvent``, and their names in an event."""

_LONGEST_VALUE = 60
_TYPES: Mapping[KeyType, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


class CompiledKey(msgspec.Struct, frozen=True):
    """The rule of one key of an event.

    Args:
        part: The part of the event that the key is in, by its name in events.
        name: The key.
        rule: What it must be.
        pointer: The rule in the plan.
        fits: Whether a text fits the pattern of the rule; None without a pattern.
    """

    part: str
    name: str
    rule: KeyRule
    pointer: str
    fits: Callable[[str], bool] | None = None

    @property
    def place(self) -> str:
        """Where the key is in an event, as text."""
        return f"{self.part} {self.name}"


def compile_keys(event: ExpectedEvent) -> tuple[CompiledKey, ...]:
    """Check and compile the rules of the keys of an event.

    Raises:
        InvalidInput: A rule contradicts itself; the pointer begins at the event.
    """
    return tuple(
        _compiled(part, name, rule_of(value))
        for member, part in PARTS.items()
        for name, value in getattr(event, member).items()
    )


def rule_of(value: KeyRule | Any) -> KeyRule:
    """Return the rule of a key; a plain value stands for a rule that the key equals it."""
    return value if isinstance(value, KeyRule) else KeyRule(equals=value)


def _compiled(part: str, name: str, rule: KeyRule) -> CompiledKey:
    pointer = pointer_of((part, name))
    with below(pointer):
        _check(rule)
        with below("/pattern"):
            fits = None if rule.pattern is None else compile_pattern(rule.pattern)
    return CompiledKey(part, name, rule, pointer, fits)


def _check(rule: KeyRule) -> None:
    if rule.forbidden and rule != KeyRule(forbidden=True, required=rule.required):
        raise InvalidInput("a forbidden key has no value; leave out everything else", pointer="/forbidden")
    if rule.equals is not None and rule != KeyRule(equals=rule.equals, required=rule.required):
        raise InvalidInput("equals already fixes the value; leave out the rest", pointer="/equals")
    for name in ("at_least", "at_most"):
        number = getattr(rule, name)
        if number is not None and not math.isfinite(number):
            raise InvalidInput(f"{name} must be a number, not {number}", pointer=f"/{name}")
    if rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        raise InvalidInput("at_least is more than at_most", pointer="/at_least")


def members_of(event: Event, part: str) -> Mapping[str, Any]:
    """Return the keys and values of a part of an event."""
    match part:
        case "params":
            return event.params
        case "customMetadata":
            return event.meta
        case "qoeData":
            return event.qoe
        case _:
            time = event.normal.get("playerTime") if isinstance(event.normal, dict) else None
            return time if isinstance(time, dict) else {}


def problem_of(key: CompiledKey, event: Event, planned: Collection[str] = ()) -> str | None:
    """Return what is wrong with a key of an event, to follow its name; None if nothing is.

    Args:
        planned: The keys that have rules, and so are not this key under a wrong name.
    """
    members, rule = members_of(event, key.part), key.rule
    if key.name not in members:
        return None if rule.forbidden or not rule.required else f"is missing{_instead(key, event, planned)}"
    value = members[key.name]
    if rule.forbidden:
        return f"is present ({shown(value)})"
    return None if _holds(key, value) else f"is {shown(value)}"


def _instead(key: CompiledKey, event: Event, planned: Collection[str]) -> str:
    """Say where the key is instead, or which similar one there is."""
    for part in PARTS.values():
        if part != key.part and key.name in members_of(event, part):
            return f", but it is in {part}"
    others = {name.rpartition(".")[2]: name for name in members_of(event, key.part) if name not in planned}
    similar = others.get(
        most_similar(key.name.rpartition(".")[2], others) or ""
    )  # what stands before is often the same
    return f", but there is {printable(similar, _LONGEST_VALUE)}" if similar else ""


def _holds(key: CompiledKey, value: Any) -> bool:
    rule = key.rule
    if rule.type is not None and not _TYPES[rule.type](value):
        return False
    if rule.equals is not None and not equal(value, rule.equals):
        return False
    if rule.one_of and not any(equal(value, one) for one in rule.one_of):
        return False
    if key.fits is not None and not (isinstance(value, str) and key.fits(value)):
        return False
    if rule.at_least is not None and not (_is_number(value) and value >= rule.at_least):
        return False
    return rule.at_most is None or bool(_is_number(value) and value <= rule.at_most)


def equal(value: Any, wanted: Any) -> bool:
    """Return whether two values are the same in JSON, where true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def rule_text(rule: KeyRule) -> str:
    """Write what a rule demands in a few words."""
    if rule.forbidden:
        return "not there"
    words: list[str] = [] if rule.type is None else [rule.type]
    if rule.equals is not None:
        words.append(shown(rule.equals))
    if rule.one_of:
        words.append(f"one of {', '.join(map(shown, rule.one_of))}")
    if rule.pattern is not None:
        words.append(f"matching {printable(rule.pattern, _LONGEST_VALUE)}")
    if rule.at_least is not None and rule.at_most is not None:
        words.append(f"{rule.at_least:g} to {rule.at_most:g}")
    elif rule.at_least is not None:
        words.append(f"at least {rule.at_least:g}")
    elif rule.at_most is not None:
        words.append(f"at most {rule.at_most:g}")
    text = " ".join(words) or "there"
    return text if rule.required else f"{text}, if present" if words else "maybe there"


def shown(value: Any) -> str:
    """Write a value as JSON, in one short line."""
    try:
        text = msgspec.json.encode(value).decode()
    except OverflowError:  # an integer beyond 64 bits
        text = repr(value)
    return printable(text, _LONGEST_VALUE)
