"""What a careful simulated player reports."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mockserver.simulation.content import CONTENTS, make_content
from mockserver.simulation.script import Beat, write_script
from tests.tables import every_case


def vod(seed: int = 1) -> list[Beat]:
    return write_script(make_content(seed), seed)


def test_the_same_seed_writes_the_same_session() -> None:
    assert vod(3) == vod(3)
    assert vod(3) != vod(4)


@every_case("seed", range(5))
@every_case("kind", CONTENTS)
def test_two_events_are_at_least_a_millisecond_and_at_most_eleven_seconds_apart(seed: int, kind: str) -> None:
    beats = write_script(make_content(seed, kind=kind), seed)

    gaps_ms = [after.at_ms - before.at_ms for before, after in pairwise(beats)]

    assert min(gaps_ms) >= 1
    assert max(gaps_ms) <= 11_000


def test_the_playhead_stands_still_in_ads_and_reaches_the_end() -> None:
    beats = vod()
    in_break = False
    before: Beat | None = None
    for beat in beats:
        if in_break and before is not None:
            assert beat.playhead_s == before.playhead_s
        in_break = in_break or beat.event_type == "adBreakStart"
        in_break = in_break and beat.event_type != "adBreakComplete"
        before = beat

    assert beats[-1].event_type == "sessionComplete"
    assert beats[-1].playhead_s == pytest.approx(120, abs=0.1)


def test_no_play_comes_before_the_preroll() -> None:
    types = [beat.event_type for beat in vod()]

    assert types[:3] == ["sessionStart", "adBreakStart", "adStart"]
    assert types.index("play") > types.index("adBreakComplete")


def test_live_content_reports_the_second_of_the_day() -> None:
    content = make_content(1, kind="live")
    beats = write_script(content, 1)

    assert content.params["media.length"] == 86_400
    assert all(0 < beat.playhead_s < 86_400 for beat in beats)
    assert beats[-1].event_type == "sessionEnd"
