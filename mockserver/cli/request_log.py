"""The log of a running server: its requests, written by a thread so that no request waits for a terminal, and notices.

For people these are lines of text, requests only on a terminal. For programs that collect logs, everything is a line of
JSON with ``time``, ``level`` and ``event``.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TextIO

from mockserver.cli.request_line import request_line
from mockserver.cli.terminal import coloured, has_colours
from mockserver.emulator.emulator import Emulator
from mockserver.model.journal import Entry, Record

__all__ = ["JsonFormatter", "Line", "RequestLog", "json_line", "log_to"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NOTICES = logging.getLogger("mockserver")
_LAST_LINES_S = 2.0
_MAX_WAITING = 10_000
"""The most requests kept while a terminal accepts no output, for example because it is paused."""

_Recorded = tuple[Emulator, int, Record]
Line = Callable[[Entry, str], str]


def _in_text(entry: Entry, namespace: str) -> str:
    return request_line(entry, namespace=namespace)


def _in_colours(entry: Entry, namespace: str) -> str:
    return coloured(request_line(entry, namespace=namespace))


class RequestLog:
    """Writes a line for every request of the emulators it watches.

    Args:
        stream: Where the lines go.
        line: Writes a line about an entry of a namespace; by default as ``tail`` does, with colours on a terminal.
        max_waiting: The most requests that wait to be written; any more are only counted as not shown.
    """

    def __init__(self, stream: TextIO, line: Line | None = None, *, max_waiting: int = _MAX_WAITING) -> None:
        self._stream = stream
        self._line = line or (_in_colours if has_colours(stream) else _in_text)
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

        emulator.subscribe(recorded)

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
        return self._line(emulator.entry_of(seq, record), emulator.name)

    def _write(self) -> None:
        while (line := self._next_line()) is not None:
            try:
                print(line, file=self._stream, flush=True)
            except OSError:
                return  # the terminal is gone, and the server goes on without it


def json_line(entry: Entry, namespace: str) -> str:
    """Return a line of JSON about an entry: what a search in collected logs needs, without headers and bodies."""
    members = {
        "time": _time(entry.at_ms),
        "level": "info",
        "event": "request",
        "namespace": namespace,
        "seq": entry.seq,
        "method": entry.request.method,
        "path": entry.request.path,
        "operation": entry.operation.value,
        "session_id": entry.session_id,
        "event_type": entry.event_type,
        "status": None if entry.response is None else entry.response.status,
        "outcome": entry.outcome.value,
        "fault_ids": entry.fault_ids,
        "violations": [violation.text for violation in entry.violations],
    }
    return json.dumps(members)


def log_to(stream: TextIO, *, as_json: bool) -> logging.Logger:
    """Send the notices of the server, warnings and internal errors too, to a stream.

    Args:
        stream: Where they go.
        as_json: Whether they are lines of JSON.

    Returns:
        The logger for notices.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if as_json else _TextFormatter())
    _NOTICES.handlers[:] = [handler]
    _NOTICES.setLevel(logging.INFO)
    _NOTICES.propagate = False
    return _NOTICES


class _TextFormatter(logging.Formatter):
    """Writes notices as they are, and says which are warnings and errors."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


class JsonFormatter(logging.Formatter):
    """Writes a notice as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        members = {
            "time": _time(round(record.created * 1000)),
            "level": record.levelname.lower(),
            "event": "notice",
            "message": record.getMessage(),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members)


def _time(at_ms: int) -> str:
    return f"{(_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
