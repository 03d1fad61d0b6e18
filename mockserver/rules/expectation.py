"""Expectations of stories and tracking plans: whether they make sense, and whether the traffic meets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from mockserver.errors import InvalidInput, below, nearest
from mockserver.model.expectation import Expectation, ExpectationView
from mockserver.model.finding import Finding
from mockserver.model.results import Verification, VerifyCommand
from mockserver.rules.finding_text import UNPROVEN, brief_findings
from mockserver.rules.match import compile_query
from mockserver.rules.verification import CountRange, count_range, steps

__all__ = ["check_codes", "check_expectation", "command_of", "count_view", "findings_view"]

_MOST_FINDINGS = 3
_WHATS = ("query", "sequence", "no_findings")


def check_expectation(wanted: Expectation) -> None:
    """Check an expectation.

    Raises:
        InvalidInput: A member is wrong; the pointer leads to it.
    """
    if not wanted.says.strip():
        raise InvalidInput("says must state the expectation, with the player as its subject", pointer="/says")
    given = [name for name in _WHATS if getattr(wanted, name) not in (None, ())]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise InvalidInput(f"an expectation takes one of query, sequence and no_findings, and this one has {found}")
    if wanted.no_findings:
        _check_no_findings(wanted)
        return
    count_range(command_of(wanted))
    if wanted.query is not None:
        with below("/query"):
            compile_query(wanted.query)
    steps(wanted.sequence or ())


def check_codes(codes: Sequence[str]) -> None:
    """Check codes of findings.

    Raises:
        InvalidInput: There is no such finding; the pointer leads to its place in the list.
    """
    from mockserver.rules.diagnose.catalogue import CODES  # imports all rules, so only when needed

    for index, code in enumerate(codes):
        if code not in CODES:
            raise InvalidInput(f"no finding has the code {code!r}{nearest(code, CODES)}", pointer=f"/{index}")


def _check_no_findings(wanted: Expectation) -> None:
    with below("/no_findings"):
        check_codes(wanted.no_findings)
    for name in ("exactly", "at_least", "at_most"):
        if getattr(wanted, name) is not None:
            raise InvalidInput(f"no_findings takes no {name}", pointer=f"/{name}")


def command_of(wanted: Expectation) -> VerifyCommand:
    """Return the verification of an expectation that is not about findings."""
    query = None if wanted.query is None else replace(wanted.query, limit=1)  # the matches themselves are not shown
    return VerifyCommand(
        query=query,
        sequence=wanted.sequence,
        exactly=wanted.exactly,
        at_least=wanted.at_least,
        at_most=wanted.at_most,
        order=wanted.order,
    )


def count_view(wanted: Expectation, numbers: CountRange, verification: Verification, count: int) -> ExpectationView:
    """Return whether an expectation about a query or a sequence is met.

    Args:
        numbers: How many there must be.
        count: How many there are.
    """
    too_many = numbers.at_most is not None and count > numbers.at_most
    met, final, message = verification.verified, too_many or (verification.verified and not numbers.final), ""
    if met and numbers.final and not verification.journal_complete:
        met, final, message = False, True, "not verified, since dropped entries could have matched: "
    found = verification.message.removeprefix("verified: ") if message else verification.message
    return ExpectationView(says=wanted.says, met=met, final=final, message=message + found)


def findings_view(
    wanted: Expectation, findings: Iterable[Finding], since: int, until: int, *, journal_complete: bool
) -> ExpectationView:
    """Return whether an expectation of no findings is met.

    A finding counts only if all its entries came while the story ran.

    Args:
        since: The ``seq`` of the last entry before the story.
        until: The ``seq`` of the last entry that counts.
        journal_complete: Whether all of these entries are still there.
    """
    found = [
        finding
        for finding in findings
        if finding.code in wanted.no_findings
        if finding.seqs and since < min(finding.seqs) and max(finding.seqs) <= until
    ]
    if found:
        brief = brief_findings(found, most=_MOST_FINDINGS)
        return ExpectationView(says=wanted.says, met=False, final=True, message=f"not verified: {brief}")
    seen = f"expected no {', '.join(wanted.no_findings)}, found 0"
    if not journal_complete:
        return ExpectationView(says=wanted.says, met=False, final=True, message=f"{UNPROVEN}: {seen}")
    return ExpectationView(says=wanted.says, met=True, final=False, message=f"verified: {seen}")
