"""Findings as text for people: session by session, the most severe first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from mockserver.model.finding import Finding, Severity
from mockserver.model.results import SessionView
from mockserver.rules.diagnose.wording import counted, quoted

__all__ = ["findings_text"]

_MOST_PLACES = 8
_LONGEST_WORD = 60
_SIGNS = {"\n": " ", "\r": " ", "\t": " "}


def findings_text(
    findings: Iterable[Finding],
    sessions: Sequence[SessionView],
    lines: Mapping[int, int] | None = None,
    unit: str = "line",
    width: int = 100,
) -> str:
    """Write findings below the session they are about; those about no session come last.

    Args:
        findings: What was found, in the order in which it is to be shown.
        sessions: The sessions in order of opening; one without findings is shown too.
        lines: The place in a file for every journal entry, if the traffic comes from a file.
        unit: The unit of these places: ``line``, or ``entry`` for an HTTP archive.
        width: How many columns a line may have; only a word that is longer makes one longer.

    Returns:
        Text whose last line counts sessions and findings.
    """
    found = list(findings)
    by_session: dict[str | None, list[Finding]] = {}
    for finding in found:
        by_session.setdefault(finding.session_id, []).append(finding)
    written: list[str] = []
    for session in sessions:
        written += _session(session)
        about = by_session.pop(session.session_id, [])
        written += _findings(about, lines, unit, width) if about else ["  nothing found", ""]
    loose = [finding for finding in found if finding.session_id in by_session]
    if loose:
        written += ["without a session", "", *_findings(loose, lines, unit, width)]
    return "\n".join([*written, f"{counted(len(sessions), 'session')}: {_counts(found)}"])


def _session(session: SessionView) -> Iterator[str]:
    content = session.content
    name = f" {quoted(content.media_name)}" if content.media_name else ""
    client = " ".join(_word(part) for part in (content.player_name, content.library_version) if part)
    if session.closed_by is None:
        state = session.phase.value
    else:
        state = f"closed by {session.closed_by.value}{' after sessionComplete' if session.complete else ''}"
    yield f"session {_word(session.session_id, len(session.session_id))}"
    yield f"  {_word(content.media_id or 'no media.id')}{name}"
    yield f"  {client or 'no media.playerName'}"
    yield f"  {state}, {counted(session.events, 'event')} accepted"
    yield ""


def _findings(findings: Iterable[Finding], lines: Mapping[int, int] | None, unit: str, width: int) -> Iterator[str]:
    for finding in findings:
        cause = "" if finding.follows_from is None else f" (follows from {finding.follows_from})"
        yield f"  {finding.severity.value:<7}  {finding.code}{cause}"
        yield from _paragraph(finding.message, width)
        yield from _paragraph(f"-> {finding.consequence}", width, "   ")
        if finding.seqs:
            yield f"           {_places(finding.seqs, lines, unit)}"
        yield ""


def _paragraph(text: str, width: int, hanging: str = "") -> list[str]:
    indent = " " * 11
    plain = "".join(_SIGNS.get(sign, sign) for sign in text)
    return wrap(
        plain, width, initial_indent=indent, subsequent_indent=indent + hanging,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _places(seqs: Sequence[int], lines: Mapping[int, int] | None, unit: str) -> str:
    noun = "entry" if lines is None else unit
    if len(seqs) > 1:
        noun = {"entry": "entries", "line": "lines"}[noun]
    names = [f"#{seq}" if lines is None else str(lines.get(seq, seq)) for seq in seqs[:_MOST_PLACES]]
    more = f" and {len(seqs) - _MOST_PLACES} more" if len(seqs) > _MOST_PLACES else ""
    return f"{noun} {', '.join(names)}{more}"


def _counts(findings: Sequence[Finding]) -> str:
    own = [finding for finding in findings if finding.follows_from is None]
    counts = {severity: sum(1 for finding in own if finding.severity is severity) for severity in Severity}
    parts = [
        f"{count} info" if severity is Severity.INFO else counted(count, severity.value)
        for severity, count in counts.items()
        if count
    ]
    if len(own) < len(findings):
        more = len(findings) - len(own)
        parts.append(f"{more} that {'follows' if more == 1 else 'follow'} from another")
    return ", ".join(parts) or "nothing found"


def _word(text: str, longest: int = _LONGEST_WORD) -> str:
    shown = text if len(text) <= longest else f"{text[:longest]}..."
    return "".join(_SIGNS.get(sign, sign) for sign in shown)
