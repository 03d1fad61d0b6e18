"""Verify what was recorded, and find what came nearest if it fails."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from mockserver.admin.entries import shown_entries
from mockserver.admin.sessions import session_items
from mockserver.admin.waiting import Pending, begin, count_reached, never
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import WaitCheck
from mockserver.model.journal import Record
from mockserver.model.query import DEFAULT_LIMIT
from mockserver.model.results import Difference, NearMiss, Verification, VerifyCommand
from mockserver.namespaces import Target
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.timeline import Item
from mockserver.rules.verification import (
    SequenceStep,
    check_timeout,
    count_message,
    count_range,
    find_sequence,
    received_line,
    sequence_message,
    steps,
)

__all__ = ["Verifier", "verify"]

_NEAR = 3
_NEAR_SEARCHED = 5_000
"""How many of the newest entries are searched for near misses; a failing test is about recent ones."""


def verify(target: Target, command: VerifyCommand) -> Verification | Pending[Verification]:
    """Verify a count of entries, or of sessions in which a sequence occurs.

    It looks once, waits only if more entries can change the answer, and then looks again. More entries can break
    ``exactly`` and ``at_most``, so these are decided only when the time is over.

    Raises:
        InvalidInput: The command contradicts itself.
        Refused: There are too many waits already.
    """
    wanted = count_range(command)
    timeout_s = check_timeout(command.timeout_ms)

    def answer(emulator: Emulator, satisfied: bool) -> Verification:
        return Verifier(emulator, command).judge()[0]

    with target.namespace as emulator:
        verifier = Verifier(emulator, command)
        if wanted.final and timeout_s:
            return begin(target.namespace, emulator, never, timeout_s, answer)
        count = verifier.look()
        if wanted.met_by(count) or not timeout_s:
            return verifier.report(count)
        return begin(target.namespace, emulator, verifier.check(count), timeout_s, answer)


class Verifier:
    """Performs one verification in a namespace: it looks, and then reports what it saw.

    Args:
        emulator: The emulator of the namespace.
        command: What is expected.
        since: Only entries with a greater ``seq`` count.
        until: Only entries up to this ``seq`` count; None for no limit.

    Raises:
        InvalidInput: The command contradicts itself.
    """

    def __init__(self, emulator: Emulator, command: VerifyCommand, *, since: int = 0, until: int | None = None) -> None:
        self._emulator = emulator
        self._journal = emulator.journal
        self._since = since
        self._until = until
        self._wanted = count_range(command)
        self._query = command.query
        self._matcher = None if command.query is None else compile_query(command.query)
        if self._matcher is not None:
            self._since = max(since, self._matcher.since)
            self._matcher = replace(self._matcher, since=self._since)
        self._sequence = () if command.sequence is None else steps(command.sequence)
        self._by_arrival = command.order == "arrival"
        self._seqs: list[int] = []
        """The first entries that match."""
        self._found: list[tuple[str, list[Item], list[int]]] = []
        """For each session its events, and the indices of those that are steps of the sequence."""

    def judge(self) -> tuple[Verification, int]:
        """Look, and return the report and how many entries or sessions there are."""
        count = self.look()
        return self.report(count), count

    def look(self) -> int:
        """Count the entries, or the sessions in which the sequence occurs."""
        if self._query is not None and self._matcher is not None:
            if self._until is None:
                self._seqs, count = self._journal.select(self._matcher, self._query.limit)
                return count
            matching, _ = self._journal.select(self._matcher, self._journal.last_seq)
            matching = [seq for seq in matching if seq <= self._until]
            self._seqs = matching[: self._query.limit]
            return len(matching)
        self._found = []
        for sid in self._journal.session_ids():
            items = self._items(sid)
            self._found.append((sid, items, self._steps_in(items)))
        whole = [(items, indices) for _, items, indices in self._found if len(indices) == len(self._sequence)]
        self._seqs = [items[index].seq for items, indices in whole for index in indices][:DEFAULT_LIMIT]
        return len(whole)

    def check(self, count: int) -> WaitCheck:
        """Make a check for a wait, which continues from the count of :meth:`look`."""
        at_least = self._wanted.at_least or 0
        if self._matcher is not None:
            return count_reached(self._emulator, self._matcher, at_least, count)
        having = {sid for sid, _, indices in self._found if len(indices) == len(self._sequence)}
        last = self._journal.last_seq

        def check(seq: int, record: Record) -> bool:
            nonlocal last
            if seq <= last:  # the journal was reset, and with it what was found
                having.clear()
            last = seq
            sid = record.session_id
            if sid is not None:  # only the session of the record can have changed
                whole = len(self._steps_in(self._items(sid))) == len(self._sequence)
                (having.add if whole else having.discard)(sid)
            return len(having) >= at_least

        return check

    def report(self, count: int) -> Verification:
        """Report what :meth:`look` saw; if it was not enough, with what came nearest."""
        wanted = self._wanted
        verified = wanted.met_by(count)
        too_few = not verified and wanted.at_least is not None and count < wanted.at_least
        describe = self._count_report if self._query is not None else self._sequence_report
        near, message = describe(count, too_few)
        records = ((seq, self._journal.get(seq)) for seq in self._seqs)
        matched = ((seq, record) for seq, record in records if record is not None)
        return Verification(
            verified=verified,
            message=message,
            matched=shown_entries(matched, self._emulator.entry_of),
            near_misses=near,
            journal_complete=self._journal.complete_since(self._since),
        )

    def _count_report(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        assert self._query is not None
        assert self._matcher is not None
        near = self._near(self._matcher, self._newest(self._since)) if too_few else []
        received = self._received(self._since) if too_few and not near else ""
        labels = [_labelled(miss) for miss in near]
        return near, count_message(self._wanted, self._query, count, labels, self._incomplete(self._since), received)

    def _sequence_report(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        sequence = self._sequence
        furthest, near, received = None, list[NearMiss](), ""
        if too_few:
            partial = [candidate for candidate in self._found if len(candidate[2]) < len(sequence)]
            if partial:
                sid, items, indices = max(partial, key=lambda candidate: len(candidate[2]))
                furthest = (sid, len(indices))
                rest = items[indices[-1] + 1 :] if indices else items
                near = self._near(sequence[len(indices)].matcher, ((item.seq, item.record) for item in rest))
                if self._accepted_only:
                    near = [*self._refused(sequence[len(indices)], sid), *near][:_NEAR]
            received = "" if near else self._received(self._since)
        labels = [_labelled(miss) for miss in near]
        return near, sequence_message(
            self._wanted, sequence, count, furthest, labels, self._incomplete(self._since), received
        )

    @property
    def _accepted_only(self) -> bool:
        """Whether refused events do not count: the back end does not process them, but a step may be about them."""
        return not self._by_arrival and not any(step.about_the_answer for step in self._sequence)

    def _items(self, sid: str) -> list[Item]:
        found = session_items(self._emulator, sid, by_arrival=self._by_arrival, accepted_only=self._accepted_only)
        return self._counting(found)

    def _steps_in(self, items: list[Item]) -> list[int]:
        return find_sequence(self._sequence, [item.facts() for item in items], [item.seq for item in items])

    def _counting(self, items: list[Item]) -> list[Item]:
        """Return the events that count."""
        if not self._since and self._until is None:
            return items
        last_seq = self._last_seq
        return [item for item in items if self._since < item.seq <= last_seq]

    def _refused(self, step: SequenceStep, sid: str) -> list[NearMiss]:
        """Find events that would be the step if they had not been refused."""
        items = self._counting(session_items(self._emulator, sid, by_arrival=True))
        meant = (item for item in items if not item.accepted and step.matcher.matches(item.facts()))
        return self._near(step.accepted, ((item.seq, item.record) for item in meant))

    @property
    def _last_seq(self) -> int:
        """The last entry that counts."""
        return self._journal.last_seq if self._until is None else min(self._until, self._journal.last_seq)

    def _newest(self, since: int) -> Iterator[tuple[int, Record]]:
        journal = self._journal
        last = self._last_seq
        for seq in range(last, max(since, journal.first_seq - 1, last - _NEAR_SEARCHED), -1):
            record = journal.get(seq)
            if record is not None:
                yield seq, record

    def _near(self, matcher: Matcher, records: Iterable[tuple[int, Record]]) -> list[NearMiss]:
        def misses() -> Iterator[tuple[float, int, Record, tuple[Difference, ...]]]:
            for seq, record in records:
                differences = matcher.differences(self._journal.facts(record))
                distance = matcher.distance(differences)
                if 0 < distance < 1:
                    yield distance, -seq, record, differences

        return [
            NearMiss(event=self._emulator.entry_of(-minus_seq, record), distance=distance, differences=differences)
            for distance, minus_seq, record, differences in heapq.nsmallest(_NEAR, misses(), key=lambda miss: miss[:2])
        ]

    def _received(self, since: int) -> str:
        journal = self._journal
        records = (journal.get(seq) for seq in range(max(since + 1, journal.first_seq), self._last_seq + 1))
        return received_line(Counter(record.event_type for record in records if record and record.event_type))

    def _incomplete(self, since: int) -> str:
        if self._journal.complete_since(since):
            return ""
        dropped = self._journal.evicted
        were = "entry was" if dropped == 1 else "entries were"
        return f" ({dropped} older {were} dropped to stay within the limits and not counted)"


def _labelled(miss: NearMiss) -> tuple[str, tuple[Difference, ...]]:
    event = miss.event
    status = "no answer" if event.response is None else str(event.response.status)
    return f"#{event.seq} {event.event_type or event.operation.value} ({status})", miss.differences
