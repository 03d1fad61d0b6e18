"""Requests through the emulator: outcomes, settings of the API, reset, determinism, and that nothing breaks it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.admin import entries, findings, sessions
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec
from mockserver.model.fault_kind import ResetFault, StatusFault
from mockserver.model.http import HttpRequest
from mockserver.model.journal import Record
from mockserver.model.query import Query
from mockserver.model.settings import SessionRule, Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.wire.codec import encode
from tests.factories import (
    T0,
    answer,
    batch,
    emulator,
    event,
    fault,
    hand_clock,
    open_session,
    post,
    post_event,
    response,
    send,
    start,
    target,
)
from tests.tables import every_case

SESSIONS = "/api/v1/sessions"


def zipped(body: bytes) -> bytes:
    """Compress without the time of day, which would make every run another one."""
    return gzip.compress(body, mtime=0)


def last_record(back_end: Emulator) -> Record:
    record = back_end.journal.get(back_end.journal.last_seq)
    assert record is not None
    return record


def status(settings: Settings, request: HttpRequest) -> int:
    return response(emulator(settings), request).status


# What is recorded.


def test_accepted_event_is_recorded_with_bytes_time_and_answer() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(1_500)
    request = post_event(sid, event("play", playhead=3), x_custom="1")
    plan = answer(back_end, request)
    record = last_record(back_end)
    assert plan.record is record
    assert (record.at_ms, record.operation, record.outcome) == (T0 + 1_500, Operation.EVENT, Outcome.ACCEPTED)
    assert (record.session_id, record.event_type, record.delivery) == (sid, "play", Delivery.SENT)
    assert (record.body, record.target, record.headers) == (request.body, request.target, request.headers)
    assert record.response is plan.response


@every_case(
    ("request_", "operation", "outcome", "status", "event_type"),
    [
        (post(SESSIONS, start()), "start", "opened", 201, "sessionStart"),
        (post("/api/v1/downloaded", batch("play")), "download", "opened", 201, None),
        (post(SESSIONS, {}), "start", "invalid", 400, None),
        (post(SESSIONS, event("play")), "start", "invalid", 400, "play"),
        (post_event("x", event("play")), "event", "unknown_session", 404, "play"),
        (post_event("x", event("nonsense")), "event", "invalid", 400, "nonsense"),
        (HttpRequest("GET", SESSIONS, SESSIONS), "other", "no_route", 405, None),
        (post("/nowhere", event()), "other", "no_route", 404, "ping"),
        (HttpRequest("OPTIONS", SESSIONS, SESSIONS), "preflight", "answered", 200, None),
        (HttpRequest("GET", "/api/v1/schemas/ping", ""), "schema", "answered", 200, None),
        (HttpRequest("GET", "/api/v1/schemas/x", ""), "schema", "answered", 404, None),
        (HttpRequest("POST", SESSIONS, SESSIONS, problem="too_large"), "start", "invalid", 413, None),
        (HttpRequest("POST", SESSIONS, SESSIONS, problem="incomplete"), "start", "invalid", 400, None),
        (HttpRequest("GET", "/x", "/ns/!/x", problem="bad_namespace"), "other", "invalid", 400, None),
        (HttpRequest("GET", "/x", "/ns/a/x", problem="too_many_namespaces"), "other", "invalid", 429, None),
    ],
)
def test_every_request_has_an_operation_and_an_outcome(
    request_: HttpRequest, operation: str, outcome: str, status: int, event_type: str | None
) -> None:
    back_end = emulator()
    assert response(back_end, request_).status == status
    record = last_record(back_end)
    assert (record.operation.value, record.outcome.value, record.event_type) == (operation, outcome, event_type)
    assert bool(record.violations) is (outcome == "invalid")


def test_session_id_is_64_lower_case_hex_digits_and_never_the_same() -> None:
    back_end = Emulator(clock=hand_clock())
    sids = {open_session(back_end) for _ in range(20)}
    assert len(sids) == 20
    assert all(len(sid) == 64 and set(sid) <= set("0123456789abcdef") for sid in sids)


def test_delivery_is_noted_in_the_record() -> None:
    back_end = emulator()
    plan = answer(back_end, post(SESSIONS, start()))
    back_end.delivered(plan, Delivery.CLIENT_GONE)
    assert last_record(back_end).delivery is Delivery.CLIENT_GONE


def test_delivery_of_a_forgotten_request_is_not_recorded_for_a_later_one() -> None:
    back_end = emulator()
    plan = answer(back_end, post(SESSIONS, start()))
    back_end.reset(["journal"])
    answer(back_end, post(SESSIONS, start()))
    back_end.delivered(plan, Delivery.CLIENT_GONE)
    assert last_record(back_end).delivery is Delivery.SENT


# Settings of the API.


@every_case(
    ("content_type", "strict"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("text/plain;charset=UTF-8", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_content_type_is_ignored_unless_it_is_strict(content_type: str, strict: int) -> None:
    request = post(SESSIONS, start(), content_type=content_type)
    assert status(Settings(), request) == 201
    assert status(Settings(content_type="strict"), request) == strict


def test_strict_content_type_requires_the_header() -> None:
    request = HttpRequest("POST", SESSIONS, SESSIONS, (), json.dumps(start()).encode())
    assert status(Settings(), request) == 201
    assert status(Settings(content_type="strict"), request) == 415


def test_states_update_is_an_event_type_unless_switched_off() -> None:
    for on, wanted in ((True, (204, 200)), (False, (400, 404))):
        back_end = emulator(Settings(states_update=on))
        sid = open_session(back_end)
        read = HttpRequest("GET", "/api/v1/schemas/statesUpdate", "")
        assert (send(back_end, sid, "statesUpdate"), response(back_end, read).status) == wanted


def test_array_on_sessions_is_accepted_unless_rejected() -> None:
    request = post(SESSIONS, batch("play", media__downloaded=True))
    assert status(Settings(), request) == 201
    assert status(Settings(sessions_array="reject"), request) == 400
    assert status(Settings(sessions_array="reject"), post("/api/v1/downloaded", batch("play"))) == 201


@every_case("located", [False, True])
def test_batch_gets_a_location_only_if_asked_for_and_a_session_in_any_case(located: bool) -> None:
    back_end = emulator(Settings(batch_location=located))
    answered = response(back_end, post("/api/v1/downloaded", batch("play", "sessionComplete")))
    (session,) = back_end.sessions
    assert (answered.status, dict(answered.headers).get("Location")) == (
        201, f"{SESSIONS}/{session.sid}" if located else None,
    )  # fmt: skip
    assert (session.events, session.complete, session.downloaded) == (3, True, True)
    assert last_record(back_end).session_id == session.sid


def test_older_forms_of_qoe_are_accepted_only_if_lenient() -> None:
    request = post(SESSIONS, {**start(), "qoeData": {"bitrate": 100}})
    assert status(Settings(), request) == 400
    assert status(Settings(docs_lenient=True), request) == 201


def test_unknown_keys_are_rejected_unless_the_profile_is_open() -> None:
    request = post(SESSIONS, start(media__bogus="x"))
    assert status(Settings(), request) == 400
    assert status(Settings(schema_profile="open"), request) == 201


def test_api_answers_under_extra_prefixes_and_never_puts_them_into_location() -> None:
    back_end = emulator(Settings(path_prefixes=("/va", "/a/b")))
    for prefix in ("", "/va", "/a/b"):
        opened = response(back_end, post(f"{prefix}{SESSIONS}", start()))
        location = dict(opened.headers)["Location"]
        assert location.startswith(f"{SESSIONS}/")
        assert response(back_end, post(f"{prefix}{location}/events", event())).status == 204
    assert response(back_end, post(f"/other{SESSIONS}", start())).status == 404


def test_preflight_mirrors_adobes_list_of_headers_by_default() -> None:
    request = HttpRequest(
        "OPTIONS", SESSIONS, SESSIONS, ((b"Access-Control-Request-Headers", b"x-a,content-type"),)
    )  # fmt: skip
    usual = dict(response(emulator(), request).headers)
    assert usual["Access-Control-Allow-Headers"] == "Content-Type"
    assert "Access-Control-Max-Age" not in usual
    generous = dict(response(emulator(Settings(cors_allow_any_header=True, cors_max_age_s=600)), request).headers)
    assert generous["Access-Control-Allow-Headers"] == "x-a,content-type"
    assert generous["Access-Control-Max-Age"] == "600"


def test_settings_that_make_no_sense_change_nothing() -> None:
    back_end = emulator()
    with pytest.raises(InvalidInput):
        back_end.configure(Settings(states_update=False, session_rules=(SessionRule(where=("x",)),)))
    assert back_end.settings == Settings()
    assert send(back_end, open_session(back_end), "statesUpdate") == 204


def test_limits_of_the_stores_follow_the_settings() -> None:
    back_end = emulator()
    back_end.configure(Settings(max_entries=2, max_sessions=1))
    sids = [open_session(back_end) for _ in range(3)]
    assert (len(back_end.journal), [known.sid for known in back_end.sessions]) == (2, sids[-1:])
    assert send(back_end, sids[0]) == 404


# Reset and listeners.


def test_reset_of_everything_returns_to_the_state_after_the_start() -> None:
    rule = FaultSpec(fault=StatusFault(code=500), times=0)
    back_end = emulator(Settings(idle_timeout_s=50), faults=(rule,))
    first = open_session(back_end)
    fault(back_end, ResetFault(), times=0)
    back_end.configure(Settings(max_entries=1))
    back_end.clock.freeze()
    back_end.clock.advance(77_000)
    back_end.reset(("journal", "sessions", "faults", "clock", "settings"))
    assert (len(back_end.journal), len(back_end.sessions), back_end.settings.idle_timeout_s) == (0, 0, 50)
    assert back_end.clock.state() == (T0, False, 1.0)
    assert [(known.id, known.seen) for known in back_end.faults.rules] == [("f1", 0)]
    assert open_session(back_end) == first, "seeded ids begin afresh"
    assert back_end.journal.last_seq == 1


@every_case("part", ["journal", "sessions", "faults", "clock", "settings"])
def test_reset_of_one_part_leaves_the_others_alone(part: str) -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, ResetFault(), times=0)
    back_end.configure(Settings(max_faults=9))
    back_end.clock.advance(5)

    def state() -> dict[str, Any]:
        return {
            "journal": len(back_end.journal),
            "sessions": sid in back_end.sessions,
            "faults": len(back_end.faults.rules),
            "clock": back_end.clock.now_ms() - T0,
            "settings": back_end.settings.max_faults,
        }

    before = state()
    back_end.reset((part,))
    fresh = {"journal": 0, "sessions": False, "faults": 0, "clock": 0, "settings": 1_000}
    assert state() == {**before, part: fresh[part]}


def test_reset_of_the_clock_reopens_nothing() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    back_end.clock.advance(11 * 60_000)
    back_end.reset(("clock",))
    assert send(back_end, sid) == 410


def test_listeners_hear_every_seq_and_of_a_reset_until_they_stop() -> None:
    back_end = emulator()
    heard: list[int | None] = []
    stop = back_end.subscribe(heard.append)
    sid = open_session(back_end)
    send(back_end, sid)
    back_end.reset(("sessions",))
    back_end.reset(("journal",))
    send(back_end, sid)
    assert (heard, len(back_end.subscribers)) == ([1, 2, None, 1], 1)
    stop()
    stop()
    send(back_end, sid)
    assert (len(heard), len(back_end.subscribers)) == (4, 0)


# Determinism.


def journal_bytes(seed: str) -> bytes:
    back_end = Emulator(seed=seed, seeded_ids=True, clock=hand_clock())
    fault(back_end, StatusFault(code=500), probability=0.3)
    sids: list[str] = []
    for number in range(20):
        answered = response(back_end, post(SESSIONS, start(ts=T0 + number)))
        location = dict(answered.headers).get("Location", "/x/x/x/none")
        sids.append(location.rpartition("/")[2])
        back_end.clock.advance(1_000)
        send(back_end, sids[number // 2], ts=T0 + number)
    return encode(entries.events(target(back_end), Query()))


def test_same_seed_and_same_requests_give_the_same_journal_bytes() -> None:
    assert journal_bytes("a") == journal_bytes("a")
    assert journal_bytes("a") != journal_bytes("b")


def test_ids_begin_again_after_a_reset_but_for_those_that_something_still_has() -> None:
    back_end = emulator()
    first, second = open_session(back_end), open_session(back_end)

    back_end.reset(("sessions",))
    assert open_session(back_end) not in (first, second), "the journal has entries of both"
    back_end.reset(("journal", "sessions"))
    assert open_session(back_end) == first
    back_end.reset(("journal",))
    back_end.reset(("sessions",))
    assert open_session(back_end) == first


# Nothing breaks it.

METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "BREW", ""])
SIDS = st.sampled_from(["SID", "", "v1", "/", "x" * 600, "%2F", "http://h/api/v1/sessions/x"])
PATHS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([SESSIONS, f"{SESSIONS}/", "/api/v1/downloaded", "/api/v1/schemas/ping", "/api/v1/schemas/x"]),
    SIDS.map(lambda sid: f"{SESSIONS}/{sid}/events"),
    SIDS.map(lambda sid: f"/va/api/v1/{sid}/events/"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.builds(
    lambda base, key, value: {**base, key: value},
    st.sampled_from([event(), event("adStart"), event("sessionEnd"), start(), event("statesUpdate")]),
    st.sampled_from(["eventType", "playerTime", "params", "qoeData", "customMetadata", "x"]),
    VALUES,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.one_of(VALUES, EVENTS, st.lists(EVENTS, max_size=4)).map(lambda value: json.dumps(value).encode()),
    st.one_of(VALUES, EVENTS).map(lambda value: zipped(json.dumps(value).encode())),
)
HEADERS = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=3).map(tuple)
KINDS = st.sampled_from(
    [
        Settings(),
        Settings(
            schema_profile="open", check_order="session-first", content_type="strict", docs_lenient=True,
            path_prefixes=("/va",), complete_closes=True, after_end=204, cors_allow_any_header=True,
        ),
    ]
)  # fmt: skip


@given(METHODS, PATHS, HEADERS, BODIES, KINDS)
def test_no_request_breaks_the_emulator_or_gets_a_status_that_the_api_does_not_have(
    method: str, path: str, headers: Any, body: bytes, settings: Settings
) -> None:
    back_end = emulator(settings)
    back_end.clock.follow_ts()
    sid = open_session(back_end)
    path = path.replace("SID", sid)
    answered = response(back_end, HttpRequest(method, path, path, headers, body))
    assert answered.status in {200, 201, 204, 400, 404, 405, 410, 413, 415}
    assert dict(answered.headers)["Access-Control-Allow-Origin"] == "*"
    assert len(back_end.journal) == 2
    json.loads(encode(entries.events(target(back_end), Query())))
    json.loads(encode(sessions.timeline(target(back_end), None, sid)))
    json.loads(encode(findings.summary(target(back_end), None)))
    if answered.status in (400, 404, 405, 410, 413, 415):
        assert json.loads(answered.body)["message"]
