"""Every route of the page, judged by axe-core: nothing serious, in light and in dark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Look, Shown, Tab
from tests.server.page.stories import StoryTeller

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js")
ROUTES = {
    "#/sessions": ".rows > .row",
    "#/sessions/{sid}/timeline": ".plot",
    "#/sessions/{sid}/findings": ".finding",
    "#/sessions/{sid}/report": ".metrics",
    "#/sessions/{sid}/events": ".rows > .row",
    "#/events": ".rows > .row",
    "#/events/3": ".violations",
    "#/start": ".simulator",
    "#/stories": ".running",
    "#/faults": "[data-rule]",
    "#/settings": ".settings-form",
}
UNKNOWN = {"#/nothing": "h1", "#/sessions/unknown": ".problem"}


DEPENDS_ON_COLOURS = ["color-contrast", "link-in-text-block"]


def _told(page: Page) -> list[str]:
    """What axe finds that is serious or worse, with the elements concerned."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [*_judged(page, "light", {}), *_judged(page, "dark", {"runOnly": DEPENDS_ON_COLOURS})]


def _judged(page: Page, scheme: Literal["light", "dark"], options: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    script = "options => axe.run(options).then(({violations}) => violations)"
    found: list[dict[str, Any]] = page.evaluate(script, {"resultTypes": ["violations"], **options})
    return [
        f"{one['id']}: {one['help']}: {scheme}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def busy(standing: Shown) -> str:
    """A session of the standing server, where something of everything has happened."""
    sid = standing.open_session(media__name="Big film")
    standing.send(sid, "play")
    standing.send(sid, "ping", unknown=1)
    standing.send(sid, "adStart", playhead=5)
    standing.send(sid, "sessionEnd", playhead=6)
    standing.send(sid, "ping", playhead=7)
    standing.server.add_fault({"kind": "status", "code": 500}, when={"event_type": "play"}, times=1, name="one")
    standing.server.add_fault({"kind": "delay", "ms": 5}, enabled=False)
    return sid


@pytest.fixture(scope="module")
def teller(standing_tab: Tab) -> StoryTeller:
    """A story that has just failed."""
    teller = StoryTeller(standing_tab.page)
    teller.tell("over", verdict="failed", expectations=teller.expectation(met=False, final=True))
    return teller


def test_axe_sees_what_is_serious_in_light_and_in_dark(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/faults"))
    expect(page.locator("form")).to_be_visible()
    assert _told(page) == []

    page.evaluate(
        """() => {
          const unnamed = document.createElement("button");
          const faint = document.createElement("p");
          faint.append("Can you read this?");
          faint.style.color = "light-dark(black, rgb(40 40 40))";
          document.querySelector("main").append(unnamed, faint);
        }"""
    )

    assert [told.split(": ")[0:3:2] for told in _told(page)] == [["button-name", "light"], ["color-contrast", "dark"]]


@pytest.mark.parametrize("route", [*ROUTES, *UNKNOWN])
def test_axe_finds_nothing_serious(
    standing: Shown, teller: StoryTeller, standing_page: Page, busy: str, forgiven: list[str], route: str
) -> None:
    forgiven.append("404 (Not Found)")
    standing_page.goto(standing.address(route.replace("{sid}", busy)))
    expect(standing_page.locator({**ROUTES, **UNKNOWN}[route]).first).to_be_visible()

    assert _told(standing_page) == []


def test_axe_finds_nothing_serious_in_what_opens(standing: Shown, busy: str, look: Look) -> None:
    page = look(viewport={"width": 360, "height": 740})
    page.goto(standing.address("#/faults"))
    page.get_by_role("button", name="Clock").click()
    expect(page.get_by_role("button", name="Freeze")).to_be_visible()
    assert _told(page) == []

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next event: 500").click()
    page.get_by_text("More conditions").click()
    page.get_by_role("button", name="Remove all").click()
    page.get_by_role("button", name="Keyboard help").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert _told(page) == []
