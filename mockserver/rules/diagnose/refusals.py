"""Bodies that were answered 400: which mistakes are in them, and rules that look into them.

A refused event belongs to its session; a refused sessionStart or batch of downloaded content has none. Both are looked
at by the same rules, once among the rules about a session and once among those about all traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from mockserver.model.finding import Severity
from mockserver.model.journal import Violation
from mockserver.pointer import steps_of
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.wording import seqs_of
from mockserver.rules.timeline import Item

__all__ = ["BodyRule", "Refusal", "hits", "of_sessions", "of_traffic", "refusals"]


class Refusal(NamedTuple):
    """One reason for a 400.

    Args:
        item: The event; of a batch the one with the mistake.
        path: The place in the event.
        rule: The JSON Schema keyword or the endpoint rule that failed.
        detail: One sentence: what was seen, and what to change.
    """

    item: Item
    path: tuple[str, ...]
    rule: str
    detail: str

    def message(self, count: int = 1) -> str:
        """Say it in one sentence, with how many events have the same mistake."""
        what = f"{self.item.event_type} event" if self.item.event_type else "event"
        if count > 1:
            return f"{count} {what}s were answered 400: {self.detail}"
        place = "" if self.item.index is None else f" at place {self.item.index + 1} of a batch"
        return f"The {what}{place} was answered 400: {self.detail}"


class BodyRule(NamedTuple):
    """A rule about the bodies of a session, or of no session; members as of a :class:`Rule`."""

    code: str
    severity: Severity
    trigger: str
    consequence: str
    source: str
    check: Callable[[Case | Traffic], Iterable[Hit]]
    tolerance: str = ""


def of_sessions(rules: Iterable[BodyRule]) -> tuple[Rule, ...]:
    """Make rules about a session of them."""
    return tuple(Rule(*rule) for rule in rules)


def of_traffic(rules: Iterable[BodyRule]) -> tuple[TrafficRule, ...]:
    """Make rules about the traffic of no session of them."""
    return tuple(TrafficRule(*rule) for rule in rules)


def refusals(place: Case | Traffic) -> Iterator[Refusal]:
    """Return every reason for a 400: to an event of the session, or to sessionStarts and batches in all traffic."""
    batched = {(item.seq, item.index): item for item in place.refused if item.index is not None}
    for item in place.refused:
        if item.index is None:
            for violation in item.record.violations:
                yield _refusal(item, steps_of(violation.path), violation)
        elif item.index == 0:
            for violation in item.record.violations:
                number, *path = steps_of(violation.path) or ("",)
                concerned = batched.get((item.seq, int(number))) if number.isdigit() else None
                if concerned is not None:
                    yield _refusal(concerned, path, violation)


def _refusal(item: Item, path: Iterable[str], violation: Violation) -> Refusal:
    return Refusal(item, tuple(path), violation.rule, violation.detail)


def hits(found: Iterable[Refusal]) -> Iterator[Hit]:
    """Return one hit for all refusals with the same event type, place and reason, in the words of the first."""
    groups: dict[Hashable, list[Refusal]] = {}
    for refusal in found:
        groups.setdefault((refusal.item.event_type, refusal.path, refusal.rule), []).append(refusal)
    for group in groups.values():
        yield Hit(seqs_of(*(refusal.item for refusal in group)), group[0].message(len(group)))
