"""Chromium, and a page of it that fails the test when anything goes wrong in it that a reader would not see."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

from tests.factories import event, start
from tests.server.conftest import GUARD_S, Running

_REPORT_POLICY = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


class Shown:
    """A server, seen through its page.

    Args:
        server: The server.
    """

    def __init__(self, server: Running) -> None:
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"

    def address(self, route: str = "#/sessions", prefix: str = "") -> str:
        """Return the address of the page at a route."""
        return f"{self.url}{prefix}/__admin/ui/{route}"

    def open_session(self, prefix: str = "", **params: Any) -> str:
        """Open a session with these params of its sessionStart, and return its id."""
        names = {name.replace("__", "."): value for name, value in params.items()}
        body = json.dumps(start(**names)).encode()
        answer = self.server.ask("POST", f"{prefix}/api/v1/sessions", body)
        assert answer.status == 201, answer
        return (answer.header("Location") or "").rpartition("/")[2]

    def send(self, sid: str, event_type: str = "ping", **members: Any) -> int:
        """Send an event and return the status of the answer."""
        body = json.dumps(event(event_type, **members)).encode()
        return self.server.ask("POST", f"/api/v1/sessions/{sid}/events", body).status


@pytest.fixture
def shown(start: Callable[..., Running]) -> Shown:
    """A server whose page is looked at."""
    return Shown(start())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: while it runs, its loop runs too, and asynchronous tests cannot."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


Look = Callable[..., Page]


@pytest.fixture
def forgiven() -> list[str]:
    """Parts of console messages that a test expects: a browser logs every status of 400 and more."""
    return []


@pytest.fixture
def look(browser: Browser, forgiven: list[str]) -> Iterator[Look]:
    """Open pages: ``look(color_scheme="dark", viewport={...})``.

    None may log an error or a warning, throw, open a dialog of the browser or break the security policy.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def answered(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def logged(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def begin(**options: Any) -> Page:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        context.set_default_timeout(GUARD_S * 1000)
        context.add_init_script(_REPORT_POLICY)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"thrown: {error}"))
        page.on("dialog", answered)
        page.on("console", logged)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert [message for message in wrong if not any(part in message for part in forgiven)] == []


@pytest.fixture
def page(look: Look) -> Page:
    """A page as most people see it."""
    return look(viewport={"width": 1280, "height": 800})
