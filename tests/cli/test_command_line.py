from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from mockserver.cli import main
from tests.tables import every_case

COMMANDS = ["serve", "replay", "tail", "schema"]


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mockserver {version('media-collection-mockserver')}\n"


def test_help_names_every_command_and_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n    {name} " in text for name in COMMANDS)
    assert "examples:\n  mockserver serve" in text


@every_case("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: mockserver {name} ")
    assert f"examples:\n  mockserver {name} " in text


def test_without_arguments_the_help_is_shown_and_it_counts_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: mockserver ")


@every_case(
    ("arguments", "sentence"),
    [
        (["sevre"], "there is no command 'sevre'; did you mean serve?; see mockserver --help"),
        (["--port", "1"], "there is no command '--port'; see mockserver --help"),
        (["serve", "--idel-timeout", "5"], "unknown argument --idel-timeout; did you mean --idle-timeout?"),
        (["serve", "--idle", "5"], "unknown argument --idle; did you mean --idle-timeout?"),
        (["serve", "now"], "unknown argument now; see mockserver serve --help"),
        (["serve", "--port"], "argument --port: expected one argument; see mockserver serve --help"),
        (["replay", "x"], "the following arguments are required: --to; see mockserver replay --help"),
    ],
)
def test_mistake_is_explained_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"mockserver: {sentence}\n")


def test_reader_that_leaves_early_causes_no_error_message() -> None:
    code = (
        "import os, sys\n"
        "from mockserver.cli import main\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "sys.exit(main(['--help']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_starting_a_server_imports_no_schema_explanation_no_faker_and_no_other_command() -> None:
    code = (
        "import sys\n"
        "from mockserver.cli import main\n"
        "main(['serve', '--port', 'x'])\n"
        "import mockserver.server.service, mockserver.server.runner, mockserver.cli.request_log\n"
        "print(*sorted({'jsonschema', 'faker', 'requests', 'mockserver.cli.replay', 'mockserver.cli.tail',\n"
        "              'mockserver.client', 'mockserver.media_server'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.count("\n")) == ("\n", 1)


def test_package_can_be_run_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "mockserver", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mockserver ")
