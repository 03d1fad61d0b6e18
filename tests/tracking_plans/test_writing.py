"""Plans as TOML, and their JSON Schema."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.model.tracking_plan import ContentPlan, ExpectedEvent, ExpectedName, KeyRule, TrackingPlan
from mockserver.tracking_plans.reading import parse_plan
from mockserver.tracking_plans.schema import plan_schema
from mockserver.tracking_plans.writing import plan_toml
from mockserver.wire.codec import encode
from mockserver.wire.toml_file import TomlFile
from tests.documents import ROOT
from tests.metaschemas import mistakes
from tests.tables import every_case

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SCALARS = st.one_of(
    TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)
RULES = st.one_of(SCALARS, st.builds(KeyRule, type=st.sampled_from(["string", "integer"]), one_of=st.tuples(SCALARS)))
VALIDATOR = Draft202012Validator(plan_schema())


@settings(max_examples=25)
@given(title=TEXTS.filter(str.strip), keys=st.dictionaries(TEXTS, RULES, max_size=4), name=TEXTS)
def test_what_is_written_reads_as_the_same_plan(title: str, keys: dict[str, Any], name: str) -> None:
    event = ExpectedEvent(event_type="play", at_least=0, params=keys, custom_metadata=keys)
    content = ContentPlan(
        name="all", events=(event, event), states=(name, ExpectedName(name=name, at_most=2)), sequence=("play",) * 20
    )
    plan = TrackingPlan(title=title, description=name, content=(content,))

    assert parse_plan(plan_toml(plan)).plan == plan
    assert parse_plan(encode(plan).decode()).plan == plan


def test_the_schema_accepts_the_plans_there_are() -> None:
    assert mistakes(plan_schema()) == []
    for path in sorted((ROOT / "fixtures" / "plans").glob("*.toml")):
        assert list(VALIDATOR.iter_errors(TomlFile(path.read_text(encoding="utf-8"), path.name).values)) == []


@every_case(
    "wrong",
    [
        {"content": []},
        {"title": "t", "contents": []},
        {"title": "t", "content": [{"name": "x", "events": [{"event_type": "pley"}]}]},
        {"title": "t", "allow_findings": ["ts.skwe"]},
        {
            "title": "t",
            "content": [{"name": "x", "events": [{"event_type": "play", "params": {"a": {"patern": "b"}}}]}],
        },
    ],
    ids=str,
)
def test_the_schema_refuses_invalid_plans(wrong: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_the_schema_describes_every_member() -> None:
    undescribed = [
        f"{name}.{member}"
        for name, record in plan_schema()["$defs"].items()
        for member, schema in record.get("properties", {}).items()
        if not schema.get("description")
    ]
    assert undescribed == []
