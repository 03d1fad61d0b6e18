"""Every refused request has a finding of severity warning or error, in every view."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.admin.diagnosis import Diagnosis
from mockserver.admin.local_control import LocalControl
from mockserver.cli.command_line import main
from mockserver.errors import VerificationFailed
from mockserver.media_server import MediaServer
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.finding import Finding, Severity
from mockserver.model.http import HttpRequest, RequestProblem
from mockserver.model.settings import Settings
from mockserver.namespaces import DEFAULT, Namespaces
from tests.playbacks import START_PARAMS, Playground
from tests.tables import every_case

SERIOUS = (Severity.WARNING, Severity.ERROR)
JSON = ((b"Content-Type", b"application/json"),)


def server_of(ground: Playground) -> MediaServer:
    return MediaServer(LocalControl(Namespaces(lambda name: ground.emulator), DEFAULT))


def send(
    ground: Playground, method: str, path: str, body: bytes = b"", problem: RequestProblem | None = None
) -> int | None:
    """Send a request; return its entry if it was refused."""
    plan = ground.emulator.handle(HttpRequest(method, path, path, JSON, body, problem))
    assert not hasattr(plan, "token")
    status = plan.response.status  # type: ignore[union-attr]
    return ground.emulator.journal.last_seq if status is not None and status >= 400 else None


def body_of(event_type: Any, ts_ms: Any, playhead: Any = 1, **members: Any) -> bytes:
    document = {"eventType": event_type, "playerTime": {"playhead": playhead, "ts": ts_ms}, **members}
    return json.dumps(document).encode()


# Any refused request

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**13), st.floats(allow_nan=False), st.text(max_size=5))
NAMES = st.sampled_from([*EVENT_TYPES, "pause", "complete", "media.play", "pnig", "", "seekStart"]) | VALUES
KEYS = st.sampled_from(["media.id", "media.ad.id", "media.qoe.bitrate", "analytics.enableSSL", "own key", "bitrate"])
MEMBERS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["params", "qoeData", "customMetadata", "events", "other"]),
    st.dictionaries(KEYS, VALUES, max_size=2) | VALUES | st.just([{"xdm": {}}]),
    max_size=2,
)
BODIES = st.one_of(
    st.builds(lambda name, playhead, members: (name, playhead, members), NAMES, VALUES | st.just(3), MEMBERS),
    st.sampled_from([b"", b"{", b"[]", b"[{}]", b"null", b'"x"', b'{"playerTime":NaN}', b"\xff"]),
)
PATHS = st.sampled_from(
    [
        "/api/v1/sessions", "/api/v1/sessions/{sid}/events", "/api/v1/sessions/unknown/events",
        "/api/v1/sessions//events", "/api/v1/sessions/undefined/events", "/api/v1/sessions/{sid}//events",
        "/api/v1/downloaded", "/va/api/v1/sessions", "/API/V1/sessions/{sid}/events", "/api/v1/sessions/{sid}/event",
        "/api/v1/{sid}/events", "/api/v2/sessions", "/collect", "/", "/ee/va/v1/play", "/api/v1/sessions/{sid}",
    ]
)  # fmt: skip
METHODS = st.sampled_from(["POST", "POST", "POST", "PUT", "GET"])
PROBLEMS = st.sampled_from([None, None, None, "too_large", "incomplete"])


@given(requests=st.lists(st.tuples(METHODS, PATHS, BODIES, PROBLEMS, st.sampled_from([0, 5, 40])), max_size=12))
def test_every_refused_request_of_a_player_is_named(requests: list[tuple[Any, ...]]) -> None:
    ground = Playground(Settings(idle_timeout_s=30, max_body_bytes=2000))
    sid = ground.play(("play", 0.1, 0))
    refused: list[int] = []
    learnt = False
    for method, path, body, problem, later_s in requests:
        if method == "GET" and "/api/v" not in path.lower():
            continue  # a visiting browser
        ground.now_ms += later_s * 1000
        content = body if isinstance(body, bytes) else body_of(body[0], ground.now_ms, body[1], **body[2])
        seq = send(ground, method, path.replace("{sid}", sid), content, problem)
        record = None if seq is None else ground.emulator.journal.get(seq)
        if seq is None or record is None:
            continue
        if record.session_id == sid and record.response is not None and record.response.status == 410 and not learnt:
            learnt = ground.emulator.sessions.get(sid).closed_by.value == "idle"  # type: ignore[union-attr]
            if learnt:
                continue  # the event whose answer tells the player that the session has timed out
        refused.append(seq)

    found = Diagnosis(ground.namespace).findings()
    assert unnamed(refused, found) == [], [ground.emulator.journal.get(seq) for seq in unnamed(refused, found)]
    server = server_of(ground)
    for seq in refused:
        whose = ground.emulator.journal.get(seq).session_id  # type: ignore[union-attr]
        if whose == sid:
            assert unnamed([seq], server.findings(sid)) == []
    if refused:
        counts = server.summary().findings
        assert counts.get("warning", 0) + counts.get("error", 0) > 0
        with pytest.raises(VerificationFailed):
            server.assert_no_findings()


def unnamed(seqs: list[int], found: list[Finding]) -> list[int]:
    named = {seq for finding in found if finding.severity in SERIOUS for seq in finding.seqs}
    return [seq for seq in seqs if seq not in named]


# The general rule


def only_finding(ground: Playground) -> Finding:
    (finding,) = (one for one in Diagnosis(ground.namespace).findings() if one.severity in SERIOUS)
    return finding


@every_case(
    ("change", "says"),
    [
        (lambda params: params.update({"analytics.enableSSL": "true"}), '"analytics.enableSSL" is the string "true"'),
        (lambda params: params.pop("media.channel"), '"media.channel" is missing'),
    ],
)
def test_a_session_start_that_is_refused_says_why_and_that_there_is_no_session(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    ground = Playground()
    params = dict(START_PARAMS)
    change(params)
    send(ground, "POST", "/api/v1/sessions", body_of("sessionStart", ground.now_ms, 0, params=params))

    finding = only_finding(ground)
    assert (finding.code, finding.severity, finding.session_id) == ("http.refused", Severity.ERROR, None)
    assert finding.message.startswith(f"The sessionStart event was answered 400: {says}")
    assert finding.consequence == "No session is opened."


def test_an_event_that_is_refused_for_several_reasons_is_one_finding() -> None:
    ground = Playground()
    sid = ground.play()
    for _ in range(2):
        send(ground, "POST", f"/api/v1/sessions/{sid}/events", body_of("adStart", ground.now_ms, params={}))

    finding = only_finding(ground)
    assert (finding.code, finding.seqs, finding.session_id) == ("http.refused", (2, 3), sid)
    assert finding.message.startswith("2 adStart events were answered 400: ")
    assert [key in finding.message for key in ("media.ad.id", "media.ad.length", "media.ad.podPosition")] == [True] * 3
    assert finding.consequence == "The event is lost."


def test_a_body_that_is_too_large_is_named_with_its_status() -> None:
    ground = Playground()
    sid = ground.play()
    send(ground, "POST", f"/api/v1/sessions/{sid}/events", b"", "too_large")

    assert only_finding(ground).message.startswith("The event was answered 413: The body is larger than")


def test_an_invalid_namespace_is_named() -> None:
    ground = Playground()
    send(ground, "POST", "/ns/a b/api/v1/sessions", b"", "bad_namespace")

    assert only_finding(ground).message.startswith(
        "POST /ns/a b/api/v1/sessions was refused: The namespace in the path"
    )


def test_a_schema_that_does_not_exist_is_a_warning() -> None:
    ground = Playground()
    send(ground, "GET", "/api/v1/schemas/sessionstart")

    assert (only_finding(ground).code, only_finding(ground).severity) == ("http.refused", Severity.WARNING)


# The command


def test_traffic_that_was_refused_throughout_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ground = Playground()
    for path in ("/va/api/v1/sessions", "/api/v1/sessions/x/events", "/api/v1/session"):
        send(ground, "POST", path, body_of("ping", ground.now_ms))
    journal = tmp_path / "journal.ndjson"
    journal.write_bytes(server_of(ground).export())

    assert main(["diagnose", str(journal)]) == 1
    assert capsys.readouterr().out.endswith("\n0 sessions: 3 errors\n")
    assert main(["diagnose", str(journal), "--json"]) == 1
    assert {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]} == {
        "path.prefix", "session.unknown-id", "path.unknown",
    }  # fmt: skip
