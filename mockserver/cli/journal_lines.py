"""The lines of a journal file: entries as ``export`` writes them, with their namespace if it is not the default one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.json import encode as encode_text

from mockserver.emulator.emulator import Emulator
from mockserver.model.http import HttpResponse, RawHeaders
from mockserver.model.journal import Record
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.namespaces import DEFAULT
from mockserver.wire.codec import decode, encode
from mockserver.wire.entries import response_headers

__all__ = ["Lines", "owner_of", "place_of", "renumbered"]

_MOST_KNOWN = 10_000
"""For how many event types of sessions the encoded parts are kept."""

_JOINED_BYTES = 1024 * 1024
_ACCEPTED, _EVENT, _SENT = (
    Outcome.ACCEPTED,
    Operation.EVENT,
    Delivery.SENT,
)  # reading an Enum member is slow before Python 3.12

_PLACE = re.compile(rb'\{(?:"namespace":"([^"]*)",)?"seq":(\d+),')

_SEQ = b'{"seq":'

_NAMESPACE = b'{"namespace":'


class _Named(msgspec.Struct):
    namespace: str


def place_of(line: bytes) -> tuple[str, int] | None:
    """Return the namespace and the seq of an entry; None if the line is not as :class:`Lines` writes it."""
    found = _PLACE.match(line)
    if found is None:
        return None
    name = found[1]
    return DEFAULT if name is None else name.decode("utf-8", "replace"), int(found[2])


def owner_of(line: bytes) -> str:
    """Return the namespace of an entry.

    Raises:
        InvalidInput: The line is not JSON.
    """
    place = place_of(line)
    if place is not None:
        return place[0]
    return decode(line, _Named).namespace if line.startswith(_NAMESPACE) else DEFAULT


def renumbered(line: bytes, name: str, seq: int) -> bytes:
    """Return the line of an entry with another seq; from now on it has a :func:`place_of`."""
    found = _PLACE.match(line)
    if found is not None:
        return b"%b%d%b" % (line[: found.start(2)], seq, line[found.end(2) :])
    members = decode(line, dict[str, msgspec.Raw])
    del members["seq"]
    members.pop("namespace", None)
    return _begin(name) + b"%d," % seq + encode(members)[1:] + b"\n"


class _Known(NamedTuple):
    """What is the same in many lines."""

    session_id: str | None
    headers: RawHeaders
    before: bytes
    """What precedes the event."""
    between: bytes
    """What separates the event from the body."""


class Lines:
    """Makes lines. Those of plain events, nearly all, are joined of parts that are encoded once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], _Known] = {}
        self._response: HttpResponse | None = None
        self._at_ms = -1
        self._at = self._end = b""

    def of(self, emulator: Emulator, first_seq: int, records: Sequence[Record]) -> bytes:
        """Return the lines of records with successive seqs, joined, because copying them twice would take long."""
        begin, lookup, seq = _begin(emulator.name), self._known.get, first_seq - 1
        one_line = _have_no_line_ends(records)
        pieces: list[bytes] = []
        for record in records:
            seq += 1
            response, body = record.response, record.body
            if (
                type(record) is not Record
                or record.outcome is not _ACCEPTED
                or record.operation is not _EVENT
                or record.delivery is not _SENT
                or record.method != "POST"
                or record.fault_ids
                or record.draws
                or response is None
                or (response is not self._response and response.status != 204)
                or not (one_line or (b"\n" not in body and b"\r" not in body))
            ):
                pieces += begin, encode(emulator.entry_of(seq, record))[len(_SEQ) :], b"\n"
                continue
            # The body of an accepted event is JSON.
            known = lookup((record.target, record.event_type))
            if known is None or known.headers is not record.headers or known.session_id != record.session_id:
                known = self._encoded(record)
            if record.at_ms != self._at_ms or response is not self._response:
                self._encode_answer(response, record.at_ms)
            pieces += (
                begin, b"%d" % seq, self._at, known.before, body, known.between, encode_text(body.decode()), self._end,
            )  # fmt: skip
        return b"".join(pieces)

    def _encoded(self, record: Record) -> _Known:
        headers = encode([(name.decode("latin-1"), value.decode("latin-1")) for name, value in record.headers])
        before = b',"operation":"event","session_id":%b,"event_type":%b,"event":' % (
            encode(record.session_id), encode(record.event_type),
        )  # fmt: skip
        between = (
            b',"outcome":"accepted","violations":[],"fault_ids":[],"draws":[],"request":{"method":"POST","path":%b,'
            b'"headers":%b,"body":'
        ) % (encode(record.target), headers)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        known = self._known[record.target, record.event_type] = _Known(
            record.session_id, record.headers, before, between
        )
        return known

    def _encode_answer(self, response: HttpResponse, at_ms: int) -> None:
        if response is not self._response or at_ms // 1000 != self._at_ms // 1000:
            fields = response_headers(response, at_ms)
            answer = encode({"status": response.status, "headers": fields, "body": "", "body_encoding": "utf-8"})
            self._end = b',"body_encoding":"utf-8"},"response":%b,"delivery":"sent"}\n' % answer
        self._response, self._at_ms, self._at = response, at_ms, b',"at_ms":%d' % at_ms


def _begin(name: str) -> bytes:
    return _SEQ if name == DEFAULT else b'{"namespace":"%b",%b' % (name.encode(), _SEQ[1:])


def _have_no_line_ends(records: Sequence[Record]) -> bool:
    """Return whether no body has a line end, if that is quickly found out for all of them at once."""
    bodies = [record.body for record in records]
    if sum(map(len, bodies)) > _JOINED_BYTES:
        return False
    joined = b"".join(bodies)
    return b"\n" not in joined and b"\r" not in joined
