"""The clock, settings, namespaces and players on the page, as a person uses them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from mockserver.control import RESET
from mockserver.model.results import ResetCommand
from tests.server.page.conftest import Look, Reopened, Shown, too_wide

pytestmark = pytest.mark.browser


def _setting(shown: Shown, name: str) -> Any:
    return shown.server.admin("GET", "/settings").json()[name]


def _clock(shown: Shown) -> dict[str, Any]:
    reading: dict[str, Any] = shown.server.admin("GET", "/clock").json()
    return reading


def _field(page: Page, name: str) -> Locator:
    return page.locator(f"[data-field='{name}']").locator("input, select, textarea").first


# The clock


def test_the_clock_of_the_header_jumps_stands_and_runs(shown: Shown, page: Page) -> None:
    page.goto(shown.address())
    page.get_by_role("button", name="Clock").click()
    panel = page.get_by_role("group", name="Clock")

    panel.get_by_role("button", name="Freeze").click()
    expect(panel.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator("#header .bar")).to_contain_text("frozen")
    before = _clock(shown)
    assert before["frozen"]
    for label, minutes in (("+1 min", 1), ("+10 min", 10), ("+30 min", 30)):
        with page.expect_response(_is_change_of_the_clock) as answered:
            panel.get_by_role("button", name=label).click()
        assert answered.value.json()["now_ms"] - before["now_ms"] == minutes * 60_000
        before = _clock(shown)
    panel.get_by_label("Jump by").fill("1.5")
    panel.get_by_label("Unit").select_option("h")
    panel.get_by_role("button", name="Jump").click()
    expect(panel.locator(".clock-now")).to_have_attribute("title", _utc(before["now_ms"] + 5_400_000))

    panel.get_by_role("button", name="Resume").click()
    expect(panel.get_by_role("button", name="Freeze")).to_be_visible()
    panel.get_by_label("Speed").select_option("60")
    expect(panel.get_by_text("running 60")).to_be_visible()
    assert _clock(shown)["rate"] == 60
    panel.get_by_role("button", name="Real time").click()
    expect(panel.get_by_text("running", exact=True)).to_be_visible()
    assert _clock(shown)["rate"] == 1


def test_a_jump_that_is_not_a_number_is_not_sent(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/settings"))
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    before = _clock(shown)

    page.get_by_label("Jump by").fill("soon")
    page.get_by_role("button", name="Jump").click()

    expect(page.get_by_label("Jump by")).to_have_attribute("aria-invalid", "true")
    assert _clock(shown) == before


def _is_change_of_the_clock(response: Response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/clock")


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Settings


def test_only_changed_settings_are_patched(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/settings"))
    expect(page.get_by_role("button", name="No changes")).to_be_disabled()
    _field(page, "idle_timeout_s").fill("30")
    _field(page, "stall_timeout_s").fill("")
    _field(page, "after_end").select_option("404")
    _field(page, "complete_closes").select_option("true")
    _field(page, "path_prefixes").fill("/va, /vb")
    _field(page, "cors.max_age").fill("600")
    _field(page, "session_rules").fill('[{"where": ["/params/media.id=x"], "idle_timeout_s": 5}]')

    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.get_by_role("button", name="Save 7 changes").click()

    assert sent.value.post_data_json == {
        "idle_timeout_s": 30,
        "stall_timeout_s": None,
        "session_rules": [{"where": ["/params/media.id=x"], "idle_timeout_s": 5}],
        "complete_closes": True,
        "after_end": 404,
        "path_prefixes": ["/va", "/vb"],
        "cors.max_age": 600,
    }
    expect(page.get_by_role("button", name="No changes")).to_be_visible()
    assert (_setting(shown, "idle_timeout_s"), _setting(shown, "stall_timeout_s")) == (30, None)


def test_one_threshold_changes_and_the_others_stay(shown: Shown, page: Page) -> None:
    shown.server.admin("PATCH", "/settings", {"thresholds": {"ping_gap_s": 20}})
    before = _setting(shown, "thresholds")
    page.goto(shown.address("#/settings"))
    page.get_by_text("Thresholds of findings").click()

    _field(page, "thresholds/late_s").fill("3")
    page.get_by_role("button", name="Save 1 change").click()

    expect(page.get_by_role("button", name="No changes")).to_be_visible()
    assert _setting(shown, "thresholds") == {**before, "late_s": 3}


def test_a_refused_setting_is_explained_at_its_field(standing: Shown, reopened: Reopened, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    before = standing.server.admin("GET", "/settings").json()
    page = reopened("#/settings")

    _field(page, "max_age_s").fill("-1")
    page.get_by_role("button", name="Save 1 change").click()

    expect(page.locator("[data-field='max_age_s'] .error-text")).to_be_visible()
    assert standing.server.admin("GET", "/settings").json() == before
    page.get_by_role("button", name="Undo").click()
    expect(_field(page, "max_age_s")).to_have_value("86400")


def test_every_setting_has_a_field_and_says_what_it_is_for(standing: Shown, reopened: Reopened) -> None:
    page = reopened("#/settings")
    expect(page.get_by_role("button", name="No changes")).to_be_visible()

    settings = standing.server.admin("GET", "/settings").json()
    wanted = {name for name in settings if name != "thresholds"} | {
        f"thresholds/{name}" for name in settings["thresholds"]
    }
    fields = page.locator("[data-field]")
    assert set(fields.evaluate_all("all => all.map((one) => one.dataset.field)")) == wanted
    hints = page.locator("[data-field] > .hint").evaluate_all("all => all.map((one) => one.textContent)")
    assert len(hints) == len(wanted)
    assert all(hints)


def test_settings_are_searched(reopened: Reopened) -> None:
    page = reopened("#/settings")

    page.get_by_label("Search settings").fill("preflight")

    expect(page.locator("[data-field]:visible")).to_have_count(2)


def test_parts_are_reset_by_a_second_press(shown: Shown, page: Page) -> None:
    shown.open_session()
    shown.server.add_fault({"kind": "reset"})
    shown.server.admin("PATCH", "/settings", {"idle_timeout_s": 5})
    page.goto(shown.address("#/settings"))
    expect(_field(page, "idle_timeout_s")).to_have_value("5")
    for part in ("journal", "sessions", "faults", "clock"):
        page.get_by_label(part, exact=True).uncheck()

    page.get_by_role("button", name="Wipe", exact=True).click()
    page.get_by_role("button", name="Wipe?").click()

    expect(_field(page, "idle_timeout_s")).to_have_value("600")
    assert len(shown.server.admin("GET", "/faults").json()["faults"]) == 1
    assert shown.server.admin("GET", "/summary").json()["requests"] == 1


def test_a_namespace_is_dropped_by_a_second_press(shown: Shown, page: Page) -> None:
    shown.open_session("/ns/team-a")
    page.goto(shown.address("#/settings"))
    row = page.get_by_role("region", name="Namespaces").get_by_role("listitem").filter(has_text="team-a")
    expect(row.get_by_role("link")).to_have_attribute("href", f"{shown.url}/ns/team-a/__admin/ui/")

    row.get_by_role("button", name="Drop team-a").click()
    with page.expect_response("**/__admin/namespaces"):  # the list is read again
        shown.server.control.call(RESET, ResetCommand(only=("journal",)))
    assert len(shown.server.admin("GET", "/namespaces").json()["namespaces"]) == 2
    row.get_by_role("button", name="Drop it?").click()

    expect(row).to_have_count(0)
    assert len(shown.server.admin("GET", "/namespaces").json()["namespaces"]) == 1


def test_a_player_is_stopped_and_forgotten(shown: Shown, page: Page) -> None:
    shown.server.admin("POST", "/players", {"speed": 1})
    page.goto(shown.address("#/settings"))
    players = page.get_by_role("region", name="Simulated players")
    expect(players).to_contain_text("running")

    players.get_by_role("button", name=re.compile("^Stop (?!and)")).click()
    expect(players).to_contain_text("stopped")
    players.get_by_role("button", name="Stop and forget all").click()

    expect(players).to_contain_text("None.")
    assert shown.server.admin("GET", "/players").json()["players"] == []


def test_nothing_is_wider_than_the_screen(shown: Shown, look: Look) -> None:
    shown.server.add_fault({"kind": "status", "code": 500, "body": "x" * 500}, name="n" * 200)
    page = look(viewport={"width": 360, "height": 740})
    for route, there in (("#/faults", ".fault-form"), ("#/settings", ".settings-form")):
        page.goto(shown.address(route))
        expect(page.locator(there)).to_be_visible()
        for width in (360, 768):
            assert too_wide(page, width) <= 0, (route, width)
