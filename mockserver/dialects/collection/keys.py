"""Every key of the Media Collection API: its JSON type, whether it is required, and what it is for.

The JSON Schemas and the sentences about rejected events come from this table. Sources, in order:

* Adobe's Swagger file of the API (AdobeDocs/analytics-collection-apis ``static/media-collection.json``) and its page
  "Media Collection API parameters" (2026): names, JSON types, requiredness.
* Adobe, Streaming Media guide, "Request parameters" (``mc-api-req-params.md``): the same, with the event of each key.
* Recordings of unmodified clients (Adobe Media SDK for JavaScript 3.0.0 to 3.1.0 and for Chromecast 3.0.0 to 3.0.3, AEP
  Media for Android 3.1.2, hand-written clients of CBS and THEOplayer) and the source of AEP Media for iOS 5.0.1: keys
  that the tables leave out although Adobe's own SDKs send them.

No value set, minimum, length or format is documented for any key, so the table has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

__all__ = [
    "CUSTOMER_ID_KEYS",
    "CUSTOM_METADATA_PATTERN",
    "EVENTS",
    "PLAYER_TIME_KEYS",
    "QOE_KEYS",
    "UNQUALIFIED_QOE",
    "WRONG_EVENT_TYPES",
    "EventKeys",
    "Key",
    "ValueType",
]

ValueType = Literal["string", "integer", "number", "boolean", "integer|null", "customerIDs", "stateList"]
"""The JSON type of a value, or the name of the two structures: Experience Cloud ids and lists of player states."""


class Key(msgspec.Struct, frozen=True):
    """One member of ``params``, ``qoeData``, ``playerTime`` or of a structure inside ``params``.

    Args:
        name: As on the wire.
        type: The type of its value.
        meaning: What it is for, with its unit; it continues "send a number, ".
        required: Whether the object that contains it is invalid without it.
    """

    name: str
    type: ValueType
    meaning: str
    required: bool = False


class EventKeys(msgspec.Struct, frozen=True):
    """What one event type may carry beside ``playerTime`` and ``qoeData``.

    Args:
        params: Its keys; empty for an event whose ``params`` must be empty or absent.
        any_of: Keys of which at least one is required.
    """

    params: tuple[Key, ...] = ()
    any_of: tuple[str, ...] = ()

    @property
    def needs_params(self) -> bool:
        """Whether the event is invalid without ``params``."""
        return bool(self.any_of) or any(key.required for key in self.params)


CUSTOM_METADATA_PATTERN = r"^[a-zA-Z0-9_\.]+$"
"""The form of a key of ``customMetadata``; values are strings (Adobe, "Validating event requests", the sample)."""

PLAYER_TIME_KEYS: tuple[Key, ...] = (
    Key("playhead", "number", "the position in the main content in seconds", required=True),
    Key("ts", "integer", "the time of the event in milliseconds since 1970, as Date.now() gives it", required=True),
)
"""Exactly these two (Adobe, "Validating event requests", the sample)."""

QOE_KEYS: tuple[Key, ...] = (
    Key("media.qoe.bitrate", "integer", "the bitrate that is playing"),
    Key("media.qoe.droppedFrames", "integer", "the number of frames dropped since the session started"),
    Key("media.qoe.framesPerSecond", "integer", "the frame rate, rounded"),
    Key("media.qoe.timeToStart", "integer", "the time from the request to play to the first frame in milliseconds"),
    Key("media.qoe.errorID", "string", "the id of the error"),
    Key("media.qoe.errorSource", "string", 'where the error happened, "player" or "external"'),
)
"""Valid in ``qoeData`` of every event. The two for errors: Adobe's Swagger file, and recordings of Adobe's SDKs."""

UNQUALIFIED_QOE: Mapping[str, str] = MappingProxyType(
    {
        "bitrate": "media.qoe.bitrate",
        "droppedFrames": "media.qoe.droppedFrames",
        "framesPerSecond": "media.qoe.framesPerSecond",
        "timeToStart": "media.qoe.timeToStart",
    }
)
"""The short names in ``qoeData`` of Adobe's page "Timeline 2"; the published schema and clients use the long ones."""

CUSTOMER_ID_KEYS: tuple[Key, ...] = (
    Key("id", "string", "the id of the user under this name", required=True),
    Key("authState", "integer", "0, 1 or 2 for unknown, authenticated or logged out", required=True),
)
"""Members of each entry of ``visitor.customerIDs``, which "must be an object of the following format" (Adobe, "Request
parameters")."""

_STATE_NAME = Key(
    "media.state.name", "string", 'the name of the player state, such as "mute" or "fullScreen"', required=True
)

_SESSION_START = (
    Key("appInstallationId", "string", "an id of the app on this device"),
    Key("analytics.trackingServer", "string", "the host of your Adobe Analytics server", required=True),
    Key("analytics.reportSuite", "string", "the id of your Adobe Analytics report suite", required=True),
    Key("analytics.enableSSL", "boolean", "whether Adobe Analytics is reached over https"),
    Key("analytics.visitorId", "string", "your own visitor id"),
    Key("analytics.aid", "string", "the legacy Adobe Analytics visitor id"),
    Key("analytics.optOutServerSideForwarding", "boolean", "whether the viewer opted out of sharing inside Adobe"),
    Key(
        "analytics.optOutShare", "boolean", "whether the viewer opted out of sharing with other Adobe Analytics clients"
    ),
    Key("media.id", "string", "the unique id of the content", required=True),
    Key("media.name", "string", "the readable name of the content"),
    Key("media.length", "number", "the length of the content in seconds, 86400 for live", required=True),
    Key("media.contentType", "string", 'the kind of stream, such as "vod", "live" or "linear"', required=True),
    Key("media.playerName", "string", "the name of the player that renders the content", required=True),
    Key("media.channel", "string", "the channel of distribution: a site, an app or a property", required=True),
    Key("media.resume", "boolean", "whether the viewer resumes an earlier session"),
    Key("media.sdkVersion", "string", "the version of the player or the app"),
    # Sent by Adobe's SDKs: streamType and publisher by all four, libraryVersion by all four (documented since 2026),
    # downloaded by iOS and Android, as false on every live session.
    Key("media.streamType", "string", '"video" or "audio"'),
    Key("media.libraryVersion", "string", "the version of the tracking library"),
    Key("media.downloaded", "boolean", "whether downloaded content is played"),
    Key("media.publisher", "string", "the publisher of the content"),
    Key("media.streamFormat", "string", 'the format of the stream, such as "HD"'),
    Key("media.show", "string", "the name of the programme or series"),
    Key("media.season", "string", "the number of the season"),
    Key("media.episode", "string", "the number of the episode"),
    Key("media.assetId", "string", "the id of the asset, such as its EIDR"),
    Key("media.genre", "string", "the genre"),
    Key("media.firstAirDate", "string", "the date of the first broadcast"),
    Key("media.firstDigitalDate", "string", "the date of the first digital release"),
    Key("media.rating", "string", "the parental rating"),
    Key("media.originator", "string", "the creator of the content"),
    Key("media.network", "string", "the name of the network"),
    Key("media.showType", "string", '"0" to "3" for full episode, preview, clip or other'),
    Key("media.adLoad", "string", "the kind of ads loaded"),
    Key("media.pass.mvpd", "string", "the provider given by Adobe authentication"),
    Key("media.pass.auth", "string", '"true" once the viewer is authorized'),
    Key("media.dayPart", "string", "the time of day of the broadcast"),
    Key("media.feed", "string", 'the kind of feed, such as "West-HD"'),
    # Audio: documented one by one among Adobe's standard metadata, missing from both tables, sent by all four SDKs.
    Key("media.artist", "string", "the artist"),
    Key("media.album", "string", "the album"),
    Key("media.label", "string", "the record label"),
    Key("media.author", "string", "the author"),
    Key("media.station", "string", "the radio station"),
    Key("visitor.marketingCloudUserId", "string", "the Experience Cloud id of the viewer"),
    # "If a value is not entered, the value is null" (Adobe, "Request parameters").
    Key("visitor.aamLocationHint", "integer|null", "the Audience Manager region"),
    Key("visitor.customerIDs", "customerIDs", 'your own ids of the viewer, {"name": {"id": "...", "authState": 1}}'),
    # Last, as in the published sample, where it ends the list of required keys.
    Key("visitor.marketingCloudOrgId", "string", 'the Experience Cloud organization id, "...@AdobeOrg"', required=True),
)

EVENTS: Mapping[str, EventKeys] = MappingProxyType(
    {
        "sessionStart": EventKeys(_SESSION_START),
        "play": EventKeys(),
        "ping": EventKeys(),
        "pauseStart": EventKeys(),
        "bufferStart": EventKeys(),
        "bitrateChange": EventKeys(),
        # Adobe's page "Error" (2026) puts the two in params; the Swagger file and all clients put them in qoeData, as
        # media.qoe.errorID and media.qoe.errorSource.
        "error": EventKeys(
            (
                Key("media.errorId", "string", "the id of the error"),
                Key("media.errorSource", "string", 'where the error happened, "player" or "external"'),
            )
        ),
        # podPosition is not among them: only CBS 0.0.15 sent it here, and later versions of that client do not.
        "adBreakStart": EventKeys(
            (
                Key("media.ad.podFriendlyName", "string", "the readable name of the ad break"),
                Key("media.ad.podIndex", "integer", "the number of the ad break in the content", required=True),
                Key(
                    "media.ad.podSecond", "number", "the second of the content at which the break starts", required=True
                ),
            )
        ),
        "adBreakComplete": EventKeys(),
        "adStart": EventKeys(
            (
                Key("media.ad.podPosition", "integer", "the place of the ad inside its break, from 1", required=True),
                Key("media.ad.name", "string", "the readable name of the ad"),
                Key("media.ad.id", "string", "the id of the ad", required=True),
                Key("media.ad.length", "number", "the length of the ad in seconds", required=True),
                Key("media.ad.playerName", "string", "the name of the player that renders the ad", required=True),
                # In the table a key of adBreakStart; all three of Adobe's timelines send it on adStart.
                Key("media.ad.podFriendlyName", "string", "the readable name of the ad break"),
                Key("media.ad.advertiser", "string", "the company or brand in the ad"),
                Key("media.ad.campaignId", "string", "the id of the campaign"),
                Key("media.ad.creativeId", "string", "the id of the creative"),
                Key("media.ad.siteId", "string", "the id of the ad site"),
                Key("media.ad.creativeURL", "string", "the URL of the creative"),
                Key("media.ad.placementId", "string", "the id of the placement"),
            ),
        ),
        "adComplete": EventKeys(),
        "adSkip": EventKeys(),
        "chapterStart": EventKeys(
            (
                Key("media.chapter.index", "integer", "the number of the chapter in the content", required=True),
                Key("media.chapter.offset", "number", "the second of the content at which it starts", required=True),
                Key("media.chapter.length", "number", "the length of the chapter in seconds", required=True),
                Key("media.chapter.friendlyName", "string", "the readable name of the chapter"),
            ),
        ),
        "chapterComplete": EventKeys(),
        "chapterSkip": EventKeys(),
        "stateStart": EventKeys((_STATE_NAME,)),
        "stateEnd": EventKeys((_STATE_NAME,)),
        "sessionComplete": EventKeys(),
        "sessionEnd": EventKeys(),
        # Adobe, "Player state overview", the page's own example.
        "statesUpdate": EventKeys(
            (
                Key("statesStart", "stateList", 'the states that begin, [{"media.state.name": "mute"}]'),
                Key("statesEnd", "stateList", 'the states that end, [{"media.state.name": "mute"}]'),
            ),
            any_of=("statesStart", "statesEnd"),
        ),
    }
)
"""The keys of every event type, in the order of the vocabulary."""

WRONG_EVENT_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pause": ("pauseStart", "when playback pauses"),
        "paused": ("pauseStart", "when playback pauses"),
        "seek": ("pauseStart", "when a seek starts"),
        "seekstart": ("pauseStart", "when a seek starts"),
        "seeking": ("pauseStart", "when a seek starts"),
        "seekcomplete": ("play", "when playback goes on after a seek"),
        "seekend": ("play", "when playback goes on after a seek"),
        "seeked": ("play", "when playback goes on after a seek"),
        "resume": ("play", "when playback goes on"),
        "playing": ("play", "when playback starts or goes on"),
        "playstart": ("play", "when playback starts or goes on"),
        "contentstart": ("play", "when playback starts or goes on"),
        "pauseend": ("play", "when playback goes on after a pause"),
        "pausecomplete": ("play", "when playback goes on after a pause"),
        "buffer": ("bufferStart", "when the player runs out of data"),
        "buffering": ("bufferStart", "when the player runs out of data"),
        "buffercomplete": ("play", "when playback goes on after buffering"),
        "bufferend": ("play", "when playback goes on after buffering"),
        "heartbeat": ("ping", "to keep the session alive"),
        "keepalive": ("ping", "to keep the session alive"),
        "bitrate": ("bitrateChange", "when the rendition changes"),
        "complete": ("sessionComplete", "when the content has played to its end"),
        "contentcomplete": ("sessionComplete", "when the content has played to its end"),
        "end": ("sessionEnd", "when the viewer leaves"),
        "stop": ("sessionEnd", "when the viewer leaves"),
        "start": ("sessionStart", "to open a session"),
        "adend": ("adComplete", "when the ad has played to its end"),
        "adbreakend": ("adBreakComplete", "when the ad break is over"),
        "chapterend": ("chapterComplete", "when the chapter has played to its end"),
        "mute": ("stateStart", 'with "media.state.name" in params'),
        "unmute": ("stateEnd", 'with "media.state.name" in params'),
        "fullscreen": ("stateStart", 'with "media.state.name" in params'),
    }
)
"""Names that are not event types, in lower case: what to send instead, and when.

From the trackers of Adobe's SDKs, whose calls become other events on the wire, and from common player vocabulary.
"""
