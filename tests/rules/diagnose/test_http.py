"""Rules about requests as HTTP."""

from __future__ import annotations

from typing import Any

from mockserver.model.fault_kind import CloseFault, DuplicateFault, ResetFault
from mockserver.model.finding import Severity
from mockserver.model.vocabulary import Delivery, Stage
from tests.factories import fault
from tests.firings import rules_about, start_body, traffic_of
from tests.playbacks import START_MS, Playground
from tests.tables import every_case

RULES = rules_about("http.event-array", "http.edge-body", "http.retry-storm", "http.stack-repeat", "http.content-type")

PING: dict[str, Any] = {"eventType": "ping", "playerTime": {"playhead": 1, "ts": START_MS + 1000}}


def fired(ground: Playground) -> dict[str, tuple[Severity, tuple[int, ...]]]:
    traffic = traffic_of(ground)
    hits = [(rule, hit) for rule in RULES for hit in rule.in_traffic(traffic)]
    hits += [(rule, hit) for rule in RULES for case in traffic.sessions.values() for hit in rule.in_session(case)]
    assert all(hit.message.endswith(".") and "\n" not in hit.message for _, hit in hits)
    return {rule.code: (rule.severity, hit.seqs) for rule, hit in hits}


@every_case("headers", [(), ((b"Content-Type", b"text/plain;charset=UTF-8"),)])
def test_a_body_that_is_not_declared_as_json_is_noted(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    ground = Playground()
    sid = ground.play()
    ground.post(f"/api/v1/sessions/{sid}/events", PING, headers)

    assert fired(ground) == {"http.content-type": (Severity.WARNING, (2,))}


def test_a_charset_does_not_matter() -> None:
    ground = Playground()
    sid = ground.play()
    ground.post(f"/api/v1/sessions/{sid}/events", PING, ((b"content-type", b"application/json; charset=utf-8"),))

    assert fired(ground) == {}


def test_a_body_of_the_edge_api_is_recognised() -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", {"events": [{"xdm": {"eventType": "media.sessionStart"}}]})
    ground.post("/api/v1/sessions", {"events": [], "note": '"xdm"'})

    assert fired(ground) == {"http.edge-body": (Severity.ERROR, (1,))}


def test_an_array_of_events_is_recognised() -> None:
    ground = Playground()
    sid = ground.play()
    ground.post(f"/api/v1/sessions/{sid}/events", [PING])

    assert fired(ground) == {"http.event-array": (Severity.ERROR, (2,))}


@every_case(("times", "storm"), [(2, False), (3, True)])
def test_the_same_event_over_and_over_is_a_storm(times: int, storm: bool) -> None:
    ground = Playground()
    sid = ground.play()
    for _ in range(times):
        ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert fired(ground) == ({"http.retry-storm": (Severity.WARNING, (2, 3, 4))} if storm else {})


def lost(ground: Playground, sid: str, *, again_after_ms: int = 3, **members: Any) -> None:
    """Send an event whose connection ends without an answer, and send it again."""
    emulator, path = ground.emulator, f"/api/v1/sessions/{sid}/events"
    fault(emulator, CloseFault(), times=1, **members)
    emulator.delivered(ground.post(path, PING), Delivery.CUT)
    ground.now_ms += again_after_ms
    ground.post(path, PING)


@every_case("stage", list(Stage))
def test_repeat_by_the_network_stack_is_not_taken_for_one_by_the_player(stage: Stage) -> None:
    ground = Playground()
    sid = ground.play()
    lost(ground, sid, stage=stage)
    ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert fired(ground) == {"http.stack-repeat": (Severity.INFO, (2, 3))}


def test_network_stack_repeats_once_and_the_player_the_rest() -> None:
    ground = Playground()
    sid = ground.play()
    fault(ground.emulator, CloseFault())
    for _ in range(4):
        ground.emulator.delivered(ground.post(f"/api/v1/sessions/{sid}/events", PING), Delivery.CUT)

    assert fired(ground) == {
        "http.stack-repeat": (Severity.INFO, (2, 3)),
        "http.retry-storm": (Severity.WARNING, (2, 4, 5)),
    }


def test_repeat_that_comes_later_is_one_of_the_player() -> None:
    ground = Playground()
    sid = ground.play()
    lost(ground, sid, again_after_ms=500)
    ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert fired(ground) == {"http.retry-storm": (Severity.WARNING, (2, 3, 4))}


def test_sessionstart_repeated_by_the_network_stack_is_found_in_the_traffic() -> None:
    ground = Playground()
    fault(ground.emulator, ResetFault(), stage=Stage.RESPONSE, times=1)
    body = start_body()
    ground.emulator.delivered(ground.post("/api/v1/sessions", body), Delivery.CUT)
    ground.post("/api/v1/sessions", body)

    [hit] = [hit for rule in RULES if rule.code == "http.stack-repeat" for hit in rule.in_traffic(traffic_of(ground))]
    assert (hit.seqs, hit.session_id) == ((1, 2), None)


def test_copy_that_a_fault_made_is_not_a_repeat() -> None:
    ground = Playground()
    sid = ground.play()
    fault(ground.emulator, DuplicateFault(), times=1)
    ground.post(f"/api/v1/sessions/{sid}/events", PING)

    assert fired(ground) == {}
