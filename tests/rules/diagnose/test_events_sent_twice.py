"""The rule about events that were sent twice, and what other rules make of them."""

from __future__ import annotations

from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Delivery
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import fired, rules_about, said
from tests.playbacks import AD, BREAK, CHAPTER, Event, Playground, case_of

RULES = rules_about("event.doubled")

ERROR, WARNING = Severity.ERROR, Severity.WARNING

VIEWING: tuple[Event, ...] = (
    ("play", 0.1, 0), ("chapterStart", 0.2, 0, CHAPTER), ("ping", 10, 10), ("ping", 20, 20),
    ("chapterComplete", 20.5, 20), ("adBreakStart", 21, 20, BREAK | {"media.ad.podSecond": 20}),
    ("adStart", 21.1, 20, AD), ("ping", 30, 20), ("adComplete", 36.1, 20), ("adBreakComplete", 36.2, 20),
    ("play", 36.3, 20), ("ping", 46, 30), ("ping", 56, 40), ("sessionComplete", 75, 60),
)  # fmt: skip


def doubled(events: tuple[Event, ...], after_s: float, copies: int = 2) -> SessionTraffic:
    """Return a session all of whose events are sent again after some time, with a new ts."""
    return case_of(*((name, at_s + n * after_s, *rest) for name, at_s, *rest in events for n in range(copies)))


def codes(case: SessionTraffic) -> set[str]:
    return {finding.code for finding in diagnose_session(case)}


def test_doubled_traffic_is_one_finding_and_leaves_the_others_as_they_were() -> None:
    for after_s in (0, 0.005, 0.2):
        case = doubled(VIEWING, after_s)

        assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("event.doubled", ERROR)]
        assert said(RULES, case).startswith("14 of 15 events were sent more than once, up to ")
        assert codes(case) - {"event.doubled"} == codes(case_of(*VIEWING))


def test_three_trackers_are_found_too() -> None:
    assert said(RULES, doubled(VIEWING, 0.005, copies=3)).startswith("14 of 15 events were sent more than once")


def test_a_viewing_that_is_reported_once_is_fine() -> None:
    assert fired(RULES, case_of(*VIEWING)) == []


def test_doubled_pings_change_no_figure() -> None:
    case = doubled((("play", 0.1, 0), *(("ping", 10 * n, 10 * n) for n in range(1, 6))), 0.004)

    assert [(code, severity) for code, severity, _ in fired(RULES, case)] == [("event.doubled", WARNING)]


def test_doubled_ad_events_are_named_by_their_types() -> None:
    events: list[Event] = [("play", 0.1, 0)]
    for at_s in (10, 40):
        pod = {"media.ad.podIndex": at_s, "media.ad.podSecond": at_s}
        start, end = ("adStart", at_s, at_s, AD), ("adComplete", at_s + 15, at_s)
        events += [("adBreakStart", at_s, at_s, pod), start, start, end, end, ("adBreakComplete", at_s + 15, at_s)]
        events += [("ping", at_s + 20, at_s + 5)]
    case = case_of(*events)

    assert said(RULES, case) == (
        "Every adStart and adComplete was sent twice (4 repeats); register the handlers of these events once."
    )
    assert codes(case) & {"ad.not-closed", "ad.complete-without-start", "ad.skip-and-complete"} == set()


def test_one_doubled_event_is_not_a_finding() -> None:
    assert fired(RULES, case_of(*VIEWING[:7], VIEWING[6], *VIEWING[7:])) == []


def queue(copies: int, lost: bool = False) -> SessionTraffic:
    """Return a session in which some bodies are sent again at the end."""
    ground = Playground()
    sid = ground.play(*VIEWING)
    journal = ground.emulator.journal
    bodies = [record.body for seq in range(2, 2 + copies) if (record := journal.get(seq)) is not None]
    if lost:
        for seq in range(2, 2 + copies):
            journal.delivered(seq, Delivery.CUT)
    ground.now_ms += 5000
    for body in bodies:
        ground.post(f"/api/v1/sessions/{sid}/events", body)
    return ground.case(sid)


def test_a_queue_that_is_sent_twice_is_found() -> None:
    case = queue(5)

    assert [code for code, *_ in fired(RULES, case)] == ["event.doubled"]
    assert said(RULES, case).startswith("5 of 15 events were sent again with the same body, up to 79.9 s later; remove")
    assert "order.late" not in codes(case)


def test_two_repetitions_are_not_a_queue() -> None:
    assert fired(RULES, queue(2)) == []


def test_events_sent_again_because_the_answer_was_lost_are_fine() -> None:
    assert fired(RULES, queue(5, lost=True)) == []


def test_pings_in_a_storm_are_not_doubled() -> None:
    assert fired(RULES, case_of(("play", 0, 0), *(("ping", 1 + n / 10, 1 + n / 10) for n in range(50)))) == []


def test_a_playhead_larger_than_any_float_is_compared_too() -> None:
    case = case_of(("play", 1, 0), ("ping", 10, 10**400), ("ping", 10, 1.0), ("ping", 10.1, 10**400))

    assert case.deduplicated.steps
