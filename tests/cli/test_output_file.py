"""What is written at the end is complete or not written at all, and goes to the given place."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from mockserver.cli.output_file import write_whole

CHUNKS = [b"one\n", b"two\n"]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_made_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    for chunks in (CHUNKS, CHUNKS[:1]):
        write_whole(path, chunks)
        assert path.read_bytes() == b"".join(chunks)
    assert list(tmp_path.iterdir()) == [path]


def test_file_is_closed_before_it_gets_its_name_since_windows_renames_no_open_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[IO[Any]] = []
    open_file, replace = Path.open, Path.replace

    def open_and_keep(path: Path, *how: Any) -> IO[Any]:
        opened.append(open_file(path, *how))
        return opened[-1]

    def replace_closed(path: Path, by: Path) -> Path:
        assert [file.closed for file in opened] == [True]
        return replace(path, by)

    monkeypatch.setattr(Path, "open", open_and_keep)
    monkeypatch.setattr(Path, "replace", replace_closed)
    write_whole(tmp_path / "journal.ndjson", CHUNKS)


@pytest.mark.posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(tmp_path: Path, there: bool) -> None:
    (tmp_path / "far").mkdir()
    link, meant = tmp_path / "link", tmp_path / "far" / "journal.ndjson"
    if there:
        meant.write_bytes(b"old")
    link.symlink_to(meant)
    write_whole(link, CHUNKS)
    assert (link.is_symlink(), link.readlink(), meant.read_bytes()) == (True, meant, b"one\ntwo\n")
    assert {path.name for path in (*tmp_path.iterdir(), *meant.parent.iterdir())} == {"far", "link", "journal.ndjson"}


@pytest.mark.posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    opened = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(opened, True)
    kept = os.open(pipe, os.O_WRONLY)  # without a writer, the reader would find the end before the beginning

    def read() -> None:
        with os.fdopen(opened, "rb") as file:
            got.append(file.read())

    large = b"x" * 300_000
    reader = threading.Thread(target=read)
    write = threading.Thread(target=write_whole, args=(pipe, [*CHUNKS, large]))
    write.start()
    reader.start()
    write.join()
    os.close(kept)
    reader.join()
    assert got == [b"one\ntwo\n" + large]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.posix
def test_a_pipe_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
        write_whole(pipe, CHUNKS)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.posix
def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    path.write_bytes(b"old")
    with full_disk(100_000), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_whole(path, [b"x" * 60_000] * 3)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_a_folder_and_a_temporary_file_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - which one differs between systems
        write_whole(folder, CHUNKS)
    taken = tmp_path / f".journal.{os.getpid()}.tmp"
    taken.write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "journal", CHUNKS)
    assert (sorted(path.name for path in tmp_path.iterdir()), taken.read_bytes()) == (
        [taken.name, "folder"],
        b"theirs",
    )
