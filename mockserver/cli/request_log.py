"""The request log of a running server, written by its own thread so that no request waits for a terminal."""

from __future__ import annotations

import threading
from collections import deque
from typing import TextIO

from mockserver.cli.screen import request_line
from mockserver.cli.terminal import coloured, has_colours
from mockserver.emulator.emulator import Emulator
from mockserver.model.journal import Record

__all__ = ["RequestLog"]

_LAST_LINES_S = 2.0
_MAX_WAITING = 10_000
"""The most requests kept while a terminal accepts no output, for example because it is paused."""

_Recorded = tuple[Emulator, int, Record]


class RequestLog:
    """Writes a line for every request of the emulators it watches.

    Args:
        stream: Where the lines go.
        max_waiting: The most requests that wait to be written; any more are only counted as not shown.
    """

    def __init__(self, stream: TextIO, *, max_waiting: int = _MAX_WAITING) -> None:
        self._stream = stream
        self._has_colours = has_colours(stream)
        self._max_waiting = max_waiting
        self._waiting: deque[_Recorded] = deque()
        self._skipped = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="mockserver-log", daemon=True)
        self._thread.start()

    @classmethod
    def for_terminal(cls, stream: TextIO) -> RequestLog | None:
        """Return a log for a terminal; None if the stream is not one."""
        return cls(stream) if stream.isatty() else None

    def watch(self, emulator: Emulator) -> None:
        """Write the requests of an emulator from now on."""

        def recorded(seq: int | None) -> None:
            record = None if seq is None else emulator.journal.get(seq)
            if seq is not None and record is not None:
                self._add((emulator, seq, record))

        emulator.listen(recorded)

    def close(self) -> None:
        """Write what is left; return when it is written, or when the terminal does not accept it in time."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_LAST_LINES_S)

    def _add(self, recorded: _Recorded) -> None:
        with self._changed:
            # Once one is skipped, skip all until the count has been printed: lines stay in order.
            if self._skipped or len(self._waiting) >= self._max_waiting:
                self._skipped += 1
            else:
                self._waiting.append(recorded)
            self._changed.notify()

    def _next_line(self) -> str | None:
        """Wait for the next line; return None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._skipped or self._closed)
            if not self._waiting:
                skipped, self._skipped = self._skipped, 0
                return f"... {skipped} {'request' if skipped == 1 else 'requests'} not shown" if skipped else None
            emulator, seq, record = self._waiting.popleft()
        return request_line(emulator.entry_of(seq, record), namespace=emulator.name)

    def _write(self) -> None:
        while (line := self._next_line()) is not None:
            try:
                print(coloured(line) if self._has_colours else line, file=self._stream, flush=True)
            except OSError:
                return  # the terminal is gone, and the server goes on without it
