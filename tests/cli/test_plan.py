"""``mockserver plan``, and ``diagnose --plan``: exit codes and what is printed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.cli.command_line import main
from mockserver.tracking_plans.schema import plan_schema
from tests.documents import ROOT

RECORDING = str(ROOT / "fixtures" / "traffic" / "adobe-js-3.1.0-vod.ndjson")
OTHER = str(ROOT / "fixtures" / "traffic" / "adobe-js-3.0.1-vod.ndjson")
PLAN = str(ROOT / "fixtures" / "plans" / "adobe-js.toml")


def test_a_followed_plan_exits_with_0_and_a_missed_one_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", RECORDING, "--plan", PLAN]) == 0
    assert capsys.readouterr().out.startswith("plan What Adobe's SDK reports: followed, 98 checks met\n")
    assert main(["diagnose", OTHER, "--plan", PLAN]) == 1
    assert f"[{PLAN}:59]" in capsys.readouterr().out.replace("\n          ", "")


def test_json_is_the_whole_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", OTHER, "--plan", PLAN, "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    missed = [check for session in result["sessions"] for check in session["checks"] if not check["met"]]
    assert [(check["kind"], check["line"]) for check in missed] == [("key", 59), ("finding", 31)]
    assert result["coverage"]["percent"] == 100


def test_a_running_server_can_be_judged_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    with MockServer() as server:
        assert main(["diagnose", server.url, "--plan", PLAN]) == 1
        assert "any session" in capsys.readouterr().out
        server.load(RECORDING)
        assert main(["diagnose", server.url, "--plan", PLAN]) == 0


@pytest.mark.parametrize(
    "option", [["--fail-on", "error"], ["--ignore", "ts.skew"], ["--min-severity", "info"]], ids=str
)
def test_options_that_choose_findings_are_refused_with_a_plan(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", RECORDING, "--plan", PLAN, *option]) == 2
    assert f"{option[0]} cannot be combined with --plan" in capsys.readouterr().err


def test_a_mistake_in_a_plan_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('title = "t"\n[[contnt]]\nname = "x"\n', encoding="utf-8")
    for command in (["plan", "check", str(plan)], ["diagnose", RECORDING, "--plan", str(plan)]):
        assert main(command) == 2
        assert f"{plan}:2: /contnt: unknown key contnt; did you mean content?" in capsys.readouterr().err
    plan.write_text('{"title": "t", "expect": 1}', encoding="utf-8")
    assert main(["plan", "check", str(plan)]) == 2
    assert capsys.readouterr().err.startswith(f"mockserver: {plan}: /expect: ")


def test_a_draft_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    assert main(["plan", "from", RECORDING, "--title", "What Adobe's SDK reports", "-o", str(plan)]) == 0
    assert "the plan allows qoe.tts-unit" in capsys.readouterr().err
    assert plan.read_text(encoding="utf-8") == Path(PLAN).read_text(encoding="utf-8")

    plan.write_text("mine", encoding="utf-8")
    assert main(["plan", "from", RECORDING, "-o", str(plan)]) == 2
    assert "exists; name a new file" in capsys.readouterr().err
    assert plan.read_text(encoding="utf-8") == "mine"


def test_a_draft_goes_to_stdout_and_can_be_made_of_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    with MockServer() as server:
        assert main(["plan", "from", server.url]) == 2
        assert "holds no request" in capsys.readouterr().err
        server.load(RECORDING)
        assert main(["plan", "from", server.url, "--title", "What Adobe's SDK reports"]) == 0
    assert capsys.readouterr().out == Path(PLAN).read_text(encoding="utf-8")


def test_check_says_what_a_plan_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "fixtures" / "plans" / "player.toml", tmp_path)
    assert main(["plan", "check", str(tmp_path / "player.toml")]) == 0
    assert capsys.readouterr().out.endswith("player.toml: Our player: 2 contents, 7 events, 7 keys, 9 values\n")


@pytest.mark.parametrize("action", [[], ["check", "missing.toml"], ["from", "missing.ndjson"]], ids=str)
def test_errors_exit_with_2(action: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *action]) == 2
    assert capsys.readouterr().err.startswith("mockserver: ")


def test_schema_prints_the_schema_of_plans(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--plan"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(plan_schema()))
    assert main(["schema", "--plan", "play"]) == 2
    assert main(["schema"]) == 2
