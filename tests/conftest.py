"""Shared by all tests: golden files, a port of their own, and reproducible runs of Hypothesis."""

from __future__ import annotations

import difflib
import gc
import importlib
import os
import socket
import sys
from collections.abc import Callable, Iterator

import hypothesis
import pytest

from mockserver.admin.local_control import functions
from mockserver.cli.output_file import write_whole
from tests.cli.forked import Forker

pytest_plugins = ["pytester"]

hypothesis.settings.load_profile("ci")  # derandomized and without deadlines; --hypothesis-profile=default explores


def pytest_configure() -> None:
    """Let the processes that tests start keep what they compile, or each one compiles the whole package again.

    Collect garbage rarely: looking for it takes 7 % of the time.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    gc.set_threshold(50_000, 50, 50)


def pytest_sessionstart() -> None:
    """Let nothing that is set on this machine change what commands print, or come between clients and servers."""
    for name in tuple(os.environ):
        if name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR") or name.startswith("MOCKSERVER_"):
            del os.environ[name]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,.localhost,127.0.0.1,::1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write what the code says now into fixtures/golden instead of comparing with it",
    )
    parser.addoption(
        "--clients",
        action="store_true",
        help="run the tests marked clients too; make test-clients installs their tools",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and put the tests with a browser last, in every worker.

    Asynchronous tests cannot run once Chromium does.
    """
    lacking = () if config.getoption("--clients") else ("clients",)
    if sys.platform == "win32":
        lacking = (*lacking, "posix")
    kept = [item for item in items if not any(map(item.get_closest_marker, lacking))]
    config.hook.pytest_deselected(items=list(set(items).difference(kept)))
    items[:] = kept
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """Keep the garbage collector away from the thousands of collected tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in ``fixtures/golden``: ``golden("report/ads.txt", text)``."""
    folder = request.config.rootpath / "fixtures" / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, [text.encode()])  # at once, because other workers may be reading it
            return
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        if text == expected and path.exists():
            return
        diff = difflib.unified_diff(
            expected.splitlines(), text.splitlines(), f"fixtures/golden/{name}", "this run", lineterm=""
        )
        pytest.fail("\n".join([*diff, "If the new text is right: make golden, and review the diff."]), pytrace=False)

    return compare


@pytest.fixture(scope="session")
def shared_libraries() -> None:
    """Import what users' tests need: a run in this process forgets its imports, which would leave libraries broken."""
    names = ("media_server", "recordings.recording", "server.runner", "tracking_plans.reading")
    for name in ("aiohttp", "httpx", "requests", *(f"mockserver.{name}" for name in names)):
        importlib.import_module(name)
    functions()


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """A process that has imported the command line, where the system can fork it."""
    with Forker() as forker:
        yield forker


@pytest.fixture
def unused_tcp_port() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses connections until the test listens on it.

    It is reserved while the test runs, so the system gives it to no other test as a free port.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":  # elsewhere nobody could listen on a reserved port
            holder.close()
        yield port
