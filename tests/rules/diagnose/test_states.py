"""Rules about player states."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.states import RULES
from tests.firings import Firing, fired, fired_in_traffic, said
from tests.playbacks import Event, Playground, case_of
from tests.tables import every_case


def start(at_s: float, name: str) -> Event:
    return ("stateStart", at_s, at_s, {"media.state.name": name})


def end(at_s: float, name: str) -> Event:
    return ("stateEnd", at_s, at_s, {"media.state.name": name})


def states(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_good_states_are_fine() -> None:
    assert (
        states(start(1, "mute"), start(1, "fullScreen"), end(2, "mute"), start(3, "mute"), end(4, "fullScreen")) == []
    )


def test_the_eleventh_state_is_found() -> None:
    case = case_of(*(start(n, f"custom.{n}") for n in range(1, 13)))

    assert fired(RULES, case) == [("state.limit", Severity.ERROR, (12, 13))]
    assert said(RULES, case).startswith('12 different player states were started, so "custom.11" and "custom.12"')


def test_ten_states_that_recur_are_fine() -> None:
    names = [f"custom.{n}" for n in range(10)]
    twice = [event for n, name in enumerate(names * 2) for event in (start(n + 1, name), end(n + 1.5, name))]

    assert states(*twice) == []


def test_the_end_of_a_state_that_is_not_on_is_found() -> None:
    assert states(start(1, "mute"), end(2, "inFocus")) == [("state.end-without-start", Severity.WARNING, (3,))]


def test_a_second_end_is_the_end_of_a_state_that_is_not_on() -> None:
    case = case_of(start(1, "mute"), end(2, "mute"), end(3, "mute"))

    assert fired(RULES, case) == [("state.end-without-start", Severity.WARNING, (4,))]
    assert said(RULES, case).startswith('The player state "mute" was ended, and then ended again; send one stateEnd')


def test_an_end_that_is_sorted_before_a_start_of_the_same_ts_is_tolerated() -> None:
    assert states(start(1, "inFocus"), start(2, "mute"), end(2, "mute")) == []


def test_a_state_that_is_started_twice_is_noted() -> None:
    assert states(start(1, "mute"), start(2, "mute")) == [("state.duplicate-start", Severity.INFO, (2, 3))]


def test_a_state_that_is_started_again_after_its_end_is_fine() -> None:
    assert states(start(1, "mute"), end(2, "mute"), start(3, "mute")) == []


def test_two_spellings_of_one_state_are_found() -> None:
    case = case_of(start(1, "fullScreen"), end(2, "fullscreen"))

    assert fired(RULES, case) == [("state.spelling", Severity.WARNING, (2, 3))]
    assert said(RULES, case) == 'One player state is spelled "fullScreen" and "fullscreen"; use one spelling.'


@every_case(
    ("name", "meant"),
    [
        ("closedCaptions", "closedCaptioning"),
        ("pip", "pictureInPicture"),
        ("full_screen", "fullScreen"),
        ("muted", "mute"),
        ("picture.in.picture", "pictureInPicture"),
    ],
)
def test_a_name_similar_to_a_standard_one_is_found(name: str, meant: str) -> None:
    case = case_of(start(1, name))

    assert fired(RULES, case) == [("state.spelling", Severity.WARNING, (2,))]
    assert f'send "{meant}" if that is meant' in said(RULES, case)


@every_case("name", ["fullscreen", "Mute", "my.custom_state", "theatre", "commute", "accelerated"])
def test_standard_names_in_any_case_and_own_names_are_fine(name: str) -> None:
    assert states(start(1, name), end(2, name)) == []


@every_case("name", ["", "dark mode", "x" * 65, "größe", "mini-player"])
def test_a_name_that_the_sdks_refuse_is_found(name: str) -> None:
    assert states(start(1, name), end(2, name)) == [("state.name-invalid", Severity.WARNING, (2,))]


def test_a_name_of_64_letters_digits_underscores_and_dots_is_fine() -> None:
    assert states(start(1, "a_1." * 16)) == []


def test_the_batched_form_is_noted_once() -> None:
    begun: dict[str, Any] = {"statesStart": [{"media.state.name": "mute"}]}
    over: dict[str, Any] = {"statesEnd": [{"media.state.name": "mute"}]}

    found = states(("statesUpdate", 1, 1, begun), ("statesUpdate", 2, 2, over))

    assert found == [("state.statesUpdate", Severity.INFO, (2, 3))]


def test_the_batched_form_is_noted_where_it_is_refused() -> None:
    begun: dict[str, Any] = {"statesStart": [{"media.state.name": "mute"}]}
    case = case_of(("statesUpdate", 1, 1, begun), settings=Settings(states_update=False))

    assert fired(RULES, case) == [("state.statesUpdate", Severity.INFO, (2,))]


def restart(*events: Event, params: dict[str, Any] | None = None, at_s: float = 30) -> Playground:
    """Play 20 seconds with mute on, and go on in another session."""
    ground = Playground()
    ground.play(("play", 0.1, 0), start(5, "mute"), start(6, "inFocus"), end(7, "inFocus"), ("ping", 20, 20))
    ground.play(("sessionStart", at_s, 0, params or {}), *events)
    return ground


def test_a_state_that_does_not_come_again_after_a_restart_is_found() -> None:
    ground = restart(("play", 30.1, 20), ("ping", 40, 30))

    assert fired_in_traffic(RULES, ground) == [("state.not-resent", Severity.WARNING, (3, 7))]


def test_a_state_that_is_sent_again_after_a_restart_is_fine() -> None:
    assert fired_in_traffic(RULES, restart(("play", 30.1, 20), start(30.2, "mute"), ("ping", 40, 30))) == []


def test_a_restart_that_has_just_begun_is_given_time() -> None:
    assert fired_in_traffic(RULES, restart(("play", 30.1, 20))) == []


@every_case(
    ("playhead_s", "params", "at_s"),
    [
        pytest.param(0, {}, 200, id="from-the-beginning"),
        pytest.param(20, {"media.id": "clip-8"}, 30, id="other-content"),
        pytest.param(20, {"visitor.marketingCloudUserId": "9" * 38}, 30, id="other-viewer"),
    ],
)
def test_another_viewing_is_not_a_restart(playhead_s: float, params: dict[str, Any], at_s: float) -> None:
    events: tuple[Event, ...] = (("play", at_s + 0.1, playhead_s), ("ping", at_s + 10, playhead_s + 10))

    assert fired_in_traffic(RULES, restart(*events, params=params, at_s=at_s)) == []
