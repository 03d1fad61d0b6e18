"""The entries of a journal: one, a page, a count, a wait, and an export."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import replace

from mockserver.admin.neighbourhood import Neighbourhood
from mockserver.admin.paging import BLOCK, block, within_answer
from mockserver.admin.search import Search
from mockserver.admin.server import DISTRIBUTION, running_version
from mockserver.admin.waiting import Pending, begin, begin_silence, count_reached
from mockserver.control import Chunks, EventQuery, ExportQuery
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound, below
from mockserver.model.journal import Entry, Record
from mockserver.model.query import Query
from mockserver.model.results import CountResult, EventPage, Meta, WaitCommand, WaitResult
from mockserver.namespaces import Namespace, Target
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.verification import check_timeout
from mockserver.wire.codec import encode
from mockserver.wire.har import har_pieces

__all__ = [
    "Selection",
    "count",
    "event",
    "events",
    "export",
    "find",
    "find_entries",
    "page",
    "shown_entries",
    "wait",
]

T = TypeVar("T")

_ENTRY_BYTES = 700
"""What an entry takes in an answer besides the bodies: its own members, and the headers of request and answer."""

_ALL = compile_query(Query())

_WAIT_MS = 5_000
_SIFTED = 2_000
"""How many entries are read from the journal at a time, so that players can continue between."""


class Selection(NamedTuple):
    """The first entries that match, how many match, and the state of the journal."""

    records: Sequence[tuple[int, Record]]
    total: int
    evicted: int
    complete: bool
    era: int
    seq: int
    """How far the journal reached."""
    write: Callable[[int, Record], Entry]
    """Makes an entry of a record; works outside the lock of the namespace, because it needs none of its state."""


_Told = Callable[[Selection, bool], T]
"""Makes an answer of what was found; the last argument says whether a wait was satisfied."""


def event(target: Target, argument: None, seq: str) -> Entry:
    """Show one entry.

    Raises:
        NotFound: It does not exist, or was dropped to stay within the limits.
    """
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise InvalidInput(f"seq must be a number, not {seq[:50]!r}")
    number = int(seq)
    with target.namespace as emulator:
        record = emulator.journal.get(number)
        if record is None:
            dropped = 0 < number < emulator.journal.first_seq
            raise NotFound(
                f"entry {number} " + ("was dropped to stay within the limits" if dropped else "does not exist")
            )
        return emulator.entry_of(number, record)


def events(target: Target, query: Query) -> EventPage:
    """List the first entries that match, with the ``since`` of the next page."""
    matcher = compile_query(query)
    skip = query.skip if isinstance(query, EventQuery) else 0
    if skip < 0:
        raise InvalidInput(f"skip must be 0 or more, not {skip}", pointer="/skip")
    search = _search(target.namespace, query)
    if isinstance(query, EventQuery) and query.sort != "seq":
        found = find_entries(target.namespace, matcher, sys.maxsize, 0, search)
        ordered = _ordered(found.records, query.sort)[skip : skip + query.limit]
        found = found._replace(records=ordered, total=found.total)
    else:
        found = find_entries(target.namespace, matcher, query.limit, skip, search)
    if isinstance(query, EventQuery) and query.surroundings:
        around = Neighbourhood(target.namespace, [seq for seq, _ in found.records])
        write = found.write
        found = found._replace(write=lambda seq, record: replace(write(seq, record), surroundings=around.of(seq)))
    listed = _page(_written(target, found), True, skip)
    if isinstance(query, EventQuery) and query.sort != "seq":
        return replace(listed, meta=replace(listed.meta, next=None))
    return listed


def _ordered(records: Sequence[tuple[int, Record]], order: str) -> list[tuple[int, Record]]:
    """Return entries in an order; entries that are equal in it keep the order of the journal."""

    def status(found: tuple[int, Record]) -> int:
        response = found[1].response
        return 0 if response is None else response.status

    keys: dict[str, Callable[[tuple[int, Record]], Any]] = {
        "seq": lambda found: found[0],
        "event_type": lambda found: found[1].event_type or "",
        "status": status,
    }
    name = order.removeprefix("-")
    return sorted(records, key=keys[name], reverse=order != name)


def _search(namespace: Namespace, query: Query) -> Search | None:
    """Return the search in a query, which only a list has; None if it has none."""
    if not isinstance(query, EventQuery):
        return None
    search = Search(namespace, query)
    return search if search.terms else None


def page(namespace: Namespace, query: Query) -> EventPage:
    """Return the first entries that match, with the ``since`` of the next page."""
    matcher = compile_query(query)
    return _page(find_entries(namespace, matcher, query.limit), True)


def count(target: Target, command: WaitCommand) -> CountResult | Pending[CountResult]:
    """Count the entries that match, as soon as there are ``at_least`` or the time is over."""

    def told(found: Selection, satisfied: bool) -> CountResult:
        return CountResult(count=found.total, journal_complete=found.complete)

    return _wait(target, command, 0, told)


def find(target: Target, command: WaitCommand) -> EventPage | Pending[EventPage]:
    """Return the entries that match, as soon as there are ``at_least`` or the time is over."""
    return _wait(target, command, 0, _page)


def wait(target: Target, command: WaitCommand) -> WaitResult | Pending[WaitResult]:
    """Wait until ``at_least`` entries match, or until none has arrived for ``silence_ms``."""

    def told(found: Selection, satisfied: bool) -> WaitResult:
        return WaitResult(
            satisfied=satisfied or (command.silence_ms is None and found.total >= command.at_least),
            count=found.total,
            events=shown_entries(found.records, found.write),
            journal_complete=found.complete,
        )

    return _wait(target, command, _WAIT_MS, told)


def _written(target: Target, found: Selection) -> Selection:
    """Let entries be made as JSON, if the answer is to be JSON."""
    if not target.as_json:
        return found
    return found._replace(write=lambda seq, record: cast(Entry, msgspec.Raw(encode(found.write(seq, record)))))


def _wait(target: Target, command: WaitCommand, default_ms: int, told: _Told[T]) -> T | Pending[T]:
    """Look once; if there are too few, wait, and look again when the wait is over."""
    silence_ms = command.silence_ms
    if command.at_least < 0:
        raise InvalidInput(f"at_least must be 0 or more, not {command.at_least}", pointer="/at_least")
    if silence_ms is not None and silence_ms < 0:
        raise InvalidInput(f"silence_ms must be 0 or more, not {silence_ms}", pointer="/silence_ms")
    timeout_s = check_timeout(default_ms if command.timeout_ms is None else command.timeout_ms)
    namespace = target.namespace
    with below("/query"):
        matcher = compile_query(command.query)

    def look() -> Selection:
        return _written(target, find_entries(namespace, matcher, command.query.limit))

    satisfied = silence_ms == 0 and timeout_s > 0
    if silence_ms and timeout_s:
        with namespace as emulator:
            return _until(begin_silence(namespace, emulator, matcher, silence_ms, timeout_s, _ended), told, look)
    found = look()
    while timeout_s and silence_ms is None and found.total < command.at_least:
        with namespace as emulator:
            if emulator.journal.era == found.era:
                total = found.total + _newer(emulator, matcher, found.seq)
                if total < command.at_least:
                    check = count_reached(emulator, matcher, command.at_least, total)
                    return _until(begin(namespace, emulator, check, timeout_s, _ended), told, look)
        found = look()
    return told(found, satisfied)


def _until(pending: Pending[bool], told: _Told[T], look: Callable[[], Selection]) -> Pending[T]:
    """Wait, and look only then."""

    def finish() -> T:
        satisfied = pending.finish()
        return told(look(), satisfied)

    return Pending(pending.waiter, pending.timeout_s, finish)


def _ended(emulator: Emulator, satisfied: bool) -> bool:
    return satisfied


def _newer(emulator: Emulator, matcher: Matcher, seq: int) -> int:
    """Count the entries that match and came after ``seq``."""
    journal = emulator.journal
    newer = journal.candidates(replace(matcher, since=max(seq, matcher.since)), len(journal))
    return sum(1 for _, record in newer if matcher.matches(journal.facts(record)))


def find_entries(
    namespace: Namespace,
    matcher: Matcher,
    limit: int,
    skip: int = 0,
    search: Search | None = None,
    until: int | None = None,
) -> Selection:
    """Find entries without keeping players out of the namespace while bodies are parsed.

    Args:
        skip: How many of those that match to leave out first.
        search: What else they must contain.
        until: Only entries up to this ``seq`` count; None for those that there are now.
    """
    with namespace as emulator:
        journal, facts, write = emulator.journal, emulator.journal.facts, emulator.entry_of
        evicted, complete = journal.evicted, journal.complete_since(matcher.since)
        era, last = journal.era, journal.last_seq if until is None else min(until, journal.last_seq)
        if not matcher.conditions and search is None and last == journal.last_seq:
            seqs, total = journal.select(matcher, limit + skip)
            found = [(seq, record) for seq in seqs[skip:] if (record := journal.get(seq)) is not None]
            return Selection(found, total, evicted, complete, era, last, write)
    records: list[tuple[int, Record]] = []
    total, since = 0, matcher.since
    while since < last:
        with namespace as emulator:
            if emulator.journal.era != era:
                break
            some = emulator.journal.candidates(replace(matcher, since=since), _SIFTED)
        some = [(seq, record) for seq, record in some if seq <= last]
        if not some:
            break
        matching = [
            (seq, record)
            for seq, record in some
            if matcher.matches(facts(record)) and (search is None or search.finds(seq, record))
        ]
        records += matching[max(0, skip - total) :][: limit - len(records)]
        total += len(matching)
        since = some[-1][0]
    return Selection(records, total, evicted, complete, era, last, write)


def _page(found: Selection, satisfied: bool, skipped: int = 0) -> EventPage:
    shown = shown_entries(found.records, found.write)
    following = found.records[len(shown) - 1][0] if shown and skipped + len(shown) < found.total else None
    return EventPage(events=shown, meta=Meta(total=found.total, evicted=found.evicted, next=following))


def shown_entries(records: Iterable[tuple[int, Record]], write: Callable[[int, Record], Entry]) -> list[Entry]:
    """Return the entries of the first records, as many as fit into one answer."""
    return [write(seq, record) for seq, record in within_answer(records, lambda found: _shown_bytes(found[1]))]


def _shown_bytes(record: Record) -> int:
    return _ENTRY_BYTES + len(record.body) + record.size_bytes  # an entry has the event parsed and as it was sent


def export(target: Target, query: ExportQuery) -> Chunks:
    """Write the journal up to the last entry at the time of the call: one entry per line, or as an HTTP archive."""
    matcher, search = compile_query(query), _search(target.namespace, query)
    with target.namespace as emulator:
        last = emulator.journal.last_seq
    if matcher == _ALL and search is None:
        blocks = _blocks(target.namespace, last)
    else:
        blocks = _written_blocks(find_entries(target.namespace, matcher, last, 0, search))
    if query.format == "har":
        return har_pieces(blocks, target.namespaces.scheme, DISTRIBUTION, running_version())
    return (b"".join(encode(entry) + b"\n" for entry in block) for block in blocks)


def _written_blocks(found: Selection) -> Iterator[Sequence[Entry]]:
    """Return the entries that were found, as they were then."""
    for start in range(0, len(found.records), BLOCK):
        yield [found.write(seq, record) for seq, record in found.records[start : start + BLOCK]]


def _blocks(namespace: Namespace, last: int) -> Iterator[Sequence[Entry]]:
    since = 0
    while since < last:
        some = [entry for entry in block(namespace, since) if entry.seq <= last]
        if not some:
            return
        yield some
        since = some[-1].seq
