"""Commands of a test to a server, in the process and over HTTP: sessions, faults, settings, clock, reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import FaultSpec, InvalidInput, MediaServer, NotFound, Refused, SessionRule, Settings
from mockserver.model.fault_kind import ResetFault, StatusFault
from mockserver.model.vocabulary import ClosedBy, Phase
from tests.factories import T0, event, start
from tests.tables import every_case

Post = Callable[..., int]

MINUTE_MS = 60_000


@pytest.fixture
def sid(server: MediaServer, post: Post) -> str:
    assert post(server, "/api/v1/sessions", start(media__id="clip-7")) == 201
    return server.sessions()[0].session_id


@pytest.fixture
def ping(server: MediaServer, sid: str, post: Post) -> Callable[[], int]:
    return lambda: post(server, f"/api/v1/sessions/{sid}/events", event("ping", playhead=10))


# Sessions


def test_session_shows_what_plays_and_when_it_will_end(server: MediaServer, sid: str) -> None:
    session = server.session(sid)
    assert session == server.sessions()[0]
    assert session.content.media_id == "clip-7"
    assert (session.phase, session.closed_by, session.opened_ms) == (Phase.OPEN, None, T0)
    assert session.deadlines.idle_ms == T0 + 605_000


def test_expired_session_answers_410(server: MediaServer, sid: str, ping: Callable[[], int]) -> None:
    assert ping() == 204
    assert server.expire(sid).closed_by is ClosedBy.EXPIRED
    assert ping() == 410


def test_forgotten_session_answers_404_and_stays_visible(
    server: MediaServer, sid: str, ping: Callable[[], int]
) -> None:
    assert server.forget(sid).phase is Phase.FORGOTTEN
    assert ping() == 404
    assert server.session(sid).phase is Phase.FORGOTTEN


def test_session_is_opened_without_a_client(server: MediaServer, post: Post) -> None:
    opened = server.open_session()
    assert len(opened.session_id) == 64
    assert post(server, f"/api/v1/sessions/{opened.session_id}/events", event("ping")) == 204
    assert server.open_session("mine").session_id == "mine"
    assert server.open_session("mine", phase="closed").phase is Phase.CLOSED
    assert server.open_session("new", phase=Phase.COMPLETED).complete
    assert [session.seq for session in server.sessions()] == [1, 2, 3]


@every_case("ask", ["session", "expire", "forget"])
@every_case("name", ["nobody", ""])
def test_session_that_does_not_exist_is_not_found(server: MediaServer, ask: str, name: str) -> None:
    with pytest.raises(NotFound):
        getattr(server, ask)(name)


@every_case(
    ("members", "text", "pointer"),
    [
        ({"sid": "no spaces"}, "sid must be 1 to 128 letters", "/sid"),
        ({"sid": 5}, "must be text or null, not 5", "/sid"),
        ({"phase": "asleep"}, "Invalid enum value 'asleep'", "/phase"),
    ],
)
def test_invalid_session_is_refused(server: MediaServer, members: dict[str, Any], text: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        server.open_session(**members)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer
    assert server.sessions() == []


# Faults


def test_fault_counts_what_it_saw_and_hit(server: MediaServer, ping: Callable[[], int]) -> None:
    rule = server.faults.add({"kind": "status", "code": 500}, when={"event_type": "ping"}, skip=1, times=1, name="one")
    assert [ping(), ping(), ping()] == [204, 500, 204]
    assert (rule.seen, rule.applied) == (3, 1)
    assert (rule.rule.name, rule.rule.times, rule.rule.created_ms) == ("one", 1, T0)
    assert repr(rule) == f"<FaultHandle {rule.id}>"


def test_removed_fault_no_longer_fires(server: MediaServer, ping: Callable[[], int]) -> None:
    rule = server.faults.add(fault={"kind": "status", "code": 500})
    assert ping() == 500
    rule.remove()
    assert ping() == 204
    assert server.faults.list() == []
    for ask in (rule.remove, lambda: rule.seen):
        with pytest.raises(NotFound, match=rule.id):
            ask()


def test_faults_are_listed_in_order_and_cleared(server: MediaServer) -> None:
    first = server.faults.add(StatusFault(code=500))
    second = server.faults.add(FaultSpec(fault=ResetFault(), stage="response"), times=2)  # type: ignore[arg-type]
    assert [(rule.id, rule.times) for rule in server.faults.list()] == [(first.id, None), (second.id, 2)]
    server.faults.clear()
    assert server.faults.list() == []


def test_fault_loses_the_answer_of_a_processed_event(server: MediaServer, sid: str, ping: Callable[[], int]) -> None:
    server.faults.add({"kind": "status", "code": 503}, stage="response", times=1)
    assert ping() == 503
    assert server.session(sid).events == 2


def test_unfired_lists_the_rules_that_should_have_fired(server: MediaServer, ping: Callable[[], int]) -> None:
    add = server.faults.add
    struck = add({"kind": "status", "code": 500}, times=1)
    unseen = add({"kind": "reset"}, when={"event_type": "adStart"})
    skipped = add({"kind": "reset"}, when={"event_type": "ping"}, skip=5)
    add({"kind": "reset"}, when={"event_type": "ping"}, probability=1e-12)
    add({"kind": "reset"}, when={"event_type": "adStart"}, enabled=False)
    add({"kind": "reset"}, when={"event_type": "adStart"}, times=0)
    add({"kind": "reset"}, when={"event_type": "adStart"}, probability=0)
    assert [ping(), ping()] == [500, 204]
    assert struck.applied == 1
    assert [rule.id for rule in server.faults.unfired()] == [unseen.id, skipped.id]


@every_case(
    ("rule", "text", "pointer"),
    [
        ({"fault": {"kind": "staus", "code": 500}}, "Invalid value 'staus'", "/fault/kind"),
        ({"fault": {"kind": "status"}}, "the member `code` is missing", "/fault"),
        ({"fault": {"kind": "status", "code": 99}}, "code must be 200 to 599, not 99", "/fault/code"),
        ({"fault": {"kind": "status", "code": 500}, "time": 1}, "unknown member `time`", ""),
        ({"fault": {"kind": "reset"}, "when": {"type": "ping"}}, "unknown member `type`", "/when"),
        ({"fault": {"kind": "reset"}, "when": {"status": 204}}, "only known at stage response", "/when/status"),
        ({"fault": {"kind": "reset"}, "every": 0}, "every must be 1 or more, not 0", "/every"),
        ({"fault": {"kind": "delay"}}, "a delay takes ms, or lower and upper", "/fault"),
    ],
)
def test_invalid_fault_is_refused(server: MediaServer, rule: dict[str, Any], text: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        server.faults.add(**rule)
    assert text in str(caught.value)
    assert caught.value.pointer == pointer
    assert server.faults.list() == []


def test_fault_beyond_the_limit_is_refused(server: MediaServer) -> None:
    server.configure(max_faults=1)
    server.faults.add({"kind": "reset"})
    with pytest.raises(Refused, match="max_faults"):
        server.faults.add({"kind": "reset"})


# Settings


def test_settings_are_changed_one_by_one_and_apply_to_open_sessions(
    server: MediaServer, sid: str, ping: Callable[[], int]
) -> None:
    assert server.settings == Settings()
    changed = server.configure(idle_timeout_s=5, cors_allow_any_header=True)
    assert changed == server.settings == Settings(idle_timeout_s=5, cors_allow_any_header=True)
    server.clock.advance(seconds=5.001)
    assert ping() == 410
    assert server.session(sid).closed_by is ClosedBy.IDLE


def test_settings_take_records_and_their_json_names(server: MediaServer) -> None:
    rule = SessionRule(where=("/params/media.id=short",), idle_timeout_s=None)
    assert server.configure(session_rules=[rule], **{"cors.max_age": 60}).session_rules == (rule,)
    assert server.settings.cors_max_age_s == 60


@every_case(
    ("changes", "pointer"),
    [
        ({"idle_timeout_s": -1}, "/idle_timeout_s"),
        ({"idle_timeout_s": float("inf")}, "/idle_timeout_s"),
        ({"idle_timeout_s": float("nan")}, "/idle_timeout_s"),
        ({"idle_timeout_s": "long"}, "/idle_timeout_s"),
        ({"idle_timeout": 5}, ""),
        ({"after_end": 500}, "/after_end"),
        ({"path_prefixes": ["va"]}, "/path_prefixes/0"),
        ({"session_rules": [{"where": ["/a=1"], "max_age_s": -1}]}, "/session_rules/0/max_age_s"),
    ],
    ids=str,
)
def test_invalid_settings_change_nothing(server: MediaServer, changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        server.configure(max_faults=5, **changes)
    assert caught.value.pointer == pointer
    assert server.settings == Settings()


# Clock


def test_clock_obeys_commands(server: MediaServer) -> None:
    clock = server.clock
    assert (clock.now_ms, clock.frozen) == (T0, True)
    assert clock.advance(hours=1, minutes=1, seconds=1.5, ms=2).now_ms == T0 + 3_661_502
    assert clock.set(T0 - 0.4).now_ms == T0
    assert clock.rate(10).rate == 10
    assert clock.follow_ts().now_ms == T0
    assert clock.resume().frozen is False
    assert clock.freeze().frozen is True
    assert clock.reset().frozen is False
    assert clock.now_ms > T0


def test_clock_follows_the_events(server: MediaServer, sid: str, post: Post) -> None:
    server.clock.follow_ts()
    assert post(server, f"/api/v1/sessions/{sid}/events", event("ping", playhead=1, ts=T0 + 9 * MINUTE_MS)) == 204
    assert server.clock.now_ms == T0 + 9 * MINUTE_MS


@every_case(
    ("move", "pointer"),
    [
        (lambda clock: clock.advance(seconds=-1), "/ms"),
        (lambda clock: clock.advance(hours=float("inf")), "/ms"),
        (lambda clock: clock.set(-1), "/at_ms"),
        (lambda clock: clock.set(1e15), "/at_ms"),
        (lambda clock: clock.set(float("nan")), "/at_ms"),
        (lambda clock: clock.rate(0), "/rate"),
        (lambda clock: clock.rate("fast"), "/rate"),
    ],
)
def test_invalid_move_leaves_the_clock_alone(server: MediaServer, move: Callable[[Any], object], pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        move(server.clock)
    assert caught.value.pointer == pointer
    assert server.clock.now_ms == T0


# Reset


def test_reset_brings_everything_back(server: MediaServer, ping: Callable[[], int]) -> None:
    ping()
    server.faults.add({"kind": "reset"})
    server.configure(idle_timeout_s=5)
    assert server.reset().requests == 0
    assert (server.events(), server.sessions(), server.faults.list()) == ([], [], [])
    assert server.settings == Settings()
    assert server.clock.frozen is False


@pytest.mark.parametrize("part", ["journal", "sessions", "faults", "clock", "settings"])
def test_reset_of_a_part_leaves_the_others(server: MediaServer, ping: Callable[[], int], part: str) -> None:
    server.faults.add({"kind": "reset"}, when={"event_type": "adStart"})
    server.configure(idle_timeout_s=5)
    ping()
    server.reset(part)
    left = {
        "journal": server.count() == 2,
        "sessions": len(server.sessions()) == 1,
        "faults": len(server.faults.list()) == 1,
        "clock": server.clock.frozen,
        "settings": server.settings != Settings(),
    }
    assert [name for name, stayed in left.items() if not stayed] == [part]


def test_reset_of_something_else_is_refused(server: MediaServer) -> None:
    with pytest.raises(InvalidInput) as caught:
        server.reset("journal", "everything")
    assert caught.value.pointer == "/only/1"
