"""The pytest plugin: fixtures that start a server in the test process, or use one that is already running.

Unused, it costs next to nothing: aiohttp, jsonschema and msgspec are imported when a fixture is first requested.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from mockserver.client import HttpControl
    from mockserver.media_server import MediaServer, MockServer, StoryHandle
    from mockserver.model.plan_result import Coverage, PlanResult
    from mockserver.model.settings import Settings
    from mockserver.server.tls import Authority

__all__ = ["make_media_server", "media_server", "media_server_session", "media_server_settings"]

_MARKER = (
    "media_server(*, faults=[...], seed=..., tls=..., story=..., plan=..., **settings): start the media_server of this "
    "test with these settings, fault rules and seed, with https if tls, with a story that the player of the test must "
    "survive, and with a tracking plan that it must follow"
)

_STARTING = ("faults", "seed", "tls", "story", "plan")
"""Keywords of the marker that are not settings."""

_servers = pytest.StashKey[list["MediaServer"]]()
_passed = pytest.StashKey["bool | None"]()
"""Whether a test passed, and all its subtests; None until something did."""
_shared = pytest.StashKey["MediaServer"]()
_authority = pytest.StashKey["Authority"]()
"""The CA of all servers of the run, so that a player needs to trust only one."""
_WRITTEN = "media_server_wrote"
"""The property of a test that names a recording that it wrote."""

_tried = pytest.StashKey[list[tuple[str, str]]]()
"""What a test tried of tracking plans: their names, and the coverages as JSON."""
_unchecked = pytest.StashKey[pytest.Item]()
"""The current test, if it uses the server of the run and that has not been checked yet."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("media server", "emulator of Adobe's media APIs")
    group.addoption(
        "--media-server-url",
        metavar="URL",
        help="use the server running at URL instead of starting one; every test gets its own namespace",
    )
    group.addoption("--media-server-token", metavar="TOKEN", help="the admin token of the server at --media-server-url")
    group.addoption(
        "--media-server-ca",
        metavar="FILE",
        help="the CA certificate (PEM) to trust for --media-server-url, if the server uses --tls",
    )
    group.addoption(
        "--media-server-seed",
        metavar="N",
        help="the seed of session ids and fault draws for tests that set none; has no effect with --media-server-url, "
        "like the seed of a test",
    )
    group.addoption("--media-server-port", metavar="N", type=int, help="the port to listen on instead of a free one")
    group.addoption(
        "--media-server-rewrite",
        action="store_true",
        help="write the recordings of assert_same_as that do not exist, or that differ from what players report now",
    )
    group.addoption(
        "--media-server-plan",
        metavar="FILE",
        help="say at the end how much of this tracking plan the tests tried; the plan of a marker is counted anyway",
    )
    group.addoption(
        "--media-server-plan-fail-under",
        metavar="PERCENT",
        type=float,
        help="fail if the tests tried less of a tracking plan",
    )
    parser.addini("media_server_port", "the port to listen on instead of a free one")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and check the tracking plan of the run."""
    config.addinivalue_line("markers", _MARKER)
    config.pluginmanager.register(_PlanCoverage(config), "media_server_plan_coverage")
    plan = config.getoption("--media-server-plan")
    if plan is not None:
        from mockserver.errors import InvalidInput
        from mockserver.tracking_plans.reading import read_plan

        try:
            read_plan(config.invocation_params.dir / plan)
        except InvalidInput as error:
            raise pytest.UsageError(f"--media-server-plan: {error}") from None


@pytest.fixture
def media_server_settings() -> Settings | None:
    """Return the settings that ``media_server`` starts with. Override it in a conftest.py or a test module."""
    return None


@pytest.fixture
def make_media_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., MediaServer]]:
    """Return a function that starts another server.

    It takes ``settings``, ``faults``, ``seed`` and ``tls`` as :class:`mockserver.MockServer` does; all servers
    with ``tls=True`` have the same CA. Servers are stopped when the test ends; a passing test fails if a fault rule
    never fired or a server had an internal error.
    """
    with ExitStack() as stack:
        servers = request.node.stash.setdefault(_servers, [])

        def make(
            settings: Settings | None = None, *, faults: Any = (), seed: Any = None, tls: bool = False
        ) -> MediaServer:
            server = stack.enter_context(_running(request.config, settings, faults, seed, tls))
            _place_golden(server, request.node)
            servers.append(server)
            return server

        yield make
        for server in servers:
            _note_plan_of_run(request.node, server)
        if request.node.stash.get(_passed, False):
            for server in servers:
                _check(server)


@pytest.fixture
def media_server(
    request: pytest.FixtureRequest,
    make_media_server: Callable[..., MediaServer],
    media_server_settings: Settings | None,
) -> Iterator[MediaServer]:
    """Return a new server for this test alone.

    Its settings come from ``media_server_settings``, then from the marker ``@pytest.mark.media_server(...)``. With a
    ``story`` in the marker, a passing test fails if its player did not survive the story; with a ``plan``, if it did
    not follow the tracking plan.
    """
    with _explaining_failure(request.node.nodeid):
        settings, start = _marked(request.node, media_server_settings)
        story, plan = start.pop("story", None), start.pop("plan", None)
        server: MediaServer = make_media_server(settings, **start)
        running = None if story is None else server.stories.start(story)
        if isinstance(plan, (str, os.PathLike)):
            from mockserver.tracking_plans.reading import read_plan

            read_plan(request.node.path.parent / plan)  # so that a mistake in it is known before the test
    yield server
    if plan is not None:
        _judge_plan(request.node, server, plan)
    if running is not None and request.node.stash.get(_passed, False):
        _judge_story(request.node, server, running)


@pytest.fixture(scope="session")
def media_server_session(request: pytest.FixtureRequest) -> Iterator[MediaServer]:
    """Return one server for the whole run, reset before every test.

    For players that are started once and need a fixed address. ``--media-server-port`` also fixes the port. It takes
    settings and fault rules from the marker of a test.
    """
    with ExitStack() as stack:
        with _explaining_failure("media_server_session"):
            server = stack.enter_context(_running(request.config, None))
        request.config.stash[_shared] = server
        yield server
        del request.config.stash[_shared]
        # After the last test, the server ends before pytest_runtest_teardown below could check it.
        _check_shared(request.config, server)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
    """Apply the marker of the test that starts the server of the run: a mistake in it fails that test alone."""
    result = yield
    stash = request.config.stash
    if fixturedef.argname == "media_server_session" and _shared in stash and _unchecked in stash:
        _mark_shared(stash[_unchecked], stash[_shared])
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start clean, also when a test is run again; reset the server of the run before every test."""
    item.stash[_servers] = []
    item.stash[_passed] = None
    item.stash[_tried] = []
    config = item.config
    if _uses_shared(item):
        config.stash[_unchecked] = item
        _mark_shared(item, None)  # here, a mistake in the marker fails this test, and not the server of the run
    elif _unchecked in config.stash:
        del config.stash[_unchecked]
    shared = config.stash.get(_shared, None)
    if shared is not None:
        shared.reset()
        _internal_errors(shared).clear()
        if _uses_shared(item):
            _mark_shared(item, shared)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Check the server of the run after every test that used it."""
    shared = item.config.stash.get(_shared, None)
    if shared is not None:
        _check_shared(item.config, shared)


def _check_shared(config: pytest.Config, server: MediaServer) -> None:
    item = config.stash.get(_unchecked, None)
    if item is not None:
        del config.stash[_unchecked]
        _note_plan_of_run(item, server)
        if item.stash[_passed]:
            _check(server)


def _uses_shared(item: pytest.Item) -> bool:
    return "media_server_session" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the requests of its servers to the report of a failing test, and to its testcase in a JUnit file."""
    report = yield
    if report.when == "teardown":
        vars(report)["media_server_plans"] = item.stash.get(_tried, [])  # xdist sends it on to the main process
    if report.when == "call":
        if report.failed:
            item.stash[_passed] = False
        elif report.passed and item.stash[_passed] is None:  # a subtest that was skipped says nothing
            item.stash[_passed] = True
        written = [str(path) for server in _used(item) for path in server.golden.written]
        item.user_properties += [(_WRITTEN, path) for path in dict.fromkeys(written)]
    if report.failed and report.when != "teardown":
        for server in _used(item):
            received = _requests_text(server, _node_id(item))
            report.sections.append((f"media server at {server.url}", received))
            item.user_properties.append(("media_server", received))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Tell the server of the run where the recordings of this test are."""
    shared = item.config.stash.get(_shared, None)
    if shared is not None:
        _place_golden(shared, item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the recordings that were written."""
    reports = (report for found in terminalreporter.stats.values() for report in found)
    paths = [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == _WRITTEN]
    for path in dict.fromkeys(paths):
        terminalreporter.write_line(f"media server: wrote {path}")


def _used(item: pytest.Item) -> list[MediaServer]:
    """Return the servers of a test."""
    shared = item.config.stash.get(_shared, None) if _uses_shared(item) else None
    return [*item.stash.get(_servers, ()), *(() if shared is None else (shared,))]


def _place_golden(server: MediaServer, item: pytest.Item) -> None:
    server.golden.use(item.path.parent, rewrite=item.config.getoption("--media-server-rewrite"))


def _requests_text(server: MediaServer, node_id: str) -> str:
    try:
        text = server.transcript()
    except Exception as error:  # noqa: BLE001 - whatever it is, the report of the failing test matters more
        return f"cannot be read any more: {type(error).__name__}: {error}"
    return text + _findings_text(server) + _repeat_text(server, node_id)


def _node_id(item: pytest.Item) -> str:
    """Return the id of a test relative to where the run was started, not to the root of the project."""
    root, here = item.config.rootpath, item.config.invocation_params.dir
    file, separator, rest = item.nodeid.partition("::")
    if root == here or not separator:
        return item.nodeid
    try:
        return os.path.relpath(root / file, here).replace(os.sep, "/") + separator + rest
    except ValueError:  # on another drive
        return item.nodeid


def _repeat_text(server: MediaServer, node_id: str) -> str:
    """Return a line with the command that repeats a test with its ids and draws; empty for a server elsewhere."""
    seed = getattr(server, "seed", None)
    if seed is None:
        return ""
    quoted = node_id.replace("\\", "\\\\").replace('"', '\\"')
    return f'\nseed {seed}: pytest "{quoted}" --media-server-seed {seed} repeats it'


def _findings_text(server: MediaServer) -> str:
    """Return lines with the worst findings; empty if there are none."""
    try:
        from mockserver.rules.finding_text import brief_findings

        findings = server.findings()
        return f"\n{brief_findings(findings)}" if findings else ""
    except Exception as error:  # noqa: BLE001 - whatever it is, the report of the failing test matters more
        return f"\nfindings cannot be read: {type(error).__name__}: {error}"


def _marked(node: pytest.Item, settings: Settings | None) -> tuple[Settings | None, dict[str, Any]]:
    """Apply the markers of a test, outermost first; return the settings and the other arguments."""
    changes: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("media_server"))):
        if marker.args:
            pytest.fail(f"{node.nodeid}: the marker media_server takes keywords only", pytrace=False)
        changes.update(marker.kwargs)
    start: dict[str, Any] = {name: changes.pop(name) for name in _STARTING if name in changes}
    if changes:
        from mockserver.media_server.media_server import settings_members
        from mockserver.model.settings import Settings as Kind
        from mockserver.wire.codec import convert, to_builtins

        settings = convert({**to_builtins(settings or Kind()), **settings_members(changes)}, Kind)
    return settings, start


def _mark_shared(item: pytest.Item, server: MediaServer | None) -> None:
    """Give the server of the run what the markers of a test say; without a server, only check them."""
    if "media_server" in getattr(item, "fixturenames", ()):
        return  # the markers are about that one
    from mockserver.errors import InvalidInput
    from mockserver.media_server.controls import fault_specs
    from mockserver.wire.codec import to_builtins

    with _explaining_failure(item.nodeid):
        settings, start = _marked(item, None)
        specs = fault_specs(start.pop("faults", ()))
        for name in start:
            raise InvalidInput(f"media_server_session takes settings and faults from the marker, not {name}")
        if server is not None:
            if settings is not None:
                server.configure(**to_builtins(settings))
            for spec in specs:
                server.faults.add(spec)


@contextmanager
def _explaining_failure(node_id: str) -> Iterator[None]:
    """Report in one line why a server cannot start: the cause is the set-up of the test or the run, not code."""
    from mockserver.errors import InvalidInput, MockserverError

    try:
        yield
    except MockserverError as error:
        pointer = error.pointer if isinstance(error, InvalidInput) else ""
        reason = f"{pointer}: {error}" if pointer else str(error)
        raise pytest.fail.Exception(f"{node_id}: no media server: {reason}", pytrace=False) from None


def _running(
    config: pytest.Config, settings: Settings | None, faults: Any = (), seed: Any = None, tls: bool = False
) -> AbstractContextManager[MediaServer]:
    """Return a context manager for a server: a new one in this process, or a namespace of the running one."""
    url = config.getoption("--media-server-url")
    if not url:
        return _in_process(config, settings, faults, seed, tls)
    if tls and not url.lower().startswith("https:"):
        from mockserver.errors import InvalidInput

        raise InvalidInput(f"the test needs https (tls=True); start the server at {url} with --tls")
    return _Remote(config, url, settings, faults)


def _in_process(
    config: pytest.Config, settings: Settings | None, faults: Any, seed: Any, tls: bool
) -> AbstractContextManager[MediaServer]:
    from mockserver.media_server import MockServer
    from mockserver.server.options import ServerOptions

    seed = config.getoption("--media-server-seed") if seed is None else seed
    port = _port(config)
    options = ServerOptions(port=port)
    server = MockServer(settings, faults=faults, seed=seed, options=options, tls=tls and _authority_of_run(config))
    return server if port == 0 else _on_port(server, port, config)


@contextmanager
def _on_port(server: MockServer, port: int, config: pytest.Config) -> Iterator[MockServer]:
    """Run a server on a fixed port, and say why that may be impossible."""
    from mockserver.errors import ServerFailed

    try:
        server.start()
    except ServerFailed as error:
        worker = getattr(config, "workerinput", None)  # of xdist
        if _shared in config.stash:
            hint = "media_server_session keeps it until the run ends: with a fixed port, use only one of the fixtures."
        elif worker is not None:
            hint = (
                f"This is worker {worker['workerid']} of pytest-xdist, and only one worker can have port {port}: leave "
                "out the port, keep the tests that need it in one file and run with --dist loadfile, or let all "
                "workers use one running server (--media-server-url)."
            )
        else:
            raise
        raise ServerFailed(f"{error}. {hint}") from None
    try:
        yield server
    finally:
        server.stop()


def _authority_of_run(config: pytest.Config) -> Authority:
    from mockserver.server.tls import Authority

    if _authority not in config.stash:
        config.stash[_authority] = Authority.generate()
    return config.stash[_authority]


def _port(config: pytest.Config) -> int:
    given: int | None = config.getoption("--media-server-port")
    ini = str(config.getini("media_server_port") or "0")
    if given is None and not ini.isdecimal():
        pytest.fail(f"the ini option media_server_port must be a number, not {ini!r}", pytrace=False)
    return int(ini) if given is None else given


class _Remote:
    """A namespace for one test on a running server, dropped at the end."""

    def __init__(self, config: pytest.Config, url: str, settings: Settings | None, faults: Any) -> None:
        self._url = url
        self._token = config.getoption("--media-server-token")
        self._ca = config.getoption("--media-server-ca")
        self._settings = settings
        self._faults = faults
        self._namespace = f"t-{secrets.token_hex(8)}"

    def __enter__(self) -> MediaServer:
        from mockserver.errors import MockserverError
        from mockserver.media_server import connect
        from mockserver.media_server.connection import PreparedServer

        there = connect(self._url, namespace=self._namespace, token=self._token, ca=self._ca)
        self._control = cast("HttpControl", there.control)
        server = PreparedServer(
            there.control, url=there.url, host=there.host, settings=self._settings, faults=self._faults
        )
        try:
            server.reset()
        except BaseException:
            with suppress(MockserverError):  # the first error matters more
                self.__exit__()
            raise
        return server

    def __exit__(self, *error: object) -> None:
        from mockserver.control import DELETE_NAMESPACE
        from mockserver.errors import NotFound

        with closing(self._control), suppress(NotFound):  # the test may have dropped the namespace
            self._control.call(DELETE_NAMESPACE, None, name=self._namespace)


def _internal_errors(server: MediaServer) -> list[Exception]:
    """Return the internal errors of a server of this process; those of a server elsewhere are unknown."""
    errors: list[Exception] = getattr(server, "internal_errors", [])
    return errors


def _judge_story(item: pytest.Item, server: MediaServer, story: StoryHandle) -> None:
    """Fail a passing test whose player did not survive the story, judged at the end of the test."""
    from mockserver.errors import MockserverError, VerificationFailed

    try:
        story.assert_of(story.stop())
    except VerificationFailed as failed:
        reason = f"{failed}{_repeat_text(server, _node_id(item))}"
    except MockserverError as error:
        reason = f"the story {story.name} cannot be judged: {error}"
    else:
        return
    pytest.fail(reason, pytrace=False)


def _judge_plan(item: pytest.Item, server: MediaServer, plan: Any) -> None:
    """Count what a test tried of its plan, and fail a passing test whose player did not follow it."""
    from mockserver.errors import MockserverError
    from mockserver.rules.tracking_plan.text import plan_text

    try:
        result = server.plan_result(plan)
    except MockserverError as error:
        pytest.fail(f"{item.nodeid}: the plan cannot be judged: {error}", pytrace=False)
    origin = _relative(item.config, item.path.parent / plan) if isinstance(plan, (str, os.PathLike)) else ""
    _note_coverage(item, origin or result.title, result)
    if item.stash[_passed] and not result.followed:
        pytest.fail(f"{plan_text(result, origin)}{_repeat_text(server, _node_id(item))}", pytrace=False)


def _note_plan_of_run(item: pytest.Item, server: MediaServer) -> None:
    """Count what a test tried of the plan of the run."""
    plan = item.config.getoption("--media-server-plan")
    if plan is not None:
        from mockserver.errors import MockserverError

        path = item.config.invocation_params.dir / plan
        with suppress(MockserverError):  # the test may have dropped the namespace, or the server is gone
            _note_coverage(item, _relative(item.config, path), server.plan_result(path))


def _relative(config: pytest.Config, path: Path) -> str:
    """Return a path relative to where the run was started, the same for all tests."""
    try:
        return os.path.relpath(path, config.invocation_params.dir).replace(os.sep, "/")
    except ValueError:  # on another drive
        return str(path)


def _note_coverage(item: pytest.Item, name: str, result: PlanResult) -> None:
    from mockserver.wire.codec import encode

    item.stash.setdefault(_tried, []).append((name, encode(result.coverage).decode()))


class _PlanCoverage:
    """Says at the end of a run how much of each tracking plan its tests tried, in whichever process they ran.

    Args:
        config: The configuration of the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._least: float | None = config.getoption("--media-server-plan-fail-under")
        self._by_name: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, coverage in getattr(report, "media_server_plans", ()):
            self._by_name.setdefault(name, []).append(coverage)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_worker = hasattr(session.config, "workerinput")  # of xdist: it has run only some of the tests
        if session.exitstatus == pytest.ExitCode.OK and not is_worker and self._too_little():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name, coverage in self._merged().items():
            from mockserver.rules.tracking_plan.coverage import coverage_text

            terminalreporter.write_line(f"tracking plan {name}: {coverage_text(coverage)}")
        for name in self._too_little():
            terminalreporter.write_line(f"tracking plan {name}: less than {self._least:g} % was tried", red=True)

    def _too_little(self) -> list[str]:
        least = self._least
        return [] if least is None else [name for name, found in self._merged().items() if found.percent < least]

    def _merged(self) -> dict[str, Coverage]:
        if not self._by_name:
            return {}
        from mockserver.model.plan_result import Coverage
        from mockserver.rules.tracking_plan.coverage import merged
        from mockserver.wire.codec import decode

        return {name: merged([decode(one, Coverage) for one in found]) for name, found in self._by_name.items()}


def _check(server: MediaServer) -> None:
    """Fail a passing test that missed an internal error or a fault rule that never fired."""
    from mockserver.media_server.controls import brief

    errors = _internal_errors(server)
    if errors:
        pytest.fail(f"the media server had an internal error: {errors[0]!r}", pytrace=False)
    rules = server.faults.unfired()
    if rules:
        of_stories = {rule.id for view in server.stories.list() for rule in view.faults}
        rules = [rule for rule in rules if rule.id not in of_stories]  # the verdict covers those
    if rules:
        unfired = [brief(rule) for rule in rules]
        pytest.fail(
            f"fault rules that never fired: {', '.join(unfired)}. Remove rules that are not meant to fire, or correct "
            "their when.",
            pytrace=False,
        )
