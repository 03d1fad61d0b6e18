"""Whatever bytes arrive, the server answers or closes the connection, and keeps running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from tests.server.running import START, Running

POST = b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\n"
ADMIN = b"POST /__admin/faults HTTP/1.1\r\nHost: localhost\r\n"
PREFIXES = (
    b"",
    b"GET /api/v1/schemas/play HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /api/v1/schemas/play HTTP/1.1\r\nHost: localhost\r\n\r\n",
    POST,
    POST + b"Content-Length: 300\r\n\r\n" + START[:200],
    POST + b"Transfer-Encoding: chunked\r\n\r\n",
    POST + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b",
    b"POST /ns/",
    b"GET /__admin/events?",
    b"GET /__admin/events HTTP/1.1\r\nHost: localhost\r\n",
    ADMIN + b"Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{",
    b"PATCH /__admin/settings HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
)
PIECES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"\r\n",
            b"\r\n\r\n",
            b" HTTP/1.1\r\nHost: localhost\r\n",
            b"Host: x.localhost\r\n",
            b"Origin: null\r\n",
            b"Sec-Fetch-Site: \xff\r\n",
            b"Content-Type: \xff\r\n",
            b"Authorization: Bearer \xff\r\n",
            b"Cookie: mockserver_admin=\xff\r\n",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Expect: 100-continue\r\n",
            b"Connection: close\r\n",
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b"since=%FF&where=/a*=%00&limit=1",
            b'{"only":["journal"]}',
        ]
    ),
)


@pytest.fixture(scope="module", params=[None, "token"])
def shared(request: pytest.FixtureRequest) -> Iterator[Running]:
    options = ServerOptions(admin_token=request.param)
    server = Running(Service(Settings(max_namespaces=20, max_entries=500), options))
    yield server
    server.stop()
    assert server.service.internal_errors == []


@settings(max_examples=2 * settings().max_examples)
@given(prefix=st.sampled_from(PREFIXES), pieces=st.lists(PIECES, max_size=8), whole=st.booleans())
def test_any_bytes_after_a_valid_beginning_are_answered_or_the_connection_is_closed(
    shared: Running, prefix: bytes, pieces: list[bytes], whole: bool
) -> None:
    with shared.connect() as wire:
        wire.send(prefix)
        for piece in pieces if not whole else [b"".join(pieces)]:
            try:
                wire.send(piece)
            except ConnectionError:
                break
    shared.assert_alive()


@given(
    target=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    place=st.sampled_from(
        ["/", "/__admin/", "/__admin/events?", "/ns/", "/api/v1/", "/api/v1/sessions/", "/__admin/sessions/"]
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]),
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                ["Host", "Origin", "Sec-Fetch-Site", "Content-Type", "Authorization", "Cookie", "Last-Event-ID"]
            ),
            st.binary(max_size=20).filter(lambda raw: not set(raw) & set(b"\r\n\0")),
        ),
        max_size=3,
    ),
    body=st.none() | st.sampled_from([b"{}", b"[]", b"null", b"\xff", b'{"phase":"closed"}']) | st.binary(max_size=20),
)
def test_any_target_header_and_body_gets_no_5xx(
    shared: Running,
    target: str,
    place: str,
    method: str,
    headers: list[tuple[str, bytes]],
    body: bytes | None,
) -> None:
    fields = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in headers)
    if not any(name == "Host" for name, _ in headers):
        fields += b"Host: localhost\r\n"
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    with shared.connect() as wire:
        wire.send(f"{method} {place}{target} HTTP/1.1\r\n".encode() + fields + length + b"\r\n" + (body or b""))
        try:
            status = wire.answer("HEAD").status
        except (EOFError, ConnectionError):
            status = 0
    assert status < 500
    shared.assert_alive()
