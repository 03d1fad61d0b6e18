"""Two answers to the same request: what differs in their header fields and bodies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mockserver.pointer import pointer_of

__all__ = ["differing_fields", "differing_values"]

_OWN_FIELDS = frozenset({"allow", "content-type", "location"})
_OWN_PREFIX = "access-control-"
"""The header fields of the API. The others depend on when and how an answer was sent, or mark an injected fault."""


def differing_fields(before: Iterable[str], now: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Return the header fields of the API that only one of two answers has, and whether it is the first.

    Args:
        before: The names of the fields of one answer.
        now: Those of the other.
    """
    known = {name.lower() for name in before}
    for name in sorted(known ^ {name.lower() for name in now}):
        if name in _OWN_FIELDS or name.startswith(_OWN_PREFIX):
            yield name, name in known


def differing_values(before: Any, now: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Compare two JSON values; a member that one of them lacks counts as null.

    Returns:
        The JSON pointer and both values, for each place that differs.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*before, *now)):
            pointer = at + pointer_of((name,))
            if name in before and name in now:
                yield from differing_values(before[name], now[name], pointer)
            else:
                yield pointer, before.get(name), now.get(name)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from differing_values(one, other, f"{at}/{number}")
    elif before != now or isinstance(before, bool) != isinstance(now, bool):
        yield at, before, now
