"""Makes the record that formats for CI are written from, of findings, of a comparison and of a story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from mockserver.admin.server import running_version
from mockserver.cli.source import Source
from mockserver.control import LANES
from mockserver.formats.judgement import Case, Check, Issue, Judgement, Picture, Pin, Place
from mockserver.formats.rule_texts import DROPPED, MISSED, rule_texts
from mockserver.media_server import MediaServer
from mockserver.model.comparison import Comparison, SessionComparison
from mockserver.model.finding import Finding, Severity
from mockserver.model.plan_result import Coverage, PlanCheck, PlanResult
from mockserver.model.results import SessionView
from mockserver.model.story import StoryView
from mockserver.rules.comparison.text import change_line, change_lines, named, shown_value, summary_line
from mockserver.rules.diagnose.text import findings_text
from mockserver.rules.diagnose.wording import counted
from mockserver.rules.transcript import transcript

__all__ = ["of_comparison", "of_findings", "of_story"]

_WITHOUT = "requests without a session"
_ALL_TRAFFIC = "all sessions together"
_DROPPED_CASE = "dropped requests"
_MOST_UNTRIED = 30


def of_findings(
    source: Source,
    findings: Sequence[Finding],
    counting: Sequence[Finding],
    fail_from: Severity | None,
    *,
    plan: PlanResult | None = None,
    plan_file: str | None = None,
    unproven: str | None = None,
) -> Judgement:
    """Make the record of a diagnosis: one case for each session.

    Args:
        source: What was looked at.
        findings: What is shown, worst first.
        counting: Those of them that count.
        fail_from: The severity that fails; None if none does.
        plan: The result of a tracking plan, if there is one.
        plan_file: The file of the plan.
        unproven: Why it fails although nothing is wrong with what is left.
    """
    failing = frozenset(one for one in counting if fail_from is not None and one.severity.rank <= fail_from.rank)
    places = _Places(source, plan_file)
    sessions = source.server.sessions()
    checks = {} if plan is None else {session.session_id: session.checks for session in plan.sessions}
    cases = []
    for session in sessions:
        about = [finding for finding in findings if finding.session_id == session.session_id]
        issues = [places.finding(finding, counts=finding in failing) for finding in about]
        own = checks.get(session.session_id, ())
        issues += [places.missed(check) for check in own if not check.met]
        text = findings_text(about, [session], source.lines, source.unit)
        cases.append(_session_case(source.server, session, issues, text, own))
    known = {session.session_id for session in sessions}
    loose = [finding for finding in findings if finding.session_id not in known]
    if loose:
        issues = [places.finding(finding, counts=finding in failing) for finding in loose]
        cases.append(_plain_case(_WITHOUT, issues, findings_text(loose, (), source.lines, source.unit)))
    if plan is not None and (plan.checks or plan.coverage.items):
        missed = [places.missed(check) for check in plan.checks if not check.met]
        cases.append(_plain_case(_ALL_TRAFFIC, missed, "", plan.checks, _coverage(plan.coverage)))
    if unproven is not None:
        issue = Issue(code=DROPPED.code, severity=DROPPED.severity, message=unproven)
        cases.append(_plain_case(_DROPPED_CASE, [issue], unproven))
    summary = findings_text(findings, sessions).rpartition("\n")[2]
    if plan is not None:
        demands = f"{plan.met} of {plan.met + plan.missed} demands met, {plan.coverage.percent} % of it tried"
        summary += f"; plan {plan.title}: {demands}"
    return _judgement("diagnose", source.name, summary, cases)


def of_comparison(before: Source, after: Source, comparison: Comparison) -> Judgement:
    """Make the record of a comparison: one case for each pair of sessions, and for each session without another.

    Args:
        before: The first recording.
        after: The second one.
        comparison: What differs.
    """
    cases = [_pair_case(pair, before, after) for pair in comparison.pairs]
    for source, sessions, what in ((before, comparison.missing, "missing now"), (after, comparison.new, "new")):
        for session in sessions:
            first = [entry.seq for entry in source.server.timeline(session.session_id).arrival[:1]]
            issue = Issue(
                code="compare.session",
                severity=Severity.ERROR,
                message=f"{named(session)}: {what}",
                places=_Places(source).of(first),
                seqs=tuple(first),
            )
            cases.append(_session_case(source.server, session, [issue], f"{what}: {named(session)}"))
    return _judgement("compare", f"{before.name} and {after.name}", summary_line(comparison), cases)


def of_story(
    view: StoryView, server: MediaServer, text: str, requests: str, sessions: Iterable[SessionView]
) -> Judgement:
    """Make the record of a story that was run: one case.

    Args:
        view: The story and what was expected.
        server: Where it ran.
        text: The verdict as text.
        requests: The requests as text.
        sessions: The sessions that the player used meanwhile.
    """
    passed = view.verdict == "passed"
    issues = [
        Issue(code=MISSED.code, severity=Severity.ERROR, message=f"{one.says} {one.message}".strip())
        for one in view.expectations
        if not one.met
    ]
    case = Case(
        name=view.name,
        title=f"{view.name}: {view.story.title}",
        about=(f"What people see: {view.story.symptom}", f"What a good player does: {view.story.player}"),
        passed=passed,
        issues=tuple(issues),
        text=text,
        transcript=requests,
        checks=tuple(Check(says=one.says, met=one.met, seen=one.message) for one in view.expectations),
        pictures=tuple(_picture(server, session.session_id, named(session), ()) for session in sessions),
    )
    return _judgement("story run", view.name, f"{view.name}: {view.verdict or 'failed'}", [case])


class _Places:
    """Finds journal entries in the recording, and demands in the plan."""

    def __init__(self, source: Source, plan_file: str | None = None, *, which: str = "") -> None:
        self._which = f" {which}" if which else ""
        self._lines, self._unit = source.lines, source.unit
        self._file = None if source.lines is None or source.name == "stdin" else source.name
        self._plan_file = plan_file

    def finding(self, finding: Finding, *, counts: bool) -> Issue:
        return Issue(
            code=finding.code,
            severity=finding.severity,
            message=finding.message,
            consequence=finding.consequence,
            counts=counts,
            follows_from=finding.follows_from,
            places=self.of(finding.seqs),
            seqs=finding.seqs,
        )

    def missed(self, check: PlanCheck) -> Issue:
        demand: tuple[Place, ...] = ()
        if self._plan_file is not None:
            label = f"line {check.line} of the plan" if check.line is not None else f"{check.pointer} of the plan"
            demand = (Place(file=self._plan_file, line=check.line, label=label),)
        nearest = "".join(f"\nnearest: {one.text}" for one in check.nearest[:1])
        return Issue(
            code=f"plan.{check.kind}",
            severity=Severity.ERROR,
            message=f"{check.says}: {check.seen}{nearest}",
            places=(*self.of(check.seqs), *demand),
            seqs=check.seqs,
        )

    def of(self, seqs: Iterable[int]) -> tuple[Place, ...]:
        return tuple(self._place(seq) for seq in seqs)

    def _place(self, seq: int) -> Place:
        if self._lines is None:
            return Place(file=None, line=None, label=f"#{seq}{self._which}")
        number = self._lines.get(seq, seq)
        line = number if self._unit == "line" else None
        return Place(file=self._file, line=line, label=f"{self._unit} {number}{self._which}")


def _session_case(
    server: MediaServer,
    session: SessionView,
    issues: Sequence[Issue],
    text: str,
    checks: Iterable[PlanCheck] = (),
) -> Case:
    sid = session.session_id
    entries = server.events(session_id=sid)
    return Case(
        name=sid,
        title=named(session),
        about=(f"session {sid}", *_about(session)),
        passed=not any(issue.counts for issue in issues),
        issues=tuple(issues),
        text=text,
        transcript=transcript(entries, [session]),
        checks=tuple(Check(says=check.says, met=check.met, seen=check.seen) for check in checks),
        pictures=(_picture(server, sid, "", issues),),
        report=server.report(sid),
    )


def _coverage(coverage: Coverage) -> tuple[str, ...]:
    """Return lines that say how much of a plan was tried, and what was not."""
    never = [
        f"{one.kind} {one.name}" + ("" if one.value is None else f" = {shown_value(one.value)}")
        for one in coverage.items
        if not one.tried
    ]
    tried = f"{coverage.tried} of {coverage.planned} parts of the plan were tried ({coverage.percent} %)"
    more = f" and {len(never) - _MOST_UNTRIED} more" if len(never) > _MOST_UNTRIED else ""
    return (tried, f"never tried: {', '.join(never[:_MOST_UNTRIED])}{more}") if never else (tried,)


def _plain_case(
    name: str,
    issues: Sequence[Issue],
    text: str,
    checks: Iterable[PlanCheck] = (),
    about: tuple[str, ...] = (),
) -> Case:
    return Case(
        name=name,
        title=name,
        about=about,
        passed=not any(issue.counts for issue in issues),
        issues=tuple(issues),
        text=text or "\n".join(about),
        checks=tuple(Check(says=check.says, met=check.met, seen=check.seen) for check in checks),
    )


def _pair_case(pair: SessionComparison, before: Source, after: Source) -> Case:
    sids = pair.before.session_id, pair.after.session_id
    sides = _Places(before, which="before"), _Places(after, which="now")
    start = next((row.after.seq for row in pair.rows if row.after is not None), None)
    issues: list[Issue] = []
    pinned: tuple[list[Issue], list[Issue]] = [], []
    for change in pair.changes:
        ours, theirs = _seqs(change.before_seq), _seqs(change.after_seq)
        where = (*sides[1].of(theirs), *sides[0].of(ours)) or sides[1].of(_seqs(start))
        message = change_line(change)
        issue = Issue(code=f"compare.{change.of}", severity=Severity.ERROR, message=message, places=where)
        issues.append(issue)
        pinned[0].append(replace(issue, seqs=ours))
        pinned[1].append(replace(issue, seqs=theirs))
    return Case(
        name=f"{sids[0]} and {sids[1]}",
        title=named(pair.before),
        about=(
            f"before: session {sids[0]}, {', '.join(_about(pair.before))}",
            f"now: session {sids[1]}, {', '.join(_about(pair.after))}",
        ),
        passed=not pair.changes,
        issues=tuple(issues),
        text="\n".join(change_lines(pair.changes)) or "no differences",
        pictures=(
            _picture(before.server, sids[0], "before", pinned[0]),
            _picture(after.server, sids[1], "now", pinned[1]),
        ),
        rows=pair.rows,
    )


def _seqs(seq: int | None) -> tuple[int, ...]:
    return () if seq is None else (seq,)


def _about(session: SessionView) -> tuple[str, ...]:
    content = session.content
    client = " ".join(part for part in (content.player_name, content.library_version) if part)
    state = session.phase.value if session.closed_by is None else f"closed by {session.closed_by.value}"
    events = f"{counted(session.events, 'event')} accepted"
    return tuple(part for part in (client, f"{state}, {events}") if part)


def _picture(server: MediaServer, sid: str, title: str, issues: Sequence[Issue]) -> Picture:
    times = {entry.seq: entry.ts_ms for entry in server.timeline(sid).arrival}
    pins = []
    for number, issue in enumerate(issues, 1):
        ts_ms = next((known for seq in issue.seqs if (known := times.get(seq)) is not None), None)
        if ts_ms is not None:
            text = f"{issue.code}: {issue.message}"
            pins.append(Pin(ts_ms=ts_ms, number=number, severity=issue.severity, text=text))
    return Picture(title=title, lanes=server.control.call(LANES, None, sid=sid), pins=tuple(pins))


def _judgement(command: str, source: str, summary: str, cases: Sequence[Case]) -> Judgement:
    codes = {issue.code for case in cases for issue in case.issues}
    return Judgement(
        command=command,
        source=source,
        version=running_version(),
        passed=all(case.passed for case in cases),
        summary=summary,
        cases=tuple(cases),
        rules=tuple(rule for rule in rule_texts() if rule.code in codes),
    )
