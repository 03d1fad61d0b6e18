"""Judge all sessions of a run by a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from mockserver.model.expectation import ExpectationView
from mockserver.model.finding import Finding
from mockserver.model.plan_result import PlanCheck, PlannedSession, PlanResult
from mockserver.rules.tracking_plan.compiled import CompiledContent, CompiledPlan
from mockserver.rules.tracking_plan.coverage import coverage_of
from mockserver.rules.tracking_plan.keys import shown
from mockserver.rules.tracking_plan.plan_session import PlanSession, start_facts
from mockserver.rules.tracking_plan.session import JudgedSession, finding_checks
from mockserver.rules.tracking_plan.text import missed_lines
from mockserver.rules.verification import CountRange

__all__ = ["content_of", "content_views", "judge_plan"]


def judge_plan(
    compiled: CompiledPlan,
    sessions: Sequence[PlanSession],
    findings: Iterable[Finding],
    expectations: Sequence[ExpectationView],
    *,
    journal_complete: bool,
    line: Callable[[str], int | None] = lambda pointer: None,
) -> PlanResult:
    """Judge the sessions of a run.

    Args:
        compiled: The plan.
        sessions: The sessions, in order of opening.
        findings: What is wrong with traffic of no session.
        expectations: The expectations of the plan, judged.
        journal_complete: Whether nothing was dropped that could matter.
        line: Returns the line of a member in the file of the plan.
    """
    judged: list[JudgedSession] = []
    shown_sessions: list[PlannedSession] = []
    for session in sessions:
        content = content_of(compiled.contents, session)
        if content is None:
            found = _unplanned(compiled, session)
        else:
            judged.append(JudgedSession(content, session, compiled.plan.allow_findings))
            found = judged[-1].checks()
        checks = _located(found, line)
        shown_sessions.append(
            PlannedSession(
                session_id=session.sid,
                media_id=session.content.media_id,
                content=None if content is None else content.name,
                followed=all(check.met for check in checks),
                checks=checks,
            )
        )
    general = _located([*_general(compiled, sessions, judged, findings), *_expected(expectations)], line)
    every = [*general, *(check for one in shown_sessions for check in one.checks)]
    missed = sum(not check.met for check in every)
    return PlanResult(
        title=compiled.plan.title,
        followed=not missed and journal_complete,
        met=len(every) - missed,
        missed=missed,
        checks=general,
        sessions=tuple(shown_sessions),
        coverage=coverage_of(compiled.contents, judged),
        journal_complete=journal_complete,
    )


def content_views(
    contents: Sequence[CompiledContent], sessions: Sequence[PlanSession], *, journal_complete: bool
) -> list[ExpectationView]:
    """Return whether the sessions of each content are as planned, as expectations of a story.

    A content without sessions is not, unless its number of sessions allows that. None is if requests of the story were
    dropped.
    """
    judged = [JudgedSession(content, one) for one in sessions if (content := content_of(contents, one)) is not None]
    views = [_content_view(content, [one for one in judged if one.content is content]) for content in contents]
    return views if journal_complete else [_unproven(view) if view.met else view for view in views]


def _unproven(view: ExpectationView) -> ExpectationView:
    seen = view.message.removeprefix("verified: ")
    return replace(view, met=False, message=f"not verified, since dropped entries could have missed it: {seen}")


def _content_view(content: CompiledContent, judged: Sequence[JudgedSession]) -> ExpectationView:
    numbers = content.sessions or CountRange(1)
    checks = [check for one in judged for check in one.checks()]
    missed = [check for check in checks if not check.met]
    enough = numbers.met_by(len(judged))
    lines = [] if enough else [f"sessions of it: expected {numbers}, found {len(judged)}"]
    lines += missed_lines(missed)
    met = enough and not missed
    found = f"checks met: {len(checks)}, sessions: {len(judged)}" if met else "\n".join(lines)
    return ExpectationView(
        says=f"It reports {content.name!r} as planned.",
        met=met,
        final=False,  # more events can make it whole
        message=f"verified: {found}" if met else f"not verified: {found}",
    )


def content_of(contents: Iterable[CompiledContent], session: PlanSession) -> CompiledContent | None:
    """Return the first content that a session fits; None if it fits none."""
    facts = start_facts(session)
    return next((content for content in contents if content.matcher.matches(facts)), None)


def _located(checks: Iterable[PlanCheck], line: Callable[[str], int | None]) -> tuple[PlanCheck, ...]:
    return tuple(replace(check, line=line(check.pointer)) for check in checks)


def _unplanned(compiled: CompiledPlan, session: PlanSession) -> list[PlanCheck]:
    """Return the miss of a session that fits no content, with the content that it fits most."""
    if compiled.plan.unplanned_content == "allow" or not compiled.contents:
        return []
    facts = start_facts(session)
    candidates = [(content, content.matcher.differences(facts)) for content in compiled.contents]
    nearest, differences = min(candidates, key=lambda candidate: candidate[0].matcher.distance(candidate[1]))
    why = "; ".join(f"{one.field} is {shown(one.actual)}, expected {one.expected}" for one in differences)
    return [
        PlanCheck(
            kind="content", says="a content of the plan", met=False, seen=f"nearest is {nearest.name}, but {why}",
            pointer="/unplanned_content", session_id=session.sid, seqs=tuple(item.seq for item in session.arrived[:1]),
        )
    ]  # fmt: skip


def _general(
    compiled: CompiledPlan,
    sessions: Sequence[PlanSession],
    judged: Sequence[JudgedSession],
    findings: Iterable[Finding],
) -> Iterator[PlanCheck]:
    if not sessions:
        yield PlanCheck(kind="sessions", says="any session", met=False, seen="found none", pointer="")
    for content in compiled.contents:
        if content.sessions is not None:
            count = sum(one.content is content for one in judged)
            yield PlanCheck(
                kind="sessions", says=f"sessions of {content.name}: {content.sessions}",
                met=content.sessions.met_by(count), seen=f"found {count}", pointer=content.pointer,
                content=content.name,
            )  # fmt: skip
    yield from finding_checks(findings, compiled.plan.allow_findings, "/allow_findings")


def _expected(expectations: Iterable[ExpectationView]) -> Iterator[PlanCheck]:
    for index, view in enumerate(expectations):
        yield PlanCheck(
            kind="expectation", says=view.says, met=view.met, seen=view.message, pointer=f"/expect/{index}"
        )  # fmt: skip
