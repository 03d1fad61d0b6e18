from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.playbacks import AD, BREAK, CHAPTER
from tests.reports import Reports
from tests.tables import every_case

MD5 = hashlib.md5(b"clip-7").hexdigest()


def test_dimensions_are_named_by_context_data_variables(reports: Reports) -> None:
    report = reports(
        start={
            "media.genre": "Drama, Comedy,",
            "media.showType": "1",
            "media.assetId": "asset",
            "media.firstAirDate": "2020-01-30",
            "media.sdkVersion": "app 7",
            "media.streamFormat": "short",
        }
    )
    expected = {
        "a.media.vsid": report.session_id,
        "a.media.name": "clip-7",
        "a.media.friendlyName": "Clip 7",
        "a.contentType": "vod",
        "a.media.streamType": "video",
        "a.media.length": 60,
        "a.media.playerName": "player",
        "a.media.channel": "channel",
        "a.media.genre": ("Drama", "Comedy"),
        "a.media.type": "1",
        "a.media.asset": "asset",
        "a.media.airDate": "2020-01-30",
        "a.media.format": "short",
        "appVersion": "app 7",
    }
    assert report.dimensions == expected


def test_empty_content_type_is_reported_as_missing(reports: Reports) -> None:
    assert reports(start={"media.contentType": ""}).dimensions["a.contentType"] == "missing_content_type"


def test_ad_has_its_own_dimensions_those_of_its_break_and_a_generated_pod_id(reports: Reports) -> None:
    pod = {"media.ad.podIndex": 2, "media.ad.podSecond": 30, "media.ad.podFriendlyName": "mid"}
    ad = {**AD, "media.ad.name": "Ad", "media.ad.campaignId": "c", "media.ad.creativeURL": "u"}
    dimensions = reports(("adBreakStart", 30, 30, pod), ("adStart", 30, 30, ad)).ads[0].dimensions
    assert dimensions == {
        "a.media.ad.name": "ad-1",
        "a.media.ad.friendlyName": "Ad",
        "a.media.ad.length": 15,
        "a.media.ad.playerName": "player",
        "a.media.ad.podPosition": 1,
        "a.media.ad.podFriendlyName": "mid",
        "a.media.ad.podSecond": 30,
        "a.media.ad.campaign": "c",
        "a.media.ad.creativeURL": "u",
        "a.media.ad.pod": f"{MD5}_2",
    }


def test_chapter_has_its_own_dimensions_and_a_generated_id(reports: Reports) -> None:
    chapter = {**CHAPTER, "media.chapter.friendlyName": "One"}
    assert reports(("chapterStart", 1, 0, chapter)).chapters[0].dimensions == {
        "a.media.chapter.position": 1,
        "a.media.chapter.offset": 0,
        "a.media.chapter.length": 20,
        "a.media.chapter.friendlyName": "One",
        "a.media.chapter.name": f"{MD5}_1",
    }


def test_custom_metadata_of_the_session_goes_to_ads_and_chapters_but_not_back(reports: Reports) -> None:
    report = reports(
        ("sessionStart", 0, 0, None, None, {"user": "anna", "shared": "session"}),
        ("adBreakStart", 1, 0, BREAK),
        ("adStart", 1, 0, AD, None, {"shared": "ad"}),
        ("adBreakComplete", 2, 0),
        ("chapterStart", 3, 0, CHAPTER, None, {"part": "1"}),
    )

    def custom(dimensions: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in dimensions.items() if key.startswith("c.")}

    assert custom(report.dimensions) == {"c.user": "anna", "c.shared": "session"}
    assert custom(report.ads[0].dimensions) == {"c.user": "anna", "c.shared": "ad"}
    assert custom(report.chapters[0].dimensions) == {"c.user": "anna", "c.shared": "session", "c.part": "1"}


@every_case(
    ("start", "segments"),
    [
        ({}, ("all media", "video", "vod")),
        ({"media.streamType": "audio", "media.contentType": "Live"}, ("all media", "audio", "live")),
        ({"media.streamType": None, "media.contentType": "linear"}, ("all media", "linear")),
        ({"media.contentType": "podcast"}, ("all media", "video")),
        ({"media.id": ""}, ()),
    ],
    ids=["vod", "live audio", "no stream type", "podcast", "no id"],
)
def test_session_falls_into_built_in_segments(
    reports: Reports, start: dict[str, Any], segments: tuple[str, ...]
) -> None:
    assert reports(start=start).built_in_segments == segments
