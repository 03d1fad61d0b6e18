"""What every kind of fault makes of the answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import mockserver
from mockserver.dialects.collection import answers
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.emulator.injection import StruckRequest
from mockserver.model.arrival import Arrival
from mockserver.model.fault_kind import (
    AnswerFault,
    CloseFault,
    DribbleFault,
    DropHeaderFault,
    GarbleFault,
    HangFault,
    LocationFault,
    OutcomeFault,
    RefuseFault,
    ResetFault,
    SimpleFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.http import HttpResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation
from mockserver.wire.codec import convert
from tests.factories import post
from tests.tables import every_case

NEEDED: dict[type[AnswerFault], dict[str, Any]] = {
    StatusFault: {"code": 503},
    OutcomeFault: {"outcome": "session_closed"},
    RefuseFault: {"duration_ms": 5},
    TruncateFault: {"after_bytes": 5},
    DribbleFault: {"chunks": 2, "total_ms": 5},
    LocationFault: {"value": "{location}/"},
    DropHeaderFault: {"name": "X-Other"},
}
"""The required members of each kind of fault."""

API = COLLECTION.interpreter(Settings())
ARRIVAL = Arrival(Operation.EVENT)
OPENED = answers.opened("s1")
MARK = ("X-Mock-Fault", "f1")
REQUEST = post("/api/v1/sessions", host="tv.test:8089")


def sent(
    fault: AnswerFault,
    answer: HttpResponse = OPENED,
    *,
    marked: bool = True,
    is_processed: bool = True,
    sid: str = "s1",
) -> HttpResponse:
    mark = "f1" if marked else None
    response = fault.answered(
        StruckRequest(REQUEST, sid, lambda: answer, mark, API, ARRIVAL, is_processed=is_processed)
    )
    assert response is not None
    return response


def names(response: HttpResponse) -> list[str]:
    return [name for name, _ in response.headers]


@every_case("fault", [ResetFault(), CloseFault(), HangFault(), RefuseFault(duration_ms=500)])
def test_fault_of_the_connection_leaves_no_answer_and_asks_for_none(fault: AnswerFault) -> None:
    def unwanted() -> HttpResponse:
        raise AssertionError

    assert fault.answered(StruckRequest(REQUEST, "s1", unwanted, "f1", API, ARRIVAL, is_processed=False)) is None


KINDS = [kind for kind in get_args(SimpleFault) if issubclass(kind, AnswerFault)]


def test_answer_of_a_fault_kind_is_in_one_file_and_its_effect_on_the_socket_in_another() -> None:
    package = Path(mockserver.__file__).parent
    home, effects = package / "model" / "fault_kind.py", package / "server" / "effects.py"
    others = {RefuseFault: {package / "cli" / "story_run.py"}}  # which waits as long as it refuses connections
    named = {path: set(re.findall(r"\w+Fault\b", path.read_text("utf-8"))) for path in package.rglob("*.py")}
    naming = {kind: {path for path, words in named.items() if kind.__name__ in words} for kind in KINDS}

    assert {kind: at for kind, at in naming.items() if not {home} <= at <= {home, effects, *others.get(kind, ())}} == {}


@every_case("is_processed", [True, False])
@every_case("kind", KINDS)
def test_every_answer_of_a_fault_is_marked_once_unless_marking_is_off(
    kind: type[AnswerFault], is_processed: bool
) -> None:
    fault = convert({"kind": kind.__struct_config__.tag, **NEEDED.get(kind, {})}, SimpleFault)
    for mark in ("f1", None):
        response = fault.answered(
            StruckRequest(REQUEST, "s1", lambda: OPENED, mark, API, ARRIVAL, is_processed=is_processed)
        )
        if response is not None:
            assert [field for field in response.headers if field[0] == MARK[0]] == ([MARK] if mark else [])


@every_case("fault", [TruncateFault(after_bytes=0), GarbleFault(), DribbleFault(chunks=1, total_ms=0)])
def test_fault_that_damages_an_answer_in_transit_leaves_its_content_alone(fault: AnswerFault) -> None:
    assert sent(fault, marked=False) is OPENED


@every_case(("outcome", "status"), [("unknown_session", 404), ("session_closed", 410)])
def test_outcome_is_worded_as_by_the_api(outcome: str, status: int) -> None:
    fault = OutcomeFault(outcome=outcome)  # type: ignore[arg-type]
    response = sent(fault)
    assert response.status == status
    assert b"Session s1 is" in response.body
    assert b"The session is" in sent(fault, sid="").body


@every_case(
    ("name", "dropped"),
    [
        ("location", {"Location"}),
        ("Access-Control-Expose-Headers", {"Access-Control-Expose-Headers"}),
        (("LOCATION", "access-control-allow-origin"), {"Location", "Access-Control-Allow-Origin"}),
        ("X-Not-There", set()),
    ],
)
def test_dropped_header_is_missing_and_all_others_are_there(name: str | tuple[str, ...], dropped: set[str]) -> None:
    response = sent(DropHeaderFault(name=name))
    assert names(response) == [*(other for other in names(OPENED) if other not in dropped), "X-Mock-Fault"]
    assert not response.final


def test_mark_can_be_dropped_too() -> None:
    assert sent(DropHeaderFault(name="x-mock-fault")) == OPENED


def test_answer_without_its_length_ends_with_the_connection() -> None:
    assert sent(DropHeaderFault(name="content-length")).final
    assert not sent(DropHeaderFault(name="content-length"), answers.ACCEPTED).final, "a 204 has no length anyway"


@every_case("is_processed", [True, False])
def test_headers_of_a_status_are_added_or_replace_others_in_any_spelling(is_processed: bool) -> None:
    given: dict[str, str | int] = {"Retry-After": 5, "access-control-allow-origin": "http://a", "content-type": "a/b"}
    fields = dict(sent(StatusFault(code=429, body="x", headers=given), is_processed=is_processed).headers)
    assert {**given, "Retry-After": "5", "Content-Length": "1"}.items() <= fields.items()
    assert not {"Access-Control-Allow-Origin", "Content-Type"} & set(fields)


def test_mark_is_there_once_whatever_headers_are_injected() -> None:
    fields = sent(StatusFault(code=500, headers={"x-mock-fault": "mine"})).headers
    assert [value for name, value in fields if name.lower() == "x-mock-fault"] == ["mine"]


def test_status_of_a_processed_request_keeps_the_header_fields_of_its_answer_but_for_those_of_the_body() -> None:
    response = sent(StatusFault(code=200))
    assert response.field("location") == OPENED.field("location")
    assert (response.field("content-type"), response.field("content-length")) == (
        "application/json",
        str(len(response.body)),
    )
    assert names(response) == ["Location", *dict(answers.CORS), "Content-Type", "Content-Length", "X-Mock-Fault"]
    other = sent(StatusFault(code=201, body="", headers={"location": "/elsewhere"}))
    assert (other.body, [value for name, value in other.headers if name.lower() == "location"]) == (b"", ["/elsewhere"])


def test_status_of_a_request_that_is_not_processed_has_no_location() -> None:
    response = sent(StatusFault(code=200), is_processed=False)
    assert names(response) == [*dict(answers.CORS), "Content-Type", "Content-Length", "X-Mock-Fault"]


@every_case(
    ("value", "location"),
    [
        ("http://{host}{location}", "http://tv.test:8089/api/v1/sessions/s1"),
        ("{location}/", "/api/v1/sessions/s1/"),
        ("/va/api/v1/sessions/{sid}", "/va/api/v1/sessions/s1"),
        ("{sid}", "s1"),
        ("/api/v1/sessions/other", "/api/v1/sessions/other"),
    ],
)
def test_location_is_written_in_another_way_and_nothing_else_changes(value: str, location: str) -> None:
    response = sent(LocationFault(value=value))
    assert response.field("location") == location
    assert names(response) == [*names(OPENED), "X-Mock-Fault"]
    assert (response.status, response.body) == (OPENED.status, OPENED.body)


def test_location_that_an_answer_lacks_is_not_made_up() -> None:
    assert sent(LocationFault(value="{location}/"), answers.ACCEPTED, marked=False) is answers.ACCEPTED
