"""Reloading files when they change: stories, ``mockserver.toml`` and the file of ``--faults``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from mockserver.cli.configuration import Configuration
from mockserver.cli.story_files import LOOK_S, StoryFiles, stamp_of
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.rules.diagnose.wording import counted
from mockserver.server.options import ServerOptions
from mockserver.stories.book import StoryBook

__all__ = ["ConfigurationFiles", "FileWatch", "Looker", "StoryLook"]

Tell = Callable[[str], object]


class Looker(Protocol):
    """Something that reloads files."""

    def look(self, tell: Tell) -> None:
        """Reload what changed since the last look, and say so; a file that cannot be used changes nothing."""


class StoryLook:
    """Reloads changed story files into the stories of a server.

    Args:
        files: The files.
        book: Where the stories go.
    """

    def __init__(self, files: StoryFiles, book: StoryBook) -> None:
        self._files = files
        self._book = book

    def look(self, tell: Tell) -> None:
        """Reload the stories that changed."""
        changed, wrong = self._files.reread()
        known = self._files.known()
        if changed:
            self._book.replace(known)
        for name in changed:
            tell(f"{'reloaded' if name in known else 'removed'} {name}")
        for message in wrong:
            tell(f"{message}; keeping the previous version")


class ConfigurationFiles:
    """Applies settings and fault rules when the files change that they come from.

    Only what differs from the previous version of the file changes: what a tester changed meanwhile stays.

    Args:
        configuration: What the files said at the start.
        read: Reads them again.
        apply: Gives new settings and rules to the server.
    """

    def __init__(
        self,
        configuration: Configuration,
        read: Callable[[], Configuration],
        apply: Callable[[Settings, tuple[FaultSpec, ...]], object],
    ) -> None:
        self._last = configuration
        self._read = read
        self._apply = apply
        self._stamps = self._stamped(configuration.files)

    def look(self, tell: Tell) -> None:
        """Reload the configuration if a file of it changed."""
        stamps = self._stamped(self._last.files)
        if stamps == self._stamps:
            return
        changed = ", ".join(str(path) for path, stamp in stamps.items() if stamp != self._stamps.get(path))
        self._stamps = stamps
        try:
            read = self._read()
            self._apply(read.settings, read.faults)
        except InvalidInput as error:
            tell(f"{error}; keeping the previous version")
            return
        before, self._last = self._last, read
        self._stamps = self._stamped(read.files) | stamps
        what = [*_members(before.settings, read.settings)]
        if before.faults != read.faults:
            what.append(counted(len(read.faults), "fault rule"))
        if what:
            tell(f"reloaded {changed}: {', '.join(what)}")
        later = _later(before, read)
        if later:
            tell(f"{changed}: {', '.join(later)} will change when the server is started again")

    @staticmethod
    def _stamped(paths: Iterable[Path]) -> dict[Path, object]:
        return {path: stamp_of(path) for path in paths}


def _members(before: Settings, after: Settings) -> list[str]:
    return [
        field.encode_name
        for field in msgspec.structs.fields(Settings)
        if getattr(before, field.name) != getattr(after, field.name)
    ]


def _later(before: Configuration, after: Configuration) -> list[str]:
    """Return the names of what changed and cannot change while the server runs."""
    apart = ("settings", "faults", "options", "files")
    names = [field.name for field in fields(Configuration) if field.name not in apart]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    options = [field.name for field in fields(ServerOptions)]
    return changed + [name for name in options if getattr(before.options, name) != getattr(after.options, name)]


class FileWatch:
    """Looks at files every now and then, in its own thread while the block runs.

    Args:
        lookers: What looks.
        tell: Called with messages about reloads and errors.
        every_s: How long to wait before each look, in seconds.
    """

    def __init__(self, lookers: Iterable[Looker], tell: Tell, every_s: float = LOOK_S) -> None:
        self._lookers = tuple(lookers)
        self._tell = tell
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mockserver-files", daemon=True)

    def __enter__(self) -> FileWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            for looker in self._lookers:
                try:
                    looker.look(self._tell)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the server goes on
                    self._tell(f"cannot reload files: {error}")
