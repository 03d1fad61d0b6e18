"""The entries of a journal: one, a page, a count, a wait for them, and all as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mockserver.control import Chunks, ExportQuery
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.results import CountResult, EventPage, Meta, WaitCommand, WaitResult
from mockserver.namespaces import Namespace, Target
from mockserver.operations.server import DISTRIBUTION, running_version
from mockserver.operations.waiting import Pending, begin, begin_silence, count_reached
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.verification import check_timeout
from mockserver.wire.codec import encode
from mockserver.wire.har import har_pieces

__all__ = ["count", "entries_of", "event", "events", "export", "find", "page", "wait"]

T = TypeVar("T")

_Look = Callable[[Emulator, Matcher, bool], tuple[T, int]]
"""Gives an answer, told whether a wait was satisfied, and how many entries match."""

_WAIT_MS = 5_000
_EXPORT_PAGE = 500
"""How many entries an export reads at a time."""


def event(target: Target, argument: None, seq: str) -> Entry:
    """Show one entry.

    Raises:
        NotFound: It does not exist, or was dropped to stay within the limits.
    """
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise InvalidInput(f"seq is a number, not {seq[:50]!r}")
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
    """List the first entries that match, and how to get the next ones."""
    return page(target.namespace, query)


def page(namespace: Namespace, query: Query) -> EventPage:
    """Return the first entries that match, and how to get the next ones."""
    matcher = compile_query(query)
    with namespace as emulator:
        return _page(emulator, matcher, query.limit)[0]


def count(target: Target, command: WaitCommand) -> CountResult | Pending[CountResult]:
    """Count the entries that match, when there are ``at_least`` so many or the time is over."""

    def look(emulator: Emulator, matcher: Matcher, satisfied: bool) -> tuple[CountResult, int]:
        journal = emulator.journal
        total = journal.count(matcher)
        return CountResult(count=total, journal_complete=journal.complete_since(matcher.since)), total

    return _wait(target.namespace, command, 0, look)


def find(target: Target, command: WaitCommand) -> EventPage | Pending[EventPage]:
    """Return the entries that match, when there are ``at_least`` so many or the time is over."""
    return _wait(
        target.namespace, command, 0, lambda emulator, matcher, _: _page(emulator, matcher, command.query.limit)
    )


def wait(target: Target, command: WaitCommand) -> WaitResult | Pending[WaitResult]:
    """Wait until ``at_least`` so many entries match, or until none did for ``silence_ms``."""

    def look(emulator: Emulator, matcher: Matcher, satisfied: bool) -> tuple[WaitResult, int]:
        journal = emulator.journal
        seqs, total = journal.select(matcher, command.query.limit)
        result = WaitResult(
            satisfied=satisfied or (command.silence_ms is None and total >= command.at_least),
            count=total,
            events=entries_of(emulator, seqs),
            journal_complete=journal.complete_since(matcher.since),
        )
        return result, total

    return _wait(target.namespace, command, _WAIT_MS, look)


def _wait(namespace: Namespace, command: WaitCommand, default_ms: int, look: _Look[T]) -> T | Pending[T]:
    """Look once, and wait only if what is wanted is not there; then look again when the wait is over."""
    silence_ms = command.silence_ms
    if command.at_least < 0:
        raise InvalidInput(f"at_least must be 0 or more, not {command.at_least}", pointer="/at_least")
    if silence_ms is not None and silence_ms < 0:
        raise InvalidInput(f"silence_ms must be 0 or more, not {silence_ms}", pointer="/silence_ms")
    timeout_s = check_timeout(default_ms if command.timeout_ms is None else command.timeout_ms)
    matcher = compile_query(command.query)

    def answer(emulator: Emulator, satisfied: bool) -> T:
        return look(emulator, matcher, satisfied)[0]

    with namespace as emulator:
        if silence_ms and timeout_s:
            return begin_silence(namespace, emulator, matcher, silence_ms, timeout_s, answer)
        seen, total = look(emulator, matcher, silence_ms == 0 and timeout_s > 0)
        if silence_ms is not None or not timeout_s or total >= command.at_least:
            return seen
        return begin(namespace, emulator, count_reached(emulator, matcher, command.at_least, total), timeout_s, answer)


def _page(emulator: Emulator, matcher: Matcher, limit: int) -> tuple[EventPage, int]:
    seqs, total = emulator.journal.select(matcher, limit)
    following = seqs[-1] if seqs and len(seqs) < total else None
    meta = Meta(total=total, evicted=emulator.journal.evicted, next=following)
    return EventPage(events=entries_of(emulator, seqs), meta=meta), total


def entries_of(emulator: Emulator, seqs: Sequence[int]) -> list[Entry]:
    """Return the entries of some seqs, without those that were dropped."""
    return [emulator.entry_of(seq, record) for seq in seqs if (record := emulator.journal.get(seq)) is not None]


def export(target: Target, query: ExportQuery) -> Chunks:
    """Write the journal as far as it reached when asked: an entry a line, or as an HTTP archive."""
    with target.namespace as emulator:
        last = emulator.journal.last_seq
    blocks = _blocks(target.namespace, last)
    if query.format == "har":
        return har_pieces(blocks, target.namespaces.scheme, DISTRIBUTION, running_version())
    return (b"".join(encode(entry) + b"\n" for entry in block) for block in blocks)


def _blocks(namespace: Namespace, last: int) -> Iterator[Sequence[Entry]]:
    since = 0
    while since < last:
        events = page(namespace, Query(since=since, limit=_EXPORT_PAGE)).events
        block = [entry for entry in events if entry.seq <= last]
        if not block:
            return
        yield block
        since = events[-1].seq
