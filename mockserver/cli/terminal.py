"""What a terminal can show: any text, its width, colours, and a line that says how far a command is.

If the output is not a terminal, it has a fixed width, no colours and no such line: files and pipes contain the same
text everywhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from mockserver.wire.codec import to_builtins

__all__ = ["PLAIN_WIDTH", "Progress", "coloured", "encodable", "has_colours", "show", "show_json", "width_of"]

PLAIN_WIDTH = 100
"""The width of text that goes to a file or a pipe."""

_LEAST_WIDTH = 40
_PAUSE_S = 0.1

_RED, _GREEN, _YELLOW, _CYAN, _BOLD = "31", "32", "33", "36", "1"
_COLOURS = {
    "error": _RED, "warning": _YELLOW, "info": _CYAN,
    "ok": _GREEN, "met": _GREEN, "FAILED": _RED, "MISSED": _RED, "open": _YELLOW, "passed": _GREEN, "failed": _RED,
}  # fmt: skip
_WORDS = re.compile(rf"^(?P<before>  |verdict: )(?P<word>{'|'.join(_COLOURS)})\b", re.MULTILINE)
_STATUS = re.compile(r"^(?P<before>\d\d:\d\d:\d\d\.\d{3}  .*? )(?P<status>[1-5]\d\d|---)(?=  |$)", re.MULTILINE)


def show(text: str) -> None:
    """Print text, with colours on a terminal; characters that it cannot show are escaped."""
    from mockserver.formats.judgement import visible

    plain = encodable(visible(text))
    print(coloured(plain) if has_colours(sys.stdout) else plain)


def encodable(text: str) -> str:
    """Return a text with everything escaped that the encoding of stdout does not have."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def show_json(value: Any) -> None:
    """Print a value as one line of JSON in ASCII, which every encoding includes."""
    print(json.dumps(to_builtins(value)))


def width_of(stream: TextIO, plain: int = PLAIN_WIDTH) -> int:
    """Return how many columns text for a stream may have: those of its terminal, or a fixed number without one."""
    if not stream.isatty():
        return plain
    return max(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, _LEAST_WIDTH)


def has_colours(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether to colour the output to a stream.

    ``NO_COLOR`` and ``FORCE_COLOR`` decide if they are set and not empty, see https://no-color.org; otherwise a
    terminal has colours unless it says that it is a dumb one.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def coloured(text: str) -> str:
    """Colour the words of a text that say how bad something is, and the status in the lines of requests."""
    text = _WORDS.sub(lambda found: found["before"] + _in(_COLOURS[found["word"]], found["word"]), text)
    return _STATUS.sub(_status, text)


def _status(found: re.Match[str]) -> str:
    status = found["status"]
    return found["before"] + _in(_GREEN if status[0] in "123" else _YELLOW if status[0] == "4" else _RED, status)


def _in(colour: str, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


class Progress:
    """A line at the end of a terminal that says how far a command is; does nothing if the stream is not a terminal.

    Args:
        stream: Where it stands.
        now_s: The time, in seconds.
    """

    def __init__(self, stream: TextIO, now_s: Callable[[], float]) -> None:
        self._stream = stream if stream.isatty() else None
        self._now_s = now_s
        self._shown_s = float("-inf")
        self._lock = threading.Lock()

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it."""
        return self._stream is not None

    def show(self, text: str) -> None:
        """Replace the line, unless that was done a moment ago."""
        with self._lock:
            if self._stream is None or self._now_s() - self._shown_s < _PAUSE_S:
                return
            self._shown_s = self._now_s()
            self._write(text[: width_of(self._stream) - 1])

    def clear(self) -> None:
        """Take the line away, before other output and at the end."""
        with self._lock:
            if self._shown_s > float("-inf"):
                self._shown_s = float("-inf")
                self._write("")

    def _write(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write(f"\r{text}\x1b[K")
        self._stream.flush()
