"""Rules about this server itself: where a real endpoint answered a forwarded request differently."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from mockserver.model.finding import Severity
from mockserver.model.http import HttpResponse
from mockserver.model.journal import RareRecord, Record
from mockserver.rules.answers import differing_fields, differing_values
from mockserver.rules.diagnose.rule import Hit, Rule
from mockserver.rules.diagnose.traffic import Traffic
from mockserver.rules.diagnose.wording import counted, listed

__all__ = ["RULES"]

_MOST_PLACES = 4
_SOURCE = "Forwarded traffic"

_Compared = Callable[[Record, HttpResponse, HttpResponse], tuple[Hashable, str] | None]
"""Describes how the endpoint's answer differs from this server's; its first item is equal for equal differences."""


def _differing(traffic: Traffic, compared: _Compared) -> Iterator[Hit]:
    groups: dict[Hashable, tuple[str, list[int], str]] = {}
    for seq, record in traffic.forwarded:
        if not isinstance(record, RareRecord) or record.forwarded is None or record.fault_ids:
            continue
        theirs, ours = record.forwarded.response, record.response
        found = None if theirs is None or ours is None else compared(record, ours, theirs)
        if found is not None:
            groups.setdefault((record.operation, record.dialect, found[0]), (found[1], [], record.method))[1].append(
                seq
            )
    for text, seqs, _ in groups.values():
        yield Hit(tuple(seqs), f"{counted(len(seqs), 'request')}: {text}; docs/fidelity.md says how to report it.")


def _statuses(record: Record, ours: HttpResponse, theirs: HttpResponse) -> tuple[Hashable, str] | None:
    if ours.status == theirs.status:
        return None
    what = record.event_type or record.operation.value
    text = f"the endpoint answered {what} with {theirs.status}, this server with {ours.status}"
    return (ours.status, theirs.status), text


def _fields(record: Record, ours: HttpResponse, theirs: HttpResponse) -> tuple[Hashable, str] | None:
    if ours.status != theirs.status:
        return None
    found = list(differing_fields((name for name, _ in ours.headers), (name for name, _ in theirs.headers)))
    if not found:
        return None
    sentences = [
        f"{listed([name for name, mine in found if mine is is_ours])} only in the answer of {who}"
        for is_ours, who in ((True, "this server"), (False, "the endpoint"))
        if any(mine is is_ours for _, mine in found)
    ]
    return tuple(found), ", ".join(sentences)


def _bodies(record: Record, ours: HttpResponse, theirs: HttpResponse) -> tuple[Hashable, str] | None:
    if ours.status != theirs.status or ours.body == theirs.body:
        return None
    places = sorted({at for at, _, _ in differing_values(_document(ours), _document(theirs))})
    if not places:
        return None
    shown = listed([at or "the whole body" for at in places[:_MOST_PLACES]])
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return tuple(places), f"the bodies of both answers ({ours.status}) differ at {shown}{more}"


def _document(response: HttpResponse) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return response.body.decode("utf-8", "backslashreplace") or None


def _unreachable(traffic: Traffic) -> Iterator[Hit]:
    groups: dict[str, list[int]] = {}
    for seq, record in traffic.forwarded:
        if isinstance(record, RareRecord) and record.forwarded is not None and record.forwarded.response is None:
            groups.setdefault(record.forwarded.failure, []).append(seq)
    for failure, seqs in groups.items():
        requests = counted(len(seqs), "request")
        yield Hit(tuple(seqs), f"The endpoint gave no answer to {requests} that this server forwarded: {failure}.")


RULES: tuple[Rule, ...] = (
    Rule(
        "fidelity.status",
        Severity.WARNING,
        "With --forward: the endpoint answered with another status",
        "This server does not answer as that endpoint does; a test with it may pass or fail wrongly.",
        _SOURCE,
        traffic_check=lambda traffic: _differing(traffic, _statuses),
        tolerance="Requests that a fault rule hit are not compared.",
    ),
    Rule(
        "fidelity.header",
        Severity.INFO,
        "With --forward: a header field of the API is in one answer only",
        "A browser may let the player see one answer and not the other.",
        _SOURCE,
        traffic_check=lambda traffic: _differing(traffic, _fields),
        tolerance="Only the names of Allow, Content-Type, Location and the CORS fields are compared.",
    ),
    Rule(
        "fidelity.body",
        Severity.INFO,
        "With --forward: the bodies of both answers differ",
        "A player that reads the body may behave differently.",
        _SOURCE,
        traffic_check=lambda traffic: _differing(traffic, _bodies),
        tolerance="Session ids count as equal.",
    ),
    Rule(
        "fidelity.unreachable",
        Severity.INFO,
        "With --forward: the endpoint did not answer",
        "None for the player; these answers could not be compared.",
        _SOURCE,
        traffic_check=_unreachable,
    ),
)
