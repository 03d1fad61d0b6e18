"""The recordings that tests compare with."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, VerificationFailed
from mockserver.media_server import questions
from mockserver.media_server.comparing import judged, tolerance_of, watched_sessions
from mockserver.model.comparison import Tolerance
from mockserver.rules.comparison.recordings import compare_recordings
from mockserver.rules.comparison.sessions import Watched
from mockserver.rules.comparison.text import comparison_text
from mockserver.wire.codec import encode

__all__ = ["GoldenRecordings"]

_MOST_LINES = 30
"""The most lines that a failing test shows of each pair of sessions."""


class GoldenRecordings:
    """Recordings of what a player should report.

    Args:
        control: The control of the server whose sessions are compared with them.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._written: list[Path] = []
        self._folder = Path()
        self._rewrite = False

    def use(self, folder: Path, *, rewrite: bool) -> None:
        """Set the folder of relative paths, and whether recordings that do not exist or that differ are written.

        The pytest plugin does this for each test.
        """
        self._folder, self._rewrite = folder, rewrite
        self._written.clear()

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return self._folder

    @property
    def written(self) -> list[Path]:
        """The recordings that were written since the folder was set."""
        return [*self._written]

    def assert_same(self, recording: str | PathLike[str], session_id: str | None, tolerance: Mapping[str, Any]) -> None:
        """Compare with a recording; see :meth:`MediaServer.assert_same_as`."""
        __tracebackhide__ = True
        allowed = tolerance_of(tolerance)
        path = self._folder / recording
        now = watched_sessions(self._control, None if session_id is None else (session_id,))
        if not now:
            which = "no session" if session_id is None else f"no session {session_id[:100]!r}"
            raise VerificationFailed(f"there is {which} to compare with {path}")
        reason = self._difference(path, now, allowed)
        if not reason:
            return
        if not self._rewrite:
            raise VerificationFailed(
                f"{reason}\nIf that is what the player should report now: pytest --media-server-rewrite"
            )
        found = questions.entries(self._control, {} if session_id is None else {"session_id": session_id})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(encode(entry) + b"\n" for entry in found))
        self._written.append(path)

    def _difference(self, path: Path, now: list[Watched], tolerance: Tolerance) -> str:
        """Return how sessions differ from a recording; empty if they do not."""
        from mockserver.recordings.recording import read_recording

        if not path.exists():
            return f"there is no recording {path}"
        try:
            recording = read_recording(str(path))
        except InvalidInput as error:
            return str(error)
        before = judged(recording, self._control.call(c.SETTINGS, None), leave_open=True)
        comparison = compare_recordings(watched_sessions(before), now, tolerance)
        if comparison.same:
            return ""
        return f"not the same as {path}\n{comparison_text(comparison, most=_MOST_LINES)}"
