"""What is wrong with the traffic of a namespace, and what Adobe would have reported: computed when somebody asks.

Records are copied under the lock of the namespace, a list of references; everything else runs without it, so that no
player waits for a diagnosis. Answers are kept by session until the session, its entries or the settings change.
"""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.emulator.emulator import Emulator
from mockserver.errors import NotFound
from mockserver.model.finding import Finding
from mockserver.model.journal import Record
from mockserver.model.report import SessionReport
from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.case import Case, Traffic
from mockserver.rules.diagnose.run import diagnose_session, diagnose_traffic, sort_findings
from mockserver.rules.report.report import build_report
from mockserver.rules.timeline import items_of, processed

__all__ = ["Diagnosis"]

_Records = Sequence[tuple[int, Record]]
_Sessions = Sequence[Session]


class Diagnosis:
    """Judges one emulator.

    Args:
        emulator: Whose traffic is judged.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def findings(self) -> list[Finding]:
        """Return all findings of the namespace, the worst first."""
        emulator, journal = self._emulator, self._emulator.journal
        with emulator.lock:
            sessions = [emulator.refreshed(session) for session in emulator.sessions]
            records = [
                (seq, record)
                for seq in range(journal.first_seq, journal.last_seq + 1)
                if (record := journal.get(seq)) is not None
            ]
            stamp = (journal.first_seq, journal.last_seq, tuple(sessions), emulator.settings)
        return emulator.derived.get("findings", stamp, lambda: self._all_findings(sessions, records))

    def session_findings(self, sid: str) -> list[Finding]:
        """Return the findings about one session, the worst first; those about several sessions at once too.

        Raises:
            NotFound: There is neither such a session nor a request that named it.
        """
        emulator = self._emulator
        with emulator.lock:
            if sid not in emulator.sessions and not emulator.journal.session_seqs(sid):
                raise NotFound(f"there is no session {sid[:100]!r}")
        return [finding for finding in self.findings() if finding.session_id == sid]

    def report(self, sid: str) -> SessionReport:
        """Return what Adobe would have computed of one session.

        Raises:
            NotFound: There is no such session.
        """
        emulator, journal = self._emulator, self._emulator.journal
        with emulator.lock:
            known = emulator.sessions.get(sid)
            if known is None:
                raise NotFound(f"there is no session {sid[:100]!r}")
            session = emulator.refreshed(known)
            seqs = journal.session_seqs(sid)
            records = [(seq, record) for seq in seqs if (record := journal.get(seq)) is not None]
        stamp = _stamp(session, records, emulator.settings)
        return emulator.derived.get(("report", sid), stamp, lambda: self._report(session, records))

    def _all_findings(self, sessions: _Sessions, records: _Records) -> list[Finding]:
        emulator = self._emulator
        by_session: dict[str, list[tuple[int, Record]]] = {session.sid: [] for session in sessions}
        for seq, record in records:
            if record.session_id in by_session:
                by_session[record.session_id].append((seq, record))
        cases = {session.sid: self._case(session, by_session[session.sid]) for session in sessions}
        found = [finding for case in cases.values() for finding in self._session_findings(case)]
        now_ms = emulator.clock.now_ms()
        traffic = Traffic(records, cases, emulator.read, emulator.settings.thresholds, now_ms)
        return sort_findings([*found, *diagnose_traffic(traffic)])

    def _case(self, session: Session, records: _Records) -> Case:
        """Return what rules see of a session: the same object as long as nothing about it changes."""
        emulator = self._emulator

        def make() -> Case:
            items = [item for seq, record in records for item in items_of(seq, record, emulator.read(record))]
            accepted = [item for item in items if item.accepted]
            settings, now_ms = emulator.settings, emulator.clock.now_ms()
            ordered = processed(accepted, settings, session, now_ms)
            return Case(session, items, ordered, settings, settings.thresholds, now_ms)

        return emulator.derived.get(("case", session.sid), _stamp(session, records, emulator.settings), make)

    def _session_findings(self, case: Case) -> list[Finding]:
        assert case.session is not None
        name = ("findings", case.session.sid)
        return self._emulator.derived.get(name, case, lambda: diagnose_session(case))

    def _report(self, session: Session, records: _Records) -> SessionReport:
        emulator = self._emulator
        accepted = [
            item for seq, record in records for item in items_of(seq, record, emulator.read(record)) if item.accepted
        ]
        now_ms = emulator.clock.now_ms()
        return build_report(session, processed(accepted, emulator.settings, session, now_ms), emulator.settings, now_ms)


def _stamp(session: Session, records: _Records, settings: Settings) -> tuple[object, ...]:
    return (session, len(records), records[-1][0] if records else 0, settings)
