"""A journal file read back: the namespaces get their journals and sessions, and the file keeps what they hold."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec.structs import force_setattr

from mockserver.admin.collector import put_off
from mockserver.cli.journal_lines import owner_of, place_of, renumbered
from mockserver.cli.output_file import rewrite
from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, ServerFailed
from mockserver.model.journal import Entry
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespaces
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.lines import call_of_entry
from mockserver.wire.codec import decode

__all__ = ["read_back"]

_LARGE_BYTES = 64 * 1024 * 1024
"""Reading a larger file is announced."""

_TOLD_S = 1.0
"""Reading that takes longer is reported."""

_Lines = deque[tuple[int, bytes]]
"""Lines with their numbers."""


class _Line(Entry, frozen=True, kw_only=True):
    """An entry as it is read: with its namespace, and without parsing its event, which is read from the body again."""

    event: msgspec.Raw
    normal: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def read_back(
    path: Path, namespaces: Namespaces, settings: Settings, tell: Callable[[str], object]
) -> tuple[int, dict[str, Emulator]]:
    """Restore the journals and sessions of all namespaces from a file, and leave in it what they hold.

    If the process was killed, the last line may be incomplete; it is dropped.

    Args:
        tell: Called with messages while reading a large file.

    Returns:
        How many entries there were, and the emulators that have them, by namespace.

    Raises:
        InvalidInput: The file is not a journal; the message names the line.
        ServerFailed: It cannot be read or compacted.
    """
    start_s = time.monotonic()
    try:
        found, counts, size_bytes = _lines_by_namespace(path, settings.max_entries)
        if size_bytes is not None:
            os.truncate(path, size_bytes)
    except FileNotFoundError:
        return 0, {}
    except OSError as error:
        raise ServerFailed(f"cannot read {path}: {error.strerror or error}") from None
    read = sum(map(len, found.values()))
    if path.stat().st_size > _LARGE_BYTES:
        tell(f"reading {read:,} entries of {path}")
    shifts: dict[str, int] = {}
    emulators: dict[str, Emulator] = {}
    for name in tuple(found):
        lines = found.pop(name)
        shifts[name] = counts[name] - len(lines)
        with put_off():
            judged = judge_file(list(_calls(path, lines)), settings, leave_open=True, seeded_ids=False)
        with judged.default as other, namespaces.obtain(name, "admin") as emulator:
            emulator.take_in(other.journal.records(), tuple(other.sessions))
            emulator.journal.written(emulator.journal.last_seq)
            emulators[name] = emulator
    firsts = {name: emulator.journal.first_seq for name, emulator in emulators.items()}
    try:
        _renumber(path, shifts, firsts)
    except OSError as error:
        raise ServerFailed(f"cannot write {path}: {error.strerror or error}") from None
    took_s = time.monotonic() - start_s
    if took_s > _TOLD_S:
        tell(f"read {read:,} entries of {path} in {took_s:.1f} s")
    return read, emulators


def _lines_by_namespace(path: Path, most: int) -> tuple[dict[str, _Lines], dict[str, int], int | None]:
    """Read the last lines of each namespace.

    Returns:
        The lines; how many there are of each namespace in all; and the size to cut the file to, if its last line is
        incomplete.
    """
    found: dict[str, _Lines] = {}
    counts: dict[str, int] = {}
    size_bytes = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return found, counts, size_bytes
            size_bytes += len(line)
            if line.strip():
                name = _owner(path, number, line)
                if name not in found:
                    found[name], counts[name] = deque(maxlen=most), 0
                found[name].append((number, line))
                counts[name] += 1
    return found, counts, None


def _owner(path: Path, number: int, line: bytes) -> str:
    try:
        return owner_of(line)
    except InvalidInput as error:
        raise InvalidInput(f"{path}:{number}: {error}") from None


def _calls(path: Path, lines: _Lines) -> Iterator[RecordedCall]:
    while lines:
        number, line = lines.popleft()
        try:
            entry = decode(line, _Line)
            force_setattr(entry, "event", None)  # it would keep the line
            force_setattr(entry, "normal", msgspec.UNSET)
            yield call_of_entry(number, entry)
        except InvalidInput as error:
            raise InvalidInput(f"{path}:{number}: {error.pointer} {error}".replace("  ", " ")) from None


def _renumber(path: Path, shifts: Mapping[str, int], firsts: Mapping[str, int]) -> None:
    """Leave in the file what the journals hold, with the seqs that it has there.

    Args:
        shifts: By namespace, how many lines were too old to be read.
        firsts: By namespace, the first seq that its journal holds.
    """
    numbers = dict.fromkeys(shifts, 0)
    changed = False

    def kept(file: BinaryIO) -> Iterator[bytes]:
        nonlocal changed
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            name = _owner(path, number, line)
            numbers[name] += 1
            seq = numbers[name] - shifts[name]
            place = place_of(line)
            changed |= place != (name, seq) or seq < firsts[name]
            if seq >= firsts[name]:
                yield line if place == (name, seq) else renumbered(line, name, seq)

    with path.open("rb") as file:
        deque(kept(file), maxlen=0)
    if changed:
        numbers = dict.fromkeys(shifts, 0)
        rewrite(path, kept)
