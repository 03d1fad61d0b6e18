"""One session, as every part of the report sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from mockserver.model.session import Session
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import ClosedBy, Phase
from mockserver.rules.playback import Step, by_type, lacks_beginning
from mockserver.rules.report.durations import Durations, turns
from mockserver.rules.report.playheads import WatchedInterval, watched

__all__ = ["PlayedSession", "is_final", "quantity"]

_MOST = 10**15
_TIMED_OUT = (ClosedBy.IDLE, ClosedBy.STALL, ClosedBy.MAX_AGE, ClosedBy.EXPIRED)


class PlayedSession:
    """A session with its trace.

    Args:
        session: The session in its present state; None when it is no longer known.
        steps: Its trace.
        settings: The report options.
    """

    def __init__(self, session: Session | None, steps: Sequence[Step], settings: Settings) -> None:
        self.session = session
        self.steps = steps
        self.settings = settings
        self.durations = Durations(steps, self._tail_ms())

    @property
    def session_id(self) -> str:
        """The session id; empty when there is neither a session nor an event."""
        if self.session is not None:
            return self.session.sid
        return (self.steps[0].item.record.session_id or "") if self.steps else ""

    @property
    def final(self) -> bool:
        """Whether the session is closed or complete."""
        return is_final(self.session)

    @cached_property
    def by_type(self) -> Mapping[str, Sequence[Step]]:
        """The steps of every event type."""
        return by_type(self.steps)

    @cached_property
    def with_qoe(self) -> Sequence[Step]:
        """The steps that can say something about quality; older forms only if the settings allow them."""
        lenient = self.settings.docs_lenient
        return [step for step in self.steps if step.qoe or (lenient and step.params)]

    @cached_property
    def turns(self) -> Sequence[Step]:
        """The steps that changed the activity."""
        return turns(self.steps)

    @property
    def start(self) -> Step | None:
        """The sessionStart."""
        starts = self.by_type.get("sessionStart")
        return starts[0] if starts else None

    @cached_property
    def lacks_beginning(self) -> bool:
        """Whether the sessionStart, and maybe more, is no longer there."""
        return lacks_beginning(self.session, self.steps)

    @property
    def params(self) -> Mapping[str, Any]:
        """The params of the sessionStart; empty when it is not there."""
        return {} if self.start is None else self.start.params

    @property
    def is_reported(self) -> bool:
        """Whether reports show it: not without a content id, which a session remembers without its sessionStart."""
        if self.session is not None and self.lacks_beginning:
            return self.session.content.media_id != ""
        return bool(self.params.get("media.id"))

    @property
    def length_s(self) -> float:
        """The length of the content; 0 when it is not known."""
        return max(0.0, quantity(self.params.get("media.length")) or 0.0)

    @cached_property
    def main_play(self) -> Step | None:
        """The first play that is certainly on main content."""
        first = 0
        if self.lacks_beginning:  # before an adBreakComplete, it may be in a break of which the start is missing
            first = next((step.n for step in self.by_type.get("adBreakComplete", ()) if step.ignored is not None), 0)
        plays = self.by_type.get("play", ())
        return next((step for step in plays if step.n >= first and step.after.ad_break is None), None)

    @cached_property
    def watched(self) -> Sequence[WatchedInterval]:
        """The content that was seen."""
        live = str(self.params.get("media.contentType", "")).lower() in ("live", "linear")
        return watched(self.durations, live=live)

    @property
    def silent_ms(self) -> int:
        """The time from the last event to the close of a session that timed out; otherwise 0."""
        session = self.session
        if session is None or session.closed_by not in _TIMED_OUT or session.closed_ms is None or session.complete:
            return 0
        return max(0, session.closed_ms - session.last_event_ms)

    def _tail_ms(self) -> int:
        return round(min(max(0, self.settings.credit_tail_s) * 1000, self.silent_ms))


def quantity(value: Any) -> float | None:
    """Return a number of a request, limited to what a float can hold: JSON integers may be larger."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if -_MOST <= value <= _MOST else max(-_MOST, min(value, _MOST))


def is_final(session: Session | None) -> bool:
    """Return whether a session is closed or complete; one that is no longer known was closed before."""
    return session is None or session.complete or session.phase in (Phase.CLOSED, Phase.FORGOTTEN)
