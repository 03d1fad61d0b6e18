"""The options of the plugin, and what it costs runs that do not use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mockserver import MockServer, ServerOptions
from mockserver.control import NAMESPACES
from tests.plugin.conftest import LIGHT

Run = Callable[..., pytest.RunResult]

HEAVY = ("aiohttp", "jsonschema", "jsonschema_rs", "msgspec", "faker")


@pytest.fixture
def plain(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project without tests."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    return pytester


def test_help_lists_the_options(plain: pytest.Pytester) -> None:
    lines = plain.runpytest_inprocess(*LIGHT, "--help").stdout.str()
    for option in ("url", "token", "ca", "seed", "port"):
        assert f"--media-server-{option}" in lines
    assert "media_server_port" in lines


def test_fixtures_and_marker_are_described(plain: pytest.Pytester) -> None:
    result = plain.runpytest_inprocess(*LIGHT, "--fixtures")
    for name in ("media_server", "make_media_server", "media_server_session", "media_server_settings"):
        result.stdout.fnmatch_lines([f"{name}*"])
    plain.runpytest_inprocess(*LIGHT, "--markers").stdout.fnmatch_lines(["@pytest.mark.media_server(*seed=...*"])


def test_works_without_the_plugins_for_async_tests_and_imports_nothing_heavy_until_it_is_used(run: Run) -> None:
    result = run(
        f"""
import sys

def test_unused(request):
    assert request.config.pluginmanager.hasplugin("mockserver")
    assert [name for name in {HEAVY!r} if name in sys.modules] == []

def test_used(media_server):
    assert open_session(media_server).status_code == 201
""",
        "-p", "no:aiohttp", "-p", "no:asyncio", "-W", "ignore::pytest.PytestConfigWarning",
        subprocess=True,
    )  # fmt: skip
    result.assert_outcomes(passed=2)


# Seed and port

BOTH = """
def test_it(media_server): pass

def test_of_the_run(media_server_session): pass
"""
SAID_BY = ("test_player.py::test_it: no media server", "media_server_session: no media server")


def test_seed_makes_ids_repeat_and_fills_in_where_the_test_gives_none(run: Run) -> None:
    test = """
def test_it(media_server, media_server_session):
    print("id", sid_of(open_session(media_server)))
    assert sid_of(open_session(media_server_session)) == media_server.events()[0].session_id

@pytest.mark.media_server(seed=8)
def test_with_a_seed_of_its_own(media_server, make_media_server):
    assert (media_server.seed, make_media_server(seed=9).seed, make_media_server().seed) == ("8", "9", "0")
"""
    ids = set()
    for _ in range(2):
        result = run(test, "--media-server-seed=0", "-s")
        result.assert_outcomes(passed=2)
        ids.add(next(line for line in result.outlines if line.startswith("test_player.py id ")))
    assert len(ids) == 1


ON_PORT = """
@pytest.mark.parametrize("again", [1, 2])
def test_it(media_server, again):
    assert (media_server.host == "127.0.0.1:{port}") is {expected}
    assert open_session(media_server).status_code == 201
"""


def test_port_is_chosen_by_option_or_ini_and_is_free_again_for_the_next_test(
    run: Run, pytester: pytest.Pytester, unused_tcp_port: int
) -> None:
    test = ON_PORT.replace("{port}", str(unused_tcp_port))
    run(test.replace("{expected}", "True"), f"--media-server-port={unused_tcp_port}").assert_outcomes(passed=2)
    pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\nmedia_server_port = {unused_tcp_port}")
    run(test.replace("{expected}", "True")).assert_outcomes(passed=2)
    run(test.replace("{expected}", "False"), "--media-server-port=0").assert_outcomes(passed=2)


def test_port_in_use_is_reported_in_one_line(run: Run) -> None:
    with MockServer() as other:
        port = other.url.rpartition(":")[2]
        result = run(BOTH, f"--media-server-port={port}")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"{who}: cannot listen on 127.0.0.1 port {port}: *" for who in SAID_BY])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_fixed_port_that_the_server_of_the_run_keeps_is_explained(run: Run) -> None:
    with MockServer() as other:
        port = other.url.rpartition(":")[2]
    test = "def test_first(media_server_session): pass\n\ndef test_it(media_server): pass"
    result = run(test, f"--media-server-port={port}")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [f"{SAID_BY[0]}: * port {port}: *. media_server_session keeps it until the run ends: *"]
    )


def test_port_in_use_under_xdist_is_reported_with_what_to_do(run: Run) -> None:
    worker = 'def pytest_configure(config):\n    config.workerinput = {"workerid": "gw1"}'
    with MockServer() as other:
        port = other.url.rpartition(":")[2]
        result = run(BOTH, f"--media-server-port={port}", conftest=worker)
        run(BOTH, conftest=worker).assert_outcomes(passed=2)
    result.assert_outcomes(errors=2)
    hint = (
        f"This is worker gw1 of pytest-xdist, and only one worker can have port {port}: leave out the port, keep the "
        "tests that need it in one file and run with --dist loadfile, or let all workers use one running server "
        "(--media-server-url)."
    )
    result.stdout.fnmatch_lines([f"{who}: cannot listen on 127.0.0.1 port {port}: *. {hint}" for who in SAID_BY])


def test_port_that_is_not_a_number_is_reported(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nmedia_server_port = http")
    result = run("def test_it(media_server): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the ini option media_server_port must be a number, not 'http'"])


# A running server


@pytest.fixture
def running() -> Iterator[MockServer]:
    with MockServer(options=ServerOptions(admin_token="sesame")) as server:
        yield server
        assert server.internal_errors == []


REMOTE = """
@pytest.fixture
def media_server_settings():
    from mockserver import Settings
    return Settings(stall_timeout_s=7)

URLS = set()

@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.media_server(idle_timeout_s=5, faults=[{"fault": {"kind": "status", "code": 503}, "times": 1}])
def test_namespaced(media_server, make_media_server, again):
    assert media_server.url.startswith("{url}/ns/t-")
    assert media_server.events() == []
    assert (media_server.settings.idle_timeout_s, media_server.settings.stall_timeout_s) == (5, 7)
    assert [open_session(media_server).status_code for _ in range(2)] == [503, 201]
    assert media_server.host.endswith(".localhost:" + "{url}".rpartition(":")[2])
    URLS.update((media_server.url, make_media_server().url))
    assert len(URLS) == 2 * again

def test_of_the_run(media_server_session):
    assert open_session(media_server_session).status_code == 201

def test_of_the_run_again(media_server_session):
    assert media_server_session.count() == 0

def test_that_drops_its_namespace_itself(media_server):
    assert open_session(media_server).status_code == 201
"""


def namespaces(server: MockServer) -> list[str]:
    return [view.name for view in server.control.call(NAMESPACES, None).namespaces]


def test_running_server_gives_every_test_a_namespace_and_drops_it_afterwards(run: Run, running: MockServer) -> None:
    result = run(
        REMOTE.replace("{url}", running.url), f"--media-server-url={running.url}/", "--media-server-token=sesame"
    )
    result.assert_outcomes(passed=5)
    assert namespaces(running) == ["default"]
    assert running.count() == 0


def test_reset_of_a_namespace_restores_what_the_test_started_with(run: Run, running: MockServer) -> None:
    result = run(
        """
@pytest.mark.media_server(idle_timeout_s=5, faults=[{"fault": {"kind": "status", "code": 503}, "times": 1}])
def test_it(media_server):
    def states():
        return media_server.settings.idle_timeout_s, [(rule.id, rule.seen) for rule in media_server.faults.list()]

    def change():
        media_server.configure(idle_timeout_s=9)
        media_server.faults.clear()
        open_session(media_server)

    change()
    media_server.reset("journal")
    assert states() == (9, [])
    media_server.reset("settings")
    assert states() == (5, [])
    media_server.reset("faults")
    assert states() == (5, [("f1", 0)])
    change()
    assert media_server.reset().requests == 0
    assert states() == (5, [("f1", 0)])
    assert open_session(media_server).status_code == 503
""",
        f"--media-server-url={running.url}",
        "--media-server-token=sesame",
    )
    result.assert_outcomes(passed=1)


def test_namespace_that_the_test_dropped_is_not_an_error(run: Run, running: MockServer) -> None:
    result = run(
        f"""
def test_it(media_server):
    from mockserver import connect
    from mockserver.control import DELETE_NAMESPACE
    open_session(media_server)
    name = media_server.url.rpartition("/")[2]
    connect("{running.url}", token="sesame").control.call(DELETE_NAMESPACE, None, name=name)
""",
        f"--media-server-url={running.url}",
        "--media-server-token=sesame",
    )
    result.assert_outcomes(passed=1)


def test_failing_test_shows_what_its_namespace_received_and_an_unfired_rule_is_noticed(
    run: Run, running: MockServer
) -> None:
    result = run(
        """
def test_failing(media_server):
    open_session(media_server)
    assert False

def test_unfired(media_server):
    media_server.faults.add(**RESET)
""",
        f"--media-server-url={running.url}",
        "--media-server-token=sesame",
    )
    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*- media server at {running.url}/ns/t-* -*", "session * clip-7: open, 1 event*"])
    result.stdout.fnmatch_lines(["fault rules that never fired: f1 never (seen 0)*"])
    assert namespaces(running) == ["default"]


def test_invalid_marker_leaves_no_namespace_behind(run: Run, running: MockServer) -> None:
    result = run(
        "@pytest.mark.media_server(faults=[{'fault': {'kind': 'reset'}, 'skip': -1}])\ndef test_it(media_server): pass",
        f"--media-server-url={running.url}",
        "--media-server-token=sesame",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_player.py::test_it: no media server: /skip: skip must be 0 or more, not -1"])
    assert namespaces(running) == ["default"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--media-server-url=http://127.0.0.1:1",), "no answer from the server at http://127.0.0.1:1: *"),
        (("--media-server-url=localhost:8089",), "'localhost:8089' is not the address of a server; *"),
        ((), "an admin token is needed: *"),
    ],
    ids=["nobody there", "no address", "no token"],
)
def test_unusable_server_is_reported_in_one_line(
    run: Run, running: MockServer, options: tuple[str, ...], text: str
) -> None:
    result = run(BOTH, *(options or (f"--media-server-url={running.url}",)))
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([f"{who}: {text}" for who in SAID_BY])
    result.stdout.no_fnmatch_line("*Traceback*")
