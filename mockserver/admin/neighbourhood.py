"""What a list shows in addition to requests: their session, what changed since the previous one, findings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from mockserver.admin.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.model.finding import Severity
from mockserver.model.journal import Record, Surroundings
from mockserver.namespaces import Namespace

__all__ = ["Neighbourhood"]


class Neighbourhood:
    """Reads the surroundings of a page of entries.

    Args:
        namespace: Where they are.
        seqs: The entries of the page.
    """

    def __init__(self, namespace: Namespace, seqs: Sequence[int]) -> None:
        self._read: dict[int, Surroundings] = {}
        sids = set()
        with namespace as emulator:
            for seq in seqs:
                record = emulator.journal.get(seq)
                if record is not None and record.session_id is not None:
                    self._read[seq] = _surroundings(emulator, seq, record, record.session_id)
                    sids.add(record.session_id)
        diagnosis = Diagnosis(namespace)
        for sid in sids:
            for finding in reversed(diagnosis.own_findings(sid)):  # the worst one of a code counts
                for seq in finding.seqs:
                    if seq in self._read:
                        self._read[seq].findings[finding.code] = finding.severity

    def of(self, seq: int) -> Surroundings:
        """Return the surroundings of an entry; there are none if it belongs to no session."""
        return self._read.get(seq, Surroundings())


def _surroundings(emulator: Emulator, seq: int, record: Record, sid: str) -> Surroundings:
    seqs = emulator.journal.session_seqs(sid)
    place = bisect_left(seqs, seq)
    before = emulator.journal.get(seqs[place - 1]) if place else None
    session = emulator.sessions.get(sid)
    content = None if session is None else session.content
    findings: dict[str, Severity] = {}
    moved_s = None
    if before is not None:
        left, right = _playhead_s(emulator, seqs[place - 1], before), _playhead_s(emulator, seq, record)
        moved_s = None if left is None or right is None else round(right - left, 3)
    return Surroundings(
        content=None if content is None else content.media_name or content.media_id,
        player=None if content is None else content.player_name,
        gap_ms=None if before is None else record.at_ms - before.at_ms,
        moved_s=moved_s,
        findings=findings,
    )


def _playhead_s(emulator: Emulator, seq: int, record: Record) -> float | None:
    events = emulator.events(seq, record)
    return events[-1].playhead_s if events else None
