"""A file that is written as a whole, or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

__all__ = ["rewrite", "unfinished", "write_whole"]


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file under a temporary name first, so that it is complete as soon as it has its own.

    A link is followed. Devices and pipes are not files: what is written to them goes there.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    path = Path(os.path.realpath(path))
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        is_file = True
    if not is_file:
        _write_to(path, chunks)
        return
    unfinished = path.parent / f".{path.name}.{os.getpid()}.tmp"
    unfinished.touch(exist_ok=False)  # one that is there is somebody else's
    try:
        with unfinished.open("wb") as file:
            file.writelines(chunks)
        unfinished.replace(path)  # Windows renames no open file
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def rewrite(
    path: Path, kept: Callable[[BinaryIO], Iterable[bytes]], before: Callable[[], object] = lambda: None
) -> None:
    """Replace a file by a new one with some of its lines. A process that is killed leaves one or the other.

    Args:
        kept: Returns the lines of the new file, from the old one.
        before: Called before the replacement.

    Raises:
        OSError: It cannot be replaced; it is as it was.
    """
    smaller = unfinished(path)
    try:
        with path.open("rb") as file, smaller.open("wb") as written:
            written.writelines(kept(file))
        before()
        smaller.replace(path)
    except OSError:
        smaller.unlink(missing_ok=True)
        raise


def unfinished(path: Path) -> Path:
    """Return the file in which :func:`rewrite` begins; a process that is killed leaves it."""
    return path.parent / f".{path.name}.tmp"


def _write_to(path: Path, chunks: Iterable[bytes]) -> None:
    # Without waiting, so that a pipe that nobody reads is an error instead of a program that never ends.
    number = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(number, True)
    with os.fdopen(number, "wb") as file:
        file.writelines(chunks)
