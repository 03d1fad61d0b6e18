from __future__ import annotations

from mockserver.dialects.edge.dialect import EDGE
from mockserver.dialects.edge.paths import Call, call_of
from mockserver.model.http import HttpResponse
from tests.tables import every_case


@every_case(
    ("path", "call"),
    [
        ("/ee/va/v1/play", Call("media", "play")),
        ("/ee/or2/va/v1/play", Call("media", "play")),
        ("/ee-pre-prd/irl1/va/v1/downloaded", Call("media", "downloaded")),
        ("/ee/v1/interact", Call("interact")),
        ("/ee/t35/v2/collect", Call("collect")),
        ("/ee/v1/privacy/set-consent", Call("consent")),
        ("/ee/v1/identity/acquire/", Call("acquire")),
        ("/ee/va/v1/stateStart", None),
        ("/ee/va/v2/play", None),
        ("/ee/OR2/va/v1/play", None),
        ("/ee/a/b/va/v1/play", None),
    ],
)
def test_paths_say_what_is_asked_for(path: str, call: Call | None) -> None:
    assert call_of(path) == call


def test_sessions_are_found_and_replaced_in_bodies() -> None:
    body = b'{"events":[{"xdm":{"mediaCollection":{"sessionID": "aa","playhead":1}}}]}'
    assert EDGE.session_of("/ee/va/v1/ping", body) == "aa"
    assert EDGE.addressed("/ee/va/v1/ping", body, "bb") == ("/ee/va/v1/ping", body.replace(b"aa", b"bb"))
    assert EDGE.session_of("/ee/va/v1/ping", b"{}") is None


def test_session_that_an_answer_gives_is_in_its_handle() -> None:
    assert EDGE.opened_by(HttpResponse(200, body=b'{"handle":[{"payload":[{"sessionId":"cc"}]}]}')) == "cc"
    assert EDGE.opened_by(HttpResponse(204)) is None


def test_path_opens_a_session_if_it_says_so() -> None:
    assert EDGE.opens("POST", "/ee/va/v1/sessionStart", b"")
    assert not EDGE.opens("OPTIONS", "/ee/va/v1/sessionStart", b"")


def test_body_opens_a_session_where_any_event_can_be_sent() -> None:
    assert EDGE.opens("POST", "/ee/v1/interact", b'{"events":[{"xdm":{"eventType": "media.sessionStart"}}]}')
    assert not EDGE.opens("POST", "/ee/v1/interact", b'{"events":[{"xdm":{"eventType": "media.play"}}]}')
    assert not EDGE.opens("POST", "/ee/va/v1/ping", b'{"eventType": "media.sessionStart"}')
