"""Every route of the page, judged by axe-core: nothing serious, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from mockserver.cli import main
from tests.event_files import event_lines, simulated_beats, write_lines
from tests.server.page.conftest import Look, Reopened, Shown
from tests.server.page.stories import StoryTeller

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js")
ROUTES = {
    "#/sessions": ".rows > .row",
    "#/sessions/{sid}/timeline": ".plot",
    "#/sessions/{sid}/findings": ".finding",
    "#/sessions/{sid}/report": ".metrics",
    "#/sessions/{sid}/events": ".rows > .row",
    "#/compare/{sid}/{sid}": ".compare-rows",
    "#/events": ".rows > .row",
    "#/events/{seq}": ".violations",
    "#/rules/ping.gap": ".rule-view .card",
    "#/start": ".simulator",
    "#/plan": "h1",
    "#/stories": ".running",
    "#/faults": "[data-rule]",
    "#/settings": ".settings-form",
}
UNKNOWN = {"#/nothing": "h1", "#/sessions/unknown": ".problem"}


DEPENDS_ON_COLOURS = ["color-contrast", "link-in-text-block"]


def _told(page: Page, within: str = "html") -> list[str]:
    """What axe finds that is serious or worse, with the elements concerned; where nothing changed it need not look."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [*_judged(page, within, "light", {}), *_judged(page, within, "dark", {"runOnly": DEPENDS_ON_COLOURS})]


def _judged(page: Page, within: str, scheme: Literal["light", "dark"], options: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    script = "([within, options]) => axe.run(within, options).then(({violations}) => violations)"
    found: list[dict[str, Any]] = page.evaluate(script, [within, {"resultTypes": ["violations"], **options}])
    return [
        f"{one['id']}: {one['help']}: {scheme}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def busy(standing: Shown) -> Iterator[dict[str, str]]:
    """A session of the standing server with something of everything, and its invalid event."""
    sid = standing.open_session(media__name="Big film")
    standing.send(sid, "play")
    standing.send(sid, "ping", unknown=1)
    seq = standing.server.last_entry()["seq"]
    standing.send(sid, "adStart", playhead=5)
    standing.send(sid, "sessionEnd", playhead=6)
    standing.send(sid, "ping", playhead=7)
    standing.server.add_fault({"kind": "status", "code": 500}, when={"event_type": "play"}, times=1, name="one")
    standing.server.add_fault({"kind": "delay", "ms": 5}, enabled=False)
    yield {"sid": sid, "seq": str(seq)}
    standing.server.admin("DELETE", "/faults")


@pytest.fixture
def teller(standing_page: Page) -> Iterator[StoryTeller]:
    """A story that has just failed."""
    teller = StoryTeller(standing_page)
    teller.tell("over", verdict="failed", expectations=teller.expectation(met=False, final=True))
    yield teller
    standing_page.unroute_all()


def test_axe_reports_serious_problems_in_light_and_in_dark(reopened: Reopened) -> None:
    page = reopened("#/sessions")
    expect(page.locator(".list-view")).to_be_visible()
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
    reopened: Reopened, teller: StoryTeller, busy: dict[str, str], forgiven: list[str], route: str
) -> None:
    forgiven.append("404 (Not Found)")
    page = reopened(route.format_map(busy))
    expect(page.locator({**ROUTES, **UNKNOWN}[route]).first).to_be_visible()

    assert _told(page) == []


def test_axe_finds_nothing_serious_in_panels_that_open(standing: Shown, busy: dict[str, str], look: Look) -> None:
    page = look(viewport={"width": 360, "height": 740})
    page.goto(standing.address("#/faults"))
    page.get_by_role("button", name="Clock").click()
    expect(page.get_by_role("button", name="Freeze")).to_be_visible()
    assert _told(page, "#header") == []

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next event: 500").click()
    page.get_by_text("More conditions").click()
    page.get_by_role("button", name="Remove all").click()
    expect(page.get_by_role("button", name="Remove all?")).to_be_visible()
    assert _told(page, "main") == []

    page.get_by_role("button", name="Keyboard help").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert _told(page, "dialog") == []


def test_axe_finds_nothing_serious_in_the_card_of_simulated_players_at_the_start(shown: Shown, look: Look) -> None:
    page = look(viewport={"width": 390, "height": 844})
    shown.server.admin("POST", "/players", {"count": 8, "speed": 1e-6, "content": "short"})
    page.goto(shown.address("#/start"))
    card = page.get_by_role("region", name="Simulated player", exact=True)
    expect(card.get_by_role("listitem")).to_have_count(8)
    card.locator("summary").click()
    assert _told(page) == []

    card.get_by_label("Play against").fill("http://staging.example:8089")
    expect(card.get_by_role("button", name="Start ")).to_be_disabled()
    assert _told(page, ".simulator") == []

    card.get_by_label("How many").fill("0")
    expect(card.get_by_label("How many")).to_have_attribute("aria-invalid", "true")
    assert _told(page, ".simulator") == []


def test_axe_finds_nothing_serious_in_a_report_for_a_build(look: Look, tmp_path: Path) -> None:
    events = write_lines(tmp_path / "events.ndjson", event_lines(simulated_beats("no-play-after-pause")))
    report = tmp_path / "report.html"
    assert main(["diagnose", str(events), "--format", f"html={report}"]) == 1
    page = look(viewport={"width": 390, "height": 844})
    page.goto(report.as_uri())
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    expect(page.get_by_role("img")).to_be_visible()

    assert _told(page) == []
