"""A request as a fault sees it, with the answers of its dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.dialects.base import Interpreter
from mockserver.model.arrival import Arrival
from mockserver.model.http import HttpRequest, HttpResponse
from mockserver.model.vocabulary import Outcome

__all__ = ["StruckRequest"]


class StruckRequest:
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

    def __init__(
        self,
        request: HttpRequest,
        session_id: str | None,
        answer: Callable[[], HttpResponse],
        mark: str | None,
        interpreter: Interpreter,
        arrival: Arrival,
        *,
        is_processed: bool,
    ) -> None:
        self._request = request
        self._session_id = session_id
        self._mark = mark
        self._interpreter = interpreter
        self._arrival = arrival
        self.answer = answer
        self.is_processed = is_processed

    @property
    def host(self) -> str:
        """The ``Host`` header of the request."""
        return (self._request.header(b"host") or b"").decode("latin-1")

    def plain(self, status: int, body: Any) -> HttpResponse:
        """Return an answer with a status and a body."""
        return self._interpreter.plain(status, body, self._arrival)

    def turned_away(self, outcome: Outcome) -> HttpResponse:
        """Return the answer to an event of an unknown or a closed session."""
        return self._interpreter.turned_away(outcome, self._arrival, self._session_id or "")

    def marked(self, answer: HttpResponse) -> HttpResponse:
        """Name the rule in a header of the answer."""
        return answer.marked(self._mark)
