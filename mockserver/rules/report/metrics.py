"""The table of all metrics: their names in Python, in Adobe's reports, as context data variable and in XDM.

Source of names and keys: Adobe, Streaming Media guide, one page per metric and dimension; XDM data types session
details, advertising details, chapter details, qoe data details and list of states.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from mockserver.model.report import Metric, Part

__all__ = ["AD", "CHAPTER", "CONTENT", "QUALITY", "RATIOS", "STATE", "Definition", "Rounding", "measured", "metric"]


class Rounding(Enum):
    """How the exact value becomes the reported one."""

    FLAG = "true or not sent"
    WHOLE = "rounded down"
    PLAIN = "as it is"


class Definition(NamedTuple):
    """A metric; members as in :class:`mockserver.model.report.Metric`; ``meaning`` says how it is computed."""

    name: str
    label: str
    key: str | None
    xdm: str | None
    rounding: Rounding
    meaning: str


def _table(*rows: Definition) -> dict[str, Definition]:
    return {row.name: row for row in rows}


def _content(name: str, label: str, key: str, xdm: str, rounding: Rounding, meaning: str) -> Definition:
    return Definition(name, label, f"a.media.{key}", f"sessionDetails.{xdm}", rounding, meaning)


def _quality(name: str, label: str, key: str, xdm: str, rounding: Rounding, meaning: str) -> Definition:
    return Definition(name, label, f"a.media.qoe.{key}", f"qoeDataDetails.{xdm}", rounding, meaning)


_FLAG, _WHOLE, _PLAIN = Rounding.FLAG, Rounding.WHOLE, Rounding.PLAIN

CONTENT = _table(
    _content("media_starts", "Media starts", "view", "isViewed", _FLAG, "a sessionStart"),
    _content("content_starts", "Content starts", "play", "isPlayed", _FLAG, "a play on main content"),
    _content("content_completes", "Content completes", "complete", "isCompleted", _FLAG, "a sessionComplete"),
    _content("content_resumes", "Content resumes", "resume", "hasResume", _FLAG, "media.resume of the sessionStart"),
    _content("content_time_spent_s", "Content time spent", "timePlayed", "timePlayed", _WHOLE, "playing on main"),
    _content(
        "media_time_spent_s", "Media time spent", "totalTimePlayed", "totalTimePlayed", _WHOLE, "content and ad time",
    ),
    _content(
        "unique_time_played_s", "Unique time played", "uniqueTimePlayed", "uniqueTimePlayed",
        _WHOLE, "union of the playhead intervals seen",
    ),
    _content(
        "average_minute_audience", "Average minute audience", "averageMinuteAudience", "averageMinuteAudience",
        _PLAIN, "content time / content length",
    ),
    _content(
        "estimated_streams", "Estimated streams", "estimatedStreams", "estimatedStreams",
        _WHOLE, "one for every started 30 minutes of media time",
    ),
    *(
        _content(
            f"progress_{marker}",
            f"{marker}% progress marker",
            f"progress{marker}",
            f"hasProgress{marker}",
            _FLAG,
            f"the playhead reached {marker} % of the length",
        )
        for marker in (10, 25, 50, 75, 95)
    ),
    _content("content_segment", "Content segment", "segment", "segment", _PLAIN, "minutes of the playheads played"),
    _content(
        "content_segment_views", "Content segment views", "segmentView", "hasSegmentView", _FLAG, "as Content starts",
    ),
    _content("ad_count", "Ad count", "adCount", "adCount", _WHOLE, "adStart events in ad breaks"),
    _content("chapter_count", "Chapter count", "chapterCount", "chapterCount", _WHOLE, "chapterStart events"),
    _content("pause_events", "Pause events", "pauseCount", "pauseCount", _WHOLE, "entries into a pause"),
    _content("total_pause_duration_s", "Total pause duration", "pauseTime", "pauseTime", _WHOLE, "paused"),
    _content(
        "paused_impacted_streams", "Paused impacted streams", "pause", "hasPauseImpactedStreams", _FLAG, "any pause",
    ),
    _content(
        "seconds_since_last_call", "Seconds since last call", "secondsSinceLastCall", "secondsSinceLastCall",
        _WHOLE, "0 after sessionComplete or sessionEnd, otherwise from the last event to the close",
    ),
    _content("authorized", "Authorized", "pass.auth", "authorized", _PLAIN, "media.pass.auth of the sessionStart"),
    _content("federated_data", "Federated data", "federated", "isFederated", _FLAG, "never: nothing is shared here"),
    _content(
        "downloaded", "Media downloaded flag", "downloaded", "isDownloaded", _FLAG, "sent as one batch, or said to be",
    ),
)  # fmt: skip
"""Metrics of the session itself, in the order of the report."""

QUALITY = _table(
    _quality(
        "average_bitrate", "Average bitrate", "bitrateAverage", "bitrateAverage",
        _WHOLE, "bitrate weighted by playing time, from the first value on",
    ),
    _quality(
        "average_bitrate_bucket", "Average bitrate (dimension)", "bitrateAverageBucket", "bitrateAverageBucket",
        _PLAIN, "the average in steps of 100",
    ),
    _quality(
        "bitrate_changes", "Bitrate changes", "bitrateChangeCount", "bitrateChangeCount",
        _WHOLE, "bitrateChange events",
    ),
    _quality(
        "bitrate_change_impacted_streams", "Bitrate change impacted streams", "bitrateChange",
        "hasBitrateChangeImpactedStreams", _FLAG, "any bitrateChange",
    ),
    _quality("buffer_events", "Buffer events", "bufferCount", "bufferCount", _WHOLE, "entries into buffering"),
    _quality("total_buffer_duration_s", "Total buffer duration", "bufferTime", "bufferTime", _WHOLE, "buffering"),
    _quality(
        "buffer_impacted_streams", "Buffer impacted streams", "buffer", "hasBufferImpactedStreams",
        _FLAG, "any buffering",
    ),
    _quality(
        "stall_events", "Stall events", "stallCount", "stallCount", _WHOLE, "3 events or more without movement, 5 s",
    ),
    _quality("total_stalling_duration_s", "Total stalling duration", "stallTime", "stallTime", _WHOLE, "stalled"),
    _quality(
        "stall_impacted_streams", "Stall impacted streams", "stall", "hasStallImpactedStreams", _FLAG, "any stall",
    ),
    _quality("dropped_frames", "Dropped frames", "droppedFrameCount", "droppedFrames", _WHOLE, "the last value sent"),
    _quality(
        "dropped_frame_impacted_streams", "Dropped frame impacted streams", "droppedFrames",
        "hasDroppedFrameImpactedStreams", _FLAG, "the last value is above 0",
    ),
    _quality("error_events", "Error events", "errorCount", "errorCount", _WHOLE, "error events"),
    _quality(
        "error_impacted_streams", "Error impacted streams", "error", "hasErrorImpactedStreams", _FLAG, "any error",
    ),
    _quality(
        "player_sdk_error_ids", "Player SDK error IDs", "playerSdkErrors", "playerSdkErrors",
        _PLAIN, "different error ids with source player",
    ),
    _quality(
        "external_error_ids", "External error IDs", "externalErrors", "externalErrors",
        _PLAIN, "different error ids with source external",
    ),
    _quality(
        "time_to_start_s", "Time to start", "timeToStart", "timeToStart", _WHOLE, "the last value sent, in seconds",
    ),
    _quality(
        "drops_before_start", "Drops before start", "dropBeforeStart", "isDroppedBeforeStart",
        _FLAG, "closed without a play on main content",
    ),
    Definition(
        "frames_per_second", "Frames per second", "fps", "qoeDataDetails.framesPerSecond",
        _PLAIN, "the last value sent; reaches Analytics through processing rules only",
    ),
)  # fmt: skip
"""Metrics of quality, in the order of the report."""

AD = _table(
    Definition("starts", "Ad starts", "a.media.ad.view", "advertisingDetails.isStarted", _FLAG, "its adStart"),
    Definition(
        "completes", "Ad completes", "a.media.ad.complete", "advertisingDetails.isCompleted", _FLAG, "its adComplete",
    ),
    Definition(
        "time_spent_s", "Ad time spent", "a.media.ad.timePlayed", "advertisingDetails.timePlayed",
        _WHOLE, "playing inside the ad",
    ),
)  # fmt: skip
"""Metrics of an ad."""

CHAPTER = _table(
    Definition(
        "starts", "Chapter starts", "a.media.chapter.view", "chapterDetails.isStarted", _FLAG, "its chapterStart",
    ),
    Definition(
        "completes", "Chapter completes", "a.media.chapter.complete", "chapterDetails.isCompleted",
        _FLAG, "its chapterComplete",
    ),
    Definition(
        "time_spent_s", "Chapter time spent", "a.media.chapter.timePlayed", "chapterDetails.timePlayed",
        _WHOLE, "playing on main inside the chapter",
    ),
)  # fmt: skip
"""Metrics of a chapter."""

STATE = _table(
    Definition("impacted_streams", "Streams impacted by", "set", "states[].isSet", _FLAG, "it was on"),
    Definition("count", "Counts", "count", "states[].count", _WHOLE, "how often it was turned on"),
    Definition("total_duration_s", "Total duration", "time", "states[].time", _WHOLE, "time on, whatever plays"),
)
"""Metrics of a player state; their keys are below ``a.media.states.<name>``."""


def _ratio(name: str, label: str, meaning: str) -> Definition:
    return Definition(name, label, None, None, _PLAIN, meaning)


RATIOS = _table(
    _ratio("ads_per_media_stream", "Avg. ads per media stream", "Ad starts / Media starts"),
    _ratio("chapters_per_media_stream", "Avg. chapters per media stream", "Chapter starts / Media starts"),
    _ratio("average_media_time_spent_s", "Avg. media time spent", "Media time spent / Media starts"),
    _ratio("average_content_time_spent_s", "Avg. content time spent", "Content time spent / Content starts"),
    _ratio("average_ad_time_spent_s", "Avg. ad time spent", "Ad time spent / Ad starts"),
    _ratio("average_chapter_time_spent_s", "Avg. chapter time spent", "Chapter time spent / Chapter starts"),
    _ratio("media_completion_rate", "Media completion rate", "Content completes / Media starts"),
    _ratio("content_completion_rate", "Content completion rate", "Content completes / Content starts"),
    _ratio("ad_completion_rate", "Ad completion rate", "Ad completes / Ad starts"),
    _ratio("chapter_completion_rate", "Chapter completion rate", "Chapter completes / Chapter starts"),
    _ratio("drop_before_start_rate", "Drop before start rate", "Drops before start / Media starts"),
    _ratio("content_pause_duration_rate", "Content pause duration rate", "Total pause duration / Content time spent"),
    _ratio(
        "content_buffer_duration_rate", "Content buffer duration rate", "Total buffer duration / Content time spent",
    ),
    _ratio("content_time_to_start_rate", "Content time-to-start rate", "Time to start / Content time spent"),
    _ratio("ad_time_spent_rate", "Ad time spent rate", "Ad time spent / Content time spent"),
    _ratio("pre_roll_drop_rate", "Pre-roll drop rate", "(Media starts - Content starts) / Media starts"),
)  # fmt: skip
"""Adobe's calculated metrics (Streaming Media guide, "Calculated metrics"; the last one from "Content starts")."""


def measured(definition: Definition, exact: Any, why: Iterable[Part] = ()) -> Metric:
    """Return a metric with its value.

    Args:
        definition: Which metric.
        exact: The value before rounding; None when there is none.
        why: The parts it was computed from.
    """
    value: Any = exact
    if definition.rounding is Rounding.FLAG:
        value = True if exact else None
    elif definition.rounding is Rounding.WHOLE and exact is not None:
        # Playheads are decimal fractions: a sum that is a hair below a whole number is that number.
        value = math.floor(round(exact, 6))
    return Metric(
        name=definition.name,
        label=definition.label,
        key=definition.key,
        xdm=definition.xdm,
        value=value,
        exact=exact,
        why=tuple(why),
    )


def metric(name: str, exact: Any, why: Iterable[Part] = ()) -> Metric:
    """Return a metric of the session itself or of quality, by its name; arguments as in :func:`measured`."""
    return measured(CONTENT.get(name) or QUALITY[name], exact, why)
