"""Judge one session by the content of a plan that it belongs to."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec.structs import replace

from mockserver.errors import most_similar
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.finding import Finding, Severity
from mockserver.model.plan_result import CheckKind, NearestEvent, PlanCheck
from mockserver.model.results import Difference
from mockserver.rules.alignment import Aligned, Mark, align, as_expected
from mockserver.rules.diagnose.wording import counted
from mockserver.rules.finding_text import moment
from mockserver.rules.match import Matcher
from mockserver.rules.sequence import Occurs
from mockserver.rules.timeline import Item
from mockserver.rules.tracking_plan.compiled import CompiledContent, CompiledEvent, CompiledName
from mockserver.rules.tracking_plan.keys import CompiledKey, members_of, problem_of, rule_text, shown
from mockserver.rules.tracking_plan.plan_session import PlanSession
from mockserver.rules.transcript import printable
from mockserver.rules.verification import received_line

__all__ = ["JudgedSession", "finding_checks"]

_NEAREST = 3
_MOST_NAMED = 5
_LONGEST_SEQUENCE = 400


class JudgedSession:
    """A session and the content it belongs to.

    Args:
        content: The content.
        session: The session.
        allowed: Codes of findings that the plan allows for every content.

    Attributes:
        matched: For each kind of event of the content, the events of it.
    """

    def __init__(self, content: CompiledContent, session: PlanSession, allowed: Iterable[str] = ()) -> None:
        self.content = content
        self.session = session
        self._allowed = {*allowed, *content.plan.allow_findings}
        self.matched = [
            [item for item in session.by_type.get(event.plan.event_type, ()) if event.matcher.matches(item.facts())]
            for event in content.events
        ]

    def checks(self) -> list[PlanCheck]:
        """Return all checks, in order of the plan."""
        plan = self.content.plan
        found: list[PlanCheck] = []
        for event, items in zip(self.content.events, self.matched, strict=True):
            found.append(self._number(event, items))
            if items:
                found += (self._key(event, key, items) for key in event.keys)
                if event.plan.unplanned_keys == "miss":
                    found.append(self._unplanned_keys(event, items))
        if self.content.steps:
            found.append(self._sequence())
        found += self._names("state", self.content.states, self.session.states)
        found += self._names("chapter", self.content.chapters, self.session.chapters)
        found += (self._never(one.matcher, one.text, one.pointer) for one in self.content.never)
        if plan.unplanned_events == "miss":
            found.append(self._unplanned_events())
        pointer = f"{self.content.pointer}/allow_findings"
        found += finding_checks(self.session.findings, self._allowed, pointer)
        return [replace(check, content=plan.name, session_id=self.session.sid) for check in found]

    # Events

    def _number(self, event: CompiledEvent, items: Sequence[Item]) -> PlanCheck:
        count, numbers = len(items), event.numbers
        met = numbers.met_by(count)
        seen, near = f"found {count}", tuple[NearestEvent, ...]()
        if not met and numbers.at_least is not None and count < numbers.at_least:
            near = self._near(event.matcher, event.plan.event_type)
            received = "" if near else received_line(self._counted()).strip()
            seen += f"; {received}" if received else ""
        why = f" ({event.plan.says})" if event.plan.says else ""
        return PlanCheck(
            kind="event", says=f"{event.text}: {numbers}{why}", met=met, seen=seen, pointer=event.pointer,
            seqs=_seqs(items), nearest=near,
        )  # fmt: skip

    def _near(self, matcher: Matcher, event_type: str) -> tuple[NearestEvent, ...]:
        """Find events that would count if they were a little different; refused ones too."""

        def misses() -> Iterator[tuple[float, int, Item, tuple[Difference, ...]]]:
            for number, item in enumerate(self.session.arrived):
                name = item.event_type
                if name != event_type and (name in EVENT_TYPES or most_similar(name or "", (event_type,)) is None):
                    continue
                differences = matcher.differences(item.facts())
                distance = matcher.distance(differences)
                if 0 < distance <= 1:
                    yield distance, number, item, differences

        found = heapq.nsmallest(_NEAREST, misses(), key=lambda miss: miss[:2])
        return tuple(self._nearest(item, differences) for _, _, item, differences in found)

    def _nearest(self, item: Item, differences: tuple[Difference, ...] = ()) -> NearestEvent:
        return NearestEvent(seq=item.seq, index=item.index, text=self._label(item), differences=differences)

    def _label(self, item: Item) -> str:
        """Write an event as its place in the journal, its type, the seconds since the first event, and the status."""
        word = printable(item.event_type or item.record.operation.value, _MOST_NAMED * 8)
        status = "no answer" if item.status is None else str(item.status)
        return " ".join(
            part for part in (_place(item), word, moment(item.ts_ms, self._start_ms), f"({status})") if part
        )

    @cached_property
    def _start_ms(self) -> int | None:
        return next((item.ts_ms for item in self.session.arrived if item.ts_ms is not None), None)

    def _counted(self) -> Counter[str]:
        return Counter(item.event_type for item in self.session.arrived if item.event_type)

    def _key(self, event: CompiledEvent, key: CompiledKey, items: Sequence[Item]) -> PlanCheck:
        problems: dict[str, list[Item]] = {}
        planned = {one.name for one in event.keys}
        for item in items:
            problem = problem_of(key, item.event, planned)
            if problem is not None:
                problems.setdefault(problem, []).append(item)
        wrong = [item for some in problems.values() for item in some]
        texts = [f"{problem} in {_places(some)}" for problem, some in problems.items()]
        more = [f"{len(texts) - _NEAREST} other values are wrong too"] if len(texts) > _NEAREST else []
        return PlanCheck(
            kind="key",
            says=f"{event.text} {key.place}: {rule_text(key.rule)}",
            met=not problems,
            seen="; ".join([*texts[:_NEAREST], *more]) or f"so in {counted(len(items), 'event')}",
            pointer=key.pointer,
            seqs=_seqs(wrong or items),
        )

    def _unplanned_keys(self, event: CompiledEvent, items: Sequence[Item]) -> PlanCheck:
        planned = {(key.part, key.name) for key in event.keys}
        found: dict[str, list[Item]] = {}
        for item in items:
            for part in ("params", "customMetadata"):
                for name in members_of(item.event, part):
                    if (part, name) not in planned:
                        found.setdefault(f"{part} {printable(name, 60)}", []).append(item)
        texts = [f"{place} in {_places(some)}" for place, some in found.items()]
        return PlanCheck(
            kind="unplanned", says=f"{event.text}: no other keys", met=not found,
            seen=_listed(texts) or "found none", pointer=f"{event.pointer}/unplanned_keys",
            seqs=_seqs(item for some in found.values() for item in some),
        )  # fmt: skip

    # Order

    def _sequence(self) -> PlanCheck:
        steps, others = self.content.steps, self.content.plan.allow_others
        events: Sequence[Item] = self.session.processed
        types = {name for step in steps for matcher in step.matchers for name in _types_of(matcher)}
        if others and None not in types and all(step.occurs is not Occurs.ANYTHING for step in steps):
            events = [item for item in events if item.event_type in types]  # no other can be a step
        lines = align(steps, events, allow_others=others)
        text = printable(" -> ".join(step.text for step in steps), _LONGEST_SEQUENCE)
        check = PlanCheck(
            kind="sequence", says=f"sequence {text}", met=as_expected(lines), seen="found in this order",
            pointer=f"{self.content.pointer}/sequence",
        )  # fmt: skip
        return check if check.met else self._not_in_order(check, lines, events)

    def _not_in_order(self, check: PlanCheck, lines: Sequence[Aligned], events: Sequence[Item]) -> PlanCheck:
        steps = self.content.steps
        taken = {line.seen for line in lines if line.mark is Mark.FITS}
        texts, near = list[str](), list[NearestEvent]()
        for line in lines:
            if line.mark is Mark.MISSING and line.step is not None:
                step = steps[line.step]
                after = _after(line, lines, events)
                elsewhere = [item for n, item in enumerate(events) if n not in taken and step.fits(item.facts())]
                refused = [item for item in self.session.arrived if not item.accepted and step.fits(item.facts())]
                where = f"is in another place, {_places(elsewhere)}" if elsewhere else "is missing"
                texts.append(f"{step.text} {where}{after}")
                near += (self._nearest(item) for item in (elsewhere or refused)[:1])
            elif line.seen is not None and line.mark in (Mark.UNEXPECTED, Mark.DIFFERENT):
                item = events[line.seen]
                differences = () if line.step is None else steps[line.step].nearness(item.facts())[1]
                texts.append(f"{printable(item.event_type or 'an event', 40)} {_place(item)} is {line.mark.value}")
                near.append(self._nearest(item, differences))
        seqs = tuple(dict.fromkeys(one.seq for one in near))
        return replace(check, seen=_listed(texts), seqs=seqs, nearest=tuple(near[:_NEAREST]))

    # States and chapters

    def _names(
        self, kind: CheckKind, wanted: Sequence[CompiledName] | None, started: Mapping[str, Sequence[Item]]
    ) -> Iterator[PlanCheck]:
        if wanted is None:
            return
        planned = {one.name for one in wanted}
        others = {name: items for name, items in started.items() if name not in planned}
        for one in wanted:
            items = started.get(one.name, ())
            met = one.numbers.met_by(len(items))
            similar = None if met or items else most_similar(one.name, others)
            hint = f", but there is {similar}" if similar else ""
            yield PlanCheck(
                kind=kind, says=f"{kind} {shown(one.name)}: {one.numbers}", met=met, seen=f"found {len(items)}{hint}",
                pointer=one.pointer, seqs=_seqs(items),
            )  # fmt: skip
        yield PlanCheck(
            kind="unplanned", says=f"no other {kind}s", met=not others,
            seen=_listed([f"{printable(name, 60)} in {_places(items)}" for name, items in others.items()])
            or "found none",
            pointer=f"{self.content.pointer}/{kind}s", seqs=_seqs(item for items in others.values() for item in items),
        )  # fmt: skip

    # What must not occur

    def _never(self, matcher: Matcher, text: str, pointer: str) -> PlanCheck:
        found = [item for item in self.session.arrived if matcher.matches(item.facts())]
        near = tuple(self._nearest(item) for item in found[:_NEAREST])
        return PlanCheck(
            kind="never", says=f"never {text}", met=not found, seen=f"found {len(found)}", pointer=pointer,
            seqs=_seqs(found), nearest=near,
        )  # fmt: skip

    def _unplanned_events(self) -> PlanCheck:
        planned = {event.plan.event_type for event in self.content.events}
        others: dict[str, list[Item]] = {}
        for item in self.session.arrived:
            if item.event_type not in planned:
                others.setdefault(printable(item.event_type or "no event type", 40), []).append(item)
        return PlanCheck(
            kind="unplanned", says="no other events", met=not others,
            seen=_listed([f"{name} in {_places(items)}" for name, items in others.items()]) or "found none",
            pointer=f"{self.content.pointer}/unplanned_events",
            seqs=_seqs(item for items in others.values() for item in items),
        )  # fmt: skip


def finding_checks(findings: Iterable[Finding], allowed: Iterable[str], pointer: str) -> list[PlanCheck]:
    """Return a check for every finding that a plan does not allow, or one that there is none.

    Findings of severity ``info``, and those that follow from another, do not count.

    Args:
        allowed: The codes that the plan allows.
        pointer: The place in the plan where they are allowed.
    """
    allowed = set(allowed)
    wrong = [
        finding
        for finding in findings
        if finding.severity is not Severity.INFO and finding.follows_from is None and finding.code not in allowed
    ]
    if wrong:
        by_code: dict[str, list[Finding]] = {}
        for finding in wrong:
            by_code.setdefault(finding.code, []).append(finding)
        return [_unwanted(some, pointer) for some in by_code.values()]
    but = f" except {', '.join(sorted(allowed))}" if allowed else ""
    return [PlanCheck(kind="finding", says=f"no warning or error{but}", met=True, seen="found none", pointer=pointer)]


def _unwanted(findings: Sequence[Finding], pointer: str) -> PlanCheck:
    """Return the miss of findings of one rule, the worst first."""
    worst, more = findings[0], len(findings) - 1
    return PlanCheck(
        kind="finding",
        says=f"no {worst.severity.value} {worst.code}",
        met=False,
        seen=worst.message if not more else f"{worst.message} (And {more} more of this rule.)",
        pointer=pointer,
        code=worst.code,
        seqs=tuple(sorted({seq for finding in findings for seq in finding.seqs})),
    )


def _after(line: Aligned, lines: Sequence[Aligned], events: Sequence[Item]) -> str:
    """Say after which event a missing step should come."""
    before = [one.seen for one in lines[: lines.index(line)] if one.mark is Mark.FITS and one.seen is not None]
    if not before:
        return ""
    item = events[before[-1]]
    return f" after {printable(item.event_type or '', 40)} {_place(item)}"


def _types_of(matcher: Matcher) -> Iterable[str | None]:
    """Return the event types that a matcher can match; None among them for any."""
    return next((wanted for name, wanted in matcher.fields if name == "event_type"), (None,))


def _seqs(items: Iterable[Item]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(item.seq for item in items))


def _place(item: Item) -> str:
    return f"#{item.seq}" if item.index is None else f"#{item.seq}[{item.index}]"


def _places(items: Sequence[Item]) -> str:
    shown = ", ".join(map(_place, items[:_MOST_NAMED]))
    return shown if len(items) <= _MOST_NAMED else f"{shown} and {len(items) - _MOST_NAMED} more"


def _listed(texts: Sequence[str]) -> str:
    shown = "; ".join(texts[:_NEAREST])
    return shown if len(texts) <= _NEAREST else f"{shown}; and {len(texts) - _NEAREST} more"
