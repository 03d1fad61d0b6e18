"""Rules about ts and the order of events."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.rule import Rule
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import Firing, downloaded, fired, fired_in_traffic, rules_about, said, start_body
from tests.playbacks import AD, BREAK, START_MS, Event, Playground, case_of
from tests.tables import every_case

RULES = rules_about("ts.not-integer", "ts.seconds", "ts.equal", "order.late", "order.window", "order.before-session")

LATER: tuple[Event, ...] = (("play", 0.1, 0), ("ping", 10, 10), ("ping", 20, 20))


def only(code: str) -> list[Rule]:
    return [rule for rule in RULES if rule.code == code]


def found(code: str, case: SessionTraffic) -> list[Firing]:
    return fired(only(code), case)


def at_ts(ts_ms: int) -> float:
    """Return the second of a test session at which ``ts`` has this value."""
    return (ts_ms - START_MS) / 1000


def posted(*player_times: dict[str, Any]) -> SessionTraffic:
    """Return a session with pings that have these playerTimes."""
    ground = Playground()
    sid = ground.play()
    for player_time in player_times:
        ground.post(f"/api/v1/sessions/{sid}/events", {"eventType": "ping", "playerTime": player_time})
    return ground.case(sid)


def test_ts_in_seconds_is_found_once() -> None:
    seconds = at_ts(1_760_000_000)
    case = case_of(("sessionStart", seconds, 0), ("play", seconds, 0), ("ping", seconds + 0.01, 10))

    assert found("ts.seconds", case) == [("ts.seconds", Severity.ERROR, (1, 2, 3))]
    assert said(only("ts.seconds"), case).startswith(
        "sessionStart has the ts 1760000000, which is in seconds; send millisec"
    )


def test_ts_since_the_page_was_loaded_is_recognised() -> None:
    case = case_of(("ping", at_ts(12_345), 10))

    assert found("ts.seconds", case) == [("ts.seconds", Severity.ERROR, (2,))]
    assert "12345, which does not count from 1970" in said(only("ts.seconds"), case)


def test_the_smallest_ts_that_can_be_milliseconds_is_fine() -> None:
    assert found("ts.seconds", case_of(("ping", at_ts(10**11), 10))) == []


@every_case("ts", [str(START_MS), START_MS + 0.5, None, True])
def test_ts_that_is_not_an_integer_is_found(ts: object) -> None:
    case = posted({"playhead": 1, "ts": ts}, {"playhead": 2, "ts": ts})

    assert found("ts.not-integer", case) == [("ts.not-integer", Severity.ERROR, (2, 3))]


def test_a_session_start_whose_ts_is_not_an_integer_is_found_in_the_traffic() -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", start_body(playerTime={"playhead": 0, "ts": "1760000000000"}))

    assert fired_in_traffic(RULES, ground) == [("ts.not-integer", Severity.ERROR, (1,))]


def test_a_missing_ts_is_not_a_ts_of_a_wrong_type() -> None:
    assert found("ts.not-integer", posted({"playhead": 1}, {"playhead": 1, "ts": START_MS})) == []


def test_a_burst_with_one_sensible_order_is_a_note() -> None:
    case = case_of(("adBreakStart", 5, 5, BREAK), ("adStart", 5, 5, AD), ("play", 5, 5), ("ping", 6, 5))

    assert found("ts.equal", case) == [("ts.equal", Severity.INFO, (2, 3, 4))]
    assert said(only("ts.equal"), case).startswith("3 events have the ts of the previous or next one; give every event")


def test_a_tie_of_play_and_pause_is_a_warning() -> None:
    case = case_of(("play", 1, 0), ("pauseStart", 5, 4), ("play", 5, 4), ("ping", 10, 8))

    assert found("ts.equal", case) == [("ts.equal", Severity.WARNING, (3, 4))]


def test_a_player_state_that_starts_and_ends_at_one_ts_is_a_warning() -> None:
    mute = {"media.state.name": "mute"}
    case = case_of(("stateStart", 5, 4, mute), ("stateEnd", 5, 4, mute))

    assert found("ts.equal", case) == [("ts.equal", Severity.WARNING, (2, 3))]


def test_a_millisecond_between_events_is_enough() -> None:
    assert found("ts.equal", case_of(("play", 5, 4), ("pauseStart", 5.001, 4))) == []


def test_nothing_ties_with_session_start_which_is_not_sorted() -> None:
    assert found("ts.equal", case_of(("play", 0, 0), ("ping", 10, 10))) == []


def test_downloaded_content_keeps_its_order() -> None:
    assert found("ts.equal", downloaded(("play", 1, 0), ("pauseStart", 1, 0), ("sessionEnd", 2, 0))) == []


@every_case(("at_s", "severity"), [(8.9, Severity.WARNING), (5, Severity.WARNING), (4.9, Severity.ERROR)])
def test_an_event_that_arrives_too_late_is_found(at_s: float, severity: Severity) -> None:
    case = case_of(*LATER, ("bitrateChange", at_s, at_s))

    assert found("order.late", case) == [("order.late", severity, (5,))]
    assert f"bitrateChange by {10 - at_s:g} s" in said(only("order.late"), case)


@every_case("at_s", [9, 15])
def test_an_event_that_is_barely_late_or_is_sorted_in_is_fine(at_s: float) -> None:
    assert found("order.late", case_of(*LATER, ("bitrateChange", at_s, at_s))) == []


def test_late_events_are_one_finding_for_each_severity() -> None:
    case = case_of(*LATER, ("bitrateChange", 8, 8), ("bitrateChange", 7, 7), ("bitrateChange", 2, 2))

    assert found("order.late", case) == [
        ("order.late", Severity.WARNING, (5, 6)),
        ("order.late", Severity.ERROR, (7,)),
    ]


def test_an_event_overtaken_by_more_than_ten_is_found() -> None:
    burst = [("bitrateChange", 1 + n / 10, 1) for n in range(11)]
    case = case_of(*burst, ("bitrateChange", 1.05, 1))

    assert found("order.window", case) == [("order.window", Severity.WARNING, (13,))]


def test_an_event_overtaken_by_nine_is_sorted_in() -> None:
    burst = [("bitrateChange", 1 + n / 10, 1) for n in range(9)]

    assert found("order.window", case_of(*burst, ("bitrateChange", 1.05, 1))) == []


def test_an_event_after_the_five_seconds_is_late_whatever_the_number() -> None:
    burst = [("bitrateChange", 20 + n / 10, 20) for n in range(10)]
    case = case_of(*LATER, *burst, ("bitrateChange", 5, 5))

    assert found("order.window", case) == []
    assert [code for code, *_ in found("order.late", case)] == ["order.late"]


def test_without_a_window_nothing_is_overtaken_inside_it() -> None:
    case = case_of(*LATER, ("bitrateChange", 5, 5), settings=Settings(reorder_window_s=0))

    assert found("order.window", case) == []
    assert [code for code, *_ in found("order.late", case)] == ["order.late"]


def test_events_before_session_start_are_found_once_and_are_not_late() -> None:
    case = case_of(
        ("sessionStart", 20, 0), ("adBreakStart", 0, 0, BREAK), ("adStart", 0.001, 0, AD), ("adComplete", 15, 0),
        ("adBreakComplete", 15.001, 0), ("play", 20.001, 0), ("ping", 30, 10), ("ping", 40, 20), ("ping", 19, 5),
    )  # fmt: skip

    assert found("order.before-session", case) == [("order.before-session", Severity.WARNING, (1, 2, 3, 4, 5, 9))]
    assert "5 events have a ts up to 20 s before that of sessionStart" in said(only("order.before-session"), case)
    assert found("order.late", case) == []


def test_an_event_with_the_ts_of_session_start_is_not_before_it() -> None:
    assert found("order.before-session", case_of(("play", 0, 0))) == []


def test_ts_of_any_size_can_be_judged() -> None:
    case = posted({"playhead": 10**400, "ts": 10**400}, {"playhead": -(10**400), "ts": -(10**400)})

    assert [code for code, *_ in fired(RULES, case)] == ["ts.seconds", "order.before-session"]
