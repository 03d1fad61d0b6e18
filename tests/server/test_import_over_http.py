"""Who may import a recording over HTTP, and how large it may be."""

from __future__ import annotations

from pathlib import Path

from tests.server.conftest import Start
from tests.server.running import Running, snapshot
from tests.tables import every_case

RECORDING = (Path(__file__).parents[2] / "fixtures" / "har" / "safari.har").read_bytes()
KIND = ("Content-Type", "application/octet-stream")


def test_recording_is_imported_into_the_namespace_that_is_named(server: Running) -> None:
    answer = server.ask("POST", "/ns/blue/__admin/import", RECORDING, KIND)

    assert answer.status == 200
    assert answer.json()["requests"] == 5
    assert server.ask("GET", "/ns/blue/__admin/summary").json()["requests"] == 5
    assert server.ask("GET", "/__admin/summary").json()["requests"] == 0


@every_case(
    ("fields", "status"),
    [
        (((KIND), ("Host", "evil.example")), 403),
        (((KIND), ("Origin", "https://evil.example")), 403),
        (((KIND), ("Sec-Fetch-Site", "cross-site")), 403),
        ((("Content-Type", "text/plain"),), 415),
        ((("Content-Type", "multipart/form-data; boundary=x"),), 415),
        ((("Content-Type", "application/x-www-form-urlencoded"),), 415),
        ((), 415),
    ],
)
def test_page_of_another_origin_cannot_import_a_recording(
    server: Running, fields: tuple[tuple[str, str], ...], status: int
) -> None:
    before = snapshot(server.service)

    assert server.ask("POST", "/__admin/import", RECORDING, *fields).status == status

    assert snapshot(server.service) == before


def test_token_is_needed_where_one_is_set(start: Start) -> None:
    server = start(admin_token="secret")
    before = snapshot(server.service)

    assert server.ask("POST", "/__admin/import", RECORDING, KIND).status == 401
    assert snapshot(server.service) == before
    assert server.ask("POST", "/__admin/import", RECORDING, KIND, ("Authorization", "Bearer secret")).status == 200


def test_recording_that_is_too_large_is_refused_before_it_is_read(server: Running) -> None:
    with server.connect() as wire:
        wire.send(
            b"POST /__admin/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 67108865\r\n\r\n"
        )
        answer = wire.answer()

    assert (answer.status, answer.json()["detail"]) == (413, "the body is larger than 64 MiB")
    assert answer.header("Connection") == "close"
    server.assert_alive()


@every_case("content", [b"", b"{", b"\xff\xfe", b"[]", b'"/etc/passwd"', b"https://example.com/page.har"])
def test_file_that_is_not_a_recording_is_refused_and_changes_nothing(server: Running, content: bytes) -> None:
    before = snapshot(server.service)

    assert server.ask("POST", "/__admin/import", content, KIND).status == 400

    assert snapshot(server.service) == before
