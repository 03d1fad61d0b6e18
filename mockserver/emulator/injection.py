"""What fault rules make of an answer."""

from __future__ import annotations

from mockserver.dialects.collection import answers
from mockserver.model.fault import (
    CloseFault,
    DelayFault,
    DribbleFault,
    DropHeaderFault,
    DuplicateFault,
    ExpireFault,
    ForgetFault,
    GarbleFault,
    HangFault,
    OutcomeFault,
    RefuseFault,
    ResetFault,
    SimpleFault,
    StatusFault,
    TruncateFault,
)
from mockserver.model.http import HttpResponse
from mockserver.model.plan import Close, Dribble, Effect, Garble, Hang, Refuse, Reset, Send, Truncate
from mockserver.model.vocabulary import Outcome
from mockserver.rules.faults import Strike

__all__ = ["effects_of", "sent_by", "shapes"]

Shaping = TruncateFault | GarbleFault | DribbleFault | DropHeaderFault


def shapes(fault: SimpleFault | None) -> bool:
    """Tell whether a fault needs the answer that there would have been without it."""
    return isinstance(fault, Shaping)


def effects_of(
    strike: Strike, answer: HttpResponse | None, *, session_id: str | None, marked: bool
) -> tuple[Effect, ...]:
    """Tell what is done to the connection instead of plainly sending the answer.

    Args:
        strike: What the rules of a stage decided.
        answer: The answer there would have been; None only for a fault that does not shape it.
        session_id: The session of the request, for the words of an answer.
        marked: Whether an answer that a fault made or changed names the rule in a header.

    Returns:
        Nothing when the decided fault, if any, concerns the back end alone.
    """
    mark = strike.decided_by if marked else None
    match strike.fault:
        case StatusFault(code=code, body=body, headers=headers):
            return (Send(answers.injected(code, body, headers, mark)),)
        case OutcomeFault(outcome=outcome):
            return (Send(answers.marked(answers.turned_away(Outcome(outcome), session_id or ""), mark)),)
        case ResetFault():
            return (Reset(),)
        case CloseFault():
            return (Close(),)
        case HangFault():
            return (Hang(),)
        case RefuseFault(duration_ms=duration_ms):
            return (Refuse(duration_ms),)
        case TruncateFault() | GarbleFault() | DribbleFault() | DropHeaderFault():
            assert answer is not None
            return (_shaped(strike.fault, answers.marked(answer, mark)),)
        case DelayFault() | ExpireFault() | ForgetFault() | DuplicateFault() | None:
            return ()


def _shaped(fault: Shaping, answer: HttpResponse) -> Effect:
    match fault:
        case TruncateFault(after_bytes=after_bytes):
            return Truncate(answer, after_bytes)
        case GarbleFault():
            return Garble(answer)
        case DribbleFault(chunks=chunks, total_ms=total_ms):
            return Dribble(answer, chunks, total_ms)
        case DropHeaderFault(name=name):
            return Send(answers.without(answer, (name,) if isinstance(name, str) else name))


def sent_by(effects: tuple[Effect, ...]) -> HttpResponse | None:
    """Return the answer that is sent in spite of it all, whole or not; None when there is none."""
    shaped = (effect.response for effect in effects if isinstance(effect, Send | Truncate | Garble | Dribble))
    return next(shaped, None)
