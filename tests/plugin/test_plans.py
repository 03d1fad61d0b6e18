"""Tracking plans in tests: in the marker, in an assertion, and how much of them a run tried."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver import MockServer

Run = Callable[..., pytest.RunResult]

PLAN = """
title = "Our player"
allow_findings = ["id.ecid-missing", "media.streamType", "session.no-play", "ts.skew"]
[[content]]
name = "clips"
when = { media_id = "clip-*" }
[[content.events]]
event_type = "sessionStart"
params."media.length" = 60
[[content.events]]
event_type = "ping"
at_least = 0
"""

PING = """
def ping(server):
    location = open_session(server).headers["Location"]
    event = {"eventType": "ping", "playerTime": {"playhead": 0, "ts": 1760000001000}}
    requests.post(server.url + location + "/events", json=event, timeout=10)
"""


@pytest.fixture(autouse=True)
def plans(pytester: pytest.Pytester) -> None:
    pytester.makefile(
        ".toml", plan=PLAN, strict=PLAN.replace("at_least = 0", "at_least = 1"), wrong=f"titel = 1\n{PLAN}"
    )


def test_player_that_follows_the_plan_of_the_marker_passes(run: Run) -> None:
    result = run(
        """
@pytest.mark.media_server(plan="plan.toml", idle_timeout_s=60)
def test_it(media_server):
    open_session(media_server)
    assert media_server.settings.idle_timeout_s == 60
"""
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["tracking plan plan.toml: 75 % of the plan (3 of 4); never tried: ping"])


def test_player_that_does_not_follow_the_plan_fails_with_what_it_misses(run: Run) -> None:
    result = run(
        """
@pytest.mark.media_server(plan="strict.toml")
def test_it(media_server):
    open_session(media_server)

@pytest.mark.media_server(plan="strict.toml")
def test_that_fails_anyway(media_server):
    open_session(media_server)
    assert False
"""
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            "plan Our player: not followed, 1 of 5 checks missed",
            "  MISSED  ping: at least 1  [[]strict.toml:9]",
            "          found 0; received: sessionStart x1",
        ]
    )


def test_invalid_plan_stops_the_test_before_it_runs(run: Run) -> None:
    result = run(
        """
@pytest.mark.media_server(plan="wrong.toml")
def test_it(media_server):
    print("ran")
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*wrong.toml:1: /titel: unknown key titel; did you mean title?"])


def test_a_test_can_ask_and_assert_by_itself(run: Run) -> None:
    result = run(
        """
def test_it(media_server):
    open_session(media_server)
    assert media_server.plan_result("strict.toml").missed == 1
    assert media_server.assert_follows("plan.toml").coverage.percent == 75
    assert media_server.assert_follows({"title": "t", "content": [{"name": "x", "allow_findings": ["ts.skew",
        "id.ecid-missing", "media.streamType", "session.no-play"]}]}).followed
    with pytest.raises(AssertionError, match="found 0; received: sessionStart x1"):
        media_server.assert_follows("strict.toml")
    with pytest.raises(Exception, match="cannot read .*missing.toml"):
        media_server.assert_follows("missing.toml")
"""
    )
    result.assert_outcomes(passed=1)


def test_run_says_what_all_tests_tried_together(run: Run) -> None:
    tests = f"""
{PING}
def test_one(media_server):
    open_session(media_server)

def test_two(media_server_session):
    ping(media_server_session)

def test_none(media_server):
    pass
"""
    result = run(tests, "--media-server-plan=plan.toml", "--media-server-plan-fail-under=100")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["tracking plan plan.toml: 100 % of the plan (4 of 4)"])
    assert result.ret == 0


def test_workers_of_xdist_have_servers_of_their_own_and_say_what_all_tried_together(run: Run) -> None:
    """Every warning is an error here too, because another run for that would take half a second."""
    tests = f"""
{PING}
@pytest.mark.parametrize("number", range(4))
def test_it(media_server, media_server_session, number):
    assert open_session(media_server).status_code == 201
    assert open_session(media_server_session).status_code == 201
    assert (media_server.count(), media_server_session.count()) == (1, 1)

def test_pinging(media_server_session):
    ping(media_server_session)

def test_failing(media_server):
    assert open_session(media_server).status_code == 500
"""
    options = ("--media-server-plan=plan.toml", "--media-server-plan-fail-under=100")
    result = run(tests, "-n2", "-W", "error", *options, subprocess=True)
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["* media server at http://127.0.0.1:* *", "session * clip-7: open, 1 event accepted"])
    result.stdout.fnmatch_lines(["tracking plan plan.toml: 100 % of the plan (4 of 4)"])
    result.stdout.no_fnmatch_line("*less than*")


def test_run_that_tried_too_little_fails(run: Run) -> None:
    tests = "def test_it(media_server):\n    open_session(media_server)\n"
    result = run(tests, "--media-server-plan=plan.toml", "--media-server-plan-fail-under=80")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["tracking plan plan.toml: less than 80 % was tried"])
    assert result.ret == 1


def test_invalid_plan_of_the_run_stops_the_run(run: Run) -> None:
    result = run("def test_it(media_server):\n    pass\n", "--media-server-plan=wrong.toml")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--media-server-plan: *wrong.toml:1: /titel: unknown key titel*"])


def test_running_server_judges_plans_as_well(run: Run) -> None:
    with MockServer() as running:
        result = run(
            """
@pytest.mark.media_server(plan="plan.toml")
def test_it(media_server):
    open_session(media_server)

@pytest.mark.media_server(plan="strict.toml")
def test_strict(media_server):
    open_session(media_server)
""",
            f"--media-server-url={running.url}",
        )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["  MISSED  ping: at least 1  [[]strict.toml:9]"])
