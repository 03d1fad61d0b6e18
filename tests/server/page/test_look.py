"""Every view of a crowded server on three screens: nothing is outside, covered, or cut without a way to read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.server.page.conftest import Shown
from tests.server.page.crowd import VIEWS, WIDTHS, fill, prepare

pytestmark = pytest.mark.browser

CHECK = (Path(__file__).with_name("layout.js")).read_text(encoding="utf-8")
BREAK = """() => {
  const add = (parent, name, text, style) => {
    const element = Object.assign(document.createElement(name), { textContent: text });
    parent.append(Object.assign(element, name === "a" ? { href: "#" } : {}));
    Object.assign(element.style, style);
    return element;
  };
  const layer = add(document.body, "section", "", { position: "absolute", top: 0, left: 0, zIndex: 99 });
  add(layer, "div", "Something that nobody can read", { width: "20px", overflow: "hidden", whiteSpace: "nowrap" });
  add(layer, "a", "under", { position: "absolute", left: "50px", top: "50px" });
  add(layer, "p", "over", { position: "absolute", left: "40px", top: "40px", width: "4000px", height: "40px" });
}"""


def _found(page: Page) -> list[str]:
    """What is wrong once everything has been drawn."""
    try:
        page.wait_for_function(f"() => ({CHECK})().length === 0")
    except TooLate:
        found: list[str] = page.evaluate(CHECK)
        return found
    return []


def test_every_view_fits_three_screens(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven += ["404 (Not Found)", "status of 400"]
    crowd = fill(shown.server, sessions=24, requests=300, longest=60)
    page.goto(shown.address())
    wrong = {}
    for name, view in VIEWS.items():
        page.goto(shown.address(view.route.format_map(crowd._asdict())))
        expect(page.locator(view.ready).first).to_be_visible()
        prepare(page, name)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            if found := _found(page):
                wrong[name, width] = found

    assert wrong == {}


def test_elements_that_do_not_fit_are_found(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/start"))
    expect(page.get_by_role("heading", name="Connect a player")).to_be_visible()
    assert _found(page) == []

    page.evaluate(BREAK)

    found = "\n".join(page.evaluate(CHECK))
    for part in (
        "the page is 40",
        "outside of the window: p",
        "cut, and nothing says the rest: div",
        "covered: a. under by p",
    ):
        assert part in found
