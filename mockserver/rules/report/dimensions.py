"""Dimensions of sessions, ads and chapters: request keys as context data variables.

Source: Adobe, Streaming Media guide, one page per dimension, and "Custom metadata". Generated ids are a hash and an
index; the pages disagree about what is hashed, and a hash carries no meaning, so the content id is used here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.rules.playback import Step
from mockserver.rules.report.played_session import PlayedSession

__all__ = ["ad_dimensions", "built_in_segments", "chapter_dimensions", "session_dimensions"]

_CONTENT = {
    "media.id": "a.media.name",
    "media.name": "a.media.friendlyName",
    "media.length": "a.media.length",
    "media.streamType": "a.media.streamType",
    "media.playerName": "a.media.playerName",
    "media.channel": "a.media.channel",
    "media.sdkVersion": "appVersion",
    "media.show": "a.media.show",
    "media.season": "a.media.season",
    "media.episode": "a.media.episode",
    "media.assetId": "a.media.asset",
    "media.firstAirDate": "a.media.airDate",
    "media.firstDigitalDate": "a.media.digitalDate",
    "media.rating": "a.media.rating",
    "media.originator": "a.media.originator",
    "media.network": "a.media.network",
    "media.showType": "a.media.type",
    "media.adLoad": "a.media.adLoad",
    "media.pass.mvpd": "a.media.pass.mvpd",
    "media.pass.auth": "a.media.pass.auth",
    "media.dayPart": "a.media.dayPart",
    "media.feed": "a.media.feed",
    "media.streamFormat": "a.media.format",
    "media.artist": "a.media.artist",
    "media.album": "a.media.album",
    "media.label": "a.media.label",
    "media.author": "a.media.author",
    "media.station": "a.media.station",
    "media.publisher": "a.media.publisher",
}

_AD = {
    "media.ad.id": "a.media.ad.name",
    "media.ad.name": "a.media.ad.friendlyName",
    "media.ad.length": "a.media.ad.length",
    "media.ad.playerName": "a.media.ad.playerName",
    "media.ad.podPosition": "a.media.ad.podPosition",
    "media.ad.podFriendlyName": "a.media.ad.podFriendlyName",
    "media.ad.podSecond": "a.media.ad.podSecond",
    "media.ad.advertiser": "a.media.ad.advertiser",
    "media.ad.campaignId": "a.media.ad.campaign",
    "media.ad.creativeId": "a.media.ad.creative",
    "media.ad.siteId": "a.media.ad.site",
    "media.ad.creativeURL": "a.media.ad.creativeURL",
    "media.ad.placementId": "a.media.ad.placement",
}

_CHAPTER = {
    "media.chapter.index": "a.media.chapter.position",
    "media.chapter.offset": "a.media.chapter.offset",
    "media.chapter.length": "a.media.chapter.length",
    "media.chapter.friendlyName": "a.media.chapter.friendlyName",
}

_NO_CONTENT_TYPE = "missing_content_type"


def session_dimensions(played: PlayedSession) -> dict[str, Any]:
    """Return the dimensions of the session. Genres are comma-separated in the request, items in reports."""
    found: dict[str, Any] = {"a.media.vsid": played.session_id} if played.session_id else {}
    if played.start is None:
        return found
    params = played.params
    found |= _renamed(params, _CONTENT)
    found["a.contentType"] = params.get("media.contentType") or _NO_CONTENT_TYPE
    if isinstance(genre := params.get("media.genre"), str):
        found["a.media.genre"] = tuple(item.strip() for item in genre.split(",") if item.strip())
    return found | _custom(played.start.meta)


def ad_dimensions(played: PlayedSession, start: Step, pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dimensions of an ad. The custom metadata of the session is merged in.

    Args:
        played: The session.
        start: Its adStart.
        pod: The params of its ad break; clients send the name of the pod with the break or with the ad.
    """
    params = {**pod, **start.params}
    found = _renamed(params, _AD)
    found["a.media.ad.pod"] = _generated_id(played, params.get("media.ad.podIndex"))
    return found | _merged(played, start)


def chapter_dimensions(played: PlayedSession, start: Step) -> dict[str, Any]:
    """Return the dimensions of a chapter. The custom metadata of the session is merged in."""
    found = _renamed(start.params, _CHAPTER)
    found["a.media.chapter.name"] = _generated_id(played, start.params.get("media.chapter.index"))
    return found | _merged(played, start)


def built_in_segments(played: PlayedSession) -> Iterator[str]:
    """Return the built-in segments the session falls in (Adobe, "Streaming Media segments"), ignoring case."""
    params = played.params
    if not params.get("media.id"):
        return
    yield "all media"
    stream_type = str(params.get("media.streamType")).lower()
    if stream_type in ("audio", "video"):
        yield stream_type
    content_type = str(params.get("media.contentType")).lower()
    if content_type in ("vod", "live", "linear"):
        yield content_type


def _renamed(params: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {key: params[name] for name, key in names.items() if params.get(name) is not None}


def _merged(played: PlayedSession, start: Step) -> dict[str, Any]:
    session = {} if played.start is None else _custom(played.start.meta)
    return session | _custom(start.meta)


def _custom(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {f"c.{key}": value for key, value in meta.items()}


def _generated_id(played: PlayedSession, index: Any) -> str:
    content_id = str(played.params.get("media.id", ""))
    return f"{hashlib.md5(content_id.encode(), usedforsecurity=False).hexdigest()}_{index}"
