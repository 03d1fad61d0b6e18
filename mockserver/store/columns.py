"""One byte per entry for each field that is asked for often, so that a filter over 100,000 entries is a few C calls.

A column holds a code for the value of one field. A value that finds no free code gets :data:`OTHER`, which means "look
at the record": event types are whatever a client sends, and no client may make a column grow without bound.

A filter becomes a mask, a byte of 1 for every entry that may match. Masks are combined as big integers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

__all__ = ["OTHER", "REST", "Column", "both"]

OTHER = 255

REST = "(other)"
"""Under what the entries are counted whose value found no free code."""


class Column:
    """The codes of one field, one per entry, oldest first."""

    def __init__(self) -> None:
        self._codes: dict[Hashable, int] = {}
        self._bytes = bytearray()
        # Most entries have the value of the one before them; hashing, slow for members of an Enum, is saved then.
        self._last: Hashable = None
        self._last_code: int | None = None

    def append(self, value: Hashable) -> None:
        """Add the value of the next entry."""
        if value is self._last and self._last_code is not None:
            self._bytes.append(self._last_code)
            return
        code = self._codes.get(value)
        if code is None:
            code = len(self._codes)
            if code >= OTHER:
                code = OTHER
            else:
                self._codes[value] = code
        self._bytes.append(code)
        self._last, self._last_code = value, code

    def forget(self, count: int) -> None:
        """Drop the oldest entries."""
        del self._bytes[:count]

    def mask(self, wanted: Iterable[Hashable], start: int) -> tuple[bytes, bool]:
        """Mark the entries whose value is wanted.

        Args:
            start: Index of the first entry that is looked at.

        Returns:
            The mask from ``start`` on, and whether it is exact; if not, marked records must be looked at.
        """
        table = bytearray(256)
        for value in wanted:
            code = self._codes.get(value)
            if code is not None:
                table[code] = 1
        exact = len(self._codes) < OTHER
        table[OTHER] = not exact
        return bytes(self._bytes[start:]).translate(table), exact

    def counts(self, start: int) -> dict[Hashable, int]:
        """Count the entries per value, from index ``start`` on; those without a code together as :data:`REST`."""
        live = self._bytes[start:] if start else self._bytes
        found = ((value, live.count(code)) for value, code in self._codes.items())
        counts = {value: count for value, count in found if count}
        rest = live.count(OTHER)
        if rest:
            counts[REST] = counts.get(REST, 0) + rest
        return counts


def both(left: bytes, right: bytes) -> bytes:
    """Combine two masks of equal length: marked in both."""
    joined = int.from_bytes(left, "little") & int.from_bytes(right, "little")
    return joined.to_bytes(len(left), "little")
