"""Runs a story against a player and waits for the outcome."""

from __future__ import annotations

import io
import math
import sys
import threading
from collections.abc import Callable

from mockserver.cli.remote import PatientControl
from mockserver.cli.story_files import LOOK_S, StoryFile
from mockserver.cli.terminal import Progress
from mockserver.clock import RealTime
from mockserver.control import PUT_STORY, START_STORY, STOP_STORY, STORY, WAIT_STORY
from mockserver.errors import InvalidInput
from mockserver.media_server import MediaServer
from mockserver.media_server.questions import newest_seq
from mockserver.model.fault_kind import RefuseFault, ResponsesFault
from mockserver.model.results import MAX_TIMEOUT_MS, SessionView
from mockserver.model.story import Story, StoryView, StoryWait
from mockserver.rules.transcript import transcript

__all__ = ["StoryRun"]

_REOPENING_S = 5.0
"""How long a busy server may take to listen again after an outage."""


class StoryRun:
    """One story on one server.

    Args:
        server: The server.
        name: The story.
        file: Its file, if the server does not know the story.
        watch: Whether to reload the file when it changes.
        progress: Where to say how far it is; nowhere by default.

    Raises:
        MockserverError: The server refuses the story.

    Attributes:
        interrupted: Whether Ctrl-C ended it.
    """

    def __init__(
        self,
        server: MediaServer,
        name: str,
        file: StoryFile | None = None,
        *,
        watch: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self._server = server
        self._control = PatientControl(server.control)
        self._name = name
        self._file = file
        self._watched = file if watch else None
        self._progress = progress or Progress(io.StringIO(), lambda: 0)
        self._time = RealTime()
        self.interrupted = False
        if file is not None:
            self._bring(file)

    def until_verdict(self, timeout_s: float | None, begun: Callable[[StoryView], object]) -> StoryView | None:
        """Start the story, wait until nothing can change the outcome any more, or for Ctrl-C, and stop it.

        One expectation that failed for good does not end the story: the others are still judged.

        Args:
            timeout_s: How long to wait for the first request of a player, in real seconds; None for no limit.
            begun: Called whenever the story was started.

        Returns:
            The outcome; None if no player connected in time.
        """
        try:
            came = self._wait(timeout_s, begun)
        except KeyboardInterrupt:
            self.interrupted = came = True
        finally:
            self._progress.clear()
        view = self._control.call(STOP_STORY, None, name=self._name)
        return view if came else None

    def changed_again(self) -> bool:
        """Wait until the file changed and can be run again; return False if Ctrl-C came first."""
        try:
            while not self._reread():
                threading.Event().wait(LOOK_S)
        except KeyboardInterrupt:
            return False
        return True

    def timeline(self, view: StoryView) -> str:
        """Return a transcript of the player's requests since the story began."""
        return transcript(self._server.events(since=view.since or 0), self.sessions(view))

    def sessions(self, view: StoryView) -> list[SessionView]:
        """Return the sessions that the player used since the story began."""
        ids = {entry.session_id for entry in self._server.events(since=view.since or 0)}
        return [session for session in self._server.sessions() if session.session_id in ids]

    def _wait(self, timeout_s: float | None, begun: Callable[[StoryView], object]) -> bool:
        """Wait until every expectation is judged for good; return whether a player connected."""
        view = self._start(begun)
        newest = view.since or 0
        begun_ns = self._time.monotonic_ns()
        given_up_ns = None if timeout_s is None else self._time.monotonic_ns() + round(timeout_s * 1e9)
        while view.state != "over" and not (view.expectations and all(one.final for one in view.expectations)):
            left_ms = MAX_TIMEOUT_MS if self._watched is None and not self._progress.is_shown else round(LOOK_S * 1000)
            if view.state == "waiting" and given_up_ns is not None:
                left_ms = min(left_ms, (given_up_ns - self._time.monotonic_ns()) // 1_000_000)
                if left_ms <= 0:
                    return False
            self._progress.show(_progress(view, (self._time.monotonic_ns() - begun_ns) // 1_000_000_000))
            self._control.call(WAIT_STORY, StoryWait(since=newest, timeout_ms=left_ms), name=self._name)
            if self._reread():
                view = self._start(begun)
                newest = view.since or 0
                begun_ns = self._time.monotonic_ns()
                continue
            newest = newest_seq(self._control)
            before, view = view, self._control.call(STORY, None, name=self._name)
            if view.started_ms != before.started_ms or view.since != before.since:
                raise InvalidInput(f"{self._name} was started or stopped by somebody else on that server")
        return True

    def _start(self, begun: Callable[[StoryView], object]) -> StoryView:
        view = self._control.call(START_STORY, None, name=self._name)
        self._control.patience_s = _longest_outage_s(view.story)
        begun(view)
        return view

    def _reread(self) -> bool:
        if self._watched is None:
            return False
        try:
            if not self._watched.reread():
                return False
            self._bring(self._watched)
        except InvalidInput as error:
            print(f"{error}; keeping the previous version", file=sys.stderr, flush=True)
            return False
        return True

    def _bring(self, file: StoryFile) -> None:
        self._control.call(PUT_STORY, file.story, name=file.name)


def _longest_outage_s(story: Story) -> float:
    """Return how long to wait for a server that the faults of a story make refuse connections; 0 s if they cannot.

    One fault may follow the other, but not for longer than the story is watched.
    """
    outages_s = 0.0
    for rule in story.faults:
        items = rule.fault.responses if isinstance(rule.fault, ResponsesFault) else (rule.fault,)
        longest_ms = max((item.duration_ms for item in items if isinstance(item, RefuseFault)), default=0)
        if longest_ms:
            outages_s += math.inf if rule.times is None else rule.times * longest_ms / 1000
    return min(outages_s, story.watch_s) + _REOPENING_S if outages_s else 0.0


def _progress(view: StoryView, elapsed_s: int) -> str:
    """Say how far a story is, in one line."""
    if view.state == "waiting":
        return f"waiting for the first request of a player, {elapsed_s} s"
    judged = sum(one.final for one in view.expectations)
    left = "" if view.remaining_ms is None else f", over after {view.remaining_ms / 1000:.0f} s of silence"
    return f"{elapsed_s} s, {judged} of {len(view.expectations)} expectations judged{left}"
