"""One session as the page shows it: timeline, findings, report and events."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mockserver.control import SET_CLOCK
from mockserver.model.results import ClockCommand
from tests.edge_events import body as edge_body
from tests.factories import T0, event, start
from tests.server.page.conftest import Reopened, Shown
from tests.server.wire import Answer

pytestmark = pytest.mark.browser

BREAK = {"media.ad.podIndex": 1, "media.ad.podSecond": 0}
AD = {"media.ad.id": "a1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}
STEPS: list[tuple[str, int, float, dict[str, Any]]] = [
    ("adBreakStart", 1, 0, {"params": BREAK}),
    ("adStart", 2, 0, {"params": AD}),
    ("adComplete", 17, 0, {}),
    ("adBreakComplete", 18, 0, {}),
    ("play", 19, 0, {}),
    ("ping", 29, 10, {}),
    ("pauseStart", 35, 16, {}),
    ("ping", 45, 16, {}),
]


def first_request(shown: Shown, sid: str) -> int:
    """Return the number of the request that opened a session."""
    events = shown.server.admin("GET", f"/events?session_id={sid}&limit=1").json()["events"]
    return int(events[0]["seq"])


def watched(shown: Shown, *more: tuple[str, int, float, dict[str, Any]], **params: Any) -> str:
    """Play a session with an ad and a pause, and return its id."""
    sid = shown.open_session(**params)
    for event_type, at_s, playhead_s, members in (*STEPS, *more):
        status = shown.send(sid, event_type, playhead=playhead_s, ts=T0 + at_s * 1000, **members)
        assert status in (204, 400, 410), (event_type, status)
    return sid


def test_timeline_has_a_lane_for_each_kind_of_activity(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}")
    for kind in ("starting", "gap", "ad", "main", "paused"):
        expect(page.locator(f".lane-playback.kind-{kind}").first).to_be_attached()
    expect(page.locator(".lane-label")).to_contain_text(
        ["Playback", "Ad breaks", "Ads", "Playhead", "Player's time", "As it arrived"]
    )
    expect(page.locator(".lane-ad text")).to_have_text("a1")


def test_timeline_of_a_media_edge_session_is_drawn_and_navigated_alike(standing: Shown, reopened: Reopened) -> None:
    def posted(event_type: str, **members: Any) -> Answer:
        body = json.dumps(edge_body(event_type, **members)).encode()
        answer = standing.server.ask("POST", f"/ee/va/v1/{event_type}?configId=any", body)
        assert answer.status in (200, 204), answer
        return answer

    handles = posted("sessionStart").json()["handle"]
    (opened,) = (handle for handle in handles if handle["type"] == "media-analytics:new-session")
    sid = opened["payload"][0]["sessionId"]
    for event_type, at_s, playhead_s, _ in STEPS:
        posted(event_type, sid=sid, at_s=at_s, playhead=playhead_s)
    page = reopened(f"#/sessions/{sid}/timeline")

    expect(page.locator(".session-head")).to_contain_text("Media Edge API")
    expect(page.locator(".session-notes")).to_contain_text("9 events")
    for kind in ("starting", "ad", "main", "paused"):
        expect(page.locator(f".lane-playback.kind-{kind}").first).to_be_attached()
    expect(page.locator(".lane-label")).to_contain_text(
        ["Playback", "Ad breaks", "Ads", "Playhead", "Player's time", "As it arrived"]
    )
    page.locator(".lane-ad rect").click()
    expect(page.locator(".tip")).to_contain_text("Ad ad-1, 15 s from 0:02")
    page.locator(".detail").get_by_role("link", name=f"#{first_request(standing, sid) + 2}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("adStart")


def test_pointing_names_an_item_and_clicking_opens_its_request(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}/timeline")
    page.locator(".lane-ad rect").click()
    expect(page.locator(".tip")).to_contain_text("Ad a1, 15 s from 0:02")
    detail = page.locator(".detail")
    expect(detail).to_contain_text("ended by adComplete")
    detail.get_by_role("link", name=f"#{first_request(standing, sid) + 2}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("adStart")


def test_finding_is_pinned_where_it_happened(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing, ("adStart", 50, 16, {"params": AD}))
    page = reopened(f"#/sessions/{sid}/timeline")
    page.locator(".pin.error").first.click()
    expect(page.locator(".detail")).to_contain_text("ad.outside-break")


def test_events_that_overtook_each_other_are_visible_in_both_orders(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing, ("bufferStart", 50, 16, {}), ("play", 49, 16, {}))
    page = reopened(f"#/sessions/{sid}/timeline")
    expect(page.locator(".link.moved")).to_have_count(2)
    expect(page.locator(".session-notes")).to_contain_text("2 processed in another order than they arrived")
    page.get_by_role("tab", name="Events").click()
    last, one_before = (page.locator(f".session-rows [aria-rowindex='{n}']") for n in (12, 11))
    expect(one_before).to_contain_text("play")
    expect(one_before.locator(".moved")).to_have_text("1 earlier")
    expect(last.locator(".moved")).to_have_text("1 later")
    page.get_by_role("button", name="Arrival order").click()
    expect(one_before.locator(".moved")).to_have_text("1 later")
    expect(last.locator(".moved")).to_have_text("1 earlier")


def test_timeline_grows_as_events_arrive_and_marks_refused_ones(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}/timeline")
    expect(page.locator(".session-notes")).to_contain_text("9 events")
    standing.server.ask("POST", f"/__admin/sessions/{sid}/expire")
    assert standing.send(sid, "ping", playhead=16, ts=T0 + 46_000) == 410
    expect(page.locator(".session-notes")).to_contain_text("10 events")
    expect(page.locator(".mark.kind-refused")).to_have_count(2)


def test_keyboard_walks_zooms_and_opens(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}/timeline")
    expect(page.locator(".session-notes")).to_contain_text("9 events")
    page.locator(".plot").focus()
    ad_start = first_request(standing, sid) + 2
    for key in (".", ".", "."):
        page.keyboard.press(key)
    expect(page.locator(".detail")).to_contain_text("adStart")
    expect(page.locator("#announcer")).to_contain_text(f"Request {ad_start}")
    ticks = page.locator(".tick-label").all_text_contents()
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator(".overview")).to_be_visible()
    assert page.locator(".tick-label").all_text_contents() != ticks
    page.keyboard.press("0")
    expect(page.locator(".overview")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/events/{ad_start}$"))


def test_report_gives_every_figure_with_its_reason(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}/report")
    row = page.get_by_role("row").filter(has_text="a.media.ad.timePlayed")
    expect(row).to_contain_text("15")
    first = first_request(standing, sid)
    expect(row).to_contain_text(f"playing an ad from #{first + 2} to #{first + 3}")
    row.get_by_role("link", name=f"#{first + 2}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("adStart")


def test_report_explains_its_figures_in_sentences(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}/report")
    why = page.locator(".figures").get_by_role("list", name="Why").get_by_role("listitem")
    expect(why).to_have_count(5)
    expect(why.nth(1)).to_have_text(
        "Content time spent is 16 s: played from 0:19 to 0:35; "
        "not counted: 2 s before the first play, 15 s of ads, 2 s in ad breaks around ads and 10 s paused."
    )
    expect(why.nth(3)).to_have_text("Ad count is 1: 1 adStart in 1 ad break; 1 completed.")


def test_findings_are_listed_with_their_effect_on_reports(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing, ("adStart", 50, 16, {"params": AD}))
    page = reopened(f"#/sessions/{sid}/findings")
    card = page.locator("article.finding").filter(has_text="ad.outside-break")
    expect(card).to_contain_text("its time is counted as main content")
    expect(card.get_by_role("link", name=f"#{first_request(standing, sid) + 9}")).to_be_visible()


def test_session_is_expired_and_forgotten_by_a_click(standing: Shown, reopened: Reopened) -> None:
    sid = watched(standing)
    page = reopened(f"#/sessions/{sid}")
    page.get_by_role("button", name="Expire").click()
    expect(page.locator(".session-head")).to_contain_text("expired by hand")
    assert standing.send(sid, "ping", playhead=16, ts=T0 + 46_000) == 410
    page.get_by_role("button", name="Forget").click()
    expect(page.locator(".session-head .badge").first).to_have_text("forgotten")
    assert standing.send(sid, "ping", playhead=16, ts=T0 + 47_000) == 404


def test_press_is_not_lost_while_the_page_is_drawn_again(standing: Shown, reopened: Reopened) -> None:
    sid = standing.open_session()
    page = reopened(f"#/sessions/{sid}")
    head = page.locator(".session-head")
    page.get_by_role("button", name="Expire").hover()
    page.mouse.down()
    assert standing.send(sid, "play") == 204
    expect(head).to_contain_text("2 accepted")

    page.mouse.up()

    expect(head).to_contain_text("expired by hand")


def test_day_long_session_is_drawn_with_few_elements(standing: Shown, reopened: Reopened) -> None:
    pings = [event("ping", playhead=n * 28, ts=T0 + n * 28_800) for n in range(1, 3_001)]
    batch = [start(ts=T0, **{"media.downloaded": True}), event("play", ts=T0), *pings]
    assert standing.server.ask("POST", "/api/v1/downloaded", json.dumps(batch).encode()).status == 201
    sid = standing.server.last_entry()["session_id"]
    page = reopened(f"#/sessions/{sid}/timeline")
    expect(page.locator(".session-notes")).to_contain_text("3,002 events in 1 d 0 h")
    assert page.locator(".picture *").count() < 3_000
    page.locator(".plot").focus()
    for _ in range(12):
        page.keyboard.press("+")
    page.wait_for_function("() => document.querySelectorAll('.picture *').length < 1_000")


def test_missing_session_is_reported_as_missing(reopened: Reopened, forgiven: list[str]) -> None:
    forgiven.append("404")
    page = reopened("#/sessions/nobody")
    expect(page.get_by_role("alert").first).to_contain_text("there is no session 'nobody'")


def test_view_that_was_left_asks_the_server_for_nothing_more(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    asked: list[str] = []
    page.route(f"**/__admin/sessions/{sid}", lambda _: None)  # its answer does not come
    page.route(f"**/__admin/sessions/{sid}/**", lambda route: asked.append(route.request.url))
    with page.expect_request(lambda request: request.url.endswith(sid)):
        page.goto(shown.address(f"#/sessions/{sid}"))

    with page.expect_event("requestfailed") as given_up:
        page.evaluate("() => { location.hash = '#/faults'; }")

    assert given_up.value.failure == "net::ERR_ABORTED"
    expect(page.get_by_role("heading", name="Faults").first).to_be_visible()
    assert asked == []


def test_hostile_names_stay_text(standing: Shown, reopened: Reopened) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&\u202e<script>alert(2)</script>"
    sid = watched(
        standing,
        ("chapterStart", 50, 16, {"params": {
            "media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 20,
            "media.chapter.friendlyName": hostile,
        }}),
        ("stateStart", 51, 16, {"params": {"media.state.name": hostile[:60]}}),
        ("ping", 60, 16, {}),
        media__name=hostile, media__id=hostile, media__playerName=hostile,
    )  # fmt: skip
    for tab in ("timeline", "findings", "report", "events"):
        page = reopened(f"#/sessions/{sid}/{tab}")
        expect(page.locator(".session-head h1")).to_contain_text("<img src=x")
        expect(page.locator(".tab-panel")).not_to_contain_text("Loading")
        assert page.locator("main img, main script").count() == 0, tab


def test_broken_player_is_simulated_diagnosed_and_hit_by_a_fault_with_clicks(shown: Shown, page: Page) -> None:
    control = shown.server.control
    control.call(SET_CLOCK, ClockCommand(action="freeze"))
    held = shown.server.add_fault({"kind": "delay", "ms": 1000}, when={"event_type": "adComplete"}, times=1)
    page.goto(shown.address())
    page.get_by_role("button", name="Simulate a broken player").click()
    shown.server.wait_until_struck(held)
    expect(page.locator(".detail")).to_contain_text("ad.outside-break")
    page.get_by_role("button", name="Next event: 410").click()
    expect(page.locator(".quick-faults")).to_contain_text("armed: Next event: 410")
    control.call(SET_CLOCK, ClockCommand(action="advance", ms=1000))  # the player has waited for that
    expect(page.locator(".quick-faults")).to_contain_text("applied to #")
    page.get_by_role("link", name="All sessions").click()
    expect(page.locator(".frame.sessions [aria-rowindex='3']")).to_be_visible()
