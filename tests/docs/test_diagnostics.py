"""docs/diagnostics.md: its tables are made from the catalogue; ``make golden`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.catalogue import CODES, RULES
from tests.documents import ROOT, cell, filled, members_table, texts_of

PAGE = ROOT / "docs" / "diagnostics.md"

FAMILIES = (
    ("Session", ("session",)),
    ("Time and order", ("ts", "order", "ping")),
    ("Playhead", ("playhead",)),
    ("Playback", ("play", "pause", "buffer", "seek", "error", "event")),
    ("Ads", ("ad",)),
    ("Chapters and player states", ("chapter", "state")),
    ("Fields", ("media", "id", "downloaded", "params")),
    ("Quality of experience", ("qoe",)),
    ("Custom metadata", ("meta",)),
    ("HTTP", ("http", "path")),
    ("The form of the Media Edge API", ("edge",)),
    ("This server against a real endpoint", ("fidelity",)),
)


def test_the_diagnostics_say_what_the_catalogue_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/diagnostics.md", filled(PAGE, {"rules": rules, "thresholds": thresholds}))


def test_every_family_has_its_place() -> None:
    placed = [family for _, families in FAMILIES for family in families]
    assert sorted(placed) == sorted({code.partition(".")[0] for code in CODES})


def test_every_severity_and_every_threshold_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [severity.value for severity in Severity if f"\n| `{severity.value}` | " not in text] == []
    assert texts_of(Thresholds).keys() == set(Thresholds.__struct_fields__)


def rules() -> Iterator[str]:
    rule_of = {rule.code: rule for rule in RULES}
    for title, families in FAMILIES:
        yield f"\n## {title}\n"
        yield "| code | severity | API | trigger | consequence | tolerance | source |\n|---|---|---|---|---|---|---|"
        for family in families:
            for code in CODES:
                if code.partition(".")[0] == family:
                    rule = rule_of[code]
                    texts = (rule.trigger, rule.consequence, rule.tolerance, rule.source)
                    shown = " | ".join(cell(text).replace("<", "&lt;") for text in texts)
                    apis = ", ".join(rule.dialects) or "both"
                    yield f"| `{code}` | {rule.severity.value} | {apis} | {shown} |"
    yield ""


def thresholds() -> Iterator[str]:
    yield ""
    yield from members_table(Thresholds)
    yield ""
