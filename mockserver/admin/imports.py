"""Add recordings to a namespace, as if they had been received there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count, islice
from typing import TypeVar

from msgspec.structs import replace

from mockserver.admin.collector import put_off
from mockserver.control import ADMIN
from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, Refused
from mockserver.model.journal import Record
from mockserver.model.results import ImportResult
from mockserver.model.session import Session
from mockserver.namespaces import Namespace, Target
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import Recording, parse_recording
from mockserver.store.leftovers import free

__all__ = ["import_recording"]

T = TypeVar("T")

_TAKEN_AT_ONCE = 200
"""How many records or sessions are added at a time, so that players can continue between."""


def import_recording(target: Target, content: bytes) -> ImportResult:
    """Add the media traffic of a recording to the journal.

    It is processed outside the namespace, with its settings and at the times of the recording; its clock does not move
    and its fault rules do not strike. Sessions that nothing closed have run into their timeouts.

    Raises:
        InvalidInput: It cannot be read, or one of its sessions exists already (409).
        Refused: There is no room. Nothing is dropped to make room.
    """
    with put_off():
        recording = parse_recording(content, "the recording")
    with target.namespace.importing:
        return _imported(target, recording)


def _imported(target: Target, recording: Recording) -> ImportResult:
    with put_off():
        calls = _renamed(recording.calls, target.namespace)
        judged = judge_file(calls, target.namespace.settings, leave_open=False, seeded_ids=False)
    with judged.default as other:
        other.settle()
        with target.namespace as emulator:
            _check(other, emulator)
            since, era = emulator.journal.last_seq, emulator.journal.era
        records, sessions, until_ms = other.journal.records(), tuple(other.sessions), other.clock.now_ms()
        for some in _in_parts(sessions):
            _take_in(target.namespace, era, (), some)
        for more in _in_parts(records):
            _take_in(target.namespace, era, more, ())
        requests = len(calls)
        free((calls, recording.calls, *other.journal.contents, *other.sessions.contents))
    return ImportResult(
        requests=requests,
        left_out=recording.left_out,
        without_body=list(recording.without_body),
        sessions=[session.sid for session in sessions],
        since=since,
        until_ms=until_ms,
    )


def _in_parts(items: Iterable[T]) -> Iterator[tuple[T, ...]]:
    rest = iter(items)
    while part := tuple(islice(rest, _TAKEN_AT_ONCE)):
        yield part


def _take_in(namespace: Namespace, era: int, records: Iterable[Record], sessions: Iterable[Session]) -> None:
    with namespace as emulator:
        if emulator.journal.era != era:
            raise InvalidInput("the namespace was reset while the recording was added", status=409)
        emulator.take_in(records, sessions)


def _renamed(calls: Iterable[RecordedCall], namespace: Namespace) -> list[RecordedCall]:
    """Give the sessions of bare events free ids; no player has seen the ones that they have."""
    names: dict[str, str] = {}
    renamed = []
    for call in calls:
        sid = call.sid if call.is_bare else None
        if sid is not None:
            if sid not in names:
                with namespace as emulator:
                    candidates = chain((sid,), (f"{sid}-{number}" for number in count(2)))
                    names[sid] = next(name for name in candidates if not emulator.owns(name))
            path, body = DIALECTS.at(call.path).addressed(call.path, call.body, names[sid])
            call = replace(call, sid=names[sid], path=path, target=path, body=body)
        renamed.append(call)
    return renamed


def _check(other: Emulator, emulator: Emulator) -> None:
    taken = [session.sid for session in other.sessions if emulator.owns(session.sid)]
    if taken:
        more = f" and {len(taken) - 1} more of its sessions are" if len(taken) > 1 else " is"
        raise InvalidInput(
            f"session {taken[0]!r}{more} here already: reset first, or add the recording to another namespace, with "
            f"POST /ns/NAME{ADMIN}/import; mockserver compare FILE FILE compares two recordings of one session",
            status=409,
        )
    settings, journal = emulator.settings, emulator.journal
    for name, needed, there, most in (
        ("max_entries", len(other.journal), len(journal), settings.max_entries),
        ("max_journal_bytes", other.journal.size_bytes, journal.size_bytes, settings.max_journal_bytes),
        ("max_sessions", len(other.sessions), len(emulator.sessions), settings.max_sessions),
    ):
        if needed + there > most:
            raise Refused(
                f"the recording needs {needed:,} of {name}, and {max(0, most - there):,} of {most:,} are free: "
                "reset, or start the server with more"
            )
