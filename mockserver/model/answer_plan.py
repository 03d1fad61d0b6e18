"""How the server is to answer a request."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from mockserver.model.fault_kind import AnswerFault
from mockserver.model.http import HttpResponse
from mockserver.model.journal import Record

__all__ = ["AnswerPlan"]


class AnswerPlan(msgspec.Struct, frozen=True, gc=False):
    """How a request is answered.

    Args:
        record: The request as it was recorded.
        seq: Its number in the journal; with ``era``, the server uses it to report what became of the answer.
        era: How often the journal had been reset.
        response: The answer to send, whole or in part; None for no answer.
        fault: What to do to the connection, if the answer is not simply sent.
        until_ms: When to do it, on the emulated clock; None for at once.
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

    def without_body(self) -> AnswerPlan:
        """Leave out the body of the request: an answer that takes its time must not keep it longer than the journal."""
        return replace(self, record=replace(self.record, body=b""))
