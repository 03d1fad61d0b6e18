"""The page for people: which files are served to whom, and with which header fields."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.vocabulary import Outcome
from mockserver.server.guard import COOKIE
from mockserver.server.page import CONTENT_TYPES, page_files
from tests.server.conftest import Start
from tests.server.running import Running
from tests.server.wire import Answer
from tests.tables import every_case

FOLDER = Path(__file__).parents[2] / "mockserver" / "server" / "ui"
ON_DISK = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NAVIGATION = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
CROSS_SITE = ("Sec-Fetch-Site", "cross-site")


def has_headers(answer: Answer) -> bool:
    return (
        answer.header("Content-Security-Policy") == CSP
        and answer.header("X-Frame-Options") == "DENY"
        and answer.header("X-Content-Type-Options") == "nosniff"
        and answer.header("Referrer-Policy") == "no-referrer"
    )


def test_page_has_files() -> None:
    assert {"index.html", "main.js"} < set(ON_DISK)


def test_every_file_of_the_page_is_served_with_its_media_type(server: Running) -> None:
    wrong: list[tuple[object, ...]] = []
    with server.connect() as wire:
        for prefix, name in product(("", "/ns/new"), ON_DISK):
            answer = wire.ask("GET", f"{prefix}/__admin/ui/{name}")
            kind = CONTENT_TYPES["." + name.rpartition(".")[2]]
            same = _but_words(answer.body) == (FOLDER / name).read_bytes()
            if not same or (answer.status, answer.header("Content-Type")) != (200, kind) or not has_headers(answer):
                wrong.append((prefix, name, answer.status, answer.headers, same))
    assert wrong == []
    assert [emulator.name for emulator in server.service.namespaces] == ["default"]


def test_page_is_served_at_its_folder_and_redirected_to(server: Running) -> None:
    page = server.ask("GET", "/__admin/ui/")
    assert (page.status, _but_words(page.body)) == (200, (FOLDER / "index.html").read_bytes())
    for path, location in (
        ("/__admin/ui", "ui/"),
        ("/ns/a/__admin/ui", "ui/"),
        ("/", "__admin/ui/"),
        ("/ns/a/", "__admin/ui/"),
        ("/ns/a", "a/__admin/ui/"),
        ("/__admin", "__admin/ui/"),
        ("/__admin/", "ui/"),
        ("/ns/a/__admin", "__admin/ui/"),
    ):
        answer = server.ask("GET", path, None, ("Accept", "text/html,*/*;q=0.8"))
        assert (answer.status, answer.header("Location")) == (302, location), path
    assert len(server.emulator.journal) == 0


@every_case(
    ("method", "path", "accept"),
    [
        ("GET", "/", "*/*"),
        ("POST", "/", "text/html"),
        ("GET", "/index.html", "text/html"),
        ("GET", "/ns/-/", "text/html"),
    ],
)
def test_nothing_else_redirects_to_the_page(server: Running, method: str, path: str, accept: str) -> None:
    answer = server.ask(method, path, None, ("Accept", accept))
    assert (answer.status, answer.header("Location")) == (400 if path == "/ns/-/" else 404, None)


def test_page_is_served_on_the_port_of_the_admin_api(start: Start) -> None:
    server = start(admin_port=0)
    html = ("Accept", "text/html")
    with server.connect(server.thread.admin_port) as wire:
        assert wire.ask("GET", "/__admin/ui/", None, html).status == 200
        assert wire.ask("GET", "/", None, html).header("Location") == "__admin/ui/"
    for path in ("/__admin/ui/", "/"):
        assert server.ask("GET", path, None, html).status == 404


def test_cached_file_is_not_sent_again(server: Running) -> None:
    first = server.ask("GET", "/__admin/ui/")
    assert first.header("Cache-Control") == "no-cache"
    tag = first.header("ETag") or ""
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = server.ask("GET", "/__admin/ui/", None, ("If-None-Match", known))
        assert (again.status, again.body, again.header("ETag")) == (304, b"", tag)
        assert has_headers(again)
    assert server.ask("GET", "/__admin/ui/", None, ("If-None-Match", '"other"')).status == 200
    head = server.ask("HEAD", "/__admin/ui/")
    assert (head.status, head.header("Content-Length")) == (200, str(len(first.body)))
    assert len({file.etag for file in page_files().values()}) == len({file.content for file in page_files().values()})


@every_case(
    "name",
    [
        "nothing.js",
        "views",
        "views/",
        "/index.html",
        "../page.py",
        "../../server/page.py",
        "..%2fpage.py",
        "%2e%2e/page.py",
        "..\\page.py",
        "main.js/",
        "main.js%00",
        "C:/",
    ],
)
def test_unknown_file_of_the_page_is_404(server: Running, name: str) -> None:
    answer = server.ask("GET", f"/__admin/ui/{name}")
    assert (answer.status, answer.json()["code"]) == (404, "not_found")
    assert answer.header("Content-Type") == "application/problem+json"


@every_case("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_page_accepts_get_and_head_only(server: Running, method: str) -> None:
    answer = server.ask(method, "/__admin/ui/", None, ("Content-Type", "application/json"))
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")


def test_link_on_another_site_leads_to_the_page_but_loads_nothing_of_it(server: Running) -> None:
    assert server.ask("GET", "/__admin/ui/", None, CROSS_SITE, *NAVIGATION).status == 200
    for headers in (
        (CROSS_SITE,),
        (CROSS_SITE, ("Sec-Fetch-Mode", "no-cors")),
        (CROSS_SITE, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")),
        (("Origin", "https://attacker.example"), CROSS_SITE, *NAVIGATION),
        (("Host", "attacker.example"),),
        (("Host", "attacker.example"), CROSS_SITE, *NAVIGATION),
    ):
        assert server.ask("GET", "/__admin/ui/", None, *headers).status == 403, headers
    assert server.ask("GET", "/__admin/events", None, CROSS_SITE, *NAVIGATION).status == 403


def test_page_without_its_token_says_what_to_do(start: Start) -> None:
    server = start(admin_token="s3cret")
    for path in ("/__admin/ui/", "/__admin/ui", "/__admin/ui/main.js", "/__admin/ui/nothing"):
        for headers in ((), (("Cookie", f"{COOKIE}=wrong"),), (("Authorization", "Bearer wrong"),)):
            answer = server.ask("GET", path, None, *headers)
            assert (answer.status, answer.header("Content-Type")) == (401, "text/plain; charset=utf-8")
            assert b"?token=" in answer.body
            assert has_headers(answer)


@every_case("token", ["s3cret", 'a;b "c"%41 \u00e9+&='])
@every_case("prefix", ["", "/ns/a"])
def test_address_with_the_token_opens_the_page_and_the_api_by_a_cookie(start: Start, token: str, prefix: str) -> None:
    server = start(admin_token=token)
    encoded = "".join(f"%{byte:02x}" for byte in token.encode())
    for path, location in ((f"ui/?token={encoded}", "./"), (f"ui?x=1&token={encoded}", "ui/?x=1")):
        answer = server.ask("GET", f"{prefix}/__admin/{path}")
        assert (answer.status, answer.header("Location")) == (302, location)
        assert answer.header("Cache-Control") == "no-store"
        cookie, *attributes = (answer.header("Set-Cookie") or "").split("; ")
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
        for admitted in ("/__admin/ui/", "/__admin/ui/main.js", "/ns/b/__admin/ui/", "/__admin/events"):
            assert server.ask("GET", admitted, None, ("Cookie", cookie)).status == 200


@every_case("token", ["", "wrong", "s3cre", "s3cret%20", "%ff"])
def test_address_with_a_wrong_token_sets_nothing(start: Start, token: str) -> None:
    server = start(admin_token="s3cret")
    for headers in ((), (CROSS_SITE, *NAVIGATION)):
        answer = server.ask("GET", f"/__admin/ui/?token={token}", None, *headers)
        assert (answer.status, answer.header("Set-Cookie"), answer.header("Refresh")) == (401, None, None)


def test_token_is_removed_from_an_address_where_none_is_needed(server: Running) -> None:
    answer = server.ask("GET", "/__admin/ui/?token=any")
    assert (answer.status, answer.header("Location"), answer.header("Set-Cookie")) == (302, "./", None)


def test_link_on_another_site_reloads_the_page_so_that_the_cookie_is_sent(start: Start) -> None:
    server = start(admin_token="s3cret")
    signing_in = server.ask("GET", "/__admin/ui/?token=s3cret", None, CROSS_SITE, *NAVIGATION)
    assert (signing_in.status, signing_in.header("Refresh")) == (200, "0; url=./")
    assert (signing_in.header("Set-Cookie") or "").startswith(f"{COOKIE}=s3cret;")
    known = server.ask("GET", "/__admin/ui/", None, CROSS_SITE, *NAVIGATION)
    assert (known.status, known.header("Refresh"), known.header("Set-Cookie")) == (200, "0; url=./", None)
    same = ("Sec-Fetch-Site", "same-origin")
    assert server.ask("GET", "/__admin/ui/", None, same, *NAVIGATION).status == 401


def _but_words(body: bytes) -> bytes:
    """Return a file without the text that the server writes into it."""
    return re.sub(rb'(<meta name="(?:event-types|outcomes|search-filters)" content=")[^"]*', rb"\1", body)


def test_page_has_the_lists_of_the_server_in_its_head(server: Running) -> None:
    markup = server.ask("GET", "/__admin/ui/").body.decode()
    told = dict(re.findall(r'<meta name="([a-z-]+)" content="([^"]*)">', markup))
    assert tuple(told["event-types"].split()) == EVENT_TYPES
    assert told["outcomes"].split() == [outcome.value for outcome in Outcome]
