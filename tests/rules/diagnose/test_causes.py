"""A finding that follows from another is marked, listed below its cause, and not counted."""

from __future__ import annotations

import json
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
from mockserver.namespaces import DEFAULT, Namespace, Namespaces
from tests.cases import case_names, played
from tests.playbacks import AD, BREAK, CHAPTER, START_MS, Event, Playground
from tests.tables import every_case

WRONG: dict[str, Any] = {"media.ad.podIndex": "1"}
MUTE = {"media.state.name": "mute"}


def found(ground: Playground) -> list[Finding]:
    return Diagnosis(Namespace(ground.emulator)).findings()


def causes_of(findings: list[Finding]) -> dict[str, str | None]:
    return {finding.code: finding.follows_from for finding in findings if finding.severity is not Severity.INFO}


def server_of(ground: Playground) -> MediaServer:
    return MediaServer(LocalControl(Namespaces(lambda name: ground.emulator), DEFAULT))


REFUSED_BREAK: tuple[Event, ...] = (
    ("play", 0.1, 0), ("ping", 10, 10), ("ping", 20, 20),
    ("adBreakStart", 25, 25, WRONG),
    ("adStart", 25.1, 25, AD), ("ping", 30, 25), ("ping", 35, 25), ("adComplete", 40.1, 25),
    ("adStart", 40.2, 25, {**AD, "media.ad.podPosition": 2}), ("ping", 50, 25), ("adComplete", 55.2, 25),
    ("adBreakComplete", 55.3, 25), ("play", 55.4, 25), ("ping", 65, 34.6), ("sessionEnd", 70, 39.6),
)  # fmt: skip


def test_of_a_refused_ad_break_one_finding_counts() -> None:
    ground = Playground()
    ground.play(*REFUSED_BREAK)
    findings = found(ground)

    assert [finding.code for finding in findings if finding.follows_from is None and finding.severity.rank < 2] == [
        "http.refused"
    ]
    assert {finding.follows_from for finding in findings if finding.code.startswith("ad.")} == {"http.refused"}
    assert server_of(ground).summary().findings.get("error") == 1
    assert "warning" not in server_of(ground).summary().findings


@every_case(
    ("refused", "rest", "code"),
    [
        (("adStart", 20, 20, WRONG), [("adComplete", 35, 20)], "ad.complete-without-start"),
        (("chapterStart", 20, 20), [("chapterComplete", 40, 40)], "chapter.close-without-start"),
        (("stateStart", 20, 20, {**MUTE, "own": 1}), [("stateEnd", 25, 25, MUTE)], "state.end-without-start"),
        (("sessionComplete", 60, 60, {"own": 1}), [("sessionEnd", 61, 60)], "session.end-at-end"),
        (("chapterStart", 20, 20, CHAPTER), [("chapterComplete", 40, 40, WRONG), ("sessionEnd", 50, 50)], None),
    ],
)
def test_events_missing_because_they_were_refused_follow_from_the_refusal(
    refused: Event, rest: list[Event], code: str | None
) -> None:
    ground = Playground()
    before: list[Event] = [("play", 0.1, 0), ("ping", 10, 10), ("ping", 19, 19)]
    in_break: list[Event] = [("adBreakStart", 19.9, 20, BREAK)] if refused[0] == "adStart" else []
    ground.play(*before, *in_break, refused, *rest)
    causes = causes_of(found(ground))

    if code is None:
        assert causes["chapter.unclosed"] == "params.on-paramless"
    else:
        assert causes[code] in ("http.refused", "params.unknown", "params.on-paramless")


@every_case("path", ["/api/v1/sessions/{}/event", "/api/v1/{}/events", "/va/api/v1/sessions/{}/events"])
def test_events_missing_because_of_a_wrong_path_follow_from_that(path: str) -> None:
    ground = Playground()
    sid = ground.play(("play", 0.1, 0), ("ping", 10, 10), ("ping", 20, 20))

    def post(event_type: str, at_s: float, playhead_s: float, params: Any = None, to: str = "") -> None:
        ground.now_ms = START_MS + round(at_s * 1000)
        body = {"eventType": event_type, "playerTime": {"playhead": playhead_s, "ts": ground.now_ms}}
        ground.post(to or f"/api/v1/sessions/{sid}/events", body | ({"params": params} if params else {}))

    post("adBreakStart", 25, 25, {**BREAK, "media.ad.podSecond": 25}, to=path.format(sid))
    post("adStart", 25.1, 25, AD)
    post("ping", 33, 25)
    post("adComplete", 40.1, 25)
    post("adBreakComplete", 40.2, 25)
    post("play", 40.3, 25)
    post("ping", 50, 34.7)
    post("sessionEnd", 52, 36.7)
    causes = causes_of(found(ground))

    (cause,) = (code for code, follows_from in causes.items() if follows_from is None)
    assert cause.startswith("path.")
    assert causes.keys() == {cause, "ad.outside-break", "ad.break-complete-without-start"}
    assert {follows_from for follows_from in causes.values() if follows_from} == {cause}


def test_a_refused_play_under_another_name_explains_why_content_never_starts() -> None:
    ground = Playground()
    ground.play(
        ("resume", 0.1, 0), *(("ping", 10 * n, 10 * n) for n in range(1, 6)), ("sessionEnd", 55, 55),
    )  # fmt: skip
    causes = causes_of(found(ground))

    assert causes["event.http-names"] is None
    assert causes["play.missing-start"] == causes["session.no-play"] == "event.http-names"


def test_the_same_mistake_without_a_refusal_stands_for_itself() -> None:
    ground = Playground()
    ground.play(*REFUSED_BREAK[:-1], ("adStart", 66, 36, AD), ("adComplete", 81, 36), ("sessionEnd", 85, 40))
    outside = [finding for finding in found(ground) if finding.code == "ad.outside-break"]

    assert {finding.follows_from for finding in outside} == {"http.refused", None}


def test_a_length_read_from_the_ad_explains_the_wrong_end() -> None:
    causes = causes_of(played("23-length-of-preroll").findings())

    assert causes["media.length-is-ad"] is None
    assert causes["session.end-at-end"] == "media.length-is-ad"


def test_events_without_an_id_follow_from_the_session_start_that_was_refused() -> None:
    ground = Playground()
    ping = {"eventType": "ping", "playerTime": {"playhead": 1, "ts": ground.now_ms}}
    ground.post("/api/v1/sessions", {"eventType": "sessionStart", "playerTime": {"playhead": 0, "ts": 1}, "params": {}})
    ground.post("/api/v1/sessions/undefined/events", ping)
    assert causes_of(found(ground))["session.event-before-sid"] == "http.refused"

    ground.play()
    ground.post("/api/v1/sessions/never/events", ping)
    assert causes_of(found(ground))["session.unknown-id"] is None


# Everywhere


@every_case("name", case_names())
def test_a_consequence_is_listed_below_a_cause_at_least_as_severe(name: str) -> None:
    check(played(name).findings())


def check(findings: list[Finding]) -> None:
    assert [finding.severity.rank for finding in findings] == sorted(finding.severity.rank for finding in findings)
    for place, finding in enumerate(findings):
        if finding.follows_from is not None:
            causes = [one for one in findings[:place] if one.code == finding.follows_from]
            assert any(cause.severity.rank <= finding.severity.rank for cause in causes), finding


PARAMS = {"adBreakStart": BREAK, "adStart": AD, "chapterStart": CHAPTER, "stateStart": MUTE, "stateEnd": MUTE}
VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-3, 10**13) | st.floats(0, 99) | st.text(max_size=3) | st.just({})
)
EVENTS = st.tuples(
    st.sampled_from([*EVENT_TYPES[1:-1], "pause", "resume", "media.play", "SESSIONEND", "pnig"]),
    st.floats(0, 900),
    st.sampled_from([0, 5, 30, None, "x", True]),
    st.none() | st.dictionaries(st.sampled_from([*BREAK, *AD, *CHAPTER, *MUTE, "own"]), VALUES, max_size=3),
)


@given(events=st.lists(EVENTS, max_size=15))
def test_whatever_is_refused_consequences_have_causes(events: list[Any]) -> None:
    ground = Playground()
    ground.play(("play", 0, 0), *((name, at_s, at, params or PARAMS.get(name)) for name, at_s, at, params in events))
    check(found(ground))


# Views


def test_the_command_the_assertion_and_the_summary_judge_causes_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = Playground()
    ground.play(*REFUSED_BREAK)
    server = server_of(ground)
    path = tmp_path / "journal.ndjson"
    path.write_bytes(server.export())

    assert main(["diagnose", str(path), "--ignore", "http.refused"]) == 0
    out = capsys.readouterr().out
    assert "  error    ad.outside-break (follows from http.refused)\n" in out
    assert " that follow from another\n" in out
    assert main(["diagnose", str(path), "--code", "ad.outside-break"]) == 1, "asked for alone, it counts"
    capsys.readouterr()
    assert main(["diagnose", str(path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["findings"]["error"] == 1
    assert {one.get("follows_from") for one in document["findings"] if one["code"] == "ad.outside-break"} == {
        "http.refused"
    }
    server.assert_no_findings(ignore="http.refused")
    with pytest.raises(VerificationFailed, match="there is 1:"):
        server.assert_no_findings()


def of_session(*events: Event, **start: Any) -> dict[str, str | None]:
    """Return the cause of everything that is found in a session, by code; notes too."""
    ground = Playground()
    ground.play(*events, start={f"media.{name}": value for name, value in start.items()})
    return {finding.code: finding.follows_from for finding in found(ground)}


def test_pauses_in_a_pause_that_no_play_ended_follow_from_that() -> None:
    paused = [
        ("pauseStart", 20, 20),
        ("ping", 30, 30),
        ("bufferStart", 35, 35),
        ("pauseStart", 36, 35),
        ("ping", 46, 45),
    ]
    causes = of_session(("play", 0.1, 0), ("ping", 10, 10), *paused, ("sessionEnd", 50, 49))

    assert causes["buffer.in-pause"] == causes["pause.in-buffer"] == "play.missing-after-pause"


def test_a_pod_second_next_to_a_playhead_that_counts_ad_time_follows_from_that() -> None:
    def ads(pod_second_s: float) -> dict[str, str | None]:
        pod = {"media.ad.podIndex": 2, "media.ad.podSecond": pod_second_s}
        midroll = (("adBreakStart", 20, 30, pod), ("adStart", 20.1, 30, AD), ("adComplete", 35.1, 45))
        return of_session(("play", 0.1, 10), ("ping", 10, 20), *midroll, ("adBreakComplete", 35.2, 45), length=600)

    assert ads(20)["ad.pod-second"] == "playhead.moves-in-ad"
    assert "ad.pod-second" not in ads(30)


def qoe(n: int) -> dict[str, int]:
    return {"media.qoe.bitrate": 1000, "media.qoe.droppedFrames": n}


def test_the_end_of_a_session_that_fell_silent_follows_from_the_silence() -> None:
    ground = Playground()
    ground.play(("play", 0.1, 0), ("ping", 10, 10), ("ping", 700, 20))
    causes = {finding.code: finding.follows_from for finding in found(ground)}

    assert causes == {
        "ping.near-timeout": None,
        "session.no-close": "ping.near-timeout",
        "session.gone": "ping.near-timeout",
    }


@every_case("sent", ["play", "ping"])
def test_a_play_that_found_the_session_closed_was_sent_too_late(sent: str) -> None:
    ground = Playground()
    ground.play((sent, 700, 20))
    causes = {finding.code: finding.follows_from for finding in found(ground)}

    assert causes["session.no-play"] == ("ping.near-timeout" if sent == "play" else None)


def test_effects_of_late_events_follow_from_their_lateness() -> None:
    midroll = [
        *(("adBreakStart", 20, 20, {**BREAK, "media.ad.podSecond": 20}), ("adStart", 20.1, 20, AD)),
        *(("ping", 30, 20), ("adBreakComplete", 35.2, 20)),
    ]
    after = [("ping", 45.2, 30), ("ping", 55.2, 40), ("sessionEnd", 56, 41)]
    complete = ("adComplete", 35.1, 20)

    def causes(*events: Event) -> dict[str, str | None]:
        ground = Playground()
        ground.play(("play", 0.1, 0), ("ping", 10, 10), *events)
        return causes_of(found(ground))

    assert causes(*midroll, *after[:2], complete, after[2]) == {
        "order.late": None,
        "ad.outside-break": "order.late",
        "ad.not-closed": "order.late",
    }
    assert causes(*midroll[:-1], complete, midroll[-1], *after) == {}


def test_a_silence_that_is_over_does_not_explain_a_missing_end() -> None:
    ground = Playground()
    ground.play(("play", 0.1, 0), ("ping", 10, 10), ("ping", 590, 20), ("ping", 600, 30))
    ground.now_ms += 3_600_000
    causes = {finding.code: finding.follows_from for finding in found(ground)}

    assert causes["ping.near-timeout"] is None
    assert causes["session.no-close"] is None


def test_effects_of_a_storm_on_the_order_follow_from_it() -> None:
    storm = [("bitrateChange", 20 + n // 2 / 10, 20, None, qoe(n)) for n in range(40)]
    causes = of_session(("play", 0.1, 0), ("ping", 10, 10), *storm)

    assert causes["ts.equal"] == causes["qoe.bitrateChange-same"] == "event.storm"
