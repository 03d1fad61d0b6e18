"""Meaningless fault rules are refused with a message and the place."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec, Range, When
from mockserver.model.fault_kind import (
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    Fault,
    ForgetFault,
    GarbleFault,
    OutcomeFault,
    Pass,
    RefuseFault,
    ResetFault,
    ResponsesFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.vocabulary import Outcome, Stage
from mockserver.rules.faults import check_spec
from mockserver.wire.codec import decode
from tests.tables import every_case

BROKEN = StatusFault(code=500)
DAY_MS = 24 * 3600 * 1000


def script(*items: Any) -> ResponsesFault:
    return ResponsesFault(responses=items)


@every_case(
    ("members", "pointer"),
    [
        ({"when": When(status=204)}, "/when/status"),
        ({"when": When(outcome=Outcome.ACCEPTED)}, "/when/outcome"),
        ({"when": When(where="x")}, "/when/where"),
        ({"when": When(nth_session=0)}, "/when/nth_session"),
        ({"when": When(nth_session=(1, -1))}, "/when/nth_session"),
        ({"when": When(nth_event=0)}, "/when/nth_event"),
        ({"when": When(nth_event=(1, 0))}, "/when/nth_event"),
        ({"when": When(playhead_s=Range(at_least=3, below=1))}, "/when/playhead_s/at_least"),
        ({"when": When(header="x")}, "/when/header"),
        ({"fault": StatusFault(code=204, body="x")}, "/fault/body"),
        ({"fault": StatusFault(code=205, body={})}, "/fault/body"),
        ({"fault": StatusFault(code=304, body=0)}, "/fault/body"),
        ({"skip": -1}, "/skip"),
        ({"every": 0}, "/every"),
        ({"times": -1}, "/times"),
        ({"ttl_ms": -1}, "/ttl_ms"),
        ({"probability": 1.1}, "/probability"),
        ({"probability": float("nan")}, "/probability"),
        ({"fault": DelayFault()}, "/fault"),
        ({"fault": DelayFault(ms=1, lower=1, upper=2)}, "/fault"),
        ({"fault": DelayFault(lower=1)}, "/fault"),
        ({"fault": DelayFault(median=1)}, "/fault"),
        ({"fault": DelayFault(lower=2, upper=1)}, "/fault/lower"),
        ({"fault": DelayFault(ms=-1)}, "/fault/ms"),
        ({"fault": DelayFault(ms=float("inf"))}, "/fault/ms"),
        ({"fault": StatusFault(code=199)}, "/fault/code"),
        ({"fault": StatusFault(code=600)}, "/fault/code"),
        ({"fault": StatusFault(code=500, headers={"a b": "c"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"": "c"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"a": "c\r\nd: e"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"a": "ä"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, headers={"content-LENGTH": "5"})}, "/fault/headers"),
        ({"fault": StatusFault(code=500, body="\ud800")}, "/fault/body"),
        ({"fault": StatusFault(code=500, body={"a": ["\ud800"]})}, "/fault/body"),
        ({"fault": StatusFault(code=500, body={(1, 2): 3})}, "/fault/body"),
        ({"fault": StatusFault(code=500, body=object())}, "/fault/body"),
        ({"fault": StatusFault(code=500, repeat=2)}, "/fault/repeat"),
        ({"fault": ResponsesFault(responses=(BROKEN,), repeat=2)}, "/fault/repeat"),
        ({"fault": Pass()}, "/fault/kind"),
        ({"fault": TruncateFault(after_bytes=-1)}, "/fault/after_bytes"),
        ({"fault": DribbleFault(chunks=0, total_ms=1)}, "/fault/chunks"),
        ({"fault": DribbleFault(chunks=1001, total_ms=1)}, "/fault/chunks"),
        ({"fault": DribbleFault(chunks=1, total_ms=-1)}, "/fault/total_ms"),
        ({"fault": DribbleFault(chunks=1, total_ms=DAY_MS + 1)}, "/fault/total_ms"),
        ({"fault": RefuseFault(duration_ms=0)}, "/fault/duration_ms"),
        ({"fault": RefuseFault(duration_ms=600_001)}, "/fault/duration_ms"),
        ({"fault": DropHeaderFault(name=())}, "/fault/name"),
        ({"fault": DropHeaderFault(name="")}, "/fault/name"),
        ({"fault": DropHeaderFault(name=("Location", "a b"))}, "/fault/name"),
        ({"fault": DropHeaderFault(name="date")}, "/fault/name"),
        ({"fault": script()}, "/fault/responses"),
        ({"fault": script(*["pass"] * 1001)}, "/fault/responses"),
        ({"fault": script(BROKEN, "pass", StatusFault(code=99))}, "/fault/responses/2/code"),
        ({"fault": script("pass", DelayFault())}, "/fault/responses/1"),
        ({"fault": script(DelayFault(lower=2, upper=1))}, "/fault/responses/0/lower"),
        ({"fault": script(StatusFault(code=500, repeat=0))}, "/fault/responses/0/repeat"),
        ({"fault": script(Pass(repeat=1_000_001))}, "/fault/responses/0/repeat"),
        ({"fault": script(script("pass"))}, "/fault/responses/0"),
    ],
)
def test_meaningless_rule_is_refused_with_the_place(members: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_spec(FaultSpec(**{"fault": BROKEN, **members}))
    assert refused.value.pointer == pointer


@every_case(
    "members",
    [
        {"when": When(status=204, outcome=Outcome.ACCEPTED), "stage": Stage.RESPONSE},
        {"fault": StatusFault(code=429, headers={"Retry-After": "5"}, body={"a": [1]})},
        {"fault": DelayFault(lower=0, upper=0)},
        {"fault": StatusFault(code=204)},
        {"fault": StatusFault(code=304, body="")},
        {"fault": StatusFault(code=500, body={"many": 10**30, "ä": [None, 1.5]})},
        {"when": When(nth_session=(1, 2))},
        {"times": 0, "skip": 0, "ttl_ms": 0, "probability": 0},
        {"fault": TruncateFault(after_bytes=0)},
        {"fault": DribbleFault(chunks=1000, total_ms=DAY_MS)},
        {"fault": RefuseFault(duration_ms=600_000)},
        {"fault": DropHeaderFault(name=("Location", "access-control-expose-headers"))},
        {"fault": script(*["pass"] * 1000)},
        {"fault": script(Pass(repeat=1_000_000), StatusFault(code=500, repeat=3), DelayFault(ms=5))},
        {"when": When(playhead_s=Range(), nth_event=(1, 2), media_id=("*", "x"), header="a=")},
    ],
)
def test_meaningful_rule_passes(members: dict[str, Any]) -> None:
    check_spec(FaultSpec(**{"fault": BROKEN, **members}))


@every_case(
    "what",
    [
        OutcomeFault(outcome="session_closed"),
        ExpireFault(sessions="all"),
        ForgetFault(),
        DuplicateFault(),
        ResetFault(),
        GarbleFault(),
    ],
)
@every_case("stage", list(Stage))
def test_kind_without_numbers_is_allowed_at_either_stage(what: Fault, stage: Stage) -> None:
    check_spec(FaultSpec(fault=what, stage=stage))


@every_case(
    ("rule", "pointer", "words"),
    [
        (b'{"fault": {"kind": "pass"}}', "/fault/kind", "item of a responses script"),
        (b'{"fault": {"kind": "reset", "repeat": 2}}', "/fault/repeat", "for a rule use times"),
        (b'{"fault": {"kind": "responses", "responses": ["pass", {"kind": "status", "code": 1}]}}',
         "/fault/responses/1/code", "200 to 599"),
        (b'{"fault": {"kind": "responses", "responses": [{"kind": "responses", "responses": []}]}}',
         "/fault/responses/0/kind", "responses"),
        (b'{"fault": {"kind": "responses", "responses": ["fail"]}}', "/fault/responses/0", "fail"),
    ],
)  # fmt: skip
def test_script_of_a_user_is_read_and_refused_with_the_place(rule: bytes, pointer: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        check_spec(decode(rule, FaultSpec))
    assert refused.value.pointer == pointer
