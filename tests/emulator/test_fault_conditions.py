"""Which requests a rule is about, in the terms of the domain."""

from __future__ import annotations

from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import Range, When
from mockserver.model.fault_kind import DelayFault, DuplicateFault, ForgetFault, StatusFault
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Stage
from tests.factories import (
    answer,
    batch,
    emulator,
    event,
    fault,
    open_session,
    post,
    post_event,
    response,
    send,
    start,
)
from tests.tables import every_case

BROKEN = StatusFault(code=500)
NEVER = 10**9
STAGES = list(Stage)


def watch(back_end: Emulator, stage: Stage = Stage.REQUEST, **when: object) -> str:
    """Put a rule in force that counts what it matches and never strikes."""
    return fault(back_end, BROKEN, when=When(**when), stage=stage, every=NEVER).id  # type: ignore[arg-type]


def seen(back_end: Emulator, rule: str) -> int:
    return back_end.faults.get(rule).seen


@every_case("stage", STAGES)
def test_nth_event_counts_by_type_and_session_whatever_happened_to_the_others(stage: Stage) -> None:
    back_end = emulator()
    one, two = open_session(back_end), open_session(back_end)
    send(back_end, one)
    response(back_end, post_event(one, body=b"[]"))
    response(back_end, post_event(one, event("ping", playerTime=None)))
    rule = watch(back_end, stage, event_type="ping", nth_event=3)
    for sid, event_type in ((two, "ping"), (two, "ping"), (one, "play"), (one, "play"), (one, "play")):
        send(back_end, sid, event_type)
    assert seen(back_end, rule) == 0
    send(back_end, one)
    assert seen(back_end, rule) == 1
    send(back_end, one)
    send(back_end, two)
    assert seen(back_end, rule) == 2


def test_start_of_a_session_is_always_its_first_and_another_one_sent_to_it_the_second() -> None:
    back_end = emulator()
    first, second = watch(back_end, nth_event=1), watch(back_end, nth_event=2)
    sid = open_session(back_end)
    open_session(back_end)
    assert (seen(back_end, first), seen(back_end, second)) == (2, 0)
    response(back_end, post_event(sid, start()))
    assert (seen(back_end, first), seen(back_end, second)) == (2, 1)


def test_nth_event_of_an_unknown_session_or_type_or_of_a_batch_is_not_known() -> None:
    back_end = emulator()
    rule = watch(back_end, nth_event=(1, 2))
    sid = open_session(back_end)
    before = seen(back_end, rule)
    send(back_end, "unknown")
    send(back_end, sid, "nonsense")
    response(back_end, post("/api/v1/downloaded", batch("sessionEnd")))
    assert seen(back_end, rule) == before


def test_number_of_an_event_is_that_of_its_arrival_even_if_a_later_one_overtakes_it() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DelayFault(ms=1_000), times=1)
    rule = watch(back_end, Stage.RESPONSE, nth_event=1, event_type="ping")
    held = back_end.handle(post_event(sid, event()))
    assert isinstance(held, HeldRequest)
    assert send(back_end, sid) == 204
    assert seen(back_end, rule) == 0
    back_end.resume(held)
    assert seen(back_end, rule) == 1


@every_case("stage", STAGES)
def test_duplicate_is_a_separate_arrival(stage: Stage) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, DuplicateFault(), times=1, stage=stage)
    send(back_end, sid)
    rule = watch(back_end, nth_event=3)
    send(back_end, sid)
    assert seen(back_end, rule) == 1


def test_events_are_counted_afresh_after_a_reset_of_the_sessions() -> None:
    back_end = emulator()
    rule = watch(back_end, nth_event=1, event_type="ping")
    for expected in (1, 2):
        sid = open_session(back_end)
        send(back_end, sid)
        send(back_end, sid)
        assert seen(back_end, rule) == expected
        back_end.reset(["sessions"])


@every_case("stage", STAGES)
def test_in_break_is_what_the_session_was_before_the_event(stage: Stage) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    inside, outside = watch(back_end, stage, in_break=True), watch(back_end, stage, in_break=False)
    found = []
    for event_type in ("adStart", "adBreakStart", "adStart", "adComplete", "ping", "adBreakComplete", "ping"):
        before = seen(back_end, inside)
        send(back_end, sid, event_type)
        found.append(seen(back_end, inside) - before)
    assert found == [0, 0, 1, 1, 1, 1, 0]
    assert seen(back_end, outside) == 3


def test_request_that_has_no_session_is_neither_in_a_break_nor_outside() -> None:
    back_end = emulator()
    rules = [watch(back_end, in_break=False), watch(back_end, in_ad=False)]
    send(back_end, "unknown")
    response(back_end, post("/nothing"))
    assert [seen(back_end, rule) for rule in rules] == [0, 0]
    open_session(back_end)
    assert [seen(back_end, rule) for rule in rules] == [1, 1], "a session that begins is outside"


def test_forgotten_session_is_not_in_an_ad() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    send(back_end, sid, "adBreakStart")
    send(back_end, sid, "adStart")
    fault(back_end, ForgetFault(), times=1)
    rules = [watch(back_end, in_ad=True), watch(back_end, in_break=True)]
    assert (send(back_end, sid), send(back_end, sid)) == (404, 404)
    assert [seen(back_end, rule) for rule in rules] == [0, 0]


def test_playhead_of_the_event_is_matched_from_at_least_to_just_below() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, when=When(playhead_s=Range(at_least=10, below=20)))
    assert [send(back_end, sid, playhead=at) for at in (9.9, 10, 19.9, 20)] == [204, 500, 500, 204]
    assert response(back_end, post("/api/v1/sessions", start(playhead=15))).status == 500


def test_age_of_a_session_is_measured_by_the_emulated_clock() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, BROKEN, when=When(session_age_s=Range(at_least=30)))
    statuses = []
    for ms in (29_999, 1):
        back_end.clock.advance(ms)
        statuses.append(send(back_end, sid))
    assert statuses == [204, 500]
    assert send(back_end, "unknown") == 404
    open_session(back_end)


@every_case(
    ("when", "statuses"),
    [
        (When(media_id="clip-7"), [500, 204]),
        (When(media_id="clip-*"), [500, 500]),
        (When(player_name=("Demo*", "x")), [500, 204]),
        (When(library_version="android-*"), [204, 500]),
        (When(media_id="clip-7", library_version="android-*"), [204, 204]),
    ],
)
def test_rule_about_content_and_player_hits_their_sessions_and_sessionstarts(when: When, statuses: list[int]) -> None:
    back_end = emulator()
    starts = [
        start(media__id="clip-7", media__playerName="Demo player"),
        start(media__id="clip-8", media__playerName="other", media__libraryVersion="android-media-3.1.0"),
    ]
    sids = []
    for document in starts:
        response(back_end, post("/api/v1/sessions", document))
        sids.append([known.sid for known in back_end.sessions][-1])
    fault(back_end, when=when, what=BROKEN)
    assert [send(back_end, sid) for sid in sids] == statuses
    opened = [response(back_end, post("/api/v1/sessions", document)).status for document in starts]
    assert opened == [201 if status == 204 else 500 for status in statuses]


def test_rule_for_one_namespace_is_listed_in_all_and_fires_only_there() -> None:
    for name, status in (("blue", 500), ("default", 204)):
        back_end = emulator(name=name)
        sid = open_session(back_end)
        fault(back_end, BROKEN, when=When(namespace="blue"))
        assert send(back_end, sid) == status


def test_rule_can_match_a_header_of_the_request() -> None:
    back_end = emulator(Settings(content_type="lenient"))
    sid = open_session(back_end)
    fault(back_end, BROKEN, when=When(header=("User-Agent*=Android", "content-type!=text/plain")))
    asked = [
        post_event(sid, event(), user_agent="x (Android 14)"),
        post_event(sid, event(), user_agent="x (iOS)"),
        post_event(sid, event(), user_agent="x (Android 14)", content_type="text/plain"),
    ]
    assert [response(back_end, request).status for request in asked] == [500, 204, 204]


def test_preflight_is_asked_for_by_its_operation_in_the_new_terms_too() -> None:
    back_end = emulator()
    preflight = HttpRequest("OPTIONS", "/api/v1/sessions", "/api/v1/sessions", ((b"Origin", b"http://a.test"),))
    fault(back_end, BROKEN, when=When(header="Origin*=a.test"))
    fault(back_end, StatusFault(code=503), when=When(header="Origin*=a.test", operation=Operation.PREFLIGHT))
    plan = answer(back_end, preflight)
    assert plan.record.fault_ids == ("f2",)
