"""From a fault that struck to what the server shell does."""

from __future__ import annotations

from mockserver.dialects.collection import answers
from mockserver.model.fault import CloseFault, DelayFault, HangFault, ResetFault, StatusFault
from mockserver.model.http import HttpResponse
from mockserver.model.plan import Close, Effect, Hang, Reset, Send
from mockserver.rules.faults import Strike

__all__ = ["effects_of", "sent_by"]


def effects_of(strike: Strike, *, marked: bool) -> tuple[Effect, ...]:
    """Return what a deciding fault does to the connection.

    Args:
        marked: Whether an injected answer carries ``X-Mock-Fault``.
    """
    match strike.fault:
        case StatusFault(code=code, body=body, headers=headers):
            return (Send(answers.injected(code, body, headers, strike.decided_by if marked else None)),)
        case ResetFault():
            return (Reset(),)
        case CloseFault():
            return (Close(),)
        case HangFault():
            return (Hang(),)
        case DelayFault() | None:
            return ()


def sent_by(effects: tuple[Effect, ...]) -> HttpResponse | None:
    """Return the answer that effects send, if they send one."""
    return next((effect.response for effect in effects if isinstance(effect, Send)), None)
