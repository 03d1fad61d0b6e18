"""Rules about the life of one session: each fires on its trigger and lets a near miss pass."""

from __future__ import annotations

from mockserver.model.fault_kind import CloseFault, DelayFault, DropHeaderFault, Fault, StatusFault
from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.factories import fault
from tests.firings import rules_about, start_body
from tests.playbacks import Event, Playground, case_of
from tests.tables import every_case

RULES = rules_about(
    "session.no-play",
    "session.no-close",
    "session.playhead-idle",
    "session.max-age",
    "session.event-after-complete",
    "session.second-viewing",
    "session.end-at-end",
    "session.complete-early",
    "session.complete-missing",
    "session.resume-false-positive",
)

PLAYED: tuple[Event, ...] = (("play", 1, 0), ("ping", 10, 9), ("ping", 20, 19))
LIVE = {"media.contentType": "live", "media.length": 86400}


def fired(case: SessionTraffic) -> dict[str, tuple[Severity, tuple[int, ...]]]:
    found = {}
    for rule in RULES:
        for hit in rule.in_session(case):
            assert hit.message.endswith(".")
            assert "\n" not in hit.message
            found[rule.code] = (hit.severity or rule.severity, hit.seqs)
    return found


def test_a_session_without_play_is_a_drop_before_start() -> None:
    assert fired(case_of(("ping", 10, 0), ("sessionEnd", 12, 0)))["session.no-play"] == (Severity.WARNING, (3,))


@every_case("events", [(("ping", 10, 0),), (*PLAYED, ("sessionEnd", 21, 20))])
def test_an_open_session_and_one_with_a_play_are_not_drops(events: tuple[Event, ...]) -> None:
    assert "session.no-play" not in fired(case_of(*events))


def test_a_session_that_ends_in_silence_has_no_close() -> None:
    assert fired(case_of(*PLAYED, after_s=700))["session.no-close"] == (Severity.WARNING, (4,))


def test_a_session_that_completed_before_the_silence_has_a_close() -> None:
    assert "session.no-close" not in fired(case_of(*PLAYED, ("sessionComplete", 61, 60), after_s=700))


def start_alone(what: Fault | None, delivery: Delivery) -> dict[str, tuple[Severity, tuple[int, ...]]]:
    """Return what is found when nothing follows a sessionStart."""
    ground = Playground()
    if what is not None:
        fault(ground.emulator, what, stage=Stage.RESPONSE, times=1)
    plan = ground.post("/api/v1/sessions", start_body())
    ground.emulator.delivered(plan, delivery)
    ground.now_ms += 700_000
    return fired(ground.case(plan.record.session_id or ""))


@every_case(
    ("what", "delivery"),
    [
        (CloseFault(), Delivery.CUT),
        (StatusFault(code=500), Delivery.SENT),
        (DropHeaderFault(name="Location"), Delivery.SENT),
        (None, Delivery.CLIENT_GONE),
    ],
    ids=["no answer", "another status", "no Location", "client gone"],
)
def test_a_player_can_report_nothing_to_a_session_whose_id_it_never_learned(
    what: Fault | None, delivery: Delivery
) -> None:
    assert start_alone(what, delivery) == {}


@every_case("what", [None, DelayFault(ms=0)], ids=["no fault", "delay"])
def test_a_player_that_learned_the_id_has_to_play_and_to_close(what: Fault | None) -> None:
    assert set(start_alone(what, Delivery.SENT)) == {"session.no-play", "session.no-close"}


def test_a_playhead_that_stands_still_for_half_an_hour_closes_the_session() -> None:
    pings = [("ping", at_s, 0) for at_s in range(10, 1830, 10)]

    assert fired(case_of(("play", 1, 0), *pings[:182]))["session.playhead-idle"][0] is Severity.ERROR


def test_a_playhead_that_moved_in_between_does_not_close_the_session() -> None:
    pings = [("ping", at_s, at_s // 900) for at_s in range(10, 1830, 10)]

    assert "session.playhead-idle" not in fired(case_of(("play", 1, 0), *pings))


def test_a_session_older_than_a_day_is_too_old() -> None:
    settings = Settings(max_age_s=30)

    assert fired(case_of(*PLAYED, settings=settings, after_s=20))["session.max-age"] == (Severity.ERROR, (4,))
    assert "session.max-age" not in fired(case_of(*PLAYED, settings=settings, after_s=5))


def test_an_event_comes_after_the_content_is_complete() -> None:
    complete: Event = ("sessionComplete", 61, 60)

    found = fired(case_of(*PLAYED, complete, ("play", 62, 0)))
    assert found["session.event-after-complete"] == (Severity.WARNING, (5, 6))
    assert "session.event-after-complete" not in fired(
        case_of(*PLAYED, complete, ("ping", 62, 60), ("sessionEnd", 63, 60))
    )


def test_a_session_ends_at_the_end_without_being_complete() -> None:
    assert fired(case_of(*PLAYED, ("sessionEnd", 59, 57)))["session.end-at-end"] == (Severity.ERROR, (5,))


@every_case("start", [{}, LIVE])
def test_a_session_that_is_left_early_or_is_live_ends_with_session_end(start: dict[str, object]) -> None:
    at_s = 57 if start else 56

    assert "session.end-at-end" not in fired(case_of(*PLAYED, ("sessionEnd", 59, at_s), start=start))


def test_content_is_complete_too_early() -> None:
    assert fired(case_of(*PLAYED, ("sessionComplete", 30, 29)))["session.complete-early"] == (Severity.WARNING, (5,))
    assert "session.complete-early" not in fired(case_of(*PLAYED, ("sessionComplete", 56, 54)))
    assert "session.complete-early" not in fired(case_of(*PLAYED, ("sessionComplete", 30, 29), start=LIVE))


def test_content_reaches_its_end_and_nothing_follows() -> None:
    assert fired(case_of(*PLAYED, ("ping", 60, 59), after_s=700))["session.complete-missing"] == (
        Severity.WARNING,
        (5,),
    )
    assert "session.complete-missing" not in fired(case_of(*PLAYED, after_s=700))


def test_a_resume_at_the_beginning_is_found() -> None:
    resumed = {"media.resume": True}

    assert fired(case_of(*PLAYED, start=resumed))["session.resume-false-positive"] == (Severity.INFO, (1,))
    assert "session.resume-false-positive" not in fired(case_of(("play", 1, 120), ("ping", 11, 130), start=resumed))


def test_a_first_play_within_the_first_second_begins_at_the_start() -> None:
    resumed = {"media.resume": True}

    assert "session.resume-false-positive" in fired(case_of(("play", 1, 0.04), ("ping", 11, 10), start=resumed))
    assert "session.resume-false-positive" not in fired(case_of(("play", 1, 1), ("ping", 11, 11), start=resumed))


def messages(case: SessionTraffic) -> dict[str, str]:
    return {rule.code: hit.message for rule in RULES for hit in rule.in_session(case)}


def test_silence_while_playing_is_explained() -> None:
    playing = messages(case_of(*PLAYED, after_s=700))["session.no-close"]
    paused = messages(case_of(*PLAYED, ("pauseStart", 21, 20), after_s=700))["session.no-close"]

    assert playing.startswith(
        "Nothing was sent after ping at 19 s of 60 s, while the player was playing: either the viewer left, or the "
        "player kept playing without reporting; send"
    )
    assert paused.startswith("The session timed out; send")


def test_a_countdown_is_not_taken_for_content_that_completes_early() -> None:
    events = [("play", 0, 60), *(("ping", 10 * n, 60 - 10 * n) for n in range(1, 6)), ("sessionComplete", 60, 0)]

    assert "session.complete-early" not in fired(case_of(*events))


def test_the_playground_builds_the_case_of_a_session() -> None:
    ground = Playground()
    sid = ground.play(*PLAYED)

    assert [step.event_type for step in ground.case(sid).steps] == ["sessionStart", "play", "ping", "ping"]
