"""JSON pointers (RFC 6901): written from the steps to a place, and read back."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["pointer_of", "steps_of"]


def pointer_of(steps: Iterable[str | int]) -> str:
    """Write a pointer; no steps give the empty one, which means the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def steps_of(pointer: str) -> tuple[str, ...]:
    """Read a pointer: return the names and numbers that lead to the place."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
