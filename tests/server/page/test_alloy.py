"""Adobe's Web SDK, as it is published, in Chromium: one viewing with an ad break, reported to a server of the test.

``@adobe/alloy`` comes from the npm registry when the test is run, at the version and with the checksums in
``alloy/deno.lock``, and is not kept here. Deno, a development dependency, bundles it.

alloy takes a host without a port and always speaks https, so the browser is told where that host is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from mockserver import MediaServer
from mockserver.control import (
    ADD_FAULT,
    EVENTS,
    FINDINGS,
    REPORT,
    SESSIONS,
    SET_CLOCK,
    START_STORY,
    STOP_STORY,
    FindingQuery,
    SessionQuery,
)
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import StatusFault
from mockserver.model.query import Query
from mockserver.model.results import ClockCommand
from mockserver.model.vocabulary import Operation
from tests.chromium import chromium_path
from tests.server.conftest import Start
from tests.server.running import Running
from tests.waiting import GUARD_S, until

pytestmark = pytest.mark.browser

ALLOY = Path(__file__).parent / "alloy"
SITE = "https://www.player.test/"
ORG = "53A16ACB5CC1D3760A495C99@AdobeOrg"
DETAILS = {"name": "clip-1", "friendlyName": "Clip one", "length": 30, "contentType": "vod", "streamType": "video"}


@pytest.fixture(scope="session")
def player_script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The player of this test with alloy in it, for a page."""
    bundle = tmp_path_factory.mktemp("alloy") / "player.js"
    deno = Path(sys.executable).with_name("deno")
    cache = {"DENO_DIR": os.environ.get("DENO_DIR") or str(Path(sys.prefix) / "deno"), "NO_COLOR": "1"}
    subprocess.run(
        [deno, "bundle", "--quiet", "--platform", "browser", "--output", bundle, "player.js"],
        cwd=ALLOY, env={**os.environ, **cache}, check=True, timeout=150,
    )  # fmt: skip
    return bundle.read_text(encoding="utf-8")


class Viewing:
    """A page with alloy whose time passes when the test says so, and the server it reports to.

    The clock of the server follows the times of the events.
    """

    def __init__(self, server: Running, page: Page, edge_domain: str) -> None:
        self.server = server
        self.page = page
        self.edge_domain = edge_domain
        self._unanswered: set[Request] = set()
        page.on("request", lambda request: self._unanswered.add(request))
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self._unanswered.discard(request))

    def configure(self, **options: Any) -> None:
        """Configure alloy as an application would."""
        media = {"channel": "web", "playerName": "player", "mainPingInterval": 10, "adPingInterval": 10}
        self.page.evaluate(
            "(options) => player.configure(options)",
            {
                "datastreamId": "5c3c4d0e-0000-4000-8000-0123456789ab", "orgId": ORG, "clickCollectionEnabled": False,
                "streamingMedia": media, **options,
            },
        )  # fmt: skip

    def open(self, **details: Any) -> Any:
        """Open a session; returns what alloy gives the application."""
        return self.page.evaluate("(details) => player.open(details)", {**DETAILS, **details})

    def report(self, event_type: str, **media: Any) -> None:
        """Let the application report an event, a moment after the last one, and wait for its answer."""
        self.page.clock.run_for(1)
        self.page.evaluate("([name, media]) => player.report(name, media)", [event_type, media])

    def plays(self, yes: bool) -> None:
        self.page.evaluate("(yes) => player.plays(yes)", yes)

    def pass_s(self, seconds: float, pings: int = 0) -> None:
        """Let time pass in the page, during which this many pings are sent."""
        known = len(self.events())
        self.page.clock.run_for(round(seconds * 1000))
        until(lambda: len(self.events()) >= known + pings)
        until(self._has_read_all)

    def _has_read_all(self) -> bool:
        """Give the player the time of a request, and return whether all its answers had come before."""
        had_come = not self._unanswered
        self.page.evaluate("() => fetch('/').then((answer) => answer.text())")
        return had_come

    def let(self, expression: str, argument: Any) -> None:
        """Let the application do something, and ignore the answer."""
        self.page.evaluate(f"(argument) => {{ {expression}.catch(() => 0) }}", argument)

    def pass_quietly_s(self, seconds: int) -> None:
        """Let time pass second by second, as long as it takes until no request is on its way."""
        for _ in range(seconds):
            self.page.clock.run_for(1000)
            self.page.evaluate("() => fetch('/').then((answer) => answer.text())")

    def hosts(self) -> list[str]:
        """Return the hosts that all events were sent to."""
        query = Query(operation=(Operation.START, Operation.EVENT))
        requests = [entry.request for entry in self.server.control.call(EVENTS, query).events]
        return [value for request in requests for name, value in request.headers if name.lower() == "host"]

    def events(self) -> list[str | None]:
        """Return the types of all events, in order of arrival."""
        query = Query(operation=(Operation.START, Operation.EVENT))
        return [entry.event_type for entry in self.server.control.call(EVENTS, query).events]


@pytest.fixture
def viewing(start: Start, browser: Browser, player_script: str) -> Iterator[Viewing]:
    server = start(tls=True)
    server.control.call(SET_CLOCK, ClockCommand(action="follow_ts"))
    there = MediaServer(server.control, url=f"https://127.0.0.1:{server.port}", host=f"127.0.0.1:{server.port}")
    flags = ["--no-sandbox", "--disable-gpu", *there.edge_chromium_args]
    running = browser.browser_type.launch(executable_path=chromium_path(), args=flags)
    page = running.new_context(ignore_https_errors=True).new_page()
    page.set_default_timeout(GUARD_S * 1000)
    page.route(f"{SITE}**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    today_s = page.evaluate("() => Date.now()") / 1000  # by which the browser forgets cookies
    page.clock.install(time=today_s)
    page.clock.pause_at(today_s + GUARD_S)  # otherwise the time that this machine takes passes for the player too
    page.goto(SITE)
    page.add_script_tag(content=player_script, type="module")
    page.wait_for_function("() => globalThis.player !== undefined")
    yield Viewing(server, page, there.edge_domain)
    running.close()


@pytest.mark.parametrize("third_party", [True, False])
def test_viewing_with_an_ad_break_is_received_judged_and_reported(viewing: Viewing, third_party: bool) -> None:
    viewing.configure(thirdPartyCookiesEnabled=third_party)
    opened = viewing.open()
    viewing.report("adBreakStart", advertisingPodDetails={"friendlyName": "pre-roll", "index": 1, "offset": 0})
    ad = {"name": "ad-1", "friendlyName": "An ad", "length": 15, "playerName": "player", "podPosition": 1}
    viewing.report("adStart", advertisingDetails=ad)
    viewing.pass_s(10, pings=1)
    viewing.pass_s(5)
    viewing.report("adComplete")
    viewing.report("adBreakComplete")
    viewing.report("play")
    viewing.plays(True)
    viewing.pass_s(10, pings=1)
    viewing.pass_s(10, pings=1)
    viewing.pass_s(10)
    viewing.plays(False)
    viewing.report("sessionComplete")

    assert [event for event in viewing.events() if event != "ping"] == [
        "sessionStart", "adBreakStart", "adStart", "adComplete", "adBreakComplete", "play", "sessionComplete",
    ]  # fmt: skip
    (session,) = viewing.server.control.call(SESSIONS, SessionQuery()).sessions
    assert (session.phase.value, session.dialect, session.sid) == ("completed", "edge", opened["sessionId"])
    found = viewing.server.control.call(FINDINGS, FindingQuery()).findings
    assert [(finding.code, finding.message) for finding in found] == []
    report = viewing.server.control.call(REPORT, None, sid=session.session_id)
    metrics = {metric.name: metric.value for metric in report.metrics}
    assert metrics["content_time_spent_s"] == pytest.approx(30, abs=1)


def test_domain_of_the_server_can_be_configured(viewing: Viewing) -> None:
    viewing.configure(thirdPartyCookiesEnabled=False, edgeDomain=viewing.edge_domain)
    opened = viewing.open()
    viewing.report("play")

    assert viewing.events() == ["sessionStart", "play"]
    (session,) = viewing.server.control.call(SESSIONS, SessionQuery()).sessions
    assert session.sid == opened["sessionId"]
    assert {host.lower() for host in viewing.hosts()} == {viewing.edge_domain}


def test_one_ping_that_fails_ends_all_pings_and_is_named(viewing: Viewing) -> None:
    fault = FaultSpec(fault=StatusFault(code=500), when=When(event_type="ping", nth_event=2))
    viewing.server.control.call(ADD_FAULT, fault)
    viewing.configure(thirdPartyCookiesEnabled=False)
    viewing.open(length=600)
    viewing.report("play")
    viewing.plays(True)
    viewing.pass_s(10, pings=1)
    viewing.pass_s(10, pings=1)
    viewing.pass_s(50)
    viewing.report("pauseStart")

    assert viewing.events() == ["sessionStart", "play", "ping", "ping", "pauseStart"]
    found = viewing.server.control.call(FINDINGS, FindingQuery()).findings
    assert "edge.pings-stopped" in {finding.code for finding in found}


NO_SESSION = ["It eventually opens a session.", "It reports that playback began."]


@pytest.mark.parametrize(
    ("story", "unmet"),
    [
        ("lost-heartbeat", ["It keeps pinging.", "It does not fall silent."]),
        ("session-start-207", NO_SESSION),
        ("unanswered-start", NO_SESSION),
        ("lost-complete", ["It sends no ping after the end."]),
    ],
)
def test_alloy_fails_the_stories_that_it_is_known_to_fail(viewing: Viewing, story: str, unmet: list[str]) -> None:
    control = viewing.server.control
    control.call(START_STORY, None, name=story)
    viewing.configure(thirdPartyCookiesEnabled=False)
    viewing.let("player.open(argument)", DETAILS)
    until(viewing.events)
    for event_type in ("play", "sessionComplete"):
        viewing.let("player.report(argument)", event_type)
        viewing.pass_quietly_s(35)

    view = control.call(STOP_STORY, None, name=story)
    assert all(rule.applied for rule in view.faults)
    assert (view.verdict, [one.says for one in view.expectations if not one.met]) == ("failed", unmet)
