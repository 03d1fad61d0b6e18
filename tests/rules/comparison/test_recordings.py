"""Which sessions of two recordings correspond, and the text about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.rules.comparison.recordings import compare_recordings, paired
from mockserver.rules.comparison.sessions import Watched
from mockserver.rules.comparison.text import comparison_text, summary_line
from tests.factories import T0, event, start
from tests.watchings import watchings


def recorded(*media_ids: str) -> list[Watched]:
    """Return a recording with a session of each content, one after the other."""
    lines: list[dict[str, Any]] = []
    for place, media_id in enumerate(media_ids):
        content_type = "live" if media_id.startswith("live") else "vod"
        begin = T0 + 100_000 * place
        lines += [
            start(media__id=media_id, media__contentType=content_type, ts=begin),
            event("play", ts=begin + 1000),
            event("sessionEnd", playhead=9, ts=begin + 10_000),
        ]
    return watchings(*lines)


def pairs(before: list[Watched], after: list[Watched]) -> list[tuple[int, int]]:
    return paired([one.view for one in before], [one.view for one in after])


def test_sessions_of_one_content_correspond_in_order_of_opening() -> None:
    assert pairs(recorded("a", "b", "a"), recorded("b", "a", "a")) == [(0, 1), (1, 0), (2, 2)]


def test_content_with_other_ids_corresponds_by_its_type_and_order() -> None:
    assert pairs(recorded("x1", "live1", "x2"), recorded("live7", "y1", "y2")) == [(0, 1), (1, 0), (2, 2)]


def test_session_without_a_counterpart_is_missing_or_new() -> None:
    comparison = compare_recordings(recorded("a", "b"), recorded("b", "a", "c"))
    assert (comparison.missing, [session.content.media_id for session in comparison.new]) == ((), ["c"])
    assert not comparison.same
    assert summary_line(comparison) == "2 pairs of sessions compared, no differences, 1 new"
    comparison = compare_recordings(recorded("a", "b"), recorded("b"))
    assert [session.content.media_id for session in comparison.missing] == ["a"]


def test_recording_is_the_same_as_itself() -> None:
    assert compare_recordings(recorded("a", "b"), recorded("a", "b")).same


def test_text_groups_equal_differences(golden: Callable[[str, str], None]) -> None:
    def ads(name: str, gap_s: int) -> list[dict[str, Any]]:
        ad = {"media.ad.length": 5, "media.ad.playerName": name}
        lines = [start(media__name="\x1b[31mred"), event("adBreakStart", ts=T0 + 1000)]
        for n in range(7):
            params = {"media.ad.id": f"ad-{n}", "media.ad.podPosition": n + 1, **ad}
            lines += [
                event("adStart", ts=T0 + 2000 + gap_s * 1000 * n, params=params),
                event("adComplete", ts=T0 + 3000 + gap_s * 1000 * n),
            ]
        return [*lines, event("adBreakComplete", ts=T0 + 60_000), event("play", ts=T0 + 61_000)]

    comparison = compare_recordings(watchings(*ads("old", 5)), watchings(*ads("new", 5)[:-1]))
    golden("comparison/ads.txt", comparison_text(comparison) + "\n")
    short = comparison_text(comparison, most=2)
    assert "    ... " in short
    assert len(short) < len(comparison_text(comparison))
