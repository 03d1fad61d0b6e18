from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pytest

from mockserver.admin import findings, sessions
from mockserver.model.report import SessionReport
from mockserver.model.settings import Settings
from mockserver.rules.report.report import build_report
from mockserver.rules.report.text import report_text
from mockserver.rules.timeline import Item
from tests.factories import target
from tests.playbacks import AD, BREAK, CHAPTER, START_PARAMS, TRAFFIC, Playground, accepted_items, case_of, recorded
from tests.reports import Reports
from tests.tables import every_case

RECORDINGS = sorted(path.stem for path in TRAFFIC.glob("*.ndjson"))

SETTINGS = [
    Settings(),
    Settings(progress_on_seek="skip", segment_format="five_minute", unclosed_break="void", bitrate_unit="bps"),
    Settings(error_stops_playback=True, resume_suppresses_start=True, bitrate_unit="kbps", credit_tail_s=10),
]


def test_report_of_an_open_session_is_provisional_and_a_later_one_continues_it(reports: Reports) -> None:
    ground = Playground()
    sid = ground.play(("play", 0, 0), ("ping", 10, 10))
    early = reports.of(ground, sid)
    assert early.provisional
    assert not early.final
    assert early.content_time_spent_s == 10
    assert any("open" in note.text for note in early.notes)
    ground.now_ms += 700_000
    late = reports.of(ground, sid)
    assert late.final
    assert late.content_time_spent_s == 10
    assert late.as_of_ms == ground.now_ms


@every_case("last", ["sessionEnd", "sessionComplete"])
def test_report_is_final_when_the_session_ends_or_completes(reports: Reports, last: str) -> None:
    report = reports(("play", 0, 0), (last, 10, 10))
    assert report.final
    assert report.notes == ()


def test_reading_a_report_changes_nothing(reports: Reports) -> None:
    ground = Playground()
    sid = ground.play(("play", 0, 0), ("ping", 10, 10))
    before = (
        sessions.timeline(target(ground.emulator), None, sid),
        findings.summary(target(ground.emulator), None),
        ground.emulator.sessions.get(sid),
    )
    first, second = reports.of(ground, sid), reports.of(ground, sid)
    assert first == second
    after = (
        sessions.timeline(target(ground.emulator), None, sid),
        findings.summary(target(ground.emulator), None),
        ground.emulator.sessions.get(sid),
    )
    assert after == before


def test_metric_is_an_attribute_and_found_by_key_or_name(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("sessionEnd", 10.5, 10))
    assert report.content_time_spent_s == 10.5
    assert report.metric("a.media.timePlayed") is report.metric("content_time_spent_s")
    assert report.metric("a.media.timePlayed").label == "Content time spent"
    assert report.metric("a.media.timePlayed").xdm == "sessionDetails.timePlayed"


def test_unknown_metric_is_an_error_that_lists_near_ones(reports: Reports) -> None:
    report = reports(("adBreakStart", 0, 0, BREAK), ("adStart", 0, 0, AD))
    with pytest.raises(AttributeError, match="did you mean content_time_spent_s"):
        assert report.content_time_spend == 0
    with pytest.raises(AttributeError, match="AdReport has no 'time_spent'; did you mean time_spent_s"):
        assert report.ads[0].time_spent == 0
    with pytest.raises(KeyError, match=re.escape("did you mean a.media.timePlayed")):
        report.metric("a.media.timeplayed")
    assert not hasattr(report, "_repr_html_")


def test_report_is_encoded_as_json(reports: Reports) -> None:
    report = reports(("play", 0, 0), ("chapterStart", 1, 1, CHAPTER), ("sessionEnd", 10, 10))
    document = msgspec.json.decode(msgspec.json.encode(report))
    assert document["session_id"] == report.session_id
    metrics = {metric["key"]: metric for metric in document["metrics"]}
    assert metrics["a.media.timePlayed"]["value"] == 10
    assert metrics["a.media.timePlayed"]["why"][0]["seqs"] == [2, 4]


def test_session_that_is_forgotten_still_has_its_report() -> None:
    case = case_of(("play", 0, 0), ("sessionEnd", 10, 10))
    report = build_report(None, [step.item for step in case.steps], Settings(), case.now_ms)
    assert report.final
    assert case.stored is not None
    assert report.session_id == case.stored.sid
    assert report.content_time_spent_s == 10
    assert report.seconds_since_last_call is None


def test_session_whose_events_are_gone_has_an_empty_report_that_says_so() -> None:
    case = case_of(("play", 0, 0))
    report = build_report(case.stored, [], Settings(), case.now_ms)
    assert report.media_starts is report.content_time_spent_s is report.estimated_streams is None
    assert report.metric("content_time_spent_s").value == 0
    assert any("sessionStart" in note.text for note in report.notes)
    assert build_report(None, [], Settings(), 0).session_id == ""


def test_session_without_a_content_id_appears_in_no_report(reports: Reports) -> None:
    report = reports(start={"media.id": ""})
    assert not report.reported
    assert any("media.id" in note.text for note in report.notes)


def test_numbers_beyond_any_float_do_not_break_a_report(reports: Reports) -> None:
    huge = 10**400
    names = ("bitrate", "droppedFrames", "timeToStart", "framesPerSecond")
    qoe = {f"media.qoe.{name}": huge for name in names}
    events = [("play", 0, huge, None, qoe), ("ping", 10, -huge), ("stateStart", 20, huge, {"media.state.name": "mute"})]
    report = reports(*events, start={"media.length": huge}, settings=Settings(bitrate_unit="bps"))
    assert report.content_time_spent_s == 20
    assert report.content_starts
    assert "dropped" in report_text(report).lower()


def test_batch_is_reported_like_a_session_and_final(reports: Reports) -> None:
    events = [
        ("adBreakStart", 0, 0, BREAK),
        ("adStart", 0, 0, AD),
        ("adComplete", 15, 0),
        ("adBreakComplete", 15, 0),
        ("play", 15, 0),
        ("ping", 65, 50),
        ("sessionComplete", 75, 60),
    ]
    live, batch = reports(*events), reports.batch(*events, start=START_PARAMS)
    assert batch.final
    differing = {
        mine.name for mine, other in zip(batch.metrics, live.metrics, strict=True) if mine.exact != other.exact
    }
    assert differing == {"downloaded"}
    assert batch.ads[0].time_spent_s == 15


def test_events_before_the_session_start_keep_their_time(reports: Reports) -> None:
    report = reports(
        ("adBreakStart", -5.2, 0, BREAK),
        ("adStart", -5.2, 0, AD),
        ("adComplete", -0.2, 0),
        ("adBreakComplete", -0.2, 0),
        ("play", 0.1, 0),
        ("sessionEnd", 10.1, 10),
    )
    assert report.ads[0].time_spent_s == 5
    assert report.content_time_spent_s == 10


@every_case("settings", SETTINGS, ids=["defaults", "others", "yet others"])
@every_case("name", RECORDINGS)
def test_recorded_sessions_have_plausible_reports(name: str, settings: Settings) -> None:
    ground, sids = recorded(name)
    for sid in sids:
        session = ground.emulator.refreshed(ground.emulator.sessions.get(sid))  # type: ignore[arg-type]
        items = accepted_items(ground.emulator, sid)
        check(build_report(session, items, settings, ground.now_ms), items)


def check(report: SessionReport, items: Sequence[Item]) -> None:
    first_ms, last_ms = items[0].ts_ms or 0, items[-1].ts_ms or 0
    ads_s = sum(ad.time_spent_s for ad in report.ads)
    assert report.reported
    assert report.media_time_spent_s == pytest.approx(report.content_time_spent_s + ads_s)
    in_main = report.content_time_spent_s + report.total_pause_duration_s + report.total_buffer_duration_s
    assert 0 <= in_main + ads_s <= (last_ms - first_ms) / 1000 + 10
    assert report.content_starts == any(item.event_type == "play" for item in items)
    assert report.stall_events == 0
    assert report.drops_before_start == (not report.content_starts)
    assert all(ad.completes or ad.ended_by == "adSkip" for ad in report.ads)
    assert all(note.readings == {} for note in report.notes)
