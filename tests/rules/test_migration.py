"""One viewing in two APIs: what differs, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import MockServer, SessionHandle
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.edge.dialect import EDGE
from mockserver.model.event import Event, event_of
from mockserver.rules.migration import changes
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.player import SimulatedPlayer, Voice
from mockserver.simulation.script import Beat, write_script
from tests.factories import T0, event, start

SEEN = [
    start(media__name="One"),
    event("play", playhead=0, ts=T0 + 1000),
    event("adBreakStart", playhead=10, ts=T0 + 11_000),
    event("adStart", playhead=10, ts=T0 + 11_100),
    event("stateStart", playhead=10, ts=T0 + 12_000),
    event("sessionEnd", playhead=10, ts=T0 + 30_000),
]


def seen(*documents: dict[str, Any]) -> list[Event]:
    return [event_of(document) for document in documents]


def changed(change: Callable[[list[dict[str, Any]]], object]) -> list[str]:
    """Compare the viewing with itself after a change, as texts."""
    after = [{**document, "playerTime": {**document["playerTime"]}} for document in SEEN]
    change(after)
    return [str(found) for found in changes(seen(*SEEN), seen(*after))]


def test_same_viewing_has_no_differences() -> None:
    assert changed(lambda after: None) == []


def test_event_that_is_missing_or_new_is_named() -> None:
    assert changed(lambda after: after.pop(3)) == ["adStart 1: missing now"]
    assert changed(lambda after: after.insert(5, event("adComplete", ts=T0 + 20_000))) == ["adComplete 1: new"]


def test_key_that_differs_is_named_with_both_values() -> None:
    after = start(media__name="Two", media__show="S")
    assert changed(lambda documents: documents.__setitem__(0, after)) == [
        'sessionStart 1 media.name (key): "One" before, "Two" now',
        'sessionStart 1 media.show (key): nothing before, "S" now',
    ]


def test_playhead_and_time_may_differ_by_what_whole_seconds_and_two_runs_make_of_them() -> None:
    def moved(by_s: float) -> list[str]:
        return changed(lambda after: after[2]["playerTime"].update(playhead=10 + by_s, ts=T0 + 11_000 + by_s * 1000))

    assert moved(1.9) == []
    assert moved(4) == [
        "adBreakStart 1 (playhead): 10 before, 14 now",
        "adBreakStart 1 (time): 11.0 before, 15.0 now",
    ]


def test_states_are_the_same_in_either_form() -> None:
    update = event("statesUpdate", playhead=10, ts=T0 + 12_000)
    assert changed(lambda after: after.__setitem__(4, update)) == []


def test_what_only_one_api_has_a_place_for_is_no_difference() -> None:
    params = {"media.id": "clip-1", "media.name": "One", "media.length": 60}
    params |= {"media.contentType": "vod", "media.playerName": "player", "media.channel": "channel"}
    assert changed(lambda after: after.__setitem__(0, event("sessionStart", params=params))) == []


def played(server: MockServer, beats: list[Beat], voice: Voice) -> None:
    player = SimulatedPlayer(server.url, voice)
    player.play(beats, start_ms=T0, speed=None, sent=lambda sent: None)


@pytest.mark.parametrize("kind", CONTENTS)
def test_simulated_viewing_is_the_same_in_both_apis(kind: str) -> None:
    beats = write_script(make_content(3, kind=kind), 3)
    with MockServer() as server:
        server.clock.set(T0)
        server.clock.follow_ts()
        played(server, beats, COLLECTION)
        server.clock.set(T0)
        played(server, beats, EDGE)
        first, second = (SessionHandle(server.control, session.sid) for session in server.sessions())
        assert [str(change) for change in first.changes_to(second)] == []


def test_report_that_would_differ_is_said() -> None:
    beats = write_script(make_content(3), 3)
    without_ads = [beat for beat in beats if not beat.event_type.startswith("ad")]
    with MockServer() as server:
        server.clock.set(T0)
        server.clock.follow_ts()
        played(server, beats, COLLECTION)
        server.clock.set(T0)
        played(server, without_ads, EDGE)
        first, second = (SessionHandle(server.control, session.sid) for session in server.sessions())
        told = [str(change) for change in first.changes_to(second)]
    assert "adStart 1: missing now" in told
    assert any(line.startswith("ad_count (metric)") for line in told)
