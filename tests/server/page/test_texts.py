"""The pure functions of the page, run where they run: in the browser."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.factories import start
from tests.server.page.conftest import Shown

pytestmark = pytest.mark.browser

Call = Callable[..., Any]


@pytest.fixture
def call(standing: Shown, standing_page: Page) -> Call:
    """Call an exported function: ``call("copy.js", "toCurl", entry, server)``."""

    def run(module: str, name: str, *arguments: Any) -> Any:
        script = "async ([module, name, given]) => (await import(module))[name](...given)"
        return standing_page.evaluate(script, [f"{standing.url}/__admin/ui/{module}", name, list(arguments)])

    return run


def _entry(**request: Any) -> dict[str, Any]:
    whole = {"method": "POST", "path": "/api/v1/sessions", "headers": [], "body": "", "body_encoding": "utf-8"}
    return {"request": {**whole, **request}}


@pytest.mark.parametrize(
    "text", ["plain", "it's", 'say "x"', "a\nb", "$(reboot) `id` \\ !", "", "\u05e9 \U0001f600", "-x"]
)
def test_a_quoted_word_reaches_the_command_unchanged(call: Call, text: str) -> None:
    quoted = call("copy.js", "shellQuote", text)

    done = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=False)

    assert done.stdout.decode() == text


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "HEAD"},
        {"method": "DELETE", "path": "/api/v1/sessions/x/events?a=[1]&b={2}"},
        {"method": "GET", "path": "/api/../v1/./x"},
        {"body": "\u0001\u007f'\"\\", "headers": [["Content-Type", "application/json"]]},
        {"body": "{}", "headers": []},
        {"body": "@/etc/passwd", "headers": [["Content-Type", "text/plain"]]},
        {
            "body": "H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==",
            "body_encoding": "base64",
            "headers": [["Content-Encoding", "gzip"]],
        },
        {"body": "[" + "1," * 100_000 + "1]", "headers": [["X-Odd", "it's"], ["X-Empty", ""]]},
    ],
    ids=["head", "brackets", "dots", "controls", "untyped", "at sign", "compressed", "large"],
)
def test_curl_sends_what_was_recorded(standing: Shown, call: Call, request_: dict[str, Any]) -> None:
    entry = _entry(**request_)
    command = call("copy.js", "toCurl", entry, standing.url)

    done = subprocess.run(["bash"], input=command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, (command[:500], done.stderr)
    sent = standing.server.last_entry()["request"]
    for member in ("method", "path", "body", "body_encoding"):
        assert sent[member] == entry["request"][member], command[:500]
    names = {name.lower() for name, _ in sent["headers"]}
    for name, value in entry["request"]["headers"]:
        assert [name, value] in sent["headers"]
    assert ("content-type" in names) == any(name == "Content-Type" for name, _ in entry["request"]["headers"])


@pytest.mark.parametrize(("server", "begin"), [("http://h:1", "curl "), ("https://h:1", "curl --insecure ")])
def test_every_curl_takes_the_certificate_of_the_server(call: Call, server: str, begin: str) -> None:
    made = [
        call("copy.js", "toCurl", _entry(), server),
        call("controls/equivalent.js", "toCurl", {"method": "DELETE", "path": "/faults"}, f"{server}/__admin"),
        *(one["code"] for one in call("snippets.js", "platforms", server, None) if one["name"] == "curl"),
    ]

    assert [text[: len(begin)] for text in made] == [begin] * 3
    assert all(("--insecure" in text) == ("--insecure" in begin) for text in made)


@pytest.mark.parametrize(("name", "status"), [("curl", "201"), ("Edge", "200")])
def test_session_is_opened_by_the_text_for_any_shell_in_either_api(
    call: Call, standing: Shown, name: str, status: str
) -> None:
    (text,) = (one["code"] for one in call("snippets.js", "platforms", standing.url, None) if one["name"] == name)

    done = subprocess.run(["bash"], input=text, capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.split()[1] == status, done.stdout


@pytest.mark.parametrize("name", ["Node.js", "TV"])
def test_session_is_opened_by_the_texts_with_fetch(call: Call, standing: Shown, standing_page: Page, name: str) -> None:
    (text,) = (one["code"] for one in call("snippets.js", "platforms", standing.url, None) if one["name"] == name)

    told = standing_page.evaluate(f"async (sessionStart) => {{ {text}; return [start.status, events]; }}", start())

    assert told[0] == 201
    assert told[1].startswith(f"{standing.url}/api/v1/sessions/")


def test_every_platform_names_its_line_about_the_ca(call: Call) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "devices.md").read_text(encoding="utf-8").partition("## Trust")[2]
    lines = {line.split("|")[1].strip() for line in guide.splitlines() if line.startswith("|")}

    assert {one["trust"] for one in call("snippets.js", "platforms", "http://h:1", None)} <= lines


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8089", "127.0.0.1:8089"),
        ("http://127.0.0.1:8089/ns/demo", "demo.localhost:8089"),
        ("https://mock.example/ns/a.b", "a.b.localhost"),
    ],
)
def test_a_client_without_paths_gets_the_namespace_in_the_host(call: Call, origin: str, host: str) -> None:
    assert call("snippets.js", "hostOnly", origin) == host


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 ms"), (999, "999 ms"), (4200, "4.2 s"), (59_400, "59 s"), (59_500, "1 min 00 s"), (3_600_000, "1 h 00 min"),
     (90_000_000, "1 d 1 h"), (-1500, "\u22121.5 s")],
)  # fmt: skip
def test_durations_read_well(call: Call, ms: int, text: str) -> None:
    assert call("format.js", "duration", ms) == text


@pytest.mark.parametrize("ms", [1e300, -1e300, 8.64e15 + 1])
def test_times_beyond_all_dates_do_no_harm(call: Call, ms: float) -> None:
    assert call("format.js", "clock", ms) == ""
    assert isinstance(call("format.js", "instant", ms), str)


@pytest.mark.parametrize("address", ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x"])
def test_no_address_can_run_a_script(standing: Shown, standing_page: Page, address: str) -> None:
    refused = standing_page.evaluate(
        """async ([module, address]) => {
          const { h } = await import(module);
          try { h("a", { href: address }); return false; } catch { return true; }
        }""",
        [f"{standing.url}/__admin/ui/dom.js", address],
    )

    assert refused is True
