"""What fault rules make of an answer."""

from __future__ import annotations

from mockserver.dialects.collection import answers
from mockserver.model.fault import CloseFault, DelayFault, HangFault, ResetFault, StatusFault
from mockserver.model.http import HttpResponse
from mockserver.model.plan import Close, Effect, Hang, Reset, Send
from mockserver.rules.faults import Strike

__all__ = ["effects_of", "sent_by"]


def effects_of(strike: Strike, *, marked: bool) -> tuple[Effect, ...]:
    """Tell what is done to the connection instead of answering.

    Args:
        strike: What the rules of a stage decided.
        marked: Whether an injected answer names the rule in a header.
    """
    match strike.fault:
        case StatusFault(code=code, body=body, headers=headers):
            mark = strike.decided_by if marked else None
            return (Send(answers.injected(code, body, headers, mark)),)
        case ResetFault():
            return (Reset(),)
        case CloseFault():
            return (Close(),)
        case HangFault():
            return (Hang(),)
        case DelayFault() | None:
            return ()


def sent_by(effects: tuple[Effect, ...]) -> HttpResponse | None:
    """Return the answer that is sent in spite of it all; None when there is none."""
    return next((effect.response for effect in effects if isinstance(effect, Send)), None)
