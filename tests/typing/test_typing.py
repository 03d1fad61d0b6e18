"""What a type checker tells users of the library."""

from __future__ import annotations

from pathlib import Path

from mypy import api

ROOT = Path(__file__).parent.parent.parent


def test_names_have_the_types_that_users_rely_on(tmp_path: Path) -> None:
    user = Path(__file__).with_name("user.py")
    told, errors, status = api.run(
        ["--strict", "--config-file=", f"--cache-dir={tmp_path}", "--follow-imports=silent", str(user)]
    )
    assert (told.strip(), errors, status) == ("Success: no issues found in 1 source file", "", 0)
