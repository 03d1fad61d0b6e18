"""Rules about downloaded content: the flag and the endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import seqs_of
from mockserver.rules.timeline import Item

__all__ = ["RULES"]

_FLAG = "downloaded-flag"
"""The endpoint rule about media.downloaded, as a 400 answer names it."""


def _false_flag(session: SessionTraffic) -> Iterator[Hit]:
    if session.is_batch and session.params.get("media.downloaded") is False:
        yield Hit(
            seqs_of(session.start),
            "The sessionStart of downloaded content says media.downloaded false; send true, or leave it out.",
            Severity.WARNING,
        )


def _old_endpoint(place: SessionTraffic | Traffic) -> Iterator[Hit]:
    batches: list[Item] = [item for item in place.refused if item.index == 0]
    if isinstance(place, SessionTraffic) and place.is_batch and place.start is not None:
        batches.append(place.start.item)
    for item in batches:
        if item.record.target.partition("?")[0].rstrip("/").endswith("/sessions"):
            yield Hit(
                seqs_of(item), "Downloaded content was posted to /api/v1/sessions; post it to /api/v1/downloaded."
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "media.downloaded-live",
        Severity.ERROR,
        "media.downloaded true on a sessionStart that opens a live session",
        "400: no session is opened.",
        "Adobe, Track downloaded content",
        claims=lambda refusal: refusal.rule == _FLAG and refusal.item.index is None,
        tolerance="false, which Adobe's mobile SDKs always send",
    ),
    Rule(
        "downloaded.no-flag",
        Severity.ERROR,
        "an array posted to /sessions without media.downloaded true; a warning if false was accepted",
        "400: the whole batch is discarded.",
        "Adobe, Track downloaded content",
        _false_flag,
        "a batch posted to /downloaded without the key",
        claims=lambda refusal: refusal.rule == _FLAG and refusal.item.index is not None,
        dialects=("collection",),
    ),
    Rule(
        "downloaded.old-endpoint",
        Severity.INFO,
        "an array posted to /sessions",
        "Deprecated since 2021; Adobe plans to remove it.",
        "Adobe, Track downloaded content; Adobe's mobile SDKs still do it",
        _old_endpoint,
        traffic_check=_old_endpoint,
        dialects=("collection",),
    ),
)
