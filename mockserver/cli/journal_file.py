"""The journal in a file: written as requests are recorded, read back at the next start.

The file is one that ``export`` writes, an entry a line; the entries of other namespaces than the default one begin with
the member ``namespace``. A request only queues its record; a separate thread writes the queue twice a second.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mockserver.emulator.emulator import Emulator
from mockserver.errors import InvalidInput, MockserverError, ServerFailed
from mockserver.model.http import HttpResponse, RawHeaders
from mockserver.model.journal import Record
from mockserver.model.settings import Settings
from mockserver.model.vocabulary import Delivery, Operation, Outcome
from mockserver.namespaces import DEFAULT, Namespaces
from mockserver.recordings.call import RecordedCall
from mockserver.recordings.judged_file import judge_file
from mockserver.recordings.lines import call_of_entry
from mockserver.wire.codec import decode, encode
from mockserver.wire.entries import response_headers

__all__ = ["WRITE_S", "JournalFile", "Lines"]

WRITE_S = 0.5
"""How long a record waits at most before it is written; a killed process loses up to this much."""

_AT_ONCE = 64
"""How many lines are made in one go before a short pause lets requests run."""

_PAUSE_S = 0.001

_MOST_BYTES = 64 * 1024 * 1024
"""Most bytes that may wait for a slow disk; later records are not written, and :meth:`JournalFile.close` reports it."""

_KNOWN_BLOCKS = 1000
"""How many encoded header blocks and answers are cached."""

_NAMESPACE = b'{"namespace":'


_SIZE_BYTES = 200
"""The bytes counted for a waiting record besides its body."""

_Recorded = tuple[Emulator, int | None, Record | None]
"""Something to be written: a record, or the reset of a namespace."""


class Lines:
    """Makes the lines of the file; for plain events it joins cached parts."""

    def __init__(self) -> None:
        self._headers: dict[int, tuple[RawHeaders, bytes]] = {}
        self._answers: dict[tuple[int, int], tuple[HttpResponse, bytes]] = {}
        self._texts: dict[str | None, bytes] = {}

    def line(self, emulator: Emulator, seq: int, record: Record) -> bytes:
        """Return the entry of a record as ``export`` writes it."""
        line = self._plain(seq, record) or encode(emulator.entry_of(seq, record)) + b"\n"
        return line if emulator.name == DEFAULT else _begin_of(emulator.name) + line[1:]

    def _plain(self, seq: int, record: Record) -> bytes | None:
        """Return the line of an accepted event, whose body is known to be JSON; None for anything else."""
        response = record.response
        if (
            record.outcome is not Outcome.ACCEPTED
            or record.operation is not Operation.EVENT
            or type(record) is not Record
            or response is None
            or response.status != 204
            or record.fault_ids
            or record.draws
            or record.delivery is not Delivery.SENT
            or b"\n" in record.body
            or b"\r" in record.body
        ):
            return None
        return (
            b'{"seq":%d,"at_ms":%d,"operation":"event","session_id":%b,"event_type":%b,"event":%b,"outcome":"accepted",'
            b'"violations":[],"fault_ids":[],"draws":[],"request":{"method":"%b","path":%b,"headers":%b,"body":%b,'
            b'"body_encoding":"utf-8"},"response":%b,"delivery":"sent"}\n'
        ) % (
            seq, record.at_ms, self._text(record.session_id), self._text(record.event_type), record.body,
            record.method.encode(), self._text(record.target), self._headers_of(record.headers),
            encode(record.body.decode()), self._answer_of(response, record.at_ms),
        )  # fmt: skip

    def _text(self, text: str | None) -> bytes:
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= _KNOWN_BLOCKS:
                self._texts.clear()
            known = self._texts[text] = encode(text)
        return known

    def _headers_of(self, headers: RawHeaders) -> bytes:
        known = self._headers.get(id(headers))
        if known is not None and known[0] is headers:
            return known[1]
        block = encode([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
        if len(self._headers) >= _KNOWN_BLOCKS:
            self._headers.clear()
        self._headers[id(headers)] = (headers, block)
        return block

    def _answer_of(self, response: HttpResponse, at_ms: int) -> bytes:
        second = at_ms // 1000
        known = self._answers.get((id(response), second))
        if known is not None and known[0] is response:
            return known[1]
        fields = response_headers(response, at_ms)
        answer = encode({"status": response.status, "headers": fields, "body": "", "body_encoding": "utf-8"})
        if len(self._answers) >= _KNOWN_BLOCKS:
            self._answers.clear()
        self._answers[id(response), second] = (response, answer)
        return answer


class JournalFile:
    """Writes the records of the emulators it watches to a file.

    Args:
        path: The file; created if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: deque[_Recorded] = deque()
        self._came_bytes = 0
        self._written_bytes = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._file: BinaryIO | None = None
        self.lost = 0
        """How many records were not written, because the disk was slow or full."""
        self.failure: OSError | None = None
        """Why the last of them were not."""
        self._lines = Lines()

    def watch(self, emulator: Emulator) -> None:
        """Write the records of an emulator, once :meth:`begin` was called."""

        def recorded(seq: int | None) -> None:
            if self._thread is None:
                return
            record = None if seq is None else emulator.journal.get(seq)
            if record is not None:
                if self._came_bytes - self._written_bytes > _MOST_BYTES:
                    self.lost += 1
                    return
                # This sum has no lock, so it may miss requests of other threads; it need not be exact.
                self._came_bytes += _SIZE_BYTES + len(record.body)
            self._waiting.append((emulator, seq, record))

        emulator.subscribe(recorded)

    def read_back(self, namespaces: Namespaces, settings: Settings) -> int:
        """Restore the journals and sessions of all namespaces from the file.

        If the process was killed, the last line may be incomplete; it is dropped.

        Returns:
            How many entries there were.

        Raises:
            InvalidInput: The file is not a journal; the message names the line.
            ServerFailed: It cannot be read.
        """
        try:
            found, size_bytes = self._lines_by_namespace(settings.max_entries)
            if size_bytes is not None:
                os.truncate(self._path, size_bytes)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise ServerFailed(f"cannot read {self._path}: {error.strerror or error}") from None
        for name, lines in found.items():
            judged = judge_file([self._call(*line) for line in lines], settings, leave_open=True, seeded_ids=False)
            with judged.default as other, namespaces.obtain(name, "admin") as emulator:
                emulator.take_in(other.journal.records(), tuple(other.sessions))
        return sum(map(len, found.values()))

    def begin(self) -> None:
        """Start writing.

        Raises:
            ServerFailed: The file cannot be written.
        """
        try:
            self._file = self._path.open("ab")
        except OSError as error:
            raise ServerFailed(f"cannot write the journal to {self._path}: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._write_all, name="mockserver-journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write the waiting records and close the file.

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
            raise MockserverError(f"{self.lost} requests are not in {self._path}: {reason}")

    def _lines_by_namespace(self, most: int) -> tuple[dict[str, deque[tuple[int, bytes]]], int | None]:
        """Read the last lines of each namespace, with their numbers.

        Returns:
            The lines; and the size to cut the file to, if its last line is incomplete.
        """
        found: dict[str, deque[tuple[int, bytes]]] = defaultdict(lambda: deque(maxlen=most))
        size_bytes = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return found, size_bytes
                size_bytes += len(line)
                if line.strip():
                    found[self._owner(number, line)].append((number, line))
        return found, None

    def _owner(self, number: int, line: bytes) -> str:
        if not line.startswith(_NAMESPACE):
            return DEFAULT
        return str(self._document(number, line)["namespace"])

    def _call(self, number: int, line: bytes) -> RecordedCall:
        document = self._document(number, line)
        document["event"] = None  # it is read from the body again, and needs more memory than the rest of the entry
        document.pop("normal", None)
        try:
            return call_of_entry(number, document)
        except InvalidInput as error:
            raise InvalidInput(f"{self._path}:{number}: {error.pointer} {error}") from None

    def _document(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            document: dict[str, Any] = decode(line, dict[str, Any])
        except InvalidInput as error:
            raise InvalidInput(f"{self._path}:{number}: {error}") from None
        return document

    def _write_all(self) -> None:
        while not self._ended.wait(WRITE_S):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        count = len(self._waiting)
        while count > 0:
            some = [self._waiting.popleft() for _ in range(min(count, _AT_ONCE))]
            count -= len(some)
            self._written_bytes += sum(_SIZE_BYTES + len(record.body) for _, _, record in some if record is not None)
            try:
                self._write(some)
            except OSError as error:
                self.failure = error
                self.lost += len(some)
            self._ended.wait(_PAUSE_S)

    def _write(self, some: list[_Recorded]) -> None:
        assert self._file is not None
        pieces: list[bytes] = []
        for emulator, seq, record in some:
            if seq is None or record is None:
                self._file.write(b"".join(pieces))
                pieces.clear()
                self._forget(emulator.name)
            else:
                pieces.append(self._lines.line(emulator, seq, _newest(emulator, seq, record)))
        self._file.write(b"".join(pieces))
        self._file.flush()

    def _forget(self, name: str) -> None:
        """Remove the lines of a namespace that was reset: the other lines go to a new file, which replaces this one."""
        assert self._file is not None
        self._file.flush()
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        with self._path.open("rb") as file, unfinished.open("wb") as kept:
            kept.writelines(_lines_of_others(file, name))
        unfinished.replace(self._path)
        self._file.close()
        self._file = self._path.open("ab")


def _newest(emulator: Emulator, seq: int, record: Record) -> Record:
    """Return the newest version of a record, which says how its answer ended.

    The journal may change meanwhile: the record found there is used only if it is of the same request.
    """
    found = emulator.journal.get(seq)
    same = found is not None and (found.at_ms, id(found.body)) == (record.at_ms, id(record.body))
    return found if found is not None and same else record


def _begin_of(name: str) -> bytes:
    return b'%b"%b",' % (_NAMESPACE, name.encode())


def _lines_of_others(file: BinaryIO, name: str) -> Iterator[bytes]:
    begin = _NAMESPACE if name == DEFAULT else _begin_of(name)
    for line in file:
        if line.startswith(begin) == (name == DEFAULT):
            yield line
