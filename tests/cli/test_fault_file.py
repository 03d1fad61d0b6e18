from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.cli.config_file import read_faults
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import ResetFault, StatusFault
from tests.tables import every_case

RESET = FaultSpec(fault=ResetFault(), times=2)
RESET_JSON = '{"fault": {"kind": "reset"}, "times": 2}'


@every_case(
    ("name", "text"),
    [
        ("faults.json", RESET_JSON),
        ("faults.json", f"[{RESET_JSON}]"),
        ("faults.json", f'{{"faults": [{RESET_JSON}]}}'),
        ("faults.toml", '[[faults]]\ntimes = 2\nfault.kind = "reset"\n'),
    ],
)
def test_rules_are_read_in_every_form(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert read_faults(path) == (RESET,)


def test_order_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(f'[{{"fault": {{"kind": "status", "code": 500}}}}, {RESET_JSON}]', encoding="utf-8")
    assert read_faults(path) == (FaultSpec(fault=StatusFault(code=500)), RESET)


@every_case(
    ("name", "text", "message"),
    [
        ("f.json", "[\n{,", ":2 is not JSON: "),
        ("f.json", "5", " must hold a list of fault rules"),
        ("f.json", '{"rules": []}', " must hold a list of fault rules"),
        ("f.json", "[5]", ": rule 1: must be an object, not 5"),
        ("f.json", f"[{RESET_JSON}, {{}}]", ": rule 2: "),
        ("f.json", f'[{RESET_JSON[:-1]}, "tmies": 1}}]', ": rule 1: a fault rule has no member tmies; did you "
         "mean times?"),
        ("f.json", '[{"fault": {"kind": "status", "code": 20}}]', ": rule 1: /fault/code: code must be 200 to 599"),
        ("f.toml", '[[faults]]\nfault.kind = "reset"\n\n[[faults]]\nfault.kind = "?"\n', ":4: /fault"),
        ("f.toml", "port = 1\n", ":1: unknown key port; a file of faults has [[faults]] tables only"),
    ],
)  # fmt: skip
def test_unusable_rule_is_refused_with_its_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_faults(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*f\.json: No such file or directory"):
        read_faults(tmp_path / "f.json")
