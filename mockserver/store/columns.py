"""One byte per entry for each field that is often filtered, so that a filter over 100,000 entries is a few C calls.

An entry is a row of codes, one for the value of each field; a column is the same place of every row. A value for which
there is no free code gets :data:`OTHER`, which means "look at the record": clients choose the event types they send,
and must not make a column grow without bound.

A filter becomes a mask, a byte of 1 for every entry that may match. Masks are combined as big integers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

__all__ = ["OTHER", "REST", "Columns", "both"]

OTHER = 255

REST = "(other)"
"""The name under which entries with the code :data:`OTHER` are counted."""


class Columns:
    """The codes of all fields, a row of bytes per entry, oldest first.

    Args:
        names: The fields, in the order of the values for :meth:`append`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._codes: tuple[dict[Hashable, int], ...] = tuple({} for _ in self._places)
        self._rows = bytearray()
        # Most entries have the same values as the one before, which saves hashing; that is slow for members of an Enum.
        self._last: tuple[Hashable, ...] = ()
        self._last_row = b""

    def append(self, values: tuple[Hashable, ...]) -> None:
        """Add the values of the next entry."""
        if values != self._last:
            self._last_row = bytes(map(_code, self._codes, values))
            self._last = values
        self._rows += self._last_row

    def forget(self, count: int) -> None:
        """Drop the oldest entries."""
        del self._rows[: count * len(self._places)]

    def mask(self, name: str, wanted: Iterable[Hashable], start: int) -> tuple[bytes, bool]:
        """Mark the entries whose value is wanted.

        Args:
            name: The field.
            start: The index of the first entry to look at.

        Returns:
            The mask from ``start`` on, and whether it is exact; if not, the caller must check the marked records.
        """
        codes = self._codes[self._places[name]]
        table = bytearray(256)
        for value in wanted:
            code = codes.get(value)
            if code is not None:
                table[code] = 1
        exact = len(codes) < OTHER
        table[OTHER] = not exact
        return bytes(self._column(name, start).translate(table)), exact

    def counts(self, name: str, start: int) -> dict[Hashable, int]:
        """Count the entries per value, from index ``start`` on; those without a code together as :data:`REST`."""
        column = self._column(name, start)
        found = ((value, column.count(code)) for value, code in self._codes[self._places[name]].items())
        counts = {value: count for value, count in found if count}
        rest = column.count(OTHER)
        if rest:
            counts[REST] = counts.get(REST, 0) + rest
        return counts

    def _column(self, name: str, start: int) -> bytearray:
        width = len(self._places)
        return self._rows[start * width + self._places[name] :: width]


def _code(codes: dict[Hashable, int], value: Hashable) -> int:
    code = codes.get(value)
    if code is None:
        code = len(codes)
        if code >= OTHER:
            return OTHER
        codes[value] = code
    return code


def both(left: bytes, right: bytes) -> bytes:
    """Return the mask of the entries that two masks of equal length both mark."""
    joined = int.from_bytes(left, "little") & int.from_bytes(right, "little")
    return joined.to_bytes(len(left), "little")
