"""What every kind of fault makes of the answer."""

from __future__ import annotations

import pytest

from mockserver.dialects.collection import answers
from mockserver.emulator.injection import effects_of, sent_by, shapes
from mockserver.model.fault import (
    CloseFault,
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    ForgetFault,
    GarbleFault,
    HangFault,
    OutcomeFault,
    RefuseFault,
    ResetFault,
    SimpleFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.http import HttpResponse
from mockserver.model.plan import Close, Dribble, Effect, Garble, Hang, Refuse, Reset, Send, Truncate
from mockserver.rules.faults import Strike

OPENED = answers.opened("s1")
MARKED = HttpResponse(OPENED.status, (*OPENED.headers, ("X-Mock-Fault", "f1")))


def effects(fault: SimpleFault | None, answer: HttpResponse | None = OPENED, *, marked: bool = True) -> list[Effect]:
    return list(effects_of(Strike((), 0, fault, "f1"), answer, session_id="s1", marked=marked))


def sent(fault: SimpleFault, answer: HttpResponse | None = OPENED, *, marked: bool = True) -> HttpResponse:
    [effect] = effects(fault, answer, marked=marked)
    assert isinstance(effect, Send)
    return effect.response


def names(response: HttpResponse) -> list[str]:
    return [name for name, _ in response.headers]


@pytest.mark.parametrize(
    ("fault", "effect"),
    [
        (ResetFault(), Reset()),
        (CloseFault(), Close()),
        (HangFault(), Hang()),
        (RefuseFault(duration_ms=500), Refuse(500)),
        (TruncateFault(after_bytes=40), Truncate(MARKED, 40)),
        (GarbleFault(), Garble(MARKED)),
        (DribbleFault(chunks=3, total_ms=90), Dribble(MARKED, 3, 90)),
    ],
)
def test_fault_of_the_connection_is_told_to_the_server(fault: SimpleFault, effect: Effect) -> None:
    assert effects(fault) == [effect]


@pytest.mark.parametrize("fault", [None, DelayFault(ms=1), ExpireFault(), ForgetFault(), DuplicateFault()])
def test_what_concerns_the_back_end_alone_leaves_the_answer_as_it_is(fault: SimpleFault | None) -> None:
    assert effects(fault) == []


@pytest.mark.parametrize(("outcome", "status"), [("unknown_session", 404), ("session_closed", 410)])
def test_outcome_is_worded_as_by_the_api_and_marked(outcome: str, status: int) -> None:
    fault = OutcomeFault(outcome=outcome)  # type: ignore[arg-type]
    response = sent(fault, None)
    assert (response.status, dict(response.headers)["X-Mock-Fault"]) == (status, "f1")
    assert b"Session s1 is" in response.body
    assert "X-Mock-Fault" not in names(sent(fault, marked=False))
    start = effects_of(Strike((), 0, fault, "f1"), None, session_id=None, marked=False)
    answer = sent_by(start)
    assert answer is not None
    assert b"The session is" in answer.body


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("location", {"Location"}),
        ("Access-Control-Expose-Headers", {"Access-Control-Expose-Headers"}),
        (("LOCATION", "access-control-allow-origin"), {"Location", "Access-Control-Allow-Origin"}),
        ("X-Not-There", set()),
    ],
)
def test_dropped_header_is_missing_and_all_others_are_there(name: str | tuple[str, ...], dropped: set[str]) -> None:
    response = sent(DropHeaderFault(name=name))
    assert names(response) == [*(other for other in names(OPENED) if other not in dropped), "X-Mock-Fault"]
    assert not response.final


def test_mark_can_be_dropped_too() -> None:
    assert sent(DropHeaderFault(name="x-mock-fault")) == OPENED


def test_answer_without_its_length_ends_with_the_connection() -> None:
    assert sent(DropHeaderFault(name="content-length")).final
    assert not sent(DropHeaderFault(name="content-length"), answers.ACCEPTED).final, "a 204 has no length anyway"


def test_answer_is_not_marked_when_marking_is_off() -> None:
    assert effects(GarbleFault(), marked=False) == [Garble(OPENED)]
    assert sent(StatusFault(code=500), marked=False).headers == tuple(
        field for field in sent(StatusFault(code=500)).headers if field[0] != "X-Mock-Fault"
    )


def test_answer_that_is_sent_is_found_whatever_is_done_to_it() -> None:
    for fault in (GarbleFault(), TruncateFault(after_bytes=0), DribbleFault(chunks=1, total_ms=0)):
        assert sent_by(tuple(effects(fault))) == MARKED
        assert shapes(fault)
    assert sent_by((Reset(),)) is None
    assert not shapes(StatusFault(code=500))
    assert not shapes(None)
