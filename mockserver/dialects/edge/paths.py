"""Which operation a method and a path ask for.

Paths: AdobeDocs/data-collection-apis ``static/media-edge.yaml`` and its pages on endpoints and location hints; the
recordings of unmodified clients.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qs

import msgspec

from mockserver.dialects.base import Found
from mockserver.dialects.edge.keys import EVENTS
from mockserver.dialects.edge.schemas import DOWNLOADED
from mockserver.model.http import HttpRequest

__all__ = [
    "BASES",
    "OPENING",
    "Call",
    "Form",
    "QueryString",
    "call_of",
    "event_path",
    "found",
    "query_string_of",
]

BASES = ("/ee/", "/ee-pre-prd/")
"""The base path, and that of pre-production (AdobeDocs/cja-apis, Media Edge API, getting started)."""

OPENING = "/ee/va/v1/sessionStart"
"""The path for the sessionStart of players that only use the media endpoints."""

Form = Literal["media", "interact", "collect", "consent", "acquire"]
"""The endpoint: for media events, for events of any kind with or without an answer, for consent, for an identity."""

_PATH = re.compile(
    r"/ee(?:-pre-prd)?(?:/[a-z0-9-]+)?/"
    r"(?:va/v1/(?P<type>[A-Za-z]+)|v[12]/(?P<form>interact|collect|privacy/set-consent|identity/acquire))/?"
)
_FORMS: dict[str, Form] = {
    "interact": "interact",
    "collect": "collect",
    "privacy/set-consent": "consent",
    "identity/acquire": "acquire",
}
_PLACE = re.compile(r"/ee(?:-pre-prd)?/(?:[a-z0-9-]+/)?(?:va/v1/|v[12]/(?:interact|collect)(?:/|$)).*")
_MEDIA_PATH = "/va/v1/"
_MEDIA = re.compile(rb'"media\.[A-Za-z]|"mediaCollection"')
_MOST_FIELDS = 50
_LONGEST = 200
_TYPES = frozenset({*EVENTS, DOWNLOADED})


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a request asks for.

    Args:
        form: The endpoint.
        event_type: The event type of the path; empty where it is in the body.
    """

    form: Form
    event_type: str = ""


class QueryString(msgspec.Struct, frozen=True, gc=False):
    """The relevant parts of a query string.

    Args:
        datastream: ``configId``, or in version 2 ``datastreamId``; None when it is missing.
        request_id: ``requestId``; empty when it is missing.
    """

    datastream: str | None
    request_id: str


def query_string_of(target: str) -> QueryString:
    """Read the query of a request target."""
    query = target.partition("?")[2]
    members = parse_qs(query) if query.count("&") < _MOST_FIELDS else {}
    named = members.get("configId") or members.get("datastreamId")
    request_id = members.get("requestId", ("",))[0]
    return QueryString(named[0][:_LONGEST] if named else None, request_id[:_LONGEST])


def call_of(path: str) -> Call | None:
    """Find what a path asks for, whatever the method; None when there is nothing."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    event_type = match["type"]
    if event_type is None:
        return Call(_FORMS[match["form"]])
    return Call("media", event_type) if event_type in _TYPES else None


def found(request: HttpRequest) -> Found | None:
    """Recognize a request to this API among those to any server; None for any other.

    On paths that take events of any kind, the body shows whether an event is about media.
    """
    place = _PLACE.search(request.path)
    if place is None:
        return None
    if _MEDIA_PATH in place[0]:
        return Found(place[0], is_certain=True)
    if request.method == "OPTIONS":
        return Found(place[0], is_certain=False)
    return Found(place[0], is_certain=True) if _MEDIA.search(request.body) else None


def event_path(event_type: str, hint: str | None = None) -> str:
    """Return the path to which events of a type are posted; without a location hint by default."""
    return f"/ee{'' if hint is None else '/' + hint}/va/v1/{event_type}"
