"""The commands of the Dockerfile, run in folders of the test instead of those of an image. Run by ``make dist``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import ROOT

BUILDERS = {"editables", "hatchling", "pathspec", "pip", "pluggy", "setuptools", "tomlkit", "trove-classifiers"}


def instructions() -> Iterator[tuple[str, str]]:
    """Read the instructions of the Dockerfile with their arguments, in order."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", "").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


@pytest.fixture(scope="module", params=["", "faker"], ids=["whole", "without faker"])
def venv(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Carry out the first stage in a folder."""
    folder = tmp_path_factory.mktemp("image")
    src, venv = folder / "src", folder / "venv"
    src.mkdir()
    stages = 0
    for name, rest in instructions():
        stages += name == "FROM"
        if stages > 1:
            break
        if name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                whole = ROOT / source
                if whole.is_dir():
                    shutil.copytree(whole, src / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(whole, src / target)
        if name == "RUN":
            command = rest.replace("/venv", str(venv)).replace("python -m venv", f"{sys.executable} -m venv")
            variables = {**os.environ, "EXTRAS": "", "WITHOUT": str(request.param)}
            subprocess.run(["bash", "-ec", command], cwd=src, env=variables, check=True, timeout=300)
    return venv


def test_image_has_what_running_needs_and_no_tools(venv: Path) -> None:
    folder = next((venv / "lib").iterdir()) / "site-packages"
    installed = {path.name.partition("-")[0].lower().replace("_", "-") for path in folder.glob("*.dist-info")}
    assert not installed & BUILDERS
    assert {"aiohttp", "jsonschema-rs", "media-collection-mockserver"} <= installed
    assert ("faker" in installed) == (folder / "faker").is_dir()


def test_server_starts_and_its_health_check_follows_the_port(venv: Path, tmp_path: Path, unused_tcp_port: int) -> None:
    program = str(venv / "bin" / "mockserver")
    variables = {"MOCKSERVER_PORT": str(unused_tcp_port), "MOCKSERVER_HOST": "127.0.0.1", "MOCKSERVER_LOG_FORMAT": "json"}
    server = subprocess.Popen(
        [program, "serve"], cwd=tmp_path, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        assert json.loads(server.stdout.readline())["event"] == "ready"
        [check] = [rest.partition("CMD ")[2] for name, rest in instructions() if name == "HEALTHCHECK"]
        _, *arguments = json.loads(check)
        healthy = subprocess.run([program, *arguments], cwd=tmp_path, env=variables, check=False, timeout=30)
        assert healthy.returncode == 0
        url = f"http://127.0.0.1:{unused_tcp_port}"
        played = subprocess.run(
            [program, "play", "--to", url, "--speed", "max"], capture_output=True, text=True, check=False, timeout=60
        )
        if list(venv.glob("lib/*/site-packages/faker")):
            assert played.returncode == 0, played.stderr
        else:
            assert (played.returncode, "pip install faker" in played.stderr) == (2, True)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert server.returncode == 0
