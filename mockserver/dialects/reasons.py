"""All reasons why a document fails a schema, in the order of the document, as violations.

Importing this module imports jsonschema, which is slow, so it is imported when the first event is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from jsonschema.exceptions import ValidationError

from mockserver.model.journal import Violation
from mockserver.pointer import pointer_of

__all__ = ["MAX_VIOLATIONS", "Path", "Reason", "reasons_of", "value_at", "violations_of"]

MAX_VIOLATIONS = 100
"""Most violations of one event; the last one then says how many more there are."""

_MAX_FOUND = 1_000
"""The search for violations stops here: a body of a megabyte could have a hundred thousand."""

_MAX_NAME = 5_000
"""A longer name is cut in pointers; none of Adobe's is."""

Path = tuple[str | int, ...]
"""The steps from the event to a place in it."""


class Reason(msgspec.Struct, frozen=True):
    """One violation before it has a sentence; ``about`` is the value of the schema keyword that failed."""

    path: Path
    rule: str
    about: Any


def violations_of(
    reasons: Iterable[Reason],
    document: Any,
    sentence: Callable[[Reason], str],
    base: str = "",
    place: Callable[[Path], str | None] | None = None,
) -> tuple[Violation, ...]:
    """Make violations of reasons, each once, in the order of the document; missing members come last.

    Args:
        reasons: The reasons from the schema; only the first thousand are looked at.
        document: The event they are about.
        sentence: Writes the sentence of a reason.
        base: JSON pointer to the event inside the body.
        place: Returns where the normal shape has a place, if it is elsewhere.

    Returns:
        At most :data:`MAX_VIOLATIONS`; the last has the rule ``more`` if there are others.
    """
    found = list(islice(reasons, _MAX_FOUND))
    unique = {(reason.path, reason.rule): reason for reason in found}
    wrong_type = {path for path, rule in unique if rule == "type"}
    kept = [reason for reason in unique.values() if reason.rule != "enum" or reason.path not in wrong_type]
    kept.sort(key=_DocumentOrder(document))
    listed = kept if len(kept) <= MAX_VIOLATIONS else kept[: MAX_VIOLATIONS - 1]
    violations = []
    for reason in listed:
        path = tuple(map(_short, reason.path))
        pointer = base + pointer_of(path)
        violations.append(Violation(pointer, reason.rule, sentence(reason), place(path) if place else None))
    if len(listed) < len(kept):
        at_least = "At least " if len(found) == _MAX_FOUND else ""
        more = f"{at_least}{len(kept) - len(listed)} more violations are not listed; correct these first."
        violations.append(Violation(base, "more", more))
    return tuple(violations)


def value_at(document: Any, path: Path) -> Any:
    """Return the value at a place that a reason is about; the place must be there."""
    for step in path:
        document = document[step]
    return document


def reasons_of(error: ValidationError) -> Iterator[Reason]:
    """Return one reason per member of an error; jsonschema repeats ``required``, and duplicates are removed later."""
    path = tuple(error.absolute_path)
    rule = str(error.validator)
    schema: Any = error.schema
    value: Any = error.validator_value
    instance: Any = error.instance
    if rule == "required":
        for name in value:
            if name not in instance:
                yield Reason((*path, name), rule, ())
    elif rule == "additionalProperties":
        known = tuple(schema.get("properties", ()))
        patterns = tuple(schema.get("patternProperties", ()))
        for name in instance:
            if name not in known and not any(re.search(pattern, name) for pattern in patterns):
                yield Reason((*path, name), rule, known)
    else:
        yield Reason(path, rule, value)


def _short(step: str | int) -> str | int:
    """Return a step of a path as a pointer has it: a body of a megabyte can be one name, and is not sent back."""
    return f"{step[:_MAX_NAME]}…" if isinstance(step, str) and len(step) > _MAX_NAME else step


class _DocumentOrder:
    """Sort key: the position of each step of a path among its siblings; missing members come last."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._positions: dict[Path, dict[str, int]] = {}

    def __call__(self, reason: Reason) -> tuple[int, ...]:
        key: list[int] = []
        at: Any = self._document
        for depth, step in enumerate(reason.path):
            if isinstance(step, int):
                key.append(step)
                at = at[step]
                continue
            parent = reason.path[:depth]
            if parent not in self._positions:
                self._positions[parent] = {name: position for position, name in enumerate(at)}
            key.append(self._positions[parent].get(step, len(at)))
            at = at.get(step)
        return tuple(key)
