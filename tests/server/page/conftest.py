"""Chromium, and a page that fails the test if something goes wrong in it that a reader would not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from mockserver.control import DELETE_NAMESPACE, RESET
from mockserver.model.results import ResetCommand
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.chromium import chromium_path
from tests.factories import event, start
from tests.server.running import Running, snapshot
from tests.waiting import GUARD_S

_DESKTOP: ViewportSize = {"width": 1280, "height": 800}
_WITNESS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
globalThis.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    this.addEventListener("reset", () => requestAnimationFrame(() => { globalThis.wasReset = true; }));
  }
};
"""
"""Runs before a page does. ``wasReset`` is set in the frame in which the page deals with a reset."""
_SHOWS_NOTHING = """() => {
  if (location.hash !== "#/nothing") location.hash = "#/nothing";
  const isLive = document.querySelector("[role=img][aria-label=Live]") !== null;
  return isLive && document.querySelector("main h1")?.textContent === "This cannot be shown";
}"""
"""Whether the page is live at a route without a view. A view that is being left may still lead to another one."""
_TOO_WIDE = """async (width) => {
  const frame = () => new Promise(requestAnimationFrame);
  while (innerWidth !== width) await frame();
  for (let n = 0; n < 2; n++) await frame(); // what observes a size draws in the next one
  return document.documentElement.scrollWidth - width;
}"""
_OUTSIDE_OF_VIEWS = """() => [...document.querySelectorAll("html, body, body :not(main, main *)")].map((one) => [
  one.localName, one.value, one.checked, [...one.attributes].map(({ name, value }) => name === "title" || [name, value])
])"""
"""What a view could leave behind in the page. Titles are left out, since they show the time."""


class Shown:
    """A server, seen through its page.

    Args:
        server: The server.
    """

    def __init__(self, server: Running) -> None:
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"
        self.back_end = server.service.namespaces.default
        """Takes requests without HTTP, also while the server answers a page."""

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

    def reset(self) -> None:
        """Bring the server back to the state of a new one, as far as possible."""
        control = self.server.control
        for name in [namespace.name for namespace in self.server.service.namespaces if namespace.name != "default"]:
            control.call(DELETE_NAMESPACE, None, name=name)
        control.call(RESET, ResetCommand())

    def stored(self) -> dict[str, Any]:
        """Return what the server stores, without its waits and streams: an open page has some."""
        service = self.server.service
        players = {"players": service.namespaces.players.views("default")}
        return {name: {**kept, "waiting": None} for name, kept in snapshot(service).items()} | players


class Servers:
    """Servers that tests use one after the other, so that a page that stays open on one need not be loaded again.

    A server is reused only if it has the state of a new one again.
    """

    def __init__(self) -> None:
        self._all: list[Shown] = []
        self._unused: list[Shown] = []
        self._new: dict[str, Any] = {}

    def take(self) -> Shown:
        """Return a server on which nothing has happened."""
        if self._unused:
            return self._unused.pop()
        shown = Shown(Running(Service(None, ServerOptions())))
        self._all.append(shown)
        self._new = shown.stored()
        return shown

    def shown_at(self, url: str) -> Shown | None:
        """Return the server whose page of the default namespace has this address; None if it is none of them."""
        return next((shown for shown in self._all if url.startswith(shown.address(""))), None)

    def give_back(self, shown: Shown) -> None:
        """Reset a server for the next test, if that is possible.

        If not, it keeps running: the page that a test left open on it would report that it stopped.
        """
        if shown.stored() != self._new:  # it was not reset when its page was left
            shown.reset()
        if shown.stored() == self._new and shown.server.service.internal_errors == []:
            self._unused.append(shown)

    def close(self) -> None:
        """Stop them all."""
        for shown in self._all:
            shown.server.stop()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def shown(servers: Servers) -> Iterator[Shown]:
    """A server whose page is looked at."""
    shown = servers.take()
    yield shown
    servers.give_back(shown)
    assert shown.server.service.internal_errors == []


@pytest.fixture(scope="session")
def standing() -> Iterator[Shown]:
    """A server for all tests that do not care what was recorded before.

    They leave the clock, the settings and the fault rules as they were, and no player playing.
    """
    server = Running(Service(None, ServerOptions()))
    yield Shown(server)
    server.stop()
    assert server.service.internal_errors == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. While it runs, its loop runs too, and asynchronous tests cannot; so tests with a browser come last."""
    expect.set_options(timeout=GUARD_S * 1000)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--in-process-gpu"]  # we draw too little for a process of its own
        running = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        first = running.new_page()
        first.goto("data:text/html,first", timeout=0)  # on a busy machine, the first page of a browser takes its time
        first.close()
        yield running
        running.close()


class Tab:
    """A page that many tests use one after the other, since a new one costs more than most of them.

    Args:
        browser: Where it is opened.
    """

    def __init__(self, browser: Browser) -> None:
        self.wrong: list[str] = []
        self._new: object = None
        self._context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        self._context.set_default_timeout(GUARD_S * 1000)
        self._context.add_init_script(_WITNESS)
        self.page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(f"thrown: {error}"))
        self.page.on("dialog", self._answered)
        self.page.on("console", self._logged)
        self.page.on("crash", lambda _: self.wrong.append("the page crashed"))

    def _answered(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def begin(
        self, *, viewport: ViewportSize = _DESKTOP, color_scheme: Literal["light", "dark", "null"] = "null"
    ) -> Page:
        """Return the page, of this size and in these colours, with the pointer where it points at nothing."""
        self.page.mouse.move(0, 0)
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=color_scheme, reduced_motion="null")
        return self.page

    def told(self) -> list[str]:
        """Return what went wrong since the last call."""
        wrong, self.wrong = self.wrong, []
        return wrong

    def leave(self) -> None:
        """Return the page to its initial state, before it is loaded."""
        self.page.unroute_all(behavior="ignoreErrors")
        if self.page.url != "about:blank":
            self._forget()
            self.page.goto("about:blank")
        self._context.clear_cookies()

    def leave_open(self, shown: Shown) -> None:
        """Return the page to its initial state, at a route without a view, and its server to that of a new one.

        The page has then heard of the reset: a view of the next test that hears of it would begin anew. It is loaded
        again if it still has something that a new page does not have.
        """
        self.page.unroute_all(behavior="ignoreErrors")
        self.begin()
        self._forget()
        self._show_nothing()
        self.page.evaluate("() => { globalThis.wasReset = false; }")
        shown.reset()
        self.page.wait_for_function("() => globalThis.wasReset")
        if self._new is None:
            self.page.reload()
            self._show_nothing()
            expect(self.page.locator("#header time")).not_to_be_empty()
            self._new = self.page.evaluate(_OUTSIDE_OF_VIEWS)
        elif self.page.evaluate(_OUTSIDE_OF_VIEWS) != self._new:
            self.page.goto("about:blank")
        self._context.clear_cookies()

    def _forget(self) -> None:
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")

    def _show_nothing(self) -> None:
        self.page.wait_for_function(_SHOWS_NOTHING)

    def close(self) -> None:
        """Close it and all that it kept."""
        self._context.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[list[Tab]]:
    """The open tabs that no test is using."""
    tabs: list[Tab] = []
    yield tabs
    for tab in tabs:
        tab.close()


def _left(used: Tab, tabs: list[Tab], servers: Servers) -> None:
    """Put a tab back among the unused ones, if it can be returned to its initial state."""
    try:
        if shown := servers.shown_at(used.page.url):
            used.leave_open(shown)
        else:
            used.leave()
    except Error as error:  # the next test gets another one
        used.wrong.append(f"cannot be left: {error}")
        used.close()
    else:
        tabs.append(used)


def copied(page: Page, button: Locator) -> str:
    """Press a copy button, wait until it says "Copied", which it does only for a moment, and return the copied text."""
    said = page.evaluate_handle(
        """() => {
          const said = [];
          const told = (changes) => said.push(...changes.map(({ target }) => target.textContent));
          new MutationObserver(told).observe(document.body, { childList: true, subtree: true });
          return said;
        }"""
    )
    button.click()
    page.wait_for_function("said => said.includes('Copied')", arg=said)
    return str(page.evaluate("navigator.clipboard.readText()"))


def too_wide(page: Page, width: int, height: int = 740) -> int:
    """Give the page this size, and return by how many pixels its content is wider."""
    page.set_viewport_size({"width": width, "height": height})
    return int(page.evaluate(_TOO_WIDE, width))


@pytest.fixture
def forgiven() -> list[str]:
    """Parts of console messages that a test expects: a browser logs every status of 400 and more."""
    return []


class Look(Protocol):
    """Opens the page of a test."""

    def __call__(
        self, *, viewport: ViewportSize = ..., color_scheme: Literal["light", "dark", "null"] = ...
    ) -> Page: ...


@pytest.fixture
def look(browser: Browser, tab: list[Tab], servers: Servers, forgiven: list[str]) -> Iterator[Look]:
    """Open the page: ``look(color_scheme="dark", viewport={...})``. A second call in a test returns the same page.

    It must log no error and no warning, throw nothing, open no dialog of the browser and keep the security policy.
    """
    used = tab.pop() if tab else Tab(browser)
    yield used.begin
    _left(used, tab, servers)
    assert [message for message in used.told() if not any(part in message for part in forgiven)] == []


@pytest.fixture
def page(look: Look) -> Page:
    """A page as most people see it."""
    return look()


@pytest.fixture(scope="session")
def standing_tab(browser: Browser, tab: list[Tab], servers: Servers, standing: Shown) -> Iterator[Tab]:
    """The tab of :func:`standing_page`; it is left before the standing server stops."""
    used = tab.pop() if tab else Tab(browser)
    yield used
    _left(used, tab, servers)
    assert used.told() == []


@pytest.fixture
def standing_page(standing: Shown, standing_tab: Tab, forgiven: list[str]) -> Iterator[Page]:
    """The page of the standing server, which stays open: going to another route of it loads nothing again."""
    page = standing_tab.begin()
    if not page.url.startswith(standing.address("")):  # it may have been open on another server
        page.goto(standing.address("#/start"))
    yield page
    assert [message for message in standing_tab.told() if not any(part in message for part in forgiven)] == []


class Reopened(Protocol):
    """Shows a route of the standing page as if it had just been opened."""

    def __call__(self, route: str) -> Page: ...


@pytest.fixture
def reopened(standing: Shown, standing_page: Page) -> Reopened:
    """Show a route of the standing page with nothing filled in, whatever was shown before: ``reopened("#/start")``."""

    def begin(route: str) -> Page:
        standing_page.goto(standing.address("#/nothing"))  # going to where one is would change nothing
        expect(standing_page.get_by_role("heading", name="This cannot be shown")).to_be_visible()
        standing_page.goto(standing.address(route))
        return standing_page

    return begin
