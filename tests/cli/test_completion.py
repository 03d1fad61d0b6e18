from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import shtab

from mockserver.cli import main
from mockserver.cli.command_line import COMMANDS
from mockserver.cli.completion import _SHELLS
from mockserver.cli.flags import FILE_COMPLETION
from tests.tables import every_case

WITH_TAB = """
source {script}
COMP_WORDS=({words}) COMP_CWORD={last}
_shtab_mockserver 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    path = tmp_path / "completion.bash"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


@pytest.mark.posix
@every_case(
    ("words", "expected"),
    [
        (["mockserver", ""], set(COMMANDS)),
        (["mockserver", "di"], {"diagnose"}),
        (["mockserver", "serve", "--idle-t"], {"--idle-timeout"}),
        (["mockserver", "diagnose", "{folder}/rec"], {"{folder}/recording.ndjson"}),
    ],
)
def test_bash_completes_commands_flags_and_files(
    script: Path, tmp_path: Path, words: list[str], expected: set[str]
) -> None:
    (tmp_path / "recording.ndjson").touch()
    words = [word.format(folder=tmp_path) for word in words]
    typed = " ".join(f"'{word}'" for word in words)
    bash = WITH_TAB.format(script=script, words=typed, last=len(words) - 1)
    done = subprocess.run(["bash", "-c", bash], capture_output=True, text=True, check=True, timeout=60)
    offered = {line.strip() for line in done.stdout.splitlines()}
    assert offered >= {name.format(folder=tmp_path) for name in expected}
    assert all(name.startswith(words[-1]) for name in offered)


@every_case("shell", _SHELLS)
def test_every_shell_gets_a_script_with_all_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)


def test_shells_and_the_completion_of_files_are_those_of_shtab() -> None:
    assert set(_SHELLS) == set(shtab.SUPPORTED_SHELLS)
    assert FILE_COMPLETION == shtab.FILE


def test_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bsh"]) == 2
    assert capsys.readouterr().err == "mockserver: there is no shell 'bsh'; did you mean bash?\n"
