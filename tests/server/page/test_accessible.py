"""Every route of the page, judged by axe-core: nothing serious, in light and in dark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Look, Shown
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


def _told(page: Page) -> list[str]:
    """What axe finds that is serious or worse, with the elements concerned."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(({violations}) => violations)")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_axe_sees_what_is_serious(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/faults"))
    expect(page.locator("form")).to_be_visible()
    assert _told(page) == []

    page.evaluate("document.querySelector('main').append(document.createElement('button'))")

    assert [told.partition(":")[0] for told in _told(page)] == ["button-name"]


@pytest.fixture
def busy(shown: Shown) -> str:
    """A server where something of everything has happened; the session in which it did."""
    sid = shown.open_session(media__name="Big film")
    shown.send(sid, "play")
    shown.send(sid, "ping", unknown=1)
    shown.send(sid, "adStart", playhead=5)
    shown.send(sid, "sessionEnd", playhead=6)
    shown.send(sid, "ping", playhead=7)
    shown.server.add_fault({"kind": "status", "code": 500}, when={"event_type": "play"}, times=1, name="one")
    shown.server.add_fault({"kind": "delay", "ms": 5}, enabled=False)
    return sid


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("route", [*ROUTES, *UNKNOWN])
def test_axe_finds_nothing_serious(
    shown: Shown, look: Look, busy: str, forgiven: list[str], route: str, scheme: str
) -> None:
    forgiven.append("404 (Not Found)")
    page = look(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    teller = StoryTeller(page)
    teller.tell("over", verdict="failed", expectations=teller.expectation(met=False, final=True))
    page.goto(shown.address(route.replace("{sid}", busy)))
    expect(page.locator({**ROUTES, **UNKNOWN}[route]).first).to_be_visible()

    assert _told(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(shown: Shown, look: Look, busy: str, scheme: str) -> None:
    page = look(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page.goto(shown.address("#/faults"))
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
