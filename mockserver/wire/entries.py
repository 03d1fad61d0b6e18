"""Make entries of records: a request and its answer as they were sent."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any, Literal

import msgspec

from mockserver.model.http import HttpResponse
from mockserver.model.journal import (
    Entry,
    Forwarded,
    ForwardedAnswer,
    RareRecord,
    Record,
    RecordedRequest,
    RecordedResponse,
)

__all__ = ["entry", "http_date", "response_headers"]


def http_date(at_ms: int) -> str:
    """Write a time in the format of the ``Date`` header."""
    return formatdate(at_ms // 1000, usegmt=True)


def response_headers(response: HttpResponse, at_ms: int) -> list[tuple[str, str]]:
    """Return the header fields of a response in the order in which they are sent, ``Date`` first."""
    dated = any(name.lower() == "date" for name, _ in response.headers)
    fields = [*response.headers] if dated else [("Date", http_date(at_ms)), *response.headers]
    if response.final:
        fields.append(("Connection", "close"))
    return fields


def entry(seq: int, record: Record, event: Any, normal: Any = msgspec.UNSET) -> Entry:
    """Make the entry of a record.

    Args:
        event: The parsed body.
        normal: The same in the normal shape, a list for several events, if ``event`` has another.
    """
    body, encoding = _text(record.body)
    held_ms, displaced, forwarded = (
        (record.held_ms, record.displaced, record.forwarded) if isinstance(record, RareRecord) else (0, 0, None)
    )
    return Entry(
        seq=seq,
        at_ms=record.at_ms,
        operation=record.operation,
        session_id=record.session_id,
        event_type=record.event_type,
        event=event,
        outcome=record.outcome,
        violations=record.violations,
        fault_ids=record.fault_ids,
        draws=record.draws,
        request=RecordedRequest(
            method=record.method,
            path=record.target,
            headers=_fields(record.headers),
            body=body,
            body_encoding=encoding,
        ),
        response=None if record.response is None else _response(record),
        delivery=record.delivery,
        held_ms=held_ms,
        received=seq + displaced if displaced else 0,
        dialect=record.dialect,
        normal=normal,
        forwarded=None if forwarded is None else _forwarded(forwarded),
    )


def _response(record: Record) -> RecordedResponse:
    response = record.response
    assert response is not None
    body, encoding = _text(b"" if record.method == "HEAD" else response.body)
    return RecordedResponse(
        status=response.status, headers=response_headers(response, record.at_ms), body=body, body_encoding=encoding
    )


def _forwarded(forwarded: Forwarded) -> ForwardedAnswer:
    response = forwarded.response
    if response is None:
        return ForwardedAnswer(response=None, failure=forwarded.failure)
    body, encoding = _text(response.body)
    recorded = RecordedResponse(
        status=response.status, headers=list(response.headers), body=body, body_encoding=encoding
    )
    return ForwardedAnswer(response=recorded)


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _text(body: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"
