"""Recordings that are dropped on the page, or chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.server.page.conftest import Shown

HARS = Path(__file__).parents[3] / "fixtures" / "har"
DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""

pytestmark = pytest.mark.browser


def test_dropped_archive_is_shown_as_its_session(shown: Shown, page: Page) -> None:
    page.goto(shown.address())
    page.evaluate(DROP, ["safari.har", (HARS / "safari.har").read_text(encoding="utf-8")])

    expect(page.locator(".drop-note")).to_contain_text("safari.har: 1 session, 5 requests")
    expect(page.get_by_role("heading", name="The Film")).to_be_visible()


def test_file_that_is_not_a_recording_is_refused_with_the_servers_message(
    shown: Shown, page: Page, forgiven: list[str]
) -> None:
    forgiven.append("status of 400")
    page.goto(shown.address())
    page.evaluate(DROP, ["notes.txt", "hello"])

    expect(page.locator(".drop-note")).to_contain_text("notes.txt: the recording:1: not valid JSON")


def test_recordings_can_be_chosen_without_a_mouse(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/start"))
    page.get_by_label("Recordings").last.set_input_files([HARS / "firefox.har"])

    expect(page.get_by_role("region", name="Sessions")).to_contain_text("film-2")
