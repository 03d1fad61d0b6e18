"""What was answered 400, 413 or 415: which mistakes are in it, and the rules that claim them.

A refused event belongs to its session; a refused sessionStart or batch of downloaded content has none. Both are looked
at by the same rules, once among the rules about a session and once among those about all traffic. What no rule claims
is left to a general one, so that nothing is refused without a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Operation
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.reasons import Refusal
from mockserver.rules.diagnose.wording import seqs_of

__all__ = ["BodyRule", "of_sessions", "of_traffic", "remaining"]

_OUR_LIMIT = 429
_MOST_DETAILS = 4
_NOT_LOOKED_AT = "more"
"""The rule of a violation that only says that the rest of a long batch was not looked at."""

_UNTYPED = {
    Operation.START: ("request for a session", "requests for a session"),
    Operation.DOWNLOAD: ("batch", "batches"),
    Operation.EVENT: ("event", "events"),
}

_LOST = {
    Operation.START: "No session is opened.",
    Operation.DOWNLOAD: "Nothing of it is reported.",
    Operation.EVENT: "The event is lost.",
}


class BodyRule(NamedTuple):
    """A rule about refused bodies, of a session or of none; other members as of a :class:`Rule`.

    Args:
        claims: Whether a reason for a 400 is the matter of this rule. Such a hit is an error whatever the severity of
            the rule: the event is lost.
        accepted: Finds the same mistake in what was accepted.
        hint: What else there is to say of it, added to what the answer says.
    """

    code: str
    severity: Severity
    trigger: str
    consequence: str
    source: str
    claims: Callable[[Refusal], bool]
    tolerance: str = ""
    accepted: Callable[[Case], Iterable[Hit]] | None = None
    hint: str = ""
    dialects: tuple[str, ...] = ()


def of_sessions(rules: Iterable[BodyRule]) -> tuple[Rule, ...]:
    """Make rules about a session of them."""

    def check_of(rule: BodyRule) -> Callable[[Case], Iterator[Hit]]:
        def check(case: Case) -> Iterator[Hit]:
            yield from _claimed(rule, case)
            if rule.accepted is not None:
                yield from rule.accepted(case)

        return check

    return tuple(Rule(*rule[:5], check_of(rule), rule.tolerance, rule.dialects) for rule in rules)


def of_traffic(rules: Iterable[BodyRule]) -> tuple[TrafficRule, ...]:
    """Make rules about the traffic of no session of them."""

    def check_of(rule: BodyRule) -> Callable[[Traffic], Iterator[Hit]]:
        return lambda traffic: _claimed(rule, traffic)

    return tuple(TrafficRule(*rule[:5], check_of(rule), rule.tolerance, rule.dialects) for rule in rules)


def remaining(rules: Iterable[BodyRule], place: Case | Traffic) -> Iterator[Hit]:
    """Return a hit for every request with reasons that none of these rules claims, equal ones together."""
    known = tuple(rules)
    by_item: dict[tuple[int, int | None], list[Refusal]] = {}
    for refusal in place.refusals:
        if refusal.rule != _NOT_LOOKED_AT and not any(
            rule.claims(refusal) for rule in known if _concerns(rule, place, refusal)
        ):
            by_item.setdefault((refusal.item.seq, refusal.item.index), []).append(refusal)
    groups: dict[Hashable, list[list[Refusal]]] = {}
    for reasons in by_item.values():
        what = frozenset((reason.path, reason.rule) for reason in reasons)
        groups.setdefault((reasons[0].item.event_type, what), []).append(reasons)
    for group in groups.values():
        details = list(dict.fromkeys(reason.detail for reason in group[0]))
        more = [f"and {len(details) - _MOST_DETAILS} more"] if len(details) > _MOST_DETAILS else []
        parts = [*(detail.removesuffix(".") for detail in details[:_MOST_DETAILS]), *more]
        first = group[0][0]._replace(detail=f"{'; '.join(parts)}.")
        severity = Severity.WARNING if first.status == _OUR_LIMIT else None
        yield Hit(
            seqs_of(*(reasons[0].item for reasons in group)),
            _sentence(first, len(group)),
            severity,
            consequence=_LOST[first.item.record.operation],
        )


def _concerns(rule: BodyRule, place: Case | Traffic, refusal: Refusal) -> bool:
    """Tell whether a rule is about the API that a request came to."""
    if not rule.dialects:
        return True
    words = place.words if isinstance(place, Case) else place.words(refusal.item.event.dialect)
    return words.api in rule.dialects


def _claimed(rule: BodyRule, place: Case | Traffic) -> Iterator[Hit]:
    """Return one hit for all refusals with the same event type, place and reason, in the words of the first."""
    groups: dict[Hashable, list[Refusal]] = {}
    for refusal in place.refusals:
        if _concerns(rule, place, refusal) and rule.claims(refusal):
            groups.setdefault((refusal.item.event_type, refusal.path, refusal.rule), []).append(refusal)
    for group in groups.values():
        severity = None if rule.severity is Severity.ERROR else Severity.ERROR
        message = _sentence(group[0], len(group))
        if rule.hint:
            message = f"{message.removesuffix('.')}; {rule.hint}."
        yield Hit(seqs_of(*(refusal.item for refusal in group)), message, severity)


def _sentence(refusal: Refusal, count: int) -> str:
    item, detail = refusal.item, refusal.detail
    what, several = (
        (f"{item.event_type} event", f"{item.event_type} events")
        if item.event_type
        else _UNTYPED[item.record.operation]
    )
    if count > 1:
        return f"{count} {several} were answered {refusal.status}: {detail}"
    place = "" if item.index is None else f" at place {item.index + 1} of a batch"
    return f"The {what}{place} was answered {refusal.status}: {detail}"
