"""Free what was removed, little by little: freeing 100,000 entries at once would make players wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["free"]

_AT_ONCE = 500


def free(leftovers: Iterable[Any]) -> None:
    """Free the contents of containers. Call it outside any lock; other threads run in between.

    Args:
        leftovers: Lists and dictionaries that nothing else uses. They are empty afterwards.
    """
    for container in leftovers:
        while container:
            if isinstance(container, dict):
                for key in [key for key, _ in zip(container, range(_AT_ONCE), strict=False)]:
                    del container[key]
            else:
                del container[:_AT_ONCE]
