"""The story that runs in a namespace: its rules and settings, and its progress.

There are no timers: each request updates the progress, and the passing of time is taken into account when the progress
is read. The verdict is computed in :mod:`~mockserver.admin.stories`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from mockserver.emulator.state import EmulatorState
from mockserver.errors import MockserverError, NotFound, Refused
from mockserver.model.fault import FaultRule
from mockserver.model.settings import Settings
from mockserver.model.story import Story, StoryState, StoryView
from mockserver.rules.settings import check_settings
from mockserver.rules.story import StoryProgress, named_rules, progress_after, remaining_ms, state_of
from mockserver.rules.story_check import check_story, check_story_name
from mockserver.stories.book import Known, StoryBook
from mockserver.wire.codec import convert, to_builtins

__all__ = ["MAX_OWN_STORIES", "StartedStory", "Storytelling"]

MAX_OWN_STORIES = 100
"""How many stories of its own a namespace can have."""

_OWN = "this namespace"
_BEGINNING = frozenset({"journal", "sessions", "faults", "clock", "settings"})


class StartedStory(msgspec.Struct, frozen=True, kw_only=True):
    """A story that was started.

    Args:
        number: The number of the run in its namespace.
        started_ms: When it started, on the emulated clock.
        since: The ``seq`` of the last entry before it.
        fault_ids: Its rules, in order.
        before: The settings that it changed, with their values before.
        changed: The same settings, with their values afterwards.
        stopped: Whether its rules are removed and its settings restored.
        final: Its final view, once the verdict is final.
    """

    number: int
    name: str
    known: Known
    started_ms: int
    since: int
    fault_ids: tuple[str, ...] = ()
    before: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    progress: StoryProgress = StoryProgress()
    stopped: bool = False
    final: StoryView | None = None


class Storytelling:
    """Runs stories in one namespace, one at a time.

    Args:
        state: The state of the namespace.
        book: The stories that can be started, beside those of the namespace.
    """

    def __init__(self, state: EmulatorState, book: StoryBook) -> None:
        self._state = state
        self.book = book
        self.brought: dict[str, Known] = {}
        """The stories of this namespace alone."""
        self.run: StartedStory | None = None
        """The story that was started last."""
        self._runs = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    # The stories there are

    def known(self) -> dict[str, Known]:
        """Return all stories that can be started here, by name; a running story as it was when it started."""
        stories = {**self.book.known(), **self.brought}
        if self._running is not None:
            stories[self._running.name] = self._running.known
        return dict(sorted(stories.items()))

    def get(self, name: str) -> Known:
        """Return one story.

        Raises:
            NotFound: There is no story of that name.
        """
        running = self._running
        return running.known if running is not None and running.name == name else self._found(name)

    def _found(self, name: str) -> Known:
        return self.brought.get(name) or self.book.get(name)

    def put(self, name: str, story: Story) -> Known:
        """Add a story to this namespace. If a story of that name is running, it continues unchanged.

        Raises:
            InvalidInput: The story or its name is not valid, or a built-in story has that name (status 409).
            Refused: There are too many already.
        """
        check_story_name(name)
        check_story(story)
        self.book.check_free(name)
        if name not in self.brought and len(self.brought) >= MAX_OWN_STORIES:
            raise Refused(f"this namespace already has {MAX_OWN_STORIES} stories of its own; replace one of them, "
                          "or reset the namespace")  # fmt: skip
        self.brought[name] = Known(story, _OWN)
        return self.brought[name]

    # The story that runs

    @property
    def _running(self) -> StartedStory | None:
        return None if self.run is None or self.run.stopped else self.run

    def run_of(self, name: str) -> StartedStory | None:
        """Return the run of a story; None if it is not the story that was started last.

        A stopped run belongs to the story as it was then: if another story has replaced it, that one has no run.
        """
        run = self.run
        if run is None or run.name != name:
            return None
        if run.stopped:
            try:
                same = self._found(name).story == run.known.story
            except NotFound:
                same = False
            return run if same else None
        return run

    def start(self, name: str) -> None:
        """Start a story and stop the one that runs. If it cannot be started, nothing changes.

        Raises:
            NotFound: There is no story of that name.
            InvalidInput: It is not valid with the present settings.
            Refused: There would be too many fault rules.
        """
        state = self._state
        known = self._found(name)
        check_story(known.story)
        changed = to_builtins(known.story.settings)
        current = self._settings_without_run()
        settings = convert({**current, **changed}, Settings)
        check_settings(settings)
        rules, armed = state.faults, state.faults.armed
        now_ms = state.clock.now_ms()
        try:
            self._remove_rules()
            specs = named_rules(name, known.story.faults, state.sessions.opened)
            fault_ids = tuple(rules.add(spec, now_ms).id for spec in specs)
        except MockserverError:
            rules.armed = armed
            raise
        state.configure(settings)
        left = to_builtins(settings)
        sessions = tuple(state.sessions)
        self._unsubscribe()
        self._runs += 1
        self.run = StartedStory(
            number=self._runs,
            name=name,
            known=known,
            started_ms=now_ms,
            since=state.journal.last_seq,
            fault_ids=fault_ids,
            before={member: current[member] for member in changed},
            changed={member: left[member] for member in changed},
            progress=StoryProgress(newest_sid=sessions[-1].sid if sessions else None),
        )
        self._unsubscribe = state.subscribe(self._recorded)

    def stop(self, run: StartedStory, final: StoryView | None = None) -> None:
        """Stop a story: remove its rules, and restore the settings it changed unless they have changed since.

        Nothing happens if it no longer runs.

        Args:
            final: Its final view.
        """
        running = self._running
        if running is None or running.number != run.number:
            return
        self._unsubscribe()
        self._remove_rules()
        self._state.configure(convert(self._settings_without_run(), Settings))
        self.run = replace(running, stopped=True, final=final)

    def finish(self, run: StartedStory, final: StoryView) -> None:
        """Keep the final view of a story that is over."""
        running = self._running
        if running is not None and running.number == run.number:
            self.run = replace(running, final=final)

    def reset(self, parts: Iterable[str]) -> None:
        """Follow a reset of the namespace.

        Without its rules or sessions a story cannot continue, so it is forgotten. Without the journal, only later
        requests count for its verdict. A reset of everything also removes the stories of the namespace.
        """
        wanted = frozenset(parts)
        run = self.run
        if run is not None and wanted & {"faults", "sessions"}:
            self.stop(run)
            self.run = None
        elif run is not None and "settings" in wanted:
            self.run = replace(run, before={}, changed={})
        if wanted >= _BEGINNING:
            self.brought.clear()

    def _recorded(self, seq: int | None) -> None:
        run, journal = self.run, self._state.journal
        assert run is not None
        if seq is None:
            progress = StoryProgress(newest_sid=run.progress.newest_sid)
            self.run = replace(run, since=0, progress=progress, final=None)
            return
        record = journal.get(seq)
        if record is not None:
            progress = progress_after(run.progress, run.known.story, seq, record)
            if progress is not run.progress:
                self.run = replace(run, progress=progress)

    def _remove_rules(self) -> None:
        rules = self._state.faults
        mine = () if self._running is None else self._running.fault_ids
        for rule in rules.rules:
            if rule.id in mine:
                rules.remove(rule.id)

    def _settings_without_run(self) -> dict[str, Any]:
        """Return the settings as they will be when the story that runs is stopped."""
        current: dict[str, Any] = to_builtins(self._state.settings)
        running = self._running
        if running is not None:
            kept = {member for member, value in running.changed.items() if current[member] == value}
            current.update((member, running.before[member]) for member in kept)
        return current

    # Views

    def rules_of(self, run: StartedStory) -> list[FaultRule | None]:
        """Return the rules of a run with their counters; None for one that was removed."""
        rules = {rule.id: rule for rule in self._state.faults.rules}
        return [rules.get(fault_id) for fault_id in run.fault_ids]

    def state(self, run: StartedStory) -> StoryState:
        """Return the state of a run."""
        if run.stopped or run.final is not None:
            return "over"
        return state_of(run.progress, run.known.story, self._state.clock.now_ms())

    def view(self, name: str, known: Known) -> StoryView:
        """Return the view of a story without judging it: no expectations, and a verdict only if it is final."""
        run = self.run_of(name)
        idle = StoryView(name=name, origin=known.origin, story=known.story)
        if run is None:
            return idle
        if run.final is not None:
            return replace(run.final, expectations=())
        state = self.state(run)
        left_ms = remaining_ms(run.progress, run.known.story, self._state.clock.now_ms())
        return replace(
            idle,
            state=state,
            started_ms=run.started_ms,
            since=run.since,
            remaining_ms=None if state == "over" else left_ms,
            faults=tuple(rule for rule in self.rules_of(run) if rule is not None),
        )
