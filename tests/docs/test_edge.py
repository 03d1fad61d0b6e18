"""docs/edge.md: its table of keys is made from the keys that requests are checked against; see ``make golden``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mockserver.dialects.edge.keys import BLOCKS, EVENTS
from tests.documents import ROOT, cell, filled

PAGE = ROOT / "docs" / "edge.md"


def test_the_table_of_keys_says_what_the_code_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/edge.md", filled(PAGE, {"keys": keys}))


def keys() -> Iterator[str]:
    yield "\n| key | Media Collection API | is | for |\n|---|---|---|---|"
    for block in BLOCKS:
        needing = [name for name, event in EVENTS.items() if event.block is block]
        yield f"| **`{block.name}`** | `{block.part}` | object | needed by {', '.join(needing)} |"
        for key in block.keys:
            kind = f"**{key.type}**, required" if key.required else key.type
            yield f"| `{block.name}.{key.name}` | `{key.normal}` | {kind} | {cell(key.meaning)} |"
    yield ""
