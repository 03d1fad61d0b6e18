"""Conditions on an event body and on header fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import InvalidInput
from mockserver.model.http import is_token
from mockserver.rules.condition import (
    MISSING,
    header_holds,
    header_values,
    holds,
    parse_condition,
    parse_header_condition,
    resolve,
)
from tests.tables import every_case

BODY: dict[str, Any] = {
    "eventType": "ping",
    "playerTime": {"playhead": 30.5, "ts": 10**30},
    "params": {"media.id": "clip-7", "a/b": 1, "m~n": 2, "length": 60, "resume": True, "none": None, "x=y": 3},
    "list": [1, "two", {"three": 3}, [4], True],
    "text": "the answer is 42, or 1.0, or 123456789012345678901234567890",
}


@every_case(
    "text",
    [
        "eventType=ping",
        "media.id=clip-7",
        "playhead>30",
        "missing!=1",
        "/eventType=ping",
        '/eventType="ping"',
        "/params/media.id=clip-7",
        "/params/media.id!=clip-8",
        "/params/a~1b=1",
        "/params/m~0n=2",
        "/params/length=60",
        "/params/length=60.0",
        "/params/length>59.5",
        "/params/length<61",
        "/params/resume=true",
        "/params/none=null",
        "/params/missing!=anything",
        "/playerTime/ts>1",
        "/playerTime/ts=1000000000000000000000000000000",
        '/playerTime={"playhead":30.5,"ts":1000000000000000000000000000000}',
        "/eventType>pin",
        "/list/0=1",
        "/list/2/three=3",
        "/list*=1",
        "/list*=two",
        '/list*={"three":3}',
        "/list*=[4]",
        "/list*=true",
        "/text*=answer",
        "/text*=42",
        "/text*=1.0",
        "/text*=",
        "/text*=123456789012345678901234567890",
        '/list=[1,"two",{"three":3},[4],true]',
    ],
)
def test_condition_holds(text: str) -> None:
    assert holds(parse_condition(text), BODY)


@every_case(
    "text",
    [
        "/eventType=pong",
        "/eventType=Ping",
        "/params/length=true",
        "/params/resume=1",
        "/params/resume!=true",
        "/params/missing=null",
        "/params/missing>0",
        "/params/missing*=",
        "/params/length=sixty",
        "/params/length>sixty",
        "/eventType>1",
        "/params/resume>0",
        "/params/none<1",
        "/list/5=1",
        "/list/-1=true",
        "/list/00=1",
        "/list/\N{ARABIC-INDIC DIGIT ZERO}=1",
        f"/list/{'9' * 4000}=1",
        "/list*=5",
        "/list/4/x=1",
        "/eventType/0=p",
        "/text*=43",
        "/params/length*=6",
        '/playerTime={"playhead":30.5}',
        "/list=[1]",
    ],
)
def test_condition_does_not_hold(text: str) -> None:
    assert not holds(parse_condition(text), BODY)


def test_first_operator_ends_the_pointer() -> None:
    condition = parse_condition("/params/title=a>b=c")
    assert (condition.tokens, condition.op, condition.value) == (("params", "title"), "=", "a>b=c")


@every_case("text", ["", "para ms=1", "/params", "=1", "/a~b", "ping", "7=1"])
def test_text_without_pointer_or_operator_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"for example media\.id=clip-7 or /params/") as refused:
        parse_condition(text)
    assert refused.value.pointer == "/where"


@every_case("part", ["params", "playerTime", "qoeData", "customMetadata"])
def test_key_is_found_in_any_part_of_an_event(part: str) -> None:
    condition = parse_condition("some.key=1")
    assert holds(condition, {"eventType": "ping", part: {"some.key": 1}})
    assert holds(condition, {"xdm": {}}, {part: {"some.key": 1}})
    assert not holds(condition, {"other": {"some.key": 1}})
    assert (condition.place, parse_condition("/a~1b/c=1").place) == ("some.key", "/a~1b/c")


def test_value_is_json_or_else_text() -> None:
    values = [parse_condition(f"/a={literal}").value for literal in ("1", '"1"', "NaN", "{", "", "[" * 4_000)]
    assert values == [1, "1", "NaN", "{", "", "[" * 4_000]


def test_condition_may_have_4096_characters_and_no_more() -> None:
    assert parse_condition("/a=" + "x" * 4_093).value == "x" * 4_093
    with pytest.raises(InvalidInput, match="at most 4096 characters, not 4097") as refused:
        parse_condition("/a=" + "x" * 4_094)
    assert refused.value.pointer == "/where"


def test_pointer_to_the_root_member_with_the_empty_name() -> None:
    assert resolve({"": 5}, parse_condition("/=5").tokens) == 5
    assert resolve({}, ("a",)) is MISSING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.text(alphabet='/abc019~=!<>*"[]{}', max_size=12), JSON)
def test_any_condition_on_any_document_is_either_true_or_false(document: Any, tail: str, value: Any) -> None:
    for text in (f"/{tail}=1", f"/a{tail}*=12", f"/{tail}"):
        try:
            condition = parse_condition(text)
        except InvalidInput:
            continue
        assert holds(condition, document) in (True, False)
        assert holds(condition, {"a": value, "": value}) in (True, False)


HEADERS = ((b"User-Agent", b"Demo/1 (a=b)"), (b"X-Tag", b"one"), (b"x-TAG", b"two"), (b"X-Raw", b"\xe9"))


@every_case(
    ("text", "expected"),
    [
        ("user-agent=Demo/1 (a=b)", True),
        ("User-Agent*=(a=b)", True),
        ("User-Agent!=Demo/1 (a=b)", False),
        ("USER-AGENT=demo/1 (a=b)", False),
        ("X-Tag=two", True),
        ("X-Tag*=wo", True),
        ("X-Tag!=two", False),
        ("X-Tag!=three", True),
        ("X-Raw=\u00e9", True),
        ("X-Missing=", False),
        ("X-Missing*=", False),
        ("X-Missing!=", True),
        ("X-Tag=1", False),
    ],
)
def test_condition_on_a_header_field_is_met_by_one_of_several(text: str, expected: bool) -> None:
    condition = parse_header_condition(text)
    assert header_holds(condition, header_values(HEADERS, condition.name)) is expected


@every_case("text", ["", "x", "=x", "!=x", "a b=c", "a>1", "\u00e9=x", "a" * 4096 + "=x"])
def test_invalid_condition_on_a_header_field_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_header_condition(text)
    assert refused.value.pointer == "/header"


def test_value_of_a_header_condition_is_text_and_goes_to_the_end() -> None:
    condition = parse_header_condition("X-A*==1!=2 ")
    assert (condition.name, condition.op, condition.value) == ("x-a", "*=", "=1!=2 ")
    assert [is_token(name) for name in ("Location", "x_y~z", "", "a b", "a:", "\u00fc")] == [True, True] + [False] * 4
