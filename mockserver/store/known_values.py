"""What repeats from record to record is kept once, and without secrets: header blocks, targets and event types.

The size of such a value counts for the first entry that has it. The table of known values is emptied when it reaches a
mebibyte, so what stays shared after that entry was evicted is always less.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, cast
from urllib.parse import quote

from msgspec.structs import force_setattr, replace

from mockserver.model.http import RawHeaders
from mockserver.model.journal import Record

__all__ = ["KnownValues"]

_MOST_BYTES = 1024 * 1024
_SHORTEST_SECRET = 6
_SECRET_FIELDS = frozenset({b"authorization", b"cookie"})


class KnownValues:
    """The values that records share, and the secret that must not be in them.

    Attributes:
        table: The known values; each is its own key.
        size_bytes: Their size.
        cost: The size of all values that were ever added. What it grows by with a record counts for its entry.
        last_at_ms: The time of the last record; before 1970 if there was none.
        secret: Finds the secret; None when there is none.
    """

    def __init__(self) -> None:
        self.secret: re.Pattern[str] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything but the secret."""
        self.forget()
        self.cost = 0
        self.last_at_ms = -1
        self._last_headers: RawHeaders = ()
        self._last_event_type: str | None = None

    def forget(self) -> None:
        """Empty the table."""
        self.table: dict[Hashable, Any] = {}
        self.size_bytes = 0

    def hide(self, secret: str) -> None:
        """Write ``***`` for a secret wherever the target or a header field of a request has it, even by mistake.

        A secret of only a few characters is ignored, because it would match unrelated text.
        """
        if len(secret) >= _SHORTEST_SECRET:
            spelled = {secret, quote(secret, safe=""), quote(secret)}
            self.secret = re.compile("|".join(map(re.escape, sorted(spelled, key=len, reverse=True))))

    def share(self, record: Record) -> None:
        """Replace the time, headers, target and event type of a record by equal objects of other records.

        This changes the record, which nothing else has yet, because copying every record would cost more.
        """
        if record.at_ms == self.last_at_ms:
            force_setattr(record, "at_ms", self.last_at_ms)
        else:
            self.last_at_ms = record.at_ms
        if record.headers is not self._last_headers:
            if record.headers != self._last_headers:  # cheaper than hashing them
                headers = self.table.get(record.headers)
                self._last_headers = self._headers(record.headers) if headers is None else headers
            force_setattr(record, "headers", self._last_headers)
        target = self.table.get(record.target)
        if target is not record.target:
            force_setattr(record, "target", self._text(record.target) if target is None else target)
        sent_type = record.event_type
        if sent_type is not self._last_event_type and sent_type is not None:
            event_type = self.table.get(sent_type)
            self._last_event_type = event_type = self._text(sent_type) if event_type is None else event_type
            force_setattr(record, "event_type", event_type)

    def without_secret(self, record: Record) -> Record:
        """Return another record for the journal if the answer quotes a secret from the path; it is sent as it is."""
        response = record.response
        body = b"" if response is None else self._hidden_bytes(response.body)
        if response is None or body == response.body:
            return record
        return replace(record, response=replace(response, body=body))

    def _headers(self, headers: RawHeaders) -> RawHeaders:
        hidden = tuple(
            (name, b"***" if name.lower() in _SECRET_FIELDS else self._hidden_bytes(value)) for name, value in headers
        )
        if hidden != headers:
            # The block without secrets is looked up, so that no secret becomes a key of the table.
            headers = hidden
            known = self.table.get(headers)
            if known is not None:
                return cast(RawHeaders, known)
        self._add(headers, 200 + sum(140 + len(name) + len(value) for name, value in headers))
        return headers

    def _text(self, text: str) -> str:
        text = self._hidden(text)
        if text in self.table:
            return cast(str, self.table[text])
        self._add(text, 100 + len(text))
        return text

    def _add(self, value: Hashable, size_bytes: int) -> None:
        if self.size_bytes + size_bytes > _MOST_BYTES:
            self.forget()
        self.table[value] = value
        self.size_bytes += size_bytes
        self.cost += size_bytes

    def _hidden(self, text: str) -> str:
        return text if self.secret is None else self.secret.sub("***", text)

    def _hidden_bytes(self, value: bytes) -> bytes:
        return value if self.secret is None else self._hidden(value.decode("latin-1")).encode("latin-1")
