"""Annotations of GitHub Actions: commands on standard output that GitHub shows in the list of issues of a run.

The syntax is that of GitHub's page "Workflow commands for GitHub Actions"; what has to be escaped is in
``packages/core/src/command.ts`` of actions/toolkit.
"""

from __future__ import annotations

from mockserver.formats.judgement import Issue, Judgement, file_path, visible
from mockserver.model.finding import Severity

__all__ = ["github"]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github(judgement: Judgement) -> str:
    """Write a judgement as annotations, one line each, the worst first: GitHub shows ten of each level in a step.

    The last line is no annotation and goes to the log.
    """
    issues = sorted(judgement.issues(), key=lambda issue: (not issue.counts, issue.severity.rank))
    lines = [_annotation(issue) for issue in issues]
    return "\n".join([*lines, _plain(judgement.summary)]) + "\n"


def _annotation(issue: Issue) -> str:
    place = issue.places[0] if issue.places else None
    properties = []
    where = ""
    if place is not None and place.file is not None:
        properties.append(f"file={_escaped(visible(file_path(place.file)), _PROPERTY)}")
        if place.line is not None:
            properties.append(f"line={place.line}")
    if place is not None and (place.file is None or place.line is None):
        where = f" ({place.label})"
    properties.append(f"title={_escaped(issue.code, _PROPERTY)}")
    text = f"{issue.message}{where}" + (f"\n{issue.consequence}" if issue.consequence else "")
    return f"::{_LEVELS[issue.severity]} {','.join(properties)}::{_escaped(visible(text), _DATA)}"


def _plain(text: str) -> str:
    """Return text on one line that GitHub does not take for a command."""
    return visible(text).replace("\n", " ").replace("::", ": :")


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in text)
