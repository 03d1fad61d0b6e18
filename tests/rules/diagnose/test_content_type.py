"""Rules about what content is declared to be."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose import playhead
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import fired, rules_about, said
from tests.playbacks import START_MS, case_of
from tests.tables import every_case

RULES = rules_about("media.live-as-vod", "media.type-contradiction")

WARNING = Severity.WARNING
NOON_S = START_MS // 1000 % 86_400
"""The second of the day in UTC at which test sessions begin."""


def viewing(first_s: float, **start: Any) -> SessionTraffic:
    events = [
        ("sessionStart", 0, first_s),
        ("play", 0.1, first_s),
        *(("ping", 10 * n, first_s + 10 * n) for n in (1, 2, 3)),
    ]
    return case_of(*events, start={f"media.{key}": value for key, value in start.items()})


@every_case("content_type", ["vod", "VOD", "ugc"])
def test_live_content_declared_as_on_demand_is_found_by_its_playhead(content_type: str) -> None:
    case = viewing(NOON_S, contentType=content_type, length=3600)

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("media.live-as-vod", WARNING)]
    assert said(RULES, case).startswith(
        f'media.contentType is "{content_type}", but the playhead, {NOON_S} s at play, is the second of the day in UTC'
    )
    assert fired(playhead.RULES, case) == []


def test_live_content_declared_as_on_demand_is_found_by_its_length() -> None:
    case = viewing(0, contentType="vod", length=86_400)

    assert fired(RULES, case) == [("media.live-as-vod", Severity.INFO, (1,))]
    assert said(RULES, case).startswith('media.contentType is "vod", but media.length is 86400, as for live content')


@every_case(
    ("first_s", "start"),
    [
        (NOON_S, {"contentType": "live", "length": 86_400}),
        (NOON_S - 40, {"contentType": "vod", "length": 86_399}),
        (0, {"contentType": "vod", "length": 60}),
    ],
    ids=["live", "another place", "from the beginning"],
)
def test_content_of_its_declared_type_is_fine(first_s: float, start: dict[str, Any]) -> None:
    assert fired(RULES, viewing(first_s, **start)) == []


@every_case(("content", "stream"), [("song", "video"), ("Radio", "video"), ("aod", "video"), ("dvod", "audio")])
def test_types_that_contradict_each_other_are_found(content: str, stream: str) -> None:
    assert fired(RULES, viewing(0, contentType=content, streamType=stream)) == [
        ("media.type-contradiction", WARNING, (1,))
    ]


@every_case(
    ("content", "stream"),
    [("song", "audio"), ("podcast", "video"), ("vod", "audio"), ("live", "audio"), ("linear", "video")],
)
def test_types_that_go_together_are_fine(content: str, stream: str) -> None:
    assert fired(RULES, viewing(0, contentType=content, streamType=stream)) == []
