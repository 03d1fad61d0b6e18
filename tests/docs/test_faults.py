"""docs/faults.md: its tables are made from the records of fault rules; ``make golden`` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import get_args

import msgspec

from mockserver.model.fault import FaultSpec, Range, When
from mockserver.model.fault_kind import Fault
from mockserver.model.query import Query
from tests.documents import ROOT, cell, filled, members_table, section, text_of, texts_of

PAGE = ROOT / "docs" / "faults.md"
KINDS = {kind.__struct_config__.tag: kind for kind in get_args(Fault)}


def test_the_tables_say_what_the_code_does(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/faults.md", filled(PAGE, {"fault rules": rules, "fault kinds": kinds}))


def test_every_member_of_a_rule_is_described() -> None:
    for kind in (FaultSpec, When, Range, *KINDS.values()):
        described = texts_of(kind).keys() | texts_of(Query).keys() | {"repeat"}
        assert {field.name for field in msgspec.structs.fields(kind)} <= described, kind


def test_every_kind_of_fault_and_every_condition_is_described() -> None:
    told = re.findall(r"^\| `(\w+)` \|", section(PAGE, "Kinds"), re.MULTILINE)
    assert sorted([*told, "pass"]) == sorted(KINDS)
    conditions = re.findall(r"`(\w+)`(?=[^|]*\|[^|]*\|$)", section(PAGE, "Rules"), re.MULTILINE)
    assert set(When.__struct_fields__) <= set(conditions)


def rules() -> Iterator[str]:
    yield ""
    yield from members_table(FaultSpec)
    yield "\n`when` takes:\n"
    yield from members_table(When, Query)
    yield "\nA range, of `playhead_s` and `session_age_s`, takes:\n"
    yield from members_table(Range)
    yield ""


def kinds() -> Iterator[str]:
    yield "\n`fault` is one of these; an item of a script takes `repeat` as well, for how many requests it stands:\n"
    yield "| kind | does | members |\n|---|---|---|"
    for tag, kind in KINDS.items():
        texts = texts_of(kind)
        members = [f"`{name}`: {cell(texts[name])}" for name in kind.__struct_fields__ if name != "repeat"]
        yield f"| `{tag}` | {cell(text_of(kind))} | {' '.join(members)} |"
    yield ""
