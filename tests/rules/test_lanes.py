"""The activity in a session, as spans of time."""

from __future__ import annotations

from typing import Any

from mockserver.model.lanes import Lane, Span
from mockserver.rules.lanes import lanes_of
from tests.playbacks import START_MS, case_of, recorded
from tests.tables import every_case

BREAK = {"media.ad.podIndex": 1, "media.ad.podSecond": 20, "media.ad.podFriendlyName": "mid-roll"}
AD = {"media.ad.id": "a1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}


CHAPTER = {"media.chapter.index": 3, "media.chapter.offset": 0, "media.chapter.length": 20}


def drawn(*events: Any, silence_s: float = 12) -> dict[str, Lane]:
    _, _, lanes = lanes_of(case_of(*events).steps, silence_s=silence_s)
    return {lane.label: lane for lane in lanes}


def seconds(span: Span) -> tuple[float, float]:
    return (span.from_ms - START_MS) / 1000, (span.to_ms - START_MS) / 1000


def test_without_events_nothing_is_drawn() -> None:
    assert lanes_of([], silence_s=12) == (None, None, ())


def test_lanes_show_playback_as_the_report_counts_it() -> None:
    lanes = drawn(
        ("play", 1, 0), ("pauseStart", 11, 10), ("bufferStart", 15, 10), ("play", 16, 10), ("sessionEnd", 26, 20)
    )
    assert [(span.kind, *seconds(span), span.ended_by) for span in lanes["Playback"].spans] == [
        ("starting", 0, 1, "play"),
        ("main", 1, 11, "pauseStart"),
        ("paused", 11, 15, "bufferStart"),
        ("buffering", 15, 16, "play"),
        ("main", 16, 26, None),
    ]


def test_ads_are_drawn_in_their_break_with_what_ended_them() -> None:
    lanes = drawn(
        ("play", 1, 0), ("adBreakStart", 21, 20, BREAK), ("adStart", 22, 20, AD), ("adSkip", 30, 20),
        ("adBreakComplete", 31, 20), ("ping", 41, 30),
    )  # fmt: skip
    (pod,), (ad,) = lanes["Ad breaks"].spans, lanes["Ads"].spans
    assert (pod.label, *seconds(pod), pod.ended_by) == ("mid-roll", 21, 31, "adBreakComplete")
    assert (ad.label, *seconds(ad), ad.ended_by) == ("a1", 22, 30, "adSkip")
    assert [span.kind for span in lanes["Playback"].spans] == ["starting", "main", "gap", "ad", "gap", "main"]


def test_unended_spans_reach_to_the_last_event() -> None:
    lanes = drawn(("play", 1, 0), ("chapterStart", 2, 1, CHAPTER), ("ping", 10, 9))
    (chapter,) = lanes["Chapters"].spans
    assert (chapter.label, *seconds(chapter), chapter.ended_by, chapter.last_seq) == ("chapter 3", 2, 10, None, 4)


def test_every_player_state_has_a_lane() -> None:
    mute, full = {"media.state.name": "mute"}, {"media.state.name": "fullScreen"}
    lanes = drawn(
        ("stateStart", 1, 0, mute), ("stateStart", 2, 0, full), ("stateEnd", 3, 0, mute), ("stateStart", 4, 0, mute),
        ("ping", 9, 0),
    )  # fmt: skip
    assert [seconds(span) for span in lanes["mute"].spans] == [(1, 3), (4, 9)]
    assert [seconds(span) for span in lanes["fullscreen"].spans] == [(2, 9)]


def test_silence_is_drawn_where_it_is_longer_than_the_threshold() -> None:
    lanes = drawn(("play", 1, 0), ("ping", 13, 12), ("ping", 26, 25))
    assert [seconds(span) for span in lanes["Silence"].spans] == [(13, 26)]
    assert "Silence" not in drawn(("play", 1, 0), ("ping", 13, 12))


@every_case("name", ["adobe-js-3.1.0-vod", "adobe-js-3.1.0-realclock-vod", "adobe-sample-seek"])
def test_time_never_runs_backwards_in_a_recorded_session(name: str) -> None:
    ground, sids = recorded(name)
    for sid in sids:
        from_ms, to_ms, lanes = lanes_of(ground.case(sid).steps, silence_s=12)
        assert lanes
        for lane in lanes:
            instants = [instant for span in lane.spans for instant in (span.from_ms, span.to_ms)]
            assert [from_ms, *instants, to_ms] == sorted([from_ms or 0, *instants, to_ms or 0])
