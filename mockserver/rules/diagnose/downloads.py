"""Rules about downloaded content: the flag and the endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.reasons import Refusal
from mockserver.rules.diagnose.refusals import BodyRule, of_sessions, of_traffic
from mockserver.rules.diagnose.wording import seqs_of
from mockserver.rules.timeline import Item

__all__ = ["BODY_RULES", "RULES", "TRAFFIC_RULES"]

_FLAG = "downloaded-flag"
"""The endpoint rule about media.downloaded that a 400 names."""


def _downloaded_live(refusal: Refusal) -> bool:
    return refusal.rule == _FLAG and refusal.item.index is None


def _no_flag(refusal: Refusal) -> bool:
    return refusal.rule == _FLAG and refusal.item.index is not None


def _false_flag(case: Case) -> Iterator[Hit]:
    if case.is_batch and case.params.get("media.downloaded") is False:
        yield Hit(
            seqs_of(case.start),
            "The sessionStart of downloaded content says media.downloaded false; send true, or leave it out.",
            Severity.WARNING,
        )


def _old_endpoint(place: Case | Traffic) -> Iterator[Hit]:
    batches: list[Item] = [item for item in place.refused if item.index == 0]
    if isinstance(place, Case) and place.is_batch and place.start is not None:
        batches.append(place.start.item)
    for item in batches:
        if item.record.target.partition("?")[0].rstrip("/").endswith("/sessions"):
            yield Hit(
                seqs_of(item), "Downloaded content was posted to /api/v1/sessions; post it to /api/v1/downloaded."
            )


BODY_RULES: tuple[BodyRule, ...] = (
    BodyRule(
        "media.downloaded-live",
        Severity.ERROR,
        "media.downloaded true on a sessionStart that opens a live session",
        "400: no session is opened.",
        "Adobe, Track downloaded content",
        _downloaded_live,
        "false, which Adobe's mobile SDKs always send",
    ),
    BodyRule(
        "downloaded.no-flag",
        Severity.ERROR,
        "an array posted to /sessions without media.downloaded true; a warning where false was accepted",
        "400: the whole batch is discarded.",
        "Adobe, Track downloaded content",
        _no_flag,
        "a batch posted to /downloaded without the key",
        _false_flag,
        dialects=("collection",),
    ),
)

_OLD_ENDPOINT = (
    "downloaded.old-endpoint",
    Severity.INFO,
    "an array posted to /sessions",
    "Deprecated since 2021, and to be removed.",
    "Adobe, Track downloaded content; Adobe's mobile SDKs still do it",
    _old_endpoint,
)

RULES: tuple[Rule, ...] = (*of_sessions(BODY_RULES), Rule(*_OLD_ENDPOINT, dialects=("collection",)))

TRAFFIC_RULES: tuple[TrafficRule, ...] = (
    *of_traffic(BODY_RULES),
    TrafficRule(*_OLD_ENDPOINT, dialects=("collection",)),
)
