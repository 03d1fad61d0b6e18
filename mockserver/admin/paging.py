"""The size of answers: a list ends at its ``limit`` or when it is large, and ``meta.next`` leads to the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mockserver.control import FindingQuery, PageQuery
from mockserver.model.journal import Entry
from mockserver.model.results import Meta
from mockserver.namespaces import Namespace
from mockserver.rules.match import check_page

__all__ = ["ANSWER_BYTES", "BLOCK", "block", "page_of", "within_answer"]

T = TypeVar("T")

ANSWER_BYTES = 8 * 1024 * 1024
"""The approximate largest size of a list, in bytes of JSON."""

BLOCK = 32
_BLOCK_BYTES = 128 * 1024
"""How many entries, and how many bytes, exports and streams read at a time; writing them takes a few milliseconds."""


def within_answer(items: Iterable[T], size_of: Callable[[T], int]) -> list[T]:
    """Return the first items for which one answer has room; at least one, if there is any.

    Args:
        size_of: Returns about how many bytes an item takes.
    """
    kept: list[T] = []
    size_bytes = 0
    for item in items:
        size_bytes += size_of(item)
        if kept and size_bytes > ANSWER_BYTES:
            break
        kept.append(item)
    return kept


def page_of(
    members: Sequence[T],
    page: PageQuery | FindingQuery | None,
    *,
    evicted: int = 0,
    size_of: Callable[[T], int] = lambda _: 0,
) -> tuple[list[T], Meta]:
    """Return the members on a page of a list, the first one by default, and what its ``meta`` says.

    Args:
        evicted: How many members were dropped to make room.
        size_of: See :func:`within_answer`; members are small by default.

    Raises:
        InvalidInput: ``since`` or ``limit`` is out of range.
    """
    page = page or PageQuery()
    check_page(page.since, page.limit)
    shown = within_answer(members[page.since : page.since + page.limit], size_of)
    after = page.since + len(shown)
    return shown, Meta(total=len(members), evicted=evicted, next=after if after < len(members) else None)


def block(namespace: Namespace, since: int) -> list[Entry]:
    """Return a few entries after ``since``, few enough to be quick."""
    with namespace as emulator:
        records, write = emulator.journal.after(since, BLOCK, _BLOCK_BYTES), emulator.entry_of
    return [write(seq, record) for seq, record in records]
