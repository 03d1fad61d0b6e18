"""Applying the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache

from mockserver.model.finding import Finding, Severity
from mockserver.model.words import Words
from mockserver.rules.diagnose.catalogue import RULES
from mockserver.rules.diagnose.causes import linked, linked_to_lost, linked_traffic
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic

__all__ = ["by_severity", "counting", "diagnose_session", "diagnose_traffic", "sort_findings"]

_MOST_ALIKE = 3
_OPTIONAL_FAMILIES = frozenset({"ad", "chapter", "state"})
"""Families of events that many sessions lack, and families of rules about nothing else."""

_REPEATED = frozenset({"ad", "buffer", "chapter", "pause", "play", "playhead", "state"})
"""Families whose rules fire at many places in one session because of one mistake."""


def diagnose_session(session: SessionTraffic) -> list[Finding]:
    """Apply the rules about one session, and mark what follows from something else."""
    deduplicated = session.deduplicated
    return linked(_found(deduplicated), deduplicated, _found)


def _found(session: SessionTraffic) -> list[Finding]:
    session_id = session.stored.sid if session.stored is not None else _sid(session)
    words = session.words
    return [
        _finding(rule, hit, session_id, words)
        for rule in _rules_of(words.api, session.families, refusals=bool(session.refusals))
        if (hits := list(rule.in_session(session)))
        for hit in _merged(rule, hits)
    ]


@cache
def _rules_of(api: str, families: frozenset[str], *, refusals: bool) -> tuple[Rule, ...]:
    """Return the rules that can find something in a session of an API.

    Args:
        api: The name of the API.
        families: The families of the events that came. A rule whose own family is one of events needs such events.
        refusals: Whether events were refused.
    """
    return tuple(
        rule
        for rule in RULES
        if (not rule.dialects or api in rule.dialects)
        and ((refusals and rule.claims) or (rule.check and _family(rule) not in _OPTIONAL_FAMILIES - families))
    )


def _family(rule: Rule) -> str:
    return rule.code.partition(".")[0]


def diagnose_traffic(traffic: Traffic, in_sessions: Sequence[Finding] = ()) -> list[Finding]:
    """Apply the rules about all traffic of a namespace, and mark what follows from something else.

    Args:
        traffic: The traffic.
        in_sessions: What was found in its sessions.

    Returns:
        What was found in the sessions and in all traffic.
    """
    found = [
        _finding(rule, hit, hit.session_id, traffic.words_of(hit.seqs))
        for rule in RULES
        if rule.traffic_check is not None or (rule.claims is not None and traffic.refusals)
        for hit in rule.in_traffic(traffic.only(rule.dialects))
    ]
    return [*linked_to_lost(in_sessions, found, traffic, _found), *linked_traffic(found, traffic)]


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Bring findings into the order in which they are shown.

    The most severe come first, then those that follow from no other finding, then the order in which they occurred.
    """
    return sorted(
        findings,
        key=lambda finding: (
            finding.severity.rank, finding.follows_from is not None, finding.seqs[:1], finding.code,
        ),
    )  # fmt: skip


def counting(findings: Iterable[Finding], only: Collection[str] = ()) -> list[Finding]:
    """Return the findings that count: those that follow from another do not, unless only their own code was asked for.

    Args:
        only: The codes that were asked for; empty for all.
    """
    return [
        finding for finding in findings if finding.follows_from is None or (only and finding.follows_from not in only)
    ]


def by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by severity; severities without findings are left out."""
    ranks = [finding.severity.rank for finding in findings]
    counts = {severity.value: ranks.count(severity.rank) for severity in Severity}
    return {severity: count for severity, count in counts.items() if count}


def _merged(rule: Rule, hits: list[Hit]) -> list[Hit]:
    """Merge similar hits into one with the message of the first: a mistake repeated in every ad is one mistake."""
    if len(hits) <= _MOST_ALIKE or _family(rule) not in _REPEATED:
        return hits
    groups: dict[tuple[Severity | None, str | None], list[Hit]] = {}
    for hit in hits:
        groups.setdefault((hit.severity, hit.consequence), []).append(hit)
    merged: list[Hit] = []
    for group in groups.values():
        if len(group) <= _MOST_ALIKE:
            merged += group
            continue
        seqs = tuple(sorted({seq for hit in group for seq in hit.seqs}))
        text = f"{group[0].message.removesuffix('.')} (and {len(group) - 1} more like this)."
        merged.append(group[0]._replace(seqs=seqs, message=text))
    return merged


def _sid(session: SessionTraffic) -> str | None:
    return session.arrived[0].record.session_id if session.arrived else None


def _finding(rule: Rule, hit: Hit, session_id: str | None, words: Words) -> Finding:
    return Finding(
        code=rule.code,
        severity=hit.severity or rule.severity,
        message=words.said(hit.message),
        consequence=words.said(hit.consequence or rule.consequence),
        session_id=session_id,
        seqs=hit.seqs,
        source=rule.source,
    )
