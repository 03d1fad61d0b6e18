"""The README is what a reader runs first: its shell blocks and its tests are run here as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mockserver import MockServer
from tests.chromium import chromium_path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS: list[tuple[str, str]] = BLOCK.findall(README)
PYTHON = [(re.match(r"# (\S+)", text), text) for kind, text in BLOCKS if kind == "python"]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def https_server() -> Iterator[MockServer]:
    with MockServer(tls=True) as running:
        yield running


def test_every_shell_block_prints_what_stands_below_it(
    server: MockServer, https_server: MockServer, tmp_path: Path
) -> None:
    script, expected = [], []
    for (kind, text), (next_kind, output) in pairwise(BLOCKS):
        if kind == "bash":
            assert next_kind == "text", f"no output stands below {text!r}"
            script.append(text)
            expected.append(output)
    program = "".join(script).replace("http://127.0.0.1:8089", server.url)
    program = program.replace("https://127.0.0.1:8443", https_server.url)
    program = program.replace("/tmp/", f"{tmp_path}/")

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["bash", "-eu", "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=150, check=False, env={**os.environ, "PATH": path}
    )

    assert done.stdout.splitlines() == "".join(expected).splitlines(), done.stderr
    assert len(script) >= 7


def test_the_five_status_codes_of_the_events_page_are_shown() -> None:
    shown = "".join(text for kind, text in BLOCKS if kind == "text")

    for status in ("201", "204", "400", "404", "410", "500"):
        assert re.search(rf"(^|}}){status}$", shown, re.MULTILINE), status


@pytest.mark.parametrize("name", [found.group(1) for found, _ in PYTHON if found and "browser" not in found.group(1)])
def test_every_python_example_passes_as_a_test(name: str, tmp_path: Path) -> None:
    done = _run_example(name, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.browser
def test_the_browser_example_passes_in_chromium(tmp_path: Path) -> None:
    done = _run_example("test_browser.py", tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_python_example_names_its_file() -> None:
    assert all(found and re.fullmatch(r"test_\w+\.py", found.group(1)) for found, _ in PYTHON)


@pytest.mark.browser
def test_the_node_example_verifies_what_it_sent(server: MockServer, tmp_path: Path) -> None:
    [example] = [text for kind, text in BLOCKS if kind == "js"]
    (tmp_path / "player.test.mjs").write_text(example, encoding="utf-8")

    done = subprocess.run(
        [_node(), "player.test.mjs", server.url], cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("verified:")


def test_every_linked_file_and_heading_exists() -> None:
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target[1:] in headings if target.startswith("#") else (ROOT / target).exists(), target


def _run_example(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    [text] = [text for found, text in PYTHON if found and found.group(1) == name]
    (folder / name).write_text(text, encoding="utf-8")
    settings = "[tool.pytest.ini_options]\nasyncio_mode = 'auto'\nasyncio_default_fixture_loop_scope = 'function'\n"
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    unused = ("cacheprovider", "xdist", "faker", "hypothesispytest")  # to import them takes longer than the example
    command = [sys.executable, "-m", "pytest", "-q", *(f"-pno:{plugin}" for plugin in unused), name]
    environment = {**os.environ, "CHROMIUM": chromium_path() or ""}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=150, check=False, env=environment
    )


def _node() -> str:
    """Return the Node that comes with Playwright, so that none has to be installed."""
    import playwright

    [node] = (Path(playwright.__file__).parent / "driver").glob("node*")
    return str(node)
