"""Takes the pictures of ``docs/images``: ``make pictures``. What is played is seeded.

With a folder as its argument it takes every view of a crowded server into it: on three screens, in light and in dark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

from mockserver import MockServer
from mockserver.clock import Clock
from mockserver.control import ADD_PLAYERS
from mockserver.model.player import PlayerCommand
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.chromium import chromium_path
from tests.factories import T0
from tests.server.page.crowd import VIEWS, WIDTHS, fill, prepare
from tests.server.running import Running

IMAGES = Path(__file__).parents[3] / "docs" / "images"
WIDTH, HEIGHT = 1120, 680
PLAYED: list[dict[str, Any]] = [
    {"content": "live", "seed": 3},
    {"flaw": "no-pings", "seed": 11},
    {"content": "audio", "seed": 5},
    {"flaw": "break-never-closed", "seed": 8},
    {"seed": 21},
    {"flaw": "ads-outside-break", "seed": 7},
]


def main() -> int:
    """Take what was asked for."""
    if sys.argv[1:]:
        _take_all(Path(sys.argv[1]))
    else:
        _take_best()
    return 0


def _take_best() -> None:
    """Play, and take a picture of every main view."""
    with MockServer(seed=7) as server:
        for number, played in enumerate(PLAYED, 1):
            server.control.call(ADD_PLAYERS, PlayerCommand(speed="max", **played))
            server.wait_for(event_type=["sessionComplete", "sessionEnd"], at_least=number, timeout_s=30)
        unclosed, *_ = (found.session_id for found in server.findings() if found.code == "ad.break-unclosed")
        _show(server.url, f"#/sessions/{unclosed}")


def _take_all(folder: Path) -> None:
    clock = Clock()
    clock.freeze()
    clock.set(T0)
    server = Running(Service(None, ServerOptions(), clock=clock))
    crowd = fill(server)._asdict()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        page = browser.new_page()
        for name, view in {**VIEWS, "gone": VIEWS["sessions"]}.items():
            page.goto("about:blank")
            page.goto(f"http://127.0.0.1:{server.port}/__admin/ui/{view.route.format_map(crowd)}")
            page.locator(view.ready).first.wait_for()
            prepare(page, name)
            if name == "gone":
                server.stop()
                page.locator(".gone").wait_for()
            for width, height in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": height})
                for scheme in schemes:
                    page.emulate_media(color_scheme=scheme)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
        browser.close()


def _show(url: str, session: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(f"{url}/__admin/ui/")
        _take(page, "sessions", ".frame.sessions .findings .badge")
        page.goto(f"{url}/__admin/ui/{session}")
        _take(page, "session", ".pin")
        page.goto(f"{url}/__admin/ui/{session}/report")
        _take(page, "report", ".metrics")
        page.goto(f"{url}/__admin/ui/#/stories")
        page.get_by_role("button", name="Start").nth(6).click()
        _take(page, "stories", ".equivalents .code")
        browser.close()


def _take(page: Page, name: str, ready: str) -> None:
    page.locator(ready).first.wait_for()
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
