"""Where a document is wrong, which msgspec only says in its message. Other messages are passed on unread."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.model.story import Story
from mockserver.rules.misfit import misfit
from tests.tables import every_case

WRONG = [
    ({"fault": {"kind": "status", "code": "500"}}, FaultSpec, "/fault/code", ""),
    ({"fault": {"kind": "stauts"}}, FaultSpec, "/fault/kind", "did you mean status?"),
    ({"fault": {"code": 500}}, FaultSpec, "/fault", "; there are status, outcome, "),
    ({"fault": {"kind": "reset"}, "stage": "Request"}, FaultSpec, "/stage", "did you mean request?"),
    ({"fault": {"kind": "reset"}, "when": {"eventType": "play"}}, FaultSpec, "/when", "did you mean event_type?"),
    ({"session_rules": [{"where": [5]}]}, Settings, "/session_rules/0/where/0", ""),
    ({"cors.max_age": "x"}, Settings, "/cors.max_age", ""),
    ({"after_end": 500}, Settings, "/after_end", "; there are 204, 404, 410"),
    ({"title": "t", "settings": 5}, Story, "/settings", ""),
]


def objection(document: Any, kind: Any) -> msgspec.ValidationError:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, kind)
    return raised.value


@every_case(("document", "kind", "pointer", "more"), WRONG)
def test_place_is_read_from_the_message_of_msgspec(document: Any, kind: Any, pointer: str, more: str) -> None:
    refused = misfit(objection(document, kind), kind, document)
    assert refused.pointer == pointer, "msgspec has changed how it says where: mockserver/rules/misfit.py reads it"
    assert " - at " not in str(refused)
    assert more in str(refused)


@every_case(
    ("document", "kind", "said"),
    [
        ({"fault": {"kind": "status", "code": True}}, FaultSpec, "must be a whole number, not true"),
        ({"fault": {"kind": "reset"}, "times": 1.5}, FaultSpec, "must be a whole number or null, not 1.5"),
        ({"fault": {"kind": "reset"}, "name": 10**5000}, FaultSpec, "must be text or null, not so large a number"),
        ({"fault": {"kind": "reset"}, "stage": None}, FaultSpec, "must be text, not null"),
        ({"fault": {"kind": "reset"}, "when": {"event_type": 5}}, FaultSpec, "must be text, a list or null, not 5"),
        ({"fault": {"kind": "reset"}, "when": []}, FaultSpec, "must be an object, not a list"),
        ({"after_end": "410"}, Settings, "must be a whole number, not '410'"),
        ({"session_rules": "x" * 99}, Settings, f"must be a list, not '{'x' * 50}'"),
    ],
)
def test_wrong_type_is_explained_in_plain_words(document: Any, kind: Any, said: str) -> None:
    assert str(misfit(objection(document, kind), kind, document)) == said


@every_case("said", ["$.fault.code: a number was expected", "", "Bad value - at line 3"])
def test_unknown_message_is_passed_on_without_a_place(said: str) -> None:
    refused = misfit(msgspec.ValidationError(said), FaultSpec, {"fault": {"kind": "reset"}})
    assert (str(refused), refused.pointer) == (said, "")
