"""Rules about customMetadata and params."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.model.finding import Severity
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.metadata import RULES
from tests.firings import Firing, batch, fired, fired_in_traffic, said, start_body
from tests.playbacks import AD, BREAK, CHAPTER, Event, Playground, case_of
from tests.tables import every_case

OPEN = Settings(schema_profile="open")


def metadata(*events: Event) -> list[Firing]:
    return fired(RULES, case_of(*events))


def in_traffic(body: Any, path: str = "/api/v1/sessions") -> list[Firing]:
    ground = Playground()
    ground.post(path, body)
    return fired_in_traffic(RULES, ground)


def test_metadata_where_it_belongs_is_fine() -> None:
    own = {"site.section": "news", "user_2": "yes"}
    found = metadata(
        ("sessionStart", 0, 0, None, None, own),
        ("adBreakStart", 1, 0, BREAK, None, {}),
        ("adStart", 1, 0, AD, None, own),
        ("chapterStart", 2, 0, CHAPTER, None, own),
    )

    assert found == []


def test_metadata_on_other_events_is_found_once_per_event_type() -> None:
    case = case_of(
        ("adBreakStart", 1, 0, BREAK, None, {"a_b": "c"}), ("ping", 2, 0, None, None, {"a_b": "c"}),
        ("ping", 3, 0, None, None, {"a_b": "c"}),
    )  # fmt: skip

    assert fired(RULES, case) == [
        ("meta.wrong-event", Severity.WARNING, (2,)),
        ("meta.wrong-event", Severity.WARNING, (3, 4)),
    ]


@every_case("key", ["media.name", "a.media.channel"])
def test_a_reserved_key_is_found(key: str) -> None:
    case = case_of(("sessionStart", 0, 0, None, None, {key: "x"}), ("adBreakStart", 1, 0, BREAK),
                   ("adStart", 1, 0, AD, None, {key: "y"}))  # fmt: skip

    assert fired(RULES, case) == [("meta.reserved-prefix", Severity.WARNING, (1, 3))]
    assert said(RULES, case).startswith(f'customMetadata has "{key}", reserved by Adobe;')


@every_case("key", ["mediatype", "aa.b", "A.b", "x.media.name"])
def test_a_key_that_only_looks_reserved_is_fine(key: str) -> None:
    assert metadata(("sessionStart", 0, 0, None, None, {key: "x"})) == []


def test_a_value_that_is_not_a_string_is_found() -> None:
    case = case_of(("chapterStart", 1, 0, CHAPTER, None, {"part": 7, "name": "x"}))

    assert fired(RULES, case) == [("meta.not-string", Severity.ERROR, (2,))]
    assert said(RULES, case).startswith('The chapterStart event was answered 400: "part" is the number 7;')


def test_a_key_with_other_characters_is_found() -> None:
    case = case_of(("chapterStart", 1, 0, CHAPTER, None, {"site section": "x"}))

    assert fired(RULES, case) == [("meta.key-chars", Severity.ERROR, (2,))]
    assert '"site section"' in said(RULES, case)


def test_an_unknown_key_is_found() -> None:
    case = case_of(("adBreakStart", 1, 0, {**BREAK, "media.ad.podPosition": 1}))

    assert fired(RULES, case) == [("params.unknown", Severity.ERROR, (2,))]
    assert said(RULES, case) == (
        'The adBreakStart event was answered 400: "media.ad.podPosition" is a key of adStart, not of adBreakStart; '
        "remove it."
    )


def test_the_same_unknown_key_is_one_finding_per_event_type() -> None:
    wrong = {**AD, "media.ad.system": "vast"}
    found = metadata(("adBreakStart", 1, 0, BREAK), ("adStart", 1, 0, wrong), ("adStart", 9, 0, wrong))

    assert found == [("params.unknown", Severity.ERROR, (3, 4))]


def test_an_unknown_key_in_qoe_data_is_found() -> None:
    assert metadata(("ping", 1, 0, None, {"media.qoe.resolution": 1080})) == [("params.unknown", Severity.ERROR, (2,))]


@every_case(
    "event",
    [
        pytest.param(("ping", 1, 0, None, {"bitrate": 3200}), id="qoe.unqualified"),
        pytest.param(("ping", 1, 0, {"media.qoe.bitrate": 3200}), id="qoe.in-params"),
        pytest.param(("ping", 1, 0, {"media.id": "x"}), id="ping.params"),
        pytest.param(("adBreakStart", 1, 0, {**BREAK, "media.ad.podIndex": "1"}), id="wrong-type"),
    ],
)
def test_keys_that_other_rules_check_are_not_unknown_keys(event: Event) -> None:
    assert metadata(event) == []


def test_params_of_an_event_without_params_are_an_error_where_they_are_refused() -> None:
    case = case_of(("play", 1, 0, {"media.id": "clip-7"}))

    assert fired(RULES, case) == [("params.on-paramless", Severity.ERROR, (2,))]


def test_params_of_an_event_without_params_are_noted_where_they_are_accepted() -> None:
    case = case_of(("play", 1, 0, {"own.key": "x"}), settings=OPEN)

    assert fired(RULES, case) == [("params.on-paramless", Severity.INFO, (2,))]
    assert said(RULES, case).startswith('play has "own.key" in its params;')


def test_empty_params_are_fine() -> None:
    assert metadata(("play", 1, 0, {}), ("sessionEnd", 2, 0, {})) == []


@every_case(
    ("code", "members"),
    [
        ("meta.not-string", {"customMetadata": {"showId": 7}}),
        ("meta.key-chars", {"customMetadata": {"show-id": "7"}}),
        ("params.unknown", {"params": {"media.channelName": "x"}}),
        ("params.unknown", {"session": "x"}),
    ],
)
def test_a_refused_session_start_is_checked_too(code: str, members: dict[str, Any]) -> None:
    assert in_traffic(start_body(**members)) == [(code, Severity.ERROR, (1,))]


def test_a_start_refused_for_other_reasons_has_no_unknown_keys() -> None:
    assert in_traffic(start_body(params={"media.length": "60"})) == []
    assert in_traffic(b"{") == []


def test_a_refused_batch_says_which_of_its_events_are_wrong() -> None:
    wrong = {"own": 1}
    events: tuple[Event, ...] = (("play", 1, 0, wrong), ("ping", 50, 49, wrong), ("adStart", 51, 50, {**AD, **wrong}))

    assert in_traffic(batch(*events), "/api/v1/downloaded") == [
        ("params.unknown", Severity.ERROR, (1,)),
        ("params.on-paramless", Severity.ERROR, (1,)),
    ]


def test_a_refusal_in_a_session_is_not_found_in_the_rest_of_the_traffic() -> None:
    ground = Playground()
    ground.play(("play", 1, 0, {"own": 1}))

    assert fired_in_traffic(RULES, ground) == []
