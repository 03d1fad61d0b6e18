"""Suggest the known key that a player may have meant by an unknown one."""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches

__all__ = ["nearest_key"]

_LONGEST = 80
"""A longer name is not a misspelt key, and takes too long to compare."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "duration": ("length",),
    "title": ("name", "friendlyName", "podFriendlyName"),
    "position": ("podPosition", "podIndex", "index"),
    "index": ("podIndex", "podPosition"),
    "number": ("podPosition", "podIndex", "index"),
    "start": ("podSecond", "offset"),
    "starttime": ("podSecond", "offset"),
    "player": ("playerName",),
    "type": ("contentType",),
    "campaign": ("campaignId",),
    "creative": ("creativeId",),
}
"""Names that players use for the last part of a key, and what it may really be called."""


def nearest_key(name: str, known: tuple[str, ...], cutoff: float = 0.75) -> str | None:
    """Suggest a known key for an unknown one.

    Args:
        name: The unknown key.
        known: The keys it may be.
        cutoff: How similar two keys must be, 0 to 1.

    Returns:
        The nearest key; None if none is near, because a wrong suggestion is worse than none.
    """
    if len(name) > _LONGEST:
        return None
    by_lower = {each.lower(): each for each in known}
    lower = name.lower()
    last = [each for each in known if each.lower().rpartition(".")[2] == lower]
    if lower in by_lower or len(last) == 1:
        return by_lower.get(lower) or last[0]
    parent, dot, end = lower.rpartition(".")
    for meant in _SYNONYMS.get(end, ()):
        if parent + dot + meant.lower() in by_lower:
            return by_lower[parent + dot + meant.lower()]
    # Many keys begin alike; similar keys also end alike.
    for close in get_close_matches(lower, by_lower, n=len(by_lower) or 1, cutoff=cutoff):
        if SequenceMatcher(None, end, close.rpartition(".")[2]).ratio() >= cutoff:
            return by_lower[close]
    return None
