"""What the codes of issues mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.formats.judgement import RuleText
from mockserver.model.comparison import ChangeKind
from mockserver.model.finding import Severity
from mockserver.model.plan_result import CheckKind
from mockserver.rules.diagnose.catalogue import RULES

__all__ = ["DROPPED", "MISSED", "rule_texts"]

_DIFFERENCES: Mapping[ChangeKind, str] = {
    "event": "an event has no counterpart in the other recording",
    "key": "a key of an event has another value, or is there in one recording only",
    "playhead": "an event occurs at another playhead than before",
    "time": "an event occurs at another time of the session than before",
    "interval": "pings are sent more often or less often than before",
    "pings": "there are more or fewer pings than before",
    "metric": "the report shows another number than before",
    "finding": "a rule fires in one recording only, or with another severity",
}
_DEMANDS: Mapping[CheckKind, str] = {
    "content": "a session fits no content of the tracking plan",
    "sessions": "a content of the tracking plan has too many or too few sessions",
    "event": "there are too many or too few events of a kind",
    "key": "a key of an event is not as the tracking plan says",
    "sequence": "events do not follow the order of the tracking plan",
    "state": "a player state is not as the tracking plan says",
    "chapter": "a chapter is not as the tracking plan says",
    "never": "an event occurs that the tracking plan forbids",
    "unplanned": "something occurs that the tracking plan does not name",
    "finding": "there is a mistake that the tracking plan does not allow",
    "expectation": "an expectation of all traffic is not met",
}
DROPPED = RuleText(
    code="journal.dropped",
    severity=Severity.ERROR,
    trigger="requests were dropped to stay within the limits, and what is left does not prove that nothing is wrong",
)
MISSED = RuleText(
    code="story.expectation", severity=Severity.ERROR, trigger="a player does not do what a story expects of it"
)


def rule_texts() -> Iterator[RuleText]:
    """Yield what every code means: of findings, of demands of a plan, of differences, and of what a command adds."""
    for rule in RULES:
        yield RuleText(
            code=rule.code,
            severity=rule.severity,
            trigger=rule.trigger,
            consequence=rule.consequence,
            source=rule.source,
        )
    for kind, trigger in _DEMANDS.items():
        yield RuleText(code=f"plan.{kind}", severity=Severity.ERROR, trigger=trigger)
    for kind_of_change, trigger in _DIFFERENCES.items():
        yield RuleText(code=f"compare.{kind_of_change}", severity=Severity.ERROR, trigger=trigger)
    yield RuleText(
        code="compare.session", severity=Severity.ERROR, trigger="a session has no counterpart in the other recording"
    )
    yield DROPPED
    yield MISSED
