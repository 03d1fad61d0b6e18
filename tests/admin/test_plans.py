"""Plans that are judged in a namespace: over the admin API, and as a part of stories."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mockserver.admin.plans import plan
from mockserver.admin.stories import start_story, stop_story, story
from mockserver.errors import InvalidInput
from mockserver.model.tracking_plan import ContentCriteria, ContentPlan, ExpectedEvent
from mockserver.namespaces import Target
from mockserver.stories.file import parse_story
from tests.factories import emulator, target
from tests.factories import story as told
from tests.judged_plans import play
from tests.tables import every_case

CLIPS = ContentPlan(
    name="clips",
    when=ContentCriteria(media_id="clip-*"),
    events=(ExpectedEvent(event_type="ping", at_least=2),),
    allow_findings=("id.ecid-missing", "media.streamType", "session.no-play", "session.no-close"),
)
STORY = """
title = "Pings fail"
symptom = "No data."
description = "It fails."
player = "Sends pings."
[[content]]
name = "clips"
[[content.events]]
event_type = "%s"
"""


def running(*contents: ContentPlan) -> Target:
    back_end = emulator()
    play(back_end)  # before the story, so it does not count
    there = target(back_end)
    back_end.stories.put("planned", told(expect=(), content=contents))
    start_story(there, None, "planned")
    return there


def test_a_story_judges_the_content_of_a_plan_by_requests_while_it_runs() -> None:
    there = running(CLIPS)
    with there.namespace as back_end:
        play(back_end, "ping")
        [view] = story(there, None, "planned").expectations
        assert (view.says, view.met) == ("It reports 'clips' as planned.", False)
        assert view.message.startswith("not verified: ping: at least 2: found 1")

        play(back_end, "ping", "ping", params={"media.id": "other"})
        assert not story(there, None, "planned").expectations[0].met


def test_a_player_that_reports_as_planned_passes() -> None:
    there = running(CLIPS)
    with there.namespace as back_end:
        play(back_end, "play", "ping", "ping", "sessionEnd")
    view = stop_story(there, None, "planned")
    assert (view.verdict, view.expectations[0].message) == ("passed", "verified: checks met: 2, sessions: 1")


def test_content_without_a_session_is_a_miss_unless_its_number_allows_it() -> None:
    there = running(CLIPS, ContentPlan(name="live", when=ContentCriteria(content_type="live"), at_least=0))
    with there.namespace as back_end:
        play(back_end, params={"media.id": "other"})
    clips, live = stop_story(there, None, "planned").expectations
    assert (clips.met, clips.message) == (False, "not verified: sessions of it: expected at least 1, found 0")
    assert live.met


def test_a_mistake_in_the_content_of_a_story_names_its_line() -> None:
    assert parse_story(STORY % "ping", "own.toml").content[0].name == "clips"
    with pytest.raises(InvalidInput, match=r'own.toml:9: /content/0/events/0/event_type: "pnig" is not an event type'):
        parse_story(STORY % "pnig", "own.toml")


def test_content_that_is_as_planned_in_what_is_left_is_not_proven() -> None:
    there = running(replace(CLIPS, events=()))
    with there.namespace as back_end:
        play(back_end, "ping", "ping")
        back_end.configure(replace(back_end.settings, max_entries=3))
        assert story(there, None, "planned").expectations[0].met
        play(back_end, "ping", "ping")
        [view] = story(there, None, "planned").expectations
    assert not view.met
    assert view.message.startswith("not verified, since dropped entries could have missed it: checks met: ")


@every_case(
    ("body", "message"),
    [
        (b"\xff", "the plan is not UTF-8"),
        (b"", "the member `title` is missing"),
        (b"{", "not valid JSON"),
        (b"x = [", "TOML"),
    ],
)
def test_what_is_no_plan_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        plan(target(emulator()), body)


def test_a_plan_changes_nothing() -> None:
    back_end = emulator()
    play(back_end, "ping")
    entries, sessions = back_end.journal.last_seq, tuple(back_end.sessions)
    plan(target(back_end), b'title = "t"\ncontent = [{ name = "all" }]')
    assert (back_end.journal.last_seq, tuple(back_end.sessions)) == (entries, sessions)
