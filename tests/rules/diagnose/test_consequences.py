"""The consequence of a finding is true of the report of its session, in all cases and recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.admin.diagnosis import Diagnosis
from mockserver.errors import NotFound
from mockserver.model.finding import Finding
from mockserver.model.report import SessionReport
from mockserver.namespaces import Namespace
from mockserver.simulation.flaw import FLAWS
from tests.cases import case_names, played
from tests.event_files import event_lines, simulated_beats
from tests.playbacks import TRAFFIC, Playground, recorded
from tests.rules.diagnose.test_any_playback import EVENTS, PARAMS
from tests.tables import every_case

Report = SessionReport
MARKERS = ("progress_10", "progress_25", "progress_50", "progress_75", "progress_95")


def markers(report: Report) -> list[str]:
    return [name for name in MARKERS if getattr(report, name)]


CLAIMS: dict[str, Callable[[Report], Any]] = {
    r"Counted as a stall": lambda report: report.stall_events >= 1,
    r"[Nn]o progress markers|[Pp]rogress markers are never reached": lambda report: markers(report) == [],
    r"[Nn]o content start\b": lambda report: not report.content_starts,
    r"Content starts is set": lambda report: report.content_starts,
    r"no time spent": lambda report: report.content_time_spent_s == 0,
    r"Counted as a drop before start": lambda report: report.drops_before_start,
    r"Not counted as a completion|No completion\.": lambda report: not report.content_completes,
    r"^Counted as a completion": lambda report: report.content_completes,
    r"Counted as a pause": lambda report: report.pause_events >= 1,
}
"""What can be looked up in a report, by the words that claim it."""


def check(findings: list[Finding], report_of: Callable[[str], Report]) -> int:
    checked = 0
    for finding in findings:
        for words, holds in CLAIMS.items():
            if finding.session_id is not None and re.search(words, finding.consequence):
                assert holds(report_of(finding.session_id)), (
                    f"{finding.code}: {finding.message} -> {finding.consequence}"
                )
                checked += 1
    return checked


def flawed(flaw: str | None) -> Playground:
    ground, sid = Playground(), ""
    for event in event_lines(simulated_beats(flaw), ground.now_ms):
        ground.now_ms = max(ground.now_ms, event["playerTime"]["ts"])
        opens = event["eventType"] == "sessionStart"
        plan = ground.post("/api/v1/sessions" if opens else f"/api/v1/sessions/{sid}/events", event)
        sid = plan.record.session_id or sid if opens else sid
    ground.now_ms += 2_000_000
    return ground


def everything() -> Iterator[tuple[str, Callable[[], Any]]]:
    for case in case_names():
        yield case, lambda name=case: played(name).emulator  # type: ignore[misc]
    for path in sorted(TRAFFIC.glob("*.ndjson")):
        yield path.stem, lambda name=path.stem: recorded(name)[0].emulator  # type: ignore[misc]
    for flaw in sorted(FLAWS):
        yield f"flaw {flaw}", lambda name=flaw: flawed(name).emulator  # type: ignore[misc]


PLAYED = dict(everything())


@every_case("name", PLAYED)
def test_consequences_are_true_of_the_report(name: str) -> None:
    diagnosis = Diagnosis(Namespace(PLAYED[name]()))
    check([one for one in diagnosis.findings() if is_of_session(diagnosis, one)], diagnosis.report)


def is_of_session(diagnosis: Diagnosis, finding: Finding) -> bool:
    try:
        return finding.session_id is not None and bool(diagnosis.report(finding.session_id))
    except NotFound:
        return False


@given(events=st.lists(EVENTS, max_size=20), live=st.booleans(), later_s=st.sampled_from([0, 700]))
def test_consequences_of_any_traffic_are_true_of_the_report(
    events: list[tuple[str, float, float]], live: bool, later_s: int
) -> None:
    ground = Playground()
    ground.play(
        *((name, at_s, playhead_s, PARAMS.get(name)) for name, at_s, playhead_s in events),
        start={"media.contentType": "live", "media.length": 86_400} if live else None,
    )
    ground.now_ms += later_s * 1000
    diagnosis = Diagnosis(Namespace(ground.emulator))
    check(diagnosis.findings(), diagnosis.report)
