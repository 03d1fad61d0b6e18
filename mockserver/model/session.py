"""One playback session as the emulated back end knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import astuple

from mockserver.model.settings import SessionRule
from mockserver.model.vocabulary import ClosedBy, Phase

__all__ = ["MAX_CONTENT_CHARS", "AdState", "Content", "Deadlines", "Session", "content_of"]

MAX_CONTENT_CHARS = 256
"""Most characters that a session keeps of each text about its content; the journal has the whole sessionStart."""

_CONTENT_KEYS = ("id", "name", "contentType", "streamType", "playerName", "libraryVersion")
"""The keys of :class:`Content` below ``media.``, in its order."""

AdState = Literal["main", "due", "ad", "gap"]
"""In main content, in a break before its first ad (``due``), in an ad, or in a break after an ad (``gap``)."""


class Content(msgspec.Struct, frozen=True):
    """What is played, and by which player, from the sessionStart: Adobe's ``media.*`` keys of the same name.

    A session keeps the first 256 characters of each; the journal has the whole sessionStart.
    """

    media_id: str | None = None
    media_name: str | None = None
    content_type: str | None = None
    stream_type: str | None = None
    player_name: str | None = None
    library_version: str | None = None

    @property
    def cut(self) -> Content:
        """The same, with texts cut to what a session keeps."""
        texts = astuple(self)
        if all(text is None or len(text) <= MAX_CONTENT_CHARS for text in texts):
            return self
        return Content(*(None if text is None else text[:MAX_CONTENT_CHARS] for text in texts))


def content_of(params: Mapping[str, Any]) -> Content:
    """Return what the params of a sessionStart say about the content, without values that are not text."""
    texts = (params.get(f"media.{name}") for name in _CONTENT_KEYS)
    return Content(*(text if isinstance(text, str) else None for text in texts))


class Session(msgspec.Struct, frozen=True, gc=False):
    """A session. All times are milliseconds of the emulated clock, playheads seconds of main content.

    Args:
        sid: The session id, as on the wire.
        number: Its number in its namespace, from 1.
        phase: Its phase.
        opened_ms: When its sessionStart was processed.
        last_event_ms: When its last accepted event was processed.
        playhead_s: The playhead of the last accepted event.
        playhead_moved_ms: When the playhead last changed.
        closed_by: Why it closed; None before that.
        closed_ms: When it closed: the deadline that passed, not the time when that was noticed.
        closing_ts_ms: The ``ts`` of the event that closed it.
        overtaken: How many events older than the closing event were accepted after it.
        events: How many events were accepted, sessionStart included.
        complete: Whether a sessionComplete was accepted.
        ad_state: Where it is in its ad breaks, in order of arrival.
        downloaded: Whether it came as one batch of downloaded content; such a session has no lifetimes.
        rule: The session rule that applies, chosen when it opened.
        content: What is played.
        dialect: The name of the dialect it was opened in; empty for the default one.
    """

    sid: str
    number: int
    phase: Phase
    opened_ms: int
    last_event_ms: int
    playhead_s: float
    playhead_moved_ms: int
    closed_by: ClosedBy | None = None
    closed_ms: int | None = None
    closing_ts_ms: int | None = None
    overtaken: int = 0
    events: int = 0
    complete: bool = False
    ad_state: AdState = "main"
    downloaded: bool = False
    rule: SessionRule | None = None
    content: Content = Content()
    dialect: str = ""

    @property
    def in_ad(self) -> bool:
        """Whether an ad is open, in order of arrival."""
        return self.ad_state == "ad"

    @property
    def in_break(self) -> bool:
        """Whether an ad break is open, in order of arrival."""
        return self.ad_state != "main"


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """When a session will close or be forgotten if nothing else happens; None where no limit applies.

    Each is the last millisecond at which the session still exists as it is.
    """

    idle_ms: int | None = None
    stall_ms: int | None = None
    max_age_ms: int | None = None
    forget_ms: int | None = None
