"""The OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mockserver.admin.openapi import description
from mockserver.control import CONTROL_ROUTES
from mockserver.dialects.registry import DIALECTS
from tests.factories import event
from tests.metaschemas import mistakes
from tests.openapi import document, refusals
from tests.tables import every_case


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(child)


def resolved(reference: str) -> Any:
    place: Any = document()
    for token in reference.removeprefix("#/").split("/"):
        place = place[token]
    return place


def test_document_is_openapi_with_title_and_version() -> None:
    assert document()["openapi"].startswith("3.1.")
    assert document()["info"]["version"] == "1.2.3"
    assert document()["info"]["title"]


def test_every_path_is_of_an_api_or_of_the_admin_api() -> None:
    assert {re.match(r"/(api|ee|__admin)/", path) is not None for path in document()["paths"]} == {True}
    assert {"/api/v1/sessions/{sid}/events", "/ee/va/v1/{eventType}"} <= document()["paths"].keys()


def test_every_control_route_is_described_with_its_status() -> None:
    for route in CONTROL_ROUTES:
        operation = document()["paths"][f"/__admin{route.path}"][route.method.lower()]
        assert operation["summary"] == route.summary
        assert str(route.status) in operation["responses"]
        assert ("requestBody" in operation) is (route.argument is not None and route.method != "GET")


def test_every_reference_leads_somewhere() -> None:
    references = [part["$ref"] for part in inside(document()) if "$ref" in part]
    assert len(references) > 50
    for reference in references:
        assert reference.startswith("#/components/schemas/")
        assert isinstance(resolved(reference), dict)


def test_every_part_of_a_path_is_a_required_parameter() -> None:
    for path, method, operation in operations():
        parameters = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "path"}
        assert set(parameters) == set(re.findall(r"{(\w+)}", path)), (method, path)
        assert all(each["required"] for each in parameters.values())


def test_every_operation_has_a_summary_and_an_answer_with_a_description() -> None:
    for path, method, operation in operations():
        assert operation["summary"], (method, path)
        assert operation["responses"], (method, path)
        assert all(answer["description"] for answer in operation["responses"].values()), (method, path)


def test_every_operation_of_players_has_an_answer_for_whatever_is_refused() -> None:
    of_players = [operation for path, _, operation in operations() if not path.startswith("/__admin")]
    assert len(of_players) > 8
    assert all("4XX" in operation["responses"] for operation in of_players)


def test_every_schema_is_a_schema() -> None:
    schemas = document()["components"]["schemas"]
    assert len(schemas) > 100
    assert {name: wrong for name, one in schemas.items() if (wrong := mistakes(one))} == {}


def test_filters_of_the_journal_are_parameters_of_the_query_string() -> None:
    names = {each["name"] for each in document()["paths"]["/__admin/events"]["get"]["parameters"]}
    assert {
        *("q", "finding", "min_severity", "sort", "skip", "surroundings"),
        "session_id",
        "event_type",
        "outcome",
        "status",
        "fault_id",
        "operation",
        "since",
        "limit",
        "where",
    } == names


def test_described_event_is_what_events_look_like() -> None:
    assert refusals({"$ref": "#/components/schemas/MediaEvent"}, event()) == []


def test_every_operation_has_a_unique_name_and_an_explained_tag() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert [name for name in names if not re.fullmatch("[a-z][a-zA-Z]+", name)] == []
    assert len(set(names)) == len(names)
    assert {"listEvents", "waitForEvents", "addFault", "startSession", "sendEdgeEvent"} <= set(names)
    explained = {tag["name"] for tag in document()["tags"] if tag["description"]}
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} == explained


def test_the_admin_api_takes_a_token_and_players_need_none() -> None:
    assert document()["components"]["securitySchemes"]["adminToken"]["scheme"] == "bearer"
    free = {operation["operationId"] for _, _, operation in operations() if operation["security"] == []}
    players = {operation["operationId"] for path, _, operation in operations() if not path.startswith("/__admin")}
    assert free - players == {"getHealth", "getReadiness", "getCaCertificate"}
    assert players <= free


def test_the_servers_are_the_one_that_was_asked_and_its_namespaces() -> None:
    assert [one["url"] for one in document()["servers"]] == ["/", "/ns/{namespace}"]
    own = description("1.2.3", DIALECTS, "http://127.0.0.1:8089", "blue")["servers"]
    assert [one["url"] for one in own] == ["http://127.0.0.1:8089/ns/blue", "http://127.0.0.1:8089/ns/{namespace}"]
    assert own[1]["variables"]["namespace"]["default"] == "blue"


def test_no_schema_has_a_form_that_generators_of_code_cannot_use() -> None:
    schemas = [*inside(document()["components"]["schemas"]), *inside(document()["paths"])]
    assert [one for one in schemas if "prefixItems" in one or one.get("items") is False] == []
    assert [one for one in schemas if "enum" in one and "type" not in one] == []
    constants = [(name, one) for one in schemas for name in one.get("x-enum-varnames", one.get("enum", ()))]
    assert [one for name, one in constants if name in ("entries", "name", "ordinal", "value")] == []  # Kotlin has them
    unions = [one["anyOf"] for one in schemas if "anyOf" in one]
    assert [one for one in unions if len(one) != 2 or {"type": "null"} not in one] == []
    choices = [one for one in schemas if "oneOf" in one]
    assert len(choices) == 2
    for choice in choices:
        mapping = choice["discriminator"]["mapping"]
        assert sorted(mapping.values()) == sorted(option["$ref"] for option in choice["oneOf"])
        for kind, reference in mapping.items():
            assert resolved(reference)["properties"]["kind"] == {"type": "string", "enum": [kind]}


@every_case("record", ["Query", "When"])
def test_every_filter_is_a_list(record: str) -> None:
    members = document()["components"]["schemas"][record]["properties"]
    single = {"since", "limit", "in_ad", "in_break", "playhead_s", "session_age_s"}
    assert {name for name, member in members.items() if member.get("type") != "array"} <= single
    parameters = {each["name"]: each["schema"] for each in document()["paths"]["/__admin/events"]["get"]["parameters"]}
    query = document()["components"]["schemas"]["Query"]["properties"]
    assert [name for name in query.keys() - single if parameters[name].get("type") != "array"] == []


def test_generated_code_that_changes_one_setting_sends_no_others() -> None:
    members = document()["components"]["schemas"]["SettingsPatch"]["properties"]
    assert members.keys() == document()["components"]["schemas"]["Settings"]["properties"].keys()
    assert [name for name, member in members.items() if "default" in member] == []


def test_every_example_is_what_its_schema_says() -> None:
    shown = [each for each in inside(document()["paths"]) if "example" in each]
    assert len(shown) > 40
    assert [why for each in shown for why in refusals(each["schema"], each["example"])] == []
    schemas = [each for each in inside(document()["components"]["schemas"]) if "examples" in each]
    assert len(schemas) > 5
    assert [why for each in schemas for example in each["examples"] for why in refusals(each, example)] == []


def test_every_operation_with_a_json_body_has_an_example() -> None:
    for path, method, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content and operation["operationId"] != "importRecording":
            assert content["application/json"].get("example"), (method, path)


@every_case("record", ["Settings", "Thresholds", "When", "FaultSpec"])
def test_every_member_that_people_fill_in_is_explained(record: str) -> None:
    members = document()["components"]["schemas"][record]["properties"]
    known = {"session_id", "event_type", "operation", "where", "outcome", "status"}  # as in a query

    assert [name for name, member in members.items() if not member.get("description") and name not in known] == []


def test_a_record_is_described_without_the_list_of_its_members() -> None:
    described = document()["components"]["schemas"]["StatusFault"]

    assert described["description"].startswith("Answer with a status, 200 to 599. At stage")
    assert "Args" not in described["description"]
    assert described["properties"]["code"]["description"] == "The status."


def test_no_title_takes_the_place_of_a_name_in_generated_code() -> None:
    named = document()["components"]["schemas"].items()
    assert [name for name, schema in named if schema.get("title", name) != name] == []
    members = [member for _, schema in named for member in schema.get("properties", {}).values()]
    assert [member for member in members if "title" in member] == []
