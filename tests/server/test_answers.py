from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.clock import Clock
from mockserver.model.settings import Settings
from tests.server.conftest import Start
from tests.server.running import PING, START, Running
from tests.server.wire import Answer
from tests.tables import every_case

DATE = ("Date", "Thu, 09 Oct 2025 08:53:20 GMT")
CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "OPTIONS,POST,PUT"),
    ("Access-Control-Allow-Headers", "Content-Type"),
    ("Access-Control-Expose-Headers", "Location"),
]
JSON = ("Content-Type", "application/json")


@pytest.fixture
def server(start: Start, clock: Clock) -> Running:
    return start(clock=clock, seeded_ids=True)


def length(answer: Answer) -> tuple[str, str]:
    return ("Content-Length", str(len(answer.body)))


def test_created_session_has_exactly_the_headers_of_adobes_samples(server: Running) -> None:
    answer = server.ask("POST", "/api/v1/sessions", START)
    sid = str(answer.header("Location")).rpartition("/")[2]
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers == [
        DATE,
        ("Location", f"/api/v1/sessions/{sid}"),
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", "0"),
        *CORS,
    ]
    assert len(sid) == 64
    assert set(sid) <= set("0123456789abcdef")


def test_accepted_event_has_no_content_headers(server: Running) -> None:
    answer = server.ping(server.open_session())
    assert (answer.status, answer.headers) == (204, [DATE, *CORS])


def test_preflight_is_200_with_an_empty_body_and_adobes_cors_list(server: Running) -> None:
    asked = (("Origin", "https://player.example"), ("Access-Control-Request-Headers", "content-type,x-other"))
    for path in ("/api/v1/sessions", "/api/v1/sessions/any/events", "/api/v1/schemas/play", "/api/v1/downloaded"):
        answer = server.ask("OPTIONS", path, None, *asked)
        assert (answer.status, answer.headers, answer.body) == (200, [DATE, *CORS, ("Content-Length", "0")], b"")


def test_preflight_mirrors_asked_headers_and_max_age_when_set(start: Start, clock: Clock) -> None:
    server = start(Settings(cors_allow_any_header=True, cors_max_age_s=60), clock=clock)
    answer = server.ask("OPTIONS", "/api/v1/sessions", None, ("Access-Control-Request-Headers", "content-type,x-other"))
    assert answer.header("Access-Control-Allow-Headers") == "content-type,x-other"
    assert answer.headers[-2:] == [("Access-Control-Max-Age", "60"), ("Content-Length", "0")]


@every_case(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/v1/sessions", b"{}", 400),
        ("POST", "/api/v1/sessions", b"", 400),
        ("POST", "/api/v1/sessions/unknown/events", PING, 404),
        ("GET", "/api/v1/schemas/nothing", None, 404),
        ("GET", "/nowhere", None, 404),
        ("GET", "/", None, 404),
    ],
)
def test_refusals_are_json_messages_with_cors(
    server: Running, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = server.ask(method, path, body)
    assert (answer.status, answer.headers) == (status, [DATE, JSON, length(answer), *CORS])
    assert isinstance(answer.json()["message"], str)


def test_closed_session_is_410_with_the_same_headers_as_other_refusals(server: Running) -> None:
    sid = server.open_session()
    assert server.admin("POST", f"/sessions/{sid}/expire").status == 200
    answer = server.ping(sid)
    assert (answer.status, answer.headers) == (410, [DATE, JSON, length(answer), *CORS])


@every_case(
    ("method", "path", "allow"),
    [
        ("GET", "/api/v1/sessions", "OPTIONS, POST"),
        ("PUT", "/api/v1/sessions", "OPTIONS, POST"),
        ("DELETE", "/api/v1/sessions/any/events", "OPTIONS, POST"),
        ("POST", "/api/v1/schemas/play", "OPTIONS, GET"),
    ],
)
def test_wrong_method_is_405_and_names_the_right_ones(server: Running, method: str, path: str, allow: str) -> None:
    answer = server.ask(method, path)
    assert (answer.status, answer.headers) == (405, [DATE, JSON, length(answer), ("Allow", allow), *CORS])


def test_too_large_body_is_413_and_closes_the_connection(start: Start, clock: Clock) -> None:
    server = start(Settings(max_body_bytes=100), clock=clock)
    with server.connect() as wire:
        answer = wire.ask("POST", "/api/v1/sessions", b" " * 101)
        assert (answer.status, answer.headers) == (
            413,
            [DATE, JSON, length(answer), *CORS, ("Connection", "close")],
        )
        assert wire.rest() == b""


def test_schema_is_200_json_with_a_length(server: Running) -> None:
    answer = server.ask("GET", "/api/v1/schemas/sessionStart")
    assert (answer.status, answer.headers) == (200, [DATE, JSON, length(answer), *CORS])
    assert answer.json()["$schema"] == "http://json-schema.org/draft-04/schema#"


def test_date_is_that_of_the_emulated_clock(server: Running) -> None:
    server.admin("POST", "/clock", {"action": "set", "at_ms": 0})
    assert server.ask("GET", "/nowhere").header("Date") == "Thu, 01 Jan 1970 00:00:00 GMT"
    sid = server.open_session()
    assert server.ping(sid).header("Date") == "Thu, 01 Jan 1970 00:00:00 GMT"
    server.admin("POST", "/clock", {"action": "advance", "ms": 1000})
    assert server.ping(sid).header("Date") == "Thu, 01 Jan 1970 00:00:01 GMT"


def test_head_gets_the_405_without_a_body_so_that_the_connection_stays_usable(server: Running) -> None:
    with server.connect() as wire:
        answer = wire.ask("HEAD", "/api/v1/sessions")
        assert (answer.status, answer.header("Allow")) == (405, "OPTIONS, POST")
        assert wire.ask("GET", "/api/v1/schemas/play").status == 200


@every_case(
    ("version", "headers"),
    [("1.1", "Connection: close\r\n"), ("1.0", ""), ("1.0", "Connection: keep-alive\r\n")],
)
def test_an_answer_that_ends_the_connection_says_so(server: Running, version: str, headers: str) -> None:
    with server.connect() as wire:
        wire.send(f"GET /api/v1/schemas/play HTTP/{version}\r\nHost: localhost\r\n{headers}\r\n".encode())
        answer = wire.answer()
        assert answer.headers[-1] == ("Connection", "close")
        assert wire.rest() == b""


def shown(response: Any) -> Answer:
    return Answer(response["status"], [(name, value) for name, value in response["headers"]], response["body"].encode())


def test_journal_shows_every_answer_as_it_was_on_the_wire(start: Start) -> None:
    server = start(Settings(max_body_bytes=1000))
    sid = server.open_session()
    close = ("Connection", "close")
    seq = 1
    for method, path, body, headers in (
        ("POST", "/api/v1/sessions", START, ()),
        ("POST", f"/api/v1/sessions/{sid}/events", PING, ()),
        ("POST", f"/api/v1/sessions/{sid}/events", PING, (close,)),
        ("OPTIONS", "/api/v1/sessions", None, ()),
        ("OPTIONS", "/api/v1/sessions", None, (close,)),
        ("POST", "/api/v1/sessions", b"{}", ()),
        ("POST", "/api/v1/sessions", b"{}", (close,)),
        ("POST", "/api/v1/sessions", b"\xff\x00", ()),
        ("POST", "/api/v1/sessions", b" " * 1001, ()),
        ("POST", "/api/v1/sessions/x/events", PING, (close,)),
        ("GET", "/api/v1/schemas/play", None, ()),
        ("GET", "/api/v1/sessions", None, ()),
        ("GET", "/%C3%A4?q=%FC", None, ()),
    ):
        answer = server.ask(method, path, body, *headers)
        seq += 1
        assert shown(server.entry(seq)["response"]) == answer


def test_journal_shows_every_request_as_it_was_on_the_wire(server: Running) -> None:
    server.ask(
        "POST", "/api/v1/sessions?x=1&x=2", b"\xfe\xff", ("X-odd-CASE", "  padded\t"), ("X-Two", "1"), ("X-Two", "2")
    )
    request = server.entry(1)["request"]
    assert request == {
        "method": "POST",
        "path": "/api/v1/sessions?x=1&x=2",
        "headers": [
            ["Host", "localhost"],
            ["X-odd-CASE", "padded"],
            ["X-Two", "1"],
            ["X-Two", "2"],
            ["Content-Length", "2"],
        ],
        "body": "/v8=",
        "body_encoding": "base64",
    }


def test_only_authorization_and_cookie_values_are_masked(server: Running) -> None:
    server.ask(
        "POST", "/api/v1/sessions", START, ("Authorization", "Bearer s3cret"), ("Cookie", "a=s3cret"), ("X-A", "b")
    )
    text = json.dumps(server.entry(1))
    assert "s3cret" not in text
    assert ["Authorization", "***"] in server.entry(1)["request"]["headers"]
    assert ["X-A", "b"] in server.entry(1)["request"]["headers"]
