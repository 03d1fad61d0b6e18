"""The controls of the page: faults, the clock, settings, namespaces and players, as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import Fault, Pass
from mockserver.rules.faults import check_spec
from mockserver.wire.codec import convert
from tests.server.page.conftest import Reopened, Shown
from tests.server.running import START

pytestmark = pytest.mark.browser


@pytest.fixture
def without_rules(standing: Shown) -> Iterator[Shown]:
    """The standing server; all fault rules are removed at the end."""
    yield standing
    standing.server.admin("DELETE", "/faults")


def _faults(shown: Shown) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = shown.server.admin("GET", "/faults").json()["faults"]
    return faults


def _field(page: Page, name: str) -> Locator:
    return page.locator(f"[data-field='{name}']").locator("input, select, textarea").first


# Faults


UNFOLD = "() => document.querySelectorAll('.fault-form details').forEach((one) => { one.open = true; })"
FOLD = UNFOLD.replace("true", "false")


def test_the_form_knows_every_kind_as_the_server_describes_it(standing: Shown, reopened: Reopened) -> None:
    page = reopened("#/faults")
    choice = page.get_by_label("Kind")
    kinds = {kind.__struct_config__.tag: kind for kind in get_args(Fault) if kind is not Pass}
    expect(choice.locator("option")).to_have_count(len(kinds))
    shown = choice.locator("option").evaluate_all("options => options.map((one) => [one.value, one.textContent])")
    assert dict(shown) == {tag: kind.title for tag, kind in kinds.items()}

    for tag, kind in kinds.items():
        choice.select_option(tag)
        fields = page.get_by_role("group", name="What happens").locator("[data-field]")
        assert {field.get_attribute("data-field") for field in fields.all()} == {*kind.__struct_fields__} - {"repeat"}
        needed = {f.name for f in msgspec.structs.fields(kind) if f.default is f.default_factory is msgspec.NODEFAULT}
        marked = page.locator("[data-field]:has(.needed)")
        assert {field.get_attribute("data-field") for field in marked.all()} == needed
        rule = json.loads(page.locator(".preview").inner_text())
        assert needed <= rule["fault"].keys(), "what is needed begins with an example or a choice"
        check_spec(convert(rule, FaultSpec))


def test_the_form_knows_every_condition_and_every_member_of_a_rule(standing_page: Page) -> None:
    tables = standing_page.evaluate("import('./controls/fault-kinds.js').then(({WHEN, RULE}) => ({WHEN, RULE}))")

    assert {field["name"] for field in tables["WHEN"]} == set(When.__struct_fields__)
    assert {field["name"] for field in tables["RULE"]} == set(FaultSpec.__struct_fields__) - {"fault", "when"}


def test_a_rule_is_added_by_the_form_and_fires(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address("#/faults"))
    page.get_by_label("Kind").select_option("status")
    expect(page.locator(".fault-form [data-field]:visible")).to_have_count(3)  # with the kind, what most rules need
    page.evaluate(UNFOLD)
    _field(page, "code").fill("503")
    _field(page, "headers").fill("Retry-After: 7\nX-Why: because: of it")
    _field(page, "event_type").fill("ping, play")
    _field(page, "times").fill("2")
    _field(page, "name").fill("down")
    wanted = {
        "fault": {"kind": "status", "code": 503, "headers": {"Retry-After": "7", "X-Why": "because: of it"}},
        "when": {"event_type": ["ping", "play"]},
        "times": 2,
        "name": "down",
    }
    assert json.loads(page.locator(".preview").inner_text()) == wanted

    page.get_by_role("button", name="Add rule").click()

    rule = page.locator("[data-rule='f1']")
    expect(rule).to_contain_text("down")
    assert _faults(shown)[0]["when"] == wanted["when"]
    assert [shown.send(sid, "play"), shown.send(sid), shown.send(sid)] == [503, 503, 204]
    expect(rule.locator("[data-count='applied']")).to_have_text("2")
    expect(rule.locator("[data-count='seen']")).to_have_text("3")
    expect(rule).to_contain_text("spent")


def test_a_mistake_in_a_rule_is_shown_at_its_field(standing: Shown, reopened: Reopened, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    before = _faults(standing)
    page = reopened("#/faults")
    for kind, name, text, says in (
        ("status", "code", "999", "200 to 599"),
        ("status", "code", "", "Required"),
        ("status", "code", "abc", "not a number"),
        ("responses", "responses", "[{", "not valid JSON"),
        ("status", "where", "nonsense", "is not a condition"),
        ("status", "probability", "2", "0 to 1"),
        ("status", "headers", "no colon", "Name: value"),
    ):
        field, case = _field(page, name), f"{name}: {text}"
        page.get_by_label("Kind").select_option(kind)
        page.evaluate(UNFOLD)
        usual = field.input_value()
        field.fill(text)

        page.evaluate(FOLD)
        page.get_by_role("button", name="Add rule").click()

        expect(page.locator(f"[data-field='{name}'] .error-text"), case).to_contain_text(says)
        expect(field, case).to_have_attribute("aria-invalid", "true")
        expect(field, case).to_be_focused()
        assert _faults(standing) == before, case
        page.evaluate(UNFOLD)
        field.fill(usual)


def test_a_mistake_in_a_fault_as_a_whole_is_shown(standing: Shown, reopened: Reopened, forgiven: list[str]) -> None:
    forgiven.append("400 (Bad Request)")
    before = _faults(standing)
    page = reopened("#/faults")
    page.get_by_label("Kind").select_option("delay")
    _field(page, "lower").fill("3")

    page.get_by_role("button", name="Add rule").click()

    expect(page.locator(".fault-form .problem")).to_contain_text("a delay takes ms, or lower and upper")
    assert _faults(standing) == before


def test_a_rule_is_switched_off_and_on_and_removed(shown: Shown, page: Page) -> None:
    when = {"media_id": ["clip-*"], "in_ad": True, "playhead_s": {"at_least": 3}}
    shown.server.add_fault({"kind": "delay", "ms": 5}, when=when, times=3, probability=0.5, name="slow")
    page.goto(shown.address("#/faults"))

    page.get_by_role("button", name="Disable f1").click()
    expect(page.get_by_role("button", name="Enable f1")).to_be_visible()
    assert _faults(shown)[0]["enabled"] is False
    page.get_by_role("button", name="Enable f1").click()
    expect(page.get_by_role("button", name="Disable f1")).to_be_visible()
    rule = _faults(shown)[0]
    assert (rule["when"], rule["times"], rule["probability"], rule["name"]) == (when, 3, 0.5, "slow")

    page.get_by_role("button", name="Remove f1").click()
    expect(page.get_by_text("No fault rules.")).to_be_visible()
    assert _faults(shown) == []


def test_removing_all_rules_takes_two_presses_and_spent_ones_one(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    shown.server.add_fault({"kind": "status", "code": 500}, times=1)
    shown.server.add_fault({"kind": "status", "code": 501}, when={"event_type": "play"})
    assert shown.send(sid) == 500
    page.goto(shown.address("#/faults"))

    page.get_by_role("button", name="Remove spent").click()
    expect(page.locator("[data-rule]")).to_have_count(1)
    assert [rule["id"] for rule in _faults(shown)] == ["f2"]

    page.get_by_role("button", name="Remove all").click()
    page.get_by_role("heading", name="Faults", exact=True).click()
    page.get_by_role("button", name="Remove all", exact=True).click()
    assert len(_faults(shown)) == 1
    page.get_by_role("button", name="Remove all?").click()
    expect(page.get_by_text("No fault rules.")).to_be_visible()
    assert _faults(shown) == []


def test_one_click_hits_the_next_event_once(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address("#/faults"))

    for number, status in enumerate((500, 410, 404, 429)):
        page.get_by_role("button", name=f"Next event: {status}", exact=True).click()
        expect(page.get_by_text(f"armed: Next event: {status}")).to_be_visible()

        assert [shown.send(sid), shown.send(sid)] == [status, 204]
        seq = 2 + 2 * number
        struck = page.get_by_role("link", name=f"applied to #{seq}: Next event: {status}")
        expect(struck).to_have_attribute("href", f"#/events/{seq}")


def test_one_click_fault_that_is_applied_before_the_page_has_its_answer_is_shown(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address("#/faults"))

    def answer_late(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        answer = route.fetch()
        assert shown.send(sid) == 500
        expect(page.locator("[data-count='applied']")).to_have_text("1")
        return route.fulfill(response=answer)

    page.route("**/__admin/faults", answer_late)
    page.get_by_role("button", name="Next event: 500").click()

    expect(page.get_by_role("link", name="applied to #2: Next event: 500")).to_be_visible()


def test_one_click_hits_the_next_start_of_a_session(shown: Shown, page: Page) -> None:
    sid = shown.open_session()
    page.goto(shown.address("#/faults"))

    page.get_by_role("button", name="Next session start: 500").click()
    expect(page.get_by_text("armed: Next session start: 500")).to_be_visible()

    assert shown.send(sid) == 204
    assert shown.server.ask("POST", "/api/v1/sessions", START).status == 500
    assert shown.open_session() != ""


def test_a_one_click_fault_is_a_rule_for_one_request(without_rules: Shown, reopened: Reopened) -> None:
    standing = without_rules
    page = reopened("#/faults")
    for name, fault, stage, operation in (
        ("Next event: Reset connection", {"kind": "reset"}, "request", "event"),
        ("Next event: 5 s delay", {"kind": "delay", "ms": 5000}, "request", "event"),
        ("Next event: Cut answer", {"kind": "truncate", "after_bytes": 20}, "response", "event"),
        ("Next session start: No Location", {"kind": "drop_header", "name": ["Location"]}, "response", "start"),
        ("Next session start: Slow, 6 s", {"kind": "delay", "ms": 6000}, "request", "start"),
    ):
        before = _faults(standing)

        page.get_by_role("button", name=name).click()

        expect(page.locator("[data-rule]"), name).to_have_count(len(before) + 1)
        [rule] = [rule for rule in _faults(standing) if rule not in before]
        expect(page.locator(f"[data-rule='{rule['id']}']"), name).to_contain_text("once")
        assert (rule["fault"], rule["stage"], rule["when"]) == (fault, stage, {"operation": [operation]}), name
