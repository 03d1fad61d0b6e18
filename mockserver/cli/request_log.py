"""One line for every request of a running server, written beside it so that no request waits for a terminal."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TextIO

from mockserver.cli.request_line import request_line
from mockserver.emulator.emulator import Emulator
from mockserver.model.journal import Record
from mockserver.wire.entries import entry

__all__ = ["RequestLog"]

_LAST_LINES_S = 2.0

_Recorded = tuple[Emulator, int, Record]


class RequestLog:
    """Writes a line for every request of the emulators it watches.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._news: SimpleQueue[_Recorded | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="mockserver-log", daemon=True)
        self._thread.start()

    @classmethod
    def for_terminal(cls, stream: TextIO) -> RequestLog | None:
        """Make a log if somebody watches; None when the stream is no terminal."""
        return cls(stream) if stream.isatty() else None

    def watch(self, emulator: Emulator) -> None:
        """Write the requests of an emulator from now on."""

        def recorded(seq: int | None) -> None:
            record = None if seq is None else emulator.journal.get(seq)
            if seq is not None and record is not None:
                self._news.put((emulator, seq, record))

        emulator.listen(recorded)

    def close(self) -> None:
        """Write what is left, and return when it is written, or when the terminal does not take it."""
        self._news.put(None)
        self._thread.join(_LAST_LINES_S)

    def _write(self) -> None:
        while (news := self._news.get()) is not None:
            emulator, seq, record = news
            line = request_line(entry(seq, record, emulator.read(record)), namespace=emulator.name)
            try:
                print(line, file=self._stream, flush=True)
            except OSError:
                return  # the terminal is gone; the server need not care
