"""The curl and the Python beside a control do what the control does."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mockserver import connect
from tests.server.page.conftest import Shown, copied
from tests.waiting import GUARD_S

pytestmark = pytest.mark.browser


def _clock(action: str, **members: float) -> dict[str, Any]:
    return {"method": "POST", "path": "/clock", "body": {"action": action, **members}}


HOSTILE = "'; touch /tmp/x #\"`$(id)`\\ \n\t\r\0\x1b\u2028\u00e9\U0001f600 -H @file %s ${HOME}"
RULE = {
    "fault": {"kind": "status", "code": 503, "body": {"say": HOSTILE, "none": None, "yes": True, "no": False}},
    "when": {"where": "/params/media.id=it's", "in_ad": False, "playhead_s": {"at_least": 1.5}},
    "times": 2,
    "name": HOSTILE.replace("\0", ""),
}
REQUESTS: dict[str, dict[str, Any]] = {
    "add a fault": {"method": "POST", "path": "/faults", "body": RULE},
    "replace a fault": {"method": "PUT", "path": "/faults/f1", "body": {**RULE, "enabled": False}},
    "remove a fault": {"method": "DELETE", "path": "/faults/f1"},
    "remove all faults": {"method": "DELETE", "path": "/faults"},
    "freeze": _clock("freeze"),
    "set the clock": _clock("set", at_ms=1_770_000_000_000),
    "advance": _clock("advance", ms=90_000),
    "rate": _clock("rate", rate=0.5),
    "settings": {
        "method": "PATCH",
        "path": "/settings",
        "body": {"idle_timeout_s": None, "cors.max_age": 5, "complete_closes": True, "path_prefixes": ["/va"]},
    },
    "reset": {"method": "POST", "path": "/reset", "body": {}},
    "reset a part": {"method": "POST", "path": "/reset", "body": {"only": ["faults", "clock"]}},
    "expire": {"method": "POST", "path": "/sessions/odd~one/expire"},
    "forget": {"method": "POST", "path": "/sessions/odd~one/forget"},
    "drop a namespace": {"method": "DELETE", "path": "/namespaces/team-b"},
    "start a story": {"method": "POST", "path": "/stories/session-start-500/start"},
    "stop a story": {"method": "POST", "path": "/stories/day-old-session/stop"},
    "stop all players": {"method": "DELETE", "path": "/players"},
}

CALLS = [
    (_clock("advance", ms=600_000), "server.clock.advance(minutes=10)"),
    (_clock("advance", ms=1_500), "server.clock.advance(ms=1500)"),
    (_clock("resume"), "server.clock.resume()"),
    ({"method": "POST", "path": "/reset", "body": {}}, "server.reset()"),
    ({"method": "POST", "path": "/reset", "body": {"only": ["clock"]}}, 'server.reset("clock")'),
    ({"method": "POST", "path": "/sessions/a%27b/expire"}, 'server.expire("a\'b")'),
    ({"method": "POST", "path": "/stories/flap-500/start"}, 'server.stories.start("flap-500")'),
    ({"method": "DELETE", "path": "/faults"}, "server.faults.clear()"),
    (
        {"method": "POST", "path": "/faults", "body": {"fault": {"kind": "status", "code": 500}, "times": 1}},
        'server.faults.add({"kind": "status", "code": 500}, times=1)',
    ),
]  # fmt: skip


Lines = Callable[..., tuple[str, str]]


@pytest.fixture
def lines(standing: Shown, standing_page: Page) -> Lines:
    """The curl line and the Python of a request."""

    def both(request: dict[str, Any], base: str = f"{standing.url}/__admin", *, token: bool = False) -> tuple[str, str]:
        made = standing_page.evaluate(
            "([request, base, token]) => import('./controls/equivalent.js').then((module) =>"
            " [module.toCurl(request, base, token), module.toPython(request)])",
            [request, base, token],
        )
        return made[0], made[1]

    return both


def _bash(command: str) -> str:
    assert shutil.which("curl") is not None, "this test runs what is copied: install curl"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=GUARD_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _prepared(shown: Shown) -> None:
    """A server on which every request above changes something."""
    server = connect(shown.url)
    connect(shown.url, namespace="team-b").reset()
    server.reset()
    server.clock.freeze()
    server.clock.set(1_760_000_000_000)
    server.faults.add({"kind": "reset"}, when={"event_type": "adStart"})
    server.open_session("odd~one")
    server.configure(max_age_s=77)
    server.stories.start("day-old-session")
    shown.open_session("/ns/team-b")


def _state(shown: Shown) -> Any:
    """The state that the requests above can change."""
    state = {path: shown.server.admin("GET", path).json() for path in ("/faults", "/settings", "/clock", "/namespaces")}
    state["sessions"] = [one["phase"] for one in shown.server.admin("GET", "/sessions").json()["sessions"]]
    state["stories"] = [one["state"] for one in shown.server.admin("GET", "/stories").json()["stories"]]
    for rule in state["/faults"]["faults"]:
        del rule["id"]  # they count on after a reset
    if not state["/clock"]["frozen"]:
        del state["/clock"]["now_ms"]
    return state


@pytest.mark.parametrize("name", REQUESTS)
def test_curl_and_python_do_what_the_control_does(shown: Shown, lines: Lines, name: str) -> None:
    request = REQUESTS[name]
    _prepared(shown)
    rule_id = shown.server.admin("GET", "/faults").json()["faults"][0]["id"]

    def asked() -> dict[str, Any]:
        now = shown.server.admin("GET", "/faults").json()["faults"][0]["id"]
        return {**request, "path": request["path"].replace("f1", now)}

    answer = shown.server.admin(request["method"], request["path"].replace("f1", rule_id), request.get("body"))
    assert answer.status in (200, 201, 204), answer
    wanted = _state(shown)

    _prepared(shown)
    before = _state(shown)
    curl, _ = lines(asked(), f"{shown.url}/__admin")
    _bash(curl)
    assert _state(shown) == wanted

    _prepared(shown)
    _, python = lines(asked(), f"{shown.url}/__admin")
    exec(compile(python, "copied", "exec"), {"server": connect(shown.url)})
    assert _state(shown) == wanted
    assert wanted != before or name in ("freeze", "stop all players")


@pytest.mark.parametrize(("request_", "python"), CALLS, ids=[python for _, python in CALLS])
def test_python_reads_as_if_written_by_hand(lines: Lines, request_: dict[str, Any], python: str) -> None:
    assert lines(request_)[1] == python
    ast.parse(python)


def test_any_text_stays_a_text(shown: Shown, lines: Lines) -> None:
    curl, python = lines(REQUESTS["add a fault"], f"{shown.url}/__admin")

    _bash(curl)
    exec(compile(python, "copied", "exec"), {"server": connect(shown.url)})

    faults = shown.server.admin("GET", "/faults").json()["faults"]
    assert [rule["fault"]["body"]["say"] for rule in faults] == [HOSTILE, HOSTILE]


def test_curl_shows_the_token_where_one_is_needed(lines: Lines) -> None:
    curl, _ = lines({"method": "DELETE", "path": "/faults"}, token=True)

    assert '-H "Authorization: Bearer $MOCKSERVER_ADMIN_TOKEN"' in curl


def test_a_control_shows_its_request_before_sending_it(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/settings"))

    page.get_by_role("button", name="+10 min").focus()

    strip = page.locator(".controls-view > .equivalents")
    expect(strip.get_by_role("region", name="Python")).to_have_text("server.clock.advance(minutes=10)")
    curl = copied(page, strip.get_by_role("button", name="Copy the curl line"))
    before = shown.server.admin("GET", "/clock").json()["now_ms"]
    assert json.loads(_bash(curl))["now_ms"] - before >= 600_000


def test_below_a_namespace_curl_goes_to_the_namespace(shown: Shown, page: Page) -> None:
    shown.open_session("/ns/team-a")
    page.goto(shown.address("#/faults", "/ns/team-a"))
    page.get_by_role("button", name="Remove all").or_(page.get_by_role("button", name="Next event: 500")).first.focus()

    _bash(page.locator("[data-language='curl']").inner_text())

    assert len(shown.server.ask("GET", "/ns/team-a/__admin/faults").json()["faults"]) == 1
    assert shown.server.admin("GET", "/faults").json()["faults"] == []


def _players(shown: Shown) -> list[tuple[Any, ...]]:
    players = shown.server.admin("GET", "/players").json()["players"]
    return [tuple(player[key] for key in ("content", "flaw", "speed", "seed", "title")) for player in players]


@pytest.mark.parametrize("count", [1, 3])
def test_the_form_of_simulated_players_shows_what_it_sends(shown: Shown, page: Page, count: int) -> None:
    page.goto(shown.address("#/start"))
    card = page.get_by_role("region", name="Simulated player", exact=True)
    expect(card).to_contain_text("At most 50")
    card.locator("summary").click()
    card.get_by_label("Content").select_option("live")
    card.get_by_label("Mistake").select_option("no-pings")
    card.get_by_label("Speed").select_option("1")
    card.get_by_label("How many").fill(str(count))
    card.get_by_label("Seed").fill("7")
    curl, python = (card.get_by_role("region", name=name).inner_text() for name in ("curl", "Python"))

    _bash(curl)
    by_curl = _players(shown)
    shown.server.admin("DELETE", "/players")
    exec(compile(python, "copied", "exec"), {"server": connect(shown.url)})
    by_python = _players(shown)
    shown.server.admin("DELETE", "/players")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        card.get_by_role("button", name="Start ").click()

    assert by_curl == by_python == _players(shown)
    assert [(flaw, seed) for _, flaw, _, seed, _ in by_curl] == [("no-pings", 7 + n) for n in range(count)]


def test_the_buttons_that_stop_players_show_what_they_send(shown: Shown, page: Page) -> None:
    shown.server.admin("POST", "/players", {"count": 2, "speed": 1e-6})
    page.goto(shown.address("#/start"))
    card = page.get_by_role("region", name="Simulated player", exact=True)
    card.locator("summary").click()
    stop = card.get_by_role("button", name=re.compile("^Stop (?!and)"))

    stop.first.focus()
    _bash(card.get_by_role("region", name="curl").inner_text())
    expect(card.get_by_text("stopped", exact=True)).to_have_count(1)
    stop.first.focus()
    exec(
        compile(card.get_by_role("region", name="Python").inner_text(), "copied", "exec"),
        {"server": connect(shown.url)},
    )
    expect(card.get_by_text("stopped", exact=True)).to_have_count(2)
    card.get_by_role("button", name="Stop and forget all").focus()
    _bash(card.get_by_role("region", name="curl").inner_text())

    assert _players(shown) == []


def test_the_buttons_of_an_empty_list_show_what_they_send(shown: Shown, page: Page) -> None:
    page.goto(shown.address("#/sessions"))
    page.get_by_role("button", name="Simulate a broken player").focus()
    page.locator(".empty summary").click()
    curl, python = (page.locator(".empty").get_by_role("region", name=name).inner_text() for name in ("curl", "Python"))

    _bash(curl)
    exec(compile(python, "copied", "exec"), {"server": connect(shown.url)})

    assert [player[:3] for player in _players(shown)] == [("vod", "ads-outside-break", 10)] * 2


def test_a_press_on_a_button_is_not_lost_as_the_strip_fills(shown: Shown, page: Page) -> None:
    shown.server.admin("POST", "/players", {"speed": 1e-6})
    page.goto(shown.address("#/start"))
    card = page.get_by_role("region", name="Simulated player", exact=True)
    card.locator("summary").click()
    card.get_by_label("Play against").fill("http://staging.example")
    expect(card.locator(".equivalents .code")).to_have_count(0)

    card.get_by_role("button", name="Stop and forget all").click()

    expect(card.get_by_role("listitem")).to_have_count(0)
