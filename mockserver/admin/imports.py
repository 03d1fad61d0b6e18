"""Add recordings to a namespace, as if they had been received there."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from mockserver.dialects.registry import DIALECTS
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, Refused
from mockserver.model.results import ImportResult
from mockserver.namespaces import Target
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.recording import parse_recording

__all__ = ["import_recording"]


def import_recording(target: Target, content: bytes) -> ImportResult:
    """Add the media traffic of a recording to the journal.

    It is processed outside the namespace, with its settings and at the times of the recording; its clock does not move
    and its fault rules do not strike. Sessions that nothing closed have run into their timeouts.

    Raises:
        InvalidInput: It cannot be read, or one of its sessions exists already (409).
        Refused: There is no room. Nothing is dropped to make room.
    """
    recording = parse_recording(content, "the recording")
    with target.namespace as emulator:
        calls, settings = _renamed(recording.calls, emulator), emulator.settings
    judged = judge_file(calls, settings, leave_open=False, seeded_ids=False)
    with judged.default as other, target.namespace as emulator:
        other.settle()
        _check(other, emulator)
        since = emulator.journal.last_seq
        sessions, until_ms = tuple(other.sessions), other.clock.now_ms()
        emulator.take_in(other.journal.records(), sessions)
    return ImportResult(
        requests=len(calls),
        left_out=recording.left_out,
        without_body=list(recording.without_body),
        sessions=[session.sid for session in sessions],
        since=since,
        until_ms=until_ms,
    )


def _renamed(calls: Iterable[RecordedCall], emulator: Emulator) -> list[RecordedCall]:
    """Give the sessions of bare events free ids; no player has seen the ones that they have."""
    free: dict[str, str] = {}
    renamed = []
    for call in calls:
        sid = call.sid if call.is_bare else None
        if sid is not None:
            if sid not in free:
                names = (sid, *(f"{sid}-{n}" for n in range(2, emulator.sessions.opened + 3)))
                free[sid] = next(name for name in names if not emulator.owns(name))
            path, body = DIALECTS.at(call.path).addressed(call.path, call.body, free[sid])
            call = replace(call, sid=free[sid], path=path, target=path, body=body)
        renamed.append(call)
    return renamed


def _check(other: Emulator, emulator: Emulator) -> None:
    taken = [session.sid for session in other.sessions if emulator.owns(session.sid)]
    if taken:
        more = f" and {len(taken) - 1} more of its sessions are" if len(taken) > 1 else " is"
        raise InvalidInput(
            f"session {taken[0]!r}{more} here already: reset first, or add the recording to another namespace",
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
