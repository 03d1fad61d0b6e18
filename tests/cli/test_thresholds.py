"""The table ``[thresholds]`` of mockserver.toml."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from mockserver.cli.configuration import Configuration, configure
from mockserver.cli.flags import serve_flags
from mockserver.cli.serve import add_arguments
from mockserver.errors import InvalidInput
from mockserver.model.finding import Thresholds
from tests.tables import every_case


def configured(folder: Path, file: str) -> Configuration:
    (folder / "mockserver.toml").write_text(file, encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return configure(serve_flags(), vars(parser.parse_args([])), {}, folder, "fresh")


def test_thresholds_are_read_and_others_stay_at_their_defaults(tmp_path: Path) -> None:
    found = configured(tmp_path, "port = 0\n\n[thresholds]\nping_gap_s = 30\nretry_storm = 5\n")
    assert found.settings.thresholds == Thresholds(ping_gap_s=30, retry_storm=5)


@every_case(
    ("line", "text"),
    [
        ("ping_gaps = 30", "ping_gaps"),
        ('ping_gap_s = "long"', "ping_gap_s"),
        ("ping_gap_s = -1", "ping_gap_s must be 0 or more"),
        ("ping_gap_s = nan", "ping_gap_s must be 0 or more"),
        ("retry_storm = 1.5", "retry_storm"),
    ],
)
def test_invalid_thresholds_are_refused_by_name(tmp_path: Path, line: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        configured(tmp_path, f"[thresholds]\n{line}\n")


def test_thresholds_that_are_not_a_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"mockserver\.toml:1"):
        configured(tmp_path, "thresholds = 5\n")
