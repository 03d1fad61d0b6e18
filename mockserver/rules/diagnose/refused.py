"""The rule for what was refused and is the matter of no other rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Operation, Outcome
from mockserver.rules.diagnose.addressing import is_of_player
from mockserver.rules.diagnose.case import Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.refusals import BodyRule, remaining
from mockserver.rules.diagnose.wording import listed, quoted

__all__ = ["general_rules"]

_TEXTS = (
    "http.refused",
    Severity.ERROR,
    "a request that was refused for a reason that no other rule is about, such as a missing key or a wrong type; a "
    "warning for a limit of this server, and for a schema that does not exist",
    "The event is lost, or no session is opened.",
    "Adobe, Media Collection API: Validating event requests",
)


def general_rules(others: Iterable[BodyRule]) -> tuple[Rule, TrafficRule]:
    """Make the rules, for sessions and for all traffic, about the reasons that no other rule claims."""
    rules = tuple(others)
    return (
        Rule(*_TEXTS, lambda case: remaining(rules, case)),
        TrafficRule(*_TEXTS, lambda traffic: (*remaining(rules, traffic), *_unread(traffic), *_schema(traffic))),
    )


def _unread(traffic: Traffic) -> Iterator[Hit]:
    groups: dict[str, list[int]] = {}
    for seq, record in traffic.records:
        if record.operation is Operation.OTHER and record.outcome is Outcome.INVALID and is_of_player(record):
            detail = " ".join(violation.detail for violation in record.violations)
            groups.setdefault(f"{record.method} {record.target[:100]} was refused: {detail}", []).append(seq)
    for message, seqs in groups.items():
        yield Hit(tuple(seqs), message, consequence="Nothing of it is reported.")


def _schema(traffic: Traffic) -> Iterator[Hit]:
    names: dict[str, list[int]] = {}
    for seq, record in traffic.records:
        missing = record.response is not None and record.response.status == 404
        if record.operation is Operation.SCHEMA and record.outcome is Outcome.ANSWERED and missing:
            names.setdefault(record.target.partition("?")[0].rstrip("/").rpartition("/")[2], []).append(seq)
    if names:
        seqs = sorted(seq for found in names.values() for seq in found)
        yield Hit(
            tuple(seqs),
            f"Schemas were asked for that do not exist: {listed([quoted(name) for name in names])}; a schema has the "
            "name of an event type.",
            Severity.WARNING,
            consequence="None in the reports.",
        )
