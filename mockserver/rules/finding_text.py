"""Findings as text, for failing tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mockserver.model.finding import Finding
from mockserver.model.journal import Entry
from mockserver.rules.diagnose.wording import counted, listed
from mockserver.rules.transcript import printable, short_sid

__all__ = [
    "UNPROVEN",
    "brief_findings",
    "entry_labels",
    "finding_lines",
    "moment",
    "unexpected_findings",
    "unproven_absence",
]

UNPROVEN = "not verified, since dropped entries could have findings"
"""How the message begins if nothing was found, but not everything was looked at."""

_MOST_ENTRIES = 5
_LONGEST_WORD = 40


def unexpected_findings(findings: Sequence[Finding], labels: Mapping[int, str], *, asked: str, most: int = 20) -> str:
    """Write the findings of which a test expected none.

    Args:
        findings: The findings, worst first.
        labels: Labels of the entries they are about, by ``seq``; see :func:`entry_labels`.
        asked: What the test looked for, for example ``warning or worse``.
        most: How many to write.
    """
    count = len(findings)
    lines = [f"expected no finding ({asked}), but there {'is' if count == 1 else 'are'} {count}:"]
    lines += finding_lines(findings[:most], labels, with_session=len({one.session_id for one in findings}) > 1)
    if count > most:
        lines.append(f"  ... {count - most} more ...")
    return "\n".join(lines)


def unproven_absence(asked: str, *, entries: int, sessions: int, by_session: bool = True) -> str:
    """Say that there are no findings in what is left, and what to do to know about the rest.

    Args:
        asked: What was looked for, for example ``warning or worse``.
        entries: How many entries the journal has dropped.
        sessions: How many sessions were dropped.
        by_session: Whether one session can be asked about instead.
    """
    dropped = [f"{entries} older {'entry' if entries == 1 else 'entries'}"] if entries else []
    dropped += [counted(sessions, "session")] if sessions else []
    verb = "was" if entries + sessions == 1 else "were"
    limits = ["max_entries or max_journal_bytes"] if entries else []
    limits += ["max_sessions"] if sessions else []
    advice = f"raise {listed(limits)}, or reset the server between tests"
    if by_session:
        advice += ", or ask about one session whose sessionStart is still in the journal"
    lost = f"{listed(dropped)} {verb} dropped to stay within the limits and not judged"
    return f"{UNPROVEN}: expected no finding ({asked}), found 0 ({lost})\nTo know, {advice}."


def finding_lines(findings: Sequence[Finding], labels: Mapping[int, str], *, with_session: bool = False) -> list[str]:
    """Write findings with their consequences and the entries they are about."""
    lines = []
    for finding in findings:
        session = f" in session {short_sid(finding.session_id)}" if with_session and finding.session_id else ""
        lines.append(f"  {finding.severity.value} {finding.code}{session}: {printable(finding.message, 600)}")
        lines.append(f"      consequence: {printable(finding.consequence, 600)}")
        if finding.seqs:
            lines.append(f"      entries: {_entries(finding.seqs, labels)}")
    return lines


def brief_findings(findings: Sequence[Finding], *, most: int = 10) -> str:
    """Write the worst findings, one per line.

    Args:
        findings: The findings, worst first.
    """
    lines = [f"{len(findings)} findings, worst first:" if len(findings) > 1 else "1 finding:"]
    for finding in findings[:most]:
        session = "" if finding.session_id is None else f" {short_sid(finding.session_id)}"
        seqs = "".join(f" #{seq}" for seq in finding.seqs[:_MOST_ENTRIES])
        more = " ..." if len(finding.seqs) > _MOST_ENTRIES else ""
        what = f"{finding.severity.value:<7} {finding.code}{session}{seqs}{more}"
        cause = "" if finding.follows_from is None else f" (follows from {finding.follows_from})"
        lines.append(f"  {what}: {printable(finding.message)}{cause}")
    if len(findings) > most:
        lines.append(f"  ... {len(findings) - most} more ...")
    return "\n".join(lines)


def entry_labels(entries: Sequence[Entry]) -> dict[int, str]:
    """Return labels for the entries of a session: number, event type, and seconds since its start.

    Args:
        entries: All entries of the session; the first ``ts`` is its start, by the player's clock.
    """
    start_ms = next((ts_ms for entry in entries if (ts_ms := _ts_ms(entry)) is not None), None)
    labels = {}
    for entry in entries:
        word = printable(entry.event_type or entry.operation.value, _LONGEST_WORD)
        labels[entry.seq] = f"#{entry.seq} {word} {moment(_ts_ms(entry), start_ms)}".rstrip()
    return labels


def moment(ts_ms: int | None, start_ms: int | None) -> str:
    """Write a ``ts`` as seconds since the start; empty if either is unknown."""
    if ts_ms is None or start_ms is None or abs(ts_ms - start_ms) > 10**15:
        return ""
    return f"{(ts_ms - start_ms) / 1000:+.3f} s"


def _entries(seqs: Sequence[int], labels: Mapping[int, str]) -> str:
    shown = ", ".join(labels.get(seq, f"#{seq}") for seq in seqs[:_MOST_ENTRIES])
    return shown if len(seqs) <= _MOST_ENTRIES else f"{shown}, and {len(seqs) - _MOST_ENTRIES} more"


def _ts_ms(entry: Entry) -> int | None:
    return next((event.ts_ms for event in entry.events), None)
