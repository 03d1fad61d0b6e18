"""The journal as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.control import Chunks, ExportQuery
from mockserver.emulator.inquiry import Inquiry
from mockserver.model.journal import Entry
from mockserver.model.query import Query
from mockserver.namespaces import Namespaces
from mockserver.operations.server import DISTRIBUTION, running_version
from mockserver.wire.codec import encode
from mockserver.wire.har import har_pieces

__all__ = ["export"]

_PAGE = 500
"""How many entries an export reads at a time."""


def export(namespaces: Namespaces, name: str, query: ExportQuery) -> Chunks:
    """Write the journal of a namespace as far as it reached when asked: an entry a line, or as an HTTP archive."""
    emulator = namespaces.peek(name)
    last = emulator.journal.last_seq
    blocks = _blocks(Inquiry(emulator), last)
    if query.format == "har":
        return har_pieces(blocks, namespaces.scheme, DISTRIBUTION, running_version())
    return (b"".join(encode(entry) + b"\n" for entry in block) for block in blocks)


def _blocks(inquiry: Inquiry, last: int) -> Iterator[Sequence[Entry]]:
    since = 0
    while since < last:
        page = inquiry.page(Query(since=since, limit=_PAGE))
        block = [entry for entry in page.events if entry.seq <= last]
        if not block:
            return
        yield block
        since = page.events[-1].seq
