"""The stories of a server, for tests."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, MockserverError, VerificationFailed
from mockserver.media_server import questions
from mockserver.media_server.blocking import in_own_thread, refuse_in_loop
from mockserver.model import results as r
from mockserver.model.story import Story, StoryView, StoryWait, Verdict
from mockserver.rules.story import judged_now, story_text
from mockserver.wire.codec import convert, to_builtins

__all__ = ["StoryHandle", "StorySet"]

_OWN = "own"
_LONGEST_S = 86_400


class StoryHandle:
    """A story that was started. Every call asks the server again."""

    def __init__(self, control: Control, name: str) -> None:
        self._control = control
        self.name = name

    def __repr__(self) -> str:
        return f"<StoryHandle {self.name}>"

    def view(self) -> StoryView:
        """Return its state, its rules with their counters, and the state of its expectations."""
        return self._control.call(c.STORY, None, name=self.name)

    def verdict(self) -> Verdict:
        """Judge the player as of now, whether the story is over or not.

        Unlike this, ``view().verdict`` is None while the outcome is open.

        Raises:
            VerificationFailed: The story is no longer running.
        """
        verdict = judged_now(self._started(self.view())).verdict
        assert verdict is not None
        return verdict

    def wait(self, *, timeout_s: float = 60) -> StoryView:
        """Wait until it is over or its verdict is certain.

        If the clock is frozen, another thread must advance it, unless the requests decide the verdict.

        Args:
            timeout_s: How long to wait, in real seconds.

        Raises:
            VerificationFailed: It did not end in time; the message shows its state.
            BlockingCallInLoop: An event loop is running in this thread: use :meth:`await_over`.
        """
        __tracebackhide__ = True
        refuse_in_loop("wait", "await_over")
        return self._wait(timeout_s)

    async def await_over(self, *, timeout_s: float = 60) -> StoryView:
        """Wait as :meth:`wait` does, without blocking the running loop."""
        __tracebackhide__ = True
        return await in_own_thread(self._wait, timeout_s)

    def assert_passed(self, *, timeout_s: float = 0) -> None:
        """Assert that the player does what the story expects, judged when the time is up.

        Args:
            timeout_s: How long to wait for the end of the story, in real seconds, unless the verdict is certain before.

        Raises:
            VerificationFailed: It does not; the message shows each expectation and the requests.
            BlockingCallInLoop: ``timeout_s`` is given while an event loop is running: use :meth:`await_passed`.
        """
        __tracebackhide__ = True
        if timeout_s:
            refuse_in_loop("assert_passed with timeout_s", "await_passed")
        self._assert_of(self._latest(timeout_s), waited=timeout_s > 0)

    async def await_passed(self, *, timeout_s: float = 60) -> None:
        """Assert as :meth:`assert_passed` does, without blocking the running loop."""
        __tracebackhide__ = True
        self._assert_of(await in_own_thread(self._latest, timeout_s), waited=timeout_s > 0)

    def stop(self) -> StoryView:
        """Stop the story: remove its rules, restore the settings, and judge the player by its requests so far."""
        return self._control.call(c.STOP_STORY, None, name=self.name)

    def assert_of(self, view: StoryView) -> None:
        """Assert that the player passed, by a view of the story such as :meth:`stop` returns.

        Raises:
            VerificationFailed: It did not pass.
        """
        __tracebackhide__ = True
        self._assert_of(view, waited=False)

    def _assert_of(self, view: StoryView, *, waited: bool) -> None:
        """Assert it; after waiting for a story that has failed for good, expectations that can still hold stay open."""
        __tracebackhide__ = True
        started = self._started(view)
        judged = started if waited and started.verdict is not None else judged_now(started)
        if judged.verdict != "passed":
            raise VerificationFailed(f"{story_text(judged)}\n\n{questions.transcript_of(self._control)}")

    def _started(self, view: StoryView) -> StoryView:
        __tracebackhide__ = True
        if view.state == "idle":
            raise VerificationFailed(
                f"the story {self.name} is no longer running: another one was started, or the server was reset"
            )
        return view

    def _wait(self, timeout_s: float) -> StoryView:
        __tracebackhide__ = True
        view = self._started(self._latest(timeout_s))
        if view.verdict is None:
            raise VerificationFailed(f"waited {timeout_s:g} s for the end of the story\n{story_text(view)}")
        return view

    def _latest(self, timeout_s: float) -> StoryView:
        """Check again with every entry, until the verdict is certain or the time is up."""
        if not math.isfinite(timeout_s) or not 0 <= timeout_s <= _LONGEST_S:
            raise InvalidInput(f"timeout_s must be 0 to {_LONGEST_S} seconds, not {timeout_s:g}", pointer="/timeout_s")
        end_s = time.monotonic() + timeout_s
        while True:
            newest = questions.newest_seq(self._control)
            view = self.view()
            left_ms = round((end_s - time.monotonic()) * 1000)
            if view.verdict is not None or view.state == "idle" or left_ms <= 0:
                return view
            command = StoryWait(since=newest, timeout_ms=min(left_ms, r.MAX_TIMEOUT_MS))
            self._control.call(c.WAIT_STORY, command, name=self.name)


class StorySet:
    """The stories of a server."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def list(self) -> list[StoryView]:
        """Return the stories that can be started, sorted by name, without expectations."""
        return self._control.call(c.STORIES, None).stories

    def put(self, story: Story | Mapping[str, Any] | Path | str, *, name: str = "") -> str:
        """Upload a story to the server.

        Args:
            story: The story, or the path of a TOML file.
            name: Its name; by default that of the file, or ``own``.

        Returns:
            Its name.

        Raises:
            InvalidInput: The story is not valid, or has the name of a built-in one.
        """
        if isinstance(story, (str, Path)):
            from mockserver.stories.file import read_story, story_name  # imports a TOML parser

            path = Path(story)
            name, content = name or story_name(path), read_story(path)
        else:
            name, content = name or _OWN, convert(to_builtins(story), Story)
        self._control.call(c.PUT_STORY, content, name=name)
        return name

    def start(self, story: Story | Mapping[str, Any] | Path | str, *, name: str = "") -> StoryHandle:
        """Start a story, and stop the one that is running.

        Args:
            story: The name of a story, the path of a TOML file (``*.toml``), or a story.
            name: The name for a story that is uploaded; see :meth:`put`.

        Raises:
            NotFound: There is no story of that name.
            InvalidInput: The story is not valid.
        """
        if not isinstance(story, str) or story.endswith(".toml"):
            story = self.put(story, name=name)
        elif name:
            raise InvalidInput(
                "name is for a story or file that you pass, not for the name of a story", pointer="/name"
            )
        self._control.call(c.START_STORY, None, name=story)
        return StoryHandle(self._control, story)

    def play(self, story: Story | Mapping[str, Any] | Path | str, *, name: str = "") -> _Play:
        """Run a story during a block: ``with server.stories.play("expire-mid-roll"): ...``.

        The end of the block stops the story and asserts that the player passed; see
        :meth:`StoryHandle.assert_passed`. A block that raises is not judged.

        Args:
            story: As for :meth:`start`.
            name: As for :meth:`start`.
        """
        return _Play(self, story, name)


class _Play:
    """A story that runs during a block."""

    def __init__(self, stories: StorySet, story: Any, name: str) -> None:
        self._stories = stories
        self._story = story
        self._name = name
        self._handle: StoryHandle | None = None

    def __enter__(self) -> StoryHandle:
        __tracebackhide__ = True
        self._handle = self._stories.start(self._story, name=self._name)
        return self._handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        assert self._handle is not None
        if error is not None:
            with suppress(MockserverError):  # the error of the block matters more
                self._handle.stop()
        else:
            self._handle.assert_of(self._handle.stop())
