"""The JSON Schemas of TOML files agree with what reads those files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from mockserver.cli.config_schema import config_schema
from mockserver.tracking_plans.schema import plan_schema
from mockserver.wire.toml_schema import story_schema
from tests.documents import ROOT, blocks
from tests.metaschemas import mistakes
from tests.tables import every_case

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STORIES = sorted((ROOT / "mockserver" / "stories").glob("*.toml"))
PLANS = sorted((ROOT / "fixtures" / "plans").glob("*.toml"))
EXAMPLES = [text for kind, text in blocks(ROOT / "docs" / "stories.md") if kind == "toml"]
CONFIGURATIONS = [text for kind, text in blocks(ROOT / "docs" / "configuration.md") if kind == "toml"]
RULES = [text for kind, text in blocks(ROOT / "docs" / "faults.md") if kind == "toml"]


@pytest.fixture(scope="module")
def check() -> Callable[[str, str], list[str]]:
    """Check a text by one of the schemas; return what is wrong."""
    validators = {}
    for name, schema in (("config", config_schema()), ("story", story_schema()), ("plan", plan_schema())):
        assert mistakes(schema) == []
        validators[name] = jsonschema.Draft202012Validator(schema)

    def wrong(name: str, text: str) -> list[str]:
        document: Any = tomllib.loads(text)
        return [f"{error.json_path}: {error.message}" for error in validators[name].iter_errors(document)]

    return wrong


def test_files_that_are_read_satisfy_their_schema(check: Callable[[str, str], list[str]]) -> None:
    texts = [("story", path.read_text(encoding="utf-8")) for path in STORIES]
    texts += [("plan", path.read_text(encoding="utf-8")) for path in PLANS]
    texts += [("story", text) for text in EXAMPLES] + [("config", text) for text in (*CONFIGURATIONS, *RULES)]
    assert len(STORIES) > 20
    assert all((PLANS, EXAMPLES, CONFIGURATIONS))
    assert {text: wrong for name, text in texts if (wrong := check(name, text))} == {}


@every_case(
    ("name", "text", "where"),
    [
        ("config", "prot = 1\n", "$: "),
        ("config", "port = 'x'\n", "$.port: "),
        ("config", "after_end = 3\n", "$.after_end: "),
        ("config", "idle_timeout = 'never'\n", "$.idle_timeout: "),
        ("config", "[cors]\nmax = 5\n", "$.cors: "),
        ("config", "[[faults]]\nfault.kind = 'nothing'\n", "$.faults: "),
        ("story", "title = 'x'\n", "$: "),
        ("story", "[settings]\nidle = 5\n", "$.settings: "),
        ("plan", "[[content]]\nname = 3\n", "$.content[0].name: "),
    ],
)
def test_mistakes_are_found_where_they_are(
    name: str, text: str, where: str, check: Callable[[str, str], list[str]]
) -> None:
    assert any(found.startswith(where) for found in check(name, text)), check(name, text)


def test_word_none_and_both_names_of_a_setting_are_known(check: Callable[[str, str], list[str]]) -> None:
    assert check("config", "max_age_s = 'none'\nidle_timeout = 5\n'cors.max_age' = 5\nseed = 7\n") == []
    assert check("config", "idle_timeout_s = 5\nstories = 'mine'\nsession_rules = []\n[cors]\nmax_age = 5\n") == []


def test_every_member_has_a_text(check: Callable[[str, str], list[str]]) -> None:
    bare = [name for name, schema in config_schema()["properties"].items() if "description" not in schema]
    assert [name for name in bare if name != "cors"] == []


def test_schema_beside_the_stories_is_that_of_the_code(golden: Callable[[str, str], None]) -> None:
    text = msgspec.json.format(msgspec.json.encode(story_schema()), indent=2).decode()
    golden("../../mockserver/stories/story.schema.json", text + "\n")
    for path in STORIES:
        assert path.read_text(encoding="utf-8").startswith("#:schema story.schema.json\n"), path
    assert Path(ROOT / "mockserver" / "stories" / "story.schema.json").is_file()
