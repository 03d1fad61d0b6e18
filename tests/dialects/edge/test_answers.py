"""What the Media Edge API answers, status by status."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from mockserver.emulator.emulator import Emulator
from mockserver.model.answer_plan import AnswerPlan
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.fault import FaultSpec
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Operation, Outcome, Phase
from mockserver.wire.codec import convert
from tests.edge_events import (
    DATASTREAM,
    body,
    edge_post,
    open_edge_session,
    post_edge_event,
    session_details,
    sid_of,
)
from tests.factories import hand_clock, response
from tests.tables import every_case

EDGE_TYPES = tuple(name for name in EVENT_TYPES if name not in ("stateStart", "stateEnd"))
_UNKNOWN = "f" * 64


def emulator(**settings: Any) -> Emulator:
    return Emulator(Settings(**settings), seed="7", seeded_ids=True, clock=hand_clock())


def details(answer: HttpResponse) -> list[tuple[str, str]]:
    document = json.loads(answer.body)
    report = document["errors"][0]["report"] if answer.status == 207 else document["report"]
    return [(one["name"], one["reason"]) for one in report["details"]]


def kind(answer: HttpResponse) -> str:
    return str(json.loads(answer.body)["type"].rpartition("/")[2])


@every_case("base", ["/ee", "/ee/or2", "/ee-pre-prd", "/ee-pre-prd/irl1"])
@every_case("end", ["va/v1/sessionStart", "v1/interact", "v2/interact"])
def test_sessions_are_opened_under_every_base_and_hint(base: str, end: str) -> None:
    answer = response(emulator(), edge_post(f"{base}/{end}", body("sessionStart")))
    assert answer.status == 200
    document = json.loads(answer.body)
    assert [handle["type"] for handle in document["handle"]] == [
        "media-analytics:new-session", "locationHint:result", "state:store",
    ]  # fmt: skip
    assert re.fullmatch("r-1-[0-9a-f]{8}", document["requestId"])
    assert len(sid_of(answer)) == 64


@every_case("event_type", [name for name in EDGE_TYPES if name != "sessionStart"])
def test_every_event_type_has_its_path_and_is_answered_204(event_type: str) -> None:
    server = emulator()
    answer = post_edge_event(server, open_edge_session(server), event_type)
    assert (answer.status, answer.body) == (204, b"")


@every_case("event_type", ["stateStart", "stateEnd", "nothing"])
def test_types_of_the_other_api_have_no_path(event_type: str) -> None:
    answer = response(emulator(), edge_post(f"/ee/va/v1/{event_type}", body(event_type)))
    assert (answer.status, json.loads(answer.body)["type"]) == (404, "about:blank")


def test_interact_answers_events_with_handles_and_collect_with_nothing() -> None:
    server = emulator()
    sid = open_edge_session(server)
    answer = response(server, edge_post("/ee/or2/v1/interact", body("play", sid=sid)))
    assert (answer.status, "handle" in json.loads(answer.body)) == (200, True)
    assert response(server, edge_post("/ee/or2/v1/collect", body("sessionEnd", sid=sid))).status == 204
    (session,) = server.sessions
    assert session.phase is Phase.CLOSED


def test_collect_opens_sessions_without_an_answer_and_refuses_wrong_ones_like_events() -> None:
    server = emulator()
    answer = response(server, edge_post("/ee/v2/collect", body("sessionStart")))
    assert (answer.status, answer.body, len(server.sessions)) == (204, b"", 1)
    answer = response(server, edge_post("/ee/v2/collect", body("sessionStart", sessionDetails={})))
    assert (answer.status, kind(answer), len(server.sessions)) == (400, "va-edge-0400-400", 1)


@every_case("key", ["media.id", "media.name", "media.libraryVersion", "media.length", "statesStart"])
def test_keys_of_the_normal_shape_in_a_body_are_unknown_members_like_others(key: str) -> None:
    back_end = emulator()
    sids = (
        open_edge_session(back_end, sessionDetails=session_details()),
        open_edge_session(back_end, sessionDetails=session_details() | {key: [5]}),
    )
    plain, strange = (back_end.sessions.get(sid) for sid in sids)
    assert plain is not None
    assert strange is not None
    assert strange.content == plain.content


def test_events_that_are_not_about_media_are_answered_and_no_more() -> None:
    server = emulator()
    document = {"events": [{"xdm": {"eventType": "web.webpagedetails.pageViews"}}]}
    plan = server.handle(edge_post("/ee/v1/interact", document))
    assert isinstance(plan, AnswerPlan)
    assert (plan.record.outcome, plan.record.operation) == (Outcome.ANSWERED, Operation.OTHER)
    assert plan.response is not None
    assert (plan.response.status, b"new-session" in plan.response.body) == (200, False)


def test_answers_echo_the_origin_and_let_scripts_see_retry_after() -> None:
    server = emulator()
    sid = open_edge_session(server)
    for answer in (post_edge_event(server, sid), post_edge_event(server, _UNKNOWN), post_edge_event(server, "x")):
        fields = dict(answer.headers)
        assert fields["Access-Control-Allow-Origin"] == "https://www.player.test"
        assert fields["Access-Control-Allow-Credentials"] == "true"
        assert fields["Access-Control-Expose-Headers"] == "Retry-After"
        assert fields["Vary"] == "Origin"


def test_accepted_events_of_one_origin_are_answered_by_one_object() -> None:
    server = emulator()
    sid = open_edge_session(server)
    assert post_edge_event(server, sid) is post_edge_event(server, sid)


def test_preflight_is_answered_with_what_it_asks_for() -> None:
    headers = ((b"origin", b"https://a.example"), (b"access-control-request-headers", b"content-type,x-a"))
    answer = response(emulator(), HttpRequest("OPTIONS", "/ee/va/v1/play", "/ee/va/v1/play", headers))
    fields = dict(answer.headers)
    assert (answer.status, fields["Access-Control-Allow-Headers"]) == (200, "content-type,x-a")
    assert fields["Access-Control-Allow-Origin"] == "https://a.example"


def test_get_is_not_a_method_of_a_path() -> None:
    answer = response(emulator(), HttpRequest("GET", "/ee/va/v1/play", "/ee/va/v1/play"))
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, "OPTIONS, POST")


@every_case("content_type", ["text/plain", "application/json", "text/javascript", ""])
def test_bodies_are_json_whatever_their_type(content_type: str) -> None:
    answer = response(emulator(), edge_post("/ee/va/v1/sessionStart", body("sessionStart"), content_type=content_type))
    assert answer.status == 200


def test_faulty_start_is_answered_207_with_all_faults_and_opens_nothing() -> None:
    server = emulator()
    start = body("sessionStart", playhead=None, sessionDetails={"name": "c", "length": "60", "channel": "x"})
    answer = response(server, edge_post("/ee/v1/interact", start))
    assert answer.status == 207
    document = json.loads(answer.body)
    assert [handle["type"] for handle in document["handle"]] == ["locationHint:result", "state:store"]
    assert kind_of_error(document) == ("va-edge-0400-400", 400, "Invalid request", 0)
    found = dict(details(answer))
    assert found.keys() == {
        "$.xdm.mediaCollection.playhead",
        "$.xdm.mediaCollection.sessionDetails.length",
        "$.xdm.mediaCollection.sessionDetails.contentType",
        "$.xdm.mediaCollection.sessionDetails.playerName",
    }
    assert found["$.xdm.mediaCollection.playhead"] == "Missing required field"
    assert "without quotes" in found["$.xdm.mediaCollection.sessionDetails.length"]
    assert len(list(server.sessions)) == 0


def kind_of_error(document: dict[str, Any]) -> tuple[str, int, str, int]:
    (error,) = document["errors"]
    return error["type"].rpartition("/")[2], error["status"], error["title"], error["report"]["eventIndex"]


def test_faulty_event_is_answered_400_with_all_faults() -> None:
    server = emulator()
    sid = open_edge_session(server)
    ad = {"name": "a", "length": 10.5, "podPosition": -1}
    answer = post_edge_event(server, sid, "adStart", playhead=90_000, advertisingDetails=ad)
    assert (answer.status, kind(answer)) == (400, "va-edge-0400-400")
    prefix = "$.events[0].xdm.mediaCollection"
    found = dict(details(answer))
    assert found.keys() == {
        f"{prefix}.playhead", f"{prefix}.advertisingDetails.length", f"{prefix}.advertisingDetails.podPosition",
        f"{prefix}.advertisingDetails.playerName",
    }  # fmt: skip
    assert found[f"{prefix}.playhead"] == "Playhead must be in range [0, 86400] seconds"
    assert found[f"{prefix}.advertisingDetails.playerName"] == "Missing required field"
    assert dict(answer.headers)["Content-Type"] == "application/problem+json"
    violations = json.loads(answer.body)["violations"]
    assert violations[0]["path"] == "/events/0/xdm/mediaCollection/playhead"
    assert {one["normal_path"] for one in violations} >= {"/params/media.ad.length", "/playerTime/playhead"}


@every_case(
    ("change", "name", "reason"),
    [
        ({"sessionID": None}, "sessionID", "Missing required field"),
        ({"sessionID": "a" * 63}, "sessionID", "Unexpected error. Hint: InvalidApiSidLength=63"),
        ({"playhead": 1.5}, "playhead", '"xdm.mediaCollection.playhead" is the number 1.5; send an integer'),
        ({"playhead": -1}, "playhead", "Playhead must be in range [0, 86400] seconds"),
        ({"qoeDataDetails": {"bitrate": 3.2}}, "qoeDataDetails.bitrate", "send an integer (3, without a fraction)"),
        ({"qoeDataDetails": []}, "qoeDataDetails", "is the array []; send an object"),
    ],
)
def test_reasons_are_adobes_where_they_are_known_and_sentences_elsewhere(
    change: dict[str, Any], name: str, reason: str
) -> None:
    server = emulator()
    media = {"sid": open_edge_session(server), **change}
    answer = response(server, edge_post("/ee/va/v1/ping", body("ping", **media)))
    assert answer.status == 400
    ((found, said),) = details(answer)
    assert found == f"$.events[0].xdm.mediaCollection.{name}"
    assert reason in said


@every_case("timestamp", ["yesterday", "2026-05-04T20:15:30", "2026-05-04 20:15:30Z", "2026-13-04T20:15:30Z", ""])
def test_times_that_are_not_iso_8601_with_an_offset_are_refused_in_adobes_words(timestamp: str) -> None:
    server = emulator()
    document = body("ping", sid=open_edge_session(server))
    document["events"][0]["xdm"]["timestamp"] = timestamp
    answer = response(server, edge_post("/ee/va/v1/ping", document))
    ((name, reason),) = details(answer)
    assert name == "$.events[0].xdm.timestamp"
    assert reason.startswith("Field should respect ISO 8601 standard for presenting date and time with offset to UTC")


@every_case("timestamp", ["2026-05-04T20:15:30Z", "2026-05-04T22:15:30.5+02:00", "2026-05-04T20:15:30.123456Z"])
def test_times_with_an_offset_are_taken(timestamp: str) -> None:
    server = emulator()
    document = body("ping", sid=open_edge_session(server))
    document["events"][0]["xdm"]["timestamp"] = timestamp
    assert response(server, edge_post("/ee/va/v1/ping", document)).status == 204


def test_start_needs_no_timestamp_unless_a_setting_wants_it() -> None:
    document = body("sessionStart")
    del document["events"][0]["xdm"]["timestamp"]
    assert response(emulator(), edge_post("/ee/va/v1/sessionStart", document)).status == 200
    strict = emulator(edge_start_timestamp=True)
    answer = response(strict, edge_post("/ee/va/v1/sessionStart", document))
    assert (answer.status, details(answer)) == (207, [("$.xdm.timestamp", "Missing required field")])


def test_type_of_the_body_must_be_that_of_the_path() -> None:
    server = emulator()
    sid = open_edge_session(server)
    answer = response(server, edge_post("/ee/va/v1/play", body("ping", sid=sid)))
    said = json.loads(answer.body)["report"]["details"]
    assert answer.status == 400
    assert "play" in said
    assert "media.ping" in said


@every_case(
    ("event_type", "block"), [("adComplete", "advertisingDetails"), ("adBreakComplete", "advertisingPodDetails")]
)
def test_details_of_what_ends_are_not_allowed(event_type: str, block: str) -> None:
    server = emulator()
    answer = post_edge_event(server, open_edge_session(server), event_type, **{block: {"name": "x"}})
    assert answer.status == 400
    assert "must not be sent" in details(answer)[0][1]


@every_case(
    ("event_type", "media", "status"),
    [
        ("statesUpdate", {"statesStart": []}, 400),
        ("statesUpdate", {"statesStart": None, "statesEnd": [{"name": "fullScreen"}]}, 204),
        ("statesUpdate", {"statesStart": [{"name": "a b"}]}, 400),
        ("error", {"errorDetails": {"name": "e", "source": "network"}}, 400),
        ("bitrateChange", {"qoeDataDetails": None}, 400),
        ("ping", {"qoeDataDetails": {}}, 204),
        ("ping", {"media.resumed": True}, 204),
        ("chapterStart", {"customMetadata": [{"name": "a", "value": "b"}]}, 204),
        ("chapterStart", {"customMetadata": {"a": "b"}}, 400),
    ],
)
def test_blocks_have_their_forms(event_type: str, media: dict[str, Any], status: int) -> None:
    server = emulator()
    assert post_edge_event(server, open_edge_session(server), event_type, **media).status == status


def test_quality_of_null_counts_as_absent() -> None:
    server = emulator()
    sid = open_edge_session(server)
    document = body("ping", sid=sid)
    document["events"][0]["xdm"]["mediaCollection"]["qoeDataDetails"] = None
    assert response(server, edge_post("/ee/va/v1/ping", document)).status == 204
    change = body("bitrateChange", sid=sid)
    change["events"][0]["xdm"]["mediaCollection"]["qoeDataDetails"] = None
    answer = response(server, edge_post("/ee/va/v1/bitrateChange", change))
    assert details(answer) == [("$.events[0].xdm.mediaCollection.qoeDataDetails", "Missing required field")]


def test_fractions_are_a_setting() -> None:
    server = emulator(edge_integers="lenient")
    sid = open_edge_session(server, sessionDetails=session_details(length=60.393))
    assert post_edge_event(server, sid, playhead=1.5).status == 204


def test_unknown_session_is_answered_404_in_adobes_words() -> None:
    answer = post_edge_event(emulator(), _UNKNOWN)
    assert (answer.status, kind(answer)) == (404, "va-edge-0404-404")
    assert json.loads(answer.body)["report"]["details"] == (
        "Error processing request. If the session is longer than 24h, please start a new one. Returning Not Found"
    )


@every_case(("after_end", "status"), [(404, 404), (410, 410)])
def test_closed_session_is_answered_404_or_as_the_setting_says(after_end: int, status: int) -> None:
    server = emulator(edge_after_end=after_end)
    sid = open_edge_session(server)
    assert post_edge_event(server, sid, "sessionEnd").status == 204
    server.clock.advance(60_000)
    assert post_edge_event(server, sid, at_s=60).status == status


def test_session_lives_as_long_as_one_of_the_other_api() -> None:
    server = emulator()
    sid = open_edge_session(server)
    server.clock.advance(11 * 60_000)
    assert post_edge_event(server, sid, at_s=660).status == 404


@every_case(
    ("target", "settings", "status", "code"),
    [
        ("/ee/va/v1/sessionStart?requestId=1", {}, 400, "EXEG-0002-400"),
        ("/ee/v1/interact?requestId=1", {}, 400, "EXEG-0002-400"),
        ("/ee/va/v1/ping?requestId=1", {}, 404, "va-edge-0404-404"),
        ("/ee/va/v1/ping?requestId=1", {"edge_datastream_on_events": True}, 400, "EXEG-0002-400"),
        (f"/ee/va/v1/ping?configId={DATASTREAM}", {"edge_datastreams": ("other",)}, 400, "EXEG-0003-400"),
        (f"/ee/va/v1/ping?configId={DATASTREAM}", {"edge_datastreams": (DATASTREAM,)}, 404, "va-edge-0404-404"),
        (f"/ee/v2/interact?datastreamId={DATASTREAM}", {"edge_datastreams": ("other",)}, 400, "EXEG-0003-400"),
    ],
)
def test_datastreams(target: str, settings: dict[str, Any], status: int, code: str) -> None:
    answer = response(emulator(**settings), edge_post(target, body("ping", sid=_UNKNOWN)))
    assert (answer.status, kind(answer)) == (status, code)


@every_case(
    ("raw", "status", "code"),
    [
        (b"", 408, "EXEG-0109-408"),
        (b" \n", 408, "EXEG-0109-408"),
        (b"{", 400, "EXEG-0101-400"),
        (b"[]", 400, "va-edge-0400-400"),
        (b'{"events": []}', 400, "va-edge-0400-400"),
        (b'{"events": [7]}', 400, "va-edge-0400-400"),
        (b'{"events": [{"xdm": "x"}]}', 400, "va-edge-0400-400"),
        (b" " * 65_537, 413, "EXEG-0112-413"),
        (gzip.compress(b" " * 65_537, mtime=0), 413, "EXEG-0112-413"),
    ],
)
def test_invalid_bodies_are_refused(raw: bytes, status: int, code: str) -> None:
    answer = response(emulator(), edge_post("/ee/va/v1/ping", raw=raw))
    assert (answer.status, kind(answer)) == (status, code)


@every_case(
    ("declared", "status"),
    [
        ("application/json", 204),
        ("text/plain; charset=UTF-8", 204),
        ("Text/JavaScript", 204),
        ("text/xml", 415),
        ("", 415),
    ],
)
def test_strict_content_type_is_one_that_adobe_accepts(declared: str, status: int) -> None:
    server = emulator(content_type="strict")
    answer = response(
        server, edge_post("/ee/va/v1/ping", body("ping", sid=open_edge_session(server)), content_type=declared)
    )
    assert answer.status == status
    assert status == 204 or kind(answer) == "EXEG-0111-415"


def test_streamed_answer_comes_as_aep_mobile_asks_for_it() -> None:
    start = body("sessionStart")
    start["meta"] = {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}
    answer = response(emulator(), edge_post("/ee/va/v1/sessionStart", start))
    text = answer.body.decode()
    assert (text[0], text[-1]) == ("\0", "\n")
    assert "handle" in json.loads(text[1:])
    assert dict(answer.headers)["Content-Length"] == str(len(answer.body))


@every_case(("given", "value"), [("in", "general=in"), ("out", "general=out")])
def test_consent_is_stored(given: str, value: str) -> None:
    document = {"consent": [{"standard": "Adobe", "version": "1.0", "value": {"general": given}}]}
    answer = response(emulator(edge_org="ABC@AdobeOrg"), edge_post("/ee/v1/privacy/set-consent", document))
    stored = json.loads(answer.body)["handle"][0]
    assert (stored["type"], stored["payload"][0]["key"]) == ("state:store", "kndctr_ABC_AdobeOrg_consent")
    assert stored["payload"][0]["value"] == value


def test_identity_is_given() -> None:
    answer = response(emulator(), edge_post("/ee/v1/identity/acquire", {"query": {"identity": {"fetch": ["ECID"]}}}))
    assert json.loads(answer.body)["handle"][0]["type"] == "identity:result"


def test_organization_is_taken_from_the_cookies_that_a_client_has() -> None:
    start = body("sessionStart")
    start["meta"] = {"state": {"entries": [{"key": "kndctr_MINE_AdobeOrg_identity", "value": "x"}]}}
    answer = response(emulator(), edge_post("/ee/va/v1/sessionStart", start))
    assert b"kndctr_MINE_AdobeOrg_cluster" in answer.body


def _downloaded(*events: dict[str, Any]) -> dict[str, Any]:
    entries = []
    for each in events:
        xdm = each["events"][0]["xdm"]
        entries.append(
            {
                "mediaEventType": xdm["eventType"],
                "mediaEventTimestamp": xdm["timestamp"],
                "mediaCollection": xdm["mediaCollection"],
            }
        )
    return {"events": [{"xdm": {"eventType": "media.downloaded", "mediaDownloadedEvents": entries}}]}


def test_downloaded_content_is_one_session_without_a_new_session_handle() -> None:
    server = emulator()
    document = _downloaded(body("sessionStart"), body("play", at_s=1), body("sessionComplete", playhead=60, at_s=61))
    answer = response(server, edge_post("/ee/va/v1/downloaded", document))
    assert answer.status == 200
    assert b"new-session" not in answer.body
    (session,) = server.sessions
    assert (session.downloaded, session.events, session.dialect) == (True, 3, "edge")


def test_downloaded_content_must_begin_with_its_start() -> None:
    answer = response(emulator(), edge_post("/ee/va/v1/downloaded", _downloaded(body("play"), body("ping"))))
    assert answer.status == 207
    assert details(answer)[0][0] == "$.xdm.mediaDownloadedEvents[0].mediaEventType"


@every_case(
    ("outcome", "settings", "status"),
    [("unknown_session", {}, 404), ("session_closed", {}, 404), ("session_closed", {"edge_after_end": 410}, 410)],
)
def test_fault_outcome_has_the_status_of_this_api(outcome: str, settings: dict[str, Any], status: int) -> None:
    rule = convert({"when": {"event_type": "ping"}, "fault": {"kind": "outcome", "outcome": outcome}}, FaultSpec)
    server = Emulator(Settings(**settings), clock=hand_clock(), faults=[rule])
    assert post_edge_event(server, open_edge_session(server)).status == status


def test_request_without_a_session_is_recorded_without_one() -> None:
    server = emulator()
    plan = server.handle(edge_post("/ee/va/v1/ping", body("ping")))
    assert isinstance(plan, AnswerPlan)
    record = plan.record
    assert (record.operation, record.session_id, record.outcome) == (Operation.EVENT, None, Outcome.INVALID)
