"""The rule about bodies whose keys were renamed on their way out of the player."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.reasons import renamed_event_type
from mockserver.rules.diagnose.wording import counted, listed, quoted, seqs_of

__all__ = ["RULES", "TRAFFIC_RULES"]


def _renamed(place: Case | Traffic) -> Iterator[Hit]:
    found = [item for item in place.refused if renamed_event_type(item.event.sent) is not None]
    if found:
        body = found[0].event.sent
        key = renamed_event_type(body)
        others = listed([quoted(name) for name in body if name != key])
        yield Hit(
            seqs_of(*found),
            f"{counted(len(found), 'request')} had {quoted(key)} in place of eventType, and no playerTime but "
            f"{others}: the keys were renamed on their way; keep minifiers and serialisers from renaming the keys of "
            "the API.",
        )


_TEXTS = (
    "http.renamed-keys",
    Severity.ERROR,
    "a refused body with neither eventType nor playerTime, in which another key holds an event type",
    "400: all of them are lost.",
    "our reading: release builds rename the members of classes (ProGuard, R8, property mangling of minifiers)",
)
_TOLERANCE = "a body in which only one of the two is missing or misspelled; bodies of the Media Edge API"

RULES: tuple[Rule, ...] = (Rule(*_TEXTS, _renamed, _TOLERANCE, ("collection",)),)
TRAFFIC_RULES: tuple[TrafficRule, ...] = (TrafficRule(*_TEXTS, _renamed, _TOLERANCE, ("collection",)),)
