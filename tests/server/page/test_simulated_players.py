"""Simulated players, started on the page or, against any server, by the command that it shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from mockserver.address import server_address
from mockserver.cli import main
from mockserver.cli.command_line import build_parser
from mockserver.errors import InvalidInput
from tests.server.page.conftest import Look, Reopened, Shown, copied, too_wide
from tests.server.page.player_card import FOREVER, command_of, players_of, ready, start_button
from tests.server.running import Running
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser

HOSTILE = (
    "http://staging.example/'$(touch${IFS}x)`id`&|>x;\"\\!*~",
    "http://staging.example/--flaw",
    "http://$(id)/",
    "https://u'ser@[::1]:8089/ns/o'brien",
    "http://\u00e9\U0001f600.example:8089/\u05e9/a%20b",
)
UNUSABLE = (
    ("How many", "51", "1 to 50, not 51."),
    ("How many", "0", "1 to 50, not 0."),
    ("How many", "1.5", "1.5 is not a whole number."),
    ("How many", "many", "many is not a number."),
    ("Seed", "seven", "seven is not a number."),
    ("Seed", "9007199254740993", "9007199254740993 is too large."),
    ("Seed", "-1", "0 to 4294967295, not -1."),
    ("Seed", "4294967296", "0 to 4294967295, not 4294967296."),
    ("Play against", "staging.example", "Enter an address like http://127.0.0.1:8089."),
)
NO_ADDRESS = (
    "", "staging.example:8089", "ftp://staging.example", "javascript:alert(1)", "--insecure", "http://", "http:///x",
    "http://a b/", "http://a/b c", "http://a/\x1b[2J", "http://a/?q=1", "http://a/#f", "http://a:99999", "http://a:b",
    "http://[1", "http://a\nrm -rf .",
)  # fmt: skip


@pytest.fixture
def card(shown: Shown, page: Page) -> Locator:
    """The card, once the server has listed what it can play."""
    page.goto(shown.address("#/start"))
    return ready(page)


@pytest.fixture
def standing_card(reopened: Reopened) -> Locator:
    """The card of the standing server, on which nothing is started."""
    return ready(reopened("#/start"))


def test_several_players_are_started_at_once_and_listed(shown: Shown, page: Page, card: Locator) -> None:
    card.get_by_label("How many").fill("3")
    card.get_by_label("Seed").fill("7")
    card.get_by_label("Speed").select_option("1")
    card.get_by_role("button", name="Start 3 players").click()

    rows = card.get_by_role("list", name="Simulated players").get_by_role("listitem")
    expect(rows).to_have_count(3)
    for row, seed in ((rows.nth(0), 9), (rows.nth(1), 8), (rows.nth(2), 7)):
        expect(row).to_contain_text(f"correct, seed {seed}")
        expect(row.get_by_role("link")).to_have_attribute("href", re.compile(r"^#/sessions/[0-9a-f]{64}$"))
    expect(card).to_contain_text("3 players are playing")
    assert page.url.endswith("#/start")
    assert [player["seed"] for player in players_of(shown)] == [7, 8, 9]

    card.get_by_role("button", name="Stop and forget all").click()
    expect(rows).to_have_count(0)
    assert players_of(shown) == []


def test_a_player_reports_to_the_api_that_is_chosen(shown: Shown, page: Page, card: Locator) -> None:
    card.get_by_label("Content").select_option("short")
    card.get_by_label("Speed").select_option("max")
    assert "--dialect" not in command_of(card)
    card.get_by_label("Reports to").select_option("Media Edge API")
    assert build_parser(("play",)).parse_args(command_of(card)).dialect == "edge"
    start_button(card).click()

    expect(page).to_have_url(re.compile(r"#/sessions/[0-9a-f]{64}$"))
    expect(page.locator(".session-head")).to_contain_text("Media Edge API")
    assert [player["dialect"] for player in players_of(shown)] == ["edge"]
    (session,) = shown.server.emulator.sessions
    assert session.dialect == "edge"
    page.goto(shown.address("#/sessions"))
    expect(page.locator(".api")).to_have_text("Edge")


def test_the_same_seed_plays_the_same(shown: Shown, page: Page, card: Locator) -> None:
    for _ in range(2):
        card.get_by_label("Seed").fill("11")
        card.get_by_label("Speed").select_option("max")
        start_button(card).click()
        expect(page).to_have_url(re.compile(r"#/sessions/[0-9a-f]{64}$"))
        page.go_back()
        expect(card).to_contain_text("At most 50")

    assert [player["seed"] for player in players_of(shown)] == [11, 11]
    first, second = shown.server.emulator.sessions
    assert first.content == second.content


def test_invalid_values_are_marked_at_their_fields_before_anything_is_sent(
    standing: Shown, standing_card: Locator
) -> None:
    card, line = standing_card, standing_card.get_by_role("region", name="Command line")
    for label, text, told in UNUSABLE:
        case = f"{label}: {text}"
        field = card.get_by_label(label, exact=True)
        field.fill(text)

        expect(field, case).to_have_attribute("aria-invalid", "true")
        expect(field, case).to_have_accessible_description(re.compile(re.escape(told)))
        expect(line, case).to_be_hidden()
        field.press("Enter")
        start_button(card).click()
        expect(field, case).to_be_focused()
        assert players_of(standing) == [], case

        field.fill("")
        expect(field, case).not_to_have_attribute("aria-invalid", "true")
        expect(line, case).to_be_visible()


def _most_of_99(route: Route) -> None:
    """Make a page believe that more players can play than the server allows."""
    if route.request.method != "GET":
        return route.fallback()
    answer = route.fetch()
    return route.fulfill(response=answer, json={**answer.json(), "most": 99})


def test_a_refusal_by_the_server_is_shown_at_the_field_concerned(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    page.route("**/__admin/players", _most_of_99)
    page.goto(shown.address("#/start"))
    card = page.get_by_role("region", name="Simulated player", exact=True)
    expect(card).to_contain_text("At most 99")
    count = card.get_by_label("How many")
    count.fill("51")
    start_button(card).click()
    expect(count).to_have_accessible_description(re.compile("count must be 1 to 50, not 51"))
    expect(count).to_be_focused()

    count.fill("1")
    card.get_by_label("Content").select_option("short")
    card.get_by_label("Mistake").select_option("ads-never-closed")
    start_button(card).click()
    expect(card.get_by_role("alert")).to_have_text(re.compile("ads-never-closed does not apply"))
    expect(start_button(card)).to_be_enabled()
    assert players_of(shown) == []


def test_too_many_players_are_refused_with_the_servers_message(
    shown: Shown, card: Locator, forgiven: list[str]
) -> None:
    forgiven.append("429 (Too Many Requests)")
    before = shown.server.admin("POST", "/players", {"count": 49, "speed": FOREVER, "content": "short"})
    assert before.status == 201
    card.get_by_label("How many").fill("2")
    start_button(card).click()

    expect(card.get_by_role("alert")).to_have_text(
        "49 players are playing, and at most 50 can at once; stop some first"
    )
    assert len(players_of(shown)) == 49


def test_players_that_could_open_no_session_say_why(shown: Shown, card: Locator) -> None:
    shown.server.add_fault({"kind": "status", "code": 503}, when={"event_type": "sessionStart"})
    card.get_by_label("How many").fill("2")
    card.get_by_label("Speed").select_option("max")
    start_button(card).click()

    rows = card.get_by_role("list", name="Simulated players").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="failed").filter(has_text="sessionStart was answered 503")).to_have_count(2)
    expect(card).to_contain_text("No player is playing")


def test_the_command_has_the_values_of_the_form(standing: Shown, standing_card: Locator) -> None:
    card = standing_card
    read = build_parser(("play",)).parse_args
    plain = read(command_of(card))
    assert (plain.to, plain.content, plain.flaw, plain.speed) == (standing.url, "vod", None, "10")
    assert (plain.concurrent, plain.sessions, plain.seed, plain.insecure) == (1, None, None, False)

    card.get_by_label("Mistake").select_option("no-pings")
    card.get_by_label("Content").select_option("live")
    card.get_by_label("Speed").select_option("max")
    card.get_by_label("How many").fill("3")
    card.get_by_label("Seed").fill("0")
    chosen = read(command_of(card))

    assert (chosen.to, chosen.content, chosen.flaw, chosen.speed) == (standing.url, "live", "no-pings", "max")
    assert (chosen.concurrent, chosen.sessions, chosen.seed) == (3, None, 0)
    line = copied(card.page, card.get_by_role("button", name="Copy the command line"))
    assert shlex.split(line)[1:] == command_of(card)


def test_the_command_plays_what_the_button_plays(shown: Shown, card: Locator) -> None:
    card.get_by_label("Speed").select_option("max")
    card.get_by_label("Content").select_option("short")
    card.get_by_label("How many").fill("2")
    card.get_by_label("Seed").fill("5")
    start_button(card).click()
    expect(card.get_by_text("done", exact=True)).to_have_count(2)
    sessions = shown.server.emulator.sessions
    by_button = sorted(str(session.content) for session in sessions)
    shown.server.admin("POST", "/reset", {})

    assert main(command_of(card)) == 0

    assert sorted(str(session.content) for session in sessions) == by_button
    assert len(by_button) == 2


def test_below_a_namespace_the_command_plays_there(shown: Shown, page: Page) -> None:
    shown.open_session("/ns/team-a")
    page.goto(shown.address("#/start", "/ns/team-a"))
    card = ready(page)

    assert build_parser(("play",)).parse_args(command_of(card)).to == f"{shown.url}/ns/team-a"
    card.get_by_label("Play against").fill(shown.url)
    expect(start_button(card)).to_be_disabled()


def test_against_another_server_only_the_command_plays(
    shown: Shown, start: Callable[..., Running], card: Locator
) -> None:
    other = Shown(start())
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    card.page.on("request", note)
    card.get_by_label("Speed").select_option("max")
    card.get_by_label("Content").select_option("short")
    card.get_by_label("How many").fill("2")
    target = card.get_by_label("Play against")
    target.fill(other.url)

    expect(card.get_by_role("status")).to_have_text(
        f"Players started here can only play against {shown.url}. For another address, run this in a terminal:"
    )
    expect(start_button(card)).to_be_disabled()
    expect(card.locator(".equivalents .code")).to_have_count(0)
    target.press("Enter")
    start_button(card).dispatch_event("click")
    card.locator("form").evaluate("form => form.dispatchEvent(new SubmitEvent('submit', {cancelable: true}))")
    assert main(command_of(card)) == 0

    assert len(other.server.emulator.sessions) == 2
    assert len(shown.server.emulator.sessions) == 0
    assert (players_of(shown), players_of(other), sent) == ([], [], [])
    card.page.remove_listener("request", note)


def test_more_than_this_server_plays_can_be_played_elsewhere(standing_card: Locator) -> None:
    card = standing_card
    card.get_by_label("Play against").fill("http://staging.example:8089")
    card.get_by_label("How many").fill("200")

    assert build_parser(("play",)).parse_args(command_of(card)).concurrent == 200
    card.get_by_label("Play against").fill("")
    expect(card.get_by_label("How many")).to_have_accessible_description(re.compile("1 to 50, not 200"))


def test_this_server_is_known_by_all_its_names(shown: Shown, page: Page, card: Locator) -> None:
    for text in (f"{shown.url}/", f"  {shown.url.upper()} ", ""):
        card.get_by_label("Play against").fill(text)
        expect(start_button(card)).to_be_enabled()
    card.get_by_label("Play against").fill(f"http://localhost:{shown.server.port}")
    expect(start_button(card)).to_be_disabled()

    page.goto(f"http://localhost:{shown.server.port}/__admin/ui/#/start")
    expect(card.get_by_label("Play against")).to_have_value(shown.url)
    card.get_by_label("Play against").fill(f"http://localhost:{shown.server.port}")
    expect(start_button(card)).to_be_enabled()


def test_an_address_stays_one_word_whatever_is_in_it(standing_card: Locator) -> None:
    for address in HOSTILE:
        standing_card.get_by_label("Play against").fill(address)

        assert build_parser(("play",)).parse_args(command_of(standing_card)).to == address
        line = standing_card.get_by_role("region", name="Command line").inner_text()
        script = f"mockserver() {{ printf '%s\\0' \"$@\"; }}; {line}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=GUARD_S, check=True)
        assert done.stderr == b"", address
        assert done.stdout.decode().split("\0")[:3] == ["play", "--to", address]
        server_address(address)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_an_invalid_address_makes_no_command(standing: Shown, standing_page: Page, text: str) -> None:
    script = "async ([module, text]) => (await import(module)).serverAddress(text)"
    module = f"{standing.url}/__admin/ui/controls/play-command.js"

    assert standing_page.evaluate(script, [module, text]) is None
    if not any(char.isspace() or char == "\x1b" for char in text):  # those are refused later, when they are sent
        with pytest.raises(InvalidInput):
            server_address(text)


def test_over_https_the_command_takes_the_certificate_of_this_server(standing: Shown, standing_page: Page) -> None:
    script = "async ([module, ...given]) => (await import(module)).playCommand(...given)"
    module = f"{standing.url}/__admin/ui/controls/play-command.js"
    body = {"content": "vod", "speed": 10}

    text = standing_page.evaluate(script, [module, body, "https://127.0.0.1:8089", True])

    assert text == "mockserver play --to https://127.0.0.1:8089 --content vod --speed 10 --insecure"


def test_nothing_of_the_card_is_cut_off(standing: Shown, look: Look) -> None:
    page = look(viewport={"width": 360, "height": 800})
    page.goto(standing.address("#/start"))
    card = ready(page)
    card.get_by_label("Mistake").select_option("playhead-in-milliseconds")
    card.get_by_label("Play against").fill("http://" + "long" * 40 + ".example/'" + "x" * 200)
    card.locator("summary").click()

    for width in (360, 768):
        assert too_wide(page, width) <= 0, width
        frame = card.bounding_box()
        assert frame is not None
        for part in card.locator("button, input, select, code").all():
            box = part.bounding_box()
            assert box is None or box["x"] + box["width"] <= frame["x"] + frame["width"], (width, part)
