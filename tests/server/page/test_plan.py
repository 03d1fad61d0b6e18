"""A tracking plan in the page: chosen or dropped, and judged as players report."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.server.page.conftest import Shown
from tests.server.page.test_recordings import DROP

PLAN = """
title = "Our player"
allow_findings = ["http.content-type", "id.ecid-missing", "media.streamType", "session.no-play", "ts.skew", "ts.equal"]
[[content]]
name = "clips"
when = { media_id = "clip-*" }
[[content.events]]
event_type = "sessionStart"
params."media.length" = 61
[[content.events]]
event_type = "adSkip"
at_least = 0
"""

pytestmark = pytest.mark.browser


def test_dropped_plan_says_what_is_missed_and_what_was_never_tried(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address())
    page.evaluate(DROP, ["plan.toml", PLAN])

    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Our player not followed")
    expect(result).to_contain_text("75 % of the plan was tried (3 of 4)")
    session = page.get_by_role("region", name="Session clip-1")
    expect(session).to_contain_text("sessionStart params media.length: 61 line 9")
    expect(session).to_contain_text("is 60 in #1")
    expect(session.get_by_role("link", name="clip-1")).to_have_attribute("href", f"#/sessions/{sid}")


def test_chosen_plan_is_judged_again_with_every_request_and_stays_after_a_reload(shown: Shown, page: Page) -> None:
    shown.open_session()
    page.goto(shown.address("#/plan"))
    text = PLAN.replace("61", "60").replace("at_least = 0", "at_most = 0")
    mine: FilePayload = {"name": "mine.toml", "mimeType": "application/toml", "buffer": text.encode()}
    page.get_by_label("Tracking plan").set_input_files([mine])
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Our player followed")

    shown.open_session(media__id="other")
    expect(result).to_contain_text("Our player not followed")
    page.reload()
    expect(page.get_by_role("region", name="Session other")).to_contain_text("no content of the plan")


def test_mistake_in_a_plan_is_shown_with_its_line(shown: Shown, page: Page, forgiven: list[str]) -> None:
    forgiven.append("status of 400")
    page.goto(shown.address("#/plan"))
    page.evaluate(DROP, ["plan.toml", PLAN.replace("at_least", "atleast")])
    expect(page.get_by_role("alert").first).to_contain_text(
        "plan.toml: line 12: /content/0/events/1/atleast: unknown key atleast; did you mean at_least?"
    )
