"""HTTP archives in the forms of the tools that write them: what of them is media traffic, and what became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mockserver import MediaServer, Settings
from mockserver.admin.entries import export
from mockserver.admin.local_control import LocalControl
from mockserver.control import ExportQuery
from mockserver.errors import InvalidInput
from mockserver.model.fault import When
from mockserver.model.fault_kind import CloseFault, StatusFault
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Forwarded
from mockserver.model.vocabulary import Delivery, Outcome, Stage
from mockserver.namespaces import DEFAULT
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import Recording, parse_recording
from tests.factories import answer, emulator, event, fault, open_session, post, post_event, start, target
from tests.tables import every_case

HARS = Path(__file__).parents[2] / "fixtures" / "har"

OUTCOMES = {
    "chromium-devtools": (
        "answered opened answered accepted accepted accepted accepted accepted not_processed opened accepted accepted"
    ),
    "firefox": ("opened accepted opened accepted accepted accepted accepted accepted accepted accepted no_route"),
    "charles": "opened accepted accepted accepted accepted",
    "proxyman": "opened accepted accepted session_closed opened accepted accepted",
    "mitmproxy": "not_processed opened accepted not_processed accepted accepted accepted",
    "safari": "opened accepted accepted accepted accepted",
}
LEFT_OUT = {"chromium-devtools": 25, "firefox": 1, "charles": 2, "proxyman": 1, "mitmproxy": 1, "safari": 1}


def har(name: str) -> Recording:
    return parse_recording((HARS / f"{name}.har").read_bytes(), name)


def judged(recording: Recording) -> MediaServer:
    return MediaServer(LocalControl(judge_file(recording.calls, Settings(), leave_open=False), DEFAULT))


def archive(*entries: dict[str, Any], **log: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", **log, "entries": list(entries)}}).encode()


def entry(url: str = "https://e.hb-api.omtrdc.net/api/v1/sessions", **members: Any) -> dict[str, Any]:
    """Return an entry with no more than it needs."""
    body = members.pop("body", start())
    post_data = {} if body is None else {"postData": {"mimeType": "", "text": json.dumps(body)}}
    return {
        "startedDateTime": "2026-11-30T09:41:00.000Z",
        "request": {"method": members.pop("method", "POST"), "url": url, **post_data},
        "response": {"status": 201, "headers": [{"name": "Location", "value": "/api/v1/sessions/abc"}]},
        **members,
    }


@every_case("name", sorted(OUTCOMES))
def test_media_traffic_is_read_from_the_archive_of_a_tool(name: str) -> None:
    recording = har(name)
    entries = judged(recording).events()

    assert [entry.outcome.value for entry in entries] == OUTCOMES[name].split()
    assert recording.left_out == LEFT_OUT[name]
    assert recording.unit == "entry"


def test_every_archive_is_in_the_table() -> None:
    written = {path.stem for path in HARS.glob("*.har")}
    assert written - {"chromium-playwright"} == set(OUTCOMES) == set(LEFT_OUT)


@every_case("name", sorted(OUTCOMES))
def test_journal_has_the_answer_of_the_recorded_server(name: str) -> None:
    recording = har(name)
    answered = [entry.response.status if entry.response else None for entry in judged(recording).events()]
    recorded = [call.status for call in recording.calls]

    assert [a for a, b in zip(answered, recorded, strict=True) if b is not None] == [b for b in recorded if b]


def test_times_are_those_of_the_recording() -> None:
    for name in ("firefox", "mitmproxy", "safari"):
        first = next(entry for entry in judged(har(name)).events() if entry.event_type == "sessionStart")
        session = judged(har(name)).sessions()[0]
        assert first.at_ms // 1000 in (1_796_031_659, 1_796_031_660), name  # 2026-11-30T09:41:00Z
        assert session.opened_ms // 1000 == 1_796_031_660, name


def test_login_of_the_customers_own_api_at_another_host_is_left_out_with_its_password() -> None:
    assert b"secret" in (HARS / "chromium-devtools.har").read_bytes()
    assert all(b"secret" not in call.body for call in har("chromium-devtools").calls)


def test_prefix_of_the_path_of_the_api_is_removed() -> None:
    calls = har("chromium-devtools").calls
    assert {call.path.partition("/sessions")[0] for call in calls} == {"/api/v1"}


def test_pseudo_headers_of_http_2_are_left_out() -> None:
    for name in OUTCOMES:
        for call in har(name).calls:
            names = [name for name, _ in call.headers]
            assert not any(name.startswith(":") for name in names)
            assert sum(name.lower() == "host" for name in names) == 1


def test_body_that_the_browser_did_not_keep_is_reported_with_its_entry() -> None:
    recording = har("chromium-devtools")

    assert recording.without_body == (37,)
    assert "1 request skipped (recorded without a body: entry 37;" in recording.note


def test_request_without_an_answer_counts_as_processed_unless_the_connection_failed() -> None:
    aborted = next(entry for entry in judged(har("chromium-devtools")).events() if entry.event_type == "sessionEnd")
    refused = judged(har("mitmproxy")).events()[0]

    assert (aborted.outcome, aborted.delivery) == (Outcome.ACCEPTED, Delivery.CLIENT_GONE)
    assert (refused.outcome, refused.delivery, refused.response) == (Outcome.NOT_PROCESSED, Delivery.CUT, None)


def test_session_that_was_gone_in_the_recording_is_closed_from_then_on() -> None:
    first, second = judged(har("proxyman")).sessions()
    assert (first.closed_by, first.events) == ("expired", 3)
    assert (second.events, second.complete) == (3, True)


def test_entries_are_put_in_the_order_of_their_time() -> None:
    assert [call.line for call in har("firefox").calls] == [
        11,
        10,
        6,
        5,
        9,
        4,
        8,
        3,
        7,
        2,
        1,
    ]


def test_our_own_archive_is_read_back_as_the_same_journal() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, StatusFault(code=500), when=When(event_type="play"), times=1, probability=0.999)
    for request in (
        post_event(sid, event("play")),
        post_event(sid, event("play")),
        post_event("unknown", event()),
        post_event(sid, body=b"\xff"),
        post("/ee/va/v1/sessionStart?configId=x", {}),
        post_event(sid, event("sessionEnd")),
    ):
        answer(back_end, request)

    content = b"".join(export(target(back_end), ExportQuery(format="har")))
    again = parse_recording(content, "f")
    lines = parse_recording(b"".join(export(target(back_end), ExportQuery())), "f")

    plain = {"event": None, "normal": None}
    assert again.left_out == 0
    assert [_without(call, plain) for call in again.calls] == [_without(call, plain) for call in lines.calls]


def _without(call: Any, members: dict[str, Any]) -> Any:
    return replace(call, entry=replace(call.entry, **members))


def test_answer_that_was_cut_is_read_back_too() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    fault(back_end, CloseFault(), when=When(event_type="play"), stage=Stage.RESPONSE)
    plan = answer(back_end, post_event(sid, event("play")))
    back_end.delivered(plan, Delivery.CUT)

    [_, cut] = parse_recording(b"".join(export(target(back_end), ExportQuery(format="har"))), "f").calls

    assert cut.entry is not None
    assert cut.entry.delivery is Delivery.CUT
    assert cut.entry.response is not None
    assert cut.entry.response.status == 204


def test_answer_of_another_endpoint_is_read_back_too() -> None:
    back_end = emulator()
    plan = answer(back_end, post("/api/v1/sessions", start()))
    back_end.forwarded(plan, Forwarded(HttpResponse(403, (("Server", "jag"),), b"\xff")))

    [call] = parse_recording(b"".join(export(target(back_end), ExportQuery(format="har"))), "f").calls

    assert call.entry is not None
    assert call.entry.forwarded == back_end.entry_of(1, back_end.journal.everything()[0][1]).forwarded


def test_archive_in_any_layout_is_known_by_its_content() -> None:
    document = json.loads(archive(entry()))
    for content in (
        json.dumps(document).encode(),
        json.dumps(document, indent=2).encode(),
        json.dumps({"comment": "first", **document}, indent=2).encode(),
        b"\xef\xbb\xbf" + json.dumps(document).encode(),
    ):
        assert len(parse_recording(content, "f").calls) == 1


OTHER = entry("https://example.com/", method="GET", body=None)
NOT_BASE64 = entry(
    request={
        "method": "POST",
        "url": "https://e.hb-api.omtrdc.net/api/v1/sessions",
        "postData": {"text": "?", "encoding": "base64"},
    }
)


@every_case(
    ("content", "message"),
    [
        (archive(entry(), entry(startedDateTime="yesterday")), "f: entry 2: /startedDateTime: "),
        (archive(entry(), {"request": {"url": 1}}), "f: entry 2: /request"),
        (archive(NOT_BASE64), "f: entry 1: /request/postData/text: is not base64"),
        (archive(entry("https://example.com/"))[:-3], "f is not a complete HTTP archive"),
        (archive(OTHER), "f holds no request to the media API: 1 request skipped"),
        (b'{"log": {"entries": 1}}', "f is not a complete HTTP archive"),
        (archive(), "f holds no request to the media API"),
        (b"\x1f\x8b\x08rest", "f is packed (gzip): unpack it first"),
        (b"PK\x03\x04rest", "f is packed (zip): unpack it first"),
    ],
)  # fmt: skip
def test_archive_that_cannot_be_used_is_refused_with_file_entry_and_reason(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_recording(content, "f")
    assert str(refused.value).startswith(message)


@every_case("url", ["data:text/plain,hi", "https://[broken/", "chrome-extension://a/b", "wss://e.example/"])
def test_odd_addresses_of_other_requests_do_not_matter(url: str) -> None:
    recording = parse_recording(archive(entry(url, method="GET", body=None), entry()), "f")
    assert (len(recording.calls), recording.left_out) == (1, 1)


def test_headers_as_pairs_and_no_response_at_all_are_taken() -> None:
    one = entry()
    one["request"]["headers"] = [["Content-Type", "application/json"], ["odd"], None]
    one["response"] = None

    [call] = parse_recording(archive(one), "f").calls

    assert ("Content-Type", "application/json") in call.headers
    assert (call.status, call.ending) == (None, "unanswered")


def test_id_of_a_session_whose_location_the_tool_hides_is_the_new_one_of_later_requests() -> None:
    opening, later = entry(), entry("https://e.hb-api.omtrdc.net/api/v1/sessions/xyz/events", body=event("play"))
    opening["response"]["headers"], later["response"] = [], {"status": 204}

    calls = parse_recording(archive(opening, later), "f").calls

    assert [call.sid for call in calls] == ["xyz", "xyz"]


def test_paths_of_the_media_api_alone_make_no_media_traffic() -> None:
    other = entry("https://example.com/api/v1/sessions", body={"user": "ada"})
    with pytest.raises(InvalidInput, match="holds no request to the media API"):
        parse_recording(archive(other), "f")


def test_preflight_at_the_address_of_media_traffic_belongs_to_it() -> None:
    url = "https://own.example/x/api/v1/sessions"
    preflight = entry(url, method="OPTIONS", body=None, response={"status": 200})
    elsewhere = entry("https://own.example/api/v1/sessions", method="OPTIONS", body=None)

    recording = parse_recording(archive(preflight, elsewhere, entry(url)), "f")

    assert [call.method for call in recording.calls] == ["OPTIONS", "POST"]
    assert recording.left_out == 1
