"""How the catalogue is applied: equal mistakes are one finding."""

from __future__ import annotations

from typing import Any

from mockserver.rules.diagnose.run import diagnose_session
from tests.playbacks import AD, BREAK, Event, case_of


def ads_never_closed(count: int) -> list[Event]:
    ads: list[Event] = [("adStart", 1 + n, 0, {**AD, "media.ad.podPosition": n + 1}) for n in range(count)]
    return [("adBreakStart", 1, 0, BREAK), *ads, ("adBreakComplete", 1 + count, 0), ("play", 1 + count, 0)]


def found(code: str, *events: Event, **members: Any) -> list[tuple[str, int]]:
    return [
        (finding.message, len(finding.seqs))
        for finding in diagnose_session(case_of(*events, **members))
        if finding.code == code
    ]


def test_a_mistake_in_every_ad_is_one_finding() -> None:
    ((message, entries),) = found("ad.not-closed", *ads_never_closed(8))

    assert message.startswith('adStart was sent while ad "ad-1" was open; close an ad with adComplete ')
    assert message.endswith(" (and 7 more like this).")
    assert entries == 9


def test_a_mistake_in_three_ads_is_three_findings() -> None:
    assert len(found("ad.not-closed", *ads_never_closed(3))) == 3
