"""``mockserver diagnose``: what it prints, and when CI fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.cli import main
from tests.event_files import event, event_lines, simulated_beats, write_lines
from tests.report_schemas import check_junit
from tests.tables import every_case

BROKEN = ["ads-outside-break", "no-play-after-pause", "playhead-in-milliseconds"]


@pytest.fixture
def simulated(tmp_path: Path) -> Callable[[str | None], str]:
    """Write the events of a simulated session; return the path."""

    def write(flaw: str | None) -> str:
        return str(write_lines(tmp_path / "events.ndjson", event_lines(simulated_beats(flaw))))

    return write


@pytest.mark.parametrize("flaw", BROKEN)
def test_mistakes_of_a_broken_player_are_explained_and_ci_fails(
    flaw: str,
    simulated: Callable[[str | None], str],
    golden: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diagnose", simulated(flaw)]) == 1
    out, err = capsys.readouterr()
    golden(f"diagnose/{flaw}.txt", out)
    assert err == ""


def test_a_careful_player_passes(
    simulated: Callable[[str | None], str], golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", simulated(None), "--fail-on", "warning"]) == 0
    golden("diagnose/careful.txt", capsys.readouterr().out)


WARNINGS = ("ping.gap", "id.ecid-missing", "media.streamType")


def warned(folder: Path) -> str:
    """Write a session with a warning and without an error: a silence of 20 seconds, and a bare sessionStart."""
    events = [event("sessionStart"), event("play", 1, 0), event("ping", 21, 20), event("sessionEnd", 22, 21)]
    return str(write_lines(folder / "warned.ndjson", events))


@every_case(
    ("arguments", "code"),
    [
        ([], 0),
        (["--fail-on", "error"], 0),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "warning", "--ignore", "ping.gap"], 1),
        (["--fail-on", "warning", *(word for code in WARNINGS for word in ("--ignore", code))], 0),
        (["--fail-on", "warning", "--code", "ad.complete-early"], 0),
        (["--fail-on", "warning", "--code", "ad.complete-early", "--code", "ping.gap"], 1),
    ],
)
def test_exit_code_depends_on_the_worst_finding_that_counts(tmp_path: Path, arguments: list[str], code: int) -> None:
    assert main(["diagnose", warned(tmp_path), *arguments]) == code


def test_never_failing_is_possible(simulated: Callable[[str | None], str]) -> None:
    assert main(["diagnose", simulated(BROKEN[0])]) == 1
    assert main(["diagnose", simulated(BROKEN[0]), "--fail-on", "never"]) == 0


def test_json_has_every_finding_with_its_lines_and_counts_them(
    simulated: Callable[[str | None], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = simulated("no-play-after-pause")
    main(["diagnose", path, "--json"])
    document = json.loads(capsys.readouterr().out)
    first = document["findings"][0]
    assert first.keys() == {
        "code", "severity", "message", "consequence", "session_id", "seqs", "source", "lines",
    }  # fmt: skip
    assert (first["severity"], first["session_id"], first["lines"]) == ("error", "session-1", first["seqs"])
    counts = document["summary"].pop("findings")
    assert sum(counts.values()) == len(document["findings"])
    assert document["summary"] == {
        "source": path, "requests": len(simulated_beats("no-play-after-pause")), "sessions": 1,
        "journal_complete": True,
    }  # fmt: skip


def test_less_severe_findings_can_be_left_out(
    simulated: Callable[[str | None], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = simulated("playhead-in-milliseconds")
    main(["diagnose", path, "--json"])
    everything = json.loads(capsys.readouterr().out)["findings"]
    main(["diagnose", path, "--json", "--min-severity", "error"])
    errors = json.loads(capsys.readouterr().out)["findings"]
    assert errors == [finding for finding in everything if finding["severity"] == "error"]
    assert 0 < len(errors) < len(everything)


def test_lines_are_those_of_the_file_even_with_empty_ones_between(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["", event("sessionStart"), "", event("play", 1, 0), "", event("ping", 21, 20), event("sessionEnd", 22, 21)]
    path = str(write_lines(tmp_path / "e.ndjson", lines))
    main(["diagnose", path, "--code", "ping.gap"])
    assert "\n           lines 4, 6\n" in capsys.readouterr().out


def test_refused_sessionstart_is_reported_although_there_is_no_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_lines(tmp_path / "e.ndjson", [event("sessionStart", media__length="60")])
    assert main(["diagnose", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(
        "without a session\n\n  error    http.refused\n           The sessionStart event was answered 400:"
    )
    assert out.endswith("\n           line 1\n\n0 sessions: 1 error\n")
    assert main(["diagnose", str(path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (finding,) = document["findings"]
    assert (finding["code"], finding["session_id"], finding["lines"]) == ("http.refused", None, [1])
    assert main(["diagnose", str(path), "--fail-on", "never"]) == 0
    assert main(["diagnose", str(path), "--code", "ping.gap"]) == 0


def test_refused_request_that_a_rule_explains_is_reported_once(
    simulated: Callable[[str | None], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", simulated("unknown-key"), "--json"]) == 1
    found = {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert "params.unknown" in found
    assert "http.refused" not in found


@every_case(
    ("arguments", "message"),
    [
        (["--code", "ping.gab"], "there is no rule 'ping.gab'; did you mean ping.gap?"),
        (["--ignore", "xyzzy"], "there is no rule 'xyzzy'; see docs/diagnostics.md"),
        (["--fail-on", "warning", "--min-severity", "error"], "--min-severity error hides what --fail-on warning"),
        (["--fail-on", "fatal"], "argument --fail-on: invalid choice: 'fatal'"),
    ],
)
def test_unusable_arguments_are_reported(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", warned(tmp_path), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mockserver: {message}")


def test_help_names_sources_and_exit_codes_and_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "--help"]) == 0
    text = capsys.readouterr().out
    assert "with --open, sessions" in text
    assert "exit codes: 0 no finding as severe as --fail-on" in text
    assert "examples:\n  mockserver diagnose " in text


def test_a_server_that_has_dropped_requests_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = warned(tmp_path)
    with MockServer() as server:
        server.load(path)
        arguments = ["diagnose", server.url, "--json"]
        assert main(arguments) == 0
        assert json.loads(capsys.readouterr().out)["summary"]["journal_complete"] is True

        server.configure(max_entries=2)
        junit = tmp_path / "found.xml"
        assert main([*arguments, "--format", f"junit={junit}"]) == 1
        out, err = capsys.readouterr()
        assert json.loads(out)["summary"]["journal_complete"] is False
        assert err == (
            "not verified, since dropped entries could have findings: expected no finding (error), found 0 (2 older "
            "entries were dropped to stay within the limits and not judged)\n"
            "To know, raise max_entries or max_journal_bytes, or reset the server between tests.\n"
        )
        written = junit.read_text(encoding="utf-8")
        check_junit(written)
        assert 'name="dropped requests"' in written
        assert "journal.dropped" in written
        assert main([*arguments, "--fail-on", "never"]) == 0
