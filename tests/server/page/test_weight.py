"""The weight of the page: what a browser loads at first, and the memory of a long journal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.page.conftest import Shown
from tests.server.page.crowd import fill

pytestmark = pytest.mark.browser

LOADED = """() => performance.getEntries().filter((one) => "encodedBodySize" in one && !one.name.includes("/stream"))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
SESSIONS_CAME = "() => performance.getEntries().some((one) => one.name.includes('/sessions?') && one.encodedBodySize)"
MOST_LOADED = 200_000
MOST_HEAP = 20_000_000
SCREENS = 12


@pytest.fixture
def newcomer(browser: Browser) -> Iterator[Page]:
    """A browser with an empty cache: with a filled one, the weight would be too small."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def weight(newcomer: Page, shown: Shown) -> int:
    """Open the list of sessions, and return how many bytes were loaded until the sessions were shown."""
    newcomer.goto(shown.address())
    newcomer.wait_for_function(SESSIONS_CAME)
    size: int = newcomer.evaluate(LOADED)
    return size


def test_first_load_is_under_200_kb(shown: Shown, newcomer: Page) -> None:
    assert 20_000 < weight(newcomer, shown) < MOST_LOADED


def test_first_load_with_200_sessions_and_the_memory_of_25000_requests_are_small(
    shown: Shown, newcomer: Page, page: Page
) -> None:
    page.goto("about:blank")  # a page that is open would be sent every request
    fill(shown.server)
    assert 20_000 < weight(newcomer, shown) < MOST_LOADED
    page.goto(shown.address("#/events"))
    expect(page.locator(".counter")).to_contain_text("25,0")
    for screen in range(SCREENS):
        page.get_by_role("grid").evaluate(
            "(grid, part) => { grid.scrollTop = grid.scrollHeight * part }", screen / SCREENS
        )
        expect(page.locator(".rows > .row:not(.pending) .type").first).to_be_visible()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    devtools.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()

    assert metrics["JSHeapUsedSize"] < MOST_HEAP
