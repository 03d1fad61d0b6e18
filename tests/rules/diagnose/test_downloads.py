"""Rules about downloaded content."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.downloads import RULES
from tests.firings import Firing, batch, downloaded, fired, fired_in_traffic, start_body
from tests.playbacks import Event, Playground

EVENTS: tuple[Event, ...] = (("play", 1, 0), ("ping", 51, 50), ("sessionComplete", 61, 60))


def in_traffic(body: Any, path: str = "/api/v1/sessions") -> list[Firing]:
    ground = Playground()
    ground.post(path, body)
    return fired_in_traffic(RULES, ground)


def test_a_batch_in_the_new_form_is_fine() -> None:
    assert fired(RULES, downloaded(*EVENTS)) == []
    assert fired(RULES, downloaded(*EVENTS, downloaded=True)) == []


def test_a_live_session_start_with_the_flag_is_found() -> None:
    found = in_traffic(start_body(params={"media.downloaded": True}))

    assert found == [("media.downloaded-live", Severity.ERROR, (1,))]


def test_a_live_session_start_that_says_false_is_fine() -> None:
    assert in_traffic(start_body(params={"media.downloaded": False})) == []


def test_a_batch_on_the_old_endpoint_without_the_flag_is_found() -> None:
    assert in_traffic(batch(*EVENTS)) == [
        ("downloaded.no-flag", Severity.ERROR, (1,)),
        ("downloaded.old-endpoint", Severity.INFO, (1,)),
    ]


def test_a_batch_that_denies_being_downloaded_is_a_warning_where_it_is_accepted() -> None:
    assert fired(RULES, downloaded(*EVENTS, downloaded=False)) == [("downloaded.no-flag", Severity.WARNING, (1,))]


def test_a_batch_on_the_old_endpoint_is_noted() -> None:
    case = downloaded(*EVENTS, path="/api/v1/sessions/", downloaded=True)

    assert fired(RULES, case) == [("downloaded.old-endpoint", Severity.INFO, (1,))]


def test_a_batch_refused_on_the_new_endpoint_is_not_on_the_old_one() -> None:
    assert in_traffic(batch(("play", 1, "0")), "/api/v1/downloaded") == []
