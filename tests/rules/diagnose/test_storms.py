"""Rules about events that come far too often."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.finding import Severity, Thresholds
from mockserver.model.settings import Settings
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, Playground, case_of
from tests.tables import every_case

RULES = rules_about("event.storm", "ping.too-often")

INFO, WARNING = Severity.INFO, Severity.WARNING
PARAMS = {"stateStart": {"media.state.name": "mute"}, "stateEnd": {"media.state.name": "mute"}}


def storm(event_type: str, count: int, every_s: float) -> list[Firing]:
    events = [(event_type, 1 + n * every_s, 1, PARAMS.get(event_type)) for n in range(count)]
    return fired(RULES, case_of(("play", 0, 0), *events))


@every_case("event_type", ["bitrateChange", "error", "pauseStart", "bufferStart", "stateStart", "stateEnd"])
def test_twenty_events_of_a_type_within_ten_seconds_are_a_storm(event_type: str) -> None:
    assert [(code, severity) for code, severity, _ in storm(event_type, 20, 0.5)] == [("event.storm", WARNING)]


@every_case(("count", "every_s"), [(19, 0.1), (40, 0.6)])
def test_fewer_are_not_a_storm(count: int, every_s: float) -> None:
    assert storm("bitrateChange", count, every_s) == []


def test_a_storm_is_reported_with_its_densest_part_and_its_total() -> None:
    events: list[Event] = [("error", 10 * n, 10 * n) for n in range(1, 9)]
    events += [("error", 100 + n / 10, 100) for n in range(30)]

    assert said(RULES, case_of(("play", 0, 0), *events, start={"media.length": 600})).startswith(
        "30 error events were sent within 2.9 s, 38 in all; send it when something changes, not with every callback"
    )


@pytest.mark.parametrize(("limits", "storms"), [({"event_storm": 41}, 0), ({"event_storm_s": 60}, 1)])
def test_how_many_in_how_long_can_be_set(limits: dict[str, Any], storms: int) -> None:
    ground = Playground(Settings(thresholds=Thresholds(**limits)))
    ground.play(("play", 0, 0), *(("error", 1 + n * 0.6, 1) for n in range(40)))

    found = [finding.code for finding in Diagnosis(ground.namespace).findings()]
    assert found.count("event.storm") == storms


def pinged(every_s: float, count: int = 25) -> list[Firing]:
    return fired(RULES, case_of(("play", 0, 0), *(("ping", n * every_s, n * every_s) for n in range(1, count))))


def test_pings_of_main_content_every_second_are_noted_once() -> None:
    assert [(code, severity) for code, severity, _ in pinged(1)] == [("ping.too-often", INFO)]


@every_case(("every_s", "count"), [(5, 25), (10, 25), (1, 20), (0.4, 60)])
def test_other_paces_and_short_sessions_are_not_noted(every_s: float, count: int) -> None:
    assert pinged(every_s, count) == []


def test_pings_every_second_in_a_break_are_fine() -> None:
    opening: tuple[Event, ...] = (("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD))

    assert fired(RULES, case_of(*opening, *(("ping", n, 0) for n in range(1, 60)))) == []
