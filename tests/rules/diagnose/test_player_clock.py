"""Rules about the player's clock."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.finding import Severity, Thresholds
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery
from mockserver.rules.diagnose import http, movement, order, pings
from mockserver.rules.diagnose.run import diagnose_session
from mockserver.rules.diagnose.session_traffic import SessionTraffic
from tests.firings import Firing, fired, rules_about, said, start_body
from tests.playbacks import AD, BREAK, START_MS, Playground, case_of
from tests.tables import every_case

RULES = rules_about("ts.skew", "ts.stands-still", "ts.clock-set")

ERROR = Severity.ERROR
MISLED = (
    *order.RULES,
    *pings.RULES,
    *movement.RULES,
    *http.RULES,
    *rules_about("ts.seconds", "ts.not-integer", "ts.equal"),
)
"""Rules that would give wrong advice."""

Arrival = tuple[float, float, str, float]
"""Second of arrival, second of ts, event type and playhead."""


def arriving(*events: Arrival, lost: bool = False) -> SessionTraffic:
    """Return a session whose events arrive at other times than their ts says; the sessionStart at 0 by both clocks.

    Answers can be ``lost``.
    """
    ground = Playground()
    sid = ground.post("/api/v1/sessions", start_body()).record.session_id or ""
    for at_s, ts_s, event_type, playhead_s in events:
        ground.now_ms = START_MS + round(at_s * 1000)
        time = {"playhead": playhead_s, "ts": START_MS + round(ts_s * 1000)}
        ground.post(f"/api/v1/sessions/{sid}/events", {"eventType": event_type, "playerTime": time})
        if lost:
            ground.emulator.journal.delivered(ground.emulator.journal.last_seq, Delivery.CUT)
    return ground.case(sid)


def pinging(offsets_s: Iterable[float], *, first_s: float = 10) -> list[Arrival]:
    """Return pings that arrive every ten seconds with a ts that is off by this much."""
    return [
        (first_s + 10 * n, first_s + 10 * n + offset_s, "ping", first_s + 10 * n)
        for n, offset_s in enumerate(offsets_s)
    ]


def test_the_least_change_of_a_clock_is_a_threshold() -> None:
    ground = Playground(Settings(thresholds=Thresholds(clock_set_s=3600)))
    sid = ground.play(("play", 0, 0))
    for n in range(1, 12):
        ground.now_ms = START_MS + n * 10_000
        time = {"playhead": n * 10, "ts": ground.now_ms + (600_000 if n > 5 else 0)}
        ground.post(f"/api/v1/sessions/{sid}/events", {"eventType": "ping", "playerTime": time})

    assert "ts.clock-set" not in {finding.code for finding in Diagnosis(ground.namespace).findings()}


def codes(found: Iterable[Firing]) -> list[str]:
    return [code for code, *_ in found]


@every_case(("by_s", "where"), [(-301, "behind"), (301, "ahead of")])
def test_a_clock_five_minutes_off_is_found(by_s: float, where: str) -> None:
    ground = Playground()
    ground.now_ms -= round(by_s * 1000)
    sid = ground.post("/api/v1/sessions", start_body()).record.session_id or ""
    ground.post(
        f"/api/v1/sessions/{sid}/events", {"eventType": "play", "playerTime": {"playhead": 0, "ts": START_MS + 4}}
    )
    case = ground.case(sid)

    assert fired(RULES, case) == [("ts.skew", Severity.WARNING, (1, 2))]
    assert f"s {where} the clock of the server" in said(RULES, case)


def test_a_single_event_that_waited_in_a_queue_is_not_a_wrong_clock() -> None:
    assert fired(RULES, case_of(("sessionStart", -900, 0), ("play", 0, 0))) == []


def test_downloaded_content_was_played_at_another_time() -> None:
    ground = Playground()
    ground.now_ms += 86_400_000
    sid = ground.post("/api/v1/downloaded", [start_body(params={"media.downloaded": True})]).record.session_id or ""

    assert len(ground.case(sid).steps) == 1
    assert fired(RULES, ground.case(sid)) == []


@every_case(("by_s", "text"), [(7200, "2 h ahead of"), (-19_800, "5.5 h behind"), (7_210, "2 h ahead of")])
def test_local_time_sent_as_utc_is_named(by_s: int, text: str) -> None:
    ground = Playground()
    ground.now_ms -= by_s * 1000
    sid = ground.post("/api/v1/sessions", start_body()).record.session_id or ""

    assert said(RULES, ground.case(sid)).startswith(f"Every ts is {text} the clock of the server, to within 30 s, like")


@every_case("by_s", [3600, -3600, 240, 31, -31])
def test_a_clock_that_is_set_is_found_and_named_as_the_only_cause(by_s: float) -> None:
    case = arriving(*pinging([0, 0, 0, by_s, by_s, by_s, by_s]))

    assert fired(RULES, case) == [("ts.clock-set", ERROR, (4, 5))]
    way = "forward" if by_s > 0 else "back"
    assert said(RULES, case).startswith(f"The player's clock was set {way} by {abs(by_s)} s between ping and ping, whi")
    assert fired(MISLED, case) == []


@every_case("by_s", [3600, -3600])
def test_a_clock_that_is_set_right_after_session_start_is_not_a_queue(by_s: float) -> None:
    case = arriving((0.1, 0.1 + by_s, "play", 0), *pinging([by_s] * 5))

    assert codes(fired(RULES, case)) == ["ts.clock-set"]
    assert fired(MISLED, case) == []


def test_a_clock_that_is_set_twice_is_two_findings() -> None:
    assert codes(fired(RULES, arriving(*pinging([0] * 4 + [600] * 4 + [0] * 4)))) == ["ts.clock-set"] * 2


def test_events_that_waited_in_a_queue_are_not_a_set_clock() -> None:
    queued = [(100 + n / 10, 40 + 10 * n, "ping", 40 + 10 * n) for n in range(6)]

    assert fired(RULES, arriving(*pinging([0] * 3), *queued, *pinging([0] * 4, first_s=110))) == []


def test_a_pre_roll_that_waited_for_the_session_is_not_a_set_clock() -> None:
    queued = [(0.01 * n, n - 60, "ping", 0) for n in range(60)]

    assert fired(RULES, arriving(*queued, *pinging([0] * 5))) == []


def test_a_device_that_slept_is_not_a_set_clock() -> None:
    assert fired(RULES, arriving(*pinging([0] * 4), *pinging([0] * 4, first_s=4000))) == []


def test_a_clock_of_the_server_that_is_frozen_says_nothing_about_the_player() -> None:
    frozen = [(0, 10 * n, "ping", 10 * n) for n in range(1, 10)]

    assert (
        fired(RULES, arriving(*frozen, (0, 4000, "ping", 90), *((0, 4000 + n, "ping", 90 + n) for n in range(9)))) == []
    )


@every_case("by_s", [60, 600])
def test_a_clock_of_the_server_that_is_moved_on_says_nothing_about_the_player(by_s: float) -> None:
    later = [(at_s + by_s, ts_s, name, playhead_s) for at_s, ts_s, name, playhead_s in pinging([0] * 5, first_s=60)]

    assert fired(RULES, arriving(*pinging([0] * 5), *later)) == []


def test_a_clock_of_the_server_that_follows_ts_says_nothing_about_the_player() -> None:
    assert fired(RULES, case_of(("play", 0.1, 0), *(("ping", 3600 + 10 * n, 10 * n) for n in range(9)))) == []


def test_ts_taken_once_is_found_and_named_as_the_only_cause() -> None:
    case = arriving(*((10.0 * n, 0.0, "ping", 10.0 * n) for n in range(1, 6)))

    assert fired(RULES, case) == [("ts.stands-still", ERROR, (1, 2, 3, 4, 5, 6))]
    assert said(RULES, case) == (
        f"6 events that arrived over 50 s have the same ts, {START_MS}; read the clock for every event."
    )
    assert fired(MISLED, case) == []


def test_a_player_time_from_a_cache_is_not_a_retry() -> None:
    cached = [(10 * n, 10 * (n // 3 * 3), "ping", 10 * (n // 3 * 3)) for n in range(3, 12)]
    case = arriving(*cached)

    assert "3 events that arrived over 20 s have the same ts" in said(RULES, case)
    assert "and 2 more runs of such events followed" in said(RULES, case)
    assert fired(MISLED, case) == []


def test_pairs_from_a_cache_are_found_when_they_are_many() -> None:
    def cached(last: int) -> SessionTraffic:
        return arriving(*((10 * n, 10 * (n // 2 * 2), "ping", 10 * (n // 2 * 2)) for n in range(2, last)))

    assert codes(fired(RULES, cached(8))) == ["ts.stands-still"]
    assert fired(RULES, cached(6)) == []


def test_a_burst_of_an_sdk_has_one_ts() -> None:
    assert fired(RULES, arriving(*((1 + n / 10, 1, "ping", 1) for n in range(5)), *pinging([0] * 4))) == []


def test_an_event_sent_again_because_its_answer_was_lost_has_no_frozen_ts() -> None:
    assert fired(RULES, arriving(*((10 * n, 10, "ping", 10) for n in range(1, 5)), lost=True)) == []


def test_events_with_a_frozen_ts_are_taken_in_order_of_arrival() -> None:
    ground = Playground()
    sid = ground.post("/api/v1/sessions", start_body()).record.session_id or ""
    events = [
        ("adBreakStart", BREAK), ("adStart", AD), ("ping", None), ("adComplete", None), ("adBreakComplete", None),
        ("play", None), ("ping", None), ("adBreakStart", BREAK), ("adStart", AD), ("adSkip", None),
        ("adBreakComplete", None), ("sessionComplete", None),
    ]  # fmt: skip
    for n, (event_type, params) in enumerate(events, 1):
        ground.now_ms = START_MS + 5000 * n
        body = {"eventType": event_type, "playerTime": {"playhead": 0, "ts": START_MS}}
        ground.post(f"/api/v1/sessions/{sid}/events", body if params is None else {**body, "params": params})
    families = {finding.code.partition(".")[0] for finding in diagnose_session(ground.case(sid))}

    assert families == {"ts", "session"}
