"""Stories in the marker of a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

STORY = """
FLAP = {
    "title": "Pings fail", "symptom": "No data.", "description": "It fails.", "player": "Sends pings.",
    "faults": [{"fault": {"kind": "status", "code": 500}, "when": {"event_type": "ping"}, "times": 1}],
    "expect": [{"says": "It pings on.", "query": {"event_type": "ping", "status": 204}}],
}

def ping(server, sid):
    time = {"playhead": 0, "ts": 1760000000100}
    url = f"{server.url}/api/v1/sessions/{sid}/events"
    return requests.post(url, json={"eventType": "ping", "playerTime": time}, timeout=10).status_code
"""


def test_player_that_survives_passes(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.mark.media_server(story=FLAP, idle_timeout_s=60)
def test_it(media_server):
    sid = sid_of(open_session(media_server))
    assert [ping(media_server, sid), ping(media_server, sid)] == [500, 204]
    assert media_server.settings.idle_timeout_s == 60

def test_other(media_server):
    assert media_server.faults.list() == []
"""
    )
    result.assert_outcomes(passed=2)


def test_player_that_does_not_survive_fails_with_the_verdict_and_how_to_repeat_it(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.mark.media_server(story=FLAP)
def test_it(media_server):
    ping(media_server, sid_of(open_session(media_server)))
""",
        "--media-server-seed=7",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            "story own: Pings fail",
            "  a good player: Sends pings.",
            "  FAILED  It pings on.",
            "            not verified: expected at least 1 with event_type=ping status=204, found 0",
            "  ok      The player reaches the faults of the story.",
            "verdict: failed, 1 of 2 expectations failed",
            "session * clip-7: open, 1 event accepted",
            'seed 7: pytest "test_player.py::test_it" --media-server-seed 7 repeats it',
        ]
    )


def test_story_that_did_not_happen_is_reported_by_its_verdict_alone(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.mark.media_server(story=FLAP)
def test_it(media_server):
    open_session(media_server)
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the story did not happen: rule status never fired (seen 0)"])
    result.stdout.no_fnmatch_line("*fault rules that never fired*")


def test_rules_of_a_story_that_the_test_started_need_not_fire(run: Run) -> None:
    result = run(
        STORY
        + """
def test_it(media_server):
    media_server.stories.start(FLAP)

def test_mine(media_server):
    media_server.stories.start(FLAP)
    media_server.faults.add(**RESET)
"""
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["fault rules that never fired: f2 never (seen 0). Remove*"])


def test_player_may_end_in_the_teardown_of_its_fixture(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.fixture
def client(media_server):
    sid = sid_of(open_session(media_server))
    yield lambda: ping(media_server, sid)
    ping(media_server, sid)

@pytest.mark.media_server(story=FLAP)
def test_it(client):
    assert client() == 500
"""
    )
    result.assert_outcomes(passed=1)


def test_story_does_not_matter_in_a_test_that_did_not_pass(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.mark.media_server(story=FLAP)
def test_failing(media_server):
    assert False

@pytest.mark.media_server(story=FLAP)
def test_skipped(media_server):
    pytest.skip('not today')
"""
    )
    result.assert_outcomes(failed=1, skipped=1)


def test_unusable_story_is_an_error_in_one_line(run: Run) -> None:
    told = {
        "'flop'": "there is no story 'flop'*",
        "'missing.toml'": "*missing.toml*",
        "{**FLAP, 'expect': []}": "*",
    }
    tests = [
        f"@pytest.mark.media_server(story={story})\ndef test_{n}(media_server): pass" for n, story in enumerate(told)
    ]
    result = run("\n\n".join([STORY, *tests]))
    result.assert_outcomes(errors=len(told))
    lines = [f"*test_player.py::test_{n}: no media server: {text}" for n, text in enumerate(told.values())]
    result.stdout.fnmatch_lines(lines)


def test_story_that_cannot_be_judged_is_an_error(run: Run) -> None:
    result = run(
        STORY
        + """
@pytest.mark.media_server(story=FLAP)
def test_it(media_server):
    media_server.reset()
    open_session(media_server)
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the story own cannot be judged: there is no story 'own'"])
