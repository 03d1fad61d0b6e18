"""What happens to the requests of a healthy player on their way is not a mistake of the player."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, NamedTuple

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.sessions import expire_session
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import DelayFault, Fault, HangFault, StatusFault
from mockserver.model.finding import Finding, Severity
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Stage
from mockserver.namespaces import Namespace
from tests.event_files import event_lines, simulated_beats
from tests.factories import target
from tests.firings import start_body
from tests.playbacks import AD, CHAPTER, START_MS, Playground
from tests.tables import every_case

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
Findings = Sequence[Finding]

BREAK = {"media.ad.podIndex": 1, "media.ad.podSecond": 15}


class Sent(NamedTuple):
    """A request of one session: when it arrives, its body, and what strikes it after it was processed."""

    at_ms: int
    body: dict[str, Any]
    struck: Fault | None = None


def event(event_type: str, ts_s: float, playhead_s: float, **params: Any) -> dict[str, Any]:
    time = {"playhead": playhead_s, "ts": START_MS + round(ts_s * 1000)}
    return {"eventType": event_type, "playerTime": time, **({"params": params} if params else {})}


def received(sent: Iterable[Sent], settings: Settings | None = None) -> Playground:
    """Return a back end that received these requests, a sessionStart first, in the order in which they arrive."""
    ground = Playground(settings)
    sid = ""
    for at_ms, body, struck in sorted(sent, key=lambda each: each.at_ms):
        ground.now_ms = START_MS + at_ms
        if struck is not None:
            ground.emulator.faults.add(FaultSpec(fault=struck, stage=Stage.RESPONSE, times=1), ground.now_ms)
        path = f"/api/v1/sessions/{sid}/events" if sid else "/api/v1/sessions"
        plan = ground.post(path, body)
        sid = sid or plan.record.session_id or ""
    return ground


def findings(ground: Playground) -> Findings:
    return Diagnosis(Namespace(ground.emulator)).findings()


def accusations(found: Findings) -> list[str]:
    return [f"{one.code}: {one.message}" for one in found if one.severity is not INFO]


def notes(found: Findings, code: str) -> list[tuple[int, ...]]:
    return [one.seqs for one in found if one.code == code and one.severity is INFO]


def arriving(*events: tuple[float, dict[str, Any]]) -> list[Sent]:
    return [Sent(0, start_body()), *(Sent(round(at_s * 1000), body) for at_s, body in events)]


PLAYED = (
    (0.1, event("play", 0.1, 0)), (10, event("ping", 10, 10)),
)  # fmt: skip
AFTERWARDS = (
    (25, event("ping", 25, 15)), (30.1, event("adComplete", 30, 15)), (30.11, event("adBreakComplete", 30.001, 15)),
    (30.12, event("play", 30.002, 15)), (40, event("ping", 40, 25)), (45, event("sessionEnd", 45, 30)),
)  # fmt: skip


def test_one_ts_in_two_windows_is_not_an_ad_outside_its_break() -> None:
    inverted = ((14.999, event("adStart", 14.99, 15, **AD)), (15.001, event("adBreakStart", 14.99, 15, **BREAK)))
    found = findings(received(arriving(*PLAYED, *inverted, *AFTERWARDS)))

    assert accusations(found) == []
    assert notes(found, "order.parallel") == [(4, 5)]
    assert {one.follows_from for one in found if one.code == "ad.outside-break"} == {"order.parallel"}
    (message,) = (one.message for one in found if one.code == "order.parallel")
    assert message.startswith("adBreakStart and adStart have the same ts, and were processed in the order in which")


def test_an_event_a_moment_too_late_for_its_window_is_not_an_ad_outside_its_break() -> None:
    overtaken = ((14.99, event("adStart", 14.985, 15, **AD)), (15.002, event("adBreakStart", 14.984, 15, **BREAK)))
    found = findings(received(arriving(*PLAYED, *overtaken, *AFTERWARDS)))

    assert accusations(found) == []
    assert notes(found, "order.parallel") == [(5,)]
    (message,) = (one.message for one in found if one.code == "order.parallel")
    assert message.startswith("1 event arrived just too late to be sorted by ts, adBreakStart by 0.001 s")


def test_one_ts_in_one_window_is_sorted_by_meaning() -> None:
    inverted = ((14.5, event("adStart", 14.4, 15, **AD)), (14.6, event("adBreakStart", 14.4, 15, **BREAK)))

    assert notes(findings(received(arriving(*PLAYED, *inverted, *AFTERWARDS))), "order.parallel") == []


def test_an_ad_without_a_break_stays_an_error_beside_events_that_overlap() -> None:
    overlapping = ((14.99, event("bitrateChange", 14.98, 15)), (15.01, event("ping", 14.97, 15)))
    found = findings(received(arriving(*PLAYED, *overlapping, (20, event("adStart", 20, 20, **AD)))))

    assert notes(found, "order.parallel") == [(5,)]
    assert [one.follows_from for one in found if one.code == "ad.outside-break"] == [None]


# A simulated session through networks


def bodies(seed: int) -> list[dict[str, Any]]:
    return event_lines(simulated_beats(seed=seed), START_MS)


def at_ms(body: dict[str, Any]) -> int:
    ts_ms: int = body["playerTime"]["ts"]
    return ts_ms - START_MS


def through_parallel_requests(seed: int) -> list[Sent]:
    random = Random(seed)
    start, *events = bodies(seed)
    return [Sent(0, start), *(Sent(at_ms(body) + random.randrange(5, 400), body) for body in events)]


def through_a_player_that_looks_at_its_queue_twice_a_second(seed: int) -> list[Sent]:
    random = Random(seed)
    start, *waiting = bodies(seed)
    sent, tick = [Sent(0, start)], random.randrange(500)
    while waiting:
        tick += 500
        due = [body for body in waiting[:3] if at_ms(body) <= tick]
        sent += [Sent(tick + random.randrange(40), body) for body in due]
        waiting = waiting[len(due) :]
    return sent


def through_a_slow_session_start(seed: int) -> list[Sent]:
    random = Random(seed)
    start, *events = bodies(seed)
    return [Sent(0, start), *(Sent(max(at_ms(body), 4_000) + random.randrange(30), body) for body in events)]


def while_the_clock_of_the_server_stands_still(seed: int) -> list[Sent]:
    random = Random(seed)
    start, *events = bodies(seed)
    as_they_come = sorted(events, key=lambda body: at_ms(body) + random.randrange(5, 400))
    return [Sent(0, body) for body in (start, *as_they_come)]


def through_answers_that_are_lost(seed: int) -> list[Sent]:
    random = Random(seed)
    start, *events = bodies(seed)
    sent, free_ms = [Sent(0, start)], 0
    for body in events:
        now_ms = max(at_ms(body), free_ms) + 20
        if random.random() < 0.2:
            sent.append(Sent(now_ms, body, random.choice((HangFault(), StatusFault(code=503)))))
            now_ms += 5_000
        sent.append(Sent(now_ms, body))
        free_ms = now_ms + 10
    return sent


@every_case(
    "way",
    [
        through_parallel_requests,
        through_a_player_that_looks_at_its_queue_twice_a_second,
        through_a_slow_session_start,
        while_the_clock_of_the_server_stands_still,
        through_answers_that_are_lost,
    ],
)
def test_no_network_makes_a_healthy_session_a_bad_one(way: Callable[[int], list[Sent]]) -> None:
    assert [accusations(findings(received(way(seed)))) for seed in (1, 2, 3)] == [[], [], []]


def test_a_burst_of_which_one_request_took_seconds_is_not_a_ts_that_stands_still() -> None:
    closing = event("adComplete", 30, 15), event("adBreakComplete", 30, 15), event("play", 30, 15)
    sent = arriving(
        *PLAYED, (15, event("adBreakStart", 15, 15, **BREAK)), (15.1, event("adStart", 15, 15, **AD)),
        (30.1, closing[0]), (30.2, closing[1]), (36, closing[2]), (40, event("ping", 40, 25)),
    )  # fmt: skip

    assert [one.code for one in findings(received(sent)) if one.code == "ts.stands-still"] == []


def test_an_event_that_failed_and_is_sent_again_late_is_a_note() -> None:
    ground = Playground()
    sid = ground.play(("play", 0.1, 0), ("ping", 10, 10))
    path = f"/api/v1/sessions/{sid}/events"
    ground.emulator.faults.add(FaultSpec(fault=StatusFault(code=503), times=1), ground.now_ms)
    ground.post(path, event("adBreakStart", 15, 15, **BREAK))
    for at_s, body in (
        (15.1, event("adStart", 15.1, 15, **AD)), (21, event("ping", 21, 15)), (27, event("ping", 27, 15)),
        (27.1, event("adBreakStart", 15, 15, **BREAK)), *AFTERWARDS[1:],
    ):  # fmt: skip
        ground.now_ms = START_MS + round(at_s * 1000)
        ground.post(path, body)
    found = findings(ground)

    assert accusations(found) == []
    assert notes(found, "order.late") == [(8,)]


def test_an_event_that_session_end_overtook_by_far_was_not_sent_after_it() -> None:
    sent = arriving(*PLAYED, (12, event("sessionEnd", 12, 12)), (18, event("bitrateChange", 11, 11)))
    (found,) = (one for one in findings(received(sent)) if one.code == "session.event-after-end")

    assert (found.severity, found.seqs) == (WARNING, (5,))
    assert found.message.startswith("bitrateChange was overtaken by sessionEnd, and came too late to be sorted in;")


def test_an_event_sent_after_session_end_with_its_ts_is_an_error() -> None:
    sent = arriving(*PLAYED, (12, event("sessionEnd", 12, 12)), (22, event("pauseStart", 12, 12)))

    assert [one.severity for one in findings(received(sent)) if one.code == "session.event-after-end"] == [ERROR]


def test_what_is_missing_because_session_end_overtook_it_follows_from_that() -> None:
    sent = arriving(*PLAYED, (60, event("sessionEnd", 60.01, 60)), (66, event("sessionComplete", 60, 60)))
    found = [one for one in findings(received(sent)) if one.code in ("session.event-after-end", "session.end-at-end")]

    assert {one.code: (one.severity, one.follows_from) for one in found} == {
        "session.event-after-end": (WARNING, None),
        "session.end-at-end": (WARNING, "session.event-after-end"),
    }


# Answers that are lost


@every_case("fault", [HangFault(), StatusFault(code=500)])
def test_events_sent_again_after_their_answer_was_lost_are_noted_once(fault: Fault) -> None:
    opening = event("adBreakStart", 15, 15, **BREAK), event("adStart", 15.001, 15, **AD)
    twice = [each for n, body in enumerate(opening) for each in ((15 + 2 * n, body, fault), (16 + 2 * n, body, None))]
    sent = [Sent(round(at_s * 1000), body, struck) for at_s, body, struck in twice]
    found = findings(received([*arriving(*PLAYED, *AFTERWARDS), *sent]))

    assert accusations(found) == []
    assert notes(found, "http.retry") == [(4, 5, 6, 7)]


def test_an_ad_started_twice_though_the_answer_came_is_an_error() -> None:
    opening = event("adBreakStart", 15, 15, **BREAK), event("adStart", 15.001, 15, **AD)
    twice = [(15.0, opening[0]), (15.1, opening[1]), (15.2, opening[1])]
    found = findings(received(arriving(*PLAYED, *twice, *AFTERWARDS)))

    assert notes(found, "http.retry") == []
    assert [one.severity for one in found if one.code == "ad.duplicate-start"] == [ERROR]


def test_a_session_start_repeated_after_its_answer_was_lost_says_so() -> None:
    ground = Playground()
    ground.emulator.faults.add(FaultSpec(fault=HangFault(), stage=Stage.RESPONSE, times=1), ground.now_ms)
    for _ in range(2):
        ground.post("/api/v1/sessions", start_body())
    (found,) = (one for one in findings(ground) if one.code == "session.duplicate-start")

    assert found.severity is WARNING
    assert found.message.startswith(
        "sessionStart was sent again after an answer that was lost or unusable, and left an orphan;"
    )


def test_an_answer_that_a_fault_only_delays_is_no_reason_to_send_an_event_again() -> None:
    ground = Playground()
    sid = ground.play(("play", 0.1, 0), ("ping", 10, 10), ("adBreakStart", 15, 15, BREAK))
    ground.emulator.faults.add(FaultSpec(fault=DelayFault(ms=20), stage=Stage.RESPONSE), ground.now_ms)
    for _ in range(2):
        plan = ground.post(f"/api/v1/sessions/{sid}/events", event("adStart", 15.001, 15, **AD))
        ground.emulator.delivered(plan, Delivery.SENT)
    found = findings(ground)

    assert notes(found, "http.retry") == []
    assert [one.severity for one in found if one.code == "ad.duplicate-start"] == [ERROR]


# Events that are lost


@every_case("fault", [StatusFault(code=500), StatusFault(code=429), HangFault()])
def test_what_is_missing_because_events_were_lost_follows_from_the_loss(fault: Fault) -> None:
    ground = Playground()
    for event_type in ("adBreakStart", "chapterStart", "sessionEnd"):
        rule = FaultSpec(fault=fault, when=When(event_type=event_type), times=1)
        ground.emulator.faults.add(rule, ground.now_ms)
    ground.play(
        ("play", 0.1, 0), ("chapterStart", 0.2, 0, CHAPTER), ("ping", 10, 10), ("adBreakStart", 15, 15, BREAK),
        ("adStart", 15.1, 15, AD), ("ping", 25, 15), ("adComplete", 30, 15), ("adBreakComplete", 30.1, 15),
        ("play", 30.2, 15), ("chapterComplete", 35, 20), ("ping", 40, 25), ("sessionEnd", 45, 30),
    )  # fmt: skip
    ground.now_ms += 700_000
    found = findings(ground)

    assert accusations(found) == []
    assert notes(found, "http.lost") == [(3, 5, 13)]
    assert {one.follows_from for one in found if one.code in ("ad.outside-break", "chapter.close-without-start")} == {
        "http.lost"
    }


def test_a_session_without_an_end_stays_a_warning_when_its_last_event_was_lost_or_late() -> None:
    lost, late = Playground(), Playground()
    lost.emulator.faults.add(FaultSpec(fault=StatusFault(code=500), skip=3), lost.now_ms)
    lost.play(("play", 0.1, 0), ("ping", 10, 10), ("ping", 20, 20))
    late.play(("play", 0.1, 0), ("ping", 20, 20), ("ping", 10, 10))
    for ground in (lost, late):
        ground.now_ms = START_MS + 720_000

        (found,) = (one for one in findings(ground) if one.code == "session.no-close")
        assert (found.severity, found.follows_from) == (WARNING, None)


@every_case(("ts_s", "is_lost"), [(ts_s, lost) for ts_s in (10**400, -(10**400), 10**30) for lost in (False, True)])
def test_a_ts_beyond_all_clocks_is_judged_like_any_other(ts_s: int, is_lost: bool) -> None:
    ground = Playground()
    sid = ground.play(("play", 0.1, 0), ("ping", 10, 10))
    ground.emulator.faults.add(FaultSpec(fault=StatusFault(code=500), times=int(is_lost)), ground.now_ms)
    for one in (event("ping", ts_s, 10), event("ping", 20, 20), event("ping", 30, 30), event("adComplete", 31, 31)):
        ground.post(f"/api/v1/sessions/{sid}/events", one)

    assert "ad.outside-break" in {one.code for one in findings(ground)}


@every_case(
    "body",
    [
        event("ping", 10**400, 10),
        {**event("statesUpdate", 10, 10), "params": {"statesStart": 5}},
    ],
)
def test_a_malformed_event_that_was_lost_does_not_disturb_the_rules(body: dict[str, Any]) -> None:
    ground = Playground()
    sid = ground.play(("play", 0.1, 0))
    ground.emulator.faults.add(FaultSpec(fault=StatusFault(code=500), times=1), ground.now_ms)
    for one in (body, event("ping", 20, 20), event("adComplete", 21, 21)):
        ground.post(f"/api/v1/sessions/{sid}/events", one)

    assert [one.code for one in findings(ground) if one.severity is ERROR] == ["ad.outside-break"]


def test_a_break_that_was_never_opened_stays_an_error_beside_events_that_were_lost() -> None:
    ground = Playground()
    ground.emulator.faults.add(
        FaultSpec(fault=StatusFault(code=500), when=When(event_type="bitrateChange")), ground.now_ms
    )
    ground.play(("play", 0.1, 0), ("bitrateChange", 5, 5), ("ping", 10, 10), ("adStart", 15, 15, AD))

    assert [one.follows_from for one in findings(ground) if one.code == "ad.outside-break"] == [None]


def test_a_player_that_sent_its_events_through_an_outage_was_not_silent() -> None:
    ground = Playground()
    rule = FaultSpec(fault=StatusFault(code=503), when=When(event_type="ping"), skip=1, times=65)
    ground.emulator.faults.add(rule, ground.now_ms)
    sid = ground.play(("play", 0.1, 0), *(("ping", 10 * n, 10 * n) for n in range(1, 68)))

    assert ground.case(sid).was_cut_short
    assert accusations(findings(ground)) == []


@every_case("stage", [Stage.REQUEST, Stage.RESPONSE])
def test_a_player_that_a_fault_told_that_its_session_is_gone_need_not_end_it(stage: Stage) -> None:
    ground = Playground()
    rule = FaultSpec(fault=StatusFault(code=410), when=When(event_type="ping"), stage=stage, skip=1, times=1)
    ground.emulator.faults.add(rule, ground.now_ms)
    ground.play(("play", 0.1, 0), ("chapterStart", 0.2, 0, CHAPTER), ("ping", 10, 10), ("ping", 20, 20))
    ground.play(("sessionStart", 20.1, 20), ("play", 20.2, 20), ("ping", 30, 30), ("sessionEnd", 31, 31))
    ground.now_ms += 700_000

    assert accusations(findings(ground)) == []


# Sessions that a test ends


def going_on(settings: Settings, *, by_hand: bool = False) -> Playground:
    """Return a player in a chapter that finds its session ended, by a limit or by hand, and opens another one."""
    ground = Playground(settings)
    sid = ground.play(("play", 1, 0), ("chapterStart", 2, 1, CHAPTER), ("ping", 10, 9), ("ping", 19, 18))
    if by_hand:
        expire_session(target(ground.emulator), None, sid)
    ground.now_ms = START_MS + 30_000
    ground.post(f"/api/v1/sessions/{sid}/events", event("ping", 30, 29))
    ground.play(
        ("sessionStart", 30.1, 29, {"media.resume": True}), ("play", 30.2, 29), ("ping", 35, 34), ("sessionEnd", 36, 35)
    )
    return ground


@every_case(
    ("settings", "by_hand"),
    [
        (Settings(idle_timeout_s=10), False),
        (Settings(stall_timeout_s=10), False),
        (Settings(max_age_s=25), False),
        (Settings(), True),
    ],
)
def test_a_player_that_goes_on_in_another_session_is_not_to_blame_for_the_end(
    settings: Settings, by_hand: bool
) -> None:
    assert accusations(findings(going_on(settings, by_hand=by_hand))) == []


def test_a_note_says_how_long_a_short_limit_let_the_session_live() -> None:
    messages = [one.message for one in findings(going_on(Settings(max_age_s=25)))]

    assert "A setting of this server closed the session at an age of 25 s; no change is needed." in messages
    assert any(message.startswith("ping was sent after an age of 25 s had closed the session") for message in messages)


def test_a_clock_that_the_test_moves_on_does_not_make_the_player_silent() -> None:
    ground = Playground()
    sid = ground.play(("play", 1, 0), ("ping", 10, 9))
    ground.now_ms += 660_000
    ground.post(f"/api/v1/sessions/{sid}/events", event("ping", 20, 19))

    assert accusations(findings(ground)) == []
    assert notes(findings(ground), "session.no-close") == [(3,)]


def test_a_player_whose_session_was_gone_had_to_open_another_one() -> None:
    ground = Playground()
    sid = ground.play(("play", 1, 0), ("ping", 10, 9), ("ping", 19, 18))
    expire_session(target(ground.emulator), None, sid)
    ground.now_ms = START_MS + 29_000
    ground.post(f"/api/v1/sessions/{sid}/events", event("ping", 29, 28))
    ground.play(("sessionStart", 29.1, 28), ("play", 29.2, 28), ("ping", 39, 38), ("sessionEnd", 40, 39))

    assert accusations(findings(ground)) == []


def test_a_viewer_who_leaves_before_the_content_may_be_the_reason_that_there_is_no_play() -> None:
    (left,) = (one for one in findings(received(arriving((2, event("sessionEnd", 2, 0))))) if one.severity is WARNING)
    watched = arriving((10, event("ping", 10, 10)), (12, event("sessionEnd", 12, 12)))
    said = [one.message for one in findings(received(watched)) if one.code == "session.no-play"]

    assert left.code == "session.no-play"
    assert "either the viewer left before it began, or play was not sent" in left.message
    assert said == ["The session ended without a play on main content; send play when content starts."]


def test_a_session_that_nobody_goes_on_with_has_no_close() -> None:
    ground = Playground(Settings(idle_timeout_s=5))
    ground.play(("play", 1, 0), ("ping", 4, 3))
    ground.now_ms += 60_000

    assert [one.severity for one in findings(ground) if one.code == "session.no-close"] == [WARNING]


def test_events_in_flight_when_the_session_was_gone_were_not_sent_after_its_answer() -> None:
    ground = Playground()
    sid = ground.play(("play", 1, 0), ("ping", 10, 9))
    expire_session(target(ground.emulator), None, sid)
    for body in (event("chapterComplete", 20, 19), event("chapterStart", 20, 19, **CHAPTER)):
        ground.post(f"/api/v1/sessions/{sid}/events", body)
    assert accusations(findings(ground)) == []

    ground.post(f"/api/v1/sessions/{sid}/events", event("ping", 30, 29))
    assert [one.seqs for one in findings(ground) if one.code == "session.post-after-gone"] == [(6,)]


def test_where_ts_stands_still_it_does_not_say_what_was_in_flight() -> None:
    ground = Playground()
    sid = ground.play(("play", 0, 0), ("ping", 0, 0))
    expire_session(target(ground.emulator), None, sid)
    for event_type in ("ping", "pauseStart"):
        ground.post(f"/api/v1/sessions/{sid}/events", event(event_type, 0, 0))

    assert [one.seqs for one in findings(ground) if one.code == "session.post-after-gone"] == [(5,)]


def test_events_posted_one_after_the_other_to_a_session_that_was_gone_are_an_error() -> None:
    ground = Playground()
    sid = ground.play(("play", 1, 0), ("ping", 10, 9))
    expire_session(target(ground.emulator), None, sid)
    for ms, event_type in enumerate(("ping", "ping", "pauseStart")):
        ground.post(f"/api/v1/sessions/{sid}/events", event(event_type, 20 + ms / 250, 19))

    assert [one.seqs for one in findings(ground) if one.code == "session.post-after-gone"] == [(5, 6)]


# Clocks that are set


def with_a_clock_set(seed: int, by_ms: int) -> list[Sent]:
    """Return a simulated session in the middle of which the clock of the device is set."""
    sent = [Sent(at_ms(body) + 20, body) for body in bodies(seed)]
    for each in sent[len(sent) // 2 :]:
        each.body["playerTime"]["ts"] += by_ms
    return sent


@every_case("by_ms", [-2_137, -8_137, 4_000])
def test_a_clock_set_by_seconds_is_noted_and_explains_the_rest(by_ms: int) -> None:
    for seed in (1, 2):
        found = findings(received(with_a_clock_set(seed, by_ms)))

        assert accusations(found) == []
        assert len(notes(found, "ts.clock-set")) == 1


@every_case("by_ms", [-90_000, 90_000])
def test_whatever_is_wrong_because_the_clock_was_set_follows_from_that(by_ms: int) -> None:
    for seed in (1, 2):
        found = [one for one in findings(received(with_a_clock_set(seed, by_ms))) if one.severity is not INFO]

        assert {one.code for one in found if one.follows_from is None} == {"ts.clock-set"}
        assert {one.follows_from for one in found} <= {None, "ts.clock-set"}


def test_a_clock_set_back_in_a_break_does_not_tear_the_break_apart() -> None:
    opening = (15, event("adBreakStart", 15, 15, **BREAK)), (15.001, event("adStart", 15.001, 15, **AD))
    back = [
        (at_s, {**body, "playerTime": {**body["playerTime"], "ts": body["playerTime"]["ts"] - 90_000}})
        for at_s, body in AFTERWARDS
    ]
    found = [one for one in findings(received(arriving(*PLAYED, *opening, *back))) if one.severity is not INFO]

    assert {one.code for one in found if one.follows_from is None} == {"ts.clock-set"}


def test_a_clock_set_forward_shortly_before_the_end_is_no_silence() -> None:
    sent = arriving(
        *PLAYED, (20, event("ping", 20, 20)), (30, event("ping", 130, 30)), (31, event("sessionEnd", 131, 31))
    )
    found = findings(received(sent))

    assert [one.code for one in found if one.severity is not INFO] == ["ts.clock-set"]


def test_a_session_that_waited_in_a_queue_may_have_a_clock_that_is_right() -> None:
    late = [Sent(1_000_000 + 20 * n, body) for n, body in enumerate(bodies(1))]
    (found,) = (one for one in findings(received(late)) if one.severity is not INFO)

    assert found.code == "ts.skew"
    assert found.message.endswith("at the moment of the event, unless all events waited in a queue.")
