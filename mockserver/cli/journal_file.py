"""The journal in a file: written as requests are recorded, read back at the next start.

The file is one that ``export`` writes, an entry a line; the entries of other namespaces than the default one begin with
the member ``namespace``. A request only has to be recorded: a thread looks five times a second for entries that are not
written yet, and finds them in the journals.

The lines of a namespace are in order, and their seqs are those of its journal. So the file can be compacted while it
grows: entries that the journals have dropped are removed from it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, NamedTuple
from weakref import WeakKeyDictionary

from mockserver.cli.journal_lines import Lines, owner_of, place_of
from mockserver.cli.journal_reading import read_back
from mockserver.cli.output_file import rewrite, unfinished
from mockserver.emulator.emulator import Emulator
from mockserver.errors import MockserverError, ServerFailed
from mockserver.model.journal import Record
from mockserver.model.settings import Settings
from mockserver.namespaces import Namespace, Namespaces

__all__ = ["WRITE_S", "JournalFile"]

WRITE_S = 0.2
"""How long a record waits at most before it is written; a killed process loses up to this much."""

_AT_ONCE = 256
"""How many lines are made and written in one go; that takes less than a millisecond."""

_MOST_TAKEN = 4096
"""How many entries of a namespace are written before those of the others."""

_MOST_BYTES = 64 * 1024 * 1024
"""Most bytes of entries that the journal has dropped and a slow disk has not taken yet; further ones are not written,
and :meth:`JournalFile.close` reports it."""

_SLACK_BYTES = 64 * 1024 * 1024
"""Smaller files are not compacted."""

_GROWTH = 3
"""How many times its size after the last compaction the file must reach before it is compacted again."""

_SIZE_BYTES = 200
"""The bytes counted for a dropped record besides its body."""


class _Part:
    """What the file has of a namespace.

    Args:
        emulator: The emulator whose journal it is.
        era: How often that journal was cleared.
        written: The seq of the last entry.
        lines: How many lines there are, with those of entries that the journal has dropped.
    """

    def __init__(self, emulator: Emulator, era: int, written: int = 0, lines: int = 0) -> None:
        self.emulator = emulator
        self.era = era
        self.written = written
        self.lines = lines


class _Dropped(NamedTuple):
    """An entry that a journal has dropped before it was written."""

    era: int
    seq: int
    record: Record


class JournalFile:
    """Writes the records of the emulators it watches to a file.

    Args:
        path: The file; created if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._namespaces: Iterable[Namespace] = ()
        self._parts: dict[str, _Part] = {}
        self._dropped: WeakKeyDictionary[Emulator, deque[_Dropped]] = WeakKeyDictionary()
        self._dropped_bytes = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._file: FileIO | None = None
        self._size_bytes = 0
        self._smaller_at_bytes = _SLACK_BYTES
        self._looked_s = 0.0
        self.lost = 0
        """How many records were not written, because the disk was slow or full."""
        self.failure: OSError | None = None
        """Why the last of them were not."""
        self._lines = Lines()

    def watch(self, emulator: Emulator) -> None:
        """Keep the records that the journal of an emulator drops before they are written."""
        dropped = self._dropped[emulator] = deque()
        journal = emulator.journal

        def drop(seq: int, record: Record) -> None:
            if self._thread is None:
                return
            if self._dropped_bytes > _MOST_BYTES:
                self.lost += 1
                return
            # This sum has no lock, so it may miss records of other threads; it need not be exact.
            self._dropped_bytes += _SIZE_BYTES + len(record.body)
            dropped.append(_Dropped(journal.era, seq, record))

        journal.on_drop(drop)

    def read_back(
        self, namespaces: Namespaces, settings: Settings, tell: Callable[[str], object] = lambda text: None
    ) -> int:
        """Restore the journals and sessions of all namespaces from the file; see :func:`.journal_reading.read_back`."""
        read, emulators = read_back(self.path, namespaces, settings, tell)
        for name, emulator in emulators.items():
            journal = emulator.journal
            self._parts[name] = _Part(emulator, journal.era, journal.last_seq, len(journal))
        return read

    def begin(self, namespaces: Iterable[Namespace]) -> None:
        """Start writing.

        Args:
            namespaces: Returns the namespaces that exist at the moment.

        Raises:
            ServerFailed: The file cannot be written.
        """
        try:
            unfinished(self.path).unlink(missing_ok=True)  # left by a process that was killed
            self._open()
        except OSError as error:
            raise ServerFailed(f"cannot write the journal to {self.path}: {error.strerror or error}") from None
        self._smaller_at_bytes = max(_SLACK_BYTES, _GROWTH * self._size_bytes)
        self._namespaces = namespaces
        self._thread = threading.Thread(target=self._write_all, name="mockserver-journal", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        self._file = self.path.open("ab", buffering=0)
        self._size_bytes = self.path.stat().st_size

    def close(self) -> None:
        """Write what is not written yet and close the file.

        Raises:
            MockserverError: Some of it could not be written.
        """
        if self._thread is None:
            return
        self._ended.set()
        self._thread.join()
        self._thread = None
        assert self._file is not None
        self._file.close()
        if self.lost:
            reason = "the disk was too slow" if self.failure is None else self.failure.strerror or self.failure
            raise MockserverError(f"{self.lost} requests are not in {self.path}: {reason}")

    def _write_all(self) -> None:
        behind = False
        while not self._ended.wait(0 if behind else WRITE_S):
            behind = self._write_news()
        while self._write_news():
            pass

    def _write_news(self) -> bool:
        """Write what is not written yet; return whether there is more."""
        self._looked_s = time.monotonic()
        there, behind = set(), False
        for namespace in self._namespaces:
            there.add(namespace.name)
            behind |= self._write_some(namespace)
        for name in self._parts.keys() - there:
            self._forget(name)
        if self._size_bytes > self._smaller_at_bytes:
            self._make_smaller()
        return behind

    def _write_some(self, namespace: Namespace, *, if_known: bool = False) -> bool:
        """Write entries of a namespace that are not written yet; return whether there are more.

        Args:
            if_known: Do nothing if the namespace is new or was reset, so that lines would have to leave the file.
        """
        with namespace as emulator:
            journal = emulator.journal
            part = self._parts.get(emulator.name)
            if part is None or part.emulator is not emulator or part.era != journal.era:
                if if_known:
                    return False
                part = _Part(emulator, journal.era)
            dropped = self._dropped[emulator]
            parcels = [(seq, [record]) for era, seq, record in dropped if era == part.era]
            self._dropped_bytes -= sum(_SIZE_BYTES + len(each.record.body) for each in dropped)
            dropped.clear()
            first_seq, records = journal.next_after(part.written, _MOST_TAKEN)
            if records:
                journal.written(first_seq + len(records) - 1)
                parcels += (
                    (first_seq + start, records[start : start + _AT_ONCE]) for start in range(0, len(records), _AT_ONCE)
                )
        if part is not self._parts.get(emulator.name):
            self._forget(emulator.name)
            self._parts[emulator.name] = part
        for seq, parcel in parcels:
            self._append(part, seq, parcel)
        return len(records) == _MOST_TAKEN

    def _append(self, part: _Part, first_seq: int, records: list[Record]) -> None:
        assert self._file is not None
        content = self._lines.of(part.emulator, first_seq, records)
        part.written = first_seq + len(records) - 1
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except (OSError, ValueError) as error:  # the latter if the file could not be opened again
            with suppress(OSError, ValueError):  # half a line would spoil the next one
                self._file.truncate(self._size_bytes)
            self.failure = error if isinstance(error, OSError) else self.failure
            self.lost += len(records)
        else:
            self._size_bytes += len(content)
            part.lines += len(records)

    def _forget(self, name: str) -> None:
        """Remove the lines of a namespace that was reset or dropped."""
        part = self._parts.pop(name, None)
        if part is None or not part.lines:
            return
        self._replace(lambda file: (line for line in file if owner_of(line) != name))

    def _make_smaller(self) -> None:
        """Remove the lines of entries that the journals have dropped, if that is worth it."""
        firsts: dict[str, int] = {}
        held = 0
        for namespace in self._namespaces:
            with namespace as emulator:
                firsts[emulator.name] = emulator.journal.first_seq
                held += len(emulator.journal)
        lines = sum(part.lines for part in self._parts.values())
        if held * 2 < lines:
            counts: Counter[str] = Counter()

            def kept(file: BinaryIO) -> Iterator[bytes]:
                for number, line in enumerate(file, 1):
                    place = place_of(line)
                    if place is not None and place[1] >= firsts.get(place[0], 0):
                        counts[place[0]] += 1
                        yield line
                    if number % _AT_ONCE == 0:
                        self._write_meanwhile()

            self._replace(kept)
            for name, part in self._parts.items():
                part.lines = counts[name]
        self._smaller_at_bytes = max(_SLACK_BYTES, _GROWTH * self._size_bytes)

    def _write_meanwhile(self) -> None:
        """Write what is due while the file is compacted; lines that are added now are read and kept at the end."""
        now_s = time.monotonic()
        if now_s - self._looked_s > WRITE_S:
            self._looked_s = now_s
            for namespace in self._namespaces:
                self._write_some(namespace, if_known=True)

    def _replace(self, kept: Callable[[BinaryIO], Iterable[bytes]]) -> None:
        """Rewrite the file that is being written; if the disk is full, it stays as it is."""
        assert self._file is not None
        try:
            rewrite(self.path, kept, self._file.close)
        except OSError as error:
            self.failure = error
        self._file.close()
        try:
            self._open()
        except OSError as error:
            self.failure = error
