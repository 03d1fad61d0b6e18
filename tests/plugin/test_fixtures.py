"""The fixtures and the marker, in tests as users write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]


def test_every_test_has_a_fresh_server(run: Run) -> None:
    run(
        """
        SEEN = []

        @pytest.mark.parametrize("again", [1, 2])
        def test_fresh(media_server, again):
            assert media_server.events() == []
            assert open_session(media_server).status_code == 201
            assert media_server.count() == 1
            SEEN.append(media_server)
            assert SEEN[0] is not media_server or again == 1
        """.replace("\n        ", "\n")
    ).assert_outcomes(passed=2)


def test_server_is_stopped_after_the_test(run: Run) -> None:
    run(
        """
SEEN = []

def test_first(media_server):
    SEEN.append(media_server)

def test_second():
    with pytest.raises(requests.ConnectionError):
        open_session(SEEN[0])
"""
    ).assert_outcomes(passed=2)


def test_settings_are_overridden_by_a_fixture_and_changed_by_markers_from_outside_in(run: Run) -> None:
    run(
        """
pytestmark = pytest.mark.media_server(stall_timeout_s=7, max_age_s=7)

@pytest.fixture
def media_server_settings():
    from mockserver import Settings
    return Settings(idle_timeout_s=5, stall_timeout_s=5)

@pytest.mark.media_server(max_age_s=None, cors_allow_any_header=True)
def test_settings(media_server):
    settings = media_server.settings
    assert (settings.idle_timeout_s, settings.stall_timeout_s, settings.max_age_s) == (5, 7, None)
    assert settings.cors_allow_any_header
"""
    ).assert_outcomes(passed=1)


def test_marker_gives_faults_and_seed(run: Run) -> None:
    run(
        """
FAULTS = [{"when": {"event_type": "sessionStart"}, "fault": {"kind": "status", "code": 503}, "times": 1}]
IDS = set()

@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.media_server(faults=FAULTS, seed=7)
def test_faults(media_server, again):
    assert open_session(media_server).status_code == 503
    IDS.add(sid_of(open_session(media_server)))
    assert len(IDS) == 1
    assert media_server.seed == "7"
"""
    ).assert_outcomes(passed=2)


def test_invalid_marker_is_reported_in_one_line_that_names_the_test(run: Run) -> None:
    told = {
        "idle_timout_s=5": "unknown member `idle_timout_s`; did you mean idle_timeout_s?",
        "idle_timeout_s=-1": "/idle_timeout_s: idle_timeout_s must be a number of seconds from 0 to *; not -1*",
        "faults=[{'fault': {'kind': 'status'}}]": "/faults/0/fault: the member `code` is missing",
        "faults={'fault': {'kind': 'reset'}}": "/faults: faults must be a list of rules, even if there is only one",
        "faults=[{'fault': {'kind': 'reset'}, 'every': 0}]": "/every: every must be 1 or more, not 0",
    }
    tests = [f"@pytest.mark.media_server({it})\ndef test_{n}(media_server): pass" for n, it in enumerate(told)]
    result = run("\n\n".join(tests))
    result.assert_outcomes(errors=len(told))
    lines = [f"test_player.py::test_{n}: no media server: {text}" for n, text in enumerate(told.values())]
    result.stdout.fnmatch_lines(lines)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line(">*")


def test_settings_that_are_a_dictionary_are_reported_in_one_line(run: Run) -> None:
    result = run(
        """
@pytest.fixture
def media_server_settings(): return {"idle_timeout_s": 5}

def test_it(media_server): pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::test_it: no media server: /settings: settings must be mockserver.Settings(...)*"])


def test_marker_takes_keywords_only(run: Run) -> None:
    result = run("@pytest.mark.media_server(5)\ndef test_it(media_server): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_player.py::test_it: the marker media_server takes keywords only"])


def test_marker_is_known_where_markers_are_strict(run: Run) -> None:
    run("@pytest.mark.media_server(seed=1)\ndef test_it(media_server): pass", "--strict-markers").assert_outcomes(
        passed=1
    )


def test_several_servers_in_one_test(run: Run) -> None:
    run(
        """
def test_two(make_media_server, media_server):
    from mockserver import Settings
    short = make_media_server(Settings(idle_timeout_s=5), seed=7)
    struck = make_media_server(faults=[RESET], seed=7)
    assert len({short.url, struck.url, media_server.url}) == 3
    assert [open_session(server).status_code for server in (short, struck, media_server)] == [201, 500, 201]
    assert short.settings.idle_timeout_s == 5
"""
    ).assert_outcomes(passed=1)


def test_rule_that_never_fired_on_any_server_of_the_factory_fails(run: Run) -> None:
    result = run("def test_it(make_media_server): make_media_server(), make_media_server(faults=[RESET])")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["fault rules that never fired: f1 never (seen 0)*"])


def test_server_of_the_run_keeps_its_address_and_begins_every_test_afresh(run: Run) -> None:
    run(
        """
URLS = set()

@pytest.mark.parametrize("again", [1, 2, 3])
def test_it(media_server_session, again):
    URLS.add(media_server_session.url)
    assert media_server_session.count() == 0
    assert media_server_session.faults.list() == []
    assert open_session(media_server_session).status_code == 201
    media_server_session.faults.add(RESET["fault"])
    assert open_session(media_server_session).status_code == 500
    assert len(URLS) == 1

def test_another(): pass
"""
    ).assert_outcomes(passed=4)


def test_marker_that_the_server_refuses_fails_its_own_test_alone(run: Run) -> None:
    result = run(
        """
@pytest.mark.media_server(idle_timeout_s=-5)
def test_a_refused(media_server_session): pass

@pytest.mark.media_server(idle_timeout_s=5)
def test_b_taken(media_server_session): assert media_server_session.settings.idle_timeout_s == 5

def test_c_without(media_server_session): assert media_server_session.settings.idle_timeout_s == 600
"""
    )
    result.assert_outcomes(errors=1, passed=2)
    result.stdout.fnmatch_lines(["*test_a_refused*idle_timeout_s*"])


@pytest.mark.parametrize("after", ["", "def test_z(): pass", "def test_z(media_server_session): pass"])
def test_server_of_the_run_is_checked_after_every_test_that_used_it(run: Run, after: str) -> None:
    result = run(
        f"""
def test_first(media_server_session):
    media_server_session.faults.add(**RESET)

def test_unconcerned(): pass

def test_last(media_server_session):
    media_server_session.faults.add(**RESET)

{after}
"""
    )
    result.assert_outcomes(passed=4 if after else 3, errors=2)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_first*", "*ERROR at teardown of test_last*"])
    result.stdout.no_fnmatch_line("*ERROR at teardown of test_unconcerned*")
    result.stdout.no_fnmatch_line("*ERROR at teardown of test_z*")


def test_marker_gives_the_server_of_the_run_settings_and_faults_for_one_test(run: Run) -> None:
    result = run(
        """
@pytest.mark.media_server(seed=1)
def test_of_seed(media_server_session): pass

@pytest.mark.media_server(idle_timeout_s=5, faults=[RESET])
def test_marked(media_server_session):
    assert media_server_session.settings.idle_timeout_s == 5
    assert open_session(media_server_session).status_code == 500

@pytest.mark.media_server(idle_timeout=5)
def test_of_unknown(media_server_session): pass

@pytest.mark.media_server(idle_timeout_s=7, seed=1)
def test_with_its_own(media_server, media_server_session):
    assert media_server.settings.idle_timeout_s == 7
    assert media_server_session.settings.idle_timeout_s == 600

@pytest.mark.media_server(max_age_s=9)
def test_marked_again(media_server_session):
    assert media_server_session.settings.max_age_s == 9
    assert media_server_session.settings.idle_timeout_s == 600
    assert open_session(media_server_session).status_code == 201
"""
    )
    result.assert_outcomes(passed=3, errors=2)
    only = "media_server_session takes settings and faults from the marker, not seed"
    result.stdout.fnmatch_lines([f"*::test_of_seed: no media server: {only}", "*::test_of_unknown: *idle_timeout_s*"])


def test_rule_may_still_fire_while_fixtures_of_the_test_end(run: Run) -> None:
    run(
        """
@pytest.fixture
def player(media_server_session):
    yield
    open_session(media_server_session)

def test_it(player, media_server_session):
    media_server_session.faults.add(**RESET)
"""
    ).assert_outcomes(passed=1)


def test_async_tests_and_aiohttp_client(run: Run) -> None:
    run(
        """
from mockserver import MediaServer, SERVICE, build_app

async def test_with_the_aiohttp_client(aiohttp_client):
    app = build_app()
    client = await aiohttp_client(app)
    async with client.post("/api/v1/sessions", json=START) as answer:
        assert answer.status == 201
    server = MediaServer(app[SERVICE].control())
    assert len(await server.await_for(event_type="sessionStart")) == 1
    server.verify(["sessionStart"])

async def test_with_the_fixture(media_server):
    import aiohttp
    async with aiohttp.ClientSession(media_server.url) as client:
        async with client.post("/api/v1/sessions", json=START) as answer:
            assert answer.status == 201
    await media_server.await_verified(["sessionStart"])
""",
    ).assert_outcomes(passed=2)
