"""Asserting that nothing is wrong with the traffic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.errors import VerificationFailed
from mockserver.media_server.arguments import known_codes
from mockserver.model.finding import Finding, Severity
from mockserver.rules.finding_text import entry_labels, unexpected_findings

if TYPE_CHECKING:
    from mockserver.media_server.media_server import MediaServer

__all__ = ["assert_no_findings"]

_MOST = 20


def assert_no_findings(
    server: MediaServer, sid: str | None, min_severity: Severity | str, ignore: str | Iterable[str]
) -> None:
    """Assert that there are no findings, of one session or of all traffic.

    Raises:
        VerificationFailed: There are.
        InvalidInput: ``min_severity`` or a code to ignore does not exist.
    """
    __tracebackhide__ = True
    ignored = known_codes(ignore)
    found = [one for one in server.findings(sid, min_severity=min_severity) if one.code not in ignored]
    if not found:
        return
    worst = Severity(min_severity)
    asked = worst.value if worst is Severity.ERROR else f"{worst.value} or worse"
    if ignored:
        asked += f", except {' '.join(sorted(ignored))}"
    raise VerificationFailed(unexpected_findings(found, _labels(server, found[:_MOST]), asked=asked, most=_MOST))


def _labels(server: MediaServer, findings: Iterable[Finding]) -> dict[int, str]:
    labels: dict[int, str] = {}
    for sid in dict.fromkeys(finding.session_id for finding in findings if finding.session_id):
        labels |= entry_labels(server.events(session_id=sid))
    return labels
