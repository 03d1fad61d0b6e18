from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.fault_kind import StatusFault
from mockserver.stories.file import parse_story, read_story, story_name
from tests.tables import every_case

HEAD = 'title = "t"\nsymptom = "s"\ndescription = "d"\nplayer = "p"\n'
EXPECT = '\n[[expect]]\nsays = "It pings."\nquery = { event_type = "ping" }\n'
FAULT = '\n[[faults]]\nfault = { kind = "status", code = 500 }\n'


def refused(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_story(text, "own.toml")
    return str(caught.value)


def test_story_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "my-story.toml"
    path.write_text(HEAD + FAULT + EXPECT, encoding="utf-8")

    story = read_story(path)

    assert story_name(path) == "my-story"
    assert story.title == "t"
    assert story.faults[0].fault == StatusFault(code=500)


@every_case("name", ["My-Story.toml", "a_b.toml", "-a.toml", f"{'a' * 65}.toml", "story.json", ".toml"])
def test_file_that_cannot_name_a_story_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(HEAD + EXPECT, encoding="utf-8")
    with pytest.raises(InvalidInput, match="story"):
        read_story(path)


@every_case(
    ("written", "settings"),
    [
        ("cors.max_age = 5", {"cors.max_age": 5}),
        ('"cors.max_age" = 5', {"cors.max_age": 5}),
        ("cors = { max_age = 5 }", {"cors.max_age": 5}),
        ('idle_timeout_s = "none"', {"idle_timeout_s": None}),
        ('ties = "arrival"', {"ties": "arrival"}),
        (
            'session_rules = [{ where = ["/a=1"], max_age_s = "none" }]',
            {"session_rules": [{"where": ["/a=1"], "max_age_s": None}]},
        ),
    ],
)
def test_settings_of_a_story_have_the_names_and_values_they_have_in_json(
    written: str, settings: dict[str, object]
) -> None:
    assert parse_story(f"{HEAD}[settings]\n{written}\n{EXPECT}", "own.toml").settings == settings


def test_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*gone\.toml: No such file or directory"):
        read_story(tmp_path / "gone.toml")


@every_case(
    ("text", "message"),
    [
        (HEAD.replace("title", "tilte") + EXPECT, "own.toml:1: /tilte: unknown key tilte; did you mean title?"),
        (HEAD.replace('"s"', "3") + EXPECT, "own.toml:2: /symptom: must be text, not 3"),
        (HEAD.replace('"t"', '" "') + EXPECT, "own.toml:1: /title: a story needs a title"),
        ('title = "t"\n' + EXPECT, "own.toml: the member `symptom` is missing"),
        (HEAD + "expect = []", "own.toml:5: /expect: a story needs at least one expectation"),
        (
            HEAD + "silence_s = 0\n" + EXPECT,
            "own.toml:5: /silence_s: silence_s must be a number of seconds, more than 0",
        ),
        (HEAD + "watch_s = inf\n" + EXPECT, "own.toml:5: /watch_s: watch_s must be a number of seconds, more than 0"),
        (
            HEAD + "[settings]\nidle_timeout = 5\n" + EXPECT,
            "own.toml:6: /settings/idle_timeout: there is no setting idle_timeout; did you mean idle_timeout_s?",
        ),
        (
            HEAD + '[settings]\n\n"cors.max_age" = "long"\n' + EXPECT,
            "own.toml:7: /settings/cors.max_age: must be a whole number or null, not 'long'",
        ),
        (
            HEAD + "[settings.cors]\nmax_age = 'long'\n" + EXPECT,
            "own.toml:6: /settings/cors.max_age: must be a whole number or null, not 'long'",
        ),
        (HEAD + "[settings]\ncors.max_agee = 1\n" + EXPECT, "own.toml:6: /settings/cors.max_agee: there is no setting"),
        (
            HEAD + "[settings]\ngrace_s = -1\n" + EXPECT,
            "own.toml:6: /settings/grace_s: grace_s must be a number of seconds",
        ),
        (HEAD + FAULT.replace("status", "statsu") + EXPECT, "'statsu' is none of status, outcome, "),
        (HEAD + FAULT.replace("status", "statsu") + EXPECT, "; did you mean status?"),
        (HEAD + FAULT.replace("500", "99") + EXPECT, "own.toml:7: /faults/0/fault/code: code must be 200 to 599"),
        (HEAD + FAULT.replace("code", "coed") + EXPECT, "own.toml:7: /faults/0/fault/coed: unknown key coed; did you"),
        (
            HEAD + FAULT + 'when.event_tpye = "x"\n' + EXPECT,
            "own.toml:8: /faults/0/when/event_tpye: unknown key event_tpye; did you mean event_type?",
        ),
        (
            HEAD + FAULT + FAULT + '\n[faults.when]\noperation = "strat"\n' + EXPECT,
            "own.toml:13: /faults/1/when/operation: 'strat' is none of start, event, ",
        ),
        (
            HEAD + FAULT + 'stage = "reponse"\n' + EXPECT,
            "own.toml:8: /faults/0/stage: 'reponse' is none of request, response; did you mean response?",
        ),
        (
            HEAD + FAULT.replace('"status", code = 500', '"responses", responses = ["pas"]') + EXPECT,
            "own.toml:7: /faults/0/fault/responses/0: 'pas' is none of pass; did you mean pass?",
        ),
        (
            HEAD + FAULT.replace('"status", code = 500', '"responses", responses = [{ kind = "delya" }]') + EXPECT,
            "; did you mean delay?",
        ),
        (HEAD + EXPECT.replace("It pings.", ""), "own.toml:7: /expect/0/says: says must state the expectation"),
        (
            HEAD + EXPECT.replace("event_type", "event_typ"),
            "own.toml:8: /expect/0/query/event_typ: unknown key event_typ; did you mean event_type?",
        ),
        (
            HEAD + EXPECT.replace('"ping"', '["play", "pings"]'),
            "own.toml:8: /expect/0/query/event_type: \"pings\" is not an event type; did you mean ping?",
        ),
        (
            HEAD + '\n[[expect]]\nsays = "x"\nsequence = ["play", "sesionEnd"]\n',
            "own.toml:8: /expect/0/sequence/1: \"sesionEnd\" is not an event type; did you mean sessionEnd?",
        ),
        (
            HEAD + '\n[[expect]]\nsays = "x"\nsequence = [{ event_type = "media.ping" }]\n',
            "/expect/0/sequence/0/event_type: \"media.ping\" is not an event type (to look for a wrong one, use "
            'where: "/eventType=media.ping")',
        ),
        (
            HEAD + FAULT + 'when = { event_type = "adStrat" }\n' + EXPECT,
            "own.toml:8: /faults/0/when/event_type: \"adStrat\" is not an event type; did you mean adStart?",
        ),
        (
            HEAD + EXPECT + 'sequence = ["ping"]\n',
            "own.toml:6: /expect/0: an expectation takes one of query, sequence and no_findings, and this one has query"
            " and sequence",
        ),
        (HEAD + '\n[[expect]]\nsays = "x"\n', "own.toml:6: /expect/0: an expectation takes one of"),
        (HEAD + EXPECT + "exactly = 1\nat_most = 2\n", "own.toml:9: /expect/0/exactly: give either exactly, or"),
        (HEAD + EXPECT + "at_least = -1\n", "own.toml:9: /expect/0/at_least: at_least must be 0 or more"),
        (
            HEAD + '\n[[expect]]\nsays = "x"\nsequence = ["ping", { where = "bad" }]\n',
            "own.toml:8: /expect/0/sequence/1/where: 'bad' is not a condition",
        ),
        (
            HEAD + '\n[[expect]]\nsays = "x"\nno_findings = ["ping.gaap"]\n',
            "own.toml:8: /expect/0/no_findings/0: no finding has the code 'ping.gaap'; did you mean ping.gap?",
        ),
        (
            HEAD + '\n[[expect]]\nsays = "x"\nno_findings = ["ping.gap"]\nat_most = 1\n',
            "own.toml:9: /expect/0/at_most: no_findings takes no at_most",
        ),
        ("title = = 1", "own.toml:1 is not TOML: "),
    ],
)  # fmt: skip
def test_invalid_story_is_refused_with_line_pointer_and_reason(text: str, message: str) -> None:
    assert message in refused(text)


def test_every_built_in_story_has_every_text() -> None:
    for file in resources.files("mockserver.stories").iterdir():
        if file.name.endswith(".toml"):
            story = parse_story(file.read_text(encoding="utf-8"), file.name)
            assert story_name(Path(file.name))
            assert all((story.title, story.symptom, story.description, story.player, story.clients)), file.name
            assert all(spec.name for spec in story.faults), file.name
            assert all(wanted.says.endswith(".") for wanted in story.expect), file.name
            assert not {"recorded", "source"}.isdisjoint(story.clients.replace(":", " ").split()), file.name
