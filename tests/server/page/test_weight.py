"""What the page weighs: what a browser loads of it at first, and the memory of a long journal."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Shown
from tests.server.page.crowd import fill

pytestmark = pytest.mark.browser

LOADED = """() => performance.getEntries().filter((one) => "encodedBodySize" in one && !one.name.includes("/stream"))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
SESSIONS_CAME = "() => performance.getEntries().some((one) => one.name.includes('/sessions?') && one.encodedBodySize)"
MOST_LOADED = 200_000
MOST_HEAP = 20_000_000
SCREENS = 12


def test_first_load_is_under_200_kb(shown: Shown, page: Page) -> None:
    page.goto("about:blank")
    page.goto(shown.address())
    expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()

    assert 20_000 < page.evaluate(LOADED) < MOST_LOADED


def test_memory_of_25000_requests_is_under_20_mb(shown: Shown, page: Page) -> None:
    fill(shown.server)
    page.goto("about:blank")
    page.goto(shown.address())
    page.wait_for_function(SESSIONS_CAME)
    assert 20_000 < page.evaluate(LOADED) < MOST_LOADED  # with 200 sessions and their findings too
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
