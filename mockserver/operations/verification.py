"""Verification: is what was recorded what a test expects, and if not, what came nearest?"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.waiters import Check
from mockserver.model.journal import Record
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.model.results import Difference, NearMiss, Verification, VerifyCommand
from mockserver.namespaces import Target
from mockserver.operations.entries import entries_of
from mockserver.operations.sessions import session_items
from mockserver.operations.waiting import Pending, begin, counting, never
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.timeline import Item
from mockserver.rules.verification import (
    Expectation,
    Step,
    check_timeout,
    count_message,
    expectation,
    find_sequence,
    received_line,
    sequence_message,
    steps,
)

__all__ = ["Verifier", "verify"]

_NEAR = 3
_NEAR_SEARCHED = 5_000
"""How many of the newest entries are searched for near misses: what a failing test is about is recent."""


def verify(target: Target, command: VerifyCommand) -> Verification | Pending[Verification]:
    """Verify a count of entries, or of sessions in which a sequence occurs.

    It looks once, and waits only if that may change the answer; then it looks again when the wait is over.

    Raises:
        InvalidInput: The command contradicts itself.
        Refused: Too many waits are in flight.
    """
    wanted = expectation(command)
    timeout_s = check_timeout(command.timeout_ms)
    with target.namespace as emulator:
        verifier = Verifier(emulator)
        verification, count = verifier.judge(command)
        if not timeout_s or (verification.verified and not wanted.final):
            return verification
        check = never if wanted.final else verifier.check(command, wanted.at_least or 0, count)
        return begin(
            target.namespace, emulator, check, timeout_s, lambda emulator, _: Verifier(emulator).judge(command)[0]
        )


class Verifier:
    """Judges the journal of an emulator, within its namespace.

    Args:
        emulator: Whose journal is judged.
        since: Only by entries with a greater ``seq``.
        until: Only by entries with this ``seq`` or a lower one; None for no limit.
    """

    def __init__(self, emulator: Emulator, *, since: int = 0, until: int | None = None) -> None:
        self._emulator = emulator
        self._since = since
        self._until = until
        self._journal = emulator.journal
        self._whole: set[str] = set()
        """The sessions in which a sequence was found."""

    def judge(self, command: VerifyCommand) -> tuple[Verification, int]:
        """Look whether it is so, and tell how many entries or sessions there are.

        Raises:
            InvalidInput: The command contradicts itself.
        """
        wanted = expectation(command)
        if command.query is not None:
            matcher = compile_query(command.query)
            matcher = replace(matcher, since=max(matcher.since, self._since))
            return self._verify_count(wanted, command.query, matcher)
        return self._verify_sequence(wanted, steps(command.sequence or ()), command.order == "arrival")

    def check(self, command: VerifyCommand, at_least: int, count: int) -> Check:
        """Make a check that goes on from what :meth:`judge` found.

        Args:
            at_least: How many entries or sessions end the wait.
            count: How many there are.
        """
        if command.query is not None:
            return counting(self._emulator, compile_query(command.query), at_least, count)
        sequence, by_arrival = steps(command.sequence or ()), command.order == "arrival"
        having, last = self._whole, self._journal.last_seq

        def check(seq: int, record: Record) -> bool:
            nonlocal last
            if seq <= last:  # the journal was reset, and what was found went with it
                having.clear()
            last = seq
            sid = record.session_id
            if sid is not None:  # only the session that the record belongs to can be another than it was
                whole = len(_found(sequence, self._items(sid, sequence, by_arrival))) == len(sequence)
                (having.add if whole else having.discard)(sid)
            return len(having) >= at_least

        return check

    def _verify_count(self, wanted: Expectation, query: Query, matcher: Matcher) -> tuple[Verification, int]:
        if self._until is None:
            seqs, count = self._journal.select(matcher, query.limit)
        else:
            matching = [seq for seq in self._journal.select(matcher, self._journal.last_seq)[0] if seq <= self._until]
            seqs, count = matching[: query.limit], len(matching)
        verified = wanted.met_by(count)
        too_few = not verified and wanted.at_least is not None and count < wanted.at_least
        near = self._near(matcher, self._newest(matcher.since)) if too_few else []
        received = self._received(matcher.since) if too_few and not near else ""
        message = count_message(
            wanted, query, count, [_told(miss) for miss in near], self._incomplete(matcher.since), received
        )
        verification = Verification(
            verified=verified,
            message=message,
            matched=entries_of(self._emulator, seqs),
            near_misses=near,
            journal_complete=self._journal.complete_since(matcher.since),
        )
        return verification, count

    def _verify_sequence(
        self, wanted: Expectation, sequence: tuple[Step, ...], by_arrival: bool
    ) -> tuple[Verification, int]:
        found = list(self._sequences(sequence, by_arrival))
        whole = [(items, indices) for _, items, indices in found if len(indices) == len(sequence)]
        self._whole = {sid for sid, _, indices in found if len(indices) == len(sequence)}
        seqs = [items[index].seq for items, indices in whole for index in indices]
        verified = wanted.met_by(len(whole))
        furthest, near, received = None, [], ""
        if not verified and wanted.at_least is not None and len(whole) < wanted.at_least:
            partial = [candidate for candidate in found if len(candidate[2]) < len(sequence)]
            if partial:
                sid, items, indices = max(partial, key=lambda candidate: len(candidate[2]))
                furthest = (sid, len(indices))
                rest = items[indices[-1] + 1 :] if indices else items
                near = self._near(sequence[len(indices)].matcher, ((item.seq, item.record) for item in rest))
                if _accepted_only(sequence, by_arrival):
                    near = [*self._refused(sequence[len(indices)], sid), *near][:_NEAR]
            received = "" if near else self._received(self._since)
        incomplete = self._incomplete(self._since)
        message = sequence_message(
            wanted, sequence, len(whole), furthest, [_told(miss) for miss in near], incomplete, received
        )
        verification = Verification(
            verified=verified,
            message=message,
            matched=entries_of(self._emulator, seqs[:DEFAULT_LIMIT]),
            near_misses=near,
            journal_complete=self._journal.complete_since(self._since),
        )
        return verification, len(whole)

    def _sequences(self, sequence: tuple[Step, ...], by_arrival: bool) -> Iterator[tuple[str, list[Item], list[int]]]:
        for sid in self._journal.session_ids():
            items = self._items(sid, sequence, by_arrival)
            yield sid, items, _found(sequence, items)

    def _items(self, sid: str, sequence: tuple[Step, ...], by_arrival: bool) -> list[Item]:
        only = _accepted_only(sequence, by_arrival)
        return self._counting(session_items(self._emulator, sid, by_arrival=by_arrival, accepted_only=only))

    def _counting(self, items: list[Item]) -> list[Item]:
        """Return those of some events that count."""
        if not self._since and self._until is None:
            return items
        last_seq = self._last_seq
        return [item for item in items if self._since < item.seq <= last_seq]

    def _refused(self, step: Step, sid: str) -> list[NearMiss]:
        """Find what would have been a step, had it not been refused."""
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


def _accepted_only(sequence: tuple[Step, ...], by_arrival: bool) -> bool:
    """Tell whether refused events take no part: the back end does not process them, but a step may be about them."""
    return not by_arrival and not any(step.about_the_answer for step in sequence)


def _found(sequence: tuple[Step, ...], items: list[Item]) -> list[int]:
    return find_sequence(sequence, [item.facts() for item in items], [item.seq for item in items])


def _told(miss: NearMiss) -> tuple[str, tuple[Difference, ...]]:
    event = miss.event
    status = "no answer" if event.response is None else str(event.response.status)
    return f"#{event.seq} {event.event_type or event.operation.value} ({status})", miss.differences
