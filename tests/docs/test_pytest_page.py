"""docs/pytest.md lists all of the plugin and the Python interface; ``make golden`` writes its tables anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Any, cast

from mockserver import MediaServer, MockServer, pytest_plugin
from mockserver.control import Control
from mockserver.media_server.session_handle import SessionHandle
from mockserver.media_server.story_set import StoryHandle
from tests.documents import ROOT, cell, filled

PAGE = ROOT / "docs" / "pytest.md"
TEXT = PAGE.read_text(encoding="utf-8")
STARS: dict[object, str] = {Parameter.VAR_KEYWORD: "**", Parameter.VAR_POSITIONAL: "*"}
SERVER = MediaServer(cast(Control, None))  # no server is needed


def test_the_tables_list_what_a_server_offers(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/pytest.md", filled(PAGE, {"media server": media_server}))


def test_every_member_says_what_it_does() -> None:
    assert [row for row in media_server() if row.endswith("|  |")] == []


def test_every_option_and_every_fixture_of_the_plugin_is_there() -> None:
    options = re.findall(r'"(--[a-z-]+|media_server_\w+)"', inspect.getsource(pytest_plugin.pytest_addoption))
    assert options
    assert [name for name in (*options, *pytest_plugin.__all__) if f"`{name}" not in TEXT] == []


def media_server() -> Iterator[str]:
    yield from table("`server`", MediaServer)
    for name, part in sorted(vars(SERVER).items()):
        if type(part).__module__.startswith("mockserver."):
            yield from table(f"`server.{name}`", type(part))
    yield from table("a session, as `wait_for_session` returns it", SessionHandle)
    yield from table("a story, as `stories.start` returns it", StoryHandle)
    yield from table("a `MockServer` also", MockServer, without=MediaServer)
    yield ""


def table(name: str, kind: type, *, without: type = object) -> Iterator[str]:
    yield f"\n| {name} | does |\n|---|---|"
    for member, value in inspect.getmembers(kind):
        if not member.startswith("_") and not hasattr(without, member):
            yield f"| `.{member}{arguments(value)}` | {first_sentence(value)} |"


def arguments(member: Any) -> str:
    """Return the names of the arguments of a method, and nothing for a property."""
    if isinstance(member, property):
        return ""
    parameters = list(inspect.signature(member).parameters.values())[1:]
    return f"({', '.join(STARS.get(parameter.kind, '') + parameter.name for parameter in parameters)})"


def first_sentence(member: Any) -> str:
    text = cell((inspect.getdoc(member) or "").split("\n\n")[0])
    return re.sub(r":\w+:`~?(?:\w+\.)*(\w+)`", r"`\1`", text).replace("``", "`")
