"""The types that the page is checked against are those of the server."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.typescript import declarations


def test_types_of_the_page_are_those_of_the_admin_api(golden: Callable[[str, str], None]) -> None:
    golden("../../mockserver/server/ui/types.d.ts", declarations())


def test_every_name_that_the_types_use_is_declared() -> None:
    text = declarations()
    declared = set(re.findall(r"^export (?:interface|type) (\w+)", text, re.MULTILINE))
    uses = re.sub(r'/\*\*.*\*/|//.*|"[^"]*"', "", text)
    used = set(re.findall(r"\b[A-Z]\w+", uses)) - {"Record"}
    assert used == declared
