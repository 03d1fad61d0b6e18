"""The operations on the stories of a namespace."""

from __future__ import annotations

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.pending import Pending, begin
from mockserver.emulator.silence import begin_silence
from mockserver.emulator.story_judge import StoryJudge
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.model.results import Meta
from mockserver.model.story import Story, StoryPage, StoryView, StoryWait
from mockserver.rules.match import check_page, compile_query
from mockserver.rules.verification import check_timeout

__all__ = ["put_story", "start_story", "stop_story", "stories", "story", "wait_story"]


def stories(emulator: Emulator, argument: None) -> StoryPage:
    """List the stories that can be started."""
    known = emulator.stories.known()
    views = [emulator.stories.view(name, one) for name, one in known.items()]
    return StoryPage(stories=views, meta=Meta(total=len(views)))


def story(emulator: Emulator, argument: None, name: str) -> StoryView:
    """Show one story and how its expectations stand."""
    return StoryJudge(emulator).view(name)


def put_story(emulator: Emulator, brought: Story, name: str) -> StoryView:
    """Bring a story to a namespace."""
    known = emulator.stories.put(name, brought)
    return StoryView(name=name, origin=known.origin, story=known.story)


def start_story(emulator: Emulator, argument: None, name: str) -> StoryView:
    """Start a story."""
    emulator.stories.start(name)
    return StoryJudge(emulator).view(name)


def stop_story(emulator: Emulator, argument: None, name: str) -> StoryView:
    """Stop a story and judge it."""
    return StoryJudge(emulator).stop(name)


def wait_story(emulator: Emulator, command: StoryWait, name: str) -> Pending[StoryView]:
    """Wait for what may change how a story stands."""
    timeout_s = check_timeout(command.timeout_ms)
    check_page(command.since, DEFAULT_LIMIT)
    known = emulator.stories.get(name)

    def answer(satisfied: bool) -> StoryView:
        return emulator.stories.view(name, known)

    with emulator.lock:
        view = emulator.stories.view(name, known)
        if view.state in ("idle", "over") or emulator.journal.last_seq > command.since:
            return begin(emulator, lambda seq, record: True, True, timeout_s, answer)
        if view.remaining_ms is None:
            return begin(emulator, lambda seq, record: True, False, timeout_s, answer)
        anything = compile_query(Query())  # also after a reset of the journal, when numbers begin again
        return begin_silence(emulator, anything, view.remaining_ms, timeout_s, answer, broken_ends=True)
