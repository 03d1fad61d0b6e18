"""The list of sessions, as a person sees it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mockserver.control import PATCH_SETTINGS, RESET, SET_CLOCK
from mockserver.model.results import ClockCommand, ResetCommand
from tests.edge_events import body, session_details
from tests.factories import open_session
from tests.server.page.conftest import Look, Shown, too_wide

pytestmark = pytest.mark.browser

ROWS = ".rows > .row"
COUNTER = ".counter"


def test_an_empty_server_leads_to_connecting_a_player(shown: Shown, page: Page) -> None:
    page.goto(shown.address())

    expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()
    expect(page.get_by_role("link", name="Connect a player")).to_have_attribute("href", "#/start")


def test_a_new_session_appears_without_a_reload(shown: Shown, page: Page) -> None:
    page.goto(shown.address())
    expect(page.get_by_text("No sessions yet")).to_be_visible()

    sid = shown.open_session(media__name="Big film")

    row = page.locator(ROWS)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Big film")
    expect(row).to_contain_text(sid[:8])
    expect(row).to_contain_text("open")


def test_a_changed_session_is_updated_without_a_reload(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address())
    events = page.locator(f"{ROWS} > :nth-child(5)")
    expect(events).to_have_text("1")

    assert shown.send(sid, "play") == 204
    expect(events).to_have_text("2")

    assert shown.send(sid, "sessionEnd") == 204
    expect(page.locator(ROWS)).to_contain_text("closed")
    expect(page.locator(ROWS)).to_contain_text("sessionEnd")


def test_findings_are_counted_by_severity(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    assert shown.send(sid, "adStart") == 204

    page.goto(shown.address())

    expect(page.locator(f"{ROWS} .badge.error")).to_have_attribute("title", re.compile(r"^\d+ errors?$"))


def test_the_newest_stands_first(shown: Shown, page: Page) -> None:
    for name in ("one", "two", "three"):
        shown.open_session(media__name=name)

    page.goto(shown.address())

    expect(page.locator(ROWS)).to_have_count(3)
    names = page.locator(ROWS).evaluate_all(
        "rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
        ".map((row) => row.querySelector('.name').textContent)"
    )
    assert names == ["three", "two", "one"]


def test_a_search_finds_and_stays_in_the_address(shown: Shown, page: Page) -> None:
    for name in ("apple", "pear", "pineapple"):
        shown.open_session(media__name=name)
    page.goto(shown.address())
    expect(page.locator(ROWS)).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("apple")

    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(COUNTER)).to_have_text("2 found")
    page.reload()
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_label("Search sessions").fill("plum")
    expect(page.get_by_role("heading", name="No matching sessions")).to_be_visible()
    page.get_by_role("button", name="Show all sessions").click()
    expect(page.locator(ROWS)).to_have_count(3)


def test_phases_are_chosen(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="stays")
    shown.send(shown.open_session(media__name="ends"), "sessionEnd")
    page.goto(shown.address())
    expect(page.locator(ROWS)).to_have_count(2)

    page.get_by_role("button", name="closed", exact=True).click()

    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("ends")


def test_the_keyboard_walks_and_opens(shown: Shown, page: Page) -> None:
    sids = [shown.open_session(media__name=f"n{number}") for number in range(4)]
    page.goto(shown.address())
    expect(page.locator(ROWS)).to_have_count(4)

    page.get_by_role("grid").focus()
    for key in ("End", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(f"{ROWS}[aria-selected=true]")).to_contain_text(sids[1][:8])
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"#/sessions/{sids[1]}$"))


def test_deadlines_count_down_with_the_clock_and_stop_when_it_is_frozen(shown: Shown, page: Page) -> None:
    control = shown.server.control
    control.call(SET_CLOCK, ClockCommand(action="freeze"))
    sid = shown.open_session()
    page.goto(shown.address())
    idle = page.locator(f"{ROWS} .deadline").first
    expect(idle).to_contain_text("10:05 (idle)")  # ten minutes, and the grace
    expect(idle).to_have_attribute("title", re.compile(r"no event arrives\. That includes a grace of 5 s, "))
    expect(page.locator("#header")).to_contain_text("frozen")

    control.call(SET_CLOCK, ClockCommand(action="advance", ms=9 * 60_000 + 35_000))
    expect(idle).to_contain_text("0:30 (idle)")
    expect(idle).to_have_class(re.compile("soon"))

    control.call(SET_CLOCK, ClockCommand(action="advance", ms=60_000))
    shown.open_session(media__name="another")  # the page looks at the clock again when something was recorded
    row = page.locator(ROWS).filter(has_text=sid[:8])
    expect(row).to_contain_text("closed")
    expect(row).to_contain_text("timed out (idle 10 min)")


def test_a_reset_empties_the_list(shown: Shown, page: Page) -> None:
    shown.open_session()
    page.goto(shown.address())
    expect(page.locator(ROWS)).to_have_count(1)

    shown.server.control.call(RESET, ResetCommand())

    expect(page.get_by_text("No sessions yet")).to_be_visible()


def test_a_namespace_shows_its_own(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="of all")
    shown.open_session("/ns/other", media__name="of another")

    page.goto(shown.address(prefix="/ns/other"))
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("of another")

    page.get_by_label("Namespace").select_option("default")
    expect(page.locator(ROWS)).to_contain_text("of all")


def test_thousands_of_sessions_take_a_hundred_elements(shown: Shown, page: Page) -> None:
    for number in range(1200):
        film: dict[str, Any] = {"media.name": f"film {number}"}
        open_session(shown.back_end, **film)
    page.goto(shown.address())
    expect(page.locator(COUNTER)).to_have_text("1,200 sessions")
    expect(page.get_by_text("film 1199", exact=True)).to_be_visible()

    assert page.locator(ROWS).count() < 100
    page.wait_for_function(
        """() => {
          const grid = document.querySelector("[role=grid]");
          grid.scrollTop = grid.scrollHeight;
          return grid.getAttribute("aria-rowcount") === "1201";
        }"""
    )
    expect(page.get_by_text("film 0", exact=True)).to_be_visible()
    assert page.locator(ROWS).count() < 100


def test_rows_in_sight_stay_when_new_sessions_come(shown: Shown, page: Page) -> None:
    for number in range(100):
        film: dict[str, Any] = {"media.name": f"film {number}"}
        open_session(shown.back_end, **film)
    page.goto(shown.address())
    expect(page.locator(COUNTER)).to_have_text("100 sessions")
    grid = page.get_by_role("grid")
    grid.evaluate("grid => { grid.scrollTop = 1000 }")
    seen = page.locator(ROWS, has_text="film 75")  # the content of a row is drawn again, but not the row itself
    expect(seen).to_be_visible()
    before = seen.bounding_box()

    shown.open_session(media__name="new")
    expect(page.locator(COUNTER)).to_have_text("101 sessions")

    assert seen.bounding_box() == before


def test_press_on_a_row_is_not_lost_while_the_list_changes_its_size(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="Big film")
    page.goto(shown.address())
    page.get_by_role("link", name="Big film").hover()
    page.mouse.down()
    assert too_wide(page, 1280, 700) <= 0

    page.mouse.up()

    expect(page.locator(".session-head")).to_contain_text("Big film")


def test_nothing_is_wider_than_the_window(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="A name that goes on and on " * 10, media__id="x" * 300)
    for route in ("#/sessions", "#/events", "#/events/1"):
        page.goto(shown.address(route))
        expect(page.locator("main")).to_contain_text("A name that goes on")
        for width in (360, 768, 1280):
            assert too_wide(page, width) <= 0, (route, width)


def test_the_theme_is_chosen_and_kept(shown: Shown, look: Look) -> None:
    page = look(color_scheme="light")
    page.goto(shown.address())
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)

    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    dark = page.evaluate(background)
    page.reload()

    assert dark != light
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate(background) == dark


PRESSED = """keys => keys.forEach(
  (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))
)"""


def test_the_keyboard_help_opens_and_closes(shown: Shown, page: Page) -> None:
    page.goto(shown.address())
    expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate(PRESSED, ["g", "e"])  # by hand, no more than a second may lie between them

    expect(page).to_have_url(re.compile(r"#/events$"))


SCROLLED = """top => {
  const grid = document.querySelector("[role=grid]");
  grid.scrollTop = top;
  return grid.scrollTop === top;
}"""


def test_going_back_restores_the_place_in_the_list(shown: Shown, page: Page) -> None:
    for number in range(300):
        film: dict[str, Any] = {"media.name": f"film {number}"}
        open_session(shown.back_end, **film)
    page.goto(shown.address())
    expect(page.locator(COUNTER)).to_have_text("300 sessions")
    grid = page.get_by_role("grid")
    for number in (240, 100):
        page.wait_for_function(SCROLLED, arg=(299 - number) * 46)  # more is read at the end of what is known
        expect(page.get_by_text(f"film {number}", exact=True)).to_be_visible()
    top = grid.evaluate("grid => grid.scrollTop")

    page.get_by_text("film 99", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/sessions/[0-9a-f]{64}$"))
    page.go_back()

    page.wait_for_function("top => document.querySelector('[role=grid]')?.scrollTop === top", arg=top)
    expect(page.get_by_role("grid").get_by_text("film 99", exact=True)).to_be_visible()


def test_refusals_without_a_session_are_explained_above_the_list(shown: Shown, page: Page) -> None:
    page.goto(shown.address())
    expect(page.get_by_text("No sessions yet")).to_be_visible()
    loose = page.locator(".findings-list.loose")
    expect(loose).to_be_empty()

    assert shown.server.ask("POST", "/va/api/v1/sessions", b"{}").status == 404
    expect(loose.locator("article")).to_have_count(1)
    expect(loose).to_contain_text("path.prefix")
    expect(loose).to_contain_text("path_prefixes")


def test_a_session_says_to_which_api_it_belongs(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="Old")
    document = json.dumps(body("sessionStart", sessionDetails=session_details(friendlyName="New"))).encode()
    assert shown.server.ask("POST", "/ee/va/v1/sessionStart?configId=any", document).status == 200
    page.goto(shown.address())

    expect(page.locator(ROWS).filter(has_text="New").locator(".api")).to_have_text("Edge")
    expect(page.locator(".api")).to_have_count(1)
    page.get_by_role("link", name="New").click()
    expect(page.get_by_text("Media Edge API")).to_be_visible()


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"idle_timeout_s": 60}, "There is no grace (setting grace_s)."),
        ({"grace_s": 1.5}, "includes a grace of 1.5 s,"),
    ],
)
def test_hint_of_a_deadline_names_the_grace_in_force(
    shown: Shown, page: Page, settings: dict[str, float], hint: str
) -> None:
    shown.server.control.call(PATCH_SETTINGS, settings)
    shown.open_session()
    page.goto(shown.address())

    expect(page.locator(f"{ROWS} .deadline").first).to_have_attribute("title", re.compile(re.escape(hint)))


def test_accepted_refused_and_faulted_requests_are_counted_separately_and_linked(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    for _ in range(2):
        assert shown.send(sid, "nonsense") == 400
    shown.server.add_fault({"kind": "status", "code": 500}, stage="request", times=1)
    assert shown.send(sid) == 500
    page.goto(shown.address())

    expect(page.locator(f"{ROWS} .error-text")).to_have_text(["2 refused", "1 hit by a fault"])
    page.locator(ROWS).locator("a.name").click()
    expect(page.locator(".session-head")).to_contain_text("1 accepted, 2 refused, 1 hit by a fault")
    page.locator(".session-head").get_by_role("link", name="1 hit by a fault").click()
    expect(page.locator(f"{ROWS}")).to_have_count(1)
    page.go_back()
    page.locator(".session-head").get_by_role("link", name="2 refused").click()
    expect(page.locator(f"{ROWS}")).to_have_count(2)


def test_leaving_while_typing_a_search_does_not_lead_back(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address())
    expect(page.locator(ROWS)).to_have_count(1)

    page.evaluate(TYPED_AND_LEFT, sid)

    expect(page.locator(".session-head h1")).to_be_visible()
    assert page.url == shown.address(f"#/sessions/{sid}")


TYPED_AND_LEFT = """sid => {
  const field = document.querySelector("[data-search]");
  field.value = "film";
  field.dispatchEvent(new Event("input"));
  const until = performance.now() + 300; // longer than a pause in typing: the search is due as soon as this is left
  while (performance.now() < until);
  location.hash = `#/sessions/${sid}`;
}"""
