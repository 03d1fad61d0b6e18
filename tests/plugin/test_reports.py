"""What a test run prints about failing tests, rules that never fired and internal errors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

Run = Callable[..., pytest.RunResult]

REPEATED = 'seed 7: pytest "test_player.py::test_it" --media-server-seed 7 repeats it'
SHOWN = [
    "*- media server at http://127.0.0.1:* -*",
    "session * clip-7: open, 1 event accepted",
    "*#1 *sessionStart *@0.0 *201",
    REPEATED,
]


def test_failure_shows_what_was_received_and_the_seed(run: Run) -> None:
    tests = """
def test_sync(media_server):
    open_session(media_server)
    assert False

async def test_async(media_server):
    open_session(media_server)
    assert False

def test_server_of_the_run(media_server_session):
    open_session(media_server_session)
    assert False

@pytest.fixture
def player(media_server):
    open_session(media_server)
    assert False

def test_fixture(player): pass
"""
    result = run(tests, "--media-server-seed=7")
    result.assert_outcomes(failed=3, errors=1)
    for name in ("test_sync", "test_async", "test_server_of_the_run", "test_fixture"):
        (shown,) = (part for part in sections(result) if f"{name} __" in part[0])
        pytest.LineMatcher(shown).fnmatch_lines([*SHOWN[:-1], REPEATED.replace("test_it", name)])


def sections(result: pytest.RunResult) -> list[list[str]]:
    """Return the lines about each failure, the first of which is its headline."""
    heads = [number for number, line in enumerate(result.outlines) if line.startswith("____")]
    return [result.outlines[start:end] for start, end in pairwise([*heads, len(result.outlines)])]


def test_failure_shows_every_server(run: Run) -> None:
    result = run("def test_it(make_media_server, media_server):\n    make_media_server()\n    assert False")
    assert result.stdout.str().count("- media server at http://127.0.0.1:") == 2


def test_success_shows_nothing(run: Run) -> None:
    result = run("def test_it(media_server): open_session(media_server)", "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*media server at*")


def test_verification_fails_at_the_line_of_the_test_not_in_the_library(run: Run) -> None:
    result = run("def test_it(media_server): media_server.verify(event_type='ping')")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">   def test_it(media_server): media_server.verify(event_type='ping')",
            "E   *VerificationFailed: not verified: expected at least 1 with event_type=ping, found 0",
            "test_player.py:*: VerificationFailed",
        ]
    )
    result.stdout.no_fnmatch_line("*media_server.py:*")


def test_transcript_that_cannot_be_written_does_not_hide_the_failure(run: Run) -> None:
    result = run(
        """
def test_it(media_server):
    media_server.transcript = lambda: 1 / 0
    assert 1 == 2
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "cannot be read any more: ZeroDivisionError: division by zero"])


AD_OUTSIDE_A_BREAK = """
def test_it(media_server):
    sid = sid_of(open_session(media_server))
    ad = {"media.ad.id": "a1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}
    time = {"playhead": 0, "ts": 1760000000100}
    body = {"eventType": "adStart", "playerTime": time, "params": ad}
    assert requests.post(f"{media_server.url}/api/v1/sessions/{sid}/events", json=body, timeout=10).status_code == 204
    ACT
    assert 1 == 2
"""


def test_failure_shows_the_worst_findings_between_what_was_received_and_the_seed(run: Run) -> None:
    result = run(AD_OUTSIDE_A_BREAK.replace("ACT", ""), "--media-server-seed=7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "session * clip-7: open, 2 events accepted",
            "*#2 *adStart *204",
            "* findings, worst first:",
            "  error *.* #2*: *",
            REPEATED,
        ]
    )


def test_unavailable_findings_hide_neither_the_failure_nor_the_transcript(run: Run) -> None:
    result = run(AD_OUTSIDE_A_BREAK.replace("ACT", "media_server.findings = lambda: 1 / 0"), "--media-server-seed=7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert 1 == 2*",
            "session * clip-7: open, 2 events accepted",
            "findings cannot be read: ZeroDivisionError: division by zero",
            REPEATED,
        ]
    )


def test_assertion_about_a_session_fails_at_the_line_of_the_test(run: Run) -> None:
    result = run(
        """
def test_it(media_server):
    open_session(media_server)
    session = media_server.wait_for_session(media_id="clip-7")
    session.assert_sequence("sessionStart", "play")

def test_findings(media_server):
    open_session(media_server)
    media_server.wait_for_session().assert_no_findings("info")

def test_session(media_server):
    media_server.wait_for_session(timeout_s=0)
"""
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            '>       session.assert_sequence("sessionStart", "play")',
            "E       *VerificationFailed: not the expected sequence, in order of processing: 1 missing",
            "test_player.py:*: VerificationFailed",
            "E       *VerificationFailed: expected no finding (info or worse), but there *",
            "E       *VerificationFailed: waited 0 s for a session; there are none",
        ]
    )
    for module in ("session_handle", "questions", "blocking", "media_server"):
        result.stdout.no_fnmatch_line(f"*{module}.py:*")


def test_rule_that_never_fired_fails_a_passing_test(run: Run) -> None:
    unnamed = "media_server.faults.add({'kind': 'reset'}, when={'event_type': 'adStart'})"
    result = run(f"def test_it(media_server): media_server.faults.add(**RESET), {unnamed}")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            'fault rules that never fired: f1 never (seen 0), f2 reset when {"event_type":*"adStart"*} (seen 0)*',
        ]
    )


def test_rule_that_never_fired_does_not_matter_in_a_test_that_did_not_pass(run: Run) -> None:
    tests = [
        f"def test_{outcome}_{fixture}({fixture}):\n    {fixture}.faults.add(**RESET)\n    {body}"
        for fixture in ("media_server", "media_server_session")
        for outcome, body in (
            ("failed", "assert False"), ("skipped", "pytest.skip('not today')"), ("xfailed", "pytest.xfail('known')"),
        )
    ]  # fmt: skip
    run("\n\n".join(tests)).assert_outcomes(failed=2, skipped=2, xfailed=2)


def test_rule_that_never_fired_does_not_matter_after_a_failed_subtest(run: Run) -> None:
    result = run(
        """
def test_it(media_server, subtests):
    media_server.faults.add(**RESET)
    with subtests.test("a"):
        assert False
    with subtests.test("b"):
        pass
"""
    )
    result.stdout.no_fnmatch_line("*never fired*")
    result.stdout.fnmatch_lines(["*contains 1 failed subtest*"])


def test_rule_that_never_fired_fails_a_test_of_which_a_subtest_was_skipped(run: Run) -> None:
    result = run(
        """
def test_it(media_server, subtests):
    media_server.faults.add(**RESET)
    with subtests.test("a"):
        pytest.skip("not today")
    with subtests.test("b"):
        pass
"""
    )
    result.stdout.fnmatch_lines(["*fault rules that never fired: f1*"])


def test_expected_failure_stays_expected(run: Run) -> None:
    result = run(
        "@pytest.mark.xfail\ndef test_it(media_server):\n    media_server.faults.add(**RESET)\n    assert False"
    )
    result.assert_outcomes(xfailed=1)


def test_rule_that_fired_or_was_removed_or_left_to_chance_is_not_an_error(run: Run) -> None:
    run(
        """
def test_it(media_server):
    media_server.faults.add(**RESET).remove()
    media_server.faults.add(RESET["fault"], probability=1e-12)
    media_server.faults.add(RESET["fault"], times=1)
    assert open_session(media_server).status_code == 500
"""
    ).assert_outcomes(passed=1)


INTERNAL = """
@pytest.fixture(params=["media_server", "media_server_session"])
def server(request):
    return request.getfixturevalue(request.param)

def test_it(media_server):
    media_server.internal_errors.append(RuntimeError("it broke inside"))
    assert {passes}

def test_of_the_run(media_server_session):
    media_server_session.internal_errors.append(RuntimeError("it broke inside"))
    assert {passes}
"""


def test_internal_error_fails_a_passing_test(run: Run) -> None:
    result = run(INTERNAL.replace("{passes}", "True"))
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["the media server had an internal error: RuntimeError('it broke inside')"] * 2)


def test_internal_error_does_not_hide_a_failure(run: Run) -> None:
    run(INTERNAL.replace("{passes}", "False")).assert_outcomes(failed=2)


def test_internal_error_is_reported_once(run: Run) -> None:
    result = run(INTERNAL.replace("{passes}", "True") + "\ndef test_next(media_server_session): pass\n")
    result.assert_outcomes(passed=3, errors=2)


RERUN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


def test_repeated_test_starts_afresh(run: Run) -> None:
    result = run(
        """
RUNS = []

def test_it(media_server):
    RUNS.append(1)
    media_server.faults.add(**RESET)
    assert len(RUNS) == 2
""",
        conftest=RERUN,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["fault rules that never fired: f1 never (seen 0)*"])


def test_command_that_repeats_a_test_works_where_the_run_was_started(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytester.mkdir("ci"))
    result = run(
        """
def test_it(media_server):
    assert False
""",
        "--media-server-seed=7",
        "../test_player.py",
    )
    result.stdout.fnmatch_lines(['seed 7: pytest "../test_player.py::test_it" --media-server-seed 7 repeats it'])
