"""The stories of a namespace: the list, the one that runs, and its verdict.

A verdict is computed when it is read, only from the entries between the start and the end of the story. A sequence is
searched among those entries in every session, even in one that was open before. A finding counts if all its entries are
among them.
"""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.admin.expectations import expectation_views
from mockserver.admin.plans import content_expectations
from mockserver.admin.waiting import Pending, begin, begin_silence
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.storytelling import StartedStory
from mockserver.model.query import DEFAULT_LIMIT, Query
from mockserver.model.results import Meta
from mockserver.model.story import Story, StoryPage, StoryView, StoryWait
from mockserver.namespaces import Namespace, Target
from mockserver.rules.match import check_page, compile_query
from mockserver.rules.story import no_player_came, strikes_view, verdict_of
from mockserver.rules.verification import check_timeout

__all__ = ["put_story", "start_story", "stop_story", "stories", "story", "wait_story"]


def stories(target: Target, argument: None) -> StoryPage:
    """List the stories that can be started."""
    with _prepared(target) as emulator:
        views = [emulator.stories.view(name, one) for name, one in emulator.stories.known().items()]
    return StoryPage(stories=views, meta=Meta(total=len(views)))


def put_story(target: Target, brought: Story, name: str) -> StoryView:
    """Add a story to a namespace."""
    with _prepared(target) as emulator:
        known = emulator.stories.put(name, brought)
    return StoryView(name=name, origin=known.origin, story=known.story)


def start_story(target: Target, argument: None, name: str) -> StoryView:
    """Start a story."""
    with _prepared(target) as emulator:
        emulator.stories.start(name)
    return story(target, None, name)


def story(target: Target, argument: None, name: str) -> StoryView:
    """Show one story and which of its expectations are met.

    Raises:
        NotFound: There is no story of that name.
    """
    with _prepared(target) as emulator:
        run = emulator.stories.run_of(name)
        if run is None or run.final is not None:
            return _known_view(emulator, name, run)
    view = _judged(target.namespace, run, stopped=False)
    if view.state == "over":
        with target.namespace as emulator:
            emulator.stories.finish(run, view)
    return view


def stop_story(target: Target, argument: None, name: str) -> StoryView:
    """Stop a story and judge it as it is. If it does not run, nothing changes.

    Raises:
        NotFound: There is no story of that name.
    """
    with _prepared(target) as emulator:
        run = emulator.stories.run_of(name)
        if run is None or run.stopped:
            return _known_view(emulator, name, run)
    # Before its settings are restored, because thresholds are among them.
    final = run.final or _judged(target.namespace, run, stopped=True)
    with target.namespace as emulator:
        emulator.stories.stop(run, final)
        return _known_view(emulator, name, emulator.stories.run_of(name))


def wait_story(target: Target, command: StoryWait, name: str) -> StoryView | Pending[StoryView]:
    """Wait for news of a story: the next entry, or its end."""
    timeout_s = check_timeout(command.timeout_ms)
    check_page(command.since, DEFAULT_LIMIT)
    namespace = target.namespace

    def answer(satisfied: bool) -> StoryView:
        with namespace as emulator:
            return emulator.stories.view(name, known)

    with _prepared(target) as emulator:
        known = emulator.stories.get(name)
        view = emulator.stories.view(name, known)
        if view.state in ("idle", "over") or emulator.journal.last_seq > command.since or not timeout_s:
            return view
        if view.remaining_ms is None:
            return begin(namespace, emulator, lambda seq, record: True, timeout_s).then(answer)
        anything = compile_query(Query())  # also after a reset of the journal, when numbers start again
        silence = begin_silence(namespace, emulator, anything, view.remaining_ms, timeout_s, broken_ends=True)
        return silence.then(answer)


def _prepared(target: Target) -> Namespace:
    """Read the stories of the server, so that no player waits for their files, and return the namespace."""
    target.namespace.book.known()
    return target.namespace


def _known_view(emulator: Emulator, name: str, run: StartedStory | None) -> StoryView:
    if run is not None and run.final is not None:
        return run.final
    return emulator.stories.view(name, emulator.stories.get(name))


def _judged(namespace: Namespace, run: StartedStory, *, stopped: bool) -> StoryView:
    with namespace as emulator:
        run = emulator.stories.run_of(run.name) or run  # requests may have come since
        view = emulator.stories.view(run.name, run.known)
        rules = emulator.stories.rules_of(run)
        last_seq = emulator.journal.last_seq
    until = last_seq if run.progress.until is None else run.progress.until
    found = [
        *expectation_views(namespace, run.known.story.expect, since=run.since, until=until),
        *content_expectations(namespace, run.known.story.content, since=run.since, until=until),
        strikes_view(run.known.story, rules),
    ]
    if view.state == "waiting" and stopped:
        found.append(no_player_came())
    views = tuple(one for one in found if one is not None)
    if stopped or view.state == "over":
        views = tuple(replace(one, final=True) for one in views)
        view = replace(view, state="over", remaining_ms=None)
    return replace(view, expectations=views, verdict=verdict_of(views))
