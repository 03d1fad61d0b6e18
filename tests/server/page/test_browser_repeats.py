"""What Chromium itself does when an answer is lost; this decides which faults show what a player does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.factories import start
from tests.server.page.conftest import Shown

pytestmark = pytest.mark.browser

TWICE = """async (body) => {
  const told = [];
  for (let n = 0; n < 2; n++) {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body };
    try {
      const answer = await fetch("/api/v1/sessions", request);
      await answer.text();
      told.push(answer.status);
    } catch {
      told.push("failed");
    }
  }
  return told;
}"""


def sent_twice(shown: Shown, browser: Browser, fault: dict[str, Any]) -> list[Any]:
    """Let a page open two sessions on one connection, the second with a fault; return what it is answered."""
    shown.back_end.clock.freeze()  # to the server a repeat comes at once, however slow this machine is
    shown.server.add_fault(fault, when={"event_type": "sessionStart", "nth_session": 2}, stage="response", times=1)
    page = browser.new_page()
    try:
        page.goto(f"{shown.url}/__admin/health")
        told: list[Any] = page.evaluate(TWICE, json.dumps(start()))
        return told
    finally:
        page.close()


def recorded(shown: Shown) -> list[str]:
    return [entry["delivery"] for entry in shown.server.admin("GET", "/events").json()["events"]]


@pytest.mark.parametrize("kind", ["close", "reset"])
def test_browser_repeats_a_request_on_a_closed_connection_without_telling_the_page(
    shown: Shown, browser: Browser, kind: str
) -> None:
    assert sent_twice(shown, browser, {"kind": kind}) == [201, 201]
    assert recorded(shown) == ["sent", "cut", "sent"]
    found = shown.server.admin("GET", "/findings").json()["findings"]
    assert ("http.stack-repeat", [2, 3]) in [(finding["code"], finding["seqs"]) for finding in found]


def test_request_whose_answer_is_garbled_is_not_repeated(shown: Shown, browser: Browser) -> None:
    assert sent_twice(shown, browser, {"kind": "garble"}) == [201, "failed"]
    assert recorded(shown) == ["sent", "cut"]
