"""What went on in a session of either API: the same viewing is drawn in the same lanes."""

from __future__ import annotations

from typing import Any

from mockserver.admin.local_control import LocalControl
from mockserver.control import LANES
from mockserver.emulator.emulator import Emulator
from mockserver.model.lanes import Lane
from mockserver.namespaces import Namespaces
from tests.edge_events import open_edge_session, post_edge_event, session_details
from tests.factories import T0, emulator, open_session, send
from tests.tables import every_case

AD = {"media.ad.id": "ad-1", "media.ad.length": 15, "media.ad.podPosition": 1, "media.ad.playerName": "p"}
CHAPTER = {"media.chapter.index": 1, "media.chapter.length": 20, "media.chapter.offset": 0}
EDGE: tuple[tuple[str, float, int, dict[str, Any]], ...] = (
    ("adBreakStart", 0.5, 0, {}), ("adStart", 1, 0, {}), ("adComplete", 16, 0, {}), ("adBreakComplete", 16.5, 0, {}),
    ("play", 17, 0, {}), ("chapterStart", 17.5, 0, {}), ("statesUpdate", 20, 3, {}),
    ("bitrateChange", 22, 5, {"qoeDataDetails": {"bitrate": 900}}), ("ping", 27, 10, {}),
    ("statesUpdate", 30, 13, {"statesStart": None, "statesEnd": [{"name": "mute"}]}), ("ping", 50, 33, {}),
    ("pauseStart", 55, 38, {}), ("sessionEnd", 56, 38, {}),
)  # fmt: skip
COLLECTION: tuple[tuple[str, float, int, dict[str, Any]], ...] = (
    ("adBreakStart", 0.5, 0, {"params": {"media.ad.podIndex": 1, "media.ad.podSecond": 0}}),
    ("adStart", 1, 0, {"params": AD}), ("adComplete", 16, 0, {}), ("adBreakComplete", 16.5, 0, {}),
    ("play", 17, 0, {}), ("chapterStart", 17.5, 0, {"params": CHAPTER}),
    ("stateStart", 20, 3, {"params": {"media.state.name": "mute"}}),
    ("bitrateChange", 22, 5, {"qoeData": {"media.qoe.bitrate": 900}}), ("ping", 27, 10, {}),
    ("stateEnd", 30, 13, {"params": {"media.state.name": "mute"}}), ("ping", 50, 33, {}),
    ("pauseStart", 55, 38, {}), ("sessionEnd", 56, 38, {}),
)  # fmt: skip


def lanes_of(back_end: Emulator, sid: str) -> tuple[Lane, ...]:
    return LocalControl(Namespaces(lambda name: back_end), "default").call(LANES, None, sid=sid).lanes


def edge_session(*events: tuple[str, float, int, dict[str, Any]]) -> tuple[Lane, ...]:
    back_end = emulator()
    sid = open_edge_session(back_end, sessionDetails=session_details(length=600))
    for event_type, at_s, playhead_s, media in events:
        answer = post_edge_event(back_end, sid, event_type, at_s=at_s, playhead=playhead_s, **media)
        assert answer.status == 204, (event_type, answer.body)
    return lanes_of(back_end, sid)


def collection_session(*events: tuple[str, float, int, dict[str, Any]]) -> tuple[Lane, ...]:
    back_end = emulator()
    sid = open_session(back_end)
    for event_type, at_s, playhead_s, members in events:
        send(back_end, sid, event_type, playhead=playhead_s, ts=T0 + round(at_s * 1000), **members)
    return lanes_of(back_end, sid)


def pinged(every_s: int) -> list[tuple[str, float, int, dict[str, Any]]]:
    """Play, and ping five times."""
    return [("play", 0.1, 0, {}), *(("ping", n * every_s, n * every_s, {}) for n in range(1, 6))]


def test_the_same_viewing_is_drawn_alike_in_both_apis() -> None:
    def drawn(lanes: tuple[Lane, ...]) -> list[Any]:
        ends = {"statesUpdate": "stateEnd"}
        return [
            (lane.label, [(s.kind, s.label, s.from_ms, s.to_ms, ends.get(s.ended_by or "", s.ended_by))
                          for s in lane.spans])
            for lane in lanes if lane.name != "silence"
        ]  # fmt: skip

    of_edge = edge_session(*EDGE)

    assert [lane.label for lane in of_edge if lane.name != "silence"] == [
        "Playback", "Ad breaks", "Ads", "Chapters", "mute", "Bitrate",
    ]  # fmt: skip
    assert drawn(of_edge) == drawn(collection_session(*COLLECTION))


@every_case("every_s", [10, 20, 50])
def test_pings_at_a_configured_long_interval_are_not_a_silence(every_s: int) -> None:
    lanes = edge_session(*pinged(every_s))
    assert "silence" not in {lane.name for lane in lanes}


def test_a_longer_silence_than_usual_is_drawn() -> None:
    lanes = edge_session(*pinged(20), ("ping", 150, 150, {}))
    (silence,) = (lane for lane in lanes if lane.name == "silence")
    assert [span.label for span in silence.spans] == ["50 s without an event"]
