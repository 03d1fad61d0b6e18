"""The tables of keys: what each event of the Media Edge API may carry, and what each key is in the normal shape.

This is the one table from which the JSON Schemas, the reading of events, the sentences about refused ones and the page
``docs/edge.md`` are made. Sources, in order:

* AdobeDocs/data-collection-apis ``static/media-edge.yaml`` (2026): names, types, requiredness.
* Adobe, Media Edge API, the endpoint pages (same repository, ``src/pages/endpoints/media``).
* adobe/xdm ``components/datatypes``: minimums, patterns and closed sets of values.
* The field: THEOplayer/react-native-connectors, ``adobe-edge/CHANGELOG.md``, for what Adobe's servers really refused.
* AdobeDocs/media-analytics.en ``implementation/variables``: the key of the Media Collection API for each XDM field.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

__all__ = [
    "AD",
    "BLOCKS",
    "ERROR",
    "EVENTS",
    "ISO_EXAMPLE",
    "MAX_PLAYHEAD_S",
    "QOE",
    "SERVER_ONLY",
    "SID_LENGTH",
    "STATE_NAME_PATTERN",
    "Block",
    "EventKeys",
    "Key",
    "ValueType",
]

ValueType = Literal["string", "integer", "boolean"]
"""The JSON type of a value."""

MAX_PLAYHEAD_S = 86_400
"""Largest playhead: "Playhead must be in range [0, 86400] seconds" (an answer of Adobe's servers, quoted in
THEOplayer's changelog of 1.3.1)."""

SID_LENGTH = 64
"""Length of a session id; another one is answered "InvalidApiSidLength" (AdobeDocs/cja-apis, troubleshooting)."""

ISO_EXAMPLE = "2026-05-04T20:15:30.123Z"
"""An example of a time as the API requires it."""

STATE_NAME_PATTERN = r"^[a-zA-Z0-9_.]{1,64}$"
"""The pattern of the name of a player state (media-edge.yaml)."""


class Key(msgspec.Struct, frozen=True):
    """One member of a block.

    Args:
        name: As on the wire.
        normal: Its name in the normal shape, a key of ``params`` or of ``qoeData``.
        type: The JSON type of the value.
        meaning: Its purpose, with the unit; reads on after "send an integer, ".
        required: Whether the block is invalid without it.
        values: The only valid values; empty for any.
        least: The least number.
        shortest: The least length of a text.
        per_unit: How many units of the normal shape make one unit on the wire.
    """

    name: str
    normal: str
    type: ValueType
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    least: int | None = None
    shortest: int | None = None
    per_unit: int = 1


class Block(msgspec.Struct, frozen=True):
    """One object in ``mediaCollection``.

    Args:
        name: As on the wire.
        part: Where its keys are in the normal shape.
        keys: Its keys.
    """

    name: str
    part: Literal["params", "qoeData"]
    keys: tuple[Key, ...]


class EventKeys(msgspec.Struct, frozen=True):
    """What one event type carries in ``mediaCollection`` beside ``playhead``, ``sessionID`` and ``qoeDataDetails``.

    Args:
        block: The object it needs; None for none.
        metadata: Whether it may have ``customMetadata``.
        barred: Blocks that it must not have.
    """

    block: Block | None = None
    metadata: bool = False
    barred: tuple[str, ...] = ()


def _text(name: str, normal: str, meaning: str, *, required: bool = False) -> Key:
    return Key(name, normal, "string", meaning, required)


_SESSION = Block(
    "sessionDetails",
    "params",
    (
        Key("name", "media.id", "string", "the unique id of the content", required=True, shortest=1),
        Key("length", "media.length", "integer", "the length of the content in seconds, 86400 for live", required=True),
        _text(
            "contentType", "media.contentType", 'the kind of stream, such as "vod", "live" or "linear"', required=True
        ),
        _text("playerName", "media.playerName", "the name of the player that renders the content", required=True),
        _text("channel", "media.channel", "the channel of distribution: a site, an app or a property", required=True),
        _text("friendlyName", "media.name", "the readable name of the content"),
        Key("streamType", "media.streamType", "string", '"video" or "audio"', values=("video", "audio")),
        _text("appVersion", "media.sdkVersion", "the version of the player or the app"),
        Key("hasResume", "media.resume", "boolean", "whether the viewer resumes an earlier session"),
        Key("isDownloaded", "media.downloaded", "boolean", "whether downloaded content is played"),
        _text("show", "media.show", "the name of the programme or series"),
        _text("season", "media.season", "the number of the season"),
        _text("episode", "media.episode", "the number of the episode"),
        _text("assetID", "media.assetId", "the id of the asset, such as its EIDR"),
        _text("genre", "media.genre", "the genre"),
        _text("firstAirDate", "media.firstAirDate", "the date of the first broadcast"),
        _text("firstDigitalDate", "media.firstDigitalDate", "the date of the first digital release"),
        _text("rating", "media.rating", "the parental rating"),
        _text("originator", "media.originator", "the creator of the content"),
        _text("network", "media.network", "the name of the network"),
        _text("showType", "media.showType", '"0" to "3" for full episode, preview, clip or other'),
        _text("adLoad", "media.adLoad", "the kind of ads loaded"),
        _text("mvpd", "media.pass.mvpd", "the provider given by Adobe authentication"),
        _text("authorized", "media.pass.auth", '"true" once the viewer is authorized'),
        _text("dayPart", "media.dayPart", "the time of day of the broadcast"),
        _text("feed", "media.feed", 'the kind of feed, such as "West-HD"'),
        _text("streamFormat", "media.streamFormat", 'the format of the stream, such as "HD"'),
        _text("artist", "media.artist", "the artist"),
        _text("album", "media.album", "the album"),
        _text("label", "media.label", "the record label"),
        _text("author", "media.author", "the author"),
        _text("station", "media.station", "the radio station"),
        _text("publisher", "media.publisher", "the publisher of the content"),
    ),
)

_POD = Block(
    "advertisingPodDetails",
    "params",
    (
        Key("index", "media.ad.podIndex", "integer", "the number of the ad break in the content", required=True),
        Key(
            "offset", "media.ad.podSecond", "integer", "the second of the content at which the break starts",
            required=True,
        ),
        _text("friendlyName", "media.ad.podFriendlyName", "the readable name of the ad break"),
    ),
)  # fmt: skip

AD = Block(
    "advertisingDetails",
    "params",
    (
        _text("name", "media.ad.id", "the id of the ad", required=True),
        Key("length", "media.ad.length", "integer", "the length of the ad in seconds", required=True),
        Key(
            "podPosition", "media.ad.podPosition", "integer", "the place of the ad inside its break", required=True,
            least=0,
        ),
        _text("playerName", "media.ad.playerName", "the name of the player that renders the ad", required=True),
        _text("friendlyName", "media.ad.name", "the readable name of the ad"),
        _text("advertiser", "media.ad.advertiser", "the company or brand in the ad"),
        _text("campaignID", "media.ad.campaignId", "the id of the campaign"),
        _text("creativeID", "media.ad.creativeId", "the id of the creative"),
        _text("creativeURL", "media.ad.creativeURL", "the URL of the creative"),
        _text("placementID", "media.ad.placementId", "the id of the placement"),
        _text("siteID", "media.ad.siteId", "the id of the ad site"),
    ),
)  # fmt: skip
"""The ad of an adStart."""

_CHAPTER = Block(
    "chapterDetails",
    "params",
    (
        Key("index", "media.chapter.index", "integer", "the number of the chapter in the content", required=True),
        Key("length", "media.chapter.length", "integer", "the length of the chapter in seconds", required=True),
        Key("offset", "media.chapter.offset", "integer", "the second of the content at which it starts", required=True),
        _text("friendlyName", "media.chapter.friendlyName", "the readable name of the chapter"),
    ),
)

ERROR = Block(
    "errorDetails",
    "qoeData",
    (
        _text("name", "media.qoe.errorID", "the id of the error", required=True),
        Key(
            "source", "media.qoe.errorSource", "string", 'where the error happened, "player" or "external"',
            required=True, values=("player", "external"),
        ),
    ),
)  # fmt: skip
"""The error of an error event."""

QOE = Block(
    "qoeDataDetails",
    "qoeData",
    (
        Key("bitrate", "media.qoe.bitrate", "integer", "the bitrate that is playing"),
        Key("droppedFrames", "media.qoe.droppedFrames", "integer", "the frames dropped since the session started"),
        Key("framesPerSecond", "media.qoe.framesPerSecond", "integer", "the frame rate, rounded"),
        Key(
            "timeToStart", "media.qoe.timeToStart", "integer",
            "the time from the request to play to the first frame in seconds", per_unit=1000,
        ),
    ),
)  # fmt: skip
"""The quality of experience, which every event may have."""

BLOCKS: tuple[Block, ...] = (_SESSION, _POD, AD, _CHAPTER, ERROR, QOE)
"""All blocks; in the normal shape no two of them share a key."""

EVENTS: Mapping[str, EventKeys] = MappingProxyType(
    {
        "sessionStart": EventKeys(_SESSION, metadata=True),
        "play": EventKeys(),
        "ping": EventKeys(),
        "pauseStart": EventKeys(),
        "bufferStart": EventKeys(),
        # Adobe, Media Edge API, bitrateChange: its qoeDataDetails may be empty.
        "bitrateChange": EventKeys(QOE),
        "error": EventKeys(ERROR),
        "adBreakStart": EventKeys(_POD),
        # Adobe, Media Edge API, adBreakComplete and adComplete: "not allowed".
        "adBreakComplete": EventKeys(barred=(_POD.name,)),
        "adStart": EventKeys(AD, metadata=True),
        "adComplete": EventKeys(barred=(AD.name,)),
        "adSkip": EventKeys(),
        "chapterStart": EventKeys(_CHAPTER, metadata=True),
        "chapterComplete": EventKeys(),
        "chapterSkip": EventKeys(),
        "sessionComplete": EventKeys(),
        "sessionEnd": EventKeys(),
        "statesUpdate": EventKeys(),
    }
)
"""The keys of every event type of ``/va/v1``, in the order of the vocabulary."""

SERVER_ONLY: frozenset[str] = frozenset(
    {
        "ID", "adCount", "averageMinuteAudience", "bitrateAverage", "bitrateAverageBucket", "bitrateChangeCount",
        "bufferCount", "bufferTime", "chapterCount", "errorCount", "estimatedStreams", "hasPauseImpactedStreams",
        "hasProgress10", "hasProgress25", "hasProgress50", "hasProgress75", "hasProgress95", "hasSegmentView",
        "isCompleted", "isFederated", "isPlayed", "isStarted", "isViewed", "pauseCount", "pauseTime", "pccr", "pev3",
        "secondsSinceLastCall", "segment", "sessionTimeout", "states", "timePlayed", "totalTimePlayed",
        "uniqueTimePlayed",
    }
)  # fmt: skip
"""Fields that only Adobe's servers fill in (Adobe, Install Media Analytics with Experience Platform Edge, the fields to
hide; adobe/xdm, the data types of mediaReporting)."""
