"""``--format``: what commands write for CI systems, and where it goes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from mockserver.cli import main
from mockserver.cli.judgements import of_findings
from mockserver.cli.source import Source
from mockserver.formats.html import html
from mockserver.formats.judgement import Judgement
from mockserver.media_server import MediaServer
from mockserver.media_server.comparing import judged
from mockserver.model.finding import Severity
from mockserver.model.plan_result import Coverage, CoverageItem, PlanCheck, PlannedSession, PlanResult
from mockserver.model.settings import Settings
from mockserver.recordings.recording import read_recording
from mockserver.simulation.flaw import FLAWS
from tests.event_files import START_MS, event_lines, simulated_beats, write_lines
from tests.report_schemas import check_junit, check_sarif
from tests.tables import every_case

FIXTURES = Path(__file__).parents[2] / "fixtures"
OLD_SDK = "fixtures/traffic/adobe-js-3.0.1-vod.ndjson"  # relative to the folder of the project, as in the golden files
NEW_SDK = "fixtures/traffic/adobe-js-3.1.0-vod.ndjson"
SOME = ("ads-outside-break", "no-play-after-pause", "unknown-key", "retry-storm")
"""Flaws with findings of all severities, with and without a session."""

DAY_MS = 86_400_000

Golden = Callable[[str, str], None]


@pytest.fixture
def flawed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[str | None]], str]:
    """Write a session of each flaw into a file of the working directory, and return its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mockserver.cli.judgements.running_version", lambda: "VERSION")

    def write(flaws: Iterable[str | None]) -> str:
        lines = [
            line
            for day, flaw in enumerate(flaws)
            for line in event_lines(simulated_beats(flaw), START_MS + day * DAY_MS)
        ]
        return write_lines(tmp_path / "flaws.ndjson", lines).name

    return write


def test_reports_of_all_flaws(
    flawed: Callable[[Iterable[str | None]], str], golden: Golden, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = ("--format", "github", "--format", "junit=flaws.xml", "--format", "html=flaws.html")
    assert main(["diagnose", flawed(FLAWS), *formats]) == 1
    golden("formats/flaws.github.txt", capsys.readouterr().out)
    golden("formats/flaws.html", (tmp_path / "flaws.html").read_text(encoding="utf-8"))
    golden("formats/flaws.junit.xml", (tmp_path / "flaws.xml").read_text(encoding="utf-8"))


def test_report_with_rules_of_some_flaws(
    flawed: Callable[[Iterable[str | None]], str], golden: Golden, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", flawed(SOME), "--format", "text", "--format", "sarif=flaws.sarif"]) == 1
    assert capsys.readouterr().out.startswith("session session-1\n")
    written = (tmp_path / "flaws.sarif").read_text(encoding="utf-8")
    golden("formats/flaws.sarif", written)
    check_sarif(written)


@every_case("name", ["text", "json", "junit", "sarif", "github", "html"])
def test_exit_code_is_the_same_in_every_format(
    flawed: Callable[[Iterable[str | None]], str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = flawed(SOME[:1])
    assert main(["diagnose", path, "--format", name]) == 1
    assert main(["diagnose", path, "--format", name, "--fail-on", "never"]) == 0
    assert main(["diagnose", path, "--format", name, "--ignore", "ad.outside-break"]) == 0
    assert capsys.readouterr().out


def test_finding_that_does_not_fail_the_command_is_not_a_failure_in_junit(
    flawed: Callable[[Iterable[str | None]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = flawed(["ads-outside-break", None])
    main(["diagnose", path, "--format", "junit"])
    assert capsys.readouterr().out.count("<failure") == 1
    main(["diagnose", path, "--format", "junit", "--fail-on", "never"])
    assert capsys.readouterr().out.count("<failure") == 0


def test_comparison_is_written_in_every_format(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FIXTURES.parent)
    monkeypatch.setattr("mockserver.cli.judgements.running_version", lambda: "VERSION")
    files = {name: tmp_path / f"report.{name}" for name in ("junit", "sarif", "html")}
    formats = [word for name, path in files.items() for word in ("--format", f"{name}={path}")]
    assert main(["compare", OLD_SDK, NEW_SDK, "--format", "github", *formats]) == 1
    golden("comparison/sdk.github.txt", capsys.readouterr().out)
    golden("comparison/sdk.html", files["html"].read_text(encoding="utf-8"))
    check_sarif(files["sarif"].read_text(encoding="utf-8"))
    check_junit(files["junit"].read_text(encoding="utf-8"))
    assert main(["compare", OLD_SDK, OLD_SDK, "--format", "github"]) == 0
    assert capsys.readouterr().out == "1 pair of sessions compared, no differences\n"


def test_session_without_a_counterpart_is_a_separate_case(
    flawed: Callable[[Iterable[str | None]], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = flawed([None, None])
    one = write_lines(tmp_path / "one.ndjson", event_lines(simulated_beats(), START_MS)).name
    assert main(["compare", both, one, "--format", "github"]) == 1
    assert main(["compare", one, both, "--format", "junit"]) == 1
    out = capsys.readouterr().out
    assert '::error file=flaws.ndjson,line=32,title=compare.session::clip-7 "Clip 7": missing now\n' in out
    assert 'message="clip-7 &quot;Clip 7&quot;: new"' in out


def test_place_in_an_http_archive_is_described_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", str(FIXTURES / "har" / "charles.har"), "--format", "github", "--fail-on", "never"])
    lines = capsys.readouterr().out.splitlines()[:-1]
    assert lines
    assert all(",line=" not in line and "(entr" in line for line in lines if "file=" in line)


def planned(path: str) -> Judgement:
    """Judge a recording by a plan that demands one thing that it has and one that it lacks."""
    recording = read_recording(path)
    server = MediaServer(judged(recording, Settings(), leave_open=False))
    source = Source(recording.name, server, recording.places, recording.unit)
    met = PlanCheck(kind="event", says="1 sessionStart", met=True, seen="1", pointer="/content/0/event/0", line=4)
    missed = PlanCheck(
        kind="key", says="adStart has media.ad.advertiser", met=False, seen="missing in 3 of 3",
        pointer="/content/0/event/1", line=9, session_id="session-1", seqs=(3, 4),
    )  # fmt: skip
    session = PlannedSession(
        session_id="session-1", media_id="clip-7", content="films", followed=False, checks=(met, missed)
    )
    total = PlanCheck(kind="sessions", says="2 sessions of films", met=False, seen="1", pointer="/content/0", line=2)
    untried = CoverageItem(kind="value", content="films", name="adStart media.ad.id", event=2, value="ad-9")
    coverage = Coverage(planned=4, tried=3, percent=75, untried=(), items=(untried,))
    plan = PlanResult(
        title="Films", followed=False, met=1, missed=2, checks=(total,), sessions=(session,), coverage=coverage,
        journal_complete=True,
    )  # fmt: skip
    return of_findings(source, [], [], Severity.ERROR, plan=plan, plan_file="plan.toml")


def test_result_of_a_plan_is_shown_with_the_places_of_both_files(
    flawed: Callable[[Iterable[str | None]], str],
) -> None:
    judgement = planned(flawed([None]))
    assert not judgement.passed
    assert judgement.summary == "1 session: nothing found; plan Films: 1 of 3 demands met, 75 % of it tried"
    session, everything = judgement.cases
    (issue,) = session.issues
    assert (issue.code, issue.message) == ("plan.key", "adStart has media.ad.advertiser: missing in 3 of 3")
    assert [(place.file, place.line) for place in issue.places] == [
        ("flaws.ndjson", 3), ("flaws.ndjson", 4), ("plan.toml", 9),
    ]  # fmt: skip
    assert [check.met for check in session.checks] == [True, False]
    assert everything.name == "all sessions together"
    assert everything.about == (
        "3 of 4 parts of the plan were tried (75 %)", 'never tried: value adStart media.ad.id = "ad-9"',
    )  # fmt: skip
    assert "Expectations: 1 of 2 met" in html(judgement)


@every_case(
    ("arguments", "message"),
    [
        (["--format", "junti"], "there is no format 'junti'; did you mean junit?"),
        (["--format", "csv"], "there is no format 'csv'; there are text, json, junit, sarif, github, html"),
        (["--format", "html="], "--format html=: a file is missing after ="),
        (["--format", "html", "--json"], "only one --format can go to stdout; give the others a file"),
        (["--format", "html=a", "--format", "junit=a"], "only one --format can go to a"),
        (["--format", "html=nowhere/a.html"], "--format html: there is no folder nowhere"),
    ],
)
def test_format_that_cannot_be_written_is_refused_before_anything_is_read(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", "nothing.ndjson", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {message}")


def test_text_in_a_file_is_that_of_the_terminal(
    flawed: Callable[[Iterable[str | None]], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = flawed(SOME[:1])
    main(["diagnose", path, "--format", "text=found.txt", "--json"])
    document = capsys.readouterr().out
    main(["diagnose", path, "--format", "json=found.json"])
    assert (tmp_path / "found.txt").read_text(encoding="utf-8") == capsys.readouterr().out
    assert json.loads((tmp_path / "found.json").read_bytes()) == json.loads(document)


def test_output_fits_every_encoding(
    flawed: Callable[[Iterable[str | None]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = flawed([None])
    lines = Path(path).read_text(encoding="utf-8").replace("Clip 7", "Cl\u00efp \U0001f3ac")
    Path(path).write_text(lines, encoding="utf-8")
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stdout)
    assert main(["diagnose", path, "--format", "html"]) == 0
    stdout.flush()
    assert b"Cl&#239;p &#127916;" in stdout.buffer.getvalue()
