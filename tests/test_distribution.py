"""What is published: the wheel and the source distribution, and that the wheel is enough to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
VERSION = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[0]

USE = """\
import runpy, sys, urllib.request
import mockserver

assert mockserver.__file__.startswith(sys.argv[1]), mockserver.__file__
with mockserver.MockServer() as server:
    for path in ("/__admin/ui/", "/api/v1/schemas/play", "/__admin/openapi.json"):
        assert urllib.request.urlopen(server.url + path).status == 200, path
    sys.argv[1:] = ["play", "--to", server.url, "--speed", "max"]
    try:
        runpy.run_module("mockserver", run_name="__main__")  # as python -m mockserver
    except SystemExit as ended:
        assert not ended.code, ended.code
    server.verify(["sessionStart", mockserver.anything(), "sessionComplete"])
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build both; the files by their ending."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True)
    return {path.suffix: path for path in folder.iterdir()}


def test_wheel_has_the_package_with_its_data_and_nothing_else(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built[".whl"]) as wheel:
        names = set(wheel.namelist())
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mockserver").rglob("*") if path.is_file()}
    tracked = {name for name in tracked if "__pycache__" not in name}
    metadata = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    assert names - metadata == tracked
    assert {name.partition("-")[2] for name in {each.partition(".dist-info")[0] for each in metadata}} == {VERSION}
    assert {name.partition("/")[2] for name in metadata} >= {"METADATA", "entry_points.txt", "licenses/LICENSE"}


def test_source_distribution_has_all_that_its_own_tests_need(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"pyproject.toml", "Makefile", ".ci/run", ".ci/locked/dev.txt", ".github/workflows/ci.yml"}
    assert {name.partition("/")[0] for name in names} >= {"mockserver", "tests", "fixtures", "docs", "README.md"}


def test_server_runs_from_the_wheel(built: dict[str, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(built[".whl"]) as wheel:
        wheel.extractall(tmp_path / "site")
    subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        timeout=60,
    )
