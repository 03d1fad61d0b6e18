"""JSON in and out: the bodies of players, the records of the admin API, and where a mistake is said to be."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.control import CONTROL_ROUTES, ExportQuery, SessionQuery
from mockserver.errors import InvalidInput
from mockserver.model import fault, fault_kind, query, results, settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.wire.codec import (
    MAX_DEPTH,
    NotJson,
    WrittenNumber,
    convert,
    decode,
    encode,
    parse_as_written,
    parse_body,
    to_builtins,
)
from tests.tables import every_case

MAX_BYTES = 100_000
BOM = b"\xef\xbb\xbf"


def zipped(body: bytes) -> bytes:
    """Compress without the time of day, which would make every run another one."""
    return gzip.compress(body, mtime=0)


def parse(body: bytes) -> Any:
    return parse_body(body, MAX_BYTES)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


# Bodies of players.


@every_case(
    ("body", "document"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b" \r\n\t{} \n", {}),
        (BOM + b'{"a": 1}', {"a": 1}),
        (zipped(b'{"a": 1}'), {"a": 1}),
        (zipped(BOM + b'{"a": 1}'), {"a": 1}),
        (b'{"a": 1, "a": 2, "b": 3, "a": 4}', {"a": 4, "b": 3}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'"\\ud83d\\ude00 \xf0\x9f\x98\x80"', "\U0001f600 \U0001f600"),
        (b"1e-400", 0.0),
        (b'"a\\u0000b"', "a\0b"),
    ],
)
def test_body_is_read_as_browsers_read_json(body: bytes, document: Any) -> None:
    assert parse(body) == document


@every_case(
    ("body", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "truncated"),
        (b'{"a": 1,}', "comma before a closing bracket"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1} {"b": 2}', "trailing characters"),
        (b"eventType=ping", "not valid JSON"),
        (b'{"a": NaN}', "NaN and Infinity are not JSON"),
        (b'{"a": -Infinity}', "NaN and Infinity are not JSON"),
        (b'{"a": 1e400}', "out of range"),
        (b"1" * 5_000, "out of range"),
        (b'"\\ud800"', "not valid JSON"),
        (b'"\\udc00\\ud800"', "not valid JSON"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('{"a": "ä"}'.encode("latin-1"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not valid JSON"),
        ('{"a": 1}'.encode("utf-32-le"), "not valid JSON"),
        (nested(MAX_DEPTH + 1), "64 levels"),
        (nested(10_000), "64 levels"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "64 levels"),
        (BOM + BOM + b"{}", "not valid JSON"),
        (BOM * 30_000, "not valid JSON"),
        (b"\x1f\x8b", "gzip"),
        (b"\x1f\x8bgarbage", "gzip"),
        (zipped(b'{"a": 1}')[:-9], "gzip"),
        (zipped(b'{"a": 1}')[:-1], "gzip"),
        (zipped(b"{}") + b"{}", "gzip"),
        (zipped(b""), "is empty"),
        (zipped(zipped(b"{}")), "gzipped twice"),
        (zipped(BOM + zipped(b"{}")), "not valid JSON"),
        (zipped(b"[" + b"1," * 10**6), "unpacks to more than 100000 bytes"),
        (zipped(nested(10_000)), "64 levels"),
    ],
)
def test_body_that_is_not_json_is_recognised_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(NotJson, match=why):
        parse(body)


def test_body_may_have_as_many_levels_as_we_can_write_again() -> None:
    assert encode(parse(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    assert parse(b"[" + b"[]," * 1_000 + b"[]]") == [[]] * 1_001, "breadth is no depth"


def test_gzipped_body_may_unpack_to_the_limit_and_no_further() -> None:
    text = b'"' + b"a" * 98 + b'"'
    assert parse_body(zipped(text), 100) == "a" * 98
    with pytest.raises(NotJson, match="more than 99 bytes"):
        parse_body(zipped(text), 99)


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_either_json_or_not(body: bytes) -> None:
    for sent in (body, BOM + body, zipped(body), b"\x1f\x8b\x08" + body):
        try:
            document = parse(sent)
        except NotJson:
            continue
        else:
            assert json.loads(encode(document)) == document


# Records.

STRUCTS: list[Any] = sorted(
    {
        kind
        for route in CONTROL_ROUTES
        for kind in (route.argument, route.result)
        if isinstance(kind, msgspec.StructMeta)
    }
    | {results.Problem, fault.FaultSpec, query.Query, SessionQuery, ExportQuery},
    key=lambda kind: kind.__name__,
)

NUMBERS = st.integers(0, 10**6)
QUERIES = st.builds(
    query.Query,
    event_type=st.sampled_from([None, "ping", ("ping", "play")]),
    outcome=st.none() | st.sampled_from(Outcome) | st.tuples(st.sampled_from(Outcome), st.sampled_from(Outcome)),
    status=st.none() | NUMBERS | st.tuples(NUMBERS, NUMBERS),
    operation=st.none() | st.sampled_from(Operation),
    where=st.sampled_from(["", (), ("/a=1", "/b!=2")]),
    since=NUMBERS,
    limit=NUMBERS,
)
FAULTS = st.one_of(
    st.builds(fault_kind.StatusFault, code=NUMBERS, body=st.none() | st.text() | st.dictionaries(st.text(), NUMBERS)),
    st.builds(fault_kind.DelayFault, ms=st.none() | st.floats(0, 10**6)),
    st.sampled_from([fault_kind.ResetFault(), fault_kind.CloseFault(), fault_kind.HangFault()]),
)
RECORDS = st.one_of(
    QUERIES,
    st.builds(results.WaitCommand, query=QUERIES, at_least=NUMBERS, timeout_ms=st.none() | NUMBERS),
    st.builds(
        results.VerifyCommand,
        query=st.none() | QUERIES,
        sequence=st.none() | st.tuples(st.sampled_from(["play", "ping"]), QUERIES),
        exactly=st.none() | NUMBERS,
    ),
    st.builds(fault.FaultSpec, fault=FAULTS, name=st.none() | st.text(), probability=st.floats(0, 1)),
    st.builds(fault.FaultRule, fault=FAULTS, id=st.text(), created_ms=NUMBERS, seen=NUMBERS),
    st.builds(
        settings.Settings,
        idle_timeout_s=st.none() | st.floats(0, 10**6),
        session_rules=st.sampled_from(
            [(), (settings.SessionRule(where=("/a=1",), max_age_s=None), settings.SessionRule(where=("/b=1",)))]
        ),
        path_prefixes=st.sampled_from([(), ("/va",)]),
        cors_max_age_s=st.none() | NUMBERS,
    ),
    st.builds(results.ResetCommand, only=st.sampled_from([None, (), ("journal", "clock")])),
    st.builds(results.ClockCommand, action=st.sampled_from(["freeze", "set"]), at_ms=st.none() | NUMBERS),
)


@given(RECORDS)
def test_record_written_and_read_is_the_same(record: msgspec.Struct) -> None:
    assert decode(encode(record), type(record)) == record
    assert convert(to_builtins(record), type(record)) == record


@every_case("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_every_type_of_the_admin_api_can_be_read_and_has_a_schema(kind: type[msgspec.Struct]) -> None:
    assert msgspec.json.schema(kind)["$ref"] == f"#/$defs/{kind.__name__}"
    with pytest.raises(InvalidInput):
        decode(b"[]", kind)


COMMANDS = [
    kind for kind in STRUCTS if any(route.argument is kind for route in CONTROL_ROUTES) or kind is fault.FaultSpec
]


@every_case("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_unknown_member_of_an_argument_is_an_error(kind: type[msgspec.Struct]) -> None:
    story = {"title": "t", "symptom": "s", "description": "d", "player": "p", "expect": []}
    body = {"action": "freeze", "fault": {"kind": "reset"}, "after": "sid", **story}
    required = [field.name for field in msgspec.structs.fields(kind) if field.required]
    known = {name: value for name, value in body.items() if name in required}
    decode(encode(known), kind)
    with pytest.raises(InvalidInput, match="unknown member `bogus`"):
        decode(encode({**known, "bogus": 1}), kind)


def test_settings_have_dotted_names_where_the_api_has_them() -> None:
    written = to_builtins(settings.Settings(cors_max_age_s=5))
    assert (written["cors.max_age"], written["cors.allow_any_header"]) == (5, False)
    assert "idle_timeout_s" not in to_builtins(settings.SessionRule(where=("/a=1",)))


@every_case(
    ("value", "kind", "pointer", "message"),
    [
        (
            {"query": {"status": "204"}},
            results.WaitCommand,
            "/query/status",
            "must be a whole number, a list or null, not '204'",
        ),
        ({"query": {"bogus": 1}}, results.WaitCommand, "/query", "unknown member `bogus`"),
        ({"at_least": 1.5}, results.WaitCommand, "/at_least", "must be a whole number, not 1.5"),
        (
            {"sequence": ["play", {"since": "x"}]},
            results.VerifyCommand,
            "/sequence/1/since",
            "must be a whole number, not 'x'",
        ),
        ({"fault": {"kind": "status"}}, fault.FaultSpec, "/fault", "`code`"),
        ({"fault": {"kind": "explode"}}, fault.FaultSpec, "/fault/kind", "explode"),
        (
            {"fault": {"kind": "status", "code": 1, "headers": []}},
            fault.FaultSpec,
            "/fault/headers",
            "must be an object, not a list",
        ),
        ({"fault": {"kind": "stauts"}}, fault.FaultSpec, "/fault/kind", "did you mean status[?]"),
        ({"fault": {"kind": "reply"}}, fault.FaultSpec, "/fault/kind", "reply'; there are status, .* pass; "),
        ({"fault": {"code": 500}}, fault.FaultSpec, "/fault", "`kind` is missing; there are status, outcome, "),
        (
            {"fault": {"kind": "responses", "steps": []}},
            fault.FaultSpec,
            "/fault",
            "`steps`; there are kind, repeat, responses, then$",
        ),
        ({"fault": {"kind": "truncate", "bytes": 20}}, fault.FaultSpec, "/fault", "are kind, repeat, after_bytes; did"),
        (
            {"fault": {"kind": "responses", "responses": ["pass", "fail"]}},
            fault.FaultSpec,
            "/fault/responses/1",
            "'fail'; there is only pass$",
        ),
        (
            {"fault": {"kind": "responses", "responses": [], "then": "stop"}},
            fault.FaultSpec,
            "/fault/then",
            "'stop'; there are cycle, last, pass$",
        ),
        ({"fault": {"kind": "outcome", "outcome": "closed"}}, fault.FaultSpec, "/fault/outcome", "session_closed"),
        ({"fault": {"kind": "reset"}, "when": {"eventType": "play"}}, fault.FaultSpec, "/when", "mean event_type[?]"),
        ({"fault": {"kind": "reset"}, "stage": "Request"}, fault.FaultSpec, "/stage", "did you mean request[?]"),
        ({"idle_timout_s": 5}, settings.Settings, "", "did you mean idle_timeout_s[?]"),
        ({"zzz": 5}, settings.Settings, "", "`zzz`$"),
        ({}, fault.FaultSpec, "", "`fault`"),
        ({"session_rules": [{"where": [5]}]}, settings.Settings, "/session_rules/0/where/0", "must be text, not 5"),
        ({"cors.max_age": "x"}, settings.Settings, "/cors.max_age", "must be a whole number or null, not 'x'"),
        ({"action": "jump"}, results.ClockCommand, "/action", "jump"),
        ([], results.ClockCommand, "", "must be an object, not a list"),
    ],
)
def test_mistake_in_a_document_is_reported_with_its_json_pointer(
    value: Any, kind: type[msgspec.Struct], pointer: str, message: str
) -> None:
    readers: list[Callable[[], object]] = [lambda: decode(encode(value), kind), lambda: convert(value, kind)]
    for read in readers:
        with pytest.raises(InvalidInput, match=message) as refused:
            read()
        assert refused.value.pointer == pointer


@every_case("body", [b"", b"{", b"\xff", b"nope", b"[" * 100_000, b'{"query":' * 100_000])
def test_own_document_that_is_not_json_is_invalid_input(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode(body, results.WaitCommand)


def test_query_string_is_read_leniently_and_a_document_is_not() -> None:
    assert convert({"since": "5"}, SessionQuery, strict=False) == SessionQuery(since=5)
    with pytest.raises(InvalidInput):
        convert({"since": "5"}, SessionQuery)


def test_integers_beyond_64_bits_can_be_written() -> None:
    assert encode({"ts": 10**30}) == b'{"ts":1' + b"0" * 30 + b"}"
    assert encode([-(10**4_000)]) == b"[-1" + b"0" * 4_000 + b"]"
    assert encode(Delivery.SENT) == b'"sent"'


@every_case(
    ("body", "reason"),
    [
        (b"nope", "invalid character (byte 0)"),
        ('{"ä": ä}'.encode(), "invalid character (byte 7)"),
        (b'{"since": 1 ,\n}', "; look for a comma before a closing bracket"),
        (b'{"Infinity, ]": 1 "since": 2}', "invalid character (byte 18)"),
        (b' {"since": 1} \n x', "trailing characters (byte 13)"),
        (b'{"since": ', "input data was truncated"),
        (b'{"event_type": "pi', "input data was truncated"),
        (b'{"event_type": "pi\\', "input data was truncated"),
        (b'{"event_type": "\xff"}', "it is not UTF-8 (byte 16)"),
        (b'{"since": -Infinity}', "NaN and Infinity are not JSON"),
        (b'{"where": "\\udead", "where": "/a=1"}', "half of a surrogate pair is not text"),
    ],
)
def test_what_is_wrong_with_json_is_said_in_words_of_our_own(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson, match=f"the body is not valid JSON: .*{re.escape(reason)}$"):
        parse(body)
    with pytest.raises(InvalidInput, match=f"^not valid JSON: .*{re.escape(reason)}$"):
        decode(body, dict)


@given(number=st.floats(-1e300, 1e300), digits=st.integers(0, 20))
def test_a_number_remembers_how_it_was_written_and_is_the_same_number(number: float, digits: int) -> None:
    text = f"{number:.{digits}E}"
    (written,) = parse_as_written(f"[{text}]".encode(), MAX_BYTES)

    assert isinstance(written, WrittenNumber)
    assert (written, written.text) == (float(text), text)
