"""JUnit XML, which Jenkins, GitLab, Azure Pipelines and others show: one test case for each session or story."""

from __future__ import annotations

from junitparser import Failure, TestCase, TestSuite

from mockserver.formats.judgement import Case, Issue, Judgement, visible

__all__ = ["junit"]


def junit(judgement: Judgement) -> str:
    """Write a judgement as JUnit XML, in ASCII.

    A case fails as the command does; its first issue is the message, all of them are the text. What does not count,
    such as notes, is in the output of the case.
    """
    suite = TestSuite(visible(f"mockserver {judgement.command}"))
    suite.add_property("source", visible(judgement.source))
    suite.add_property("version", judgement.version)
    names: dict[str, int] = {}
    for case in judgement.cases:
        number = names[case.title] = names.get(case.title, 0) + 1
        suite.add_testcase(_case(case, case.title if number == 1 else f"{case.title} ({number})", judgement))
    # Around it stands what pytest writes: the statistics that the library would add are not valid for Jenkins.
    return f'<?xml version="1.0" encoding="us-ascii"?>\n<testsuites>{_ascii(suite.tostring())}</testsuites>\n'


def _case(case: Case, name: str, judgement: Judgement) -> TestCase:
    """Write a case. Its name is that of its content, so that it is the same in the next build."""
    written = TestCase(visible(name), f"mockserver.{judgement.command.replace(' ', '_')}", 0.0)
    if not case.passed:
        counting = [issue for issue in case.issues if issue.counts]
        first = counting[0].message if counting else case.title
        failure = Failure(visible(first), ", ".join(dict.fromkeys(issue.code for issue in counting)) or "failed")
        failure.text = visible("\n\n".join(_issue(issue) for issue in counting))
        written.result = [failure]
    written.system_out = visible("\n\n".join(part for part in (case.text, case.transcript) if part))
    return written


def _issue(issue: Issue) -> str:
    lines = [f"{issue.severity.value} {issue.code}: {issue.message}"]
    if issue.consequence:
        lines.append(f"-> {issue.consequence}")
    if issue.places:
        lines.append(", ".join(place.label for place in issue.places))
    return "\n".join(lines)


def _ascii(xml: bytes | str) -> str:
    text = xml.decode() if isinstance(xml, bytes) else xml
    return text.encode("ascii", "xmlcharrefreplace").decode()
