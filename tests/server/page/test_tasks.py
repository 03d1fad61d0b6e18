"""What people use the page for, and how many actions from the start page it may take."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories import T0, event
from tests.server.page.conftest import Shown, copied
from tests.server.page.test_recordings import DROP, HARS
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser

ROWS = ".rows > .row"


class Actions:
    """Counts the actions of a person: a click, a text, a key, a dropped file."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, act: Callable[[], Any]) -> None:
        self.count += 1
        act()


@pytest.fixture
def act() -> Actions:
    return Actions()


@pytest.fixture
def start_page(shown: Shown, page: Page) -> Page:
    """The start page of a server with 20 devices, the seventh of which reports an ad outside a break."""
    for number in range(1, 21):
        name = f"Device {number}"
        sid = shown.open_session(media__name=f"Film {number}", media__id=f"film-{number}", media__playerName=name)
        shown.send(sid, "play", ts=T0 + 1_000)
        if number == 7:
            ad = {**event("adStart")["params"], "media.ad.name": "Fizzy drink"}
            shown.send(sid, "adStart", ts=T0 + 9_000, playhead=8, params=ad)
    page.goto(shown.address())
    expect(page.locator(".counter")).to_have_text("20 sessions")
    return page


def test_an_ad_error_is_found_explained_and_copied(shown: Shown, start_page: Page, act: Actions) -> None:
    page = start_page
    act(lambda: page.get_by_role("button", name="with errors").click())
    act(lambda: page.get_by_label("Search sessions").fill("finding:ad"))
    expect(page.locator(".counter")).to_have_text("1 found")
    expect(page.locator(ROWS).filter(has_text="Film 7")).to_contain_text("ad.outside-break")
    assert act.count == 2

    act(lambda: page.locator(ROWS).get_by_text("ad.outside-break").click())
    finding = page.locator(".finding.meant")
    expect(finding).to_contain_text("send adBreakStart before the first ad of a break")
    assert act.count == 3

    command = copied(page, finding.get_by_role("button", name="as curl"))
    act.count += 1
    done = subprocess.run(["bash"], input=command, capture_output=True, text=True, timeout=GUARD_S, check=False)
    assert "204" in done.stdout, (command, done.stderr)
    assert shown.server.last_entry()["event_type"] == "adStart"
    assert act.count == 4


def test_a_410_is_injected_into_the_next_event(shown: Shown, start_page: Page, act: Actions) -> None:
    page = start_page
    act(lambda: page.get_by_role("link", name="Film 20").click())
    act(lambda: page.get_by_role("button", name="Next event: 410").click())
    expect(page.get_by_text("armed: Next event: 410")).to_be_visible()
    assert act.count == 2

    sid = shown.server.admin("GET", "/sessions?q=%22film%2020%22").json()["sessions"][0]["sid"]
    assert shown.send(sid) == 410


def test_one_device_of_20_is_followed_through_its_requests(start_page: Page, act: Actions) -> None:
    page = start_page
    act(lambda: page.get_by_label("Search sessions").fill('player:"device 17"'))
    act(lambda: page.get_by_role("link", name="All 2 requests").click())
    expect(page.locator(".counter")).to_have_text("2 found")
    expect(page.locator(ROWS)).to_have_text([re.compile("sessionStart.*Film 17"), re.compile("play.*Device 17")])
    assert act.count == 2

    page.locator(ROWS).first.locator(".type").click()
    expect(page.locator(".entry h1")).to_contain_text("sessionStart")
    page.keyboard.press("j")
    expect(page.locator(".entry h1")).to_contain_text("play")
    page.keyboard.press("j")  # there is no other one of this device
    expect(page.locator(".entry h1")).to_contain_text("play")
    exported = page.get_by_role("link", name="NDJSON").get_attribute("href") or ""
    lines = page.evaluate("address => fetch(address).then(answer => answer.text())", exported).splitlines()
    assert len(lines) == 2


def test_a_request_is_found_by_a_word_in_its_body(start_page: Page, act: Actions) -> None:
    act(lambda: start_page.get_by_label("Search sessions").fill("fizzy"))
    expect(start_page.locator(".found")).to_contain_text("adStart")
    assert act.count == 1


def test_one_finding_is_shared_by_its_address(start_page: Page, act: Actions) -> None:
    page = start_page
    worst = page.locator(ROWS).filter(has_text="Film 7").locator(".worst")
    code = worst.inner_text()
    act(worst.click)
    finding = page.locator(".finding.meant")
    expect(finding).to_be_in_viewport()
    assert act.count == 1

    page.reload()
    expect(finding).to_contain_text(code)
    expect(finding).to_be_focused()
    finding.locator(".source").click()
    expect(page.get_by_role("heading", name=code)).to_be_visible()
    page.get_by_role("link", name="Sessions with this finding").click()
    expect(page.locator(ROWS).filter(has_text="Film 7")).to_contain_text(code)


def test_two_sessions_are_compared(start_page: Page, act: Actions) -> None:
    page = start_page
    act(lambda: page.get_by_role("link", name="Film 20").click())
    act(lambda: page.get_by_role("link", name="Compare").click())
    other = page.get_by_label("Now").locator("option", has_text="Film 19").first.get_attribute("value")
    act(lambda: page.get_by_label("Now").select_option(other))
    expect(page.get_by_role("img", name=re.compile("^(Before|Now): "))).to_have_count(2)
    assert act.count == 3


def test_a_recording_is_opened(start_page: Page, act: Actions) -> None:
    recording = ["safari.har", (HARS / "safari.har").read_text(encoding="utf-8")]
    act(lambda: start_page.evaluate(DROP, recording))
    expect(start_page.get_by_role("heading", name="The Film")).to_be_visible()
    assert act.count == 1
