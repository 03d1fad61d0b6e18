"""What the server shell is told to do with a request."""

from __future__ import annotations

import msgspec

from mockserver.model.fault_kind import AnswerFault
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record

__all__ = ["Plan"]


class Plan(msgspec.Struct, frozen=True, gc=False):
    """How a request is answered.

    Args:
        record: The request as it was recorded.
        seq: Its place in the journal; with ``era`` it is for telling what became of the answer.
        era: Of which journal: it counts the resets.
        response: The answer that is sent, whole or not; None when there is none.
        fault: What is done to the connection, if the answer is not just sent.
        until_ms: When it is done, on the emulated clock; None for at once.
    """

    record: Record
    seq: int
    era: int
    response: HttpResponse | None
    fault: AnswerFault | None = None
    until_ms: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the answer is sent at once and whole."""
        return self.fault is None and self.until_ms is None
