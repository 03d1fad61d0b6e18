from __future__ import annotations

import errno
import json
import os
import signal
import threading
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from mockserver.cli import journal_file, journal_lines, journal_reading
from mockserver.cli.journal_file import JournalFile
from mockserver.cli.journal_lines import Lines
from mockserver.control import (
    EVENTS,
    EXPORT,
    FINDINGS,
    REPORT,
    RESET,
    SESSIONS,
    ExportQuery,
    FindingQuery,
    SessionQuery,
)
from mockserver.errors import InvalidInput, MockserverError, ServerFailed
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.model.results import ResetCommand
from mockserver.model.settings import Settings
from mockserver.server.options import ServerOptions
from mockserver.server.service import Service
from mockserver.wire.codec import decode, encode, to_builtins
from tests.cli.conftest import ready
from tests.factories import T0, event, inside, open_session, post, post_event
from tests.waiting import until

if TYPE_CHECKING:
    from tests.cli.conftest import Fetch, StartProcess


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(journal_file, "WRITE_S", 3600)  # tests say when
    return tmp_path / "journal.ndjson"


class Kept:
    """A server without sockets whose journal is kept in a file."""

    def __init__(self, path: Path, settings: Settings | None = None, options: ServerOptions | None = None) -> None:
        self.file = JournalFile(path)
        self.service = Service(settings, options, made=self.file.watch)
        self.read = self.file.read_back(self.service.namespaces, settings or Settings())
        self.file.begin(self.service.namespaces)

    def view(self, name: str = "default") -> dict[str, Any]:
        """Everything that a restart must not change."""
        control = self.service.control(name)
        sessions = control.call(SESSIONS, SessionQuery()).sessions
        return {
            "events": to_builtins(control.call(EVENTS, Query(limit=1000)).events),
            "sessions": [{**to_builtins(one), "age_ms": None} for one in sessions],
            "findings": to_builtins(control.call(FINDINGS, FindingQuery(limit=1000)).findings),
            "reports": [
                {**to_builtins(control.call(REPORT, None, sid=one.session_id)), "as_of_ms": None} for one in sessions
            ],
        }


def play(service: Service, name: str = "default") -> str:
    """Play a little in a namespace: good events, bad ones, and some for unknown sessions."""
    emulator = inside(service.namespaces.obtain(name, "admin"))
    sid = open_session(emulator)
    for number, kind in enumerate(("play", "ping", "adStart", "nonsense", "sessionEnd", "ping")):
        emulator.handle(post_event(sid, event(kind, playhead=number, ts=T0 + number * 10_000)))
    emulator.handle(post("/api/v1/sessions", {"eventType": "ping"}))
    emulator.handle(post_event("0" * 64, event("ping")))
    return sid


def test_recorded_entries_are_there_again_after_a_restart(path: Path) -> None:
    before = Kept(path)
    for name in ("default", "tv"):
        play(before.service, name)
    views = {name: before.view(name) for name in ("default", "tv")}
    before.file.close()
    after = Kept(path)
    assert after.read == sum(len(view["events"]) for view in views.values())
    assert {name: after.view(name) for name in views} == views
    assert {namespace.name for namespace in after.service.namespaces} == {"default", "tv"}
    play(after.service, "tv")
    grown = after.view("tv")
    after.file.close()
    again = Kept(path)
    assert again.view("tv") == grown
    again.file.close()


def test_seeded_ids_from_before_a_restart_are_not_given_again(path: Path) -> None:
    options = ServerOptions(seed="7", seeded_ids=True)
    before = Kept(path, options=options)
    sid = play(before.service)
    before.file.close()
    after = Kept(path, options=options)
    assert play(after.service) != sid
    after.file.close()


def test_file_is_what_export_writes(path: Path) -> None:
    kept = Kept(path)
    play(kept.service)
    kept.file.close()
    exported = b"".join(map(bytes, kept.service.control().call(EXPORT, ExportQuery())))
    assert [decode(line, Entry) for line in path.read_bytes().splitlines()] == [
        decode(line, Entry) for line in exported.splitlines()
    ]


@pytest.mark.parametrize("body", [b'{"a": "\xc3\xa9\\n\\"", "b": [1, 2.50, null]}', b'{"a":\r\n1}', b"{}"])
def test_lines_written_the_quick_way_equal_others(body: bytes) -> None:
    service = Service()
    sid = play(service)
    emulator = inside(service.namespaces.default)
    record = next(one for one in emulator.journal.records() if one.outcome.value == "accepted")
    record = replace(record, body=body)
    lines = Lines()
    for again in range(2):
        line = lines.of(emulator, 7, [record])
        assert line.count(b"\n") == 1
        found = decode(line, Entry)
        assert (again, found) == (again, decode(encode(emulator.entry_of(7, record)), Entry))
        assert (found.session_id, found.normal) == (sid, UNSET)


@pytest.mark.parametrize("name", ["default", "tv"])
def test_reset_takes_the_entries_of_its_namespace_out_of_the_file(path: Path, name: str) -> None:
    kept = Kept(path)
    play(kept.service, "default")
    play(kept.service, "tv")
    kept.service.control(name).call(RESET, ResetCommand())
    play(kept.service, name)
    views = {each: kept.view(each) for each in ("default", "tv")}
    kept.file.close()
    after = Kept(path)
    assert {each: after.view(each) for each in views} == views
    after.file.close()


def test_namespace_that_was_dropped_does_not_come_back(path: Path) -> None:
    kept = Kept(path)
    play(kept.service, "tv")
    kept.service.namespaces.drop("tv")
    kept.file.close()
    after = Kept(path)
    assert [namespace.name for namespace in after.service.namespaces] == ["default"]
    assert path.read_bytes() == b""
    after.file.close()


def test_half_a_line_at_the_end_is_dropped_and_what_comes_is_whole_again(path: Path) -> None:
    kept = Kept(path)
    play(kept.service)
    kept.file.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    after = Kept(path)
    play(after.service)
    count = len(after.view()["events"])
    after.file.close()
    assert len(path.read_bytes().splitlines()) == count == 2 * len(whole.splitlines()) - 1
    last = Kept(path)
    assert last.read == count
    last.file.close()


def test_only_the_last_entries_are_read_if_the_journal_keeps_fewer(path: Path) -> None:
    kept = Kept(path)
    play(kept.service)
    kept.file.close()
    events = kept.view()["events"]
    after = Kept(path, Settings(max_entries=3))
    assert [one["at_ms"] for one in after.view()["events"]] == [one["at_ms"] for one in events[-3:]]
    after.file.close()
    assert [decode(line, Entry).seq for line in path.read_bytes().splitlines()] == [1, 2, 3]


def lines_of(path: Path) -> list[Entry]:
    return [decode(line, Entry) for line in path.read_bytes().splitlines()]


def test_entries_that_a_small_journal_drops_before_they_are_written_are_written(path: Path) -> None:
    kept = Kept(path, Settings(max_entries=2))
    play(kept.service)
    kept.file.close()
    assert [entry.seq for entry in lines_of(path)] == list(range(1, 10))


def test_file_that_has_grown_loses_what_the_journals_have_dropped(path: Path) -> None:
    kept = Kept(path, Settings(max_entries=2))
    kept.file._smaller_at_bytes = 0
    for name in ("default", "tv"):
        play(kept.service, name)
    kept.file.close()
    assert [entry.seq for entry in lines_of(path)] == [8, 9, 8, 9]
    assert not list(path.parent.glob(".*"))
    after = Kept(path, Settings(max_entries=2))
    assert after.read == 4
    for name in ("default", "tv"):
        before = [{**entry, "seq": 0} for entry in kept.view(name)["events"]]
        assert [{**entry, "seq": 0} for entry in after.view(name)["events"]] == before
        play(after.service, name)
    after.file.close()
    assert sorted(entry.seq for entry in lines_of(path)) == sorted(2 * list(range(1, 12)))


def test_entries_that_come_while_the_file_is_made_smaller_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / f".{path.name}.tmp").write_bytes(b"left by a process that was killed")
    kept = Kept(path, Settings(max_entries=2))
    assert not list(path.parent.glob(".*"))
    kept.file._smaller_at_bytes = 0
    play(kept.service)
    play(kept.service, "tv")
    comes, place_of = ["default", "other", "tv"], journal_lines.place_of

    def while_reading(line: bytes) -> tuple[str, int] | None:
        if comes:
            play(kept.service, comes.pop())
        return place_of(line)

    monkeypatch.setattr(journal_file, "place_of", while_reading)
    monkeypatch.setattr(journal_file, "_AT_ONCE", 1)
    monkeypatch.setattr(journal_file, "WRITE_S", -1)
    kept.file._write_news()
    assert comes == []
    monkeypatch.setattr(journal_file, "WRITE_S", 3600)
    kept.file._smaller_at_bytes = 1 << 40
    kept.file.close()
    assert kept.file.lost == 0
    found = lines_of(path)
    assert sorted(entry.seq for entry in found) == sorted([*range(8, 19), *range(8, 19), *range(1, 10)])


def test_file_that_holds_nothing_old_stays_as_it_is(path: Path) -> None:
    kept = Kept(path)
    kept.file._smaller_at_bytes = 0
    play(kept.service)
    kept.file.close()
    whole, node = path.read_bytes(), path.stat().st_ino
    Kept(path).file.close()
    assert (path.read_bytes(), path.stat().st_ino) == (whole, node)


def test_lines_that_others_have_formatted_are_read_and_numbered_again(path: Path) -> None:
    kept = Kept(path)
    play(kept.service, "tv")
    kept.file.close()
    views = kept.view("tv")
    spaced = "".join(json.dumps(json.loads(line)) + "\n\n" for line in path.read_text(encoding="utf-8").splitlines())
    path.write_text(spaced, encoding="utf-8")
    after = Kept(path)
    assert after.view("tv") == views
    after.file.close()
    assert path.read_bytes().count(b'{"namespace":"tv","seq":') == 9


def test_namespace_that_was_dropped_and_made_again_between_two_looks_begins_anew(path: Path) -> None:
    kept = Kept(path)
    play(kept.service, "tv")
    kept.file._write_news()
    kept.service.namespaces.drop("tv")
    play(kept.service, "tv")
    view = kept.view("tv")
    kept.file.close()
    after = Kept(path)
    assert (after.read, after.view("tv")) == (9, view)
    after.file.close()


class _Full:
    """A disk that accepts the first bytes of a piece and then no more."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._room = 100

    def write(self, content: memoryview) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._file.write(content[: self._room])
        self._room = 0
        return written

    def truncate(self, size: int) -> int:
        return self._file.truncate(size)

    def close(self) -> None:
        self._file.close()


def test_full_disk_leaves_no_half_line(path: Path) -> None:
    kept = Kept(path)
    play(kept.service)
    kept.file._write_news()
    whole = path.read_bytes()
    assert kept.file._file is not None
    kept.file._file.close()
    kept.file._file = cast(FileIO, _Full(path))
    play(kept.service)
    with pytest.raises(MockserverError, match=r"9 requests are not in .*: No space left on device"):
        kept.file.close()
    assert path.read_bytes() == whole


def test_reading_that_takes_long_is_announced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(path)
    play(kept.service)
    kept.file.close()
    monkeypatch.setattr(journal_reading, "_LARGE_BYTES", 0)
    monkeypatch.setattr(journal_reading, "time", SimpleNamespace(monotonic=iter((50.0, 52.5)).__next__))
    told: list[str] = []
    JournalFile(path).read_back(Service().namespaces, Settings(), told.append)
    assert told == [f"reading 9 entries of {path}", f"read 9 entries of {path} in 2.5 s"]


@pytest.mark.parametrize(("line", "said"), [(b"no json\n", ":2: "), (b'{"eventType": "ping"}\n', ":2: ")])
def test_file_that_is_not_a_journal_is_refused_and_not_changed(path: Path, line: bytes, said: str) -> None:
    kept = Kept(path)
    inside(kept.service.namespaces.default)
    play(kept.service)
    kept.file.close()
    content = path.read_bytes().splitlines(keepends=True)[0] + line
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=f"{path.name}{said}"):
        Kept(path)
    assert path.read_bytes() == content


def test_place_that_cannot_be_written_fails_with_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, Path()):
        with pytest.raises(ServerFailed, match="cannot write the journal to"):
            JournalFile(path).begin(())


class FullDisk(FileIO):
    """A file on a disk that is full; not every system has ``/dev/full``."""

    def write(self, data: object, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_does_not_stop_the_server_and_is_reported_at_the_end(path: Path) -> None:
    kept = Kept(path)
    assert kept.file._file is not None
    kept.file._file.close()
    kept.file._file = FullDisk(path, "ab")
    play(kept.service)
    with pytest.raises(MockserverError, match=r"9 requests are not in .*: No space left on device"):
        kept.file.close()


def test_no_thread_is_left_behind(path: Path) -> None:
    Kept(path).file.close()
    assert not [each for each in threading.enumerate() if each.name == "mockserver-journal"]


@pytest.mark.posix
def test_killed_server_continues_where_it_was(start: StartProcess, fetch: Fetch, path: Path) -> None:
    arguments = ("serve", "--port", "0", "--ready-json", "--journal", str(path))
    process = start(*arguments)
    url = ready(process)["url"]
    opening = event("sessionStart", ts=1)
    fetch(url, "POST", "/api/v1/sessions", opening)
    fetch(url, "POST", "/ns/tv/api/v1/sessions", opening)
    until(lambda: path.read_bytes().count(b"\n") == 2)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    again = ready(start(*arguments))["url"]
    for prefix in ("", "/ns/tv"):
        sessions = json.loads(fetch(again, "GET", f"{prefix}/__admin/sessions")[1])["sessions"]
        assert [one["phase"] for one in sessions] == ["open"]
        ping = {"eventType": "ping", "playerTime": {"playhead": 1, "ts": 2}}
        sid = sessions[0]["session_id"]
        assert fetch(again, "POST", f"{prefix}/api/v1/sessions/{sid}/events", ping)[0] == 204
