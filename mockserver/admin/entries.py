"""The entries of a journal: one, a page, a count, a wait, and an export."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import asdict, replace

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


_Answer = Callable[[Selection, bool], T]
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
    asked = query if isinstance(query, EventQuery) else EventQuery(**asdict(query))
    matcher = compile_query(asked)
    if asked.skip < 0:
        raise InvalidInput(f"skip must be 0 or more, not {asked.skip}", pointer="/skip")
    search = _search(target.namespace, asked)
    by_seq = asked.sort == "seq"
    if by_seq:
        found = find_entries(target.namespace, matcher, asked.limit, asked.skip, search)
    else:
        found = find_entries(target.namespace, matcher, sys.maxsize, 0, search)
        found = found._replace(records=_ordered(found.records, asked.sort)[asked.skip : asked.skip + asked.limit])
    if asked.surroundings:
        around = Neighbourhood(target.namespace, [seq for seq, _ in found.records])
        write = found.write
        found = found._replace(write=lambda seq, record: replace(write(seq, record), surroundings=around.of(seq)))
    page = _page(_written(target, found), asked.skip)
    return page if by_seq else replace(page, meta=replace(page.meta, next=None))


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


def _search(namespace: Namespace, query: EventQuery) -> Search | None:
    """Return the search in a query; None if it has none."""
    search = Search(namespace, query)
    return search if search.terms else None


def count(target: Target, command: WaitCommand) -> CountResult | Pending[CountResult]:
    """Count the entries that match, as soon as there are ``at_least`` or the time is over."""

    def answer(found: Selection, satisfied: bool) -> CountResult:
        return CountResult(count=found.total, journal_complete=found.complete)

    return _wait(target, command, 0, answer)


def find(target: Target, command: WaitCommand) -> EventPage | Pending[EventPage]:
    """Return the entries that match, as soon as there are ``at_least`` or the time is over."""
    return _wait(target, command, 0, lambda found, satisfied: _page(found))


def wait(target: Target, command: WaitCommand) -> WaitResult | Pending[WaitResult]:
    """Wait until ``at_least`` entries match, or until none has arrived for ``silence_ms``."""

    def answer(found: Selection, satisfied: bool) -> WaitResult:
        return WaitResult(
            satisfied=satisfied or (command.silence_ms is None and found.total >= command.at_least),
            count=found.total,
            events=shown_entries(found.records, found.write),
            journal_complete=found.complete,
        )

    return _wait(target, command, _WAIT_MS, answer)


def _written(target: Target, found: Selection) -> Selection:
    """Let entries be made as JSON, if the answer is to be JSON."""
    if not target.as_json:
        return found
    return found._replace(write=lambda seq, record: cast(Entry, msgspec.Raw(encode(found.write(seq, record)))))


def _wait(target: Target, command: WaitCommand, default_ms: int, answer: _Answer[T]) -> T | Pending[T]:
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

    def look_again(satisfied: bool) -> T:
        return answer(look(), satisfied)

    if silence_ms is not None and timeout_s:
        if not silence_ms:
            return answer(look(), True)
        with namespace as emulator:
            return begin_silence(namespace, emulator, matcher, silence_ms, timeout_s).then(look_again)
    found = look()
    while timeout_s and found.total < command.at_least:
        with namespace as emulator:
            if emulator.journal.era == found.era:
                total = found.total + _newer(emulator, matcher, found.seq)
                if total < command.at_least:
                    check = count_reached(emulator, matcher, command.at_least, total)
                    return begin(namespace, emulator, check, timeout_s).then(look_again)
        found = look()
    return answer(found, False)


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


def _page(found: Selection, skipped: int = 0) -> EventPage:
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
