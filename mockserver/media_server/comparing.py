"""What sessions are compared by: those of a server, and those of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from mockserver import control as c
from mockserver.control import Control
from mockserver.media_server import questions
from mockserver.model.comparison import Tolerance
from mockserver.model.settings import Settings
from mockserver.rules.comparison.sessions import Watched
from mockserver.wire.codec import convert, to_builtins

if TYPE_CHECKING:
    from mockserver.recordings.recording import Recording

__all__ = ["judged", "tolerance_of", "watched", "watched_sessions"]


def watched(control: Control, sid: str) -> Watched:
    """Return what a session is compared by: its accepted events in order of processing, its report, its findings."""
    known = {
        (event.seq, event.index): event
        for entry in questions.entries(control, {"session_id": sid})
        for event in entry.events
    }
    ordered = control.call(c.TIMELINE, None, sid=sid).processing
    return Watched(
        control.call(c.SESSION, None, sid=sid),
        # An event without a time has that of its receipt, which the timeline knows.
        [replace(known[one.seq, one.index], ts_ms=one.ts_ms) for one in ordered if (one.seq, one.index) in known],
        control.call(c.REPORT, None, sid=sid),
        questions.findings(control, sid, "info"),
    )


def watched_sessions(control: Control, sids: Iterable[str] | None = None) -> list[Watched]:
    """Return what the sessions of a server are compared by, in order of opening.

    Args:
        sids: Only these.
    """
    wanted = None if sids is None else frozenset(sids)
    known = [session.session_id for session in questions.sessions(control)]
    return [watched(control, sid) for sid in known if wanted is None or sid in wanted]


def tolerance_of(members: Mapping[str, Any]) -> Tolerance:
    """Read what does not count as a difference from keywords; a single text is enough for ``ignore``.

    Raises:
        InvalidInput: There is no such member, or its value is not valid.
    """
    ignore = members.get("ignore", ())
    given = {**members, "ignore": [ignore] if isinstance(ignore, str) else list(ignore)}
    return convert(to_builtins(given), Tolerance)


def judged(recording: Recording, settings: Settings, *, leave_open: bool) -> Control:
    """Return the control of an emulator that has processed a recording."""
    from mockserver.admin.local_control import LocalControl
    from mockserver.namespaces import DEFAULT  # slow to import, and not needed for a server elsewhere
    from mockserver.recordings.judged_file import judge_file

    return LocalControl(judge_file(recording.calls, settings, leave_open=leave_open), DEFAULT)
