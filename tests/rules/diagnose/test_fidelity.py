"""Findings about this server: where the endpoint of ``--forward`` answered differently."""

from __future__ import annotations

from mockserver.admin.diagnosis import Diagnosis
from mockserver.model.finding import Finding
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Forwarded
from mockserver.namespaces import Namespace
from tests.factories import answer, emulator, event, open_session, post_event
from tests.tables import every_case


def found(response: HttpResponse | None, failure: str = "", *, sid: str = "") -> list[Finding]:
    back_end = emulator()
    opened = open_session(back_end)
    plan = answer(back_end, post_event(sid or opened, event("play")))
    back_end.forwarded(plan, Forwarded(response, failure))
    findings = Diagnosis(Namespace(back_end)).findings()
    return [finding for finding in findings if finding.code.startswith("fidelity.")]


def ours(sid: str = "") -> HttpResponse:
    back_end = emulator()
    response = answer(back_end, post_event(sid or open_session(back_end), event("play"))).response
    assert response is not None
    return response


def test_same_answer_is_not_a_finding() -> None:
    assert found(ours()) == []
    assert found(HttpResponse(204, (("Date", "today"), ("Server", "jag"), *ours().headers))) == []


def test_other_status_is_the_only_difference_that_is_named() -> None:
    [finding] = found(HttpResponse(404, (), b"{}"))
    assert finding.code == "fidelity.status"
    assert finding.message.startswith("1 request: the endpoint answered play with 404, this server with 204;")


def test_header_field_of_the_api_in_one_answer_only_is_found() -> None:
    headers = tuple(field for field in ours().headers if field[0].lower() != "access-control-allow-origin")
    [finding] = found(HttpResponse(204, (*headers, ("Allow", "POST"))))
    assert finding.code == "fidelity.header"
    assert "access-control-allow-origin only in the answer of this server" in finding.message
    assert "allow only in the answer of the endpoint" in finding.message


@every_case(
    ("body", "said"),
    [(b'{"message": "Gone", "code": 7}', "/code, /message"), (b"no JSON", "the whole body")],
)
def test_bodies_that_differ_are_compared_place_by_place(body: bytes, said: str) -> None:
    [finding] = found(HttpResponse(404, ours("nobody").headers, body), sid="nobody")
    assert finding.code == "fidelity.body"
    assert all(place in finding.message for place in said.split(", "))


def test_endpoint_that_did_not_answer_is_found() -> None:
    [finding] = found(None, "no answer within 10 s")
    assert (finding.code, finding.severity) == ("fidelity.unreachable", "info")
    assert (
        finding.message == "The endpoint gave no answer to 1 request that this server forwarded: no answer within 10 s."
    )
