"""A document that is no JSON Schema is told from one that is."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft4Validator

from tests.metaschemas import mistakes
from tests.tables import every_case


@every_case(
    ("schema", "place"),
    [
        ({"type": "strng"}, ["type"]),
        ({"properties": {"a": {"items": 5}}}, ["properties", "a", "items"]),
        ({"properties": {"a": {"pattern": "("}}}, ["properties", "a", "pattern"]),
        ({"$ref": "not a reference"}, ["$ref"]),
    ],
)
def test_what_is_wrong_with_a_schema_is_found(schema: dict[str, Any], place: list[str]) -> None:
    found = mistakes(schema)
    assert found
    assert all(each.startswith(f"{place}: ") for each in found)


def test_a_schema_is_one_by_its_draft() -> None:
    assert mistakes({"type": "object", "properties": {"a": {"pattern": "^a"}}, "exclusiveMinimum": 1}) == []
    assert mistakes({"type": "object", "exclusiveMinimum": 1}, Draft4Validator)
