"""Questions about what was recorded: pages, counts, waits, timelines, summaries. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.pending import Pending, begin, counting
from mockserver.emulator.silence import begin_silence
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.journal import Entry, Record
from mockserver.model.lanes import Lanes
from mockserver.model.query import Query
from mockserver.model.results import (
    CountResult,
    EventPage,
    Meta,
    Summary,
    Timeline,
    WaitCommand,
    WaitResult,
)
from mockserver.rules.lanes import lanes_of
from mockserver.rules.match import Matcher, compile_query
from mockserver.rules.playback import trace
from mockserver.rules.timeline import Item, items_of, processed, shown
from mockserver.rules.verification import check_timeout
from mockserver.wire.entries import entry

__all__ = ["Inquiry"]

T = TypeVar("T")


class Inquiry:
    """Answers questions about one emulator.

    Args:
        emulator: Whose journal and sessions are asked about.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._journal = emulator.journal

    def entry(self, seq: int) -> Entry:
        """Return one entry.

        Raises:
            NotFound: It does not exist, or was dropped to stay within the limits.
        """
        with self._emulator.lock:
            record = self._journal.get(seq)
            if record is None:
                dropped = 0 < seq < self._journal.first_seq
                raise NotFound(
                    f"entry {seq} " + ("was dropped to stay within the limits" if dropped else "does not exist")
                )
            return self.of(seq, record)

    def page(self, query: Query) -> EventPage:
        """Return the first entries that match, and how to get the next ones."""
        matcher = compile_query(query)
        with self._emulator.lock:
            seqs, total = self._journal.select(matcher, query.limit)
            return EventPage(
                events=self.entries(seqs),
                meta=Meta(
                    total=total, evicted=self._journal.evicted, next=seqs[-1] if len(seqs) < total and seqs else None
                ),
            )

    def count(self, command: WaitCommand) -> Pending[CountResult]:
        """Count the entries that match, when there are ``at_least`` so many or the time is over."""

        def answer(matcher: Matcher, waited: bool) -> CountResult:
            return CountResult(count=self._journal.count(matcher), journal_complete=self._complete(matcher))

        return self._pending(command, 0, answer)

    def find(self, command: WaitCommand) -> Pending[EventPage]:
        """Return the entries that match, when there are ``at_least`` so many or the time is over."""
        return self._pending(command, 0, lambda matcher, waited: self.page(command.query))

    def wait(self, command: WaitCommand) -> Pending[WaitResult]:
        """Wait until ``at_least`` so many entries match, or until none did for ``silence_ms``."""

        def answer(matcher: Matcher, waited: bool) -> WaitResult:
            seqs, total = self._journal.select(matcher, command.query.limit)
            return WaitResult(
                satisfied=waited or (command.silence_ms is None and total >= command.at_least),
                count=total,
                events=self.entries(seqs),
                journal_complete=self._complete(matcher),
            )

        return self._pending(command, 5_000, answer)

    def items(self, session_id: str, *, by_arrival: bool = False, accepted_only: bool = False) -> list[Item]:
        """Return the events of a session, in the order in which the back end processes them, or as they arrived."""
        with self._emulator.lock:
            items = [
                item
                for seq in self._journal.session_seqs(session_id)
                if (record := self._journal.get(seq)) is not None
                for item in items_of(seq, record, self._emulator.read(record))
                if item.accepted or not accepted_only
            ]
            if by_arrival:
                return items
            session = self._emulator.sessions.get(session_id)
            if session is not None:
                session = self._emulator.refreshed(session)
            return processed(items, self._emulator.settings, session, self._emulator.clock.now_ms())

    def timeline(self, session_id: str) -> Timeline:
        """Return the events of a session in both orders.

        Raises:
            NotFound: There is neither such a session nor a request that named it.
        """
        with self._emulator.lock:
            self._check_known(session_id)
            return Timeline(
                session_id=session_id,
                arrival=[shown(item) for item in self.items(session_id, by_arrival=True)],
                processing=[shown(item) for item in self.items(session_id, accepted_only=True)],
                journal_complete=self._journal.complete_since(0),
            )

    def lanes(self, session_id: str) -> Lanes:
        """Draw what went on in a session.

        Raises:
            NotFound: There is neither such a session nor a request that named it.
        """
        with self._emulator.lock:
            self._check_known(session_id)
            items = self.items(session_id, accepted_only=True)
            settings = self._emulator.settings
            complete = self._journal.complete_since(0)
        steps = trace(items, error_stops_playback=settings.error_stops_playback)
        from_ms, to_ms, lanes = lanes_of(steps, silence_s=settings.thresholds.ping_gap_s)
        return Lanes(session_id=session_id, from_ms=from_ms, to_ms=to_ms, lanes=lanes, journal_complete=complete)

    def _check_known(self, session_id: str) -> None:
        if session_id not in self._emulator.sessions and not self._journal.session_seqs(session_id):
            raise NotFound(f"there is no session {session_id!r}")

    def summary(self) -> Summary:
        """Count what is there."""
        emulator = self._emulator
        with emulator.lock:
            events = self._journal.counts("event_type")
            statuses = self._journal.counts("status")
            phases: dict[str, int] = {}
            for session in emulator.sessions:
                phase = emulator.refreshed(session).phase.value
                phases[phase] = phases.get(phase, 0) + 1
            return Summary(
                requests=len(self._journal),
                events={str(name): count for name, count in events.items() if name is not None},
                outcomes={getattr(name, "value", ""): n for name, n in self._journal.counts("outcome").items()},
                statuses={str(status): count for status, count in statuses.items() if status is not None},
                sessions=phases,
                evicted=self._journal.evicted,
            )

    def of(self, seq: int, record: Record) -> Entry:
        """Return the entry of a record."""
        return entry(seq, record, self._emulator.read(record))

    def entries(self, seqs: list[int]) -> list[Entry]:
        """Return the entries of some seqs, without those that were dropped."""
        return [self.of(seq, record) for seq in seqs if (record := self._journal.get(seq)) is not None]

    def _complete(self, matcher: Matcher) -> bool:
        return self._journal.complete_since(matcher.since)

    def _pending(self, command: WaitCommand, default_ms: int, answer: Callable[[Matcher, bool], T]) -> Pending[T]:
        if command.at_least < 0:
            raise InvalidInput(f"at_least must be 0 or more, not {command.at_least}", pointer="/at_least")
        if command.silence_ms is not None and command.silence_ms < 0:
            raise InvalidInput(f"silence_ms must be 0 or more, not {command.silence_ms}", pointer="/silence_ms")
        timeout_s = check_timeout(default_ms if command.timeout_ms is None else command.timeout_ms)
        matcher = compile_query(command.query)
        emulator, silence_ms = self._emulator, command.silence_ms
        with emulator.lock:
            if silence_ms is not None:
                return begin_silence(emulator, matcher, silence_ms, timeout_s, lambda waited: answer(matcher, waited))
            check, satisfied = counting(emulator, matcher, command.at_least)
            return begin(emulator, check, satisfied, timeout_s, lambda waited: answer(matcher, waited))
