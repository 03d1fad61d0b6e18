"""``mockserver diagnose``: list what is wrong with recorded playback, for people and for CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mockserver.cli.output import add_format_arguments, outputs_of, put_out
from mockserver.cli.remote import refuse
from mockserver.cli.source import SOURCES, Source, add_source_arguments, opened_source
from mockserver.cli.terminal import width_of
from mockserver.errors import InvalidInput, nearest
from mockserver.formats.judgement import Judgement
from mockserver.model.finding import Finding, Severity
from mockserver.model.plan_result import PlanResult
from mockserver.wire.codec import to_builtins

__all__ = ["add_arguments", "run"]

_NEVER = "never"

_EPILOG = (
    SOURCES
    + """
A finding that follows from another finding does not count, unless --code selects only such findings.

exit codes: 0 no finding as severe as --fail-on, 1 at least one, or the server has dropped requests that could have one,
  2 arguments or source cannot be used; with --plan 0 the plan is followed, 1 it is not

examples:
  mockserver diagnose http://127.0.0.1:8089
  mockserver diagnose journal.ndjson --fail-on warning --ignore ping.gap
  mockserver diagnose events.ndjson --json | jq .summary
  mockserver diagnose journal.ndjson --plan plan.toml
  curl -s http://127.0.0.1:8089/__admin/export | mockserver diagnose -
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    severities = [severity.value for severity in Severity]
    parser.description = "List what is wrong with reported playback although the API accepted it, worst first."
    parser.epilog = _EPILOG
    parser.add_argument(
        "--fail-on", choices=("error", "warning", _NEVER),
        help="exit with 1 if there is a finding of this severity or worse (default: error)",
    )  # fmt: skip
    parser.add_argument(
        "--min-severity",
        choices=severities,
        help="show only findings of this severity or worse (default: info)",
    )
    parser.add_argument("--code", action="append", metavar="CODE", help="show only findings of this rule; repeatable")
    parser.add_argument("--ignore", action="append", metavar="CODE", help="leave out findings of this rule; repeatable")
    add_format_arguments(parser)
    parser.add_argument(
        "--plan", metavar="PLAN", help="judge by this tracking plan, which also says which findings are allowed"
    )
    add_source_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings of a source.

    Returns:
        0 if there is no finding as severe as ``--fail-on``, otherwise 1; also 1 if a server has dropped requests that
        could have one.

    Raises:
        InvalidInput: Arguments or source cannot be used.
    """
    from mockserver.cli.judgements import of_findings
    from mockserver.rules.diagnose.run import counting
    from mockserver.rules.diagnose.text import findings_text

    if arguments.plan is not None:
        return _by_plan(arguments)
    shown_from = Severity(arguments.min_severity or "info")
    fail_from = None if arguments.fail_on == _NEVER else Severity(arguments.fail_on or "error")
    if fail_from is not None and fail_from.rank > shown_from.rank:
        raise InvalidInput(
            f"--min-severity {shown_from.value} hides what --fail-on {fail_from.value} fails on; "
            "give both the same severity"
        )
    outputs = outputs_of(arguments)
    only, ignored = _codes(arguments.code), _codes(arguments.ignore)
    with opened_source(arguments) as source:
        if not source.requests:
            raise InvalidInput(f"{source.name} has no requests")
        sessions = source.server.sessions()
        findings = [
            finding
            for finding in source.findings()
            if finding.severity.rank <= shown_from.rank
            and (not only or finding.code in only)
            and finding.code not in ignored
        ]
        counted = counting(findings, only)
        failed = fail_from is not None and any(finding.severity.rank <= fail_from.rank for finding in counted)
        unproven = None if fail_from is None or failed else _unproven(source, fail_from)
        put_out(
            outputs,
            lambda: findings_text(findings, sessions, source.lines, source.unit, width_of(sys.stdout)),
            lambda: _document(source, findings, counted, len(sessions)),
            lambda: of_findings(source, findings, counted, fail_from, unproven=unproven),
        )
    if unproven is not None:
        print(unproven, file=sys.stderr)
    return 1 if failed or unproven is not None else 0


def _unproven(source: Source, fail_from: Severity) -> str | None:
    from mockserver.media_server.questions import unjudged

    asked = fail_from.value if fail_from is Severity.ERROR else f"{fail_from.value} or worse"
    return unjudged(source.server.control, None, asked, by_session=False)


def _by_plan(arguments: argparse.Namespace) -> int:
    """Print whether the sessions of a source follow a plan; return 0 if they do, otherwise 1."""
    from mockserver.rules.tracking_plan.text import plan_text

    refuse(arguments, ("fail_on", "min_severity", "code", "ignore"),
           "cannot be combined with --plan: the plan says what is allowed, in allow_findings")  # fmt: skip
    outputs = outputs_of(arguments)
    with opened_source(arguments) as source:
        result = source.server.plan_result(arguments.plan)
        put_out(
            outputs,
            lambda: plan_text(result, arguments.plan, width_of(sys.stdout)),
            lambda: result,
            lambda: _judged_by_plan(source, result, arguments.plan),
        )
    return 0 if result.followed else 1


def _judged_by_plan(source: Source, result: PlanResult, plan: str) -> Judgement:
    """Make the record for other formats: the plan decides, and findings that are no misses are shown beside it."""
    from mockserver.cli.judgements import of_findings
    from mockserver.rules.tracking_plan.text import DROPPED

    every = [*result.checks, *(check for session in result.sessions for check in session.checks)]
    missed = {(check.session_id, check.code) for check in every if not check.met}
    others = [one for one in source.findings() if (one.session_id, one.code) not in missed]
    unproven = None if result.journal_complete or result.missed else DROPPED
    return of_findings(source, others, (), None, plan=result, plan_file=plan, unproven=unproven)


def _codes(given: Iterable[str] | None) -> frozenset[str]:
    from mockserver.rules.diagnose.catalogue import CODES

    codes = frozenset(given or ())
    for code in sorted(codes.difference(CODES)):
        raise InvalidInput(f"there is no rule {code!r}{nearest(code, CODES) or '; see docs/diagnostics.md'}")
    return codes


def _document(source: Source, findings: Sequence[Finding], counted: Sequence[Finding], sessions: int) -> dict[str, Any]:
    from mockserver.rules.diagnose.run import by_severity

    return {
        "findings": [_placed(to_builtins(finding), finding.seqs, source) for finding in findings],
        "summary": {
            "source": source.name,
            "requests": source.requests,
            "sessions": sessions,
            "findings": by_severity(counted),
            "journal_complete": source.journal_complete,
        },
    }


def _placed(member: dict[str, Any], seqs: Iterable[int], source: Source) -> dict[str, Any]:
    return (
        member
        if source.lines is None
        else {**member, "lines" if source.unit == "line" else "entries": [source.lines[seq] for seq in seqs]}
    )
