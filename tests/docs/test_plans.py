"""docs/plans.md: its tables are made from the records; ``make golden`` writes them anew. Its plan is the fixture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mockserver.model.tracking_plan import ContentCriteria, ContentPlan, ExpectedEvent, KeyRule, TrackingPlan
from tests.documents import ROOT, blocks, filled, members_table

PAGE = ROOT / "docs" / "plans.md"
PARTS = {
    "plan": TrackingPlan,
    "content": ContentPlan,
    "when": ContentCriteria,
    "events": ExpectedEvent,
    "keys": KeyRule,
}


def test_the_tables_say_what_a_plan_can_hold(golden: Callable[[str, str], None]) -> None:
    parts = {name: partial(members_table, kind) for name, kind in PARTS.items()}
    golden("../../docs/plans.md", filled(PAGE, parts))


def test_the_plan_on_the_page_is_the_one_that_the_examples_use() -> None:
    [printed] = [text for kind, text in blocks(PAGE) if kind == "toml"]
    assert printed == (ROOT / "fixtures" / "plans" / "player.toml").read_text(encoding="utf-8")
