"""The web page: the files of ``mockserver/server/ui``, for everybody who may use the admin API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from mockserver.control import ADMIN, OPENAPI
from mockserver.errors import Forbidden, NotFound
from mockserver.model.event_types import EVENT_TYPES
from mockserver.model.http import path_of
from mockserver.model.vocabulary import Outcome
from mockserver.namespaces import destination
from mockserver.rules.search import FILTERS
from mockserver.server.guard import COOKIE, Guard

if TYPE_CHECKING:
    from importlib.abc import Traversable

__all__ = ["CONTENT_TYPES", "PAGE", "Page", "PageFile", "lead_to_page", "leads_to_page", "page_files"]

PAGE = "/ui"
"""The path of the page, below ``/__admin``."""

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
}
"""The content types of files by suffix; other files are not served."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_UNLOCK = """\
This page needs the admin token of the server. Open the address that the server printed at the start (ui_url), or add
?token=TOKEN to this address. The token is the value of --admin-token or, without that, printed at the start.
"""
_ADMIN_API = f"""\
This is the admin API. Its page for people: {ADMIN}{PAGE}/
Its description for programs: {ADMIN}{OPENAPI.path}
"""


class PageFile(msgspec.Struct, frozen=True):
    """A file as it is sent."""

    content: bytes
    content_type: str
    etag: str


def page_files() -> dict[str, PageFile]:
    """Read the files of the page, by their path below its folder, such as ``views/events.js``."""
    return {
        name: PageFile(content, CONTENT_TYPES[suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
        for name, file in _below(files("mockserver.server") / "ui", "")
        if (suffix := "." + name.rpartition(".")[2]) in CONTENT_TYPES
        for content in (_with_words(file.read_bytes()) if name == "index.html" else file.read_bytes(),)
    }


def _with_words(markup: bytes) -> bytes:
    """Fill in the lists of words in the head of the page."""
    lists = {"event-types": EVENT_TYPES, "outcomes": [one.value for one in Outcome], "search-filters": [*FILTERS]}
    for name, words in lists.items():
        empty = f'<meta name="{name}" content="'.encode()
        markup = markup.replace(empty, empty + " ".join(words).encode())
    return markup


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


class Page:
    """Answers requests for files of the page. The path of a request is only looked up in a map, never on disk.

    Args:
        guard: Checks the requests.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @cached_property
    def _files(self) -> dict[str, PageFile]:
        return page_files()

    def answer(self, request: web.BaseRequest, rest: str) -> web.Response:
        """Answer a GET or HEAD.

        Args:
            rest: The part of the path after ``/__admin/ui``.

        Raises:
            Forbidden: The request comes from a source that is not allowed.
            NotFound: There is no such file.
        """
        guard, headers = self._guard, request.headers
        guard.check_page(headers, request.query.get("token"))
        opens = rest in ("", "/")
        if opens and "token" in request.query:
            return self._signed_in(request, "ui/" if not rest else "./")
        try:
            guard.check_token(headers)
        except Forbidden:
            if _is_foreign(headers):
                # Browsers do not send a SameSite=Strict cookie with a navigation from another site. The page reloads by
                # itself, and that request has the cookie if there is one.
                return _text(200, "Opening the page.\n", Refresh=f"0; url={_here(request, rest)}")
            return _text(401, _UNLOCK)
        if not rest:
            return _text(302, "", Location=_with_query("ui/", request.query))
        file = self._files.get("index.html" if opens else rest[1:])
        if file is None:
            raise NotFound("the page has no such file")
        return _send(file, headers)

    def lead_from(self, request: web.BaseRequest, to: str) -> web.Response:
        """Redirect the address of the admin API to the page; the body names the page and the OpenAPI document.

        Args:
            to: The address of the page, relative to that of the request.

        Raises:
            Forbidden: The request comes from a source that is not allowed.
        """
        self._guard.check_page(request.headers, request.query.get("token"))
        return _text(302, _ADMIN_API, Location=_with_query(to, request.query))

    def _signed_in(self, request: web.BaseRequest, here: str) -> web.Response:
        """Set the cookie from the token in the address, and redirect to the address without the token."""
        if not self._guard.accepts(request.query["token"]):
            return _text(401, _UNLOCK)
        here = _with_query(here, {name: value for name, value in request.query.items() if name != "token"})
        foreign = _is_foreign(request.headers)
        # A redirect belongs to the navigation it answers: if another site began that, the cookie would not be sent.
        answer = (
            _text(200, "Opening the page.\n", Refresh=f"0; url={here}") if foreign else _text(302, "", Location=here)
        )
        if self._guard.token is not None:
            answer.set_cookie(
                COOKIE, quote(self._guard.token, safe=""), path="/", httponly=True, samesite="Strict",
                secure=self._guard.scheme == "https",
            )  # fmt: skip
        return answer


def leads_to_page(request: web.BaseRequest) -> bool:
    """Return whether a browser opens the address of the server or of a namespace."""
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return False
    where = destination(path_of(request.raw_path), "")
    return where.path == "/" and where.valid


async def lead_to_page(request: web.BaseRequest) -> web.StreamResponse:
    """Redirect a browser to the page."""
    path = path_of(request.raw_path)
    here = "" if path.endswith("/") else path.rpartition("/")[2] + "/"
    return _text(302, "", Location=f"{here}{ADMIN[1:]}{PAGE}/")


def _is_foreign(headers: Mapping[str, str]) -> bool:
    return headers.get("Sec-Fetch-Site", "none").lower() in ("cross-site", "same-site")


def _here(request: web.BaseRequest, rest: str) -> str:
    """Return the address of a request, relative to itself."""
    return _with_query("ui" if not rest else "./" + rest.rpartition("/")[2], request.query)


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(list(query.items()))}" if query else address


def _text(status: int, text: str, **fields: str) -> web.Response:
    headers = {**_HEADERS, "Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8", **fields}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(status=status, headers=headers, body=text.encode())


def _send(file: PageFile, headers: Mapping[str, str]) -> web.Response:
    """Send a file, unless the client has the current version."""
    fields = {**_HEADERS, "Cache-Control": "no-cache", "ETag": file.etag}
    known = {tag.strip().removeprefix("W/") for tag in headers.get("If-None-Match", "").split(",")}
    if file.etag in known or "*" in known:
        return web.Response(status=304, headers=fields)
    return web.Response(headers={**fields, "Content-Type": file.content_type}, body=file.content)
