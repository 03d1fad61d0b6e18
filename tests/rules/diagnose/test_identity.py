"""Rules about the ids of the viewer and of the organization."""

from __future__ import annotations

from typing import Any

from mockserver.model.finding import Severity
from mockserver.rules.diagnose.identity import RULES
from tests.firings import fired, fired_in_traffic, said, start_body
from tests.playbacks import AD, BREAK, CHAPTER, Playground, case_of
from tests.tables import every_case

ECID = "visitor.marketingCloudUserId"
IDS = "visitor.customerIDs"


@every_case("ecid", [None, "", " "])
def test_a_session_without_any_id_of_the_viewer_is_found(ecid: str | None) -> None:
    assert fired(RULES, case_of(start={ECID: ecid})) == [("id.ecid-missing", Severity.WARNING, (1,))]


def test_an_installation_id_stands_in_for_the_ecid() -> None:
    assert fired(RULES, case_of(start={ECID: None, "appInstallationId": "app-1"})) == []


@every_case("ecid", ["N/A", "1234567890", "1" * 39, "a" * 38])
def test_an_ecid_that_has_not_38_digits_is_found(ecid: str) -> None:
    case = case_of(start={ECID: ecid})

    assert fired(RULES, case) == [("id.ecid-placeholder", Severity.WARNING, (1,))]
    assert said(RULES, case).startswith(f'visitor.marketingCloudUserId is "{ecid}"; send')


def test_an_ecid_of_38_digits_is_fine() -> None:
    assert fired(RULES, case_of(start={ECID: "0" * 38})) == []


@every_case("org", ["", "0123456789ABCDEF01234567", "@AdobeOrg", "X@adobeorg", "my org@AdobeOrg"])
def test_an_organization_id_of_another_form_is_found(org: str) -> None:
    case = case_of(start={"visitor.marketingCloudOrgId": org})

    assert fired(RULES, case) == [("id.org-format", Severity.WARNING, (1,))]


def test_any_organization_id_with_the_right_end_is_fine() -> None:
    assert fired(RULES, case_of(start={"visitor.marketingCloudOrgId": "X@AdobeOrg"})) == []


def test_an_unknown_auth_state_is_found_although_it_is_accepted() -> None:
    case = case_of(start={IDS: {"crm": {"id": "1", "authState": 3}, "mail": {"id": "2", "authState": 1}}})

    assert fired(RULES, case) == [("id.customerIDs-shape", Severity.ERROR, (1,))]
    assert said(RULES, case) == 'authState of the customer id "crm" is 3; send 0, 1 or 2.'


@every_case("state", [0, 1, 2])
def test_known_auth_states_are_fine(state: int) -> None:
    assert fired(RULES, case_of(start={IDS: {"crm": {"id": "1", "authState": state}}})) == []


@every_case(
    "ids", [[{"id": "1", "authState": 1}], {"crm": "1"}, {"crm": {"id": "1"}}, {"crm": {"id": "1", "authState": "1"}}]
)
def test_customer_ids_of_another_shape_are_found_in_a_refused_start(ids: Any) -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", start_body(params={IDS: ids}))

    assert fired_in_traffic(RULES, ground) == [("id.customerIDs-shape", Severity.ERROR, (1,))]


def test_a_start_refused_for_another_reason_says_nothing_about_customer_ids() -> None:
    ground = Playground()
    ids = {"crm": {"id": "1", "authState": 1}}
    ground.post("/api/v1/sessions", start_body(params={IDS: ids, "media.length": "60"}))

    assert fired_in_traffic(RULES, ground) == []


WORDS = ["None", "NaN", "N/A", "undefined", "null", "[object Object]", "nil"]


@every_case("word", WORDS)
@every_case("key", ["analytics.visitorId", "appInstallationId", "media.name", "media.show", "media.assetId"])
def test_a_word_for_nothing_in_any_identifying_field_is_found(key: str, word: str) -> None:
    case = case_of(start={key: word})

    assert fired(RULES, case) == [("id.placeholder", Severity.WARNING, (1,))]
    assert said(RULES, case) == f'{key} is "{word}"; send the value, or leave the key out.'


def test_words_for_nothing_in_customer_ids_and_later_events_are_one_finding() -> None:
    case = case_of(
        ("adBreakStart", 0, 0, BREAK | {"media.ad.podFriendlyName": "null"}),
        ("adStart", 0, 0, AD | {"media.ad.name": "undefined"}),
        ("chapterStart", 20, 0, CHAPTER | {"media.chapter.friendlyName": "NaN"}),
        start={IDS: {"crm": {"id": "None", "authState": 1}}},
    )

    assert fired(RULES, case) == [("id.placeholder", Severity.WARNING, (1, 2, 3, 4))]
    assert 'the customer id "crm" is "None"' in said(RULES, case)


@every_case("key", ["media.adLoad", "media.genre", "media.rating"])
def test_none_is_not_a_placeholder_where_it_is_a_value(key: str) -> None:
    assert fired(RULES, case_of(start={key: "none"})) == []


@every_case("value", ["", "unknown", "Nan Goldin", "None of the above"])
def test_a_name_and_an_empty_value_are_not_placeholders(value: str) -> None:
    assert fired(RULES, case_of(start={"media.name": value})) == []
