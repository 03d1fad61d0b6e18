"""The journal and its entries, as a person sees them; they may contain anything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import Page, expect

from mockserver.emulator.held_requests import HeldRequest
from tests.factories import event, open_session, post_event, send
from tests.server.page.conftest import Shown, copied
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser

ROWS = ".rows > .row"
COUNTER = ".counter"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(2)>',
    "quotes": "'\"`${alert(3)}`\\'; rm -rf / #",
    "link": "javascript:alert(4)",
    "lines": "a\nb\r\nc\u2028d\te",
    "right to left": "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd",
    "long": "long " * 20_000,
    "controls": "\x01\x1b[31m\x7f",
}


def _copied(page: Page, what: str) -> str:
    return copied(page, page.get_by_role("button", name=f"Copy as {what}"))


def _open_entry(shown: Shown, page: Page, seq: int) -> None:
    page.goto(shown.address(f"#/events/{seq}"))
    expect(page.locator(".entry h1")).to_contain_text(f"#{seq}")


def test_new_requests_appear_without_a_reload(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/events"))
    expect(page.get_by_role("heading", name="No requests yet")).to_be_visible()

    sid = shown.open_session()
    shown.send(sid, "play")

    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS).last).to_contain_text("play")


def test_requests_are_filtered(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    shown.send(sid, "adStart")
    shown.send(sid, "ping", unknown=1)
    shown.send(sid, "pauseStart", playhead=31)
    page.goto(shown.address("#/events"))
    expect(page.locator(ROWS)).to_have_count(4)

    for field, value, found, count in (
        ("Event type", "adStart", "adStart", 1),
        ("Outcome", "invalid", "ping", 1),
        ("Status", "400", "ping", 2),
        ("Search requests", "/playerTime/playhead>30", "pauseStart", 4),
    ):
        filled = page.get_by_label(field)
        fill = filled.select_option if field in ("Event type", "Outcome") else filled.fill
        fill(value)

        expect(page.locator(COUNTER), field).to_have_text(f"{count} found")
        expect(page.locator(ROWS), field).to_have_count(count)
        expect(page.locator(ROWS).first, field).to_contain_text(found)
        shown.send(sid, "chapterStart")  # does not match
        shown.send(sid, found, **({"unknown": 1} if found == "ping" else {}), playhead=32)
        expect(page.locator(COUNTER), field).to_have_text(f"{count + 1} found")
        fill("")


def test_requests_are_sorted_by_a_column(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    shown.send(sid, "adStart")
    shown.send(sid, "ping", unknown=1)
    page.goto(shown.address("#/events"))
    expect(page.locator(ROWS)).to_have_count(3)

    page.get_by_role("button", name="Status").click()

    first = page.locator(f"{ROWS}[aria-rowindex='2']")
    expect(first).to_contain_text("400")
    expect(page.get_by_role("columnheader", name="Status")).to_have_attribute("aria-sort", "descending")
    page.reload()
    expect(first).to_contain_text("400")
    page.get_by_role("button", name="Status").click()
    expect(first).to_contain_text("201")


TYPED_AND_LEFT = """status => {
  const field = document.querySelector("[aria-label=Status]");
  field.value = status;
  field.dispatchEvent(new Event("input"));
  location.hash = "#/start";
  return new Promise(resolve => setTimeout(resolve, 300));  // longer than a pause in typing
}"""


def test_leaving_while_typing_a_filter_does_not_lead_back(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/events"))
    expect(page.get_by_label("Status")).to_be_visible()

    page.evaluate(TYPED_AND_LEFT, "400")

    assert page.url == shown.address("#/start")


SCROLL = """(grid, share) => {
  grid.scrollTop = grid.scrollHeight * share;
  grid.dispatchEvent(new Event("scroll")); // its own comes later, and a list that is read before still follows the end
}"""


def test_thousands_of_requests_take_a_hundred_elements(shown: Shown, page: Page) -> None:
    sid = open_session(shown.back_end)
    request = post_event(sid, event("ping"))
    for _ in range(5_000):
        shown.back_end.handle(request)

    page.goto(shown.address("#/events"))

    expect(page.locator(COUNTER)).to_have_text("5,001 requests")
    expect(page.locator(ROWS).get_by_text("5001", exact=True)).to_be_visible()
    for share, number in ((0, "1"), (0.5, "2500")):
        page.get_by_role("grid").evaluate(SCROLL, share)
        expect(page.locator(ROWS).get_by_text(number, exact=True)).to_have_count(1)
        expect(page.locator(f"{ROWS}.pending")).to_have_count(0)
        assert page.locator(ROWS).count() < 100


def test_new_requests_do_not_move_a_list_that_was_scrolled_up(shown: Shown, page: Page) -> None:
    sid = open_session(shown.back_end)
    for _ in range(200):
        send(shown.back_end, sid, "ping")
    page.goto(shown.address("#/events"))
    expect(page.locator(ROWS).get_by_text("201", exact=True)).to_be_visible()
    grid = page.get_by_role("grid")
    grid.evaluate(SCROLL, 0)
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")

    shown.send(sid, "play")

    expect(page.get_by_role("button", name="Follow (1 new)")).to_be_visible()
    assert grid.evaluate("grid => grid.scrollTop") == 0
    page.get_by_role("button", name="Follow (1 new)").click()
    expect(page.locator(ROWS).get_by_text("202", exact=True)).to_be_visible()


def test_a_condition_that_cannot_be_read_is_explained(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    shown.open_session()
    page.goto(shown.address("#/events"))
    expect(page.locator(ROWS)).to_have_count(1)

    page.get_by_label("Search requests").fill("sesion:1")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Search requests")).to_have_attribute("aria-invalid", "true")


def test_mistakes_in_a_body_are_marked_in_place(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    body = event("adStart")
    del body["params"]["media.ad.id"]
    body["params"]["media.ad.title"] = "x"
    body["params"]["media.ad.length"] = "fifteen"
    answer = shown.server.ask("POST", f"/api/v1/sessions/{sid}/events", json.dumps(body).encode())
    assert answer.status == 400

    page.goto(shown.address("#/events"))
    page.locator(ROWS).last.locator(".type").click()

    tree = page.locator(".tree")
    expect(tree.locator(".wrong")).to_have_count(3)
    expect(tree.locator(".wrong", has_text="media.ad.id")).to_contain_text("is missing")
    for violation in answer.json()["errors"]:
        expect(tree).to_contain_text(violation["detail"])
    expect(page.get_by_role("heading", name="3 problems")).to_be_visible()


def test_the_length_of_a_delay_is_shown(shown: Shown, page: Page) -> None:
    back_end = shown.back_end
    back_end.clock.freeze()
    sid = shown.open_session()
    shown.server.add_fault({"kind": "delay", "ms": 5_000})
    held = back_end.handle(post_event(sid, event(ts=back_end.clock.now_ms() - 2_000)))
    assert isinstance(held, HeldRequest)
    back_end.clock.advance(5_000)
    back_end.resume(held)

    _open_entry(shown, page, 2)

    facts = page.locator(".facts > div")
    expect(facts.filter(has_text="Held back")).to_have_text("Held back5.0 s before it was processed")
    expect(facts.filter(has_text="Player's time")).to_contain_text("(2.0 s before it was received)")
    _open_entry(shown, page, 1)
    expect(facts.filter(has_text=re.compile("^Received"))).to_be_visible()
    expect(facts.filter(has_text="Held back")).to_have_count(0)


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_a_player_sends_is_shown_as_text(standing: Shown, standing_page: Page, kind: str) -> None:
    text = HOSTILE[kind]
    start_params = {"media.name": text, "media.id": text, "media.playerName": text, "media.libraryVersion": text}
    sid = standing.open_session(**start_params)
    first = standing.server.last_entry()["seq"]
    odd = {**event("ping"), text[:500]: text}
    standing.server.ask("POST", f"/api/v1/sessions/{sid}/events", json.dumps(odd).encode())
    standing.server.ask("POST", f"/api/v1/sessions/{sid}/events", text.encode())
    path = "/" + text.encode("unicode_escape").decode().replace(" ", "%20")[:500]
    standing.server.ask("POST", path, b"{}")
    inside = standing_page.locator("main script, main img, main a[href^=javascript]")

    standing_page.goto(standing.address())
    name = standing_page.locator(ROWS).filter(has_text=sid[:8]).locator(".name").first
    expect(name).to_have_text(re.compile(re.escape(text[:20].split("\n")[0].strip())))
    assert inside.count() == 0
    for seq in range(first, first + 4):
        _open_entry(standing, standing_page, seq)
        assert inside.count() == 0
    standing_page.goto(standing.address())
    standing_page.goto(standing.address("#/events"))
    expect(standing_page.locator(ROWS).get_by_text(str(first + 3), exact=True)).to_be_visible()

    assert inside.count() == 0


@pytest.mark.parametrize("kind", HOSTILE)
def test_copied_curl_sends_the_same_again(standing: Shown, standing_page: Page, kind: str) -> None:
    assert shutil.which("curl") is not None, "this test runs what is copied: install curl"
    standing.open_session(**{"media.name": HOSTILE[kind]})
    first = standing.server.last_entry()
    _open_entry(standing, standing_page, first["seq"])

    command = _copied(standing_page, "curl")
    done = subprocess.run(["bash"], input=command, capture_output=True, text=True, timeout=GUARD_S, check=False)

    assert done.returncode == 0, done.stderr
    second = standing.server.last_entry()
    assert second["seq"] == first["seq"] + 1
    assert second["outcome"] == "opened"
    assert second["request"]["body"] == first["request"]["body"]
    assert second["request"]["path"] == first["request"]["path"]


def test_copied_json_is_the_entry(standing: Shown, standing_page: Page) -> None:
    standing.open_session()
    entry = standing.server.last_entry()
    _open_entry(standing, standing_page, entry["seq"])

    assert json.loads(_copied(standing_page, "JSON")) == entry


@pytest.mark.parametrize("kind", HOSTILE)
def test_copied_pytest_is_python_that_finds_the_event(standing: Shown, standing_page: Page, kind: str) -> None:
    sid = standing.open_session(**{"media.id": HOSTILE[kind]})
    _open_entry(standing, standing_page, standing.server.last_entry()["seq"])

    text = _copied(standing_page, "pytest")

    asked: list[tuple[str, dict[str, object]]] = []

    class Witness:
        def wait_for(self, **query: object) -> None:
            asked.append(("wait_for", query))

        def verify(self, **query: object) -> None:
            asked.append(("verify", query))

    names: dict[str, object] = {}
    exec(compile(text, "copied", "exec"), names)
    test = names["test_the_player_sends_session_start"]
    assert callable(test)
    test(Witness())
    assert [name for name, _ in asked] == ["wait_for", "verify"]
    query = {name: value for name, value in asked[1][1].items() if name != "timeout_s"}
    answer = standing.server.admin("POST", "/events/count", {"query": {**query, "session_id": sid}})
    assert answer.json()["count"] == 1, (query, answer)


def test_a_missing_request_is_reported_as_missing(shown: Shown, page: Page) -> None:
    shown.open_session()
    page.goto(shown.address("#/events/1"))
    expect(page.locator(".entry h1")).to_contain_text("#1")
    shown.send("no-such-session", "ping")
    page.keyboard.press("j")
    expect(page.locator(".entry h1")).to_contain_text("#2")
    expect(page.get_by_text("Unknown session.")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(".entry h1")).to_contain_text("#1")


def test_a_request_is_sent_again_as_it_was_or_edited(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    sid = shown.open_session()
    shown.send(sid, "pauseStart", playhead=12)
    _open_entry(shown, page, 2)
    again = page.get_by_role("region", name="Send again")

    again.get_by_role("button", name="Send again").click()
    expect(again.get_by_role("link", name="#3")).to_be_visible()
    expect(again).to_contain_text("Answered 204")
    first, second = (shown.server.admin("GET", f"/events/{seq}").json() for seq in (2, 3))
    assert second["event"] == first["event"]

    again.get_by_text("Edit the body").click()
    body = again.get_by_label("Body to send")
    body.fill(body.input_value().replace("pauseStart", "pauseStrat"))
    again.get_by_role("button", name="Send again").click()
    expect(again.get_by_role("link", name="#4")).to_be_visible()
    expect(again).to_contain_text("Answered 400")


def test_copied_fetch_sends_the_same_again(shown: Shown, page: Page) -> None:
    shown.open_session(media__name="'\"`${alert(3)}`\\'")
    first = shown.server.last_entry()
    _open_entry(shown, page, 1)

    page.evaluate(f"async () => {{ {_copied(page, 'fetch')} }}")

    second = shown.server.last_entry()
    assert (second["seq"], second["outcome"]) == (2, "opened")
    assert second["request"]["body"] == first["request"]["body"]


def test_a_session_is_followed_and_left_again(shown: Shown, page: Page) -> None:
    one, two = (shown.open_session(media__name=name, media__playerName="tv") for name in ("Film 1", "Film 2"))
    shown.send(one, "play")
    page.goto(shown.address("#/events"))
    expect(page.locator(ROWS)).to_have_count(3)

    page.locator(ROWS).first.get_by_role("link", name="Film 1").click()
    expect(page.locator(COUNTER)).to_have_text("2 found")
    expect(page.get_by_role("link", name="Film 1 \u00b7 tv").first).to_be_visible()
    page.get_by_role("button", name="Requests of all sessions").click()
    expect(page.locator(COUNTER)).to_have_text("3 requests")
    assert two


def test_answer_from_before_a_reset_adds_nothing_to_the_list(standing_page: Page) -> None:
    shown = standing_page.evaluate(
        """async () => {
          const { createWhole } = await import("./journal-rows.js");
          const nothing = { violations: [], fault_ids: [], surroundings: {} };
          const entry = (seq, path) => ({ seq, at_ms: 0, ...nothing, request: { method: "POST", path } });
          const entries = (path) => [1, 2, 3].map((seq) => entry(seq, path));
          let answer;
          const rows = createWhole(() => new Promise((resolve) => { answer = resolve; }));
          rows.add(entries("/before").map((one) => ({ ...one, surroundings: null })));
          const read = rows.ensure(0, 2, true);
          rows.clear();
          answer({ events: entries("/before"), meta: { total: 3, evicted: 0, next: null } });
          const news = await read;
          rows.add(entries("/after"));
          return [news, ...[0, 1, 2].map((n) => rows.row(n).path)];
        }"""
    )
    assert shown == [False, "/after", "/after", "/after"]
