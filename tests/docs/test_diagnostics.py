"""docs/diagnostics.md is generated from the catalogue; ``make golden`` writes it anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import msgspec

from mockserver.model.finding import Severity, Thresholds
from mockserver.rules.diagnose.case import Rule, TrafficRule
from mockserver.rules.diagnose.catalogue import CODES, RULES, TRAFFIC_RULES

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
)

HEAD = """\
# Diagnostics

Generated from the code by `make golden`; a test fails when it is out of date.

The API accepts what it can parse: no mistake in the sequence of events, in time or in state ever gives an error status.
Such a mistake is a **finding**. `GET /__admin/findings`, `GET /__admin/sessions/{sid}/findings` and
`MediaServer.findings()` list them, the worst first, filtered by `session_id`, `code` and `min_severity`.

| severity | means |
|---|---|
| `error` | numbers are wrong or data is lost |
| `warning` | numbers are degraded or at risk |
| `info` | a note |

A finding says what was seen and what to change in the player, names the entries of the journal (`seqs`), what it does
to the reports, and the source of the rule. Findings are computed when somebody asks, from what is in the journal then;
no event is answered differently because of one. Some rules report a graver or milder case with another severity than
the one in the tables."""

THRESHOLDS = """\
## Thresholds

The setting `thresholds`: by `PATCH /__admin/settings` with `{"thresholds": {"jump_s": 5}}`, as the table `[thresholds]`
of `mockserver.toml`, or as `Settings(thresholds=Thresholds(jump_s=5))` in Python. A PATCH replaces all of them:
thresholds that it leaves out are back at their defaults."""

LEFT_OUT = """\
## What is left out

* `order.parallel`, overlapping requests of one session: the journal records when a request was processed, not how long
  it was on its way, so that requests in flight at the same time cannot be told from requests one after the other.
  What comes of them is found: `ts.equal`, `order.late`, `order.window`.
* Entries that the journal has dropped to stay within its limits, and sessions that were dropped: nothing is found in
  them."""


def test_the_diagnostics_say_what_the_catalogue_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/diagnostics.md", "\n".join(diagnostics()) + "\n")


def test_every_family_has_its_place() -> None:
    placed = [family for _, families in FAMILIES for family in families]
    assert sorted(placed) == sorted({code.partition(".")[0] for code in CODES})


def test_every_severity_and_every_threshold_is_described() -> None:
    assert all(f"| `{severity.value}` |" in HEAD for severity in Severity)
    assert set(described()) == set(Thresholds.__struct_fields__)


def diagnostics() -> Iterator[str]:
    both: tuple[Rule | TrafficRule, ...] = (*TRAFFIC_RULES, *RULES)
    rules = {rule.code: rule for rule in both}
    yield HEAD
    for title, families in FAMILIES:
        yield f"\n## {title}\n"
        yield "| code | severity | trigger | consequence | tolerance | source |\n|---|---|---|---|---|---|"
        for family in families:
            for code in CODES:
                if code.partition(".")[0] == family:
                    rule = rules[code]
                    texts = (rule.trigger, rule.consequence, rule.tolerance, rule.source)
                    shown = " | ".join(text.replace("|", "\\|").replace("<", "&lt;") for text in texts)
                    yield f"| `{code}` | {rule.severity.value} | {shown} |"
    yield f"\n{THRESHOLDS}\n"
    yield "| threshold | default | means |\n|---|---|---|"
    texts_of = described()
    for field in msgspec.structs.fields(Thresholds):
        yield f"| `{field.name}` | `{field.default}` | {texts_of[field.name]} |"
    yield f"\n{LEFT_OUT}"


def described() -> dict[str, str]:
    """Read the Args of the docstring."""
    # Python 3.13 takes the indentation of docstrings away, older ones keep it.
    entries = re.split(r"\n {4}(?=\w+: )", inspect.cleandoc(Thresholds.__doc__ or "").partition("Args:")[2])[1:]
    pairs = (entry.partition(": ") for entry in entries)
    return {name: " ".join(text.replace("``", "`").split()) for name, _, text in pairs}
