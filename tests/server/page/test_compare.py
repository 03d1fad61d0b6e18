"""Two sessions side by side on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.factories import T0
from tests.server.page.conftest import Reopened, Shown

pytestmark = pytest.mark.browser


def played(shown: Shown, name: str, *event_types: str) -> str:
    """Play a session, one event every ten seconds, and return its id."""
    sid = shown.open_session(media__name=name)
    for place, event_type in enumerate(event_types):
        shown.send(sid, event_type, ts=T0 + 10_000 * (place + 1), playhead=10 * place)
    return sid


def test_differences_of_two_sessions_are_shown_beside_their_timelines(standing: Shown, reopened: Reopened) -> None:
    before = played(standing, "One", "play", "pauseStart", "play", "sessionEnd")
    after = played(standing, "<b>Two</b>", "play", "pauseStart", "sessionEnd")
    page = reopened(f"#/sessions/{before}")
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Now").select_option(after)
    expect(page).to_have_url(re.compile(f"#/compare/{before}/{after}$"))

    expect(page.get_by_role("img", name=re.compile("^(Before|Now): "))).to_have_count(2)
    expect(page.locator(".compare .kind-paused rect").first).to_be_visible()
    rows = page.locator(".compare-rows tr.changed")
    expect(rows.first).to_contain_text('media.name "One" \u2192 "<b>Two</b>"')
    expect(rows.filter(has_text="missing now")).to_contain_text("play30.0 s")
    expect(page.locator("section", has_text="What Adobe would report")).to_contain_text("content_time_spent_s")

    page.get_by_role("button", name="Swap").click()
    expect(rows.filter(has_text="new")).to_contain_text("none")


def test_session_compared_with_itself_has_no_differences(standing: Shown, reopened: Reopened) -> None:
    sid = played(standing, "One", "play", "sessionEnd")
    page = reopened(f"#/compare/{sid}/{sid}")
    expect(page.locator(".compare-summary")).to_have_text("No differences")
