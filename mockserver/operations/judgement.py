"""The operations that judge a namespace: counts, findings and reports."""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.control import FindingQuery
from mockserver.emulator.diagnosis import Diagnosis
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.inquiry import Inquiry
from mockserver.errors import InvalidInput
from mockserver.model import results as r
from mockserver.model.finding import Finding
from mockserver.model.lanes import Lanes
from mockserver.model.report import SessionReport
from mockserver.rules.diagnose.catalogue import CODES
from mockserver.rules.diagnose.run import by_severity
from mockserver.rules.match import check_page

__all__ = ["findings", "lanes", "report", "session_findings", "summary"]


def summary(emulator: Emulator, argument: None) -> r.Summary:
    """Count what is there."""
    return replace(Inquiry(emulator).summary(), findings=by_severity(Diagnosis(emulator).findings()))


def findings(emulator: Emulator, query: FindingQuery) -> r.FindingPage:
    """List what is wrong with the traffic."""
    return _finding_page(Diagnosis(emulator).findings(), query)


def session_findings(emulator: Emulator, query: FindingQuery, sid: str) -> r.FindingPage:
    """List what is wrong with a session."""
    return _finding_page(Diagnosis(emulator).session_findings(sid), query)


def _finding_page(found: list[Finding], query: FindingQuery) -> r.FindingPage:
    check_page(query.since, query.limit)
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
    ]
    shown = wanted[query.since : query.since + query.limit]
    after = query.since + len(shown)
    return r.FindingPage(findings=shown, meta=r.Meta(total=len(wanted), next=after if after < len(wanted) else None))


def lanes(emulator: Emulator, argument: None, sid: str) -> Lanes:
    """Draw what went on in a session."""
    return Inquiry(emulator).lanes(sid)


def report(emulator: Emulator, argument: None, sid: str) -> SessionReport:
    """Show what Adobe would have computed of a session."""
    return Diagnosis(emulator).report(sid)
