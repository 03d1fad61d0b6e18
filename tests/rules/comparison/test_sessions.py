"""What differs between two sessions of one viewing, in one API or in both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import MockServer, SessionHandle
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.dialects.edge.dialect import EDGE
from mockserver.model.comparison import USUAL, Tolerance
from mockserver.rules.comparison.sessions import compare_sessions
from mockserver.rules.comparison.values import near
from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.player import SimulatedPlayer, Voice
from mockserver.simulation.script import Beat, write_script
from tests.factories import T0, event, start
from tests.tables import every_case
from tests.watchings import watched_once

Documents = list[dict[str, Any]]

SEEN = [
    start(media__name="One"),
    event("play", playhead=0, ts=T0 + 1000),
    event("adBreakStart", playhead=10, ts=T0 + 11_000),
    event("adStart", playhead=10, ts=T0 + 11_100),
    event("stateStart", playhead=10, ts=T0 + 12_000),
    event("adComplete", playhead=10, ts=T0 + 26_100),
    event("adBreakComplete", playhead=10, ts=T0 + 26_200),
    event("play", playhead=10, ts=T0 + 26_300),
    event("sessionEnd", playhead=14, ts=T0 + 30_000),
]
REPORT = ("metric", "finding")


def changed(change: Callable[[Documents], object], tolerance: Tolerance = USUAL, seen: Documents = SEEN) -> list[str]:
    """Compare the viewing with itself after a change; return what differs in its events and pings, as texts."""
    after = [{**document, "playerTime": {**document["playerTime"]}} for document in seen]
    change(after)
    found = compare_sessions(watched_once(*seen), watched_once(*after), tolerance)
    return [str(change) for change in found.changes if change.of not in REPORT]


def moved(documents: Documents, first: int, by_s: float) -> None:
    """Move the events from one on to a later time and playhead."""
    for document in documents[first:]:
        document["playerTime"]["ts"] += round(by_s * 1000)
        document["playerTime"]["playhead"] += by_s


def with_param(documents: Documents, place: int, name: str, value: Any) -> None:
    documents[place] = {**documents[place], "params": {**documents[place]["params"], name: value}}


def test_same_viewing_has_no_differences() -> None:
    assert changed(lambda after: None) == []
    assert compare_sessions(watched_once(*SEEN), watched_once(*SEEN)).changes == ()


def test_event_that_is_missing_or_new_is_named() -> None:
    assert changed(lambda after: after.pop(5)) == ["adComplete 1: missing now"]
    assert changed(lambda after: after.insert(5, event("error", ts=T0 + 20_000))) == ["error 1: new"]


def test_key_that_differs_is_named_with_both_values() -> None:
    after = start(media__name="Two", media__show="S")
    assert changed(lambda documents: documents.__setitem__(0, after)) == [
        'sessionStart 1 media.name (key): "One" before, "Two" now',
        'sessionStart 1 media.show (key): nothing before, "S" now',
    ]


def test_identifying_number_has_no_tolerance() -> None:
    assert changed(lambda after: with_param(after, 3, "media.ad.podPosition", 2)) == [
        "adStart 1 media.ad.podPosition (key): 1 before, 2 now"
    ]


@every_case(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, 2.5, False),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, 0, False),
        (True, True, True),
    ],
)
def test_values_are_the_same_if_their_types_are(one: Any, other: Any, same: bool) -> None:
    assert near(one, other, 1) is near(other, one, 1) is same


def test_ad_with_another_id_is_the_same_ad_with_another_id() -> None:
    assert changed(lambda after: with_param(after, 3, "media.ad.id", "ad-2")) == [
        'adStart 1 media.ad.id (key): "ad-1" before, "ad-2" now'
    ]


def test_ad_in_between_is_found_by_its_id() -> None:
    def another(after: Documents) -> None:
        ad = event("adStart", playhead=10, ts=T0 + 11_050)
        after[3:3] = [{**ad, "params": {**ad["params"], "media.ad.id": "other"}}, event("adSkip", ts=T0 + 11_090)]

    assert changed(another) == ["adStart 1: new", "adSkip 1: new"]


def test_time_and_playhead_may_differ_as_between_two_runs() -> None:
    def all_later(by_s: float) -> list[str]:
        return changed(lambda after: moved(after, 2, by_s))

    assert all_later(1.9) == []
    assert all_later(4) == [
        "adBreakStart 1 (playhead): 10 before, 14 now",
        "adBreakStart 1 (time): 11.0 before, 15.0 now",
    ]
    assert changed(lambda after: moved(after, 2, 4), Tolerance(seconds=5)) == []


def test_event_at_another_time_is_one_difference() -> None:
    def late(after: Documents) -> None:
        after[4]["playerTime"] = {"ts": T0 + 20_000, "playhead": 10}

    assert changed(late) == ["stateStart 1 (time): 12.0 before, 20.0 now"]


def test_live_playheads_are_times_of_day_and_only_jumps_count() -> None:
    live = [start(media__contentType="live", media__length=86_400), *SEEN[1:]]

    def from_(first: int) -> list[str]:
        def later(after: Documents) -> None:
            for document in after[first:]:
                document["playerTime"]["playhead"] += 3600

        return changed(later, seen=live)

    assert from_(0) == []
    assert from_(8) == ["sessionEnd 1 (playhead): 14 before, 3614 now"]


def test_viewer_and_version_are_compared_only_if_asked() -> None:
    def another(after: Documents) -> None:
        after[0] = start(media__name="One", media__sdkVersion="2.0", visitor__marketingCloudUserId="7")

    assert changed(another) == []
    assert changed(another, Tolerance(volatile=True)) == [
        'sessionStart 1 media.sdkVersion (key): nothing before, "2.0" now',
        'sessionStart 1 visitor.marketingCloudUserId (key): nothing before, "7" now',
    ]


def test_measured_value_differs_only_by_magnitude() -> None:
    def measured(first: float, second: float) -> list[str]:
        def quality(value: float) -> dict[str, Any]:
            return event("play", ts=T0 + 1000, qoeData={"media.qoe.timeToStart": value})

        return changed(lambda after: after.__setitem__(1, quality(second)), seen=[SEEN[0], quality(first), *SEEN[2:]])

    assert measured(1200, 1900) == []
    assert measured(1200, 1) == ["play 1 media.qoe.timeToStart (key): 1200 before, 1 now"]


@pytest.mark.parametrize("pattern", ["media.name", "media.*", "sessionStart", "key"])
def test_ignored_keys_are_not_differences(pattern: str) -> None:
    def renamed(after: Documents) -> None:
        with_param(after, 0, "media.name", "Two")

    assert changed(renamed, Tolerance(ignore=(pattern,))) == []
    assert changed(renamed, Tolerance(ignore=("media.show",))) != []


def pinging(every_s: float, **members: Any) -> Documents:
    pings = [event("ping", playhead=at, ts=T0 + 1000 * at, **members) for at in range(10, 60, round(every_s))]
    return [start(), event("play"), *pings, event("sessionEnd", playhead=60, ts=T0 + 60_000)]


def test_pings_are_compared_by_how_often_they_come() -> None:
    found = compare_sessions(watched_once(*pinging(10)), watched_once(*pinging(5)))
    assert [str(change) for change in found.changes if change.of == "interval"] == [
        "seconds between pings in content (interval): 10.0 before, 5.0 now"
    ]
    assert found.rows[1].before is not None
    assert [row.before.event_type for row in found.rows if row.before] == ["sessionStart", "play", "sessionEnd"]


def test_fewer_pings_at_the_same_pace_are_reported_as_a_number() -> None:
    few = [document for document in pinging(5) if document["playerTime"]["playhead"] not in range(20, 50)]
    found = compare_sessions(watched_once(*pinging(5)), watched_once(*few), Tolerance(ignore=("metric", "finding")))
    assert [str(change) for change in found.changes] == ["ping (pings): 10 before, 4 now"]


def test_events_that_correspond_stand_side_by_side() -> None:
    found = compare_sessions(watched_once(*SEEN), watched_once(*SEEN))
    assert [row.changes for row in found.rows] == [()] * len(SEEN)
    assert [row.before == row.after for row in found.rows] == [True] * len(SEEN)


def test_differences_are_shown_beside_the_events_they_are_about() -> None:
    after = [*SEEN]
    with_param(after, 0, "media.name", "Two")
    del after[5]
    found = compare_sessions(watched_once(*SEEN), watched_once(*after))
    told = {
        row.before.event_type: [found.changes[place].what for place in row.changes]
        for row in found.rows
        if row.before and row.changes
    }
    assert told == {"sessionStart": ["sessionStart 1 media.name"], "adComplete": ["adComplete 1"]}
    (missing,) = (change for change in found.changes if change.of == "event")
    assert (missing.before_seq, missing.after_seq) == (6, None)


def test_finding_that_is_new_or_gone_is_reported() -> None:
    without_end = SEEN[:-1]
    found = compare_sessions(watched_once(*SEEN), watched_once(*without_end))
    told = {change.name: (change.before, change.after) for change in found.changes if change.of == "finding"}
    assert told["session.no-close"] == (None, "warning")


def test_note_that_is_new_or_gone_counts_only_if_asked() -> None:
    def notes(tolerance: Tolerance) -> list[str]:
        found = compare_sessions(watched_once(*SEEN), watched_once(*SEEN[:2], *SEEN[-1:]), tolerance)
        return [change.name for change in found.changes if change.of == "finding" and change.before == "info"]

    assert notes(USUAL) == []
    assert "ad.no-pings" in notes(Tolerance(volatile=True))


def test_states_are_the_same_in_either_form() -> None:
    update = event("statesUpdate", playhead=10, ts=T0 + 12_000)
    assert changed(lambda after: after.__setitem__(4, update)) == []


def test_state_of_another_name_is_another_state() -> None:
    assert changed(lambda after: with_param(after, 4, "media.state.name", "fullScreen")) == [
        "stateStart 1: missing now",
        "stateStart 1: new",
    ]


def played(server: MockServer, beats: list[Beat], voice: Voice) -> None:
    player = SimulatedPlayer(server.url, voice)
    player.play(beats, start_ms=T0, speed=None, sent=lambda sent: None)


@pytest.fixture(scope="module")
def server() -> Any:
    with MockServer() as server:
        server.clock.follow_ts()
        yield server


def in_both_apis(server: MockServer, before: list[Beat], after: list[Beat]) -> list[str]:
    """Play to one API and then to the other; return what differs."""
    for beats, voice in ((before, COLLECTION), (after, EDGE)):
        server.clock.set(T0)
        played(server, beats, voice)
    first, second = (SessionHandle(server.control, session.sid) for session in server.sessions()[-2:])
    return [str(change) for change in first.changes_to(second)]


@pytest.mark.parametrize("kind", CONTENTS)
def test_simulated_viewing_is_the_same_in_both_apis(server: MockServer, kind: str) -> None:
    beats = write_script(make_content(3, kind=kind), 3)
    assert in_both_apis(server, beats, beats) == []


def test_difference_between_reports_is_reported(server: MockServer) -> None:
    beats = write_script(make_content(3), 3)
    without_ads = [beat for beat in beats if not beat.event_type.startswith("ad")]
    told = in_both_apis(server, beats, without_ads)
    assert "adStart 1: missing now" in told
    assert any(line.startswith("ad_count (metric)") for line in told)
