"""``assert_same_as`` in the tests of a user: recordings beside the tests, written on request."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

Run = Callable[..., pytest.RunResult]

IT = """
def test_it(media_server):
    open_session(media_server)
    media_server.assert_same_as("golden/{}.ndjson")
"""
SAME = IT.format("one")
SHARED = """
def test_first(media_server_session):
    open_session(media_server_session)
    media_server_session.assert_same_as("golden/first.ndjson")

def test_second(media_server_session):
    open_session(media_server_session)
    media_server_session.assert_same_as("golden/second.ndjson")
"""


def test_recording_is_written_when_asked_for_and_compared_with_from_then_on(
    run: Run, pytester: pytest.Pytester
) -> None:
    missing = run(SAME)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*there is no recording *golden*one.ndjson", "*pytest --media-server-rewrite"])

    written = run(SAME, "--media-server-rewrite")
    written.assert_outcomes(passed=1)
    written.stdout.fnmatch_lines(["media server: wrote *one.ndjson"])
    golden = pytester.path / "golden" / "one.ndjson"
    recorded = golden.read_bytes()

    again = run(SAME, "--media-server-rewrite")
    again.assert_outcomes(passed=1)
    again.stdout.no_fnmatch_line("*wrote*")
    assert golden.read_bytes() == recorded

    other = run("START['params']['media.length'] = 70\n" + SAME)
    other.assert_outcomes(failed=1)
    other.stdout.fnmatch_lines(["*not the same as *one.ndjson", "*sessionStart 1 media.length: 60 before, 70 now"])
    assert golden.read_bytes() == recorded
    run("START['params']['media.length'] = 70\n" + SAME, "--media-server-rewrite").assert_outcomes(passed=1)
    assert golden.read_bytes() != recorded


def test_server_of_the_run_knows_the_folder_of_each_test(run: Run, pytester: pytest.Pytester) -> None:
    result = run(SHARED, "--media-server-rewrite")
    result.assert_outcomes(passed=2)
    assert sorted(path.name for path in (pytester.path / "golden").iterdir()) == ["first.ndjson", "second.ndjson"]
    assert [line.rpartition("/")[2] for line in result.outlines if " wrote " in line] == [
        "first.ndjson",
        "second.ndjson",
    ]
    run(SHARED).assert_outcomes(passed=2)


def test_junit_file_carries_transcript_and_findings_of_a_failing_test(run: Run, pytester: pytest.Pytester) -> None:
    test = """
def test_it(media_server):
    START["params"]["media.name"] = "\\x1b<&"
    open_session(media_server)
    open_session(media_server)
    assert False

def test_other(media_server):
    open_session(media_server)
"""
    run(test, "--junitxml=results.xml").assert_outcomes(failed=1, passed=1)
    failed, passed = received_by_case(pytester)
    (received,) = failed
    assert received.startswith("session ")
    assert "sessionStart" in received
    assert "worst first:" in received
    assert passed == []


def received_by_case(pytester: pytest.Pytester) -> list[list[str]]:
    root = ElementTree.parse(pytester.path / "results.xml").getroot()
    return [
        [one.get("value", "") for one in case.iter("property") if one.get("name") == "media_server"]
        for case in root.iter("testcase")
    ]
