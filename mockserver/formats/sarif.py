"""SARIF 2.1.0 (OASIS), which code scanning of GitHub, GitLab, Azure DevOps and editors show."""

from __future__ import annotations

import json
from typing import Any

from mockserver.formats.judgement import Case, Issue, Judgement, Place, RuleText, file_uri, visible
from mockserver.model.finding import Severity

__all__ = ["sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(judgement: Judgement) -> str:
    """Write a judgement as SARIF, in ASCII. The rules are those that have a result; each explains itself."""
    known = {rule.code: place for place, rule in enumerate(judgement.rules)}
    driver = {
        "name": "mockserver",
        "version": judgement.version,
        "rules": [_rule(rule) for rule in judgement.rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": visible(f"mockserver {judgement.command}/")},
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if judgement.passed else 1}],
        "results": [_result(issue, case, known) for case in judgement.cases for issue in case.issues],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: RuleText) -> dict[str, Any]:
    parts = [f"Fires when: {rule.trigger}."]
    if rule.consequence:
        parts.append(f"Consequence: {rule.consequence}")
    if rule.source:
        parts.append(f"Source: {rule.source}.")
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.trigger},
        "fullDescription": {"text": rule.consequence or rule.trigger},
        "help": {"text": "\n\n".join(parts), "markdown": "\n\n".join(parts)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(issue: Issue, case: Case, known: dict[str, int]) -> dict[str, Any]:
    text = issue.message + (f"\n{issue.consequence}" if issue.consequence else "")
    result: dict[str, Any] = {
        "ruleId": issue.code,
        "level": _LEVELS[issue.severity],
        "message": {"text": visible(text)},
        "locations": [_location(issue.places[0] if issue.places else None, case)],
    }
    if issue.code in known:
        result["ruleIndex"] = known[issue.code]
    related = [_related(place, number) for number, place in enumerate(issue.places[1:], 1)]
    if related:
        result["relatedLocations"] = related
    if issue.follows_from is not None:
        result["properties"] = {"followsFrom": issue.follows_from}
    return result


def _location(place: Place | None, case: Case) -> dict[str, Any]:
    """Return where something is: in the session, and in the file if there is one."""
    location: dict[str, Any] = {"logicalLocations": [{"name": visible(case.name), "kind": "member"}]}
    if place is not None:
        location |= _physical(place)
        location["message"] = {"text": place.label}
    return location


def _related(place: Place, number: int) -> dict[str, Any]:
    return {"id": number, "message": {"text": place.label}, **_physical(place)}


def _physical(place: Place) -> dict[str, Any]:
    if place.file is None:
        return {}
    physical: dict[str, Any] = {"artifactLocation": {"uri": file_uri(place.file)}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical}
