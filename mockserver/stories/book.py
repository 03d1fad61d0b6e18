"""The stories that can be started: those included in the package, and those a user adds in files."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from mockserver.errors import InvalidInput, NotFound, nearest
from mockserver.model.story import Story

__all__ = ["BUILT_IN", "Known", "StoryBook"]

BUILT_IN = "built-in"
"""The origin of the stories included in the package."""


class Known(NamedTuple):
    """A story and where it comes from: :data:`BUILT_IN`, or the path of its file."""

    story: Story
    origin: str


class StoryBook:
    """Stories by name; shared by all namespaces of a server. All methods may be called from any thread.

    The built-in ones are read when a story is first requested, so a server that plays none starts without reading
    them.

    Args:
        brought: The stories of a user; see :meth:`replace`.
        built_in: The stories to begin with; None for those of the package.

    Raises:
        InvalidInput: A user's story has the name of a built-in one.
    """

    def __init__(
        self, brought: Mapping[str, Known] | None = None, *, built_in: Mapping[str, Known] | None = None
    ) -> None:
        self._lock = threading.RLock()
        self._built_in = built_in
        self._brought: Mapping[str, Known] = {}
        if brought:
            self.replace(brought)

    def known(self) -> dict[str, Known]:
        """Return all stories, in order of their names."""
        with self._lock:
            return dict(sorted({**self._packaged(), **self._brought}.items()))

    def get(self, name: str) -> Known:
        """Return one story.

        Raises:
            NotFound: There is no story of that name; the message suggests a similar name.
        """
        stories = self.known()
        if name not in stories:
            raise NotFound(f"there is no story {name[:80]!r}{nearest(name[:80], stories)}")
        return stories[name]

    def replace(self, brought: Mapping[str, Known]) -> None:
        """Replace the stories that the user added before; the built-in ones stay.

        A running story continues as it was when it started.

        Raises:
            InvalidInput: One has the name of a built-in story; nothing was changed.
        """
        with self._lock:
            self.check_free(*brought)
            self._brought = dict(brought)

    def check_free(self, *names: str) -> None:
        """Refuse names of built-in stories.

        Raises:
            InvalidInput: One of them is a built-in story's name; with status 409.
        """
        with self._lock:
            packaged = self._packaged()
        for name in names:
            if name in packaged:
                raise InvalidInput(f"{name} is the name of a built-in story; give yours another", status=409)

    def _packaged(self) -> Mapping[str, Known]:
        with self._lock:
            if self._built_in is None:
                self._built_in = _read_package()
            return self._built_in


@cache
def _read_package() -> Mapping[str, Known]:
    """Read the stories of the package, once: they cannot change while the program runs."""
    from importlib import resources  # both take long to import, so import them only when a story is requested

    from mockserver.stories.file import parse_story

    files = (file for file in resources.files("mockserver.stories").iterdir() if file.name.endswith(".toml"))
    stories = {
        file.name.removesuffix(".toml"): Known(parse_story(file.read_text(encoding="utf-8"), file.name), BUILT_IN)
        for file in files
    }
    return MappingProxyType(stories)
