"""Rules about error events."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.errors import RULES
from tests.firings import Firing, fired, said
from tests.playbacks import case_of
from tests.tables import every_case

WARNING = Severity.WARNING
ID = {"media.qoe.errorID": "E-42", "media.qoe.errorSource": "player"}


def errors(params: dict[str, Any] | None, qoe: dict[str, Any] | None, after_s: float = 0) -> list[Firing]:
    """Return what is found in a session whose last event is an error."""
    return fired(RULES, case_of(("play", 0.1, 0), ("error", 10, 10, params, qoe), after_s=after_s))


def test_an_error_with_id_and_source_is_fine() -> None:
    assert errors(None, ID) == []


def test_an_error_as_the_last_event_before_the_timeout_is_found() -> None:
    assert errors(None, ID, after_s=606) == [("error.fatal-no-end", WARNING, (3,))]


def test_an_error_as_the_last_event_of_an_open_session_is_fine() -> None:
    assert errors(None, ID, after_s=600) == []


def test_an_error_followed_by_the_end_is_fine() -> None:
    case = case_of(("play", 0.1, 0), ("error", 10, 10, None, ID), ("sessionEnd", 10.1, 10), after_s=2000)

    assert fired(RULES, case) == []


@every_case("qoe", [None, {}, {"media.qoe.errorID": "", "media.qoe.errorSource": "app"}])
def test_an_error_without_an_id_is_one_finding(qoe: dict[str, Any] | None) -> None:
    assert errors(None, qoe) == [("error.no-id", WARNING, (3,))]


@every_case(("source", "said_as"), [("app", '"app"'), ("Player", '"Player"'), (None, "none")])
def test_an_error_with_an_unknown_source_is_found(source: str | None, said_as: str) -> None:
    qoe = {"media.qoe.errorID": "E-42"} | ({} if source is None else {"media.qoe.errorSource": source})
    case = case_of(("play", 0.1, 0), ("error", 10, 10, None, qoe))

    assert fired(RULES, case) == [("error.bad-source", WARNING, (3,))]
    assert said(RULES, case).startswith(f"1 error had the source {said_as}; send player or external as media.qoe.err")


def test_external_is_a_source() -> None:
    assert errors(None, {**ID, "media.qoe.errorSource": "external"}) == []


def test_an_id_in_params_is_found_and_is_an_id() -> None:
    case = case_of(("error", 10, 10, {"media.errorId": "E-42", "media.errorSource": "player"}))

    assert fired(RULES, case) == [("error.in-params", WARNING, (2,))]
    assert said(RULES, case).startswith(
        "An error event had media.errorId and media.errorSource in params; send media.qoe.err"
    )
