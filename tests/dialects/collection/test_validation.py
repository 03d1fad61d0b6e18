from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from mockserver.dialects.collection.validation import Validators, validators
from mockserver.errors import InvalidInput
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.journal import Violation
from tests.tables import every_case

_FIXTURES = Path(__file__).parents[3] / "fixtures"
_STRICT = Validators()
_OPEN = Validators("open")
_LENIENT = Validators(docs_lenient=True)
_BY_NAME = {"open": _OPEN, "docs_lenient": _LENIENT}

_CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{path.stem}: {case['title']}", case)
    for path in sorted((_FIXTURES / "events").glob("*.json"))
    for case in json.loads(path.read_bytes())["cases"]
]
_MINIMAL: list[dict[str, Any]] = [
    case["event"] for case in json.loads((_FIXTURES / "events" / "minimal-bodies.json").read_bytes())["cases"]
]
_EVENTS = every_case("event", _MINIMAL, ids=lambda event: str(event["eventType"]))


def _copy(event: Any) -> Any:
    return json.loads(json.dumps(event))


def _by_jsonschema(schema: dict[str, Any] | None, document: object) -> bool:
    assert schema is not None
    return Draft4Validator(schema).is_valid(document)


def _objects(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return []
    return [path, *(found for key, member in value.items() for found in _objects(member, (*path, key)))]


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _pointed_at(document: Any, pointer: str) -> tuple[Any, str | None]:
    """Resolve all but the last step; the last one is the member meant."""
    if not pointer:
        return document, None
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document, last


def _assert_points_into(document: Any, violation: Violation) -> None:
    parent, last = _pointed_at(document, violation.path)
    if last is None:
        assert violation.rule in ("type", "more", "schema")
    elif isinstance(parent, list):
        assert int(last) < len(parent)
    else:
        assert (last in parent) is (violation.rule != "required")


def test_the_minimal_bodies_are_one_of_every_event_type() -> None:
    assert sorted(event["eventType"] for event in _MINIMAL) == sorted(EVENT_TYPES)


def test_a_minimal_body_is_valid_for_both_validators() -> None:
    for event in _MINIMAL:
        assert _STRICT.is_valid(event["eventType"], event), event
        assert _by_jsonschema(_STRICT.schema(event["eventType"]), event), event
        assert _STRICT.explain(event["eventType"], event) == ()


@_EVENTS
def test_a_body_without_one_of_its_keys_is_invalid_and_the_key_is_named(event: dict[str, Any]) -> None:
    dropped = [(path, key) for path in _objects(event) for key in _at(event, path)]
    if event["eventType"] == "statesUpdate":
        dropped = [each for each in dropped if each != (("params",), "statesStart")]  # needs either of two: anyOf
    for path, key in dropped:
        body = _copy(event)
        del _at(body, path)[key]

        assert not _STRICT.is_valid(event["eventType"], body)
        assert not _by_jsonschema(_STRICT.schema(event["eventType"]), body)
        [violation] = _STRICT.explain(event["eventType"], body)
        assert (violation.path, violation.rule) == ("/" + "/".join((*path, key)), "required")


@_EVENTS
def test_an_unknown_key_is_invalid_in_sdk_union_and_valid_in_open(event: dict[str, Any]) -> None:
    for path in [*_objects(event), ("qoeData",), ("params",)]:
        body = _copy(event)
        if path:
            body.setdefault(path[0], {})
        _at(body, path)["unheardOf"] = 1

        assert not _STRICT.is_valid(event["eventType"], body)
        [violation] = _STRICT.explain(event["eventType"], body)[:1]
        assert (violation.path, violation.rule) == ("/" + "/".join((*path, "unheardOf")), "additionalProperties")
        if event["eventType"] != "statesUpdate" or path != ("params",):
            assert _OPEN.is_valid(event["eventType"], body)


def test_empty_blocks_and_metadata_are_valid_on_every_event() -> None:
    for event in _MINIMAL:
        body = {"params": {}, **event, "qoeData": {}, "customMetadata": {"a.b_1": "x"}}

        assert _STRICT.is_valid(event["eventType"], body), body


def test_the_open_profile_still_checks_known_keys() -> None:
    event = {"eventType": "ping", "playerTime": {"playhead": "0", "ts": 1}, "qoeData": {"media.qoe.bitrate": 1.5}}

    found = _OPEN.explain("ping", event)

    assert [(each.path, each.rule) for each in found] == [
        ("/playerTime/playhead", "type"),
        ("/qoeData/media.qoe.bitrate", "type"),
    ]


@every_case("case", [case for _, case in _CASES], ids=[name for name, _ in _CASES])
def test_an_event_of_the_fixtures_is_judged_as_it_says(case: dict[str, Any]) -> None:
    event_type = case["event"].get("eventType")
    found = [{"path": each.path, "rule": each.rule} for each in _STRICT.explain(None, case["event"])]

    assert found == case["violations"]
    assert _STRICT.is_valid(event_type, case["event"]) is (not case["violations"])
    if case["violations"]:
        accepted_by = [name for name, each in _BY_NAME.items() if each.is_valid(event_type, case["event"])]
        assert accepted_by == case.get("accepted_by", [])


def test_the_fixtures_hold_a_valid_and_an_invalid_event_of_every_type() -> None:
    for wanted in (True, False):
        types = {case["event"].get("eventType") for _, case in _CASES if (not case["violations"]) is wanted}
        assert set(EVENT_TYPES) <= types


@every_case("path", sorted((_FIXTURES / "traffic").glob("*.ndjson")), ids=lambda path: str(path.stem))
@every_case("profile", ["sdk-union", "open"])
def test_every_recorded_event_is_valid(path: Path, profile: str) -> None:
    posts = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    bodies = [msgspec.json.decode(post["body"]) for post in posts if post["method"] == "POST"]
    events = [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    assert events
    for event in events:
        assert validators(profile).explain(event["eventType"], event) == ()
        assert validators(profile).is_valid(event["eventType"], event)


def test_event_types_follow_the_setting_for_states_update() -> None:
    without = Validators(states_update=False)
    event = {"eventType": "statesUpdate", "playerTime": {"playhead": 0, "ts": 1}, "params": {"statesEnd": []}}

    assert _STRICT.event_types == EVENT_TYPES
    assert _STRICT.is_valid("statesUpdate", event)
    assert without.event_types == EVENT_TYPES[:-1]
    assert without.schema("statesUpdate") is None
    assert not without.is_valid("statesUpdate", event)
    assert [each.rule for each in without.explain("statesUpdate", event)] == ["enum"]


@every_case("event_type", ["pause", "", "PING"])
def test_a_type_that_does_not_exist_is_invalid_and_has_no_schema(event_type: str) -> None:
    event = {"eventType": event_type, "playerTime": {"playhead": 0, "ts": 1}}

    assert not _STRICT.is_valid(event_type, event)
    assert _STRICT.schema(event_type) is None
    assert [(each.path, each.rule) for each in _STRICT.explain(event_type, event)] == [("/eventType", "enum")]


@every_case("event_type", [[], {}, 5, None, [[]]])
def test_an_event_type_of_another_json_type_is_invalid(event_type: Any) -> None:
    event = {"eventType": event_type, "playerTime": {"playhead": 0, "ts": 1}}

    assert not _STRICT.is_valid(event_type, event)
    assert [(each.path, each.rule) for each in _STRICT.explain(event_type, event)] == [("/eventType", "type")]


@every_case("document", [None, True, 1, 1.5, "ping", [], [{}]])
@every_case("event_type", ["ping", None])
def test_what_is_not_an_object_has_one_violation(event_type: str | None, document: object) -> None:
    assert not _STRICT.is_valid("ping", document)
    assert not _OPEN.is_valid("ping", document)
    assert [(each.path, each.rule) for each in _STRICT.explain(event_type, document, "/3")] == [("/3", "type")]


def test_an_event_of_another_type_is_invalid_for_the_type_asked_for() -> None:
    event = {"eventType": "ping", "playerTime": {"playhead": 0, "ts": 1}}

    assert not _STRICT.is_valid("play", event)
    assert [(each.path, each.rule) for each in _STRICT.explain("play", event)] == [("/eventType", "enum")]


def test_a_key_that_no_json_text_can_hold_is_explained_in_general_words() -> None:
    event = {"eventType": "ping", "playerTime": {"playhead": 0, "ts": 1}, "\ud800": 1}

    assert not _OPEN.is_valid("ping", event)
    assert _OPEN.explain("ping", event, "/2") == (
        Violation(
            "/2", "schema", "This is not a valid ping event; compare it with the JSON Schema at /api/v1/schemas/ping."
        ),
    )


def test_the_served_schema_is_the_one_that_validates() -> None:
    schema = _LENIENT.schema("ping")

    assert schema is not None
    assert "bitrate" in schema["definitions"]["qoeData"]["properties"]
    assert _LENIENT.schema("ping") is schema


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'strict' is not a schema profile"):
        Validators("strict")


def test_validators_of_the_same_settings_are_made_once() -> None:
    assert validators("open", True, False) is validators("open", True, False)
    assert validators("open", True, False) is not validators("open", True, True)


def test_jsonschema_is_imported_only_to_explain() -> None:
    program = (
        "import sys\n"
        "from mockserver.dialects.collection.validation import Validators\n"
        "v = Validators()\n"
        "assert not v.is_valid('ping', {})\n"
        "assert 'jsonschema' not in sys.modules\n"
        "v.explain('ping', {})\n"
        "assert 'jsonschema' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3], timeout=50)


# ------------------------------------------------------------------------------------------------------ properties

_ODD_KEYS = ["", "a-b", "a\n", "line\n", "~/", "media.Id", "name", "ä", "\u2028", "bitrate", "x" * 300, "a b\n"]
_KEYS = sorted(
    {
        name
        for event_type in EVENT_TYPES
        for name in (_STRICT.schema(event_type) or {})["definitions"][event_type]["properties"]["params"]["properties"]
    }
    | {"playerTime", "eventType", "params", "qoeData", "customMetadata", "playhead", "ts", "id", "authState"}
    | {"media.qoe.bitrate", "media.qoe.errorID", "media.state.name", "visitor.customerIDs"}
    | set(_ODD_KEYS)
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from([*EVENT_TYPES, "pause", "media.play", "1", "1.5", "true", "x" * 5000])
)
_NAMES = st.sampled_from(_KEYS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=6
)
_BASES = [case["event"] for _, case in _CASES]


@st.composite
def _near_valid(draw: st.DrawFn) -> dict[str, Any]:
    """A known event of which up to four members were added, replaced or dropped."""
    event: dict[str, Any] = _copy(draw(st.sampled_from(_BASES)))
    for _ in range(draw(st.integers(0, 4))):
        inside = _at(event, draw(st.sampled_from(_objects(event))))
        if inside and draw(st.booleans()):
            key = draw(st.sampled_from(sorted(inside)))
            if draw(st.booleans()):
                del inside[key]
                continue
        else:
            key = draw(_NAMES)
        inside[key] = draw(_VALUES)
    return event


def _has_key_ending_in_newline(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key.endswith("\n") or _has_key_ending_in_newline(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_has_key_ending_in_newline, value))


@given(
    _near_valid().filter(lambda event: not _has_key_ending_in_newline(event)),
    st.sampled_from([_STRICT, _OPEN, _LENIENT]),
    st.sampled_from(EVENT_TYPES),
    st.booleans(),
)
def test_both_validators_agree(event: dict[str, Any], chosen: Validators, other_type: str, ask_other: bool) -> None:
    own = event.get("eventType")
    event_type = own if own in EVENT_TYPES and not ask_other else other_type

    assert chosen.is_valid(event_type, event) is _by_jsonschema(chosen.schema(event_type), event)


@given(_near_valid(), st.sampled_from([_STRICT, _OPEN, _LENIENT]))
def test_what_is_invalid_is_explained_and_every_pointer_leads_somewhere(
    event: dict[str, Any], chosen: Validators
) -> None:
    event_type = event.get("eventType")
    violations = chosen.explain(None, event)

    assert bool(violations) is not chosen.is_valid(event_type, event)  # type: ignore[arg-type]
    assert len({(each.path, each.rule) for each in violations}) == len(violations)
    for violation in violations:
        _assert_points_into(event, violation)
        assert violation.rule != "schema"


@given(_VALUES, st.sampled_from([*EVENT_TYPES, None, "pause"]))
def test_any_json_value_can_be_explained(document: object, event_type: str | None) -> None:
    for violation in _STRICT.explain(event_type, document, "/7"):
        assert violation.path.startswith("/7")
        _assert_points_into(document, Violation(violation.path[2:], violation.rule, violation.detail))
