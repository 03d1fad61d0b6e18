"""All sessions of a run, judged by a plan."""

from __future__ import annotations

from mockserver.model.settings import Settings
from tests.edge_events import open_edge_session, post_edge_event
from tests.factories import emulator, event, post, post_event, response
from tests.judged_plans import checks_of, judged, missed, play, played
from tests.tables import every_case

PLAN = """
title = "two contents"
[[content]]
name = "clips"
when = { media_id = "clip-*", content_type = ["vod", "aod"] }
exactly = 1
[[content]]
name = "live"
when = { content_type = "live", where = "/params/media.length=86400" }
"""
WHAT = {"media.contentType": "live", "media.length": 86400}


def test_a_session_belongs_to_the_first_content_that_fits() -> None:
    back_end = played()
    play(back_end, params=WHAT)
    result = judged(PLAN + '[[content]]\nname = "rest"', back_end)
    assert [session.content for session in result.sessions] == ["clips", "live"]


@every_case(
    ("params", "seen"),
    [
        ({"media.id": "other"}, 'nearest is clips, but media_id is "other", expected clip-*'),
        (
            {"media.id": "other", "media.contentType": "live"},
            "nearest is live, but /params/media.length is 60, expected 86400",
        ),
    ],
)
def test_a_session_that_fits_no_content_is_a_miss_with_the_nearest_content(params: dict[str, str], seen: str) -> None:
    assert missed(judged(PLAN, played(params=params)), "content") == [("a content of the plan", seen)]


def test_unplanned_content_can_be_allowed() -> None:
    result = judged('unplanned_content = "allow"\n' + PLAN, played(params={"media.id": "other"}))
    assert [(session.content, session.checks) for session in result.sessions] == [(None, ())]


def test_the_number_of_sessions_of_a_content_counts() -> None:
    back_end = played()
    play(back_end)
    assert missed(judged(PLAN, back_end), "sessions") == [("sessions of clips: exactly 1", "found 2")]


def test_a_run_without_a_session_follows_no_plan() -> None:
    result = judged('title = "t"\ncontent = [{ name = "all" }]', emulator())
    assert not result.followed
    assert missed(result, "sessions") == [("any session", "found none")]


def test_expectations_of_a_plan_are_those_of_a_story() -> None:
    plan = """
title = "t"
content = [{ name = "all" }]
[[expect]]
says = "It pings."
query = { event_type = "ping" }
[[expect]]
says = "It plays before it pings."
sequence = ["play", "ping"]
[[expect]]
says = "It sends no unknown keys."
no_findings = ["params.unknown"]
"""
    checks = checks_of(judged(plan, played("ping")), "expectation")
    assert [(check.says, check.met) for check in checks] == [
        ("It pings.", True), ("It plays before it pings.", False), ("It sends no unknown keys.", True),
    ]  # fmt: skip
    assert checks[1].seen.startswith("not verified: expected at least 1 with the sequence")


def test_a_plan_is_not_followed_if_requests_were_dropped() -> None:
    back_end = emulator(Settings(max_entries=10))
    play(back_end, *["ping"] * 20)

    result = judged('title = "t"\nunplanned_content = "allow"\ncontent = [{ name = "x", when = { media_id = "y" } }]',
                    back_end)  # fmt: skip

    assert (result.missed, result.journal_complete, result.followed) == (0, False, False)


def test_findings_of_no_session_count_for_the_whole_plan() -> None:
    back_end = played()
    response(back_end, post_event("unknown", event("ping")))
    response(back_end, post("/api/v1/nothing", {}))
    plan = 'title = "t"\ncontent = [{ name = "all" }]'

    found = {check.code for check in judged(plan, back_end).checks if not check.met}
    assert found
    allowed = ", ".join(f'"{code}"' for code in found)
    assert [check.met for check in judged(f"allow_findings = [{allowed}]\n{plan}", back_end).checks] == [True]


def test_sessions_of_both_apis_are_judged_alike() -> None:
    back_end = emulator()
    sid = open_edge_session(back_end)
    assert post_edge_event(back_end, sid, "statesUpdate", playhead=1, at_s=1).status < 300
    play(back_end, "stateStart")
    plan = """
title = "t"
[[content]]
name = "all"
when = { media_id = "clip-1", player_name = "player" }
states = ["mute"]
[[content.events]]
event_type = "sessionStart"
params."media.length" = 60
"""
    result = judged(plan, back_end)

    assert [session.content for session in result.sessions] == ["all", "all"]
    assert missed(result, "key", "event", "state") == []
