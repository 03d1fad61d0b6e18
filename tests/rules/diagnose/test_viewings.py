"""Whole sessions of players that get one thing wrong, or nothing: what is found of them, and what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.cli.judged_file import judge_file
from mockserver.cli.traffic_file import read_traffic
from mockserver.emulator.diagnosis import Diagnosis
from mockserver.model.finding import Severity
from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings

VIEWINGS = Path(__file__).parents[3] / "fixtures" / "viewings"

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

# The last ping is up to 15 s before sessionComplete.
COARSE = {("ping.gap", WARNING)}

EXPECTED: dict[str, set[tuple[str, Severity]]] = {
    "ad-outside": COARSE | {("ad.outside-break", ERROR)},
    "length-minutes": {("media.length-short", ERROR)},
    "live-midroll-noplay": set(),
    "pause-before-break": COARSE | {("play.missing-after-break", ERROR)},
    "speed15": set(),
    "vast-error-then-midroll": {("ad.break-unclosed", ERROR)},
}


def diagnosis(name: str) -> Diagnosis:
    """Put a file of events through an emulator, as ``mockserver diagnose`` does."""
    lines = (VIEWINGS / f"{name}.ndjson").read_bytes().splitlines()
    return Diagnosis(judge_file(read_traffic(lines, name), Settings(), leave_open=False).default)


def report(name: str) -> SessionReport:
    return diagnosis(name).report("session-1")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_cause_is_found_and_nothing_else(name: str) -> None:
    found = diagnosis(name).findings()
    assert {(finding.code, finding.severity) for finding in found} == EXPECTED[name]
    assert len(found) == len(EXPECTED[name])


def test_a_podcast_at_one_and_a_half_times_the_speed_was_seen_as_far_as_it_played() -> None:
    seen = report("speed15")
    assert seen.unique_time_played_s == pytest.approx(4945, abs=10)
    assert seen.metric("a.media.segment").value == "[0-83]"


def test_content_behind_a_pause_that_never_ended_is_reported_as_pause() -> None:
    paused = report("pause-before-break")
    assert paused.content_time_spent_s == pytest.approx(34.9)
    assert paused.metric("a.media.pauseTime").value == 564


def test_an_ad_outside_a_break_is_content_and_no_stall() -> None:
    outside = report("ad-outside")
    assert outside.metric("a.media.qoe.stallCount").exact == 0
    assert outside.content_time_spent_s == pytest.approx(609.9)
