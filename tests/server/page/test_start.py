"""Connecting a player, as a person does it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Look, Reopened, Shown, copied, too_wide
from tests.server.running import Running
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser


def test_the_address_of_the_server_is_shown_and_copied(reopened: Reopened) -> None:
    page = reopened("#/start")

    expect(page.get_by_role("region", name="Addresses")).to_contain_text("Android emulator")
    button = page.get_by_role("region", name="Addresses").get_by_role("button", name=re.compile("^Copy")).first

    assert copied(page, button).startswith("http://")


def test_every_platform_has_lines_to_copy_that_name_this_server(standing: Shown, reopened: Reopened) -> None:
    page = reopened("#/start")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(12)

    for index in range(11):  # pytest brings its own server
        tabs.nth(index).click()
        expect(tabs.nth(index)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").locator("code").first).to_contain_text(str(standing.server.port))

    tabs.nth(0).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Android")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_contain_text(f"10.0.2.2:{standing.server.port}")


def test_in_a_namespace_the_sdk_gets_a_host_and_others_a_path(standing: Shown, page: Page) -> None:
    page.goto(standing.address("#/start", prefix="/ns/team-1"))

    expect(page.get_by_role("tabpanel")).to_contain_text(f'"team-1.localhost:{standing.server.port}"')
    page.get_by_role("tab", name="Android").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("report to the default namespace")
    page.get_by_role("tab", name="curl").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(f"{standing.url}/ns/team-1/api/v1/sessions")


def test_the_lines_for_a_shell_open_a_session(standing: Shown, reopened: Reopened) -> None:
    assert shutil.which("curl"), "this test runs what is copied: install curl"
    page = reopened("#/start")
    page.get_by_role("tab", name="curl").click()

    command = copied(page, page.get_by_role("button", name="Copy lines for curl"))
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=GUARD_S, check=False)

    assert " 201 " in done.stdout, done
    assert standing.server.last_entry()["outcome"] == "opened"


@pytest.mark.parametrize("flaw", ["", "ads-outside-break"])
def test_a_simulated_player_starts_and_its_session_is_shown(shown: Shown, page: Page, flaw: str) -> None:
    page.goto(shown.address("#/start"))
    expect(page.locator("option[value=ads-outside-break]")).to_have_count(1)

    page.get_by_label("Mistake").select_option(flaw)
    page.get_by_label("Speed").select_option("max")
    page.get_by_role("button", name="Start a player").click()

    expect(page).to_have_url(re.compile(r"#/sessions/[0-9a-f]{64}$"))
    sid = page.url.rpartition("/")[2]
    assert [session.sid for session in shown.server.emulator.sessions] == [sid]
    shown.server.wait_for_entries(5)


def test_a_running_player_is_listed_and_stopped(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/start"))
    page.get_by_label("Speed").select_option("1")
    page.get_by_role("button", name="Start a player").click()
    expect(page).to_have_url(re.compile(r"#/sessions/[0-9a-f]{64}$"))

    page.goto(shown.address("#/start"))
    players = page.get_by_role("list", name="Simulated players")
    expect(players).to_contain_text("running")
    players.get_by_role("button", name=re.compile("^Stop")).click()

    expect(players).to_contain_text("stopped")


def test_a_server_for_this_machine_alone_says_how_devices_get_in(reopened: Reopened) -> None:
    page = reopened("#/start")

    expect(page.get_by_text("Only this machine can reach the server.")).to_be_visible()
    expect(page.get_by_alt_text("QR code")).to_be_hidden()


def test_devices_get_a_code_to_scan(start: Callable[..., Running], page: Page) -> None:
    server = Shown(start(host="0.0.0.0", admin_token="let-me-in"))
    page.goto(server.address("?token=let-me-in#/start"))

    code = page.get_by_alt_text("QR code")
    expect(code).to_be_visible()
    assert code.evaluate("image => image.complete && image.naturalWidth > 50")


def test_on_a_phone_nothing_is_cut_off(standing: Shown, look: Look) -> None:
    page = look(viewport={"width": 360, "height": 740})
    page.goto(standing.address("#/start"))
    expect(page.get_by_role("heading", name="Connect a player")).to_be_visible()

    assert too_wide(page, 360) <= 0
    expect(page.get_by_role("link", name="Connect", exact=True)).to_be_in_viewport()
