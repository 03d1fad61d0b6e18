"""A crowded server: many sessions, a very long one, and texts that try to break the page."""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Page, expect

from mockserver.namespaces import Namespace
from tests.factories import MINUTE_MS, event, open_session, send
from tests.server.page.test_plan import PLAN
from tests.server.page.test_recordings import DROP
from tests.server.running import Running

__all__ = ["HOSTILE", "VIEWS", "WIDTHS", "Crowd", "View", "fill", "prepare"]

WIDTHS = {1440: 900, 1024: 768, 390: 844}
"""The screens that views are looked at on: a desktop, a tablet and a phone, with their heights."""


class View(NamedTuple):
    """The route of a view, and an element that is there once it is drawn."""

    route: str
    ready: str


VIEWS = {
    "start": View("#/start", ".simulator form"),
    "sessions": View("#/sessions", ".rows > .row .findings .badge"),
    "search": View("#/sessions?q=event:ad", ".found a"),
    "search-none": View("#/sessions?q=nobody", ".empty .button"),
    "search-unreadable": View("#/sessions?q=status:many", ".problem"),
    "session-long": View("#/sessions/{long}/timeline", ".pin"),
    "session": View("#/sessions/{hostile}/timeline", ".pin"),
    "findings": View("#/sessions/{broken}/findings", ".finding"),
    "report": View("#/sessions/{broken}/report", ".metrics"),
    "session-events": View("#/sessions/{broken}/events", ".rows > .row"),
    "compare": View("#/compare/{hostile}/{broken}", ".compare-rows"),
    "events": View("#/events", ".rows > .row"),
    "event": View("#/events/{refused_seq}?session_id={broken}", ".violations"),
    "plan": View("#/plan", ".plan h1"),
    "plan-result": View("#/plan", ".plan h1"),
    "rule": View("#/rules/ad.outside-break", "main h1"),
    "stories": View("#/stories", ".story"),
    "faults": View("#/faults", ".fault-form"),
    "settings": View("#/settings", ".settings-form"),
    "unknown": View("#/sessions/unknown", ".problem"),
    "nothing": View("#/nothing", ".empty h1"),
    "clock": View("#/sessions", ".rows > .row .findings .badge"),
    "keys": View("#/events", ".rows > .row"),
    "refused-file": View("#/events", ".rows > .row"),
}


def prepare(page: Page, name: str) -> None:
    """Do what the view shows the result of; the view must be open."""
    if name == "plan-result":
        page.evaluate(DROP, ["plan.toml", PLAN])
        expect(page.get_by_role("region", name="Result")).to_be_visible()
    elif name == "clock":
        page.get_by_role("button", name="Clock", exact=True).click()
    elif name == "keys":
        page.keyboard.press("Escape")
        page.keyboard.press("?")
    elif name == "refused-file":
        page.keyboard.press("Escape")
        page.evaluate(DROP, [f"{HOSTILE[1]}.har", "hello"])
        expect(page.locator(".drop-note")).to_be_visible()


HOSTILE = [
    '<script>alert("1")</script><img src=x onerror=alert(2)>',
    "W" * 300,
    "a long title that goes on and on with words " * 12,
    "\u202egnirts desrever a\u202c and \u2067\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u2069",
    "Z\u0351\u0352\u0353\u0354\u0355a\u0351\u0352\u0353\u0354l\u0351\u0352\u0353\u0354g\u0351\u0352\u0353\u0354o" * 8,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 40,
    "two\nlines\tand\u0000nothing",
    "&lt;b&gt;'\"`;--%00../../{{7*7}}${7*7}",
]
_CYCLE = (
    "play", "ping", "ping", "bitrateChange", "bufferStart", "play", "pauseStart", "play", "ping",
    "adBreakStart", "adStart", "ping", "adComplete", "adBreakComplete",
    "chapterStart", "ping", "chapterComplete", "ping",
)  # fmt: skip
_PING_MS = 10_000
_OPEN = 20


class Crowd(NamedTuple):
    """Sessions to look at: the long one, one with a hostile name, and a broken one with its refused request."""

    long: str
    hostile: str
    broken: str
    refused_seq: int


def fill(server: Running, *, sessions: int = 200, requests: int = 25_000, longest: int = 5_000) -> Crowd:
    """Let sessions report on a server whose clock stands, so that all have their times.

    Args:
        server: The server.
        sessions: How many sessions.
        requests: How many requests of all sessions together, about.
        longest: How many events one of them has.
    """
    back_end = server.service.namespaces.default
    each = max(4, (requests - longest) // sessions)
    long = _play(back_end, "A whole day", longest)
    hostile = broken = ""
    for number in range(1, sessions):
        is_recent = number > sessions - _OPEN
        text = HOSTILE[number % len(HOSTILE)] if number % 3 == 0 else f"Film {number}"
        player = text if number % 2 == 0 else f"Device {number % 20}"
        sid = _play(back_end, text, each, step_ms=200 if is_recent else _PING_MS, **{"media.playerName": player})
        hostile = sid if number % 3 == 0 else hostile
        if number % 4 == 0:
            broken = sid
            ad = {**event("adStart")["params"], "media.ad.name": text}
            _report(back_end, sid, "adStart", playhead=9, params=ad)
            _report(back_end, sid, "ping", playhead=9, params={HOSTILE[1]: text})
        if number % 3 == 1:
            _report(back_end, sid, "sessionEnd", playhead=10 * each)
    _report(back_end, broken, HOSTILE[0], playhead=9)
    server.ask("POST", "/va/api/v1/sessions", b"{}")
    server.add_fault({"kind": "status", "code": 500}, when={"event_type": "play"}, times=1, name=HOSTILE[1])
    server.add_fault(
        {"kind": "status", "code": 503, "headers": {"Retry-After": "5"}}, every=2, probability=0.5, ttl_ms=1
    )
    return Crowd(long, hostile, broken, server.emulator.journal.last_seq - 1)


def _play(back_end: Namespace, name: str, count: int, step_ms: int = _PING_MS, **params: Any) -> str:
    back_end.clock.advance(MINUTE_MS // 2 if step_ms == _PING_MS else 0)
    named = {"media.name": name, "media.id": name[:80], "media.length": 90_000, **params}
    sid = open_session(back_end, ts=back_end.clock.now_ms(), **named)
    for place in range(count - 1):
        _report(back_end, sid, _CYCLE[place % len(_CYCLE)], step_ms, playhead=place * step_ms / 1000)
    return sid


def _report(back_end: Namespace, sid: str, event_type: str, step_ms: int = 1, **members: Any) -> None:
    back_end.clock.advance(step_ms)
    send(back_end, sid, event_type, ts=back_end.clock.now_ms(), **members)
