"""The single file that ``make dist`` builds, used where there is no Python. Run by ``make dist``, not by ``make test``."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent.parent / "dist" / "mockserver"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server with nothing in its environment, and stop it as a service manager does."""
    folder = tmp_path_factory.mktemp("alone")
    server = subprocess.Popen(
        [FILE, "serve", "--port", "0", "--ready-json"], cwd=folder, env={}, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    yield json.loads(server.stdout.readline())["url"]
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=30)
    assert server.returncode == 0


def run(*arguments: str) -> str:
    done = subprocess.run([FILE, *arguments], env={}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_simulated_player_is_served_and_diagnosed(url: str) -> None:
    assert "sessionStart" in run("play", "--to", url, "--speed", "max", "--seed", "7")
    assert "nothing found" in run("diagnose", url, "--fail-on", "warning", "--min-severity", "warning")


def test_page_schemas_and_description_are_in_the_file(url: str) -> None:
    for path in ("/__admin/ui/", "/__admin/ui/main.js", "/api/v1/schemas/play", "/__admin/openapi.json", "/__admin/qr.svg"):
        with urllib.request.urlopen(url + path) as answer:
            assert answer.status == 200, path


@pytest.mark.parametrize(
    "arguments", [("--version",), ("story", "list"), ("schema", "adStart"), ("completion", "bash"), ("serve", "--help")]
)
def test_commands_find_what_they_need_in_the_file(arguments: tuple[str, ...]) -> None:
    assert run(*arguments)


def test_health_is_known(url: str) -> None:
    assert run("health", url) == "ok\n"
