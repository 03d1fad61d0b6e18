"""Several APIs on one port."""

from __future__ import annotations

from mockserver.dialects.base import Dialects
from mockserver.dialects.collection.dialect import COLLECTION
from mockserver.model.settings import Settings
from tests.dialects.tiny import TINY
from tests.server.conftest import Start
from tests.tables import every_case


def test_unprefixed_request_belongs_to_the_namespace_that_issued_the_session_in_its_body(start: Start) -> None:
    server = start(dialects=Dialects(COLLECTION, TINY))
    opened = server.ask("POST", "/ns/blue/tiny/open", b'{"did":[{"what":"sessionStart","s":0}]}')
    body = b'{"sid":"%s","did":[{"what":"ping","s":1}]}' % opened.json()["sid"].encode()
    assert server.ask("POST", "/tiny/did", body).status == 202
    assert server.ask("POST", "/ns/default/tiny/did", body).status == 404, "a prefixed one never crosses"


def test_answers_keep_the_headers_of_their_dialect(start: Start) -> None:
    server = start(dialects=Dialects(COLLECTION, TINY))
    origin = ("Origin", "http://player.test")
    opened = server.ask("POST", "/tiny/open", b'{"did":[{"what":"sessionStart","s":0}]}', origin)
    assert (opened.status, opened.header("Access-Control-Allow-Origin")) == (200, "http://player.test")
    assert server.ping(server.open_session()).header("Access-Control-Allow-Origin") == "*"
    assert server.ask("POST", "/elsewhere", b"{}", origin).header("Access-Control-Allow-Origin") == "*"


@every_case(("namespace", "status"), [("-a", 400), ("one-too-many", 429)])
def test_a_namespace_that_cannot_be_is_refused_as_the_api_of_the_path_refuses(
    start: Start, namespace: str, status: int
) -> None:
    server = start(Settings(max_namespaces=1))
    origin = ("Origin", "http://player.test")
    answer = server.ask("POST", f"/ns/{namespace}/ee/va/v1/sessionStart", b"{}", origin)
    assert (answer.status, answer.header("Access-Control-Allow-Origin")) == (status, "http://player.test")
    assert server.ask("POST", f"/ns/{namespace}/api/v1/sessions", b"{}", origin).status == status
    operations = [entry["operation"] for entry in server.admin("GET", "/events").json()["events"]]
    assert operations == ["start", "start"]
