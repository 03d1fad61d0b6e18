"""How much of a plan a run tried."""

from __future__ import annotations

import pytest

from mockserver.model.plan_result import Coverage
from mockserver.rules.tracking_plan.coverage import coverage_text, merged
from tests.factories import emulator
from tests.judged_plans import judged, play, played

PLAN = """
title = "t"
[[content]]
name = "vod"
when = { content_type = "vod" }
states = ["mute"]
chapters = ["One"]
[[content.events]]
event_type = "sessionStart"
params."media.channel" = { one_of = ["channel", "other", "third"] }
params."media.genre" = { required = false, one_of = ["News"] }
params.secret = { forbidden = true }
[[content.events]]
event_type = "adSkip"
at_least = 0
customMetadata.why = {}
"""
LIVE = PLAN + '[[content]]\nname = "live"\nwhen = { content_type = "live" }\nevents = [{ event_type = "ping" }]'


def coverage(plan: str, *events: str) -> Coverage:
    return judged(plan, played(*events)).coverage


def test_each_thing_that_a_plan_names_counts_once() -> None:
    found = coverage(PLAN, "ping")
    assert [(item.kind, item.name, item.value, item.tried) for item in found.items] == [
        ("content", "vod", None, 1),
        ("event", "sessionStart", None, 1),
        ("key", "sessionStart params media.channel", None, 1),
        ("value", "sessionStart params media.channel", "channel", 1),
        ("value", "sessionStart params media.channel", "other", 0),
        ("value", "sessionStart params media.channel", "third", 0),
        ("key", "sessionStart params media.genre", None, 0),
        ("value", "sessionStart params media.genre", "News", 0),
        ("event", "adSkip", None, 0),
        ("key", "adSkip customMetadata why", None, 0),
        ("state", "mute", None, 0),
        ("chapter", "One", None, 0),
    ]
    assert (found.planned, found.tried, found.percent) == (12, 4, 33)
    assert found.untried[:2] == (
        'sessionStart params media.channel = "other" or "third"',
        "sessionStart params media.genre",
    )


def test_text_names_what_was_never_tried_but_not_what_is_inside() -> None:
    assert coverage_text(coverage(PLAN)) == (
        '33 % of the plan (4 of 12); never tried: sessionStart params media.channel = "other" or "third", '
        'sessionStart params media.genre, adSkip, state "mute", chapter "One"'
    )


def test_text_names_the_content_if_there_are_several() -> None:
    assert coverage_text(coverage(LIVE)).endswith('vod adSkip, vod state "mute", vod chapter "One", live')


def test_nobody_played_anything() -> None:
    assert coverage_text(judged(PLAN, emulator()).coverage) == "0 % of the plan (0 of 12); never tried: vod"


def test_only_all_is_100_percent() -> None:
    plan = 'title = "t"\n[[content]]\nname = "x"\nevents = [{ event_type = "sessionStart", params = { %s } }]'
    keys = ", ".join(f"k{number} = {{ required = false }}" for number in range(300))
    assert coverage(plan % keys).percent == 0
    assert coverage(plan % '"media.id" = {}').percent == 100
    assert coverage_text(coverage(plan % '"media.id" = {}')) == "100 % of the plan (3 of 3)"


def test_runs_of_one_plan_are_counted_together() -> None:
    back_end = played("ping")
    play(back_end, "adSkip", "stateStart")
    together = merged([coverage(LIVE, "ping"), coverage(LIVE, "adSkip", "stateStart")])
    assert together == judged(LIVE, back_end).coverage
    assert together.percent == 100 * together.tried // together.planned


def test_runs_of_different_plans_cannot_be_counted_together() -> None:
    with pytest.raises(ValueError, match="zip"):
        merged([coverage(PLAN), coverage(LIVE)])
