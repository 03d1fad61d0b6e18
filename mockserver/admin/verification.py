"""Verify what was recorded, and find what came nearest if it fails."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from mockserver.admin.entries import find_entries, shown_entries
from mockserver.admin.sessions import SessionEntries, session_entries
from mockserver.admin.waiting import Pending, begin, count_reached, never
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import WaitCheck
from mockserver.errors import below
from mockserver.model.journal import Record
from mockserver.model.query import DEFAULT_LIMIT
from mockserver.model.results import Difference, NearMiss, Verification, VerifyCommand
from mockserver.namespaces import Namespace, Target
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.timeline import Item, items_of
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

_READ = 1_000
"""How many entries are read from the journal at a time, so that players can continue between."""


def verify(target: Target, command: VerifyCommand) -> Verification | Pending[Verification]:
    """Verify a count of entries, or of sessions in which a sequence occurs.

    It looks once, waits only if more entries can change the answer, and then looks again. More entries can break
    ``exactly`` and ``at_most``, so these are decided only when the time is over.

    Raises:
        InvalidInput: The command contradicts itself, or asks for what cannot be.
        Refused: There are too many waits already.
    """
    wanted = count_range(command)
    timeout_s = check_timeout(command.timeout_ms)
    verifier = Verifier(target.namespace, command)

    def look_again(satisfied: bool) -> Verification:
        return Verifier(target.namespace, command).judge()[0]

    with target.namespace as emulator:
        if wanted.final and timeout_s:
            return begin(target.namespace, emulator, never, timeout_s).then(look_again)
    count = verifier.look()
    while not wanted.met_by(count) and timeout_s:
        with target.namespace as emulator:
            check = verifier.check(emulator, count)
            if check is not None:
                return begin(target.namespace, emulator, check, timeout_s).then(look_again)
        count = verifier.look()
    return verifier.report(count)


class Verifier:
    """Performs one verification in a namespace: it looks, and then reports what it saw.

    It holds the lock of the namespace only to get the entries, a few at a time, so that players can continue between.

    Args:
        namespace: The namespace.
        command: What is expected.
        since: Only entries with a greater ``seq`` count.
        until: Only entries up to this ``seq`` count; None for those that there are when it looks.

    Raises:
        InvalidInput: The command contradicts itself.
    """

    def __init__(
        self, namespace: Namespace, command: VerifyCommand, *, since: int = 0, until: int | None = None
    ) -> None:
        self._namespace = namespace
        self._since = since
        self._until = until
        self._wanted = count_range(command)
        self._query = command.query
        with below("/query"):
            self._matcher = None if command.query is None else compile_query(command.query)
        if self._matcher is not None:
            self._since = max(since, self._matcher.since)
            self._matcher = replace(self._matcher, since=self._since)
        self._sequence = () if command.sequence is None else steps(command.sequence)
        self._by_arrival = command.order == "arrival"
        with namespace as emulator:
            self._write, self._facts = emulator.entry_of, emulator.journal.facts

    def judge(self) -> tuple[Verification, int]:
        """Look, and return the report and how many entries or sessions there are."""
        count = self.look()
        return self.report(count), count

    def look(self) -> int:
        """Count the entries, or the sessions in which the sequence occurs."""
        with self._namespace as emulator:
            journal = emulator.journal
            self._era, self._last_seq = journal.era, journal.last_seq
            self._complete, self._evicted = journal.complete_since(self._since), journal.evicted
            sids = tuple(journal.session_ids()) if self._matcher is None else ()
        if self._until is not None:
            self._last_seq = min(self._until, self._last_seq)
        self._matched: list[tuple[int, Record]] = []
        """The first entries that match."""
        if self._query is not None and self._matcher is not None:
            found = find_entries(self._namespace, self._matcher, self._query.limit, until=self._last_seq)
            self._matched = list(found.records)
            return found.total
        self._having: set[str] = set()
        """The sessions in which the sequence occurs."""
        self._furthest: tuple[str, list[Item], list[int]] | None = None
        """The session with the most steps among the others: its id, its events, and the indices of its steps."""
        for sid in sids:
            self._look_at(sid)
        return len(self._having)

    def _look_at(self, sid: str) -> None:
        items = self._items(sid)
        indices = self._steps_in(items)
        if len(indices) == len(self._sequence):
            self._having.add(sid)
            room = DEFAULT_LIMIT - len(self._matched)
            self._matched += [(items[index].seq, items[index].record) for index in indices[:room]]
        elif self._furthest is None or len(indices) > len(self._furthest[2]):
            self._furthest = sid, items, indices

    def check(self, emulator: Emulator, count: int) -> WaitCheck | None:
        """Make a check for a wait, which continues from the count of :meth:`look`.

        Args:
            emulator: The emulator of the namespace, whose lock the caller holds.

        Returns:
            None if entries have arrived since that count, so that it has to look again.
        """
        journal = emulator.journal
        at_least = self._wanted.at_least or 0
        if (journal.era, journal.last_seq) != (self._era, self._last_seq):
            return None
        if self._matcher is not None:
            return count_reached(emulator, self._matcher, at_least, count)
        having = self._having
        last = journal.last_seq

        def check(seq: int, record: Record) -> bool:
            nonlocal last
            if seq <= last:  # the journal was reset, and with it what was found
                having.clear()
            last = self._last_seq = seq
            sid = record.session_id
            # Only the session of the record can have changed, and only by an event that can be a step.
            if sid is not None and sid not in having and self._can_be_step(emulator, seq, record):
                self._look_at(sid)
            return len(having) >= at_least

        return check

    def _can_be_step(self, emulator: Emulator, seq: int, record: Record) -> bool:
        facts = [item.facts() for item in items_of(record, emulator.events(seq, record))]
        return any(step.matcher.matches(each) for step in self._sequence for each in facts)

    def report(self, count: int) -> Verification:
        """Report what :meth:`look` saw; if it was not enough, with what came nearest."""
        wanted = self._wanted
        verified = wanted.met_by(count)
        too_few = not verified and wanted.at_least is not None and count < wanted.at_least
        describe = self._count_report if self._query is not None else self._sequence_report
        near, message = describe(count, too_few)
        return Verification(
            verified=verified,
            message=message,
            matched=shown_entries(self._matched, self._write),
            near_misses=near,
            journal_complete=self._complete,
        )

    def _count_report(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        assert self._query is not None
        assert self._matcher is not None
        near = self._near(self._matcher, self._newest()) if too_few else []
        received = self._received() if too_few and not near else ""
        labels = [_labelled(miss) for miss in near]
        return near, count_message(self._wanted, self._query, count, labels, self._incomplete, received)

    def _sequence_report(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        sequence = self._sequence
        furthest, near, received = None, list[NearMiss](), ""
        if too_few:
            if self._furthest is not None:
                sid, items, indices = self._furthest
                furthest = (sid, len(indices))
                rest = items[indices[-1] + 1 :] if indices else items
                near = self._near(sequence[len(indices)].matcher, ((item.seq, item.record) for item in rest))
                if self._accepted_only:
                    near = [*self._refused(sequence[len(indices)], sid), *near][:_NEAR]
            received = "" if near else self._received()
        labels = [_labelled(miss) for miss in near]
        return near, sequence_message(self._wanted, sequence, count, furthest, labels, self._incomplete, received)

    @property
    def _accepted_only(self) -> bool:
        """Whether refused events do not count: the back end does not process them, but a step may be about them."""
        return not self._by_arrival and not any(step.about_the_answer for step in self._sequence)

    def _items(self, sid: str) -> list[Item]:
        entries = self._entries(sid)
        items = [item for item in entries.arrived() if item.accepted or not self._accepted_only]
        return self._counting(items if self._by_arrival else entries.processed(items))

    def _entries(self, sid: str) -> SessionEntries:
        with self._namespace as emulator:
            return session_entries(emulator, sid)

    def _steps_in(self, items: list[Item]) -> list[int]:
        return find_sequence(self._sequence, [item.facts() for item in items], [item.seq for item in items])

    def _counting(self, items: list[Item]) -> list[Item]:
        """Return the events that count."""
        return [item for item in items if self._since < item.seq <= self._last_seq]

    def _refused(self, step: SequenceStep, sid: str) -> list[NearMiss]:
        """Find events that would be the step if they had not been refused."""
        items = self._counting(self._entries(sid).arrived())
        meant = (item for item in items if not item.accepted and step.matcher.matches(item.facts()))
        return self._near(step.accepted, ((item.seq, item.record) for item in meant))

    def _newest(self) -> Iterator[tuple[int, Record]]:
        first = max(self._since, self._last_seq - _NEAR_SEARCHED) + 1
        for start in range(self._last_seq, first - 1, -_READ):
            with self._namespace as emulator:
                journal = emulator.journal
                some = [(seq, journal.get(seq)) for seq in range(start, max(start - _READ, first - 1), -1)]
            yield from ((seq, record) for seq, record in some if record is not None)

    def _near(self, matcher: Matcher, records: Iterable[tuple[int, Record]]) -> list[NearMiss]:
        def misses() -> Iterator[tuple[float, int, Record, tuple[Difference, ...]]]:
            for seq, record in records:
                differences = matcher.differences(self._facts(record))
                distance = matcher.distance(differences)
                if 0 < distance < 1:
                    yield distance, -seq, record, differences

        return [
            NearMiss(event=self._write(-minus_seq, record), distance=distance, differences=differences)
            for distance, minus_seq, record, differences in heapq.nsmallest(_NEAR, misses(), key=lambda miss: miss[:2])
        ]

    def _received(self) -> str:
        counts: Counter[str] = Counter()
        since = self._since
        while since < self._last_seq:
            with self._namespace as emulator:
                since = max(since, emulator.journal.first_seq - 1)
                last = min(since + _READ, self._last_seq)
                records = [emulator.journal.get(seq) for seq in range(since + 1, last + 1)]
            counts.update(record.event_type for record in records if record and record.event_type)
            since = max(since, last)
        return received_line(counts)

    @property
    def _incomplete(self) -> str:
        if self._complete:
            return ""
        were = "entry was" if self._evicted == 1 else "entries were"
        return f" ({self._evicted} older {were} dropped to stay within the limits and not counted)"


def _labelled(miss: NearMiss) -> tuple[str, tuple[Difference, ...]]:
    event = miss.event
    status = "no answer" if event.response is None else str(event.response.status)
    return f"#{event.seq} {event.event_type or event.operation.value} ({status})", miss.differences
