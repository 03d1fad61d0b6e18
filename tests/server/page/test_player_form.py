"""The form of the simulated players: how long it shows which messages about invalid and refused values."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import Browser, Locator, Page, expect

from mockserver.cli import main
from mockserver.cli.command_line import build_parser
from tests.factories import inside
from tests.server.page.conftest import Reopened, Shown
from tests.server.page.player_card import FOREVER, command_of, players_of, ready, start_button
from tests.server.running import Running
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser


@pytest.fixture
def card(shown: Shown, page: Page) -> Locator:
    """The card, once the server has listed what it can play."""
    page.goto(shown.address("#/start"))
    return ready(page)


def _held_starts(shown: Shown) -> None:
    """Hold back every sessionStart: the clock, which would release it, is frozen."""
    shown.server.admin("POST", "/clock", {"action": "freeze"})
    shown.server.add_fault({"kind": "delay", "ms": 60_000}, when={"event_type": "sessionStart"})


def test_a_player_stopped_before_it_has_a_session_is_not_waited_for(shown: Shown, page: Page, card: Locator) -> None:
    _held_starts(shown)
    start_button(card).click()
    expect(start_button(card)).to_be_disabled()
    card.get_by_role("button", name=re.compile("^Stop (?!and)")).click()

    expect(card.get_by_text("stopped", exact=True)).to_be_visible()
    expect(start_button(card)).to_be_enabled()
    expect(card.get_by_role("alert")).to_have_count(0)
    assert page.url.endswith("#/start")


def test_buttons_of_an_empty_list_wait_for_no_player_that_was_stopped(shown: Shown, page: Page) -> None:
    _held_starts(shown)
    page.goto(shown.address("#/sessions"))
    button = page.get_by_role("button", name="Simulate a player")
    button.click()
    expect(button).to_be_disabled()
    (player,) = players_of(shown)
    assert shown.server.admin("DELETE", f"/players/{player['id']}").json()["state"] == "stopped"

    expect(button).to_be_enabled()


def test_message_about_too_many_players_goes_away_when_fewer_play(
    shown: Shown, card: Locator, forgiven: list[str]
) -> None:
    forgiven.append("429 (Too Many Requests)")
    before = shown.server.admin("POST", "/players", {"count": 50, "speed": FOREVER, "content": "short"})
    assert before.status == 201
    start_button(card).click()
    expect(card.get_by_role("alert")).to_have_text(re.compile("^50 players are playing"))
    expect(card).to_contain_text("50 players are playing")

    card.get_by_role("button", name="Stop and forget all").click()

    expect(card.get_by_role("alert")).to_have_count(0)
    expect(start_button(card)).to_be_enabled()


def test_other_refusals_are_shown_until_the_form_changes(shown: Shown, card: Locator, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    shown.server.admin("POST", "/players", {"speed": FOREVER})
    card.get_by_label("Content").select_option("short")
    card.get_by_label("Mistake").select_option("ads-never-closed")
    start_button(card).click()
    expect(card.get_by_role("alert")).to_be_visible()

    card.get_by_role("button", name="Stop and forget all").click()
    expect(card.get_by_role("listitem")).to_have_count(0)
    expect(card.get_by_role("alert")).to_have_text(re.compile("ads-never-closed does not apply"))

    card.get_by_label("Mistake").select_option("")
    expect(card.get_by_role("alert")).to_have_count(0)


def test_the_button_shows_no_number_that_cannot_be_used(reopened: Reopened) -> None:
    card = ready(reopened("#/start"))
    count, button = card.get_by_label("How many"), start_button(card)
    for text, label in (
        ("10", "Start 10 players"),
        ("-1", "Start players"),
        ("1", "Start a player"),
        ("x", "Start players"),
    ):
        count.fill(text)
        expect(button).to_have_text(label)
    card.get_by_label("Seed").fill("x")
    count.fill("1")
    expect(button).to_have_text("Start a player")
    count.fill("3")
    expect(button).to_have_text("Start players")
    expect(button).to_be_enabled()  # a press leads to what is wrong

    card.get_by_label("Play against").fill("http://staging.example:8089")
    for text in ("-1", "3"):
        count.fill(text)
        expect(button).to_be_disabled()
        expect(card.get_by_role("status")).to_have_text(
            re.compile(r"^Players started here can only play against .*\d\.$")
        )
        expect(card.get_by_role("region", name="Command line")).to_be_hidden()
    card.get_by_label("Seed").fill("4294967295")
    expect(card.get_by_role("status")).to_have_text(re.compile("in a terminal:$"))
    expect(card.get_by_role("region", name="Command line")).to_be_visible()


def test_over_https_the_lines_take_the_certificate_of_this_server_under_all_its_names(
    start: Callable[..., Running], browser: Browser, tmp_path: Path
) -> None:
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    server = start(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    read, url = build_parser(("play",)).parse_args, f"https://127.0.0.1:{server.port}"
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(f"{url}/__admin/ui/#/start")
        card = ready(page)
        card.get_by_label("Content").select_option("short")
        card.get_by_label("Speed").select_option("max")
        target = card.get_by_label("Play against")
        for text, own in ((url, True), (f"https://localhost:{server.port}", False), (f"{url}/ns/blue", False),
                          (f"https://[::1]:{server.port}/ns/blue", False),
                          (f"HTTPS://Blue.localhost:{server.port}", False)):  # fmt: skip
            target.fill(text)
            assert (read(command_of(card)).to, read(command_of(card)).insecure) == (text, True)
            expect(start_button(card)).to_be_enabled(enabled=own)
        for text in ("https://staging.example", "https://localhost", f"https://localhost:{server.port + 1}",
                     f"https://localhost.staging.example:{server.port}",
                     f"http://localhost:{server.port}"):  # fmt: skip
            target.fill(text)
            assert (read(command_of(card)).to, read(command_of(card)).insecure) == (text, False)
            expect(start_button(card)).to_be_disabled()

        target.fill(f"https://localhost:{server.port}/ns/blue")
        assert main(command_of(card)) == 0
        target.fill("")
        card.locator("summary").click()
        line = card.get_by_role("region", name="curl").inner_text()
        subprocess.run(["bash", "-c", line], capture_output=True, timeout=GUARD_S, check=True)
        expect(page).to_have_url(re.compile("#/start$"))
    names = server.service.namespaces
    assert len(inside(names.peek("blue")).sessions) == 1
    assert len(names.players.views("default")) == 1
