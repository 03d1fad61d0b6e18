"""Plans that do not make sense, and what is said about them."""

from __future__ import annotations

import time

import pytest

from mockserver.errors import InvalidInput
from mockserver.rules.tracking_plan.patterns import compile_pattern
from mockserver.tracking_plans.reading import parse_plan
from tests.judged_plans import with_content
from tests.tables import every_case


@every_case(
    ("plan", "message"),
    [
        ('content = [{ name = "x" }]', "plan: the member `title` is missing"),
        ('title = " "', "plan:1: /title: a plan needs a title"),
        ('title = "t"', "plan: /content: a plan needs a content or an expectation, or nothing could be missed"),
        ('title = "t"\ncontent = [{ name = "" }]', "plan:2: /content/0/name: a content needs a name"),
        (
            'title = "t"\n[[content]]\nname = "x"\n[[content]]\nname = "x"',
            "plan:5: /content/1/name: there are two contents named 'x'",
        ),
        (with_content('sequnce = ["play"]'), "plan:4: /content/0/sequnce: unknown key sequnce; did you mean sequence?"),
        (with_content('sequence = ["pause*"]'), '/content/0/sequence/0: "pause" is not an event type'),
        (with_content('sequence = [{ where = "x" }]'), "plan:4: /content/0/sequence/0/where: 'x' is not a condition"),
        (with_content('never = ["adStrat"]'), '/never/0: "adStrat" is not an event type; did you mean adStart?'),
        (with_content("exactly = -1"), "plan:4: /content/0/exactly: exactly must be 0 or more, not -1"),
        (with_content("exactly = 1\nat_most = 2"), "give either exactly, or at_least and at_most"),
        (with_content('when = { mediaId = "x" }'), "0/when/mediaId: unknown key mediaId; did you mean media_id?"),
        (with_content('states = [{ nam = "x" }]'), "plan:4: /content/0/states/0"),
        (with_content('allow_findings = ["ts.skwe"]'), "no finding has the code 'ts.skwe'; did you mean ts.skew?"),
        (with_content('unplanned_events = "no"'), "/content/0/unplanned_events: 'no' is none of allow, miss"),
        (
            with_content('[[content.events]]\nevent_type = "sesionStart"'),
            'plan:5: /content/0/events/0/event_type: "sesionStart" is not an event type; did you mean sessionStart?',
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams."media.id" = { patern = "x" }'),
            "plan:6: /content/0/events/0/params/media.id/patern: unknown key patern; did you mean pattern?",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams."a/b" = { pattern = "(" }'),
            "/content/0/events/0/params/a~1b/pattern: '(' is not a regular expression for a plan",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams.x = { pattern = "a(?=b)" }'),
            "look-around and back-references are not allowed",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams.x = { forbidden = true, type = "string" }'),
            "a forbidden key has no value; leave out everything else",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams.x = { equals = 1, at_most = 2 }'),
            "equals already fixes the value; leave out the rest",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams.x = { at_least = 3, at_most = 2 }'),
            "/content/0/events/0/params/x/at_least: at_least is more than at_most",
        ),
        (
            with_content('[[content.events]]\nevent_type = "play"\nparams.x = { at_least = nan }'),
            "at_least must be a number, not nan",
        ),
        ('title = "t"\n[[expect]]\nsays = "x"', "an expectation takes one of query, sequence and no_findings"),
        (with_content(f"sequence = {['play'] * 1001}"), "0/sequence: there are 1001; a plan takes at most 1000"),
        ('{"title": "t", "contents": []}', "unknown member `contents`"),
        ('title = "t"\n=', "plan:2 is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_plan_is_reported_with_its_place(plan: str, message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_plan(plan)
    assert message.lower() in str(error.value).lower()


@every_case(
    ("pattern", "fitting", "others"),
    [
        ("[a-z]+-[0-9]{2}", ["clip-07"], ["clip-7", "clip-007", "a clip-07"]),
        ("a|b", ["a", "b"], ["ab", ""]),
        ("", [""], ["a"]),
        (".*", ["", "a b"], []),
    ],
)
def test_a_pattern_matches_a_whole_text(pattern: str, fitting: list[str], others: list[str]) -> None:
    fits = compile_pattern(pattern)
    assert [text for text in [*fitting, *others] if fits(text)] == fitting


@every_case("pattern", ["a)|(b", "(", "\\1(a)", "(?<!a)b", "x" * 1001])
def test_an_invalid_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput):
        compile_pattern(pattern)


def test_no_pattern_is_slow() -> None:
    fits = compile_pattern("(a+)+(a|a)*(a*)*")
    begun_s = time.process_time()
    assert not fits("a" * 5_000 + "b")
    assert time.process_time() - begun_s < 0.5
