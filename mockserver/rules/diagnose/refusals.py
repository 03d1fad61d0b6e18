"""The reasons why requests were refused, one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.journal import Violation
from mockserver.pointer import steps_of
from mockserver.rules.timeline import Item

__all__ = ["Refusal", "is_edge_body", "refusals_of", "refused_at", "renamed_event_type"]

_STATUSES = (207, 400, 413, 415, 429)

_FEWEST_KEYS = 2
"""An event has at least its type and its time."""


class Refusal(NamedTuple):
    """One reason for a 400.

    Args:
        item: The event; in a batch, the one with the mistake.
        path: The place in the event.
        rule: The JSON Schema keyword or the endpoint rule that failed.
        detail: One sentence: what was seen, and what to change.
    """

    item: Item
    path: tuple[str, ...]
    rule: str
    detail: str

    @property
    def status(self) -> int:
        """The status of the answer, before any fault changed it."""
        status = self.item.status
        return status if status in _STATUSES else 400


def refusals_of(refused: Sequence[Item]) -> Iterator[Refusal]:
    """Return every reason why these events were refused.

    Two kinds of bodies are not examined: those of the Media Edge API, whose one mistake is that they were sent here,
    and those with all keys renamed.
    """
    batched = {(item.seq, item.index): item for item in refused if item.index is not None}
    for item in refused:
        if item.index is None:
            sent = item.event.sent
            if item.event.dialect or not (is_edge_body(sent) or renamed_event_type(sent) is not None):
                for violation in item.record.violations:
                    yield _refusal(item, steps_of(violation.place), violation)
        elif item.index == 0:
            for violation in item.record.violations:
                number, *path = steps_of(violation.place) or ("",)
                concerned = batched.get((item.seq, int(number))) if number.isdigit() else None
                yield _refusal(concerned or item, path, violation)


def refused_at(*path: str, rule: str = "", name: Collection[str] = ()) -> Callable[[Refusal], bool]:
    """Return the claim of a rule on the refusals at a place in the event.

    Args:
        path: The steps to the place or to what it is in; none for any place.
        rule: What failed there; empty for anything.
        name: The last step of the place must be among these; empty for any.
    """

    def claims(refusal: Refusal) -> bool:
        return (
            refusal.path[: len(path)] == path
            and rule in ("", refusal.rule)
            and (not name or any(step in name for step in refusal.path[-1:]))
        )

    return claims


def is_edge_body(document: Any) -> bool:
    """Return whether a body has the form of the Media Edge API."""
    events = document.get("events") if isinstance(document, Mapping) else None
    return isinstance(events, list) and any(isinstance(event, Mapping) and "xdm" in event for event in events)


def renamed_event_type(document: Any) -> str | None:
    """Return the key that holds the event type in a body with neither eventType nor playerTime."""
    if not isinstance(document, Mapping) or len(document) < _FEWEST_KEYS:
        return None
    if "eventType" in document or "playerTime" in document:
        return None
    return next((str(key) for key, value in document.items() if isinstance(value, str) and value in EVENT_TYPES), None)


def _refusal(item: Item, path: Iterable[str], violation: Violation) -> Refusal:
    return Refusal(item, tuple(path), violation.rule, violation.detail)
