"""The stories that can be started."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from mockserver.errors import InvalidInput, NotFound
from mockserver.stories.book import BUILT_IN, Known, StoryBook
from tests.factories import story

PACKAGED = {"flap": Known(story(title="Flap"), BUILT_IN), "outage": Known(story(title="Outage"), BUILT_IN)}
MINE = Known(story(title="Mine"), "mine.toml")


def book() -> StoryBook:
    return StoryBook(built_in=PACKAGED)


def test_stories_are_known_by_name_and_in_order() -> None:
    stories = book()
    stories.replace({"mine": MINE})
    assert list(stories.known()) == ["flap", "mine", "outage"]
    assert stories.get("mine") == MINE
    assert stories.get("flap") == PACKAGED["flap"]


def test_unknown_name_is_not_found_and_the_nearest_one_is_suggested() -> None:
    with pytest.raises(NotFound, match="there is no story 'outag'; did you mean outage"):
        book().get("outag")
    with pytest.raises(NotFound, match=r"there is no story 'x{80}'$"):
        book().get("x" * 1000)


def test_stories_of_a_user_replace_those_added_before() -> None:
    stories = book()
    stories.replace({"mine": MINE, "other": MINE})
    again = Known(story(title="Again"), "mine.toml")
    stories.replace({"mine": again})
    assert list(stories.known()) == ["flap", "mine", "outage"]
    assert stories.get("mine") == again


def test_built_in_story_is_not_replaced() -> None:
    stories = book()
    stories.replace({"mine": MINE})
    with pytest.raises(InvalidInput, match="flap is the name of a built-in story") as caught:
        stories.replace({"other": MINE, "flap": MINE})
    assert caught.value.status_hint == 409
    assert list(stories.known()) == ["flap", "mine", "outage"]


def test_stories_of_the_package_are_read_once_by_whoever_asks_first() -> None:
    stories = StoryBook()
    seen: list[dict[str, Known]] = []
    threads = [threading.Thread(target=lambda: seen.append(stories.known())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = next(iter(seen[0].values()))
    assert first.origin == BUILT_IN
    assert all(one == seen[0] for one in seen)
    assert all(next(iter(one.values())) is first for one in seen)


def test_server_that_starts_no_story_reads_none() -> None:
    code = (
        "import sys; from mockserver.server.service import Service; Service(); "
        "print([name for name in sys.modules if name in ('mockserver.stories.file', 'tomllib', 'tomli')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.strip() == "[]"
