from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mockserver.cli import main
from mockserver.model.event_types import EVENT_TYPES
from tests.tables import every_case

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch
    from tests.server.running import Running


@every_case("name", EVENT_TYPES)
def test_schema_is_the_one_that_is_served(
    name: str, server: Running, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(fetch(server.url, "GET", f"/api/v1/schemas/{name}")[1])


def test_profile_and_lenience_change_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for arguments in ([], ["--profile", "open"], ["--docs-lenient"]):
        assert main(["schema", "ping", *arguments]) == 0
        shown.append(capsys.readouterr().out)
    assert len(set(shown)) == 3


def test_unknown_name_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "adbreakstart"]) == 2
    message = "mockserver: there is no event type 'adbreakstart'; did you mean adBreakStart?\n"
    assert capsys.readouterr() == ("", message)


def test_name_unlike_any_other_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "xyz"]) == 2
    assert "there are sessionStart, play, " in capsys.readouterr().err
