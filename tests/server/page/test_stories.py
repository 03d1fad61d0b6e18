"""The stories, as a person starts and watches them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Look, Reopened, Shown, too_wide
from tests.server.page.stories import StoryTeller
from tests.server.running import START

pytestmark = pytest.mark.browser


@pytest.fixture
def teller(page: Page) -> StoryTeller:
    """The stories of the server of the page."""
    return StoryTeller(page)


@pytest.fixture
def standing_teller(standing_page: Page) -> Iterator[StoryTeller]:
    """The stories of the standing server."""
    yield StoryTeller(standing_page)
    standing_page.unroute_all()


def test_a_story_says_what_breaks_and_what_a_good_player_does(reopened: Reopened, standing_teller: StoryTeller) -> None:
    page = reopened("#/stories")
    story = page.locator("[data-story='first-start-fails']")
    expect(story).to_contain_text("A few viewers have no data at all.")

    story.get_by_text("first-start-fails").click()

    for text in ("The first sessionStart answers 500.", "Try again after a moment.", "one client tries again"):
        expect(story.get_by_text(text)).to_be_visible()
    expect(story.get_by_text("max_age_s = 25")).to_be_visible()


def test_a_story_is_started_watched_and_stopped(shown: Shown, page: Page, teller: StoryTeller) -> None:
    page.goto(shown.address("#/stories"))
    told = page.get_by_role("region", name="Current story")
    expect(page.locator("[data-story]")).to_have_count(2)
    expect(told).to_have_count(0)

    page.get_by_role("button", name="Start first-start-fails").click()
    expect(told).to_contain_text("starts with the first request")
    assert "POST /first-start-fails/start" in teller.asked

    teller.tell("running", remaining_ms=25_000, expectations=teller.expectation(met=False, final=False))
    shown.open_session()  # the page looks again when something was recorded
    expect(told).to_contain_text("without requests")
    expect(told).to_contain_text("not yet met")
    expect(told.get_by_role("row").last).to_contain_text("a failure")
    told.get_by_text("About: ").click()
    stop = told.get_by_role("button", name="Stop").element_handle()

    teller.tell("running", remaining_ms=25_000, expectations=teller.expectation(met=True, final=False))
    shown.open_session()
    expect(told.locator(".expectations .badge.ok")).to_have_text("met")
    expect(told.get_by_text("Try again after a moment.")).to_be_visible()
    assert stop.evaluate("button => button.isConnected"), "somebody may be about to press it"

    told.get_by_role("button", name="Stop").click()
    expect(told).to_have_count(0)
    assert "POST /first-start-fails/stop" in teller.asked


def test_a_built_in_story_runs_and_is_judged(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/stories"))
    page.get_by_role("button", name="Start session-start-500", exact=True).click()
    told = page.get_by_role("region", name="Current story")
    expect(told).to_contain_text("starts with the first request")

    assert shown.server.ask("POST", "/api/v1/sessions", START).status == 500
    sid = shown.open_session()
    assert shown.send(sid, "play") == 204

    expect(told.locator(".expectations .badge.ok")).to_have_count(3)
    shown.server.admin("POST", "/clock", {"action": "advance", "ms": 200_000})
    expect(told.locator("h2 .badge")).to_have_text("passed")


@pytest.mark.parametrize(("verdict", "met"), [("passed", True), ("failed", False)])
def test_the_verdict_stays_after_the_end(
    reopened: Reopened, standing_teller: StoryTeller, verdict: str, met: bool
) -> None:
    expectations = standing_teller.expectation(met=met, final=True, message="because")
    standing_teller.tell("over", verdict=verdict, expectations=expectations)
    page = reopened("#/stories")

    told = page.get_by_role("region", name="Current story")
    expect(told.locator("h2 .badge")).to_have_text(verdict)
    expect(told).to_contain_text("because")
    expect(told.get_by_role("button", name="Start again first-start-fails")).to_be_visible()


def test_stories_are_searched_by_what_people_see(reopened: Reopened, standing_teller: StoryTeller) -> None:
    page = reopened("#/stories")

    page.get_by_label("Search stories").fill("VANISH")

    expect(page.locator("[data-story]:visible")).to_have_count(1)
    page.get_by_label("Search stories").fill("nothing like it")
    expect(page.get_by_text("No matching stories.")).to_be_visible()


def test_stories_fit_a_phone(standing: Shown, look: Look) -> None:
    page = look(viewport={"width": 360, "height": 740})
    teller = StoryTeller(page)
    teller.tell("over", verdict="failed", expectations=teller.expectation(met=False, final=True, message="x" * 300))
    page.goto(standing.address("#/stories"))
    expect(page.get_by_role("region", name="Current story")).to_be_visible()

    assert too_wide(page, 360) <= 0
