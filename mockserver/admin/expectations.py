"""Whether the traffic of a namespace meets expectations, for stories and for tracking plans."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.verification import verifier_of
from mockserver.model.expectation import Expectation, ExpectationView
from mockserver.namespaces import Namespace
from mockserver.rules.expectation import command_of, count_view, findings_view
from mockserver.rules.verification import count_range

__all__ = ["expectation_views"]


def expectation_views(
    namespace: Namespace, expected: Sequence[Expectation], *, since: int = 0, until: int | None = None
) -> list[ExpectationView]:
    """Judge expectations.

    Args:
        since: Only entries with a greater ``seq`` count.
        until: Only entries up to this ``seq`` count; None for no limit.
    """
    if until is None:
        with namespace as emulator:
            until = emulator.journal.last_seq
    asked = any(wanted.no_findings for wanted in expected) and until > since
    findings = Diagnosis(namespace).findings() if asked else []
    with namespace as emulator:
        complete = emulator.journal.complete_since(since)
    views: list[ExpectationView] = []
    for wanted in expected:
        if wanted.no_findings:
            views.append(findings_view(wanted, findings, since, until, journal_complete=complete))
        else:
            command = command_of(wanted)
            verification, count = verifier_of(namespace, command, since=since, until=until).judge()
            views.append(count_view(wanted, count_range(command), verification, count))
    return views
