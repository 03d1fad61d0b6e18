"""What somebody may have meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the most similar of the known names, and nothing if none is similar."""
    from difflib import get_close_matches  # only mistakes pay for it

    name, folded = name.casefold(), {other.casefold(): other for other in known}
    longer = [other for other in folded if name and other.startswith(name)]
    found = longer or get_close_matches(name, folded, n=1)
    return f"; did you mean {folded[found[0]]}?" if found else ""
