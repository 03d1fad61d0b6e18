"""From a request to what it means: bodies, batches and the rules of the endpoints."""

from __future__ import annotations

import gzip
import json
from typing import Any

from msgspec import structs

from mockserver.dialects.collection.reader import Reader
from mockserver.model.arrival import Arrival
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.http import HttpRequest
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation
from tests.factories import T0, batch, event, post, post_event, start
from tests.tables import every_case

SESSIONS, DOWNLOADED = "/api/v1/sessions", "/api/v1/downloaded"
BOM = b"\xef\xbb\xbf"
PLAY = json.dumps(event("play")).encode()


def zipped(body: bytes) -> bytes:
    """Compress without the time of day, which would make every run another one."""
    return gzip.compress(body, mtime=0)


def read(request: HttpRequest, **settings: Any) -> Arrival:
    return Reader(Settings(**settings)).read(request)


def rules(arrival: Arrival) -> list[tuple[str, str]]:
    return [(violation.path, violation.rule) for violation in arrival.violations]


def detail(arrival: Arrival) -> str:
    return " ".join(violation.detail for violation in arrival.violations)


# What is valid.


def test_valid_session_start_opens_a_session_with_its_content() -> None:
    document = start(playhead=12.5, ts=T0 + 5, media__name="A clip", media__streamType="video")
    arrival = read(post(SESSIONS, document))
    assert (arrival.operation, arrival.status, arrival.violations) == (Operation.START, None, ())
    assert (arrival.event_type, arrival.ts_ms, arrival.playhead_s) == ("sessionStart", T0 + 5, 12.5)
    assert arrival.document == document
    assert arrival.opening is not None
    assert (arrival.opening.events, arrival.opening.complete, arrival.opening.ended) == (1, False, False)
    assert structs.asdict(arrival.opening.content) == {
        "media_id": "clip-1", "media_name": "A clip", "content_type": "vod", "stream_type": "video",
        "player_name": "player", "library_version": None,
    }  # fmt: skip


@every_case("event_type", [name for name in EVENT_TYPES if name != "sessionStart"])
def test_every_other_event_type_is_valid_on_events(event_type: str) -> None:
    arrival = read(post_event("s1", event(event_type, playhead=3, ts=T0)))
    assert (arrival.operation, arrival.session_id, arrival.event_type) == (Operation.EVENT, "s1", event_type)
    assert (arrival.status, arrival.violations, arrival.ts_ms, arrival.playhead_s) == (None, (), T0, 3)


@every_case(
    ("document", "complete", "ended"),
    [
        (batch("play"), False, False),
        (batch("play", "sessionComplete"), True, False),
        (batch("play", "sessionEnd"), False, True),
    ],
)
def test_batch_says_what_it_brings(document: list[Any], complete: bool, ended: bool) -> None:
    arrival = read(post(DOWNLOADED, document))
    assert (arrival.operation, arrival.event_type, arrival.status) == (Operation.DOWNLOAD, None, None)
    assert arrival.opening is not None
    assert (arrival.opening.events, arrival.opening.complete, arrival.opening.ended) == (
        len(document), complete, ended,
    )  # fmt: skip


@every_case("body", [BOM + PLAY, zipped(PLAY), zipped(BOM + PLAY), b" " + PLAY + b"\n "])
def test_byte_order_mark_gzip_and_white_space_do_no_harm(body: bytes) -> None:
    assert read(post("/api/v1/sessions/s/events", body=body)).status is None


def test_last_of_duplicate_keys_counts() -> None:
    body = b'{"eventType":"play","eventType":"ping","playerTime":{"ts":1,"ts":2,"playhead":1,"playhead":5}}'
    arrival = read(post("/api/v1/sessions/s/events", body=body))
    assert (arrival.event_type, arrival.ts_ms, arrival.playhead_s) == ("ping", 2, 5)


def test_integer_of_any_size_is_an_integer() -> None:
    arrival = read(post_event("s", event(ts=10**30)))
    assert (arrival.status, arrival.ts_ms) == (None, 10**30)


# What is not even JSON.

BODIES = {
    "empty": b"",
    "white space": b" ",
    "malformed": b'{"eventType":"ping",}',
    "two objects": b"{}{}",
    "NaN": b'{"eventType":"ping","playerTime":{"ts":1,"playhead":NaN}}',
    "Infinity": b'{"eventType":"ping","playerTime":{"ts":1,"playhead":-Infinity}}',
    "beyond a double": b'{"eventType":"ping","playerTime":{"ts":1,"playhead":1e400}}',
    "lone surrogate": b'{"eventType":"\\ud800"}',
    "deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "latin-1": '{"eventType":"ä"}'.encode("latin-1"),
    "utf-16": '{"eventType":"ping"}'.encode("utf-16"),
    "truncated gzip": zipped(b'{"eventType":"ping"}')[:-5],
    "gzip twice": zipped(zipped(b"{}")),
    "form": b"eventType=ping",
}


@every_case("path", [SESSIONS, DOWNLOADED, "/api/v1/sessions/s/events"])
@every_case("body", BODIES.values(), ids=BODIES.keys())
def test_body_that_is_not_json_is_a_400_with_one_sentence(path: str, body: bytes) -> None:
    arrival = read(post(path, body=body))
    assert (arrival.status, rules(arrival), arrival.document) == (400, [("", "json")], None)
    assert detail(arrival)[0].isupper()
    assert detail(arrival).endswith(".")


@every_case("document", [None, True, 5, "ping", [], {}, {"eventType": 5}, {"eventType": "nonsense"}])
@every_case("path", [SESSIONS, DOWNLOADED, "/api/v1/sessions/s/events"])
def test_json_that_is_not_an_event_is_a_400_that_says_why(path: str, document: Any) -> None:
    arrival = read(post(path, document))
    assert arrival.status == 400
    assert arrival.violations
    assert arrival.opening is None


# The rules of the endpoints.


def test_array_on_events_is_refused_with_the_reason() -> None:
    arrival = read(post_event("s", [event()]))
    assert (arrival.status, rules(arrival)) == (400, [("", "type")])
    assert "cannot be batched" in detail(arrival)


def test_session_start_on_events_is_refused_with_the_place_where_it_belongs() -> None:
    arrival = read(post_event("s", start()))
    assert (arrival.status, rules(arrival)) == (400, [("/eventType", "start-only-on-sessions")])
    assert "post it to /api/v1/sessions" in detail(arrival)


@every_case("event_type", ["play", "sessionEnd", "statesUpdate"])
def test_other_event_on_sessions_is_refused_with_the_place_where_it_belongs(event_type: str) -> None:
    arrival = read(post(SESSIONS, event(event_type)))
    assert (arrival.status, rules(arrival)) == (400, [("/eventType", "start-only-on-sessions")])
    assert "/api/v1/sessions/{sid}/events" in detail(arrival)


@every_case(("flag", "status"), [(True, 400), (False, None)])
def test_live_session_start_must_not_say_that_it_was_downloaded(flag: bool, status: int | None) -> None:
    arrival = read(post(SESSIONS, start(media__downloaded=flag)))
    assert arrival.status == status
    assert rules(arrival) == ([("/params/media.downloaded", "downloaded-flag")] if flag else [])


@every_case(
    ("path", "params", "status"),
    [
        (SESSIONS, {"media__downloaded": True}, None),
        (SESSIONS, {"media__downloaded": False}, 400),
        (SESSIONS, {}, 400),
        (DOWNLOADED, {"media__downloaded": True}, None),
        (DOWNLOADED, {"media__downloaded": False}, None),
        (DOWNLOADED, {}, None),
    ],
)
def test_downloaded_flag_is_needed_in_the_old_form_only(path: str, params: dict[str, Any], status: int | None) -> None:
    arrival = read(post(path, batch("play", **params)))
    assert (arrival.operation, arrival.status) == (Operation.DOWNLOAD, status)
    assert rules(arrival) == ([] if status is None else [("/0/params/media.downloaded", "downloaded-flag")])


@every_case(
    ("document", "expected"),
    [
        ([], [("", "batch-shape")]),
        ([5], [("/0/eventType", "batch-shape")]),
        ([event("play")], [("/0/eventType", "batch-shape")]),
        ([*batch("play"), start()], [("/2/eventType", "batch-shape")]),
        ([*batch("play"), "x"], [("/2", "type")]),
        ([*batch(), event(ts="x")], [("/1/playerTime/ts", "type")]),  # type: ignore[arg-type]
        (start(), [("", "batch-shape")]),
    ],
)
def test_batch_of_the_wrong_shape_is_refused_as_a_whole(document: Any, expected: list[tuple[str, str]]) -> None:
    arrival = read(post(DOWNLOADED, document))
    assert (arrival.status, rules(arrival), arrival.opening) == (400, expected, None)


def test_old_form_of_a_batch_can_be_rejected() -> None:
    arrival = read(post(SESSIONS, batch("play", media__downloaded=True)), sessions_array="reject")
    assert (arrival.status, rules(arrival)) == (400, [("", "batch-shape")])


def test_violations_of_a_huge_batch_are_cut_off_and_say_so() -> None:
    arrival = read(post(DOWNLOADED, [*batch(), *([{}] * 100_000)]))
    assert len(arrival.violations) == 100
    assert arrival.violations[-1].rule == "more"
    assert "not looked at" in arrival.violations[-1].detail


# Content type, limits and everything else.


def test_content_type_is_checked_before_the_body_if_strict() -> None:
    arrival = read(post_event("s", [1], content_type="text/plain"), content_type="strict")
    assert (arrival.status, rules(arrival)) == (415, [("", "content-type")])
    assert "not text/plain" in detail(arrival)
    assert (
        read(post_event("s", event(), content_type="application/json;charset=x"), content_type="strict").status is None
    )


@every_case(
    ("problem", "status", "words"),
    [
        ("too_large", 413, "larger than 7 bytes"),
        ("incomplete", 400, "ended before"),
        ("bad_namespace", 400, "1 to 64 letters"),
        ("too_many_namespaces", 429, "1000 namespaces"),
    ],
)
def test_request_with_a_transport_problem_is_not_read_further(problem: Any, status: int, words: str) -> None:
    request = structs.replace(post_event("s", event()), problem=problem)
    arrival = read(request, max_body_bytes=7)
    assert (arrival.operation, arrival.session_id, arrival.status) == (Operation.EVENT, "s", status)
    assert words in detail(arrival)


def test_preflight_passes_where_the_post_after_it_is_told_what_is_wrong() -> None:
    arrival = read(HttpRequest("OPTIONS", SESSIONS, f"/ns/-x{SESSIONS}", problem="bad_namespace"))
    assert (arrival.operation, arrival.status, arrival.violations) == (Operation.PREFLIGHT, 200, ())


def test_gzipped_body_is_limited_like_any_other() -> None:
    body = zipped(json.dumps(event(customMetadata={"a": "x" * 500})).encode())
    arrival = read(post("/api/v1/sessions/s/events", body=body), max_body_bytes=400)
    assert (arrival.status, rules(arrival)) == (413, [("", "body-size")])
    assert "more than 400 bytes" in detail(arrival)
    for path in (SESSIONS, DOWNLOADED):
        assert read(post(path, body=zipped(b" " * 2_000_000))).status == 413


def test_session_id_of_any_length_costs_no_more_than_half_a_kilobyte() -> None:
    arrival = read(post_event("x" * 5_000, event()))
    assert arrival.session_id == "x" * 512


def test_event_type_of_any_length_is_cut() -> None:
    assert read(post_event("s", event("x" * 5_000))).event_type == "x" * 100


@every_case(
    ("request_", "operation", "status", "argument"),
    [
        (HttpRequest("OPTIONS", SESSIONS, ""), Operation.PREFLIGHT, 200, ""),
        (HttpRequest("GET", "/api/v1/schemas/ping", ""), Operation.SCHEMA, 200, "ping"),
        (HttpRequest("GET", "/api/v1/schemas/bogus", ""), Operation.SCHEMA, 404, "bogus"),
        (HttpRequest("GET", SESSIONS, ""), Operation.OTHER, 405, "OPTIONS, POST"),
        (HttpRequest("GET", "/favicon.ico", ""), Operation.OTHER, 404, ""),
    ],
)
def test_request_that_needs_no_session_is_recognised(
    request_: HttpRequest, operation: Operation, status: int, argument: str
) -> None:
    arrival = read(request_)
    assert (arrival.operation, arrival.status, arrival.detail) == (operation, status, argument)


def test_event_on_a_wrong_path_is_still_read_for_whoever_looks_for_it() -> None:
    arrival = read(post("/api/v1/s/events", event("play")))
    assert (arrival.operation, arrival.event_type, arrival.status) == (Operation.OTHER, "play", 404)
    assert read(post("/nowhere", body=b"{")).document is None


# Numbers are quoted as they were written.


def ping_with_ts(ts: str) -> bytes:
    return b'{"eventType": "ping", "playerTime": {"playhead": 1, "ts": %s}}' % ts.encode()


@every_case("ts", ["1.767270020E12", "1767270020000.0", "1.767270020e+12", "1767270020000.50"])
@every_case("encoded", [lambda body: body, lambda body: BOM + body, zipped], ids=["plain", "BOM", "gzip"])
def test_a_number_is_quoted_as_it_was_written(ts: str, encoded: Any) -> None:
    arrival = read(post_event("s1", body=encoded(ping_with_ts(ts))))

    assert f'"ts" is the number {ts}; send Date.now()' in detail(arrival)
    assert arrival.document["playerTime"]["ts"] == float(ts)


def test_a_number_of_a_session_start_and_of_a_batch_is_quoted_as_it_was_written() -> None:
    body = json.dumps(start(ts=T0)).replace(str(T0), "1.760E12").encode()

    assert "is the number 1.760E12;" in detail(read(post(SESSIONS, body=body)))
    assert "is the number 1.760E12;" in detail(read(post(DOWNLOADED, body=b"[" + body + b"]")))


def test_a_body_with_an_integer_that_python_does_not_read_is_explained_all_the_same() -> None:
    body = ping_with_ts("1.5").replace(b'"playhead": 1', b'"playhead": ' + b"9" * 300)

    assert '"ts" is the number 1.5; send' in detail(read(post_event("s1", body=body)))
