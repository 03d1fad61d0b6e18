"""The card of the simulated players on the page, as tests see it."""

from __future__ import annotations

import re
import shlex
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.server.page.conftest import Shown

__all__ = ["FOREVER", "command_of", "players_of", "ready", "start_button"]

FOREVER = 1e-6
"""A speed at which no player sends a second event."""


def ready(page: Page) -> Locator:
    """Return the card of an open page, once the server has said what it can play."""
    card = page.get_by_role("region", name="Simulated player", exact=True)
    expect(card).to_contain_text("At most 50")
    return card


def start_button(card: Locator) -> Locator:
    """Return the button that starts players."""
    return card.get_by_role("button", name=re.compile("^Start "))


def command_of(card: Locator) -> list[str]:
    """Return the words of the displayed command, as a shell reads them."""
    words = shlex.split(card.get_by_role("region", name="Command line").inner_text())
    assert words[:2] == ["mockserver", "play"]
    return words[1:]


def players_of(shown: Shown) -> list[dict[str, Any]]:
    """Return the players of the default namespace, as the server lists them."""
    players: list[dict[str, Any]] = shown.server.admin("GET", "/players").json()["players"]
    return players
