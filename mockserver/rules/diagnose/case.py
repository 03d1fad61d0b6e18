"""What a rule sees, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from mockserver.model.finding import Severity, Thresholds
from mockserver.model.journal import Record
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from mockserver.rules.playback import Step, trace
from mockserver.rules.timeline import Item

__all__ = ["Case", "Check", "Hit", "Rule", "Traffic", "TrafficCheck", "TrafficRule"]


class Hit(NamedTuple):
    """One place where a rule fires.

    Args:
        seqs: The journal entries concerned.
        message: One sentence: what was seen, and what to change in the player.
        severity: Another severity than the rule's, where it depends on the case.
        session_id: The session concerned; only for rules about all traffic, which name it themselves.
    """

    seqs: tuple[int, ...]
    message: str
    severity: Severity | None = None
    session_id: str | None = None


class Case:
    """One session.

    Args:
        session: The session as time has left it; None when a request named an id that was never issued.
        arrived: Everything posted to it in order of arrival, refused events too.
        processed: The accepted events in order of processing.
        settings: Lifetimes and report options.
        thresholds: From where on a finding is made.
        now_ms: The present on the emulated clock.
    """

    def __init__(
        self,
        session: Session | None,
        arrived: Sequence[Item],
        processed: Sequence[Item],
        settings: Settings,
        thresholds: Thresholds,
        now_ms: int,
    ) -> None:
        self.session = session
        self.arrived = arrived
        self.settings = settings
        self.thresholds = thresholds
        self.now_ms = now_ms
        self.steps: Sequence[Step] = trace(processed)

    @cached_property
    def by_type(self) -> Mapping[str, Sequence[Step]]:
        """The steps of every event type, in order of processing."""
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.event_type, []).append(step)
        return found

    def of(self, *event_types: str) -> Iterator[Step]:
        """Return the steps of some event types: in order of processing for one type, type by type for several."""
        for event_type in event_types:
            yield from self.by_type.get(event_type, ())

    @property
    def start(self) -> Step | None:
        """The sessionStart."""
        return next(self.of("sessionStart"), None)

    @property
    def params(self) -> Mapping[str, Any]:
        """The params of the sessionStart; empty when it is not there any more."""
        return self.start.params if self.start is not None else {}

    @cached_property
    def is_live(self) -> bool:
        """Whether the content is live or linear, whose playhead is the second of the day."""
        return str(self.params.get("media.contentType", "")).lower() in ("live", "linear")

    @property
    def is_batch(self) -> bool:
        """Whether it is downloaded content, sent in one batch."""
        return self.session is not None and self.session.downloaded

    @cached_property
    def length_s(self) -> float:
        """The length of the content in seconds; 0 when it is not known."""
        length = self.params.get("media.length", 0)
        return length if isinstance(length, (int, float)) and not isinstance(length, bool) else 0

    @cached_property
    def refused(self) -> Sequence[Item]:
        """The events that were answered 400."""
        return [item for item in self.arrived if item.record.outcome is Outcome.INVALID]


class Traffic:
    """All traffic of a namespace.

    Args:
        records: The journal with its seqs.
        cases: The sessions in order of opening, by id.
        read: Gives the parsed body of a record.
        thresholds: From where on a finding is made.
        now_ms: The present on the emulated clock.
    """

    def __init__(
        self,
        records: Sequence[tuple[int, Record]],
        cases: Mapping[str, Case],
        read: Callable[[Record], Any],
        thresholds: Thresholds,
        now_ms: int,
    ) -> None:
        self.records = records
        self.cases = cases
        self.read = read
        self.thresholds = thresholds
        self.now_ms = now_ms


Check = Callable[[Case], Iterable[Hit]]
TrafficCheck = Callable[[Traffic], Iterable[Hit]]


class Rule(NamedTuple):
    """A rule about one session.

    Args:
        code: ``family.name``, as in the findings.
        severity: How bad it is, unless the case says otherwise.
        trigger: What makes it fire, in a few words, for the catalogue.
        consequence: What it does to the reports.
        source: Adobe's page, or whose traffic showed it.
        check: Finds the places.
        tolerance: What it lets pass, and why.
    """

    code: str
    severity: Severity
    trigger: str
    consequence: str
    source: str
    check: Check
    tolerance: str = ""


class TrafficRule(NamedTuple):
    """A rule about all traffic of a namespace; members as of :class:`Rule`."""

    code: str
    severity: Severity
    trigger: str
    consequence: str
    source: str
    check: TrafficCheck
    tolerance: str = ""
