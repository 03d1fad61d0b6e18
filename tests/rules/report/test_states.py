from __future__ import annotations

from typing import Any

import pytest

from tests.playbacks import AD, BREAK
from tests.reports import Reports
from tests.tables import every_case


def named(name: str) -> dict[str, Any]:
    return {"media.state.name": name}


def test_state_is_set_counted_and_timed_whatever_plays(reports: Reports) -> None:
    report = reports(
        ("stateStart", 1, 0, named("mute")),
        ("play", 2, 0),
        ("pauseStart", 4, 2),
        ("adBreakStart", 5, 2, BREAK),
        ("adStart", 5, 2, AD),
        ("adComplete", 8, 2),
        ("adBreakComplete", 8, 2),
        ("stateEnd", 11, 2, named("mute")),
        ("stateStart", 20, 2, named("mute")),
        ("stateEnd", 22.5, 2, named("mute")),
    )
    [state] = report.states
    assert state.metric("a.media.states.mute.set").value is True
    assert state.metric("a.media.states.mute.count").value == 2
    metric = state.metric("a.media.states.mute.time")
    assert (metric.value, metric.exact) == (12, 12.5)
    assert [(part.seqs, part.value) for part in metric.why] == [((2, 9), 10), ((10, 11), 2.5)]


def test_state_that_is_on_at_the_end_lasts_until_the_last_event(reports: Reports) -> None:
    report = reports(("stateStart", 1, 0, named("mute")), ("ping", 6, 0), after_s=700)
    assert report.state("mute").total_duration_s == 5


@every_case("name", ["fullScreen", "fullscreen", "FULLSCREEN"])
def test_state_names_are_lower_case_and_found_in_any(reports: Reports, name: str) -> None:
    report = reports(("stateStart", 1, 0, named(name)), ("stateEnd", 4, 0, named("fullscreen")))
    assert report.states[0].name == "fullscreen"
    assert report.state(name).total_duration_s == 3


def test_second_start_of_a_state_that_is_on_counts_once(reports: Reports) -> None:
    report = reports(("stateStart", 1, 0, named("mute")), ("stateStart", 2, 0, named("mute")), ("ping", 5, 0))
    assert (report.state("mute").count, report.state("mute").total_duration_s) == (1, 4)


def test_states_update_starts_and_ends_several(reports: Reports) -> None:
    report = reports(
        ("statesUpdate", 1, 0, {"statesStart": [named("mute"), named("inFocus")]}),
        ("statesUpdate", 4, 0, {"statesStart": [named("pictureInPicture")], "statesEnd": [named("mute")]}),
        ("ping", 6, 0),
    )
    assert {state.name: state.total_duration_s for state in report.states} == {
        "mute": 3,
        "infocus": 5,
        "pictureinpicture": 2,
    }


def test_states_beyond_the_tenth_are_ignored_but_the_first_ten_may_recur(reports: Reports) -> None:
    events = [("stateStart", n, 0, named(f"state{n}")) for n in range(1, 13)]
    again = [("stateEnd", 20, 0, named("state1")), ("stateStart", 21, 0, named("state1"))]
    report = reports(*events, *again)
    assert [state.name for state in report.states] == [f"state{n}" for n in range(1, 11)]
    assert report.state("state1").count == 2
    assert any("state11, state12" in note.text and note.seqs == (12, 13) for note in report.notes)


def test_state_that_was_never_on_is_an_error_that_names_those_that_were(reports: Reports) -> None:
    report = reports(("stateStart", 1, 0, named("mute")))
    with pytest.raises(KeyError, match="these were: mute"):
        report.state("inFocus")
