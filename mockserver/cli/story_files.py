"""The user's story files, which can be read again when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from mockserver.errors import InvalidInput
from mockserver.stories.book import Known
from mockserver.stories.file import read_story, story_name

__all__ = ["LOOK_S", "Stamp", "StoryFile", "StoryFiles", "stamp_of"]

LOOK_S = 0.2
"""How often to check the files, in seconds: nobody who saves one waits for it."""

Stamp = tuple[int, int] | None
"""When a file was last written, in nanoseconds, and its size in bytes."""


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
        self._stamp = stamp_of(path)
        self.story = read_story(path)

    def reread(self) -> bool:
        """Reload the file if it changed, and return whether it did.

        Raises:
            InvalidInput: The changed file cannot be used; the story stays as it was until the file changes again.
        """
        stamp = stamp_of(self.path)
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
        self._bad: dict[Path, Stamp] = {}
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
        stamp = stamp_of(path)
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


def stamp_of(path: Path) -> Stamp:
    """Return what changes when a file is written; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
