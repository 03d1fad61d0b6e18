"""The user's story files, and reloading them when they change."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from mockserver.errors import InvalidInput
from mockserver.stories.book import Known, StoryBook
from mockserver.stories.file import read_story, story_name

__all__ = ["LOOK_S", "StoryFile", "StoryFiles", "StoryWatch"]

LOOK_S = 0.5
"""How often to check the files, in seconds."""

_Stamp = tuple[int, int] | None


class StoryFile:
    """One story file.

    Args:
        path: The file.

    Raises:
        InvalidInput: The file cannot be read, or its story is not valid.

    Attributes:
        story: The story as of the last time the file was valid.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = story_name(path)
        self._stamp = _stamp(path)
        self.story = read_story(path)

    def reread(self) -> bool:
        """Reload the file if it changed, and return whether it did.

        Raises:
            InvalidInput: The changed file cannot be used; the story stays as it was until the file changes again.
        """
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.story = read_story(self.path)
        return True


class StoryFiles:
    """Story files and folders of them.

    Args:
        paths: Files, and folders with ``*.toml`` files.
        check_free: Refuses names that are in use.

    Raises:
        InvalidInput: A file cannot be used; the message names file and line.
    """

    def __init__(self, paths: Iterable[Path], check_free: Callable[[str], object]) -> None:
        self._paths = tuple(paths)
        self._check_free = check_free
        self._bad: dict[Path, _Stamp] = {}
        self._files: dict[str, StoryFile] = {}
        for path in self._paths:
            if not path.exists():
                raise InvalidInput(f"there is no file or folder {path}")
        for path in self._listed():
            if not path.is_file():
                raise InvalidInput(f"{path} is neither a file nor a folder")
            self._add(path)

    def known(self) -> dict[str, Known]:
        """Return the stories by name."""
        return {name: Known(file.story, str(file.path)) for name, file in self._files.items()}

    def reread(self) -> tuple[list[str], list[str]]:
        """Reload the files that changed.

        Returns:
            The names of the stories that are new, changed or gone; and error messages about changed files that cannot
            be used, whose stories stay as they were.
        """
        changed: list[str] = []
        wrong: list[str] = []
        listed = self._listed()
        for name, file in tuple(self._files.items()):
            if file.path not in listed:
                del self._files[name]
                changed.append(name)
        for path in listed:
            try:
                if self._reread(path):
                    changed.append(path.stem)
                    self._bad.pop(path, None)
            except InvalidInput as error:
                wrong += self._once(path, str(error))
        return changed, wrong

    def _once(self, path: Path, message: str) -> list[str]:
        """Return the error message about a file, once for every change of it."""
        stamp = _stamp(path)
        if path in self._bad and self._bad[path] == stamp:
            return []
        self._bad[path] = stamp
        return [message]

    def _reread(self, path: Path) -> bool:
        file = self._files.get(path.stem)
        if file is not None and file.path == path:
            return file.reread()
        self._add(path)
        return True

    def _add(self, path: Path) -> None:
        name = story_name(path)
        if name in self._files:
            raise InvalidInput(f"{path}: {self._files[name].path} already has a story of that name")
        try:
            self._check_free(name)
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error}") from None
        self._files[name] = StoryFile(path)

    def _listed(self) -> list[Path]:
        listed: list[Path] = []
        for path in self._paths:
            if path.is_dir():
                listed += sorted(found for found in path.glob("*.toml") if found.is_file())  # a pipe would never end
            else:
                listed.append(path)
        return listed


class StoryWatch:
    """Reloads stories when their files change, in its own thread while the block runs.

    Args:
        files: The files.
        book: Where the stories go.
        tell: Called with messages about reloads and errors; prints to stderr by default.
    """

    def __init__(self, files: StoryFiles, book: StoryBook, tell: Callable[[str], object] | None = None) -> None:
        self._files = files
        self._book = book
        self._tell = _to_stderr if tell is None else tell
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stories", daemon=True)

    def __enter__(self) -> StoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Check once whether a file changed."""
        changed, wrong = self._files.reread()
        known = self._files.known()
        if changed:
            self._book.replace(known)
        for name in changed:
            self._tell(f"{'reloaded' if name in known else 'removed'} {name}")
        for message in wrong:
            self._tell(f"{message}; keeping the previous version")

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the server goes on
                self._tell(f"cannot reload the stories: {error}")


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
