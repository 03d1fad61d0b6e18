"""Rules about what a sessionStart says about the content."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from tests.firings import fired, rules_about, said
from tests.playbacks import AD, BREAK, case_of
from tests.tables import every_case

RULES = rules_about(
    "media.id-placeholder",
    "media.length-invalid",
    "media.length-live",
    "media.length-ms",
    "media.length-is-ad",
    "media.contentType-case",
    "media.streamType",
    "media.channel-placeholder",
    "media.playerName-placeholder",
    "media.showType",
    "media.date-format",
    "media.pass-auth",
)

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def start(**params: Any) -> dict[str, Any]:
    return {f"media.{name}": value for name, value in params.items()}


LIVE = start(contentType="live", length=86400)


def test_a_good_session_start_is_fine() -> None:
    assert fired(RULES, case_of()) == []


@every_case(
    ("code", "severity", "params", "seen"),
    [
        ("media.id-placeholder", ERROR, start(id=""), 'media.id is ""'),
        ("media.id-placeholder", ERROR, start(id="N/A"), '"N/A"'),
        ("media.id-placeholder", ERROR, start(id="undefined"), '"undefined"'),
        ("media.id-placeholder", ERROR, start(id="null"), '"null"'),
        ("media.id-placeholder", ERROR, start(id="[object Object]"), '"[object Object]"'),
        ("media.length-invalid", ERROR, start(length=0), "media.length is 0;"),
        ("media.length-invalid", ERROR, start(length=-1), "media.length is -1;"),
        ("media.length-invalid", ERROR, {**LIVE, **start(length=-1)}, "send 86400 for live"),
        ("media.length-ms", ERROR, start(length=5_400_000), "media.length is 5400000 s"),
        ("media.contentType-case", INFO, start(contentType="VOD"), 'is "VOD"; send "vod"'),
        (
            "media.contentType-case",
            INFO,
            start(contentType="film"),
            'is "film"; send one of "vod", "live" and "linear"',
        ),
        ("media.contentType-case", INFO, start(contentType="Linear"), 'send "linear"'),
        ("media.streamType", WARNING, {"media.streamType": None}, "media.streamType is missing"),
        ("media.streamType", WARNING, start(streamType="hls"), 'media.streamType is "hls"'),
        ("media.channel-placeholder", WARNING, start(channel="N/A"), 'media.channel is "N/A"; send the site'),
        ("media.channel-placeholder", WARNING, start(channel=""), 'media.channel is ""'),
        ("media.playerName-placeholder", WARNING, start(playerName="unknown"), 'media.playerName is "unknown"'),
        ("media.showType", INFO, start(showType="4"), 'media.showType is "4"'),
        ("media.showType", INFO, start(showType="clip"), 'media.showType is "clip"'),
        ("media.date-format", INFO, start(firstAirDate="1.2.2026"), 'media.firstAirDate "1.2.2026"'),
        (
            "media.date-format",
            INFO,
            start(firstAirDate="2026-13-01", firstDigitalDate="2026"),
            'media.firstAirDate "2026-13-01" and media.firstDigitalDate "2026"',
        ),
        ("media.pass-auth", INFO, {"media.pass.auth": "false"}, 'media.pass.auth is "false"'),
    ],
)
def test_a_wrong_value_is_found_and_shown(code: str, severity: Severity, params: dict[str, Any], seen: str) -> None:
    case = case_of(start=params)

    assert fired(RULES, case) == [(code, severity, (1,))]
    assert seen in said(RULES, case)


@every_case(
    "params",
    [
        start(id="null-island"),
        start(id="0"),
        start(length=0.5),
        start(length=86400),
        LIVE,
        start(contentType="linear", length=3600),
        start(contentType="podcast", streamType="audio"),
        start(channel="unknown pleasures"),
        start(playerName="N"),
        start(showType="0"),
        start(firstAirDate="2026-02-28", firstDigitalDate=""),
        {"media.pass.auth": "TRUE"},
        {"media.pass.auth": "true"},
    ],
)
def test_a_value_that_only_looks_wrong_is_fine(params: dict[str, Any]) -> None:
    assert fired(RULES, case_of(start=params)) == []


def test_a_length_equal_to_that_of_the_first_ad_is_found() -> None:
    case = case_of(("adBreakStart", 1, 0, BREAK), ("adStart", 1, 0, AD), start=start(length=15))

    assert fired(RULES, case) == [("media.length-is-ad", WARNING, (1, 3))]
    assert said(RULES, case).startswith("media.length is 15 s, as long as the first ad;")


def test_a_length_equal_to_that_of_a_later_ad_is_chance() -> None:
    second = {**AD, "media.ad.length": 60, "media.ad.podPosition": 2}
    case = case_of(("adBreakStart", 1, 0, BREAK), ("adStart", 1, 0, AD), ("adStart", 16, 0, second))

    assert fired(RULES, case) == []


def test_two_ads_of_length_0_do_not_explain_content_of_length_0() -> None:
    ad = {**AD, "media.ad.length": 0}
    case = case_of(("adBreakStart", 1, 0, BREAK), ("adStart", 1, 0, ad), start=start(length=0))

    assert [code for code, _, _ in fired(RULES, case)] == ["media.length-invalid"]


def test_a_session_whose_start_was_never_seen_has_no_wrong_fields() -> None:
    case = case_of()
    case.steps = []

    assert fired(RULES, case) == []


KNOWN_LENGTH = {"media.contentType": "live", "media.length": 3600}


def test_a_live_length_that_the_playhead_does_not_fit_is_found() -> None:
    case = case_of(("play", 1, 44_400), ("ping", 11, 44_410), start=KNOWN_LENGTH)

    assert [code for code, *_ in fired(RULES, case)] == ["media.length-live"]
    assert "count the playhead from 0" in said(RULES, case)


@every_case(
    ("start", "playhead_s"),
    [
        (KNOWN_LENGTH, 0),
        ({**KNOWN_LENGTH, "media.length": 86_400}, 44_400),
        ({**KNOWN_LENGTH, "media.contentType": "linear"}, 44_400),
    ],
    ids=["from 0", "unknown length", "linear"],
)
def test_a_live_length_that_fits_the_playhead_is_fine(start: dict[str, Any], playhead_s: float) -> None:
    assert fired(RULES, case_of(("play", 1, playhead_s), ("ping", 11, playhead_s + 10), start=start)) == []
