"""Readers run the examples of the pages first, so shell blocks and tests are run here as printed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.cli.command_line import COMMANDS, build_parser
from tests.chromium import chromium_path
from tests.cli.forked import CAN_FORK
from tests.documents import PAGES, README, ROOT, blocks

PYTHON = {
    found[1]: text
    for page in PAGES
    for kind, text in blocks(page)
    if kind == "python" and (found := re.match(r"# (test_\w+\.py)\n", text))
}
SHELL = [page for page in PAGES if any(kind == "bash" for kind, _ in blocks(page))]
PLAN = ROOT / "fixtures" / "plans" / "player.toml"
CURL = ROOT / "docs" / "curl.md"

WATCH = """
import pytest


@pytest.fixture(autouse=True)
def findings_of_the_example(request):
    name = request.node.nodeid.partition("::")[0]
    print("ran", name)
    yield
    server = request.node.funcargs.get("media_server")
    if server is not None:
        for finding in server.findings():
            print("found in", name, finding.severity.value, finding.code)
"""
"""A conftest.py that prints which example ran, and the findings of its traffic."""


Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def https_server() -> Iterator[MockServer]:
    with MockServer(tls=True) as running:
        yield running


@pytest.fixture
def run(request: pytest.FixtureRequest, server: MockServer, tmp_path: Path) -> Run:
    """Run shell blocks with the servers that they name; ``mockserver`` is a fork where the system has forks."""
    path, inherited = [str(Path(sys.executable).parent), os.environ["PATH"]], []
    if CAN_FORK:
        programs = tmp_path / "programs"
        programs.mkdir()
        inherited.append(request.getfixturevalue("forker").script(programs / "mockserver"))
        path.insert(0, str(programs))

    def run(script: str) -> subprocess.CompletedProcess[str]:
        program = script.replace("http://127.0.0.1:8089", server.url).replace("/tmp/", f"{tmp_path}/")
        if "https://127.0.0.1:8443" in program:
            other: MockServer = request.getfixturevalue("https_server")
            program = program.replace("https://127.0.0.1:8443", other.url)
        return subprocess.run(
            ["bash", "-eu", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False,
            env={**os.environ, "PATH": os.pathsep.join(path)}, pass_fds=inherited,
        )  # fmt: skip

    return run


@pytest.mark.posix
@pytest.mark.parametrize("page", SHELL, ids=lambda page: page.name)
def test_every_shell_block_prints_what_is_shown_below_it(page: Path, run: Run, tmp_path: Path) -> None:
    script, expected = [], []
    for (kind, text), (next_kind, output) in pairwise([*blocks(page), ("", "")]):
        if kind == "bash":
            assert next_kind == "text", f"no output stands below {text!r}"
            script.append(text)
            expected.append(output)

    shutil.copy(ROOT / "fixtures" / "har" / "chromium-playwright.har", tmp_path / "page.har")
    shutil.copy(PLAN, tmp_path)
    done = run("".join(script))

    assert done.stdout.splitlines() == "".join(expected).splitlines(), done.stderr


def test_the_six_statuses_of_the_api_are_shown_by_hand() -> None:
    shown = "".join(text for kind, text in blocks(CURL) if kind == "text")

    for status in ("201", "204", "400", "404", "410", "500"):
        assert re.search(rf"(^|}}){status}$", shown, re.MULTILINE), status


@pytest.mark.posix
def test_nothing_is_wrong_with_the_session_that_is_opened_by_hand(server: MockServer, run: Run) -> None:
    first, second = [text for kind, text in blocks(CURL) if kind == "bash"][:2]

    run(first + second)

    assert server.count(event_type="ping", status=204) == 1
    server.assert_no_findings(min_severity="warning")


def test_python_examples_pass_and_send_current_times_and_the_first_session_is_without_a_warning(
    shared_libraries: None, pytester: pytest.Pytester
) -> None:
    examples = {name: text for name, text in PYTHON.items() if "browser" not in name}
    [first] = [text for kind, text in blocks(README) if kind == "python"]
    examples["test_first_session.py"] = first.partition("    media_server.clock.advance")[0]  # then the session is lost

    done = pytester.runpytest_inprocess(*write_examples(examples, pytester.path))

    assert done.ret == 0
    assert all(f"ran {name}" in done.outlines for name in examples)
    assert "ts.skew" not in done.stdout.str()
    assert [line for line in done.outlines if re.match("found in test_first_session.py (warning|error)", line)] == []


@pytest.mark.browser
def test_the_browser_examples_pass_in_chromium(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = {name: text for name, text in PYTHON.items() if "browser" in name}
    assert {"test_browser.py", "test_edge_browser.py"} == set(examples)

    monkeypatch.setenv("CHROMIUM", chromium_path() or "")
    done = pytester.runpytest_subprocess(*write_examples(examples, pytester.path))

    assert done.ret == 0
    assert "ts.skew" not in done.stdout.str()


def test_every_python_example_names_its_file() -> None:
    texts = [text for page in PAGES for kind, text in blocks(page) if kind == "python"]
    assert sorted(texts) == sorted(PYTHON.values())


@pytest.mark.browser
def test_the_node_example_verifies_what_it_sent(server: MockServer, tmp_path: Path) -> None:
    [example] = [text for page in PAGES for kind, text in blocks(page) if kind == "js"]
    (tmp_path / "player.test.mjs").write_text(example, encoding="utf-8")

    done = subprocess.run(
        [node(), "player.test.mjs", server.url], cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("verified:")
    server.assert_no_findings(min_severity="warning")


def test_every_command_that_a_page_names_exists() -> None:
    commands = set()
    for page in PAGES:
        if page.name != "CHANGELOG.md":
            text = page.read_text(encoding="utf-8")
            printed = [line for kind, block in blocks(page) if kind in ("", "bash") for line in block.splitlines()]
            lines = [line for line in printed if line.startswith("mockserver ")]
            commands |= {re.split(r" {2,}| \| | &$| > | # ", line)[0] for line in lines}
            commands |= set(re.findall(r"`(mockserver [a-z][^`]*)`", text))

    parser = build_parser()
    for command in commands:
        words = shlex.split(" ".join(command.split()))[1:]
        if "--help" not in words and words[-1] not in {*COMMANDS, "list", "show", "run"}:  # the name of a command alone
            parser.parse_args(words)
    assert len(commands) > 20, commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_linked_file_and_heading_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        path, _, heading = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), target
        assert not heading or heading in headings(linked), target


def test_every_command_of_make_that_a_page_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page


def test_every_page_can_be_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)", index)}
    assert {page for page in PAGES if page.parent == ROOT / "docs" and page.name != "README.md"} <= linked


def test_the_readme_is_read_in_four_minutes() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert next(number for number, line in enumerate(lines, 1) if line == "```python") < 60


def headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def write_examples(examples: dict[str, str], folder: Path) -> list[str]:
    """Write tests and what they need into a folder; return the words of the command that runs all of them at once."""
    for name, text in examples.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(PLAN, folder)
    (folder / "conftest.py").write_text(WATCH, encoding="utf-8")
    settings = "[tool.pytest.ini_options]\nasyncio_mode = 'auto'\nasyncio_default_fixture_loop_scope = 'function'\n"
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    unused = ("anyio", "cacheprovider", "faker", "hypothesispytest", "xdist")
    return ["-q", "-rP", *(f"-pno:{plugin}" for plugin in unused), *examples]


def node() -> str:
    """Return the Node that comes with Playwright, so that none has to be installed."""
    import playwright

    [node] = (Path(playwright.__file__).parent / "driver").glob("node*")
    return str(node)
