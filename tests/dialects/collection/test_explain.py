from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from mockserver.dialects.collection.validation import Validators
from mockserver.dialects.reasons import MAX_VIOLATIONS
from mockserver.model.journal import Violation
from tests.factories import start
from tests.tables import every_case

_STRICT = Validators()
_TIME = {"playhead": 0, "ts": 1}
_start = partial(start, ts=1)


def _event(event_type: object, **members: Any) -> dict[str, Any]:
    return {"eventType": event_type, "playerTime": _TIME, **members}


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_not_an_object_is_shown() -> None:
    assert _STRICT.explain(None, [1, 2], "/0") == (
        Violation("/0", "type", "The event is the array [1, 2]; send one JSON object per event."),
    )


def test_a_body_of_unknown_type_is_checked_for_what_all_events_share() -> None:
    event = {"eventType": "go", "playerTime": {"playhead": "1"}, "params": {"any": 1}, "media.id": "v", "qoeData": []}

    assert [(each.path, each.rule) for each in _STRICT.explain(None, event)] == [
        ("/eventType", "enum"),
        ("/playerTime/playhead", "type"),
        ("/playerTime/ts", "required"),
        ("/media.id", "additionalProperties"),
        ("/qoeData", "type"),
    ]


def test_violations_stand_in_document_order_with_missing_members_last() -> None:
    event = {
        "zeta": 1,
        "params": {"x": 1, "media.ad.length": "1", "media.ad.id": 2, "a": 1},
        "eventType": "adStart",
        "playerTime": {"ts": "1", "extra": 0},
        "alpha": 1,
    }

    assert [each.path for each in _STRICT.explain(None, event)] == [
        "/zeta",
        "/params/x",
        "/params/media.ad.length",
        "/params/media.ad.id",
        "/params/a",
        "/params/media.ad.podPosition",
        "/params/media.ad.playerName",
        "/playerTime/ts",
        "/playerTime/extra",
        "/playerTime/playhead",
        "/alpha",
    ]


def test_pointers_escape_tilde_and_slash_and_start_at_the_base() -> None:
    event = _start(visitor__customerIDs={"a/b~c": {"id": 5, "authState": 1}})

    assert [each.path for each in _STRICT.explain(None, event, "/3")] == ["/3/params/visitor.customerIDs/a~1b~0c/id"]


def test_the_last_of_a_hundred_violations_says_how_many_are_not_listed() -> None:
    event = _event("ping", customMetadata={f"k{number}": number for number in range(150)})

    violations = _STRICT.explain("ping", event, "/2")

    assert len(violations) == MAX_VIOLATIONS
    assert violations[-2].path == "/2/customMetadata/k98"
    assert violations[-1] == Violation("/2", "more", "51 more violations are not listed; correct these first.")


def test_exactly_a_hundred_violations_are_all_listed() -> None:
    event = _event("ping", customMetadata={f"k{number}": number for number in range(100)})

    violations = _STRICT.explain("ping", event)

    assert [each.rule for each in violations] == ["type"] * 100


def test_the_search_ends_early_in_a_body_full_of_mistakes() -> None:
    event = _event("ping", customMetadata={f"k{number}": number for number in range(5_000)})

    violations = _STRICT.explain("ping", event)

    assert violations[-1].detail == "At least 901 more violations are not listed; correct these first."


@every_case(
    ("value", "shown"),
    [
        ("x" * 200, 'the string "' + "x" * 75 + '..."'),
        (_nested(900), "the array [[...]]"),
        (_nested(100_000), "the array [[...]]"),
        (list(range(1000)), "the array [0, 1, 2, 3, 4, 5, 6, 7, ...]"),
        ({"a": {"b": 1}, "c": [], "d": 1, "e": 2, "f": 3}, 'the object {"a": {...}, "c": [], "d": 1, "e": 2, ...}'),
        (10**5000, "the number with more than 75 digits"),
        (-(10**5000), "the number with more than 75 digits"),
        ('say "hi"\n', 'the string "say \\"hi\\"\\n"'),
    ],
    ids=["text", "deep", "very-deep", "long-array", "object", "huge", "huge-negative", "quotes"],
)
def test_a_large_value_is_shown_short(value: object, shown: str) -> None:
    [violation] = _STRICT.explain(None, _start(media__resume=value))

    assert (
        violation.detail
        == f'"media.resume" is {shown}; send true or false, whether the viewer resumes an earlier session.'
    )


@every_case("value", ["x" * 200, "\x00" * 200, {"k" * 90: "v" * 90}, ["é" * 90] * 9, {"a": {}, "b": "\t" * 99}])
def test_what_is_shown_of_a_value_has_at_most_eighty_characters(value: object) -> None:
    [violation] = _STRICT.explain(None, _start(media__resume=value))
    shown = re.search(r" is the (?:string|object|array) (.*); send ", violation.detail, re.DOTALL)

    assert shown is not None
    assert len(shown[1]) <= 80


def test_a_long_key_is_shown_short_but_pointed_at_in_full() -> None:
    [violation] = _STRICT.explain(None, _start(**{"k" * 5_000: 1}))

    assert violation.path == "/params/" + "k" * 5_000
    assert len(violation.detail) < 300


@pytest.mark.parametrize("place", ["eventType", "playerTime", "params", "qoeData", "customMetadata", "other"])
def test_deep_nesting_anywhere_is_explained(place: str) -> None:
    [violation] = _STRICT.explain(None, {**_start(), place: _nested(50_000)})

    assert violation.path == f"/{place}"


def test_a_key_ending_in_a_line_break_is_found_among_others() -> None:
    event = _event("ping", customMetadata={"good": "v", "bad\n": 1, "worse-\n": "v"})

    assert [(each.path, each.rule) for each in _STRICT.explain("ping", event)] == [
        ("/customMetadata/bad\n", "type"),
        ("/customMetadata/bad\n", "additionalProperties"),
        ("/customMetadata/worse-\n", "additionalProperties"),
    ]


@every_case("place", ["", "params", "customMetadata", "visitor.customerIDs"])
def test_a_long_name_is_not_written_out(place: str) -> None:
    name = "k" * 900_000
    event = _start(visitor__customerIDs={name: {"id": 1}}) if "." in place else _start()
    if place in ("params", "customMetadata"):
        event.setdefault(place, {})[name] = 1
    elif not place:
        event[name] = 1
    violations = _STRICT.explain("sessionStart", event)
    assert violations
    assert sum(len(violation.path) + len(violation.detail) for violation in violations) < 20_000
    assert all("k" * 50 in violation.path for violation in violations)
