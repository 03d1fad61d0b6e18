"""What a rule is, what it reports, and how a refused request is matched with its rule.

A refused event belongs to its session; a refused sessionStart or batch of downloaded content has none. A rule that
claims a refusal looks at both. ``http.refused`` reports what no rule claims, so every refusal has a
finding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from mockserver.model.event_types import EVENTS, names
from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Operation
from mockserver.rules.diagnose.refusals import Refusal
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import seqs_of
from mockserver.rules.playback import Step

__all__ = ["Hit", "Rule", "unclaimed"]

_OUR_LIMIT = 429
_MOST_DETAILS = 4
_NOT_LOOKED_AT = "more"
"""The rule of a violation that only notes that the rest of a long batch was not checked."""

_UNTYPED = {
    Operation.START: ("request for a session", "requests for a session"),
    Operation.DOWNLOAD: ("batch", "batches"),
    Operation.EVENT: ("event", "events"),
}

_LOST = {
    Operation.START: "No session is opened.",
    Operation.DOWNLOAD: "Nothing is reported.",
    Operation.EVENT: "The event is lost.",
}


class Hit(NamedTuple):
    """One place where a rule fires.

    Args:
        seqs: The journal entries concerned.
        message: One sentence: what was seen, and what to change in the player.
        severity: Another severity than the rule's, where it depends on what was seen.
        session_id: The session concerned; only from checks of all traffic, which name it themselves.
        consequence: What the mistake does to the reports, if that depends on what was seen.
    """

    seqs: tuple[int, ...]
    message: str
    severity: Severity | None = None
    session_id: str | None = None
    consequence: str | None = None


class Rule(NamedTuple):
    """One row of the catalogue. It has a check, a traffic check or a claim, or several of them.

    Args:
        code: ``family.name``, as in the findings.
        severity: How bad it is, unless a hit says otherwise.
        trigger: What makes it fire, in a few words, for the catalogue.
        consequence: What it does to the reports.
        source: Adobe's page, or whose traffic showed it.
        check: Finds the places in one session.
        tolerance: What it lets pass, and why.
        dialects: The names of the dialects whose clients can make the mistake; empty for all.
        traffic_check: Finds the places in all traffic of a namespace.
        claims: Whether it is about a refusal. Such a hit is always an error: the event is lost.
        hint: Further advice on a refusal, added to the reason in the answer.
        settled_by: Set for a rule that misjudges a session whose beginning was dropped: the event types after the
            first of which it is right again; empty if it never is.
    """

    code: str
    severity: Severity
    trigger: str
    consequence: str
    source: str
    check: Callable[[SessionTraffic], Iterable[Hit]] | None = None
    tolerance: str = ""
    dialects: tuple[str, ...] = ()
    traffic_check: Callable[[Traffic], Iterable[Hit]] | None = None
    claims: Callable[[Refusal], bool] | None = None
    hint: str = ""
    settled_by: tuple[str, ...] | None = None

    def in_session(self, session: SessionTraffic) -> Iterable[Hit]:
        """Find the places in one session."""
        checked = () if self.check is None else self.check(session)
        if self.settled_by is not None and session.lacks_beginning:
            checked = _after(session, self.settled_by, checked)
        return checked if self.claims is None or not session.refusals else (*self._claimed(session), *checked)

    def in_traffic(self, traffic: Traffic) -> Iterable[Hit]:
        """Find the places in all traffic of a namespace, except those inside one session."""
        checked = () if self.traffic_check is None else self.traffic_check(traffic)
        return checked if self.claims is None or not traffic.refusals else (*self._claimed(traffic), *checked)

    def is_about(self, refusal: Refusal, place: SessionTraffic | Traffic) -> bool:
        """Return whether the rule claims a refusal by the API that received the request."""
        if self.claims is None or not self.claims(refusal):
            return False
        words = place.words if isinstance(place, SessionTraffic) else place.words(refusal.item.event.dialect)
        return not self.dialects or words.api in self.dialects

    def _claimed(self, place: SessionTraffic | Traffic) -> Iterator[Hit]:
        """Return one hit for all refusals with the same event type, place and reason, in the words of the first."""
        groups: dict[Hashable, list[Refusal]] = {}
        for refusal in place.refusals:
            if self.is_about(refusal, place):
                groups.setdefault((refusal.item.event_type, refusal.path, refusal.rule), []).append(refusal)
        for group in groups.values():
            message = _sentence(group[0], len(group))
            if self.hint:
                message = f"{message.removesuffix('.')}; {self.hint}."
            yield Hit(seqs_of(*(refusal.item for refusal in group)), message, Severity.ERROR)


def _after(session: SessionTraffic, event_types: tuple[str, ...], hits: Iterable[Hit]) -> Iterator[Hit]:
    """Return the hits at events that are processed after the first one of these types whose place is certain."""
    settling = next((step for step in session.in_order(*event_types) if not _is_tied(session, step)), None)
    if settling is not None:
        later = {step.seq for step in session.steps[settling.n + 1 :]}
        yield from (hit for hit in hits if later.issuperset(hit.seqs))


def _is_tied(session: SessionTraffic, step: Step) -> bool:
    """Return whether it has the ts of a start, if it is an end, or of an end: what was open before sorts the two."""
    others = session.of(*names(EVENTS[step.event_type].family))
    return any(other.ts_ms == step.ts_ms and _starts(other) is not _starts(step) for other in others)


def _starts(step: Step) -> bool:
    return step.event_type.endswith("Start")


def unclaimed(rules: Iterable[Rule], place: SessionTraffic | Traffic) -> Iterator[Hit]:
    """Return a hit for every refused request with reasons that none of these rules claims, equal ones together."""
    known = tuple(rules)
    by_item: dict[tuple[int, int | None], list[Refusal]] = {}
    for refusal in place.refusals:
        if refusal.rule != _NOT_LOOKED_AT and not any(rule.is_about(refusal, place) for rule in known):
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
