"""Findings page by page, filtered, and counted."""

from __future__ import annotations

import pytest

from mockserver.admin import controls, findings
from mockserver.admin.diagnosis import Diagnosis
from mockserver.control import FindingQuery
from mockserver.errors import InvalidInput, NotFound
from mockserver.model.finding import Finding, Severity
from mockserver.model.results import ResetCommand
from mockserver.model.settings import Settings
from tests.factories import event, target
from tests.playbacks import AD, BREAK, Playground
from tests.tables import every_case


@pytest.fixture
def ground() -> Playground:
    """Two sessions with findings of every severity."""
    ground = Playground()
    for name in ("one", "two"):
        ground.play(
            ("play", 0.1, 0), ("play", 5, 5), ("ping", 90, 89), ("sessionEnd", 91, 90), start={"media.id": name}
        )
    return ground


@pytest.fixture
def everything(ground: Playground) -> list[Finding]:
    found = Diagnosis(ground.namespace).findings()
    assert {finding.severity for finding in found} == set(Severity)
    return found


def test_everything_is_listed_by_default(ground: Playground, everything: list[Finding]) -> None:
    page = findings.findings(target(ground.emulator), FindingQuery())
    assert page.findings == everything
    assert (page.meta.total, page.meta.next) == (len(everything), None)


@every_case("severity", Severity)
def test_findings_at_least_as_bad_are_listed(ground: Playground, everything: list[Finding], severity: Severity) -> None:
    page = findings.findings(target(ground.emulator), FindingQuery(min_severity=severity))
    assert page.findings == [finding for finding in everything if finding.severity.rank <= severity.rank]
    assert page.findings[-1].severity is severity


def test_findings_of_one_rule_or_of_any_of_several_are_listed(ground: Playground, everything: list[Finding]) -> None:
    one, several = FindingQuery(code="ping.gap"), FindingQuery(code=("ping.gap", "play.duplicate", "ad.gap"))
    assert {finding.code for finding in findings.findings(target(ground.emulator), one).findings} == {"ping.gap"}
    found = findings.findings(target(ground.emulator), several).findings
    assert found == [finding for finding in everything if finding.code in ("ping.gap", "play.duplicate")]


def test_findings_about_no_session_are_listed_alone(ground: Playground) -> None:
    ground.post("/api/v1/sessions/nobody/events", event())
    everything = Diagnosis(ground.namespace).findings()
    loose = [one for one in everything if one.session_id is None or one.code == "session.unknown-id"]
    assert "session.unknown-id" in {one.code for one in loose}
    assert findings.findings(target(ground.emulator), FindingQuery(loose=True)).findings == loose != everything


def test_findings_about_one_session_are_listed_both_ways(ground: Playground, everything: list[Finding]) -> None:
    sid = next(iter(ground.emulator.sessions)).sid
    found = findings.findings(target(ground.emulator), FindingQuery(session_id=sid)).findings
    assert found == [finding for finding in everything if finding.session_id == sid] != everything
    assert findings.session_findings(target(ground.emulator), FindingQuery(), sid).findings == found
    assert findings.findings(target(ground.emulator), FindingQuery(session_id="nobody")).findings == []


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_follow_one_another_without_gap_or_repetition(
    ground: Playground, everything: list[Finding], limit: int
) -> None:
    found: list[Finding] = []
    since: int | None = 0
    while since is not None:
        page = findings.findings(target(ground.emulator), FindingQuery(since=since, limit=limit))
        assert page.meta.total == len(everything)
        assert len(page.findings) <= limit
        found += page.findings
        since = page.meta.next
    assert found == everything


def test_page_beyond_the_end_is_empty(ground: Playground) -> None:
    page = findings.findings(target(ground.emulator), FindingQuery(since=10_000))
    assert (page.findings, page.meta.next) == ([], None)


@every_case(
    ("query", "pointer"),
    [
        (FindingQuery(code="ping.gaps"), "/code"),
        (FindingQuery(code=("ping.gap", "")), "/code"),
        (FindingQuery(since=-1), "/since"),
        (FindingQuery(limit=0), "/limit"),
        (FindingQuery(limit=10_001), "/limit"),
    ],
)
def test_invalid_query_is_refused(ground: Playground, query: FindingQuery, pointer: str) -> None:
    sid = next(iter(ground.emulator.sessions)).sid
    with pytest.raises(InvalidInput) as caught:
        findings.findings(target(ground.emulator), query)
    assert caught.value.pointer == pointer
    with pytest.raises(InvalidInput) as caught:
        findings.session_findings(target(ground.emulator), query, sid)
    assert caught.value.pointer == pointer


def test_session_with_an_unknown_id_is_not_found(ground: Playground) -> None:
    with pytest.raises(NotFound):
        findings.session_findings(target(ground.emulator), FindingQuery(), "nobody")
    with pytest.raises(NotFound):
        findings.report(target(ground.emulator), None, "nobody")


def test_summary_counts_findings_by_severity_the_worst_first(ground: Playground, everything: list[Finding]) -> None:
    counts = findings.summary(target(ground.emulator), None).findings
    assert list(counts) == ["error", "warning", "info"]
    assert sum(counts.values()) == len(everything)
    assert all(
        count == sum(finding.severity.value == severity for finding in everything) for severity, count in counts.items()
    )


def test_reset_answers_without_findings_and_reset_of_a_part_with_what_is_left(ground: Playground) -> None:
    before = findings.summary(target(ground.emulator), None)
    assert controls.reset(target(ground.emulator), ResetCommand(only=("faults",))) == before
    assert controls.reset(target(ground.emulator), ResetCommand()).findings == {}
    assert findings.findings(target(ground.emulator), FindingQuery()).findings == []


def test_summary_applies_timeouts_to_sessions_whatever_it_said_before() -> None:
    ground = Playground()
    ground.play()

    def phases() -> dict[str, int]:
        return findings.summary(target(ground.emulator), None).sessions

    assert phases() == {"open": 1}
    ground.now_ms += 700_000
    assert phases() == phases() == {"closed": 1}
    ground.now_ms -= 700_000
    assert phases() == {"open": 1}
    ground.now_ms += 2 * 86_400_000
    assert phases() == phases() == {"forgotten": 1}


def test_findings_say_how_many_entries_were_dropped_and_do_not_miss_them() -> None:
    ground = Playground(Settings(max_entries=4))
    sid = ground.play(
        ("play", 1, 0), ("adBreakStart", 5, 4, BREAK), ("adStart", 5, 4, AD), ("ping", 15, 4), ("adComplete", 20, 4),
        ("adBreakComplete", 20, 4), ("ping", 30, 14), ("sessionComplete", 40, 24),
    )  # fmt: skip
    evicted = ground.emulator.journal.evicted
    assert evicted >= 5

    everything = findings.findings(target(ground.emulator), FindingQuery(min_severity=Severity.ERROR))
    own = findings.session_findings(target(ground.emulator), FindingQuery(min_severity=Severity.ERROR), sid)
    assert (everything.findings, everything.meta.evicted) == ([], evicted)
    assert (own.findings, own.meta.evicted) == ([], evicted)
