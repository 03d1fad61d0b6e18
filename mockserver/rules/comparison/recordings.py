"""Compares two recordings session by session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mockserver.model.comparison import USUAL, Comparison, Tolerance
from mockserver.model.results import SessionView
from mockserver.rules.comparison.sessions import Watched, compare_sessions

__all__ = ["compare_recordings", "paired"]

_Key = tuple[str | None, ...]


def compare_recordings(before: Sequence[Watched], after: Sequence[Watched], tolerance: Tolerance = USUAL) -> Comparison:
    """Compare two recordings, each given as its sessions in order of opening."""
    pairs = paired([one.view for one in before], [one.view for one in after])
    ours, theirs = {one for one, _ in pairs}, {other for _, other in pairs}
    return Comparison(
        pairs=tuple(compare_sessions(before[one], after[other], tolerance) for one, other in pairs),
        missing=tuple(one.view for place, one in enumerate(before) if place not in ours),
        new=tuple(other.view for place, other in enumerate(after) if place not in theirs),
    )


def paired(before: Sequence[SessionView], after: Sequence[SessionView]) -> list[tuple[int, int]]:
    """Decide which sessions correspond: those of one content, in order of opening.

    Sessions of content that the other recording does not have correspond to each other in order, first those of one
    content type, for tests that make up an id every time.

    Returns:
        The places of the sessions in their recordings, by the place in the first one.
    """
    pairs: dict[int, int] = {}
    for key_of in (_content, _content_type, _any):
        queues: dict[_Key, list[int]] = {}
        for place in _others(after, pairs.values()):
            queues.setdefault(key_of(after[place]), []).append(place)
        for place in _others(before, pairs):
            queue = queues.get(key_of(before[place]))
            if queue:
                pairs[place] = queue.pop(0)
    return sorted(pairs.items())


def _others(sessions: Sequence[SessionView], paired_places: Iterable[int]) -> list[int]:
    known = frozenset(paired_places)
    return [place for place in range(len(sessions)) if place not in known]


def _content(session: SessionView) -> _Key:
    return session.content.media_id, session.content.content_type


def _content_type(session: SessionView) -> _Key:
    return (session.content.content_type,)


def _any(session: SessionView) -> _Key:
    return ()
