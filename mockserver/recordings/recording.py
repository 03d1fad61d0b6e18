"""Read a recording in any format; the content decides the format, not the file name."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import Literal

import msgspec

from mockserver.errors import InvalidInput
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.har import looks_like_har, read_har
from mockserver.recordings.lines import parse_lines
from mockserver.rules.diagnose.wording import counted

__all__ = ["MAX_FILE_BYTES", "Recording", "file_content", "name_of", "parse_recording", "read_recording"]

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Most bytes of a file, which is read into memory; an HTTP archive of a page may contain all its videos."""

_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_MANY = 5


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The media traffic of a recording.

    Args:
        name: Its name in messages.
        calls: Its requests, in order of time.
        unit: Whether the place of a request is a line of a file or an entry of an HTTP archive.
        left_out: The number of requests that are not media traffic.
        without_body: The places of requests whose bodies the recorder did not keep; they are skipped as well.
    """

    name: str
    calls: list[RecordedCall]
    unit: Literal["line", "entry"] = "line"
    left_out: int = 0
    without_body: tuple[int, ...] = ()

    @property
    def places(self) -> dict[int, int]:
        """The place in the file for each request, counted from 1."""
        return {number: call.line for number, call in enumerate(self.calls, 1)}

    @property
    def note(self) -> str:
        """A note for the user about skipped requests; empty if there are none."""
        notes = []
        if self.left_out:
            notes.append(f"{counted(self.left_out, 'request')} skipped (not media traffic)")
        if self.without_body:
            shown = ", ".join(map(str, self.without_body[:_MANY])) + (", ..." if len(self.without_body) > _MANY else "")
            count = len(self.without_body)
            notes.append(
                f"{counted(count, 'request')} skipped (recorded without a body: "
                f"{'entry' if count == 1 else 'entries'} {shown}; browsers drop some bodies, a proxy records them)"
            )
        return "; ".join(notes)


def read_recording(source: str) -> Recording:
    """Read a file; see :func:`parse_recording`.

    Args:
        source: Its path, or ``-`` for stdin.

    Raises:
        InvalidInput: It cannot be read or used.
    """
    return parse_recording(file_content(source), name_of(source))


def file_content(source: str) -> bytes:
    """Return the bytes of a file.

    Args:
        source: Its path, or ``-`` for stdin.

    Raises:
        InvalidInput: It cannot be read, or is too large.
    """
    try:
        if source == "-":
            if sys.stdin is None:
                raise InvalidInput("cannot read stdin: it is closed")
            content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {source}: {error.strerror or error}") from None
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInput(
            f"{name_of(source)} has more than {MAX_FILE_BYTES // 2**20} MiB: record only the media traffic, or save "
            "the archive without the bodies of answers"
        )
    return content


def name_of(source: str) -> str:
    """Return the name of a file in messages."""
    return "stdin" if source == "-" else source


def parse_recording(content: bytes, name: str) -> Recording:
    """Find the media traffic of a recording.

    Args:
        content: An HTTP archive (HAR) of a browser, a proxy or ours; a journal as ``/__admin/export`` gives it; lines
            of ``{"t": seconds, "method", "path", "headers", "body", "status"}``; or an event a line, ``{"at_ms": ...,
            "event": {...}}`` to say when it arrived.
        name: Its name in messages.

    Raises:
        InvalidInput: It cannot be used; the message names the line or entry and the reason.
    """
    content = content.removeprefix(BOM_UTF8)
    for magic, kind in _PACKED.items():
        if content.startswith(magic):
            raise InvalidInput(f"{name} is packed ({kind}): unpack it first")
    if looks_like_har(content):
        calls, left_out, without_body = read_har(content, name)
        recording = Recording(name=name, calls=calls, unit="entry", left_out=left_out, without_body=without_body)
        if not calls:
            raise InvalidInput(f"{name} holds no request to the media API" + (f": {recording.note}" * bool(left_out)))
        return recording
    return Recording(name=name, calls=parse_lines(content.splitlines(), name))
