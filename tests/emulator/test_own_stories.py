"""Stories that one namespace was given."""

from __future__ import annotations

import pytest

from mockserver.admin.stories import stop_story
from mockserver.admin.stories import story as story_view
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.storytelling import MAX_OWN_STORIES
from mockserver.errors import InvalidInput, Refused
from mockserver.model.expectation import Expectation
from mockserver.model.query import Query
from mockserver.model.story import StoryView
from mockserver.stories.book import BUILT_IN, Known, StoryBook
from tests.factories import emulator, story, target
from tests.tables import every_case

ONE_SESSION = Expectation(says="It opens one session.", query=Query(event_type="sessionStart"), at_most=1)
FLAP = story(ONE_SESSION, title="Flap")
QUIET = story(ONE_SESSION, title="Quiet")


@pytest.fixture
def back_end() -> Emulator:
    return emulator(stories=StoryBook(built_in={"flap": Known(FLAP, BUILT_IN), "quiet": Known(QUIET, BUILT_IN)}))


def seen(back_end: Emulator, name: str) -> StoryView:
    return story_view(target(back_end), None, name)


def test_story_is_added_and_replaced_in_one_namespace_only(back_end: Emulator) -> None:
    back_end.stories.put("mine", FLAP)
    back_end.stories.put("mine", QUIET)
    assert back_end.stories.get("mine").story == QUIET
    assert list(back_end.stories.known()) == ["flap", "mine", "quiet"]


@every_case("name", ["Flap", "", "-a", "a" * 65, "a_b", "a/b", "ä"])
def test_invalid_story_name_is_refused(back_end: Emulator, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name a story"):
        back_end.stories.put(name, FLAP)
    assert back_end.stories.brought == {}


def test_built_in_story_is_not_replaced_in_a_namespace(back_end: Emulator) -> None:
    with pytest.raises(InvalidInput, match="built-in") as caught:
        back_end.stories.put("flap", QUIET)
    assert caught.value.status_hint == 409
    assert back_end.stories.get("flap").story == FLAP


def test_story_of_the_namespace_replaces_one_from_a_file_of_the_server() -> None:
    book = StoryBook({"mine": Known(QUIET, "mine.toml")}, built_in={})
    back_end = emulator(stories=book)
    back_end.stories.put("mine", FLAP)
    assert back_end.stories.get("mine").story == FLAP
    assert emulator(stories=book).stories.get("mine").story == QUIET


def test_stories_beyond_the_limit_are_refused(back_end: Emulator) -> None:
    for number in range(MAX_OWN_STORIES):
        back_end.stories.put(f"s-{number}", FLAP)
    with pytest.raises(Refused, match="already has 100 stories of its own"):
        back_end.stories.put("one-more", FLAP)
    back_end.stories.put("s-0", QUIET)
    assert len(back_end.stories.brought) == MAX_OWN_STORIES


def test_running_story_continues_unchanged_when_another_takes_its_name(back_end: Emulator) -> None:
    back_end.stories.put("mine", FLAP)
    back_end.stories.start("mine")
    back_end.stories.put("mine", QUIET)
    assert seen(back_end, "mine").story == FLAP
    assert back_end.stories.known()["mine"].story == FLAP
    assert stop_story(target(back_end), None, "mine").story == QUIET
    assert seen(back_end, "mine").state == "idle"
