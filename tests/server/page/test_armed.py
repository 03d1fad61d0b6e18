"""The header: what is armed, and whether the server can be reached."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mockserver.control import PATCH_SETTINGS, SET_CLOCK, START_STORY, STOP_STORY
from mockserver.model.results import ClockCommand
from tests.server.page.conftest import Reopened, Shown

pytestmark = pytest.mark.browser


def test_every_view_shows_what_is_armed_and_links_to_it(shown: Shown, page: Page) -> None:
    control = shown.server.control
    control.call(START_STORY, None, name="day-old-session")
    page.goto(shown.address())
    strip = page.get_by_role("list", name="What is armed")
    expect(strip).to_contain_text("Setting changed: max_age_s = 25 by the story")  # no action at all
    expect(strip.get_by_role("link", name="Story: ")).to_have_attribute("href", "#/stories")

    control.call(STOP_STORY, None, name="day-old-session")
    shown.server.add_fault({"kind": "status", "code": 500}, times=1)
    control.call(PATCH_SETTINGS, {"grace_s": 1, "max_entries": 1})
    control.call(SET_CLOCK, ClockCommand(action="advance", minutes=10))
    shown.send("nobody")
    shown.send("nobody")
    for name in ("Settings changed: grace_s = 1, max_entries = 1", "Journal full: 1 dropped"):
        expect(strip.get_by_role("link", name=name)).to_be_visible()
    expect(strip).not_to_contain_text("fault")  # it has fired
    strip.get_by_role("button", name="Clock +10 min 00 s").click()
    expect(page.get_by_role("button", name="Freeze")).to_be_visible()
    page.keyboard.press("Escape")
    strip.get_by_role("link", name="Settings changed").click()
    expect(page.get_by_role("heading", name="Current settings")).to_be_visible()


def test_a_lost_server_is_clearly_shown_until_it_is_back(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven += ["ERR_FAILED", "ERR_ABORTED", "Failed to load"]
    shown.open_session()
    page.goto(shown.address())
    expect(page.get_by_role("img", name="Live")).to_be_visible()

    page.evaluate(GONE)
    expect(page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_visible()

    page.evaluate("() => window.dispatchEvent(new Event('pageshow'))")
    expect(page.locator(".armed-strip .back")).to_contain_text("Connected again")
    expect(page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_hidden()


def test_a_restarted_server_is_announced_with_a_way_back(shown: Shown, page: Page) -> None:
    with page.expect_response("**/__admin/armed"):  # it says when the server was started
        page.goto(shown.address("#/faults"))
    expect(page.get_by_role("img", name="Live")).to_be_visible()
    namespaces = shown.server.service.namespaces
    namespaces.started_ms += 1
    shown.open_session()

    back = page.locator(".armed-strip .back")
    expect(back).to_contain_text("The server was started again")
    back.get_by_role("link", name="All sessions").click()
    expect(page.locator(".rows > .row")).to_have_count(1)
    back.get_by_role("button", name="Close the note").click()
    expect(back).to_be_hidden()


STOPPED = """async (module) => {
  const { createClock } = await import(module);
  let tell;
  const live = { subscribe: (listener) => { tell = listener; } };
  let asked = 0; // it is answered once: another answer would move the clock
  const get = () => new Promise((answer) => asked++ || answer({ now_ms: 1000, frozen: false, rate: 1000 }));
  const clock = createClock({ get }, live);
  const frame = () => new Promise(requestAnimationFrame);
  while (!clock.known) await frame();
  const moves = async () => { const before = clock.now(); await frame(); await frame(); return clock.now() > before; };
  const running = await moves();
  tell([{ type: "state", connected: false }]);
  return [running, await moves()];
}"""


def test_countdowns_stand_still_while_the_server_is_away(standing: Shown, reopened: Reopened) -> None:
    page = reopened("#/start")
    assert page.evaluate(STOPPED, f"{standing.url}/__admin/ui/clock.js") == [True, False]


GONE = "() => window.dispatchEvent(new Event('pagehide'))"
"""Ends the stream of the page, without ending the server that other tests use."""
