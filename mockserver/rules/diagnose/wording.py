"""How findings write numbers, values, names and journal entries."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mockserver.rules.playback import Step
from mockserver.rules.timeline import Item

__all__ = ["counted", "listed", "number", "quoted", "seqs_of", "were", "which_were"]

_MAX_SHOWN = 60
_MAX_LISTED = 8


def number(value: float) -> str:
    """Write a number with at most three decimals, and never with an exponent."""
    return str(value) if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")


def quoted(value: object) -> str:
    """Write a value as JSON, shortened when it is long; half a surrogate pair as its escape."""
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 4]}..."


def listed(parts: Sequence[str]) -> str:
    """Write ``a, b and c``; of a long list, write the first and how many more there are."""
    if len(parts) > _MAX_LISTED:
        return f"{', '.join(parts[:_MAX_LISTED])} and {len(parts) - _MAX_LISTED} more"
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def counted(count: int, noun: str) -> str:
    """Write ``1 ping``, ``3 pings``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def were(count: int, noun: str) -> str:
    """Write ``1 ping was``, ``3 pings were``."""
    return f"{counted(count, noun)} {'was' if count == 1 else 'were'}"


def which_were(items: Sequence[Item]) -> str:
    """Write ``ping was``, ``3 events, the first of them ping, were``."""
    first = items[0].event_type or "an event"
    return f"{first} was" if len(items) == 1 else f"{len(items)} events, the first of them {first}, were"


def seqs_of(*places: Step | Item | None) -> tuple[int, ...]:
    """Return the journal entries of some events, each once and in order; the events of a batch share one entry."""
    return tuple(sorted({place.seq for place in places if place is not None}))
