"""Whether the sessions of a namespace follow a tracking plan; computed on request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.expectations import expectation_views
from mockserver.errors import InvalidInput
from mockserver.model.expectation import ExpectationView
from mockserver.model.finding import Finding
from mockserver.model.plan_result import PlanResult
from mockserver.model.tracking_plan import ContentPlan, TrackingPlan
from mockserver.namespaces import Namespace, Target
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.tracking_plan.compiled import compile_contents
from mockserver.rules.tracking_plan.first import first_plan
from mockserver.rules.tracking_plan.judgement import content_views, judge_plan
from mockserver.rules.tracking_plan.plan_session import PlanSession

if TYPE_CHECKING:
    from mockserver.tracking_plans.reading import PlanFile

__all__ = ["content_expectations", "drafted", "judged_by", "plan", "plan_sessions"]


def plan(target: Target, content: bytes) -> PlanResult:
    """Judge all sessions by a plan.

    Raises:
        InvalidInput: The plan is not valid.
    """
    from mockserver.tracking_plans.reading import parse_plan  # imports a TOML parser

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the plan is not UTF-8") from None
    return judged_by(target.namespace, parse_plan(text))


def judged_by(namespace: Namespace, file: PlanFile) -> PlanResult:
    """Judge all sessions of a namespace by a plan."""
    findings, traffic = Diagnosis(namespace).everything()
    with namespace as emulator:
        complete = emulator.journal.complete_since(0)
    sessions = plan_sessions(findings, traffic)
    return judge_plan(
        file.compiled,
        sessions,
        _without_session(findings, sessions),
        expectation_views(namespace, file.plan.expect),
        journal_complete=complete,
        line=file.line,
    )


def plan_sessions(
    findings: Iterable[Finding], traffic: Sequence[SessionTraffic], *, since: int = 0, until: int | None = None
) -> list[PlanSession]:
    """Return what a plan looks at of each session.

    Args:
        since: Only entries with a greater ``seq`` count; a session with none is left out.
        until: Only entries up to this ``seq`` count; None for no limit.
    """
    by_sid: dict[str | None, list[Finding]] = {}
    for finding in findings:
        by_sid.setdefault(finding.session_id, []).append(finding)

    def counts(seq: int) -> bool:
        return since < seq and (until is None or seq <= until)

    found = []
    for one in traffic:
        arrived = [item for item in one.arrived if counts(item.seq)]
        if one.stored is None or (one.arrived and not arrived):
            continue
        own = [finding for finding in by_sid.get(one.stored.sid, ()) if all(map(counts, finding.seqs))]
        found.append(
            PlanSession(one.stored.sid, one.stored.content, arrived, [s.item for s in one.steps if counts(s.seq)], own)
        )
    return found


def content_expectations(
    namespace: Namespace, contents: Sequence[ContentPlan], *, since: int, until: int
) -> list[ExpectationView]:
    """Judge the contents of a story by the traffic while it ran; arguments as of :func:`plan_sessions`."""
    if not contents:
        return []
    findings, traffic = Diagnosis(namespace).everything()
    with namespace as emulator:
        complete = emulator.journal.complete_since(since)
    sessions = plan_sessions(findings, traffic, since=since, until=until)
    return content_views(compile_contents(contents), sessions, journal_complete=complete)


def drafted(namespace: Namespace, title: str) -> TrackingPlan:
    """Draft a plan from the sessions of a namespace."""
    findings, traffic = Diagnosis(namespace).everything()
    sessions = plan_sessions(findings, traffic)
    return first_plan(title, sessions, _without_session(findings, sessions))


def _without_session(findings: Iterable[Finding], sessions: Iterable[PlanSession]) -> list[Finding]:
    """Return the findings about traffic of no session."""
    known = {session.sid for session in sessions}
    return [finding for finding in findings if finding.session_id not in known]
