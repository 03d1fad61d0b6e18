"""Rules about downloaded content: the flag and the endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.case import Case, Hit, Rule, Traffic, TrafficRule
from mockserver.rules.diagnose.refusals import BodyRule, of_sessions, of_traffic, refusals
from mockserver.rules.diagnose.wording import seqs_of
from mockserver.rules.timeline import Item

__all__ = ["RULES", "TRAFFIC_RULES"]

_FLAG = "downloaded-flag"
"""The endpoint rule about media.downloaded that a 400 names."""


def _downloaded_live(place: Case | Traffic) -> Iterator[Hit]:
    for refusal in refusals(place):
        if refusal.rule == _FLAG and refusal.item.index is None:
            yield Hit(seqs_of(refusal.item), refusal.message())


def _no_flag(place: Case | Traffic) -> Iterator[Hit]:
    for refusal in refusals(place):
        if refusal.rule == _FLAG and refusal.item.index is not None:
            yield Hit(seqs_of(refusal.item), refusal.message())
    if isinstance(place, Case) and place.is_batch and place.params.get("media.downloaded") is False:
        yield Hit(
            seqs_of(place.start),
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


_BODY_RULES: tuple[BodyRule, ...] = (
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
    ),
    BodyRule(
        "downloaded.old-endpoint",
        Severity.INFO,
        "an array posted to /sessions",
        "Deprecated since 2021, and to be removed.",
        "Adobe, Track downloaded content; Adobe's mobile SDKs still do it",
        _old_endpoint,
    ),
)

RULES: tuple[Rule, ...] = of_sessions(_BODY_RULES)

TRAFFIC_RULES: tuple[TrafficRule, ...] = of_traffic(_BODY_RULES)
