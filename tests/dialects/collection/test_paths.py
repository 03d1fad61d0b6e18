"""Which operation a method and a path ask for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.collection.paths import Call, call_of, docs_typo, events_path, session_path
from mockserver.model.vocabulary import Operation
from tests.tables import every_case

SID = "a" * 64
NOTHING = Call(Operation.OTHER, exists=False)


@every_case("slash", ["", "/"])
@every_case(
    ("method", "path", "expected"),
    [
        ("POST", "/api/v1/sessions", Call(Operation.START)),
        ("POST", "/api/v1/downloaded", Call(Operation.DOWNLOAD)),
        ("POST", f"/api/v1/sessions/{SID}/events", Call(Operation.EVENT, SID)),
        ("GET", "/api/v1/schemas/ping", Call(Operation.SCHEMA, "ping")),
        ("GET", "/api/v1/schemas/x.y", Call(Operation.SCHEMA, "x.y")),
        ("OPTIONS", "/api/v1/sessions", Call(Operation.PREFLIGHT)),
        ("OPTIONS", "/api/v1/downloaded", Call(Operation.PREFLIGHT)),
        ("OPTIONS", f"/api/v1/sessions/{SID}/events", Call(Operation.PREFLIGHT)),
        ("OPTIONS", "/api/v1/schemas/ping", Call(Operation.PREFLIGHT)),
    ],
)
def test_call_is_found_with_and_without_a_trailing_slash(method: str, path: str, expected: Call, slash: str) -> None:
    assert call_of(method, path + slash) == expected


@every_case(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/sessions", "OPTIONS, POST"),
        ("PUT", "/api/v1/sessions", "OPTIONS, POST"),
        ("DELETE", f"/api/v1/sessions/{SID}/events", "OPTIONS, POST"),
        ("HEAD", "/api/v1/downloaded/", "OPTIONS, POST"),
        ("POST", "/api/v1/schemas/ping", "OPTIONS, GET"),
    ],
)
def test_wrong_method_is_answered_with_the_methods_that_the_path_takes(method: str, path: str, allowed: str) -> None:
    assert call_of(method, path) == Call(Operation.OTHER, allowed)


@every_case(
    "path",
    [
        "/",
        "",
        "*",
        "/api/v1",
        "/api/v2/sessions",
        "/API/v1/sessions",
        f"/api/v1/sessions/{SID}",
        f"/api/v1/sessions/{SID}/event",
        "/api/v1/sessions//",
        "/api/v1/schemas/",
        "/api/v1/schemas/a/b",
        f"/api/v1/{SID}/events",
        f"/va/api/v1/sessions/{SID}/events",
        "/api/v1/sessionsx",
        "//api/v1/sessions",
    ],
)
@every_case("method", ["GET", "POST", "OPTIONS"])
def test_other_paths_do_not_exist_whatever_the_method(method: str, path: str) -> None:
    assert call_of(method, path) == NOTHING


@every_case(
    ("path", "sid"),
    [
        ("/api/v1/sessions//events", ""),
        ("/api/v1/sessions/v1/events", "v1"),
        ("/api/v1/sessions/http://a/api/v1/sessions/x/events", "http://a/api/v1/sessions/x"),
        (f"/api/v1/sessions/{SID}%2F/events", f"{SID}%2F"),
        (f"/api/v1/sessions/{SID}//events", f"{SID}/"),
        ("/api/v1/sessions/events", ""),
    ],
)
def test_session_id_of_a_client_that_misread_location_is_whatever_it_sent(path: str, sid: str) -> None:
    assert call_of("POST", path) == Call(Operation.EVENT, sid)


def test_api_answers_under_a_prefix_that_is_set_and_under_none() -> None:
    prefixes = ("/va", "/a/b")
    for prefix in ("", *prefixes):
        assert call_of("POST", f"{prefix}/api/v1/sessions", prefixes) == Call(Operation.START)
        assert call_of("POST", f"{prefix}/api/v1/sessions/{SID}/events", prefixes) == Call(Operation.EVENT, SID)
    assert call_of("POST", "/va/va/api/v1/sessions", prefixes) == NOTHING
    assert call_of("POST", "/vax/api/v1/sessions", prefixes) == NOTHING


def test_location_is_relative_without_prefix_and_without_trailing_slash() -> None:
    assert session_path(SID) == f"/api/v1/sessions/{SID}"
    assert events_path(SID) == f"/api/v1/sessions/{SID}/events"


@given(st.text("0123456789abcdef", min_size=1))
def test_path_that_is_given_out_is_understood(sid: str) -> None:
    assert call_of("POST", events_path(sid)) == Call(Operation.EVENT, sid)


@every_case(
    ("path", "typo"),
    [
        (f"/api/v1/{SID}/events", True),
        (f"/api/v1/{SID}/events/", True),
        ("/api/v1/sessions/events", False),
        (f"/api/v1/sessions/{SID}/events", False),
        (f"/{SID}/events", False),
        ("/api/v1/events", False),
    ],
)
def test_wrong_path_of_adobes_queueing_sample_is_recognised(path: str, typo: bool) -> None:
    assert docs_typo(path) is typo


@given(st.sampled_from(["GET", "POST", "OPTIONS", ""]), st.text())
def test_any_path_is_a_call(method: str, path: str) -> None:
    assert call_of(method, path, ("/va",)).operation in Operation
