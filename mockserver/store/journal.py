"""The journal: every request in order, bounded by count and bytes, indexed for filters.

Eviction drops the oldest entries and is never silent: ``evicted`` counts them, and :meth:`Journal.complete_since` says
whether an answer could be affected. Per request it only moves a number; memory is freed in batches.

What repeats from request to request is kept once; see :mod:`mockserver.store.known_values`.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator
from itertools import count, islice
from typing import Any, Protocol, cast

from msgspec.structs import replace

from mockserver.model.journal import Forwarded, RareRecord, Record
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Outcome
from mockserver.rules.match import Facts, Matcher
from mockserver.store.columns import Columns, both
from mockserver.store.known_values import KnownValues

__all__ = ["Journal", "Records"]

_RECORD_BYTES = 200
"""What an entry costs besides its bytes: record, time, list slot, columns and index."""

_SESSION_BYTES = 300
"""What the index costs for a session with one entry: its id, its list and their place in the table."""

_RESPONSE_BYTES = 500
"""What an answer costs besides its body; the 204 of accepted events is shared."""

_UNCOUNTED_BYTES = 64 * 1024
_COMPACT_AT = 4096
_SPARE = 12
"""How much more room to make than needed: the limits shifted right by this many bits, a four-thousandth of them."""

_ACCEPTED = Outcome.ACCEPTED  # reading an Enum member is slow before Python 3.12

Read = Callable[[Record], Any]
"""Returns the parsed body of a record."""

Normal = Callable[[Record], Callable[[Any], Any] | None]
"""Returns the function that turns the body of a record into the normal shape; None if it is in that shape."""


class Records(Protocol):
    """The container of the records of a journal, by place from 0 on: a list, or anything with these methods.

    The journal keeps indexes, limits and order itself. A record that was dropped is None until its place is freed.
    """

    def __len__(self) -> int:
        """Count the places."""
        ...

    def append(self, record: Record, /) -> None:
        """Add a record at the next place."""
        ...

    def __getitem__(self, place: int, /) -> Record | None:
        """Return the record at a place."""
        ...

    def __setitem__(self, place: int, record: Record | None, /) -> None:
        """Replace the record at a place, or drop it with None."""
        ...

    def __delitem__(self, places: slice, /) -> None:
        """Free the first places; the others move up."""
        ...


class Journal:
    """The records of one namespace.

    Args:
        settings: ``max_entries`` and ``max_journal_bytes`` bound it.
        read: How the body of a record is parsed when a condition asks for it.
        records: Makes an empty container for records; a list by default.
        normal: How a body is turned into the normal shape.
    """

    def __init__(
        self,
        settings: Settings,
        read: Read,
        records: Callable[[], Records] = list,
        normal: Normal = lambda record: None,
    ) -> None:
        self._read = read
        self._normal = normal
        self._make_records = records
        self._known = KnownValues()
        self.crowded: Callable[[], object] | None = None
        """Called when there is no room left in the share of the namespace, to find some; see :meth:`keep_within`."""
        self._unwritten = sys.maxsize
        self._drop: Callable[[int, Record], object] | None = None
        self.era = -1
        """How often it was cleared: it distinguishes requests with the same seq."""
        self._max_entries = self._max_bytes = self._room = 0
        self.clear()
        self.limit(settings)

    def limit(self, settings: Settings) -> None:
        """Apply new limits at once."""
        self._max_entries = max(1, settings.max_entries)
        self._max_bytes = self._room = settings.max_journal_bytes
        self._make_room()

    def hide(self, secret: str) -> None:
        """Hide a secret in what is recorded from now on; see :meth:`KnownValues.hide`."""
        self._known.hide(secret)

    def keep_within(self, size_bytes: int, to_bytes: int) -> None:
        """Use less room than the settings allow, because other namespaces need it, until the new room is used up.

        Args:
            size_bytes: How much room there is. When it is used up, ``crowded`` is called.
            to_bytes: The size to shrink to at once; may be 0.
        """
        self._room = min(self._max_bytes, size_bytes)
        self._counted_bytes = self.known_bytes
        self._evict(self._max_entries, min(self._max_bytes, to_bytes), at_least=0)

    def on_drop(self, drop: Callable[[int, Record], object]) -> None:
        """Call ``drop`` with each entry that is dropped before it was :meth:`written`; not with those of a reset."""
        self._drop, self._unwritten = drop, self.first_seq

    def written(self, seq: int) -> None:
        """Note that the entries up to ``seq`` are kept elsewhere."""
        self._unwritten = seq + 1

    def crowd(self, size_bytes: int) -> None:
        """Reduce the room, because the sessions of the namespace have grown."""
        if self.crowded is not None:
            self._room -= size_bytes
            if self._bytes > self._room:
                self.crowded()

    @property
    def contents(self) -> tuple[Any, ...]:
        """The containers that are large in a large journal. After :meth:`clear` it has others."""
        return self._records, self._by_session, self._known.table

    def clear(self) -> None:
        """Forget everything and count from 1 again."""
        self.era += 1
        self.replaced: dict[str | None, int] = {}
        """By session, how many of its entries were replaced after they were added."""
        self._records = self._make_records()
        self._columns = Columns(("operation", "event_type", "outcome", "status"))
        self._by_session: dict[str, array[int]] = {}
        self._by_fault: dict[str, array[int]] = {}
        self._head = 0
        """The index of the oldest entry; the places before it are about to be freed."""
        self._base = 1
        """The seq of index 0."""
        self._bytes = 0
        self._known.clear()
        self._shared_cost: dict[int, int] = {}
        """The size of the values that became known with an entry, by its seq."""
        self._charged_cost = 0
        """The sum of these."""
        self._counted_bytes = 0
        """What :attr:`known_bytes` was when the namespace last looked at its share."""
        self.evicted = 0
        if self._drop is not None:
            self._unwritten = 1

    def __len__(self) -> int:
        return len(self._records) - self._head

    @property
    def first_seq(self) -> int:
        """The seq of the oldest entry that is still there."""
        return self._base + self._head

    @property
    def last_seq(self) -> int:
        """The seq of the newest entry, even if it was dropped; 0 before the first."""
        return self._base + len(self._records) - 1

    @property
    def last_at_ms(self) -> int:
        """When the newest entry was processed, even if it was dropped; before 1970 if there was none."""
        return self._known.last_at_ms

    @property
    def size_bytes(self) -> int:
        """The estimated size of the entries."""
        return self._bytes

    @property
    def known_bytes(self) -> int:
        """The size of the header blocks and texts that are only kept to recognize them when they come again."""
        return max(0, self._known.size_bytes - self._charged_cost)

    def forget_known(self) -> None:
        """Drop what :attr:`known_bytes` counts."""
        self._known.forget()

    def complete_since(self, since: int) -> bool:
        """Return whether every entry after ``since`` is still there."""
        return since >= self.first_seq - 1

    def append(self, record: Record) -> int:
        """Add a record without its secrets, and drop the oldest records if there is no room.

        Returns:
            Its seq.
        """
        records, known = self._records, self._known
        seq = self._base + len(records)
        cost_before = known.cost
        known.share(record)
        outcome, response, session_id = record.outcome, record.response, record.session_id
        if known.secret is not None and outcome is Outcome.NO_ROUTE:
            record = known.without_secret(record)
        if known.cost != cost_before:
            cost = self._shared_cost[seq] = known.cost - cost_before
            self._charged_cost += cost
            self._bytes += cost
        records.append(record)
        status = None if response is None else response.status
        self._columns.append((record.operation, record.event_type, outcome, status))
        if session_id is not None:
            seqs = self._by_session.get(session_id)
            if seqs is None:
                seqs = self._by_session[session_id] = array("Q")
            seqs.append(seq)
        if record.fault_ids:
            for fault_id in record.fault_ids:
                self._by_fault.setdefault(fault_id, array("Q")).append(seq)
        size_bytes = self._bytes = self._bytes + _cost(record)
        if size_bytes > self._room or len(records) - self._head > self._max_entries:
            self._make_room()
        return seq

    def delivered(self, seq: int, delivery: Delivery, *, final: bool = False) -> None:
        """Record what became of an answer, unless its entry was dropped.

        Args:
            seq: The entry.
            delivery: How far the answer got.
            final: Whether the answer announced the end of the connection.
        """
        record = self.get(seq)
        if record is None:
            return
        response = record.response
        if final and response is not None:
            response = replace(response, final=True)
        self._records[seq - self._base] = replace(record, delivery=delivery, response=response)
        self.replaced[record.session_id] = self.replaced.get(record.session_id, 0) + 1

    def forwarded(self, seq: int, forwarded: Forwarded) -> None:
        """Note what another endpoint answered; do nothing if the entry was dropped."""
        record = self.get(seq)
        if record is None:
            return
        is_rare = isinstance(record, RareRecord)
        after = replace(record, forwarded=forwarded) if is_rare else record.rare(forwarded=forwarded)
        self._records[seq - self._base] = after
        self.replaced[record.session_id] = self.replaced.get(record.session_id, 0) + 1
        self._bytes += _cost(after) - _cost(record)
        if self._bytes > self._room:
            self._make_room()

    def get(self, seq: int) -> Record | None:
        """Return a record, or None if there is no such seq or it was dropped."""
        index = seq - self._base
        return self._records[index] if self._head <= index < len(self._records) else None

    def records(self) -> Iterator[Record]:
        """Return all records that are still there, in order."""
        for index in range(self._head, len(self._records)):
            record = self._records[index]
            if record is not None:
                yield record

    def facts(self, record: Record) -> Facts:
        """Return what a matcher can look at in a record."""
        return Facts(
            record.operation,
            record.session_id,
            record.event_type,
            lambda: self._read(record),
            record.outcome,
            None if record.response is None else record.response.status,
            record.fault_ids,
            normal=self._normal(record),
        )

    def count(self, matcher: Matcher) -> int:
        """Count the entries that match."""
        mask, start, exact = self._mask(matcher)
        if mask is not None and exact:
            return mask.count(1)
        return sum(1 for _ in self._walk(matcher, mask, start, exact))

    def select(self, matcher: Matcher, limit: int) -> tuple[list[int], int]:
        """Find the first entries that match, and count all of them.

        Returns:
            Their seqs in ascending order, at most ``limit``, and the total.
        """
        mask, start, exact = self._mask(matcher)
        seqs: list[int] = []
        total = mask.count(1) if mask is not None and exact else 0
        for seq in self._walk(matcher, mask, start, exact):
            if len(seqs) < limit:
                seqs.append(seq)
            elif exact:
                break
            if not exact:
                total += 1
        return seqs, total

    def candidates(self, matcher: Matcher, most: int) -> list[tuple[int, Record]]:
        """Return the first entries that may match; which of them do can be found out later, and elsewhere."""
        mask, start, _ = self._mask(matcher)
        seqs = self._indexed(matcher, start) if mask is None else _marked(mask, self._base + start)
        records = ((seq, self.get(seq)) for seq in seqs)
        return list(islice(((seq, record) for seq, record in records if record is not None), most))

    def after(self, since: int, most: int, max_bytes: int) -> list[tuple[int, Record]]:
        """Return the entries that come next after ``since``, at least one if there is any.

        Args:
            most: How many at most.
            max_bytes: How large they may be together, bodies of requests and answers; a single one may be larger.
        """
        found: list[tuple[int, Record]] = []
        size_bytes = 0
        first = max(since + 1, self.first_seq)
        for seq in range(first, min(self.last_seq + 1, first + most)):
            record = self.get(seq)
            assert record is not None
            size_bytes += record.size_bytes
            if found and size_bytes > max_bytes:
                break
            found.append((seq, record))
        return found

    def everything(self) -> list[tuple[int, Record]]:
        """Return all entries, as fast as possible, because all other threads wait meanwhile."""
        first_seq, records = self.next_after(0, len(self))
        return list(zip(count(first_seq), records, strict=False))

    def next_after(self, since: int, most: int) -> tuple[int, list[Record]]:
        """Return the entries that come next after ``since``, however large they are, and the seq of the first."""
        start = max(self._head, since + 1 - self._base)
        kept = map(self._records.__getitem__, range(start, min(start + most, len(self._records))))
        return self._base + start, cast(list[Record], list(kept))

    def session_seqs(self, session_id: str) -> list[int]:
        """Return the seqs of a session that are still there, in order."""
        seqs = self._by_session.get(session_id)
        return [] if seqs is None else list(seqs[bisect_left(seqs, self.first_seq) :])

    def session_ids(self) -> Iterator[str]:
        """Return the ids of all sessions with an entry, in order of their first one."""
        return iter(tuple(self._by_session))

    def counts(self, column: str) -> dict[Hashable, int]:
        """Count the entries by ``operation``, ``event_type``, ``outcome`` or ``status``."""
        return self._columns.counts(column, self._head)

    def _mask(self, matcher: Matcher) -> tuple[bytes | None, int, bool]:
        """Mark the entries that may match by the columns.

        Returns:
            The mask, or None when an index is better; where it starts; and whether each marked entry surely matches.
        """
        start = max(self._head, matcher.since + 1 - self._base)
        names = {name for name, _ in matcher.fields}
        if "session_id" in names or "fault_id" in names:
            return None, start, False
        mask = b"\x01" * max(0, len(self._records) - start)
        all_exact = not (matcher.conditions or matcher.unasked or matcher.others)
        for name, wanted in matcher.fields:
            column, exact = self._columns.mask(name, wanted, start)
            mask = both(mask, column)
            all_exact = all_exact and exact
        return mask, start, all_exact

    def _walk(self, matcher: Matcher, mask: bytes | None, start: int, exact: bool) -> Iterator[int]:
        candidates = self._indexed(matcher, start) if mask is None else _marked(mask, self._base + start)
        for seq in candidates:
            record = self._records[seq - self._base]
            if record is not None and (exact or matcher.matches(self.facts(record))):
                yield seq

    def _indexed(self, matcher: Matcher, start: int) -> Iterator[int]:
        fields = dict(matcher.fields)
        name, index = ("session_id", self._by_session) if "session_id" in fields else ("fault_id", self._by_fault)
        lists = [index[value] for value in fields[name] if value in index]
        first = self._base + start
        if len(lists) == 1:
            return iter(lists[0][bisect_left(lists[0], first) :])
        return iter(sorted({seq for seqs in lists for seq in seqs[bisect_left(seqs, first) :]}))

    def _make_room(self) -> None:
        # A little more than necessary, so that one pass serves several requests.
        self._evict(self._max_entries - (self._max_entries >> _SPARE), self._max_bytes - (self._max_bytes >> _SPARE))
        if self.crowded is not None and (
            self._bytes > self._room or self.known_bytes > self._counted_bytes + _UNCOUNTED_BYTES
        ):
            self.crowded()

    def _evict(self, max_entries: int, max_bytes: int, at_least: int = 1) -> None:
        records, head = self._records, self._head
        last_seqs: dict[str, int] = {}
        while (left := len(records) - head) > max_entries or (self._bytes > max_bytes and left > at_least):
            record, seq = records[head], self._base + head
            assert record is not None
            if seq >= self._unwritten and self._drop is not None:
                self._drop(seq, record)
            records[head] = None
            head += 1
            self._bytes -= _cost(record)
            if seq in self._shared_cost:
                cost = self._shared_cost.pop(seq)
                self._charged_cost -= cost
                self._bytes -= cost
            if record.session_id is not None:
                last_seqs[record.session_id] = seq
            for fault_id in record.fault_ids:
                _forget(self._by_fault, fault_id, seq)
        for session_id, seq in last_seqs.items():
            _forget(self._by_session, session_id, seq)
            if self.replaced and session_id in self.replaced and session_id not in self._by_session:
                del self.replaced[session_id]
        self.evicted += head - self._head
        self._head = head
        if self._head >= _COMPACT_AT and self._head * 4 >= len(self._records):
            del self._records[: self._head]
            self._columns.forget(self._head)
            self._base += self._head
            self._head = 0


def _cost(record: Record) -> int:
    cost = _RECORD_BYTES + len(record.body)
    if record.outcome is not _ACCEPTED:
        if record.session_id is not None:
            cost += _SESSION_BYTES + len(record.session_id)
        for violation in record.violations:
            cost += 250 + len(violation.path) + len(violation.detail)
    if record.response is not None and record.response.status != 204:
        cost += _RESPONSE_BYTES + len(record.response.body)
    if record.fault_ids or record.draws:
        cost += 20 * len(record.fault_ids) + 100 * len(record.draws)
    if type(record) is RareRecord and record.forwarded is not None:
        cost += _RESPONSE_BYTES + (0 if record.forwarded.response is None else len(record.forwarded.response.body))
    return cost


def _forget(index: dict[str, array[int]], key: str, seq: int) -> None:
    """Forget a dropped seq: the whole list if it was the last one, otherwise now and then the stale half."""
    seqs = index.get(key)
    if seqs is None:
        return
    if seqs[-1] <= seq:
        del index[key]
    elif seqs[len(seqs) // 2] <= seq:
        del seqs[: bisect_right(seqs, seq)]


def _marked(mask: bytes, first_seq: int) -> Iterator[int]:
    index = mask.find(1)
    while index >= 0:
        yield first_seq + index
        index = mask.find(1, index + 1)
