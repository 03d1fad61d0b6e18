"""Verify what was recorded, and find what came nearest if it fails."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from mockserver.admin.entries import find_entries, shown_entries
from mockserver.admin.sessions import SessionEntries, session_entries
from mockserver.admin.waiting import Pending, begin, count_reached, never
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import WaitCheck
from mockserver.errors import below
from mockserver.model.journal import Record
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.model.results import Difference, NearMiss, Verification, VerifyCommand
from mockserver.namespaces import Namespace, Target
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.timeline import Item, items_of
from mockserver.rules.verification import (
    CountRange,
    SequenceStep,
    check_timeout,
    count_message,
    count_range,
    find_sequence,
    received_line,
    sequence_message,
    steps,
)

__all__ = ["Verifier", "verifier_of", "verify"]

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
    verifier = verifier_of(target.namespace, command)

    def look_again(satisfied: bool) -> Verification:
        return verifier_of(target.namespace, command).judge()[0]

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


def verifier_of(namespace: Namespace, command: VerifyCommand, *, since: int = 0, until: int | None = None) -> Verifier:
    """Return what performs a verification.

    Args:
        namespace: The namespace.
        command: What is expected.
        since: Only entries with a greater ``seq`` count.
        until: Only entries up to this ``seq`` count; None for those that there are when it looks.

    Raises:
        InvalidInput: The command contradicts itself.
    """
    wanted = count_range(command)
    if command.query is not None:
        return _EntryVerifier(namespace, wanted, command.query, since, until)
    sequence = steps(command.sequence or ())
    return _SequenceVerifier(namespace, wanted, sequence, since, until, by_arrival=command.order == "arrival")


class Verifier(ABC):
    """Performs one verification in a namespace: it looks, and then reports what it saw.

    It holds the lock of the namespace only to get the entries, a few at a time, so that players can continue between.
    """

    def __init__(self, namespace: Namespace, wanted: CountRange, since: int, until: int | None) -> None:
        self._namespace = namespace
        self._wanted = wanted
        self._since = since
        self._until = until
        self._matched: list[tuple[int, Record]] = []
        """The first entries that match, or that are steps."""
        with namespace as emulator:
            self._write, self._facts = emulator.entry_of, emulator.journal.facts

    def _note(self, emulator: Emulator) -> None:
        """Note how far the journal reaches; what comes later does not count until the next look."""
        journal = emulator.journal
        self._era = journal.era
        self._last_seq = journal.last_seq if self._until is None else min(self._until, journal.last_seq)
        self._complete, self._evicted = journal.complete_since(self._since), journal.evicted

    def judge(self) -> tuple[Verification, int]:
        """Look, and return the report and how many entries or sessions there are."""
        count = self.look()
        return self.report(count), count

    def look(self) -> int:
        """Count the entries, or the sessions in which the sequence occurs."""
        with self._namespace as emulator:
            self._note(emulator)
        return self._count()

    @abstractmethod
    def _count(self) -> int: ...

    def check(self, emulator: Emulator, count: int) -> WaitCheck | None:
        """Make a check for a wait, which continues from the count of :meth:`look`.

        Args:
            emulator: The emulator of the namespace, whose lock the caller holds.

        Returns:
            None if entries have arrived since that count, so that it has to look again.
        """
        journal = emulator.journal
        if (journal.era, journal.last_seq) != (self._era, self._last_seq):
            return None
        return self._check(emulator, self._wanted.at_least or 0, count)

    @abstractmethod
    def _check(self, emulator: Emulator, at_least: int, count: int) -> WaitCheck: ...

    def report(self, count: int) -> Verification:
        """Report what :meth:`look` saw; if it was not enough, with what came nearest."""
        wanted = self._wanted
        verified = wanted.met_by(count)
        too_few = not verified and wanted.at_least is not None and count < wanted.at_least
        near, message = self._explained(count, too_few)
        return Verification(
            verified=verified,
            message=message,
            matched=shown_entries(self._matched, self._write),
            near_misses=near,
            journal_complete=self._complete,
        )

    @abstractmethod
    def _explained(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        """Return the nearest entries, if there are too few, and the message."""

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


class _EntryVerifier(Verifier):
    """Counts the entries that match a query."""

    def __init__(self, namespace: Namespace, wanted: CountRange, query: Query, since: int, until: int | None) -> None:
        with below("/query"):
            matcher = compile_query(query)
        since = max(since, matcher.since)
        super().__init__(namespace, wanted, since, until)
        self._query = query
        self._matcher = replace(matcher, since=since)

    def _count(self) -> int:
        found = find_entries(self._namespace, self._matcher, self._query.limit, until=self._last_seq)
        self._matched = list(found.records)
        return found.total

    def _check(self, emulator: Emulator, at_least: int, count: int) -> WaitCheck:
        return count_reached(emulator, self._matcher, at_least, count)

    def _explained(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
        near = self._near(self._matcher, self._newest()) if too_few else []
        received = self._received() if too_few and not near else ""
        labels = [_labelled(miss) for miss in near]
        return near, count_message(self._wanted, self._query, count, labels, self._incomplete, received)

    def _newest(self) -> Iterator[tuple[int, Record]]:
        first = max(self._since, self._last_seq - _NEAR_SEARCHED) + 1
        for start in range(self._last_seq, first - 1, -_READ):
            with self._namespace as emulator:
                journal = emulator.journal
                some = [(seq, journal.get(seq)) for seq in range(start, max(start - _READ, first - 1), -1)]
            yield from ((seq, record) for seq, record in some if record is not None)


class _SequenceVerifier(Verifier):
    """Counts the sessions in which a sequence occurs."""

    def __init__(
        self,
        namespace: Namespace,
        wanted: CountRange,
        sequence: Sequence[SequenceStep],
        since: int,
        until: int | None,
        *,
        by_arrival: bool,
    ) -> None:
        super().__init__(namespace, wanted, since, until)
        self._sequence = sequence
        self._by_arrival = by_arrival
        # The back end does not process refused events, but a step may be about them.
        self._accepted_only = not by_arrival and not any(step.about_the_answer for step in sequence)
        self._having: set[str] = set()
        """The sessions in which the sequence occurs."""
        self._furthest: tuple[str, list[Item], list[int]] | None = None
        """The session with the most steps among the others: its id, its events, and the indices of its steps."""

    def _note(self, emulator: Emulator) -> None:
        super()._note(emulator)
        self._sids = tuple(emulator.journal.session_ids())

    def _count(self) -> int:
        self._matched, self._having, self._furthest = [], set(), None
        for sid in self._sids:
            self._look_at(sid)
        return len(self._having)

    def _look_at(self, sid: str) -> None:
        items = self._items(sid)
        indices = find_sequence(self._sequence, [item.facts() for item in items], [item.seq for item in items])
        if len(indices) == len(self._sequence):
            self._having.add(sid)
            room = DEFAULT_LIMIT - len(self._matched)
            self._matched += [(items[index].seq, items[index].record) for index in indices[:room]]
        elif self._furthest is None or len(indices) > len(self._furthest[2]):
            self._furthest = sid, items, indices

    def _check(self, emulator: Emulator, at_least: int, count: int) -> WaitCheck:
        having = self._having
        last = emulator.journal.last_seq

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

    def _explained(self, count: int, too_few: bool) -> tuple[list[NearMiss], str]:
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

    def _items(self, sid: str) -> list[Item]:
        entries = self._entries(sid)
        items = [item for item in entries.arrived() if item.accepted or not self._accepted_only]
        return self._counting(items if self._by_arrival else entries.processed(items))

    def _entries(self, sid: str) -> SessionEntries:
        with self._namespace as emulator:
            return session_entries(emulator, sid)

    def _counting(self, items: list[Item]) -> list[Item]:
        """Return the events that count."""
        return [item for item in items if self._since < item.seq <= self._last_seq]

    def _refused(self, step: SequenceStep, sid: str) -> list[NearMiss]:
        """Find events that would be the step if they had not been refused."""
        items = self._counting(self._entries(sid).arrived())
        meant = (item for item in items if not item.accepted and step.matcher.matches(item.facts()))
        return self._near(step.accepted, ((item.seq, item.record) for item in meant))


def _labelled(miss: NearMiss) -> tuple[str, tuple[Difference, ...]]:
    event = miss.event
    status = "no answer" if event.response is None else str(event.response.status)
    return f"#{event.seq} {event.event_type or event.operation.value} ({status})", miss.differences
