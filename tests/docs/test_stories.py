"""docs/stories.md is generated from the stories; ``make golden`` writes it anew. What is shown there is tried."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from mockserver.model.fault import FaultSpec
from mockserver.model.story import Expectation, Story
from mockserver.rules.fault_check import check_spec
from mockserver.stories.book import Known, StoryBook
from mockserver.stories.file import parse_story
from mockserver.wire.codec import decode, encode
from tests.devices import Device, Habits, Network

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STORIES = {name: known.story for name, known in StoryBook().known().items()}

HEAD = """\
# Stories

Generated from the stories by `make golden`; a test fails when it is out of date.

A story is a scenario that a player must survive: settings and fault rules that make it happen, and expectations that
judge the player. It begins with the first request of the player and is over when the player has ended its session, when
it is silent, or after a while in any case; then its rules go and its settings go back. A player has passed when every
expectation is met and every fault of the story struck.

```
mockserver story list                                             the stories
mockserver story show gone-then-new-session                       all of one
mockserver story run gone-then-new-session                        a server of its own; waits for the player, judges it
mockserver story run gone-then-new-session --to http://127.0.0.1:8089/ns/tv
mockserver story run my-story.toml --watch                        one's own, told again whenever the file is saved
mockserver serve --stories stories/ --watch                       a server that can tell one's own beside these
```

`story run` prints the verdict and the timeline, and exits with 0 (passed), 1 (failed) or 2 (it could not be told). The
same over HTTP: `POST /__admin/stories/{name}/start`, play, `GET /__admin/stories/{name}`.

"Recorded" says what unmodified clients were seen doing, with their version; "source" what their code says."""

OWN = """\
## Stories of one's own

A TOML file; its name is the name of the story: small letters, digits and dashes. A mistake is told with its line, and
with what may have been meant.

```toml
# second-title.toml
title = "The session of the second title cannot be opened at first"
symptom = "The first title of an evening is reported, the others are not."
description = "The second sessionStart answers 503 once."
player = "Tries again, and keeps the events of the title meanwhile."
silence_s = 30

[settings]
idle_timeout_s = 60

[[faults]]
name = "a failure at the second title"
fault = { kind = "status", code = 503, headers = { Retry-After = "1" } }
when = { event_type = "sessionStart", nth_session = 2 }
times = 1

[[expect]]
says = "It opens a session for both titles."
query = { outcome = "opened" }
exactly = 2

[[expect]]
says = "It reports the second title from its beginning."
sequence = ["sessionStart", "play", { event_type = "ping", where = "/playerTime/playhead>0" }]
at_least = 2

[[expect]]
says = "It leaves no pause open."
no_findings = ["play.missing-after-pause"]
```
"""

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


def test_the_stories_are_described_as_they_are(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/stories.md", "\n".join(document()) + "\n")


@pytest.mark.parametrize("what", ONE_LINE)
def test_one_line_is_a_rule_that_can_be_posted(what: str) -> None:
    check_spec(decode(ONE_LINE[what], FaultSpec))


def test_story_of_ones_own_can_be_told() -> None:
    [text] = re.findall(r"^```toml\n(.*?)^```$", OWN, re.MULTILINE | re.DOTALL)
    story = parse_story(text, "second-title.toml")

    shown = {field.name for field in msgspec.structs.fields(Story) if f"{field.name}" in text}
    assert shown >= {"title", "symptom", "description", "player", "settings", "faults", "expect", "silence_s"}
    assert {wanted.query is None for wanted in story.expect} == {True, False}


def test_story_of_the_readme_tells_good_players_from_bad_ones() -> None:
    [(name, text)] = re.findall(r"^```toml\n# ([\w-]+)\.toml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    book = StoryBook({name: Known(parse_story(text, f"{name}.toml"), "README.md")})

    verdicts = []
    for habits in (Habits(), Habits(renews=(404, 410, 500), resumes="nothing")):
        network = Network(book)
        network.start(name)
        Device(network, habits).play()
        verdicts.append(network.judged(name).verdict)

    assert verdicts == ["passed", "failed"]


def test_the_readme_names_a_story_for_every_symptom() -> None:
    section = README.partition("\n## Stories\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| [^|]+ \| `([a-z0-9-]+)` \|$", section, re.MULTILINE)

    assert sorted(named) == sorted(STORIES)


def test_every_member_of_a_story_is_described() -> None:
    for kind in (Story, Expectation):
        text = "\n".join(document())
        assert all(f"`{field.name}`" in text for field in msgspec.structs.fields(kind)), kind


def document() -> Iterator[str]:
    yield HEAD
    yield "\n| symptom | story |\n|---|---|"
    for name, story in STORIES.items():
        yield f"| {_line(story.symptom)} | [`{name}`](#{name}) |"
    for name, story in STORIES.items():
        yield f"\n## {name}\n"
        yield from _described(story)
    yield f"\n{OWN}"
    yield from _members()
    yield "\n## One line instead of a story\n"
    yield "What a server can do to a client, as the body of `POST /__admin/faults`:\n"
    yield "| what happens | rule |\n|---|---|"
    for what, rule in ONE_LINE.items():
        yield f"| {what} | `{rule}` |"


def _described(story: Story) -> Iterator[str]:
    yield f"**{_line(story.title)}.**"
    yield f"\n{_line(story.description)}"
    yield f"\n* People see: {_line(story.symptom)}"
    yield f"* A good player: {_line(story.player)}"
    yield f"* Real players: {_line(story.clients)}"
    if story.settings:
        yield f"* Settings: `{encode(story.settings).decode()}`"
    yield "\nThe player passes if:\n"
    for wanted in story.expect:
        yield f"* {_line(wanted.says)}"


def _members() -> Iterator[str]:
    for kind, of in ((Story, "a story"), (Expectation, "an expectation, `[[expect]]`")):
        yield f"Members of {of}:\n"
        yield "| member | default | means |\n|---|---|---|"
        described = _arguments(kind)
        for field in msgspec.structs.fields(kind):
            default = "" if field.required else f"`{encode(_default(field)).decode()}`"
            yield f"| `{field.name}` | {default} | {described[field.name]} |"
        yield ""
    yield "`[[faults]]` are fault rules, and `query` is a query; [reference.md](reference.md) has their members."


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _arguments(kind: type) -> dict[str, str]:
    """Read the Args of the docstring."""
    # Python 3.13 takes the indentation of docstrings away, older ones keep it.
    entries = re.split(r"\n {4}(?=\w+: )", inspect.cleandoc(kind.__doc__ or "").partition("Args:")[2])[1:]
    pairs = (entry.partition(": ") for entry in entries)
    return {name: _line(text.replace("``", "`")) for name, _, text in pairs}


def _line(text: str) -> str:
    return " ".join(text.split())
