"""What rules see of all traffic of a namespace."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from mockserver.model.event import Event
from mockserver.model.finding import Thresholds
from mockserver.model.http import HttpResponse
from mockserver.model.journal import RareRecord, Record
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.model.words import Words
from mockserver.rules.diagnose.refusals import Refusal, refusals_of
from mockserver.rules.diagnose.session_traffic import GONE, SessionTraffic
from mockserver.rules.timeline import Item, items_of

__all__ = ["Records", "Traffic"]

T = TypeVar("T")

Records = Sequence[tuple[int, Record]]
"""Requests with their seqs."""


class _Apart(NamedTuple):
    """The requests of a journal that are not like most."""

    others: list[tuple[int, Record]]
    unaccepted: list[tuple[int, Record]]
    gone: list[tuple[int, Record]]
    cut: list[tuple[int, Record]]
    forwarded: list[tuple[int, Record]]


class Traffic:
    """All traffic of a namespace.

    Args:
        records: The journal with its seqs.
        sessions: The sessions in order of opening, by id.
        read: Gives the parsed body of a record.
        events: Gives its events.
        thresholds: The limits beyond which there is a finding.
        now_ms: The present time on the emulated clock.
        words: Gives the words of an API by the name that a record carries.
    """

    def __init__(
        self,
        records: Records,
        sessions: Mapping[str, SessionTraffic],
        read: Callable[[Record], Any],
        events: Callable[[int, Record], Sequence[Event]],
        thresholds: Thresholds,
        now_ms: int,
        words: Callable[[str], Words],
    ) -> None:
        self.records = records
        self.sessions = sessions
        self.read = read
        self.events = events
        self.thresholds = thresholds
        self.now_ms = now_ms
        self.words = words
        self._only: dict[tuple[str, ...], Traffic] = {}
        self._computed: dict[Callable[[Traffic], Any], Any] = {}

    def only(self, apis: tuple[str, ...]) -> Traffic:
        """Return the traffic of some APIs.

        Args:
            apis: Their names; empty for all.
        """
        if not apis or self._apis.issubset(apis):
            return self
        known = self._only.get(apis)
        if known is None:
            records = [(seq, record) for seq, record in self.records if self.words(record.dialect).api in apis]
            sessions = {sid: session for sid, session in self.sessions.items() if session.words.api in apis}
            known = Traffic(records, sessions, self.read, self.events, self.thresholds, self.now_ms, self.words)
            self._only[apis] = known
        return known

    def words_of(self, seqs: Sequence[int]) -> Words:
        """Return the words of the API that received the first of some requests."""
        place = bisect_left(self.records, (seqs[0],)) if seqs else len(self.records)
        found = place < len(self.records) and self.records[place][0] == seqs[0]
        return self.words(self.records[place][1].dialect if found else "")

    def once(self, compute: Callable[[Traffic], T]) -> T:
        """Return what a function makes of this traffic; computed once, for all rules."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found

    def by_api(self) -> Iterator[Traffic]:
        """Return the traffic of each API by itself."""
        for api in sorted(self._apis):
            yield self.only((api,))

    @cached_property
    def _apis(self) -> frozenset[str]:
        """The APIs of which there is traffic."""
        return frozenset(self.words(dialect).api for dialect in {record.dialect for _, record in self.records})

    @cached_property
    def _apart(self) -> _Apart:
        """What few rules look at, found in one pass: there may be a million requests."""
        apart = _Apart([], [], [], [], [])
        event, accepted, opened, cut = Operation.EVENT, Outcome.ACCEPTED, Outcome.OPENED, Delivery.CUT
        usual: HttpResponse | None = None
        for entry in self.records:
            record = entry[1]
            if record.operation is not event:
                apart.others.append(entry)
            if record.outcome is not accepted and record.outcome is not opened:
                apart.unaccepted.append(entry)
            if record.delivery is cut:
                apart.cut.append(entry)
            response = record.response
            if response is not usual and response is not None:
                if response.status in GONE:
                    apart.gone.append(entry)
                else:
                    usual = response  # the next ones have the same answer
            if isinstance(record, RareRecord) and record.forwarded is not None:
                apart.forwarded.append(entry)
        return apart

    @property
    def unaccepted(self) -> Records:
        """The requests that neither opened a session nor were an accepted event; usually few."""
        return self._apart.unaccepted

    @property
    def opened(self) -> Records:
        """The requests that opened a session."""
        return [entry for entry in self._apart.others if entry[1].outcome is Outcome.OPENED]

    @property
    def asked(self) -> Records:
        """The requests for a session."""
        asking = (Operation.START, Operation.DOWNLOAD)
        return [entry for entry in self._apart.others if entry[1].operation in asking]

    @property
    def gone(self) -> Records:
        """The requests that were answered 404 or 410."""
        return self._apart.gone

    @property
    def cut(self) -> Records:
        """The requests that lost their connection before the answer."""
        return self._apart.cut

    @property
    def forwarded(self) -> Records:
        """The requests that another endpoint was given too."""
        return self._apart.forwarded

    @cached_property
    def refused(self) -> Sequence[Item]:
        """The events that were answered 400 and named no session: sessionStarts, and whole batches."""
        return [
            item
            for seq, record in self.unaccepted
            if record.outcome is Outcome.INVALID and record.session_id is None
            for item in items_of(record, self.events(seq, record))
        ]

    @cached_property
    def refusals(self) -> Sequence[Refusal]:
        """The reasons why these events were refused."""
        return tuple(refusals_of(self.refused))
