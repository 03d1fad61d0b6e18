"""Entries: a request and its answer as they were on the wire."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.model.http import HttpResponse
from mockserver.model.journal import Draw, Entry, RareRecord, Record, Violation
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.wire.codec import convert, decode, encode, to_builtins
from mockserver.wire.entries import entry, http_date, response_headers

AT_MS = 1_760_000_000_999


def record(**members: Any) -> Record:
    known: dict[str, Any] = {
        "at_ms": AT_MS,
        "operation": Operation.EVENT,
        "session_id": "s1",
        "event_type": "ping",
        "outcome": Outcome.INVALID,
        "method": "POST",
        "target": "/ns/a/api/v1/sessions/s1/events?x=%C3%A4",
        "headers": ((b"Host", b"a"), (b"X-Odd", b"caf\xe9"), (b"Host", b"b")),
        "body": b'{"a":"\xc3\xa4"}',
        "response": HttpResponse(400, (("Content-Type", "application/json"), ("X", "1")), b"{}"),
        "delivery": Delivery.SENT,
        "violations": (Violation("/a", "type", "It is wrong."),),
        "fault_ids": ("f1",),
        "draws": (Draw("f1", 0.25, True),),
    }
    kind = RareRecord if {"held_ms", "displaced"} & set(members) else Record
    return kind(**{**known, **members})


def test_entry_shows_request_and_answer_as_they_were() -> None:
    shown = entry(7, record(), {"a": "ä"})
    assert (shown.seq, shown.at_ms, shown.event, shown.delivery) == (7, AT_MS, {"a": "ä"}, Delivery.SENT)
    assert (shown.operation, shown.outcome, shown.session_id) == (Operation.EVENT, Outcome.INVALID, "s1")
    assert (shown.violations, shown.fault_ids, shown.draws) == (
        (Violation("/a", "type", "It is wrong."),), ("f1",), (Draw("f1", 0.25, True),),
    )  # fmt: skip
    request = shown.request
    assert (request.method, request.path) == ("POST", "/ns/a/api/v1/sessions/s1/events?x=%C3%A4")
    assert request.headers == [("Host", "a"), ("X-Odd", "café"), ("Host", "b")]
    assert (request.body, request.body_encoding) == ('{"a":"ä"}', "utf-8")
    assert shown.response is not None
    assert (shown.response.status, shown.response.body, shown.response.body_encoding) == (400, "{}", "utf-8")
    assert shown.response.headers == [
        ("Date", "Thu, 09 Oct 2025 08:53:20 GMT"), ("Content-Type", "application/json"), ("X", "1"),
    ]  # fmt: skip


def test_entry_says_when_and_in_which_place_a_request_was_received_if_it_was_not_processed_at_once() -> None:
    assert not {"held_ms", "received"} & set(to_builtins(entry(7, record(), None)))
    shown = entry(7, record(held_ms=500, displaced=-3), None)
    assert (shown.held_ms, shown.received) == (500, 4)


def test_entry_without_data_about_its_reception_can_be_read() -> None:
    shown = convert(to_builtins(entry(7, record(), None)), Entry)
    assert (shown.held_ms, shown.received) == (0, 0)


def test_date_is_that_of_the_emulated_clock_to_the_second() -> None:
    assert http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert http_date(AT_MS) == "Thu, 09 Oct 2025 08:53:20 GMT"


def test_answer_that_ends_the_connection_says_so_last() -> None:
    fields = response_headers(HttpResponse(413, (("A", "b"),), b"", final=True), AT_MS)
    assert [name for name, _ in fields] == ["Date", "A", "Connection"]
    assert fields[-1] == ("Connection", "close")


def test_request_without_any_answer_has_no_response() -> None:
    assert entry(1, record(response=None, delivery=Delivery.CUT), None).response is None


def test_body_that_is_not_text_is_base64() -> None:
    body = b"\x1f\x8b\x00\xff"
    shown = entry(1, record(body=body, response=HttpResponse(500, (), b"\xff")), None)
    assert (shown.request.body, shown.request.body_encoding) == (base64.b64encode(body).decode(), "base64")
    assert shown.response is not None
    assert (shown.response.body, shown.response.body_encoding) == ("/w==", "base64")


@given(st.binary(max_size=40), st.binary(max_size=10), st.one_of(st.none(), st.integers(), st.text()))
def test_any_entry_can_be_written_and_read_again_with_the_same_bytes_in_it(
    body: bytes, value: bytes, event: Any
) -> None:
    shown = entry(1, record(body=body, headers=((b"a", value),)), event)
    again = decode(encode(shown), Entry)
    assert again == shown
    text = again.request.body
    assert (text.encode() if again.request.body_encoding == "utf-8" else base64.b64decode(text)) == body
    assert again.request.headers[0][1].encode("latin-1") == value


def test_answer_to_head_is_shown_without_the_body_that_the_wire_lacks() -> None:
    shown = entry(1, record(method="HEAD", response=HttpResponse(405, (), b"text")), None)
    assert shown.response is not None
    assert (shown.response.status, shown.response.body) == (405, "")


def test_date_of_a_fault_rule_stands_alone() -> None:
    response = HttpResponse(500, (("date", "yesterday"),))
    assert response_headers(response, 0) == [("date", "yesterday")]
