"""docs/stories.md: its lists are made from the stories (``make golden``), and its examples are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from mockserver.model.expectation import Expectation
from mockserver.model.fault import FaultSpec
from mockserver.model.story import Story
from mockserver.rules.faults import check_spec
from mockserver.stories.book import Known, StoryBook
from mockserver.stories.file import parse_story
from mockserver.wire.codec import decode, encode
from tests.devices import Device, Habits, Network
from tests.documents import ROOT, blocks, cell, filled, members_table

PAGE = ROOT / "docs" / "stories.md"
STORIES = {name: known.story for name, known in StoryBook().known().items()}

ONE_LINE = {
    "sessionStart answers 400": '{"fault": {"kind": "status", "code": 400}, "when": {"event_type": "sessionStart"}}',
    "sessionStart answers 404, once": (
        '{"fault": {"kind": "status", "code": 404}, "when": {"event_type": "sessionStart"}, "times": 1}'
    ),
    "sessionStart answers 410": '{"fault": {"kind": "status", "code": 410}, "when": {"event_type": "sessionStart"}}',
    "sessionStart answers 500": '{"fault": {"kind": "status", "code": 500}, "when": {"event_type": "sessionStart"}}',
    "sessionStart answers 503": '{"fault": {"kind": "status", "code": 503}, "when": {"event_type": "sessionStart"}}',
    "sessionStart meets a network error": '{"fault": {"kind": "reset"}, "when": {"event_type": "sessionStart"}}',
    "sessionStart answers 200, with a Location": (
        '{"fault": {"kind": "status", "code": 200, "headers": {"Location": "/api/v1/sessions/unknown"}}, '
        '"when": {"event_type": "sessionStart"}}'
    ),
    "sessionStart answers 201 without a Location": (
        '{"fault": {"kind": "drop_header", "name": "Location"}, "when": {"event_type": "sessionStart"}, '
        '"stage": "response"}'
    ),
    "sessionStart answers 201, and a web page may not read the Location": (
        '{"fault": {"kind": "drop_header", "name": "Access-Control-Expose-Headers"}, '
        '"when": {"event_type": "sessionStart"}, "stage": "response"}'
    ),
    "sessionStart is answered after 6 seconds": (
        '{"fault": {"kind": "delay", "ms": 6000}, "when": {"event_type": "sessionStart"}, "stage": "response"}'
    ),
    "sessionStart is never answered": '{"fault": {"kind": "hang"}, "when": {"event_type": "sessionStart"}}',
    "the preflight fails": '{"fault": {"kind": "status", "code": 403}, "when": {"operation": "preflight"}}',
    "events answer 400": '{"fault": {"kind": "status", "code": 400}, "when": {"operation": "event"}}',
    "events answer 404": (
        '{"fault": {"kind": "outcome", "outcome": "unknown_session"}, "when": {"operation": "event"}}'
    ),
    "events answer 410": '{"fault": {"kind": "outcome", "outcome": "session_closed"}, "when": {"operation": "event"}}',
    "the session is closed for good at the third ping": (
        '{"fault": {"kind": "expire"}, "when": {"event_type": "ping", "nth_event": 3}, "times": 1}'
    ),
    "events answer 500 or 503": '{"fault": {"kind": "status", "code": 503}, "when": {"operation": "event"}}',
    "events are answered after 6 seconds": (
        '{"fault": {"kind": "delay", "ms": 6000}, "when": {"operation": "event"}, "stage": "response"}'
    ),
}


def test_the_lists_say_what_the_stories_are(golden: Callable[[str, str], None]) -> None:
    parts = {"symptoms": symptoms, "stories": stories, "members": members, "one line": one_line}
    golden("../../docs/stories.md", filled(PAGE, parts))


@pytest.mark.parametrize("what", ONE_LINE)
def test_one_line_is_a_rule_that_can_be_posted(what: str) -> None:
    check_spec(decode(ONE_LINE[what], FaultSpec))


def test_first_story_tells_good_players_from_bad_ones() -> None:
    name, text, _ = shown()[0]
    book = StoryBook({name: Known(parse_story(text, f"{name}.toml"), "docs/stories.md")})

    verdicts = []
    for habits in (Habits(), Habits(renews=(404, 410, 500), resumes="nothing")):
        network = Network(book)
        network.start(name)
        Device(network, habits).play()
        verdicts.append(network.judged(name).verdict)

    assert verdicts == ["passed", "failed"]


def test_second_story_shows_what_a_story_can_say() -> None:
    _, text, story = shown()[1]

    named = {field.name for field in msgspec.structs.fields(Story) if field.name in text}
    assert named >= {"title", "symptom", "description", "player", "settings", "faults", "expect", "silence_s"}
    assert {wanted.query is None for wanted in story.expect} == {True, False}


def test_every_member_of_a_story_is_described() -> None:
    for row in members():
        assert not row.endswith("|  |"), row


def shown() -> list[tuple[str, str, Story]]:
    """Return the stories that the page prints, with their names."""
    found = []
    for kind, text in blocks(PAGE):
        if kind == "toml":
            name = text.splitlines()[0].removeprefix("# ").removesuffix(".toml")
            found.append((name, text, parse_story(text, f"{name}.toml")))
    return found


def symptoms() -> Iterator[str]:
    yield "\n| symptom in production | story |\n|---|---|"
    for name, story in STORIES.items():
        yield f"| {cell(story.symptom)} | [`{name}`](#{name}) |"
    yield ""


def stories() -> Iterator[str]:
    for name, story in STORIES.items():
        yield f"\n### {name}\n"
        yield f"**{cell(story.title)}.**"
        yield f"\n{cell(story.description)}"
        yield f"\n* People see: {cell(story.symptom)}"
        yield f"* A good player: {cell(story.player)}"
        yield f"* Real players: {cell(story.clients)}"
        if story.settings:
            yield f"* Settings: `{encode(story.settings).decode()}`"
        yield "\nThe player passes if:\n"
        for wanted in story.expect:
            yield f"* {cell(wanted.says)}"
    yield ""


def members() -> Iterator[str]:
    yield "\nMembers of a story:\n"
    yield from members_table(Story)
    yield "\nMembers of an expectation, `[[expect]]`:\n"
    yield from members_table(Expectation)
    yield ""


def one_line() -> Iterator[str]:
    yield "\n| what happens | rule |\n|---|---|"
    for what, rule in ONE_LINE.items():
        yield f"| {what} | `{rule}` |"
    yield ""
