"""Sessions that are judged by a tracking plan, on a clock that goes with them."""

from __future__ import annotations

from typing import Any

from mockserver.admin.plans import judged_by
from mockserver.emulator.emulator import Emulator
from mockserver.model.plan_result import CheckKind, PlanCheck, PlanResult
from mockserver.namespaces import Namespace
from mockserver.tracking_plans.reading import parse_plan
from tests.factories import emulator, event, post, post_event, response, start

__all__ = ["checks_of", "judged", "missed", "play", "played", "with_content"]


def with_content(body: str) -> str:
    """Return a plan for all content, which allows whatever is found in events that a test makes up."""
    return f'title = "a plan"\n[[content]]\nname = "all"\n{body}'


def played(*events: dict[str, Any] | str, params: dict[str, Any] | None = None, **members: Any) -> Emulator:
    """Return a back end that received a session, an event a second.

    Args:
        events: What follows the sessionStart; a text is an event of this type as it must be.
        params: More params of the sessionStart.
        members: Other members of the sessionStart.
    """
    back_end = emulator()
    play(back_end, *events, params=params, **members)
    return back_end


def play(
    back_end: Emulator, *events: dict[str, Any] | str, params: dict[str, Any] | None = None, **members: Any
) -> None:
    """Play one more session; arguments as of :func:`played`."""
    now_ms = back_end.clock.now_ms()
    begun = {**start(ts=now_ms, **(params or {})), **members}
    response(back_end, post("/api/v1/sessions", begun))
    sid = list(back_end.sessions)[-1].sid
    for number, one in enumerate(events, 1):
        back_end.clock.advance(1000)
        document = event(one) if isinstance(one, str) else {**event(one["eventType"]), **one}
        document["playerTime"] = {"playhead": number, "ts": now_ms + 1000 * number}
        response(back_end, post_event(sid, document))


def judged(plan: str, back_end: Emulator) -> PlanResult:
    """Judge what a back end received."""
    return judged_by(Namespace(back_end), parse_plan(plan))


def checks_of(result: PlanResult, *kinds: CheckKind) -> list[PlanCheck]:
    """Return the checks of some kinds, of all sessions and of all traffic."""
    every = [*result.checks, *(check for session in result.sessions for check in session.checks)]
    return [check for check in every if check.kind in kinds]


def missed(result: PlanResult, *kinds: CheckKind) -> list[tuple[str, str]]:
    """Return what is missed of some kinds: what the plan says, and what was seen."""
    return [(check.says, check.seen) for check in checks_of(result, *kinds) if not check.met]
