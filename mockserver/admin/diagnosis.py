"""Judges the traffic of a namespace: what is wrong with it, and what Adobe would have reported; computed when read.

Under the lock of the namespace only references to the records are copied, so that no player waits for a diagnosis.
Answers are cached by session until the session, its entries or the settings change. Time alone changes only the phase
of a session, which is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.admin.collector import put_off
from mockserver.dialects.base import Dialects
from mockserver.emulator.decision import BackEnd
from mockserver.emulator.emulator import Emulator
from mockserver.errors import NotFound
from mockserver.model.event import Event
from mockserver.model.finding import Finding
from mockserver.model.journal import Record
from mockserver.model.report import SessionReport
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Outcome
from mockserver.namespaces import Namespace
from mockserver.rules.diagnose.run import by_severity, counting, diagnose_session, diagnose_traffic, sort_findings
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.lifecycle import expire
from mockserver.rules.report.report import build_report
from mockserver.rules.timeline import Item, Sorting, items_of, sorting
from mockserver.store.caches import Caches, Outdated

__all__ = ["Diagnosis", "as_of"]

_Records = list[tuple[int, Record]]


class _Revision(NamedTuple):
    """Which entries of a journal are the same, if their numbers are: it was neither reset, nor was one replaced."""

    era: int
    replaced: int


class _Extent(NamedTuple):
    """Which entries were looked at: how many, and the first and last ``seq`` of them."""

    revision: _Revision
    entries: int
    oldest: int
    newest: int


class _Stamp(NamedTuple):
    """What an answer was computed from."""

    sessions: tuple[Session, ...]
    settings: Settings
    extent: _Extent


class _JudgedTraffic(NamedTuple):
    """What a session was judged by."""

    traffic: SessionTraffic
    sorting: Sorting
    extent: _Extent


class _Judgement(NamedTuple):
    """What is wrong with a namespace, worst first, and how much of it counts."""

    findings: list[Finding]
    counts: dict[str, int]


class _Moment(NamedTuple):
    """What all answers of one diagnosis have in common."""

    settings: Settings
    now_ms: int
    read: Callable[[Record], Any]
    events: Callable[[int, Record], Sequence[Event]]
    dialects: Dialects
    kept: Caches
    era: int
    replaced: Mapping[str | None, int]

    def revision(self, session: Session) -> _Revision:
        """Return the revision of the entries of a session."""
        return _Revision(self.era, self.replaced.get(session.sid, 0))


class Diagnosis:
    """Judges one namespace.

    Args:
        namespace: Whose traffic is judged.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def findings(self) -> list[Finding]:
        """Return all findings of the namespace, worst first."""
        return list(self._judgement(*self._snapshot()).findings)

    def counts(self) -> dict[str, int]:
        """Return how many findings of each severity count."""
        return dict(self._judgement(*self._snapshot()).counts)

    def everything(self) -> tuple[list[Finding], list[SessionTraffic]]:
        """Return all findings, worst first, and the sessions that they are about, in order of opening."""
        sessions, records, moment = self._snapshot()
        found = list(self._judgement(sessions, records, moment).findings)
        by_sid: dict[str | None, _Records] = {}
        for entry in records:
            by_sid.setdefault(entry[1].session_id, []).append(entry)
        return found, [self._traffic_of(session, by_sid.get(session.sid, []), moment) for session in sessions]

    def _snapshot(self) -> tuple[tuple[Session, ...], _Records, _Moment]:
        with self._namespace as emulator:
            moment, records = _moment(emulator), emulator.journal.everything()
            known, back_end = tuple(emulator.sessions), emulator.back_end
        return as_of(known, back_end, moment.now_ms, moment.kept), records, moment

    def _judgement(self, sessions: tuple[Session, ...], records: _Records, moment: _Moment) -> _Judgement:
        stamp = _stamp(sessions, records, moment, _Revision(moment.era, sum(moment.replaced.values())))
        with put_off():
            judgement: _Judgement = moment.kept.overall.get(
                None, stamp, lambda: self._judge_all(sessions, records, moment)
            )
        self._namespace.fit()
        return judgement

    def session_findings(self, sid: str) -> list[Finding]:
        """Return the findings about one session, worst first, including those of rules about several sessions.

        Raises:
            NotFound: There is neither such a session nor a request that named it.
        """
        with self._namespace as emulator:
            if sid not in emulator.sessions and not emulator.journal.session_seqs(sid):
                raise NotFound(f"there is no session {sid[:100]!r}")
        return [finding for finding in self.findings() if finding.session_id == sid]

    def own_findings(self, sid: str) -> list[Finding]:
        """Return the findings of rules that look only at this session; none if it is unknown.

        For lists: what is found by comparing sessions is missing.
        """
        known = self._records_of(sid)
        if known is None:
            return []
        session, records, moment = known
        found = self._session_findings(self._traffic_of(session, records, moment), session, records, moment)
        self._namespace.fit()
        return found

    def report(self, sid: str) -> SessionReport:
        """Return what Adobe would have computed from one session.

        Raises:
            NotFound: There is no such session.
        """
        known = self._records_of(sid)
        if known is None:
            raise NotFound(f"there is no session {sid[:100]!r}")
        session, records, moment = known

        def compute() -> SessionReport:
            traffic = self._traffic_of(session, records, moment)
            items = [step.item for step in traffic.steps]
            return build_report(session, items, moment.settings, moment.now_ms, traffic.steps)

        stamp = _stamp((session,), records, moment, moment.revision(session))
        with put_off():
            report: SessionReport = moment.kept.reports.get(sid, stamp, compute)
        self._namespace.fit()
        return report

    def processed(self, sid: str) -> list[Event]:
        """Return the accepted events of a session in order of processing; none if it is unknown."""
        known = self._records_of(sid)
        return [] if known is None else [step.item.event for step in self._traffic_of(*known).steps]

    def _records_of(self, sid: str) -> tuple[Session, _Records, _Moment] | None:
        with self._namespace as emulator:
            moment, journal = _moment(emulator), emulator.journal
            known = emulator.sessions.get(sid)
            if known is None:
                return None
            seqs = journal.session_seqs(sid)
            records = [(seq, record) for seq in seqs if (record := journal.get(seq)) is not None]
            return emulator.refreshed(known), records, moment

    def _judge_all(self, sessions: Sequence[Session], records: _Records, moment: _Moment) -> _Judgement:
        by_sid: dict[str | None, _Records] = {session.sid: [] for session in sessions}
        moment.kept.retain(by_sid)
        strangers: dict[str, _Records] = {}
        for entry in records:
            sid = entry[1].session_id
            if sid in by_sid:
                by_sid[sid].append(entry)
            elif sid is not None and entry[1].outcome is Outcome.INVALID:
                strangers.setdefault(sid, []).append(entry)
        found: list[Finding] = []
        by_session: dict[str, SessionTraffic] = {}
        for session in sessions:
            traffic = by_session[session.sid] = self._traffic_of(session, by_sid[session.sid], moment)
            found += self._session_findings(traffic, session, by_sid[session.sid], moment)
        for refused in strangers.values():
            items = list(self._items(refused, moment))
            found += diagnose_session(self._traffic_from(None, items, sorting((), moment.settings), moment))
        everything = Traffic(
            records,
            by_session,
            moment.read,
            moment.events,
            moment.settings.thresholds,
            moment.now_ms,
            lambda dialect: moment.dialects.named(dialect).words,
        )
        everything_found = sort_findings(diagnose_traffic(everything, found))
        return _Judgement(everything_found, by_severity(counting(everything_found)))

    def _session_findings(
        self, traffic: SessionTraffic, session: Session, records: _Records, moment: _Moment
    ) -> list[Finding]:
        stamp = _stamp((session,), records, moment, moment.revision(session))
        found: list[Finding] = moment.kept.findings.get(
            session.sid, stamp, lambda: diagnose_session(traffic), lambda found: len(found) + 1
        )
        return found

    def _traffic_of(self, session: Session, records: _Records, moment: _Moment) -> SessionTraffic:
        """Return what rules see of a session: the same object until something about it changes."""
        kept = moment.kept.traffic

        def compute() -> _JudgedTraffic:
            last: _JudgedTraffic | None = kept.last(session.sid)
            before = last if last is not None and _goes_on(last, records, moment, revision) else None
            items = [*before.traffic.arrived] if before else []
            items += self._items(records[before.extent.entries if before else 0 :], moment)
            accepted = [item for item in items if item.accepted]
            sorted_ = sorting(accepted, moment.settings, before.sorting if before else None)
            traffic = self._traffic_from(session, items, sorted_, moment, before.traffic if before else None)
            return _JudgedTraffic(traffic, sorted_, _extent(records, revision))

        revision = moment.revision(session)
        stamp = _stamp((session,), records, moment, revision)
        known: _JudgedTraffic = kept.get(session.sid, stamp, compute, lambda known: len(known.traffic.arrived) + 1)
        return known.traffic

    def _traffic_from(
        self,
        session: Session | None,
        items: Sequence[Item],
        accepted: Sorting,
        moment: _Moment,
        before: SessionTraffic | None = None,
    ) -> SessionTraffic:
        settings, now_ms = moment.settings, moment.now_ms
        ordered = accepted.order(session, now_ms)
        dialect = session.dialect if session is not None else items[0].event.dialect
        words = moment.dialects.named(dialect).words
        return SessionTraffic(session, items, ordered, settings, settings.thresholds, now_ms, words, before)

    def _items(self, records: _Records, moment: _Moment) -> Iterator[Item]:
        for seq, record in records:
            yield from items_of(record, moment.events(seq, record))


def _moment(emulator: Emulator) -> _Moment:
    journal = emulator.journal
    return _Moment(
        emulator.settings, emulator.clock.now_ms(), emulator.read, emulator.events, emulator.dialects, emulator.caches,
        journal.era, dict(journal.replaced),
    )  # fmt: skip


def _stamp(sessions: tuple[Session, ...], records: _Records, moment: _Moment, revision: _Revision) -> _Stamp:
    return _Stamp(sessions, moment.settings, _extent(records, revision))


def _extent(records: _Records, revision: _Revision) -> _Extent:
    oldest, newest = (records[0][0], records[-1][0]) if records else (0, 0)
    return _Extent(revision, len(records), oldest, newest)


def _goes_on(last: _JudgedTraffic, records: _Records, moment: _Moment, revision: _Revision) -> bool:
    """Return whether entries begin with those that a session was judged by, so that only new ones need reading."""
    seen = last.extent
    return (
        0 < seen.entries <= len(records)
        and seen == _extent(records[: seen.entries], revision)
        and last.traffic.settings == moment.settings
    )


def as_of(sessions: Iterable[Session], back_end: BackEnd, now_ms: int, kept: Caches) -> tuple[Session, ...]:
    """Return sessions with their timeouts applied; start from an earlier result, if nothing else has changed."""
    outdated, found = kept.outdated, []
    for session in sessions:
        limits = back_end.limits_of(session)
        known = outdated.get(session.sid)
        if known is not None and known.session is session and known.limits == limits and known.at_ms <= now_ms:
            after = expire(known.after, now_ms, limits)
        elif (after := expire(session, now_ms, limits)) is not session:
            outdated[session.sid] = Outdated(session, limits, now_ms, after)
        found.append(after)
    return tuple(found)
