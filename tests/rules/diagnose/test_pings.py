"""Rules about pings that are sent."""

from __future__ import annotations

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from tests.firings import Firing, fired, rules_about, said
from tests.playbacks import AD, BREAK, Event, case_of

RULES = rules_about("ping.params", "ping.too-fast", "ping.immediate", "ping.during-complete")

INFO, ERROR = Severity.INFO, Severity.ERROR
PLAY: Event = ("play", 0.1, 0)


def pings(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def test_pings_less_than_half_a_second_apart_are_found_once() -> None:
    case = case_of(PLAY, ("ping", 10, 10), ("ping", 10.499, 10), ("ping", 10.8, 10), ("ping", 20, 20))

    assert fired(RULES, case) == [("ping.too-fast", INFO, (3, 4, 5))]
    assert said(RULES, case).startswith(
        "2 pings were sent less than 0.5 s after the previous one, the fastest after 301 ms; send"
    )


def test_pings_half_a_second_apart_are_fine() -> None:
    assert pings(PLAY, ("ping", 10, 10), ("ping", 10.5, 10)) == []


def test_a_ping_right_after_another_event_is_fine() -> None:
    assert pings(PLAY, ("bitrateChange", 9.9, 9.9), ("ping", 10, 10)) == []


def test_a_first_ping_within_a_second_is_found() -> None:
    assert pings(("ping", 0.999, 0), ("ping", 10, 10)) == [("ping.immediate", INFO, (1, 2))]


def test_a_first_ping_after_a_second_of_a_pre_roll_is_fine() -> None:
    assert pings(("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD), ("ping", 1, 0)) == []


def test_a_first_ping_from_before_session_start_is_not_an_immediate_one() -> None:
    assert pings(("sessionStart", 5, 0), ("ping", 4.5, 0)) == []


def test_pings_long_after_the_content_is_complete_are_found() -> None:
    case = case_of(PLAY, ("ping", 10, 10), ("sessionComplete", 15, 15), ("ping", 25, 15), ("ping", 45.1, 15))

    assert fired(RULES, case) == [("ping.during-complete", INFO, (4, 6))]
    assert said(RULES, case).startswith("1 ping was sent more than 30 s after sessionComplete; stop the ping timer")


def test_pings_long_after_the_end_are_found_although_they_are_refused() -> None:
    assert pings(PLAY, ("sessionEnd", 10, 10), ("ping", 20, 10), ("ping", 50, 10), ("ping", 60, 10)) == [
        ("ping.during-complete", INFO, (3, 5, 6))
    ]


def test_a_few_pings_after_the_content_is_complete_are_fine() -> None:
    assert pings(PLAY, ("sessionComplete", 10, 10), ("ping", 20, 10), ("ping", 40, 10)) == []


def test_a_ping_with_params_is_found() -> None:
    case = case_of(PLAY, ("ping", 10, 10, {"media.id": "clip-7"}), ("ping", 20, 20, {"media.id": "clip-7"}))

    assert fired(RULES, case) == [("ping.params", ERROR, (3, 4))]
    assert said(RULES, case).startswith('2 ping events were answered 400: "media.id"')


def test_a_ping_with_params_that_was_accepted_is_a_note() -> None:
    ping = ("ping", 10, 10, {"media.id": "clip-7"})
    case = case_of(PLAY, ping, settings=Settings(schema_profile="open"))

    assert fired(RULES, case) == [("ping.params", INFO, (3,))]
    assert said(RULES, case).startswith('1 ping had params, such as {"media.id": "clip-7"}; send only eventType')


def test_a_ping_with_empty_params_is_fine() -> None:
    assert pings(PLAY, ("ping", 10, 10, {})) == []


def test_pings_that_are_too_fast_all_the_time_are_a_warning() -> None:
    def pings(count: int) -> list[Event]:
        return [("ping", 10 + n / 4, 10 + n / 4) for n in range(count)]

    assert [(code, severity) for code, severity, _ in fired(RULES, case_of(*pings(21)))] == [
        ("ping.too-fast", Severity.WARNING)
    ]
    assert [(code, severity) for code, severity, _ in fired(RULES, case_of(*pings(20)))] == [
        ("ping.too-fast", Severity.INFO)
    ]
