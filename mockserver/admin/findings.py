"""What is wrong with the traffic of a namespace, what Adobe would have reported of it, and how much there is."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from mockserver.admin.diagnosis import Diagnosis, as_of
from mockserver.admin.paging import page_of
from mockserver.control import FindingQuery
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, NotFound, nearest
from mockserver.model.finding import Finding
from mockserver.model.report import SessionReport
from mockserver.model.results import FindingPage, RuleView, Summary
from mockserver.model.vocabulary import Outcome
from mockserver.namespaces import Namespace, Target
from mockserver.rules.diagnose.catalogue import CODES, RULES
from mockserver.store.journal import Journal

__all__ = ["findings", "report", "rule", "session_findings", "summary", "traffic_counts"]


def findings(target: Target, query: FindingQuery) -> FindingPage:
    """List what is wrong with the traffic."""
    return _finding_page(target.namespace, Diagnosis(target.namespace).findings(), query)


def session_findings(target: Target, query: FindingQuery, sid: str) -> FindingPage:
    """List what is wrong with a session."""
    return _finding_page(target.namespace, Diagnosis(target.namespace).session_findings(sid), query, sid)


def rule(target: Target, argument: None, code: str) -> RuleView:
    """Show the rule behind a finding.

    Raises:
        NotFound: There is no such rule.
    """
    for known in RULES:
        if known.code == code:
            return RuleView(**{name: getattr(known, name) for name in RuleView.__struct_fields__})
    raise NotFound(f"there is no rule {code[:80]!r}{nearest(code[:80], CODES)}")


def _finding_page(
    namespace: Namespace, found: list[Finding], query: FindingQuery, sid: str | None = None
) -> FindingPage:
    codes = (query.code,) if isinstance(query.code, str) else query.code
    for code in codes or ():
        if code not in CODES:
            raise InvalidInput(f"there is no rule {code!r}; see docs/diagnostics.md", pointer="/code")
    wanted = [
        finding
        for finding in found
        if finding.severity.rank <= query.min_severity.rank
        and (codes is None or finding.code in codes)
        and query.session_id in (None, finding.session_id)
        and (query.seq is None or query.seq in finding.seqs)
        and (not query.loose or finding.session_id is None or finding.code == "session.unknown-id")
    ]
    with namespace as emulator:
        evicted, complete = emulator.journal.evicted, _is_complete(emulator, sid or query.session_id)
    shown, meta = page_of(wanted, query, evicted=evicted, size_of=_shown_bytes)
    return FindingPage(findings=shown, meta=meta, journal_complete=complete)


def _is_complete(emulator: Emulator, sid: str | None) -> bool:
    """Return whether nothing was dropped that findings could be about, in all traffic or in one session."""
    journal, sessions = emulator.journal, emulator.sessions
    if sid is not None and sid in sessions:
        records = (journal.get(seq) for seq in journal.session_seqs(sid))
        return journal.complete_since(0) or any(record and record.outcome is Outcome.OPENED for record in records)
    unjudged = sessions.evicted > 0 and any(known not in sessions for known in journal.session_ids())
    return journal.complete_since(0) and not unjudged


def _shown_bytes(finding: Finding) -> int:
    return 400 + len(finding.message) + len(finding.consequence or "") + 8 * len(finding.seqs)


def report(target: Target, argument: None, sid: str) -> SessionReport:
    """Show what Adobe would have computed from a session."""
    return Diagnosis(target.namespace).report(sid)


def summary(target: Target, argument: None) -> Summary:
    """Count what is there, and what is wrong with it."""
    counts = traffic_counts(target.namespace)
    return replace(counts, findings=Diagnosis(target.namespace).counts())


def traffic_counts(namespace: Namespace) -> Summary:
    """Count what is there, without findings."""
    with namespace as emulator:
        counts = _journal_counts(emulator.journal)
        sessions, back_end, now_ms = tuple(emulator.sessions), emulator.back_end, emulator.clock.now_ms()
        kept = emulator.caches
    phases = Counter(session.phase.value for session in as_of(sessions, back_end, now_ms, kept))
    return replace(counts, sessions=dict(phases))


def _journal_counts(journal: Journal) -> Summary:
    return Summary(
        requests=len(journal),
        events={str(name): count for name, count in journal.counts("event_type").items() if name is not None},
        outcomes={getattr(name, "value", ""): count for name, count in journal.counts("outcome").items()},
        statuses={str(status): count for status, count in journal.counts("status").items() if status is not None},
        sessions={},
        evicted=journal.evicted,
    )
