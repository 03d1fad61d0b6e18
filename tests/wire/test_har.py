"""The journal as an HTTP archive: whoever reads HAR 1.2 can read it, and nothing of the traffic is lost."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from mockserver.admin.entries import export
from mockserver.control import Chunks, ExportQuery
from mockserver.emulator.emulator import Emulator
from mockserver.emulator.held_requests import HeldRequest
from mockserver.model.fault import When
from mockserver.model.fault_kind import DelayFault, ResetFault, StatusFault
from mockserver.model.http import HttpRequest
from mockserver.model.vocabulary import Delivery
from tests.factories import answer, emulator, event, fault, open_session, post, post_event, send, start, target
from tests.tables import every_case

REQUEST = {
    "method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list,
    "headersSize": int, "bodySize": int,
}  # fmt: skip
RESPONSE = {
    "status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list, "content": dict,
    "redirectURL": str, "headersSize": int, "bodySize": int,
}  # fmt: skip
ENTRY = {
    "startedDateTime": str, "time": int, "request": dict, "response": dict, "cache": dict, "timings": dict,
}  # fmt: skip


def exported(back_end: Emulator, scheme: str = "http") -> Chunks:
    return export(target(back_end, scheme), ExportQuery(format="har"))


def archive(back_end: Emulator, scheme: str = "http") -> list[dict[str, Any]]:
    document = json.loads(b"".join(exported(back_end, scheme)))
    check_archive(document)
    entries: list[dict[str, Any]] = document["log"]["entries"]
    return entries


def check_archive(document: Any) -> None:
    """Check what the specification of HAR 1.2 requires of a document; members of others begin with an underscore."""
    assert list(document) == ["log"]
    log = document["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= set(log["creator"])
    for entry in log["entries"]:
        check_members(entry, ENTRY)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["startedDateTime"])
        assert {"send", "wait", "receive"} <= set(entry["timings"])
        assert min(entry["timings"].values()) >= 0, "send, wait and receive are not optional"
        assert entry["time"] == sum(entry["timings"].values())
        request, response = entry["request"], entry["response"]
        check_members(request, REQUEST, "postData")
        check_members(response, RESPONSE)
        assert request["url"].startswith(("http://", "https://"))
        for field in (*request["headers"], *request["queryString"], *response["headers"]):
            assert {name: type(value) for name, value in field.items()} == {"name": str, "value": str}
        if "postData" in request:
            assert {"mimeType", "text"} <= set(request["postData"])
        check_members(response["content"], {"size": int, "mimeType": str}, "text", "encoding")


def check_members(given: dict[str, Any], required: dict[str, type], *allowed: str) -> None:
    assert {name: type(given[name]) for name in required} == required
    assert all(name in required or name in allowed or name.startswith("_") for name in given), given


def test_a_request_and_its_answer_are_as_they_were_on_the_wire() -> None:
    back_end = emulator()
    sid = open_session(back_end)
    document = json.dumps(event("ping", playhead=1.5), indent=1)
    answer(back_end, post_event(sid, body=document.encode(), host="mock.test:80"))
    opened, ping = archive(back_end)
    assert ping["startedDateTime"] == "2025-10-09T08:53:20.000Z"
    assert ping["request"]["method"] == "POST"
    assert ping["request"]["url"].endswith(f"/api/v1/sessions/{sid}/events")
    assert ping["request"]["postData"] == {"mimeType": "application/json", "text": document}
    assert ping["request"]["bodySize"] == len(document)
    assert (ping["response"]["status"], ping["response"]["content"]["size"]) == (204, 0)
    assert {"name": "Location", "value": f"/api/v1/sessions/{sid}"} in opened["response"]["headers"]
    assert opened["_mockserver"] == {
        "seq": 1, "received": 1, "operation": "start", "session_id": sid, "event_type": "sessionStart",
        "outcome": "opened", "fault_ids": [], "delivery": "sent", "violations": [],
    }  # fmt: skip


def test_host_and_query_make_the_url() -> None:
    back_end = emulator()
    for path, host in (("/api/v1/x?a=1&b=&a=%20", b"mock.test:80"), ("http://proxied.test/y", b"other"), ("/[", b"")):
        headers = ((b"Host", host),) if host else ()
        answer(back_end, HttpRequest("GET", path, path, headers))
    entries = archive(back_end)
    assert [entry["request"]["url"] for entry in entries] == [
        "http://mock.test:80/api/v1/x?a=1&b=&a=%20", "http://proxied.test/y", "http://localhost/[",
    ]  # fmt: skip
    assert entries[0]["request"]["queryString"] == [
        {"name": "a", "value": "1"}, {"name": "b", "value": ""}, {"name": "a", "value": " "},
    ]  # fmt: skip
    assert "postData" not in entries[0]["request"]


def test_scheme_of_the_server_is_that_of_the_urls() -> None:
    back_end = emulator()
    for path in ("/x", "http://proxied.test/y"):
        answer(back_end, HttpRequest("GET", path, path, ((b"Host", b"mock.test"),)))
    urls = [entry["request"]["url"] for entry in archive(back_end, "https")]
    assert urls == ["https://mock.test/x", "http://proxied.test/y"]


def test_request_that_was_held_back_started_when_it_was_received_and_waited_that_long() -> None:
    back_end = emulator()
    fault(back_end, DelayFault(ms=1_250), when=When(event_type="sessionStart"))
    held = back_end.handle(post("/api/v1/sessions", start()))
    assert isinstance(held, HeldRequest)
    send(back_end, "x")
    back_end.clock.advance(1_250)
    back_end.resume(held)
    overtook, entry = archive(back_end)
    assert [each["_mockserver"]["received"] for each in (overtook, entry)] == [2, 1]
    assert entry["startedDateTime"] == "2025-10-09T08:53:20.000Z"
    assert (entry["time"], entry["timings"]) == (1_250, {"send": 0, "wait": 1_250, "receive": 0})


def test_body_that_is_not_text_is_base64() -> None:
    back_end = emulator()
    answer(back_end, post("/api/v1/sessions", body=b"\xff\x00{"))
    (entry,) = archive(back_end)
    data = entry["request"]["postData"]
    assert (data["encoding"], base64.b64decode(data["text"])) == ("base64", b"\xff\x00{")
    assert entry["request"]["bodySize"] == 3
    assert entry["_mockserver"]["violations"][0]["rule"]


def test_exchange_that_was_cut_has_status_0_and_names_its_fault() -> None:
    back_end = emulator()
    rule = fault(back_end, ResetFault(), when=When(event_type="ping"))
    answer(back_end, post_event(open_session(back_end), event("ping")))
    (cut,) = archive(back_end)[1:]
    assert (cut["response"]["status"], cut["response"]["headers"]) == (0, [])
    assert cut["_mockserver"]["fault_ids"] == [rule.id]


def test_incomplete_answer_has_status_0() -> None:
    back_end = emulator()
    plan = answer(back_end, post("/api/v1/sessions", start()))
    back_end.delivered(plan, Delivery.CUT)
    (entry,) = archive(back_end)
    assert (entry["response"]["status"], entry["_mockserver"]["delivery"]) == (0, "cut")


def test_injected_answer_is_there_with_its_fault() -> None:
    back_end = emulator()
    rule = fault(back_end, StatusFault(code=599, body="gone"))
    answer(back_end, post("/api/v1/sessions", start()))
    (entry,) = archive(back_end)
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (599, "")
    assert entry["response"]["content"]["text"] == "gone"
    assert entry["_mockserver"]["fault_ids"] == [rule.id]


@every_case("count", [0, 1, 1_203])
def test_archive_of_any_length_is_complete_and_arrives_in_pieces(count: int) -> None:
    back_end = emulator()
    for _ in range(count):
        send(back_end, "x")
    assert [entry["_mockserver"]["seq"] for entry in archive(back_end)] == list(range(1, count + 1))
    pieces = iter(exported(back_end))
    assert len(next(iter(pieces))) < 500


def test_archive_is_whole_when_the_journal_is_reset_meanwhile() -> None:
    back_end = emulator()
    for _ in range(600):
        send(back_end, "x")
    pieces = iter(exported(back_end))
    first = next(pieces) + next(pieces)
    back_end.reset(("journal",))
    check_archive(json.loads(first + b"".join(pieces)))
