"""A request as a fault sees it, with the answers of its dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mockserver.dialects.base import Interpreter
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.vocabulary import Outcome

__all__ = ["StruckRequest"]


class StruckRequest(NamedTuple):
    """A request that a fault strikes; see :class:`~mockserver.model.fault_kind.Struck`.

    Args:
        request: The request.
        session_id: Its session, for the text of an answer.
        answer: Returns the answer of the back end, or the one it would give; called only if the fault needs it.
        mark: The rule to name in a header of the answer; None for none.
        interpreter: Writes the answers of faults.
        arrival: What the request means.
        is_processed: Whether the back end has processed it.
    """

    request: HttpRequest
    session_id: str | None
    answer: Callable[[], HttpResponse]
    mark: str | None
    interpreter: Interpreter
    arrival: Arrival
    is_processed: bool

    @property
    def host(self) -> str:
        """The ``Host`` header of the request."""
        return (self.request.header(b"host") or b"").decode("latin-1")

    def plain(self, status: int, body: Any) -> HttpResponse:
        """Return an answer with a status and a body."""
        return self.interpreter.plain(status, body, self.arrival)

    def turned_away(self, outcome: Outcome) -> HttpResponse:
        """Return the answer to an event of an unknown or a closed session."""
        return self.interpreter.turned_away(outcome, self.arrival, self.session_id or "")

    def marked(self, answer: HttpResponse) -> HttpResponse:
        """Name the rule in a header of the answer."""
        return answer.marked(self.mark)
