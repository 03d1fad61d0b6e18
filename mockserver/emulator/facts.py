"""What fault rules can ask about a request, before the back end has decided about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.model.arrival import Arrival
from mockserver.model.http import RawHeaders
from mockserver.model.session import Session
from mockserver.model.vocabulary import Operation
from mockserver.rules.match import Facts

__all__ = ["facts_of"]


def facts_of(
    arrival: Arrival,
    headers: RawHeaders,
    normal: Callable[[Any], Any] | None,
    session: Session | None,
    *,
    now_ms: int,
    next_number: int,
    nth_event: int | None,
    namespace: str,
) -> Facts:
    """Tell what is known of a request.

    Args:
        headers: Its header fields.
        normal: Brings its body into the normal shape; None if it has it.
        session: The session of its path, as time has left it; None when there is none.
        next_number: The number of the session that is opened next.
        nth_event: The request is the nth of its event type that came for its session; None when that is not known.
        namespace: Where it came in.
    """
    facts = Facts(
        arrival.operation,
        arrival.session_id,
        arrival.event_type,
        lambda: arrival.document,
        namespace=namespace,
        headers=headers,
        normal=normal,
    )
    if session is not None:
        facts.nth_session, facts.nth_event = session.number, nth_event
        facts.in_ad, facts.in_break = session.in_ad, session.in_break
        facts.session_age_s = max(0, now_ms - session.opened_ms) / 1000
        facts.content = session.content
    elif arrival.operation in (Operation.START, Operation.DOWNLOAD):
        facts.nth_session = next_number
        facts.nth_event = 1 if arrival.event_type == "sessionStart" else None
        facts.in_ad = facts.in_break = False
    return facts
