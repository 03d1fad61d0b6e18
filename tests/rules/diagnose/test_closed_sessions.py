"""Events to closed sessions: how a player learns that its session is closed, and when it should have known."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.admin.sessions import expire_session, forget_session
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import CloseFault
from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Stage
from mockserver.namespaces import Target
from tests.factories import target
from tests.firings import fired, rules_about, said
from tests.playbacks import Event, Playground, case_of
from tests.tables import every_case

RULES = rules_about("session.gone", "session.post-after-gone", "session.event-after-end")

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
PLAYED: tuple[Event, ...] = (("play", 1, 0), ("ping", 10, 9), ("ping", 20, 19))
END: Event = ("sessionEnd", 21, 20)


def test_only_the_second_event_after_a_timeout_is_a_mistake_of_the_player() -> None:
    settings = Settings(idle_timeout_s=30)
    gone = (("ping", 60, 59), ("ping", 70, 69), ("ping", 80, 79))

    assert fired(RULES, case_of(*PLAYED, gone[0], settings=settings)) == [("session.gone", INFO, (5,))]
    assert fired(RULES, case_of(*PLAYED, *gone, settings=settings)) == [
        ("session.gone", INFO, (5,)),
        ("session.post-after-gone", ERROR, (6, 7)),
    ]


def test_every_lost_event_is_a_note_where_the_player_is_not_told() -> None:
    settings = Settings(idle_timeout_s=30, after_end=204)

    assert fired(RULES, case_of(*PLAYED, ("ping", 60, 59), ("ping", 70, 69), settings=settings)) == [
        ("session.gone", INFO, (5, 6))
    ]


@every_case("end", [expire_session, forget_session])
def test_the_first_event_after_a_test_ended_the_session_is_not_a_mistake(
    end: Callable[[Target, None, str], object],
) -> None:
    ground = Playground()
    sid = ground.play(*PLAYED)
    end(target(ground.emulator), None, sid)
    body = {"eventType": "ping", "playerTime": {"playhead": 29, "ts": ground.now_ms + 10_000}}

    ground.post(f"/api/v1/sessions/{sid}/events", body)
    assert fired(RULES, ground.case(sid)) == []
    ground.post(f"/api/v1/sessions/{sid}/events", body)
    assert fired(RULES, ground.case(sid)) == [("session.post-after-gone", ERROR, (6,))]


def test_an_event_after_session_end_is_lost() -> None:
    assert fired(RULES, case_of(*PLAYED, END, ("ping", 31, 20))) == [("session.event-after-end", ERROR, (6,))]
    assert fired(RULES, case_of(*PLAYED, END, ("ping", 31, 20), ("ping", 41, 20))) == [
        ("session.event-after-end", ERROR, (6, 7))
    ]
    assert fired(RULES, case_of(*PLAYED, END, ("ping", 20.5, 20))) == [], "sorted in before it"


def test_an_event_long_after_session_end_has_a_forgotten_id() -> None:
    settings = Settings(retention_s=60)

    assert fired(RULES, case_of(*PLAYED, END, ("ping", 100, 20), settings=settings)) == [
        ("session.event-after-end", ERROR, (6,))
    ]


def test_a_second_session_end_is_a_warning() -> None:
    case = case_of(*PLAYED, END, ("sessionEnd", 31, 20))

    assert fired(RULES, case) == [("session.event-after-end", WARNING, (6,))]
    assert said(RULES, case) == "sessionEnd was sent twice; send it once."


def test_a_session_end_repeated_because_its_answer_was_lost_is_fine() -> None:
    ground = Playground()
    lost = FaultSpec(fault=CloseFault(), when=When(event_type="sessionEnd"), stage=Stage.RESPONSE, times=1)
    ground.emulator.faults.add(lost, ground.now_ms)
    sid = ground.play(*PLAYED, END, END)

    assert fired(RULES, ground.case(sid)) == [("session.event-after-end", INFO, (6,))]


def test_all_events_after_the_end_are_counted() -> None:
    end = ("sessionEnd", 31, 30)
    late = [("ping", 40 + 10 * n, 30) for n in range(3)]

    assert said(RULES, case_of(*PLAYED, end, *late)).startswith("3 events, the first of them ping, were sent after")
    assert said(RULES, case_of(*PLAYED, end, late[0])).startswith("ping was sent after sessionEnd and lost")
