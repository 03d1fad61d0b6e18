"""The rule about bodies whose keys were renamed."""

from __future__ import annotations

from typing import Any

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.finding import Severity
from tests.firings import fired, fired_in_traffic, rules_about, said, start_body
from tests.playbacks import Playground
from tests.tables import every_case

RULES = rules_about("http.renamed-keys")

ERROR = Severity.ERROR
RENAMED = {"a": "ping", "b": {"c": 10, "d": 1_760_000_010_000}}


def posted(*bodies: Any) -> tuple[Playground, str]:
    ground = Playground()
    sid = ground.play()
    for body in bodies:
        ground.post(f"/api/v1/sessions/{sid}/events", body)
    return ground, sid


def test_renamed_keys_are_one_finding() -> None:
    ground, sid = posted(RENAMED, {**RENAMED, "b": {"c": 20, "d": 1_760_000_020_000}})

    assert fired(RULES, ground.case(sid)) == [("http.renamed-keys", ERROR, (2, 3))]
    assert said(RULES, ground.case(sid)).startswith(
        '2 requests had "a" in place of eventType, and no playerTime but "b": the keys were renamed before they were '
        "sent; exclude"
    )
    assert [finding.code for finding in Diagnosis(ground.namespace).findings()] == ["http.renamed-keys"]


def test_a_session_start_with_renamed_keys_is_found_in_the_traffic() -> None:
    ground = Playground()
    ground.post("/api/v1/sessions", {"x": "sessionStart", "y": {}, "z": start_body()["params"]})

    assert fired_in_traffic(RULES, ground) == [("http.renamed-keys", ERROR, (1,))]
    assert [finding.code for finding in Diagnosis(ground.namespace).findings()] == ["http.renamed-keys"]


@every_case(
    "body",
    [
        {"eventtype": "ping", "playerTime": {"playhead": 1, "ts": 1_760_000_010_000}},
        {"eventType": "ping", "time": {"playhead": 1, "ts": 1_760_000_010_000}},
        {"a": "pong", "b": {}},
        {"a": "ping"},
    ],
    ids=["one is misspelled", "the other", "no event type", "only one key"],
)
def test_other_refused_bodies_get_their_own_finding(body: dict[str, Any]) -> None:
    ground, sid = posted(body)

    assert fired(RULES, ground.case(sid)) == []
    assert [finding.severity for finding in Diagnosis(ground.namespace).findings()].count(ERROR) >= 1
